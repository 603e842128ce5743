//! Looking at a folder of letters, also while a program writes there: nothing is locked.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::format::{self, Damage, Header};
use crate::name::LetterId;

/// A file that has the name of a letter.
#[derive(Debug)]
pub struct Listed {
    /// Which one it is.
    pub id: LetterId,
    /// Where it lies.
    pub path: PathBuf,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// What it says of itself; every byte of it was checked.
    pub header: Result<Header, Unreadable>,
}

/// A letter with its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What stands before the payload.
    pub header: Header,
    /// A serialized OTLP export request.
    pub payload: Vec<u8>,
}

/// Why a letter cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Something in it is not as it was written.
    #[error("{0}")]
    Damaged(#[from] Damage),
    /// The system's words.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// The letters of a folder, the oldest first; damaged ones are among them. Other files are left out. Every letter is read, 64 KiB at a
/// time.
///
/// # Errors
/// The folder cannot be read; [`io::ErrorKind::NotFound`] where there is none.
pub fn list(directory: &Path) -> io::Result<Vec<Listed>> {
    let letters = names(directory)?.into_iter().filter_map(|(id, _)| {
        let path = directory.join(id.file_name());
        let (file_bytes, header) = match open(&path) {
            Ok((file, file_bytes)) => (file_bytes, decode(file, file_bytes, |_| {})),
            // Removed in this moment.
            Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => (0, Err(error)),
        };
        Some(Listed {
            id,
            path,
            file_bytes,
            header,
        })
    });
    Ok(letters.collect())
}

/// One letter. Needs memory for its payload, which is at most [`MAX_LETTER_BYTES`](crate::MAX_LETTER_BYTES) and no more than the file has.
///
/// # Errors
/// [`Unreadable`] where it is damaged or cannot be read.
pub fn read(path: &Path) -> Result<Opened, Unreadable> {
    let (file, file_bytes) = open(path)?;
    let mut payload = Vec::new();
    let header = decode(file, file_bytes, |piece| payload.extend_from_slice(piece))?;
    Ok(Opened { header, payload })
}

/// What a letter says of itself; every byte of it is checked.
pub(crate) fn header(path: &Path) -> Result<Header, Unreadable> {
    let (file, file_bytes) = open(path)?;
    decode(file, file_bytes, |_| {})
}

/// Removes a letter. Of one that is gone already this is no error: it may have been the oldest in a full folder.
///
/// # Errors
/// The system's.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes durable what was put into a folder and removed from it.
///
/// # Errors
/// The system's.
pub fn sync_folder(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The letters of a folder with the bytes of their files, the oldest first.
pub(crate) fn names(directory: &Path) -> io::Result<Vec<(LetterId, u64)>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let Some(id) = entry.file_name().to_str().and_then(LetterId::of_file_name) else {
            continue;
        };
        match entry.metadata() {
            Ok(metadata) if metadata.is_file() => names.push((id, metadata.len())),
            Ok(_) => {}
            // Removed in this moment.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn open(path: &Path) -> Result<(File, u64), Unreadable> {
    // To open a pipe would be to wait for its other end.
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Err(Damage::NotALetter.into());
    }
    let file = File::open(path)?;
    let file_bytes = file.metadata()?.len();
    Ok((file, file_bytes))
}

fn decode(file: File, file_bytes: u64, keep: impl FnMut(&[u8])) -> Result<Header, Unreadable> {
    Ok(format::decode(file, file_bytes, keep)??)
}
