//! Records in.

use std::io::{self, IoSlice};
use std::ops::Range;

use crc32c::{crc32c, crc32c_append};

use super::{AppendError, Log, Sync};
use crate::end::{End, Outcome};
use crate::format::{HEADER_LEN, Header, Kind};
use crate::fs::Fs;
use crate::record::NewRecord;

/// What a group is together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    items: u64,
    bytes: u64,
    records: u64,
}

impl<F: Fs> Log<F> {
    /// Appends records, all or none, and returns their ordinals in order. When it returns they are written, in
    /// [`Sync::Fsync`] synced.
    ///
    /// `handed_over`: the caller passes them on itself, so [`Log::read`] will not give them. Where [`Log::has_unread`] is true that lets
    /// them overtake what is unread.
    ///
    /// # Errors
    /// [`AppendError`]; then none was appended.
    pub fn append(
        &mut self,
        group: &[NewRecord<'_>],
        handed_over: bool,
        now_ms: u64,
    ) -> Result<Vec<Range<u64>>, AppendError> {
        self.at(now_ms);
        if group.is_empty() {
            return Ok(Vec::new());
        }
        let size = Size::of(group).map_err(|source| self.io_error(source))?;
        if self.state.next().checked_add(size.items).is_none() {
            return Err(AppendError::UsedUp);
        }
        // They may need the reserve, which is not for data: so they come first.
        self.write_ends();
        self.reserve
            .leaves_room(&self.fs)
            .map_err(|source| self.io_error(source))?;
        let appended = self.write_group(group, size, |_| now_ms, Outcome::Refused)?;
        let appended = match self.options.sync {
            Sync::Write => appended,
            Sync::Fsync => self.sync_group(group, size, appended)?,
        };
        if handed_over {
            self.state.hand_over(appended.clone(), size.bytes, size.records);
        }
        let mut first = appended.start;
        let ordinals = group.iter().map(|record| {
            let items = first..first + u64::from(record.items);
            first = items.end;
            items
        });
        Ok(ordinals.collect())
    }

    /// Syncs what was just written. Where that fails it is written to a new file and synced there.
    fn sync_group(
        &mut self,
        group: &[NewRecord<'_>],
        size: Size,
        written: Range<u64>,
    ) -> Result<Range<u64>, AppendError> {
        if self.sync_tail().is_ok() {
            return Ok(written);
        }
        self.end_internally(size.end(written, Outcome::Moved));
        let now_ms = self.now_ms;
        let again = self.write_group(group, size, |_| now_ms, Outcome::Refused)?;
        if let Err(error) = self.sync_tail() {
            self.end_internally(size.end(again, Outcome::Refused));
            return Err(error);
        }
        Ok(again)
    }

    /// Writes records in one call. Their ordinals are used up also where it fails: `burnt` says what becomes of them then.
    pub(super) fn write_group(
        &mut self,
        group: &[NewRecord<'_>],
        size: Size,
        written_ms: impl Fn(usize) -> u64,
        burnt: Outcome,
    ) -> Result<Range<u64>, AppendError> {
        self.ensure_tail()?;
        if !self.state.has_unread() {
            self.reader
                .start_at(self.segments.last().map(|last| (last.name, last.bytes)));
        }
        let ordinals = self
            .state
            .append(size.items, size.bytes, size.records)
            .ok_or(AppendError::UsedUp)?;
        let headers = headers(group, ordinals.start, self.salt(), written_ms);
        let mut slices = Vec::with_capacity(group.iter().map(|record| 1 + record.payload.len()).sum());
        for (header, record) in headers.chunks_exact(HEADER_LEN).zip(group) {
            slices.push(IoSlice::new(header));
            slices.extend(
                record
                    .payload
                    .iter()
                    .filter(|piece| !piece.is_empty())
                    .map(|piece| IoSlice::new(piece)),
            );
        }
        match self.write_frames(&mut slices) {
            Ok(()) => Ok(ordinals),
            Err(source) => {
                self.end_internally(size.end(ordinals, burnt));
                Err(self.io_error(source))
            }
        }
    }

    /// An error at the newest file, or in the folder where there is none.
    pub(super) fn io_error(&self, source: io::Error) -> AppendError {
        let path = self
            .segments
            .last()
            .map_or_else(|| self.options.directory.clone(), |last| self.path_of(last.name));
        AppendError::Io { path, source }
    }
}

/// The headers of a group, one after another.
fn headers(group: &[NewRecord<'_>], first: u64, salt: u32, written_ms: impl Fn(usize) -> u64) -> Vec<u8> {
    let mut headers = Vec::with_capacity(group.len() * HEADER_LEN);
    let mut next = first;
    for (index, record) in group.iter().enumerate() {
        let header = Header {
            kind: Kind::Data,
            // `Size::of` has seen that it fits.
            payload_len: record.payload.iter().map(|piece| piece.len() as u32).sum(),
            items: record.items,
            first: next,
            written_ms: written_ms(index),
            payload_crc: record
                .payload
                .iter()
                .fold(crc32c(&[]), |crc, piece| crc32c_append(crc, piece)),
        };
        next = header.end();
        headers.extend_from_slice(&header.encode(salt));
    }
    headers
}

impl Size {
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for records that cannot be written.
    pub(super) fn of(group: &[NewRecord<'_>]) -> io::Result<Self> {
        let mut size = Self::default();
        for record in group {
            let bytes: u64 = record.payload.iter().map(|piece| piece.len() as u64).sum();
            if record.items == 0 || bytes > u64::from(u32::MAX) {
                let what = "a record has at least one item and at most 4 GiB";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
            }
            size.items += u64::from(record.items);
            size.bytes += bytes;
            size.records += 1;
        }
        Ok(size)
    }

    fn end(self, items: Range<u64>, outcome: Outcome) -> End {
        End {
            items,
            outcome,
            bytes: self.bytes,
            records: self.records,
        }
    }
}
