//! A folder in memory in which every call succeeds.

use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use sidelight_wal::{Fs, FsFile};

#[derive(Clone, Default)]
pub struct MemoryFs(Arc<Mutex<BTreeMap<PathBuf, MemoryFile>>>);

#[derive(Clone, Default)]
pub struct MemoryFile(Arc<Mutex<Vec<u8>>>);

impl MemoryFs {
    pub fn write(&self, path: &str, content: Vec<u8>) {
        self.files().insert(path.into(), MemoryFile(Arc::new(Mutex::new(content))));
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<PathBuf, MemoryFile>> {
        self.0.lock().expect("one thread")
    }
}

impl MemoryFile {
    fn content(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().expect("one thread")
    }
}

impl Fs for MemoryFs {
    type File = MemoryFile;

    fn create_dir_all(&self, _directory: &Path) -> io::Result<()> {
        Ok(())
    }

    fn create_new(&self, path: &Path) -> io::Result<MemoryFile> {
        let mut files = self.files();
        if files.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(files.entry(path.into()).or_default().clone())
    }

    fn open(&self, path: &Path) -> io::Result<MemoryFile> {
        self.files().get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, _directory: &Path) -> io::Result<Vec<(String, u64)>> {
        let named = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        Ok(self.files().iter().map(|(path, file)| (named(path), file.content().len() as u64)).collect())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.files().remove(path).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_directory(&self, _directory: &Path) -> io::Result<()> {
        Ok(())
    }
}

impl FsFile for MemoryFile {
    fn write_at(&self, offset: u64, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let bytes: Vec<u8> = bytes.iter().flat_map(|piece| piece.iter().copied()).collect();
        let mut content = self.content();
        let end = offset as usize + bytes.len();
        let len = content.len().max(end);
        content.resize(len, 0);
        content[offset as usize..end].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let content = self.content();
        let rest = content.get(offset as usize..).unwrap_or_default();
        let read = rest.len().min(into.len());
        into[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.content().resize(len as usize, 0);
        Ok(())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }
}
