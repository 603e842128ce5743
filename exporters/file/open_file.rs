//! An open file that only ever grows by whole records.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use super::destination::write_counted;
use super::record::{Layout, Tail};
use super::rotation::folder_of;

/// An open file. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct OpenFile {
    file: Arc<File>,
    folder: Arc<Path>,
    identity: Identity,
    /// It has a length; a device has not.
    is_regular: bool,
}

/// Why records are not written.
#[derive(Debug)]
pub(super) struct AppendError {
    pub(super) error: io::Error,
    /// A part of them is there all the same.
    pub(super) is_left: bool,
}

impl From<io::Error> for AppendError {
    fn from(error: io::Error) -> Self {
        Self {
            error,
            is_left: false,
        }
    }
}

/// Device and inode.
pub(super) type Identity = (u64, u64);

/// What a path leads to, without following a symbolic link.
///
/// # Errors
/// What the system says.
pub(super) fn identity(path: &Path) -> io::Result<Identity> {
    std::fs::symlink_metadata(path).map(|metadata| identity_of(&metadata))
}

fn identity_of(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

impl OpenFile {
    /// Opens the file for appending; makes it with mode 0600 where there is none. A symbolic link is refused: whoever may
    /// write to the folder could have any file of ours written to. So are pipes and sockets, which cannot take back a
    /// part of a record.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // Without `O_NONBLOCK` the opening of a pipe could wait for its reader.
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
        let opened = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(flags)
            .open(path);
        let file = opened.map_err(|e| match e.raw_os_error() {
            Some(libc::ELOOP) => refused("it is a symbolic link; name the file that it leads to"),
            _ => e,
        })?;
        let metadata = file.metadata()?;
        let kind = metadata.file_type();
        if !kind.is_file() && !kind.is_char_device() {
            return Err(refused(
                "it is no file; for a pipe use `-` and pipe the program's output",
            ));
        }
        Ok(Self {
            file: Arc::new(file),
            folder: folder_of(path).into(),
            identity: identity_of(&metadata),
            is_regular: kind.is_file(),
        })
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    /// Bytes in it; 0 for a device.
    pub(super) fn len(&self) -> io::Result<u64> {
        if self.is_regular {
            Ok(self.file.metadata()?.len())
        } else {
            Ok(0)
        }
    }

    pub(super) fn tail(&self, layout: Layout) -> io::Result<Tail> {
        layout.tail(&self.file, self.len()?)
    }

    /// Empties it.
    pub(super) fn empty(&self) -> io::Result<()> {
        self.cut(0)
    }

    /// Cuts it to a length.
    pub(super) fn cut(&self, len: u64) -> io::Result<()> {
        if self.is_regular {
            self.file.set_len(len)
        } else {
            Ok(())
        }
    }

    /// Appends all of the bytes or none.
    pub(super) fn append(&self, bytes: &[u8]) -> Result<(), AppendError> {
        let (written, result) = write_counted(&self.file, bytes);
        let Err(error) = result else { return Ok(()) };
        let is_left = written > 0 && self.is_regular && self.cut_off(written).is_err();
        Err(AppendError { error, is_left })
    }

    /// Cuts off what the last write has left. Appending writes at the end whatever others do, so it is the end.
    fn cut_off(&self, written: usize) -> io::Result<()> {
        self.cut(self.len()?.saturating_sub(written as u64))
    }

    /// Brings the content to the disk itself, and the folder's entry of it. Blocks for as long as the disk takes.
    ///
    /// # Errors
    /// What the system says. What could not be written then may be lost when the machine fails, and a second try says
    /// nothing about it.
    pub(super) fn sync(&self) -> io::Result<()> {
        if !self.is_regular {
            return Ok(());
        }
        self.file.sync_data()?;
        File::open(&self.folder)?.sync_all()
    }
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
