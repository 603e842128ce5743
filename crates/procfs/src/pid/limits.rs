//! `/proc/<pid>/limits`, proc_pid_limits(5).

use crate::fields::{number, value_after, words};

/// The soft limit of open file descriptors; `None` where there is none (`unlimited`) or the text has no such line.
pub fn open_files_limit(text: &[u8]) -> Option<u64> {
    number(words(value_after(text, "Max open files ")?).next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_the_first_number() {
        let text = b"Limit                     Soft Limit           Hard Limit           Units\n\
            Max open files            1024                 524288               files\n";
        assert_eq!(open_files_limit(text), Some(1024));
        assert_eq!(
            open_files_limit(b"Max open files            unlimited            unlimited   files\n"),
            None
        );
        assert_eq!(open_files_limit(b""), None);
    }
}
