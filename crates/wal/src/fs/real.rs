use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::pwritev;

use super::{Fs, FsFile, uninterrupted};

/// The real file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFs;

/// A file of it.
#[derive(Debug)]
pub struct RealFile(File);

impl Fs for RealFs {
    type File = RealFile;

    fn create_dir_all(&self, directory: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)
    }

    fn create_new(&self, path: &Path) -> io::Result<RealFile> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        uninterrupted(|| options.open(path)).map(RealFile)
    }

    fn open(&self, path: &Path) -> io::Result<RealFile> {
        uninterrupted(|| File::open(path)).map(RealFile)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            // Names that are not UTF-8 are not ours.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            match entry.metadata() {
                Ok(metadata) if metadata.is_file() => files.push((name, metadata.len())),
                Ok(_) => {}
                // Removed in this moment.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(files)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        uninterrupted(|| std::fs::remove_file(path))
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        uninterrupted(|| File::open(directory))?.sync_all()
    }
}

impl FsFile for RealFile {
    fn write_at(&self, offset: u64, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        uninterrupted(|| Ok(pwritev(&self.0, bytes, offset)?))
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| self.0.read_at(into, offset))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        uninterrupted(|| self.0.set_len(len))
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        uninterrupted(|| Ok(fallocate(&self.0, FallocateFlags::empty(), 0, len)?))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn files_and_folders_are_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/b");
        RealFs.create_dir_all(&below).unwrap();
        RealFs.create_new(&below.join("f")).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
        assert_eq!(
            (
                mode(&below),
                mode(&folder.path().join("a")),
                mode(&below.join("f"))
            ),
            (0o700, 0o700, 0o600)
        );
        assert!(RealFs.create_new(&below.join("f")).is_err(), "it is there");
    }

    #[test]
    fn pieces_are_written_one_after_another_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let file = RealFs.create_new(&path).unwrap();
        assert_eq!(
            file.write_at(2, &[IoSlice::new(b"ab"), IoSlice::new(b"c")])
                .unwrap(),
            3
        );
        file.set_len(4).unwrap();
        file.sync_data().unwrap();
        RealFs.sync_directory(folder.path()).unwrap();
        let mut read = [9; 8];
        assert_eq!(RealFs.open(&path).unwrap().read_at(0, &mut read).unwrap(), 4);
        assert_eq!(read, *b"\0\0ab\x09\x09\x09\x09");
        assert_eq!(RealFs.list(folder.path()).unwrap(), [("f".to_owned(), 4)]);
        RealFs.remove(&path).unwrap();
        assert!(RealFs.list(folder.path()).unwrap().is_empty());
    }
}
