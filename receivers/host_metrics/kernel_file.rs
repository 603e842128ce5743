//! Files of the kernel that every sample reads.

use std::path::{Path, PathBuf};

use sidelight_procfs::KeptFile;

use crate::sampling::FailedReads;

/// A file that is opened when it is first read and stays open. One that cannot be read is missing from the sample,
/// counted, and tried again with the next.
#[derive(Debug)]
pub(super) struct KernelFile {
    /// What it is called in warnings and in the label of the counter.
    what: &'static str,
    /// What is missing without it.
    advice: &'static str,
    path: PathBuf,
    file: Option<KeptFile>,
    buffer: Vec<u8>,
}

impl KernelFile {
    /// The file `what` below `folder`.
    pub(super) fn new(folder: &Path, what: &'static str, advice: &'static str) -> Self {
        Self::at(folder.join(what), what, advice)
    }

    /// A file that is called `what` although it lies elsewhere.
    pub(super) fn at(path: PathBuf, what: &'static str, advice: &'static str) -> Self {
        Self {
            what,
            advice,
            path,
            file: None,
            buffer: Vec::new(),
        }
    }

    /// Its content now.
    pub(super) fn read(&mut self, failed: &mut FailedReads) -> Option<&[u8]> {
        match self.reread() {
            Ok(()) => Some(&self.buffer),
            Err(error) => {
                self.file = None;
                failed.count(self.what, &error, self.advice);
                None
            }
        }
    }

    /// The content that was read last.
    pub(super) fn content(&self) -> &[u8] {
        &self.buffer
    }

    fn reread(&mut self) -> std::io::Result<()> {
        if self.file.is_none() {
            self.file = Some(KeptFile::open(&self.path)?);
        }
        match &self.file {
            Some(file) => file.read(&mut self.buffer).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Calls `each` with every line of a table that can be long, up to `limit` bytes.
    pub(super) fn for_each_line(
        &mut self,
        limit: u64,
        failed: &mut FailedReads,
        each: impl FnMut(&[u8]),
    ) -> bool {
        let read = match &self.file {
            Some(file) => file.for_each_line(&mut self.buffer, limit, each),
            None => KeptFile::open(&self.path).and_then(|file| {
                let read = file.for_each_line(&mut self.buffer, limit, each);
                self.file = Some(file);
                read
            }),
        };
        if let Err(error) = &read {
            self.file = None;
            failed.count(self.what, error, self.advice);
        }
        read.is_ok()
    }
}
