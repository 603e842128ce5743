//! Names of users.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

/// What is read of the list of users.
const MAX_USERS_BYTES: u64 = 1 << 20;

/// The host's users by their numbers, from passwd(5). The list is read again when a number is not in it, at most once
/// a sample.
#[derive(Debug)]
pub(crate) struct Users {
    path: PathBuf,
    names: HashMap<u32, Box<str>>,
    /// Whether the list was read in this sample.
    is_new: bool,
}

impl Users {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            names: HashMap::new(),
            is_new: false,
        }
    }

    /// A sample begins.
    pub(crate) fn begin(&mut self) {
        self.is_new = false;
    }

    /// The name of a user, or the number where the list does not have it, as for users that only a container knows.
    pub(crate) fn name(&mut self, uid: u32) -> Box<str> {
        if !self.names.contains_key(&uid) && !self.is_new {
            self.is_new = true;
            self.names = self.read();
        }
        self.names
            .get(&uid)
            .cloned()
            .unwrap_or_else(|| uid.to_string().into())
    }

    fn read(&self) -> HashMap<u32, Box<str>> {
        let mut text = Vec::new();
        let read = File::open(&self.path).and_then(|file| file.take(MAX_USERS_BYTES).read_to_end(&mut text));
        if read.is_err() {
            return HashMap::new();
        }
        // The first of several names counts, as for getpwuid(3).
        let mut names = HashMap::new();
        for line in String::from_utf8_lossy(&text).lines() {
            let mut fields = line.split(':');
            let (name, uid) = (fields.next(), fields.nth(1).and_then(|uid| uid.parse().ok()));
            if let (Some(name), Some(uid)) = (name, uid) {
                names.entry(uid).or_insert_with(|| name.into());
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_again_once_a_sample_for_a_number_that_is_not_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("passwd");
        let mut users = Users::new(path.clone());
        assert_eq!(&*users.name(7), "7", "there is no list");
        std::fs::write(
            &path,
            "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0\n\nbroken:x\nbroken\napp:x:7:7:,:/:\n",
        )
        .expect("written");
        assert_eq!(&*users.name(7), "7", "it was looked for in this sample");
        users.begin();
        assert_eq!(
            (&*users.name(7), &*users.name(0), &*users.name(8)),
            ("app", "root", "8")
        );
    }
}
