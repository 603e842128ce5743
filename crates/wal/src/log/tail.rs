//! The file that is written: begun, continued, cut off where a write failed, left where nothing can be relied on any more.

use std::io::{self, IoSlice};
use std::sync::Arc;

use crc32c::crc32c;

use super::flush::sync_directories;
use super::segments::Segment;
use super::{AppendError, Log};
use crate::format::{Header, Kind, Name};
use crate::fs::{Fs, FsFile, uninterrupted};

/// Slices that one call takes (`IOV_MAX`, writev(2)).
const MAX_SLICES: usize = 1024;

/// Calls in a row that may fail on one file.
const MAX_FAILURES: u32 = 2;

/// `EIO` of errno(3).
const INPUT_OUTPUT_ERROR: i32 = 5;

/// How it goes with the newest file.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// Calls in a row that failed.
    failures: u32,
    /// It is followed by a new file at the next write, whose head says what could not be said here.
    full: bool,
}

impl<F: Fs> Log<F> {
    /// Makes sure that there is a file to write to. A new one is begun where there is none or where it is large enough.
    pub(super) fn ensure_tail(&mut self) -> Result<(), AppendError> {
        if self.tail_continues() {
            Ok(())
        } else {
            self.begin_segment()
        }
    }

    /// Whether the next write goes to the newest file.
    pub(super) fn tail_continues(&self) -> bool {
        self.tail.as_ref().is_some_and(|tail| !tail.full) && !self.is_large()
    }

    /// A file is no shorter than twice its head, so that heads never cost more than data.
    fn is_large(&self) -> bool {
        let large = self.options.segment_bytes;
        self.segments
            .last()
            .is_some_and(|last| last.bytes >= large && last.bytes >= 2 * last.head_bytes)
    }

    /// Lets the next write begin a new file.
    pub(super) fn close_tail(&mut self) {
        if let Some(tail) = &mut self.tail {
            tail.full = true;
        }
    }

    /// Never writes to the newest file again.
    pub(super) fn leave_tail(&mut self) {
        self.tail = None;
    }

    /// Begins a new file with a head that says everything, ends that could not be written before too.
    pub(super) fn begin_segment(&mut self) -> Result<(), AppendError> {
        let number = self.next_number;
        // The number behind it must be there for the file that follows.
        self.next_number = number.checked_add(1).ok_or(AppendError::UsedUp)?;
        let name = Name::new(number);
        let path = self.path_of(name);
        match self.write_head(name) {
            Ok(segment) => {
                self.segments.push(segment, self.state.next());
                self.tail = Some(Tail::default());
                self.pending.clear();
                self.pace.changed();
                Ok(())
            }
            Err(source) => {
                // Where it stays it is found at the next start: a file with a damaged head and nothing in it.
                let _ = self.fs.remove(&path);
                Err(AppendError::Io { path, source })
            }
        }
    }

    fn write_head(&mut self, name: Name) -> io::Result<Segment<F::File>> {
        let file = uninterrupted(|| self.fs.create_new(&self.path_of(name)))?;
        let mut payload = std::mem::take(&mut self.scratch);
        payload.clear();
        self.state.encode(&mut payload);
        let header = self
            .header(Kind::Head, &payload)
            .map(|header| header.encode(name.salt));
        let written = header.and_then(|header| {
            write_all_at(&file, 0, &mut [IoSlice::new(&header), IoSlice::new(&payload)])?;
            Ok((header.len() + payload.len()) as u64)
        });
        self.scratch = payload;
        Ok(Segment::begun(name, self.state.next(), written?, Arc::new(file)))
    }

    /// The header of a frame that is no record.
    pub(super) fn header(&self, kind: Kind, payload: &[u8]) -> io::Result<Header> {
        let payload_len = u32::try_from(payload.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let (first, written_ms) = (self.state.next(), self.now_ms);
        Ok(Header {
            kind,
            payload_len,
            items: 0,
            first,
            written_ms,
            payload_crc: crc32c(payload),
        })
    }

    /// The salt of the newest file.
    pub(super) fn salt(&self) -> u32 {
        self.segments.last().map_or(0, |last| last.name.salt)
    }

    /// Writes frames at the end of the newest file, or nothing.
    pub(super) fn write_frames(&mut self, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        let Some((file, end)) = self
            .segments
            .last()
            .and_then(|last| Some((last.file.clone()?, last.bytes)))
        else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let bytes: u64 = slices.iter().map(|slice| slice.len() as u64).sum();
        match write_all_at(&*file, end, slices) {
            Ok(()) => {
                self.segments.grow(bytes);
                self.tail = Some(Tail {
                    failures: 0,
                    ..self.tail.take().unwrap_or_default()
                });
                self.pace.changed();
                Ok(())
            }
            Err(error) => {
                self.write_failed(&*file, end, &error);
                Err(error)
            }
        }
    }

    fn write_failed(&mut self, file: &F::File, end: u64, error: &io::Error) {
        let cut = uninterrupted(|| file.set_len(end));
        let Some(tail) = &mut self.tail else { return };
        tail.failures += 1;
        // Behind what could not be cut off nothing can be written: the rest of a long frame would follow a short one.
        let lost_trust = cut.is_err() || error.raw_os_error() == Some(INPUT_OUTPUT_ERROR);
        if lost_trust || tail.failures >= MAX_FAILURES {
            self.leave_tail();
        }
    }

    /// Makes the newest file durable, and its name. Where that fails it is poisoned and left.
    pub(super) fn sync_tail(&mut self) -> Result<(), AppendError> {
        let Some((file, path)) = self
            .segments
            .last()
            .and_then(|last| Some((last.file.clone()?, self.path_of(last.name))))
        else {
            return Ok(());
        };
        let is_new = self.segments.last().is_some_and(|last| !last.entry_synced);
        let mut synced = file.sync_data();
        if is_new && synced.is_ok() {
            synced = sync_directories(&self.fs, &self.options.directory, !self.parents_synced);
            self.parents_synced |= synced.is_ok();
        }
        let Some(last) = self.segments.last_mut() else {
            return Ok(());
        };
        match synced {
            Ok(()) => {
                last.synced = last.bytes;
                last.entry_synced = true;
                Ok(())
            }
            Err(source) => {
                let (name, before) = (last.name, last.synced);
                self.poison(name, before);
                self.failed_syncs += 1;
                self.pace.changed();
                Err(AppendError::Io { path, source })
            }
        }
    }
}

impl<F: Fs> Log<F> {
    /// A sync of this file failed: so much of it is durable, and nothing more will be.
    pub(super) fn poison(&mut self, name: Name, durable: u64) {
        // Without it, a start before what is live has moved would take the rest for durable after its first sync.
        let _ = self.fs.create_new(&name.marker_path(&self.options.directory));
        if self.segments.last().is_some_and(|last| last.name == name) {
            self.leave_tail();
        }
        if let Some(segment) = self.segments.get_mut(name) {
            segment.poison(durable);
        }
    }

    /// Nothing in this file is live that is not durable.
    pub(super) fn forget_poison(&self, name: Name) {
        // Where it stays, what is live is moved once more than it needs to be.
        let _ = self.fs.remove(&name.marker_path(&self.options.directory));
    }
}

/// Writes everything, however often the system takes less than that.
fn write_all_at<File: FsFile>(file: &File, mut offset: u64, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    let mut rest = slices;
    while !rest.is_empty() {
        let piece = &rest[..rest.len().min(MAX_SLICES)];
        let written = uninterrupted(|| file.write_at(offset, piece))?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        offset += written as u64;
        IoSlice::advance_slices(&mut rest, written);
    }
    Ok(())
}
