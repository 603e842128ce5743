//! All files that are known, by number, by device and inode, by path and by their first bytes.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use smallvec::SmallVec;

use super::file::{KnownFile, Stage};
use super::identity::{FileKey, Mark};

/// Files that are gone and are remembered by their content; the oldest are forgotten.
const MAX_DEPARTED: usize = 4096;

/// Files with the same first bytes that are compared with a new one at most.
const MAX_TWINS: usize = 64;

/// The files.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    files: HashMap<u64, KnownFile>,
    by_key: HashMap<FileKey, u64>,
    by_path: HashMap<Arc<Path>, u64>,
    by_head: HashMap<Mark, SmallVec<[u64; 1]>>,
    /// Lengths of the marks in `by_head`, with their number.
    head_lens: BTreeMap<u32, usize>,
    departed: VecDeque<u64>,
    last_id: u64,
}

impl Catalogue {
    /// A number that no file has or had.
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Adds a file. It takes key and path from whoever had them.
    pub(super) fn insert(&mut self, file: KnownFile) {
        let id = file.id;
        self.last_id = self.last_id.max(id);
        if file.stage == Stage::Departed {
            self.departed.push_back(id);
        } else {
            self.by_key.insert(file.key, id);
        }
        if !file.path.as_os_str().is_empty() {
            self.by_path.insert(Arc::clone(&file.path), id);
        }
        let head = file.head;
        self.files.insert(id, file);
        self.index_head(id, head);
    }

    pub(super) fn get(&self, id: u64) -> Option<&KnownFile> {
        self.files.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut KnownFile> {
        self.files.get_mut(&id)
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &KnownFile> {
        self.files.values()
    }

    pub(super) fn of_key(&self, key: FileKey) -> Option<u64> {
        self.by_key.get(&key).copied()
    }

    pub(super) fn of_path(&self, path: &Path) -> Option<u64> {
        self.by_path.get(path).copied()
    }

    /// Gives a file another path.
    pub(super) fn rename(&mut self, id: u64, path: &Path) {
        let path: Arc<Path> = path.into();
        self.leave_path(id);
        if let Some(file) = self.files.get_mut(&id) {
            file.path = Arc::clone(&path);
            self.by_path.insert(path, id);
        }
    }

    /// Its path leads to it no more.
    pub(super) fn leave_path(&mut self, id: u64) {
        if let Some(file) = self.files.get(&id)
            && self.by_path.get(&file.path) == Some(&id)
        {
            self.by_path.remove(&file.path);
        }
    }

    /// Sets the first bytes by which a file is known again.
    pub(super) fn set_head(&mut self, id: u64, head: Mark) {
        let Some(file) = self.files.get_mut(&id) else {
            return;
        };
        let before = std::mem::replace(&mut file.head, head);
        if before != head {
            self.unindex_head(id, before);
            self.index_head(id, head);
        }
    }

    /// Files whose first bytes are those of this text, over the length that both have; the longest marks first.
    pub(super) fn with_beginning(&self, bytes: &[u8]) -> Vec<u64> {
        let marks = Mark::of_beginnings(bytes, self.head_lens.keys().copied());
        let ids = marks
            .iter()
            .rev()
            .filter_map(|mark| self.by_head.get(mark))
            .flat_map(|ids| ids.iter().rev().copied());
        ids.take(MAX_TWINS).collect()
    }

    /// The file is remembered by its content alone. Returns the one that is forgotten for it.
    pub(super) fn depart(&mut self, id: u64) -> Option<KnownFile> {
        self.leave_path(id);
        let file = self.files.get_mut(&id)?;
        file.stage = Stage::Departed;
        if self.by_key.get(&file.key) == Some(&id) {
            self.by_key.remove(&file.key);
        }
        self.departed.push_back(id);
        let oldest = (self.departed.len() > MAX_DEPARTED)
            .then(|| self.departed.pop_front())
            .flatten();
        self.remove(oldest?)
    }

    /// A file that was known by its content is back, under another key and path; `with` is who had them.
    pub(super) fn come_back(&mut self, id: u64, with: &KnownFile) {
        self.departed.retain(|departed| *departed != id);
        if let Some(file) = self.files.get_mut(&id) {
            file.key = with.key;
            file.stage = Stage::Followed;
            self.by_key.insert(with.key, id);
        }
        self.rename(id, &with.path);
    }

    /// Forgets a file.
    pub(super) fn remove(&mut self, id: u64) -> Option<KnownFile> {
        self.leave_path(id);
        let file = self.files.remove(&id)?;
        if self.by_key.get(&file.key) == Some(&id) {
            self.by_key.remove(&file.key);
        }
        if file.stage == Stage::Departed {
            self.departed.retain(|departed| *departed != id);
        }
        self.unindex_head(id, file.head);
        Some(file)
    }

    fn index_head(&mut self, id: u64, head: Mark) {
        if head.is_none() {
            return;
        }
        let ids = self.by_head.entry(head).or_default();
        if ids.is_empty() {
            *self.head_lens.entry(head.len).or_default() += 1;
        }
        ids.push(id);
    }

    fn unindex_head(&mut self, id: u64, head: Mark) {
        let Some(ids) = self.by_head.get_mut(&head) else {
            return;
        };
        ids.retain(|other| *other != id);
        if !ids.is_empty() {
            return;
        }
        self.by_head.remove(&head);
        if let Some(count) = self.head_lens.get_mut(&head.len) {
            *count -= 1;
            if *count == 0 {
                self.head_lens.remove(&head.len);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(catalogue: &mut Catalogue, ino: u64, path: &str, head: &[u8]) -> u64 {
        let id = catalogue.next_id();
        let mut file = KnownFile::new(id, FileKey { dev: 1, ino }, Path::new(path));
        file.head = Mark::of(head);
        catalogue.insert(file);
        id
    }

    #[test]
    fn files_are_found_by_the_length_that_both_have() {
        let mut catalogue = Catalogue::default();
        let short = known(&mut catalogue, 1, "/a", b"2026 begin");
        let long = known(&mut catalogue, 2, "/b", b"2026 begin of the first");
        let empty = known(&mut catalogue, 3, "/c", b"");
        for (text, expected) in [
            (&b"2026 begin of the first line"[..], &[long, short][..]),
            (b"2026 begin", &[short]),
            (b"2026 be", &[]),
            (b"2027 begin of the first line", &[]),
            (b"", &[]),
        ] {
            assert_eq!(catalogue.with_beginning(text), expected);
        }
        catalogue.set_head(empty, Mark::of(b"2026 begin"));
        catalogue.remove(short);
        assert_eq!(catalogue.with_beginning(b"2026 begin"), [empty]);
    }

    #[test]
    fn a_name_that_was_given_to_another_file_is_not_taken_away_with_the_first() {
        let mut catalogue = Catalogue::default();
        let first = known(&mut catalogue, 1, "/a", b"x");
        let second = known(&mut catalogue, 2, "/a", b"y");
        catalogue.depart(first);
        assert_eq!(catalogue.of_path(Path::new("/a")), Some(second));
        assert_eq!(catalogue.of_key(FileKey { dev: 1, ino: 1 }), None);
    }

    #[test]
    fn only_so_many_files_that_are_gone_are_remembered() {
        let mut catalogue = Catalogue::default();
        let ids: Vec<u64> = (0..MAX_DEPARTED as u64 + 1)
            .map(|ino| known(&mut catalogue, ino, &format!("/{ino}"), &ino.to_le_bytes()))
            .collect();
        let forgotten: Vec<u64> = ids
            .iter()
            .filter_map(|id| catalogue.depart(*id).map(|file| file.id))
            .collect();
        assert_eq!(forgotten, [ids[0]]);
        assert_eq!(catalogue.iter().count(), MAX_DEPARTED);
    }
}
