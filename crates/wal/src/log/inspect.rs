//! Looks at a log without opening it: no lock is taken and nothing is written, so it may be a copy of a damaged one, or one that a program
//! is writing.

mod course;
mod records;
#[cfg(test)]
mod tests;
mod walk;

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub use records::{LiveRecord, LiveRecords};

use super::OpenError;
use super::open::{Found, Replay, failed, find, segments, unknown_bytes};
use super::state::State;
use crate::end::{Live, Totals};
use crate::format::Name;
use crate::fs::{Fs, RealFs};
use course::Stretch;
use walk::Walk;

/// How often a log that changes while it is read is read again, where something seems to be wrong with it.
const ATTEMPTS: usize = 10;

/// Damaged places that are told one by one; the rest is counted.
const MAX_DAMAGES: usize = 10_000;

/// What lies in a log.
#[derive(Debug)]
pub struct Inspection<F: Fs = RealFs> {
    /// Its folder.
    pub directory: PathBuf,
    /// Its files, the oldest first.
    pub segments: Vec<Segment>,
    /// Ordinals before it were used up before the oldest file; nothing is known of them.
    pub base: u64,
    /// The ordinal of the next item.
    pub next: u64,
    /// What has not come to its end and can be read: what the next start delivers.
    pub live: Live,
    /// What has come to its end, by outcome. `next - base = totals + live.items + lost_items + ended_meanwhile`.
    pub totals: Totals,
    /// Items that have not come to their end and cannot be read; the next start ends them as [`Lost`](crate::Outcome::Lost).
    pub lost_items: u64,
    /// Of those, items for which there is no damaged place: a file is missing.
    pub missing_items: u64,
    /// Items that came to their end and were removed by a program while this was read; it is not known how they ended.
    pub ended_meanwhile: u64,
    /// Damaged bytes at the very end, behind which nothing says how many items were there.
    pub unknown_bytes: u64,
    /// Damaged places that are not told one by one.
    pub more_damages: u64,
    /// A program wrote meanwhile, so that what seems to be damaged need not be.
    pub changed: bool,
    fs: F,
    state: State,
}

/// A file of a log.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Where it lies.
    pub path: PathBuf,
    /// Its number: files are read in that order.
    pub number: u64,
    /// Its length.
    pub bytes: u64,
    /// Intact frames of all kinds.
    pub frames: u64,
    /// Of those, records.
    pub records: u64,
    /// From the first ordinal of its intact records to behind the last; empty without any.
    pub ordinals: Range<u64>,
    /// What has not come to its end and can be read.
    pub live: Live,
    /// When the oldest and the newest of what is live was written, in Unix milliseconds.
    pub live_ms: Option<(u64, u64)>,
    /// When the first and the last of its intact frames was written, in Unix milliseconds.
    pub written_ms: Option<(u64, u64)>,
    /// What is damaged, in order.
    pub damages: Vec<Damage>,
    name: Name,
    stretch: Stretch,
    /// The ordinals that were met before it.
    met: u64,
}

/// A damaged place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where it is.
    pub bytes: Range<u64>,
    /// What is wrong there.
    pub what: Defect,
    /// Items that had not come to their end and are lost with it.
    pub lost_items: u64,
}

/// What is wrong with a damaged place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// There is no intact header.
    NoFrame,
    /// The payload of a record has changed.
    Record,
    /// What has come to its end is not legible; a later file has it again.
    Ends,
    /// The state at the beginning of the file is not legible; other files have it too.
    Head,
    /// A later file knows that it is none of this log's frames.
    Foreign,
    /// The file ends within a frame: a write was not finished, or the file was cut.
    CutOff,
    /// The disk cannot read it.
    Unreadable,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoFrame => "no frame can be read here",
            Self::Record => "the checksum of a record is wrong",
            Self::Ends => "the checksum of a frame of ends is wrong",
            Self::Head => "the checksum of the head is wrong",
            Self::Foreign => "this frame belongs to another log",
            Self::CutOff => "the file ends within a frame",
            Self::Unreadable => "the disk cannot read this",
        })
    }
}

/// Reads every frame of a log. Memory does not depend on what lies in it, but for a few hundred bytes a file.
///
/// Of a log that is being written it shows a moment: what was there when it began.
///
/// # Errors
/// As [`Log::open`](super::Log::open); a folder that is not there is one.
pub fn inspect(directory: &Path) -> Result<Inspection, OpenError> {
    inspect_in(RealFs, directory)
}

/// The same in another file system.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_in<F: Fs>(fs: F, directory: &Path) -> Result<Inspection<F>, OpenError> {
    for _ in 1..ATTEMPTS {
        let before = files(&fs, directory)?;
        match inspect_at_a_moment(&fs, directory, &before) {
            Ok(inspection) if inspection.is_intact() => return Ok(inspection),
            // The newest file has become an old one, and was removed.
            Err(error) if is_gone(&error) => {}
            other if files(&fs, directory)? == before => return other,
            _ => {}
        }
    }
    let last = inspect_files(&fs, directory, &files(&fs, directory)?)?;
    Ok(Inspection {
        changed: !last.is_intact(),
        ..last
    })
}

/// Whether a folder holds files of a log.
///
/// # Errors
/// The folder cannot be read.
pub fn is_log(directory: &Path) -> io::Result<bool> {
    Ok(RealFs
        .list(directory)?
        .iter()
        .any(|(name, _)| Name::parse(name).is_some()))
}

/// As [`inspect_files`], if the newest file is still there when it is read: it has the state of the moment.
fn inspect_at_a_moment<F: Fs>(
    fs: &F,
    directory: &Path,
    names: &[(String, u64)],
) -> Result<Inspection<F>, OpenError> {
    let inspection = inspect_files(fs, directory, names)?;
    let has_newest = |(newest, _): &(String, u64)| {
        let read = inspection
            .segments
            .last()
            .and_then(|segment| segment.path.file_name());
        read.is_some_and(|name| name == newest.as_str())
    };
    if names.last().is_none_or(has_newest) {
        return Ok(inspection);
    }
    Err(failed("read", directory, io::ErrorKind::NotFound.into()))
}

/// Inspects what is still there of some files.
fn inspect_files<F: Fs>(
    fs: &F,
    directory: &Path,
    names: &[(String, u64)],
) -> Result<Inspection<F>, OpenError> {
    let mut found = Vec::with_capacity(names.len());
    let mut are_gone = false;
    for name in names {
        match find(fs, directory, vec![name.clone()]) {
            Ok(file) => found.extend(file),
            Err(error) if is_gone(&error) => are_gone = true,
            Err(error) => return Err(error),
        }
    }
    let state = Replay::new(fs, &mut found)?.state.unwrap_or_default();
    let mut walk = Walk::new(&state, MAX_DAMAGES);
    if are_gone {
        walk.is_gone();
    }
    for (file, stretch) in found.iter().zip(stretches::<F>(&found, state.next())) {
        walk.file(fs, file, stretch)?;
    }
    let walked = walk.finish();
    Ok(Inspection {
        directory: directory.to_owned(),
        base: state.base(),
        next: state.next(),
        live: walked.live(),
        totals: state.totals().clone(),
        lost_items: walked.lost_items,
        missing_items: walked.missing_items,
        ended_meanwhile: walked.ended_meanwhile,
        unknown_bytes: unknown_bytes(&found),
        more_damages: walked.more_damages,
        changed: false,
        segments: walked.segments,
        fs: fs.clone(),
        state,
    })
}

/// What of each file is read.
fn stretches<F: Fs>(found: &[Found], next: u64) -> Vec<Stretch> {
    segments::<F::File>(found, next)
        .iter()
        .map(|segment| Stretch {
            readable: segment.readable,
            ordinals: segment.ordinals.clone(),
        })
        .collect()
}

/// The files of a log in their order. Their lengths are those of a second look, when all names are known: only the newest file can grow
/// behind it. A look takes its time, in which files come and go; where the newest is not the same in both, it is looked again.
fn files<F: Fs>(fs: &F, directory: &Path) -> Result<Vec<(String, u64)>, OpenError> {
    let list = || {
        let listed = fs.list(directory);
        // The number is at the beginning of a name, and as long in all of them.
        let mut files = listed.map_err(|source| failed("list", directory, source))?;
        files.retain(|(name, _)| Name::parse(name).is_some());
        files.sort_unstable();
        Ok(files)
    };
    let mut first: Vec<(String, u64)> = list()?;
    for _ in 0..ATTEMPTS {
        let mut second: Vec<(String, u64)> = list()?;
        let newest = |files: &[(String, u64)]| files.last().map(|(name, _)| name.clone());
        if newest(&first) == newest(&second) {
            second.retain(|(name, _)| first.binary_search_by(|(known, _)| known.cmp(name)).is_ok());
            return Ok(second);
        }
        first = second;
    }
    Ok(first)
}

fn is_gone(error: &OpenError) -> bool {
    matches!(error, OpenError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

impl<F: Fs> Inspection<F> {
    /// True where nothing is damaged and nothing is missing.
    pub fn is_intact(&self) -> bool {
        self.damaged_bytes() == 0 && self.lost_items == 0 && self.more_damages == 0
    }

    /// Bytes of all files but the reserve.
    pub fn disk_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Bytes of all damaged places that are told one by one.
    pub fn damaged_bytes(&self) -> u64 {
        let damages = self.segments.iter().flat_map(|segment| &segment.damages);
        damages.map(|damage| damage.bytes.end - damage.bytes.start).sum()
    }

    /// When the oldest of what is live was written, in Unix milliseconds.
    pub fn oldest_live_ms(&self) -> Option<u64> {
        self.segments
            .iter()
            .filter_map(|segment| segment.live_ms)
            .map(|(oldest, _)| oldest)
            .min()
    }

    /// The records that had not come to their end, in order, read one at a time. Damaged ones are left out, and those that a program has
    /// removed since.
    pub fn records(&self) -> LiveRecords<'_, F> {
        LiveRecords::new(self)
    }
}

impl Segment {
    fn new(found: &Found, (stretch, met): (Stretch, u64)) -> Self {
        Self {
            path: found.path.clone(),
            number: found.name.number,
            bytes: found.bytes,
            frames: 0,
            records: 0,
            ordinals: 0..0,
            live: Live::default(),
            live_ms: None,
            written_ms: None,
            damages: Vec::new(),
            name: found.name,
            stretch,
            met,
        }
    }
}
