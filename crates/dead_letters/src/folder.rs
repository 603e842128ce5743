//! The folder that letters are put into: one owner, no lock, no thread of its own.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sidelight_proto::Signal;

use crate::format::{self, Header, MAX_LETTER_BYTES, Why};
use crate::name::LetterId;
use crate::reading::{self, names};

/// What a file takes on the disk at least. So tiny letters are no more than `max_bytes` / 4 KiB files.
const BLOCK_BYTES: u64 = 4096;

/// A full folder is emptied by this share of its bound at once: to find the oldest, its names have to be read.
const SHARE_REMOVED: u64 = 16;

/// The folder of one exporter and signal, open for writing. Calls block on the disk.
#[derive(Debug)]
pub struct DeadLetters {
    directory: PathBuf,
    exporter: String,
    max_bytes: u64,
    sync: bool,
    /// Of all letters, in whole blocks. Others may have removed some since.
    bytes: u64,
    next_number: u64,
}

/// What is to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// Which kind of telemetry it is.
    pub signal: Signal,
    /// Why it was refused, in one word.
    pub why: Why,
    /// The destination's words.
    pub reason: &'a str,
    /// Spans, data points or log records in it.
    pub items: u64,
    /// Of those, how many were refused.
    pub refused: u64,
    /// The request in pieces, which are written one after another.
    pub payload: &'a [&'a [u8]],
    /// The time, in Unix milliseconds.
    pub now_ms: u64,
}

/// What it took to keep a letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Put {
    /// False where the letter alone is larger than the folder may be, or than [`MAX_LETTER_BYTES`].
    pub kept: bool,
    /// Letters that had to go to make room.
    pub removed_letters: u64,
    /// Items that were refused in those, as far as their headers are legible. Those of a letter that was not kept are not among them.
    pub removed_items: u64,
}

impl DeadLetters {
    /// Opens the folder, made 0700 where it is missing, and removes what the last process left unfinished there. It is for one exporter;
    /// nobody else may put letters there meanwhile. With more than `max_bytes` in it, the oldest go with the next letter. `sync`: a letter
    /// that was put is on the disk.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(
        directory: &Path,
        exporter: impl Into<String>,
        max_bytes: u64,
        sync: bool,
    ) -> io::Result<Self> {
        make_folder(directory, sync)?;
        remove_unfinished(directory)?;
        let found = names(directory)?;
        let last_number = found.iter().map(|(id, _)| id.number).max();
        Ok(Self {
            directory: directory.to_owned(),
            exporter: exporter.into(),
            max_bytes,
            sync,
            bytes: total(&found),
            // Wraps after the last number; names that are taken are passed over.
            next_number: last_number.map_or(0, |last| last.wrapping_add(1)),
        })
    }

    /// Bytes of all letters, in whole blocks of 4 KiB. Those that others removed count until the next letter that finds no room.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Keeps a letter. It stands under its name whole or not at all. Where there are more than `max_bytes` then, the oldest go, at least a
    /// sixteenth of `max_bytes`.
    ///
    /// # Errors
    /// The system's, [`io::ErrorKind::StorageFull`] among them. The letter is not kept then, or not known to be: where it could be written
    /// and only the oldest could not be removed, or the folder not be synced, it is there.
    pub fn put(&mut self, letter: Letter<'_>) -> io::Result<Put> {
        let header = self.header(&letter);
        let start = header.encode();
        let file_bytes = Header::file_bytes(&start, header.payload_bytes);
        if file_bytes > MAX_LETTER_BYTES || on_disk(file_bytes) > self.max_bytes {
            return Ok(Put::default());
        }
        let id = self.next_id(letter.now_ms);
        self.write(id, &start, letter.payload)?;
        self.bytes = self.bytes.saturating_add(on_disk(file_bytes));
        let mut put = Put {
            kept: true,
            ..Put::default()
        };
        if self.bytes > self.max_bytes {
            self.make_room(id, &mut put)?;
        }
        if self.sync {
            reading::sync_folder(&self.directory)?;
        }
        Ok(put)
    }

    fn header(&self, letter: &Letter<'_>) -> Header {
        Header {
            exporter: self.exporter.clone(),
            signal: letter.signal,
            unix_ms: letter.now_ms,
            why: letter.why,
            reason: letter.reason.to_owned(),
            items: letter.items,
            refused: letter.refused,
            payload_bytes: letter.payload.iter().map(|piece| piece.len() as u64).sum(),
        }
    }

    fn next_id(&mut self, unix_ms: u64) -> LetterId {
        loop {
            let id = LetterId {
                unix_ms,
                number: self.next_number,
            };
            self.next_number = self.next_number.wrapping_add(1);
            // The clock may have been set back, and a rename replaces what is there.
            if !self.directory.join(id.file_name()).exists() {
                return id;
            }
        }
    }

    /// Under another name first; what fails is removed.
    fn write(&self, id: LetterId, start: &[u8], payload: &[&[u8]]) -> io::Result<()> {
        let unfinished = self.directory.join(id.unfinished_name());
        let written = self
            .create(&unfinished)
            .and_then(|file| fill(file, start, payload, self.sync))
            .and_then(|()| std::fs::rename(&unfinished, self.directory.join(id.file_name())));
        if written.is_err() {
            // Where it cannot be removed now, the next start does it.
            let _ = std::fs::remove_file(&unfinished);
        }
        written
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        match options.open(path) {
            // Somebody removed the folder with everything in it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_folder(&self.directory, self.sync)?;
                options.open(path)
            }
            opened => opened,
        }
    }

    /// Removes the oldest letters, but not the one that was put last.
    fn make_room(&mut self, last: LetterId, put: &mut Put) -> io::Result<()> {
        let found = names(&self.directory)?;
        self.bytes = total(&found);
        if self.bytes <= self.max_bytes {
            return Ok(());
        }
        let wanted = self.max_bytes - self.max_bytes / SHARE_REMOVED;
        for (id, file_bytes) in found.into_iter().filter(|(id, _)| *id != last) {
            if self.bytes <= wanted {
                break;
            }
            let path = self.directory.join(id.file_name());
            let header = reading::header(&path);
            reading::remove(&path)?;
            self.bytes -= on_disk(file_bytes);
            put.removed_letters += 1;
            put.removed_items = put
                .removed_items
                .saturating_add(header.map_or(0, |header| header.refused));
        }
        Ok(())
    }
}

/// Writes a letter into a file.
pub(crate) fn fill(mut file: File, start: &[u8], payload: &[&[u8]], sync: bool) -> io::Result<()> {
    file.write_all(start)?;
    payload.iter().try_for_each(|piece| file.write_all(piece))?;
    file.write_all(&format::checksum(start, payload))?;
    if sync { file.sync_all() } else { Ok(()) }
}

/// With `sync` it is there after a power cut too: `<storage>/<exporter>/<signal>/dead_letters` may be new in all its parts.
fn make_folder(directory: &Path, sync: bool) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    if !sync {
        return Ok(());
    }
    let above = directory.ancestors().skip(1).take(3);
    above
        .filter(|above| !above.as_os_str().is_empty())
        .try_for_each(reading::sync_folder)
}

fn remove_unfinished(directory: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry
            .file_name()
            .to_str()
            .and_then(LetterId::of_unfinished_name)
            .is_some()
        {
            reading::remove(&entry.path())?;
        }
    }
    Ok(())
}

fn total(found: &[(LetterId, u64)]) -> u64 {
    found
        .iter()
        .fold(0, |sum: u64, (_, bytes)| sum.saturating_add(on_disk(*bytes)))
}

/// What a file of this length takes on the disk.
fn on_disk(file_bytes: u64) -> u64 {
    file_bytes
        .max(1)
        .div_ceil(BLOCK_BYTES)
        .saturating_mul(BLOCK_BYTES)
}

#[cfg(test)]
mod tests;
