//! What the system tells of changes: inotify(7) on the folders.
//!
//! It only says when to look. Where it is not to be had, or does not see everything, files are looked at on time.

use std::collections::{BTreeSet, HashMap};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

/// Folders that are watched at most.
const MAX_FOLDERS: usize = 8192;

/// Bytes of events that are taken at once.
const EVENT_BYTES: usize = 64 << 10;

/// Events of one turn at most; the rest comes with the next.
const MAX_EVENTS: usize = 65_536;

/// File systems whose changes other machines or processes make unseen: NFS, SMB, CIFS, SMB2, 9P, FUSE, Ceph, AFS
/// (statfs(2)).
const UNSEEN: [u64; 8] = [
    0x6969,
    0x517b,
    0xff53_4d42,
    0xfe53_4d42,
    0x0102_1997,
    0x6573_5546,
    0x00c3_6400,
    0x5346_414f,
];

/// Folders that are watched.
#[derive(Debug)]
pub(super) struct Watcher {
    fd: Arc<OwnedFd>,
    folders: HashMap<i32, PathBuf>,
    watches: HashMap<PathBuf, i32>,
}

/// Something that has changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change<'a> {
    /// A file in a folder: made, written, renamed or deleted.
    File(&'a Path),
    /// Folders, or more than could be told: look at everything.
    Everything,
}

impl Watcher {
    /// # Errors
    /// What the system said: its limit of such watchers is reached.
    pub(super) fn new() -> Result<Self, Errno> {
        let fd = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        Ok(Self {
            fd: Arc::new(fd),
            folders: HashMap::new(),
            watches: HashMap::new(),
        })
    }

    /// Becomes readable when something has changed.
    pub(super) fn descriptor(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.fd)
    }

    /// Watches these folders, and no others from now on.
    ///
    /// # Errors
    /// Why a folder is not watched.
    pub(super) fn watch(&mut self, folders: &BTreeSet<PathBuf>) -> Result<(), String> {
        let gone: Vec<PathBuf> = self
            .watches
            .keys()
            .filter(|folder| !folders.contains(*folder))
            .cloned()
            .collect();
        for folder in gone {
            if let Some(watch) = self.watches.remove(&folder) {
                self.folders.remove(&watch);
                // It may have ended by itself.
                let _ = inotify::remove_watch(&*self.fd, watch);
            }
        }
        let mut outcome = Ok(());
        for folder in folders {
            if !self.watches.contains_key(folder)
                && let Err(reason) = self.add(folder)
            {
                outcome = Err(reason);
            }
        }
        outcome
    }

    fn add(&mut self, folder: &Path) -> Result<(), String> {
        if self.watches.len() >= MAX_FOLDERS {
            return Err(format!("there are more than {MAX_FOLDERS} folders"));
        }
        if is_unseen(folder) {
            return Err(format!("{} is on a network file system", folder.display()));
        }
        let flags = WatchFlags::CREATE
            | WatchFlags::MODIFY
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::DELETE
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        match inotify::add_watch(&*self.fd, folder, flags) {
            Ok(watch) => {
                self.folders.insert(watch, folder.to_owned());
                self.watches.insert(folder.to_owned(), watch);
                Ok(())
            }
            // Gone already, or closed to us: a survey says so.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => Ok(()),
            Err(Errno::NOSPC) => Err("the limit fs.inotify.max_user_watches is reached".to_owned()),
            Err(error) => Err(format!("{}: {error}", folder.display())),
        }
    }

    /// Takes what has happened, without waiting.
    pub(super) fn changes(&mut self, change: &mut dyn FnMut(Change<'_>)) {
        let mut buffer = vec![MaybeUninit::<u8>::uninit(); EVENT_BYTES];
        let mut reader = inotify::Reader::new(&*self.fd, &mut buffer);
        let mut last = (0, PathBuf::new());
        let mut ended = Vec::new();
        for _ in 0..MAX_EVENTS {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                // Nothing more; what else it may be shows in the next survey.
                Err(_) => break,
            };
            let flags = event.events();
            if flags.contains(ReadFlags::IGNORED) {
                ended.push(event.wd());
            }
            let everything = ReadFlags::QUEUE_OVERFLOW
                | ReadFlags::ISDIR
                | ReadFlags::DELETE_SELF
                | ReadFlags::MOVE_SELF
                | ReadFlags::IGNORED;
            if flags.intersects(everything) {
                change(Change::Everything);
                continue;
            }
            let (Some(folder), Some(name)) = (self.folders.get(&event.wd()), event.file_name()) else {
                continue;
            };
            let path = folder.join(std::ffi::OsStr::from_bytes(name.to_bytes()));
            // Writers make many events in a row.
            if last != (event.wd(), path.clone()) {
                change(Change::File(&path));
                last = (event.wd(), path);
            }
        }
        for watch in ended {
            if let Some(folder) = self.folders.remove(&watch) {
                self.watches.remove(&folder);
            }
        }
    }
}

fn is_unseen(folder: &Path) -> bool {
    let kind = rustix::fs::statfs(folder).map(|system| system.f_type);
    kind.is_ok_and(|kind| u64::try_from(kind).is_ok_and(|kind| UNSEEN.contains(&kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(watcher: &mut Watcher) -> Vec<String> {
        let mut all = Vec::new();
        watcher.changes(&mut |change| {
            all.push(match change {
                Change::File(path) => path.file_name().expect("a name").to_string_lossy().into_owned(),
                Change::Everything => "*".to_owned(),
            });
        });
        all
    }

    #[test]
    fn files_are_told_by_name_and_folders_call_for_a_survey() {
        let folder = tempfile::tempdir().expect("a folder");
        let watched = folder.path().join("watched");
        std::fs::create_dir(&watched).expect("made");
        let mut watcher = Watcher::new().expect("inotify");
        watcher
            .watch(&BTreeSet::from([watched.clone(), folder.path().join("missing")]))
            .expect("watched");
        assert!(changes(&mut watcher).is_empty());
        std::fs::write(watched.join("a.log"), "x").expect("written");
        std::fs::rename(watched.join("a.log"), watched.join("b.log")).expect("renamed");
        assert_eq!(changes(&mut watcher), ["a.log", "b.log"]);
        std::fs::create_dir(watched.join("sub")).expect("made");
        assert_eq!(changes(&mut watcher), ["*"]);
        watcher.watch(&BTreeSet::new()).expect("nothing to do");
        changes(&mut watcher);
        std::fs::write(watched.join("c.log"), "x").expect("written");
        assert!(changes(&mut watcher).is_empty());
    }

    #[test]
    fn a_folder_that_was_deleted_and_made_again_can_be_watched_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let watched = folder.path().join("watched");
        let folders = BTreeSet::from([watched.clone()]);
        std::fs::create_dir(&watched).expect("made");
        let mut watcher = Watcher::new().expect("inotify");
        watcher.watch(&folders).expect("watched");
        std::fs::remove_dir(&watched).expect("removed");
        assert!(changes(&mut watcher).contains(&"*".to_owned()));
        std::fs::create_dir(&watched).expect("made");
        watcher.watch(&folders).expect("watched");
        std::fs::write(watched.join("a.log"), "x").expect("written");
        assert_eq!(changes(&mut watcher), ["a.log"]);
    }
}
