//! The real file system, which refuses calls when it is told to.

use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::fs::{Fs, FsFile, RealFile, RealFs};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Create,
    Open,
    Remove,
    SyncDirectory,
    Write,
    Read,
    Cut,
    Allocate,
    Sync,
}

#[derive(Clone, Default)]
pub(super) struct RefusingFs(Arc<Mutex<Vec<(Call, i32, u32)>>>);

pub(super) struct RefusingFile(RealFile, RefusingFs);

pub(super) const EIO: i32 = 5;
pub(super) const ENOSPC: i32 = 28;

impl RefusingFs {
    /// The next calls of this kind fail so.
    pub(super) fn refuse(&self, call: Call, error: i32, times: u32) {
        self.0.lock().unwrap().push((call, error, times));
    }

    pub(super) fn allow_all(&self) {
        self.0.lock().unwrap().clear();
    }

    fn ask(&self, call: Call) -> io::Result<()> {
        let mut plan = self.0.lock().unwrap();
        let Some(refusal) = plan.iter_mut().find(|refusal| refusal.0 == call && refusal.2 > 0) else {
            return Ok(());
        };
        refusal.2 -= 1;
        Err(io::Error::from_raw_os_error(refusal.1))
    }
}

impl Fs for RefusingFs {
    type File = RefusingFile;

    fn create_dir_all(&self, directory: &Path) -> io::Result<()> {
        RealFs.create_dir_all(directory)
    }

    fn create_new(&self, path: &Path) -> io::Result<RefusingFile> {
        self.ask(Call::Create)?;
        Ok(RefusingFile(RealFs.create_new(path)?, self.clone()))
    }

    fn open(&self, path: &Path) -> io::Result<RefusingFile> {
        self.ask(Call::Open)?;
        Ok(RefusingFile(RealFs.open(path)?, self.clone()))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<(String, u64)>> {
        RealFs.list(directory)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.ask(Call::Remove)?;
        RealFs.remove(path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        self.ask(Call::SyncDirectory)?;
        RealFs.sync_directory(directory)
    }
}

impl FsFile for RefusingFile {
    /// What is refused leaves a few bytes, as a write that is cut short does.
    fn write_at(&self, offset: u64, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        if let Err(error) = self.1.ask(Call::Write) {
            self.0.write_at(offset, &[IoSlice::new(b"some bytes")])?;
            return Err(error);
        }
        self.0.write_at(offset, bytes)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.1.ask(Call::Read)?;
        self.0.read_at(offset, into)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.1.ask(Call::Cut)?;
        self.0.set_len(len)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.1.ask(Call::Allocate)?;
        self.0.allocate(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.1.ask(Call::Sync)?;
        self.0.sync_data()
    }
}
