//! Names of fields, kept for as long as the program runs, so that a value that borrows from a line can carry one without a copy.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// So many different names at most: configurations name dozens, and a reload mostly names the same ones again.
const MAX_NAMES: usize = 1 << 16;

/// Longest name in bytes.
const MAX_NAME: usize = 256;

static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);

/// The one copy of a name; `None` where a bound is reached.
pub(crate) fn intern(name: &str) -> Option<&'static str> {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return Some(known);
    }
    if name.len() > MAX_NAME || names.len() >= MAX_NAMES {
        return None;
    }
    let kept: &'static str = Box::leak(name.into());
    names.insert(kept);
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_a_long_one_is_refused() {
        let (first, second) = (intern("a.name"), intern(&["a", "name"].join(".")));
        assert_eq!(first.map(str::as_ptr), second.map(str::as_ptr));
        assert_eq!(first, Some("a.name"));
        assert_eq!(intern(&"x".repeat(MAX_NAME + 1)), None);
    }
}
