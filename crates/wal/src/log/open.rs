//! Finds out where the log was left.

use std::io;
use std::path::{Path, PathBuf};

use super::ends::PendingEnds;
use super::flush::Pace;
use super::moves::Moves;
use super::read::Reader;
use super::reserve::Reserve;
use super::segments::{Segment, Segments};
use super::state::State;
use super::{Log, OpenError, Options};
use crate::format::{Checkpoint, Decoded, HEADER_LEN, Header, Kind, Name, RESERVE, decode_ends};
use crate::fs::{Fs, FsFile, uninterrupted};
use crate::scan::{BLOCK_BYTES, Frame, Payload, Scan, Step, Window, behind_page};

/// A file that was there.
pub(super) struct Found {
    pub(super) name: Name,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// Where its header is intact.
    pub(super) head: Option<Header>,
    /// Where the last intact frame ends, if its frames were looked at.
    intact_to: Option<u64>,
    /// Bytes that are in no intact frame, but for payloads of records; 0 if they were not looked at.
    damaged_bytes: u64,
}

impl<F: Fs> Log<F> {
    /// Opens the log, or begins it. Reads the heads of the files and the frames behind the last good head. `now_ms`: Unix time.
    ///
    /// Succeeds also where nothing can be written now: appends then fail until it can. Files with other names are left alone.
    ///
    /// # Errors
    /// [`OpenError`] where the folder cannot be made or listed, where a file cannot be opened or read at all (a bad sector in it is
    /// damage), or is of a newer version.
    pub fn open(fs: F, options: Options, now_ms: u64) -> Result<Self, OpenError> {
        let directory = options.directory.as_path();
        fs.create_dir_all(directory)
            .map_err(|source| failed("make", directory, source))?;
        let names = fs
            .list(directory)
            .map_err(|source| failed("list", directory, source))?;
        let reserve = names
            .iter()
            .find(|(name, _)| name == RESERVE)
            .map(|(_, bytes)| *bytes);
        let poisoned: Vec<_> = names
            .iter()
            .filter_map(|(name, _)| Name::parse_marker(name))
            .collect();
        let mut found = find(&fs, directory, names)?;
        let replay = Replay::new(&fs, &mut found)?;
        let state = replay.state.unwrap_or_default();
        let unknown = unknown_bytes(&found);
        let mut log = Self {
            reserve: Reserve::new(directory, options.reserve_bytes, reserve),
            next_number: found.last().map_or(0, |last| last.name.number.saturating_add(1)),
            segments: segments(&found, state.next()),
            state,
            fs,
            options,
            now_ms,
            tail: None,
            pending: PendingEnds::default(),
            moves: Moves::default(),
            reader: Reader::new(),
            pace: Pace::default(),
            parents_synced: false,
            damaged_bytes: found.iter().map(|file| file.damaged_bytes).sum(),
            damaged_bytes_of_unknown_items: unknown,
            failed_syncs: 0,
            scratch: Vec::new(),
        };
        for name in poisoned {
            match log.segments.get_mut(name) {
                Some(segment) => segment.poison(0),
                None => log.forget_poison(name),
            }
        }
        log.pace.changed();
        // Where there is no room, or nothing can be written, appends will say so.
        let _ = log.reserve.take(&log.fs);
        let _ = log.begin_segment();
        Ok(log)
    }
}

pub(super) fn failed(what: &'static str, path: &Path, source: io::Error) -> OpenError {
    OpenError::Io {
        what,
        path: path.to_owned(),
        source,
    }
}

/// The files in order, with their heads.
pub(super) fn find<F: Fs>(
    fs: &F,
    directory: &Path,
    names: Vec<(String, u64)>,
) -> Result<Vec<Found>, OpenError> {
    let mut names: Vec<_> = names
        .iter()
        .filter_map(|(name, bytes)| Some((Name::parse(name)?, *bytes)))
        .collect();
    names.sort_unstable();
    let mut found = Vec::with_capacity(names.len());
    for (name, bytes) in names {
        let mut file = Found {
            name,
            path: name.path(directory),
            bytes,
            head: None,
            intact_to: None,
            damaged_bytes: 0,
        };
        match file.read_head(fs)? {
            Decoded::Newer(version) => {
                return Err(OpenError::Version {
                    path: file.path,
                    found: version,
                });
            }
            Decoded::Good(header) if header.kind == Kind::Head => file.head = Some(header),
            _ => {}
        }
        found.push(file);
    }
    Ok(found)
}

impl Found {
    pub(super) fn open<F: Fs>(&self, fs: &F) -> Result<F::File, OpenError> {
        fs.open(&self.path)
            .map_err(|source| failed("open", &self.path, source))
    }

    pub(super) fn scan<'f, File: FsFile>(&self, file: &'f File) -> Scan<'f, File> {
        Scan::new(file, self.name.salt, 0..self.bytes, BLOCK_BYTES)
    }

    fn read_head<F: Fs>(&self, fs: &F) -> Result<Decoded, OpenError> {
        let file = self.open(fs)?;
        let mut scan = Scan::new(
            &file,
            self.name.salt,
            0..self.bytes.min(HEADER_LEN as u64),
            HEADER_LEN,
        );
        let head = self.again(&file, &mut scan, |scan| scan.head())?;
        Ok(head.unwrap_or(Decoded::Bad))
    }

    /// The state that its head holds, where that is intact.
    fn checkpoint<F: Fs>(&self, fs: &F) -> Result<Option<Checkpoint>, OpenError> {
        let Some(header) = self.head else { return Ok(None) };
        let file = self.open(fs)?;
        let mut scan = self.scan(&file);
        let frame = Frame { offset: 0, header };
        let payload = self.again(&file, &mut scan, |scan| scan.payload(&frame, Window::Move))?;
        let Some(Payload::Good(place)) = payload else {
            return Ok(None);
        };
        Ok(Checkpoint::decode(scan.bytes(&place)).filter(|checkpoint| checkpoint.next == header.first))
    }

    /// Reads, once more where it fails. `None`: a bad sector; the scan stands behind it.
    pub(super) fn again<File: FsFile, T>(
        &self,
        file: &File,
        scan: &mut Scan<'_, File>,
        mut read: impl FnMut(&mut Scan<'_, File>) -> io::Result<T>,
    ) -> Result<Option<T>, OpenError> {
        match read(scan).or_else(|_| read(scan)) {
            Ok(read) => Ok(Some(read)),
            Err(_) if self.can_be_read_elsewhere(file, scan.unreadable()) => {
                scan.skip_unreadable();
                Ok(None)
            }
            Err(source) => Err(failed("read", &self.path, source)),
        }
    }

    /// Then a place that cannot be read is a bad sector and will stay one. To take the files of a disk that has failed for damaged would
    /// give out ordinals twice.
    fn can_be_read_elsewhere<File: FsFile>(&self, file: &File, unreadable: u64) -> bool {
        let page = behind_page(unreadable);
        [0, self.bytes.saturating_sub(1)]
            .into_iter()
            .filter(|&other| other < self.bytes && behind_page(other) != page)
            .any(|other| uninterrupted(|| file.read_at(other, &mut [0])).is_ok())
    }
}

/// What the frames say that are looked at.
#[derive(Default)]
pub(super) struct Replay {
    /// None before anything intact was seen.
    pub(super) state: Option<State>,
}

enum Seen {
    /// What its header says is entered.
    Frame {
        frame: Frame,
        /// Its payload too, or will be when it is read.
        intact: bool,
    },
    Damage,
    End,
}

impl Replay {
    /// Reads the newest intact checkpoint and all frames behind it.
    pub(super) fn new<F: Fs>(fs: &F, found: &mut [Found]) -> Result<Self, OpenError> {
        let mut replay = Self::default();
        let mut from = 0;
        for (index, file) in found.iter().enumerate().rev() {
            if let Some(checkpoint) = file.checkpoint(fs)? {
                replay.state = Some(State::at(checkpoint));
                from = index;
                break;
            }
        }
        for file in found.iter_mut().skip(from) {
            replay.file(fs, file)?;
        }
        // Heads of older files have nothing to add, unless somebody has mixed two logs: then no ordinal is given out twice.
        found
            .iter()
            .filter_map(|file| file.head)
            .for_each(|head| replay.reach(head.first));
        Ok(replay)
    }

    fn file<F: Fs>(&mut self, fs: &F, found: &mut Found) -> Result<(), OpenError> {
        let file = found.open(fs)?;
        let mut scan = found.scan(&file);
        let (mut intact_to, mut intact_bytes) = (0, 0);
        loop {
            match found.again(&file, &mut scan, |scan| self.step(scan))? {
                Some(Seen::End) => break,
                // Behind a frame that is cut off there may have been more.
                Some(Seen::Frame { frame, intact }) if frame.end() <= found.bytes => {
                    intact_to = frame.end();
                    intact_bytes += if intact { frame.header.frame_len() } else { 0 };
                }
                Some(Seen::Frame { .. } | Seen::Damage) | None => {}
            }
        }
        found.intact_to = Some(intact_to);
        found.damaged_bytes = found.bytes - intact_bytes;
        Ok(())
    }

    fn step<File: FsFile>(&mut self, scan: &mut Scan<'_, File>) -> io::Result<Seen> {
        let frame = match scan.step(Window::Move)? {
            Step::Frame(frame) => frame,
            Step::Damaged(_) | Step::OutOfWindow => return Ok(Seen::Damage),
            Step::End => return Ok(Seen::End),
        };
        let header = &frame.header;
        if header.kind == Kind::Data {
            // Its payload is looked at when it is read.
            self.state_from(header.first).found(header);
            return Ok(Seen::Frame { frame, intact: true });
        }
        let payload = scan
            .payload(&frame, Window::Move)
            .inspect_err(|_| scan.back_to(&frame))?;
        self.reach(header.first);
        let Payload::Good(place) = payload else {
            return Ok(Seen::Frame { frame, intact: false });
        };
        let ends = (header.kind == Kind::Ends).then(|| decode_ends(scan.bytes(&place)));
        if let Some(Some(ends)) = ends {
            let state = self.state_from(header.first);
            ends.for_each(|end| state.end(&end, |_| {}));
        }
        Ok(Seen::Frame { frame, intact: true })
    }

    fn reach(&mut self, next: u64) {
        self.state_from(next).reach(next);
    }

    /// The state, which begins with the first that is seen where no checkpoint is intact.
    fn state_from(&mut self, first: u64) -> &mut State {
        self.state.get_or_insert_with(|| State::beginning_at(first))
    }
}

/// Bytes at the very end behind which nothing says how many items were there. They are not looked at again.
pub(super) fn unknown_bytes(found: &[Found]) -> u64 {
    let mut unknown = 0;
    for file in found.iter().rev() {
        let Some(intact_to) = file.intact_to else { break };
        unknown += file.bytes - intact_to;
        if intact_to > 0 {
            break;
        }
    }
    unknown
}

/// The files with the ordinals that may lie in them: from what the last intact head before says to what the first intact one behind
/// says.
pub(super) fn segments<File>(found: &[Found], next: u64) -> Segments<File> {
    let nothing_behind = found
        .iter()
        .rposition(|file| file.intact_to != Some(0))
        .unwrap_or(0);
    let mut first = 0;
    let mut list: Vec<Segment<File>> = Vec::with_capacity(found.len());
    for (index, file) in found.iter().enumerate() {
        if let Some(head) = file.head {
            first = head.first.max(first);
            // Those since the last intact head end here.
            list.iter_mut()
                .rev()
                .take_while(|before| before.ordinals.end == next)
                .for_each(|before| before.ordinals.end = first);
        }
        let (ordinals, readable) = if index > nothing_behind {
            (next..next, 0)
        } else if index == nothing_behind {
            (first..next, file.intact_to.unwrap_or(file.bytes))
        } else {
            (first..next, file.bytes)
        };
        let mut segment = Segment::found(file.name, ordinals, file.bytes, readable);
        segment.looked_at = file.intact_to.is_some();
        list.push(segment);
    }
    let mut segments = Segments::new();
    list.into_iter().for_each(|segment| segments.push(segment, next));
    segments
}
