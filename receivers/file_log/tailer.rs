//! Everything that touches files, on a thread of its own: one turn after another.
//!
//! ```text
//! Turn: what was settled, room for requests
//!   └▶ note it ─▶ look at what has changed ─▶ timers ─▶ read, file after file ─▶ Turned: requests, when to come back
//! ```

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use sidelight_component::{BuildContext, BuildError, Clock, Now, Payload, State, StatusReporter};
use tracing::warn;

use super::attributes::FileAttributes;
use super::catalogue::Catalogue;
use super::checkpoints::Checkpoints;
use super::config::{Compression, Config, StartAt};
use super::discovery::Discovery;
use super::file::{KnownFile, Place};
use super::meters::Meters;
use super::watching::Watcher;
use crate::log_lines::LogLines;

/// Bytes that are read at once. They stay in the processor's second cache while lines are made of them.
pub(super) const READ_BYTES: usize = 128 << 10;

/// The wait where the memory budget has no room.
const NO_ROOM_WAIT: Duration = Duration::from_millis(50);

/// Lines about files that cannot be read, in a minute at most.
const MAX_COMPLAINTS: u32 = 20;

/// What a turn begins with.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) now: Now,
    /// Requests that may be made.
    pub(super) room: usize,
    /// What was delivered since the last turn.
    pub(super) settled: Vec<Progress>,
}

/// What a turn has come to.
#[derive(Debug)]
pub(super) struct Turned {
    pub(super) requests: Vec<(Option<Payload>, Vec<Progress>)>,
    /// When to come back, whatever the system tells.
    pub(super) next: Instant,
}

/// A file is delivered up to this place when the request is that it goes with, and all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) id: u64,
    pub(super) place: Place,
}

/// The files and what is known of them.
pub(super) struct Tailer {
    pub(super) settings: Follow,
    pub(super) discovery: Discovery,
    pub(super) attributes: FileAttributes,
    pub(super) lines: LogLines,
    pub(super) meters: Meters,
    pub(super) status: StatusReporter,
    pub(super) catalogue: Catalogue,
    pub(super) checkpoints: Checkpoints,
    /// `None` where the system does not tell of changes.
    pub(super) watcher: Option<Watcher>,
    /// Folders of files that symbolic links lead to.
    pub(super) link_folders: BTreeSet<PathBuf>,
    /// Files that have more to read, in their order.
    pub(super) ready: VecDeque<u64>,
    /// Files that are looked at each `poll_interval`.
    pub(super) active: BTreeSet<u64>,
    /// Open files.
    pub(super) open: HashSet<u64>,
    /// Files that hold the beginning of a line.
    pub(super) partial: BTreeSet<u64>,
    /// Files of which the request at hand has lines, or that hold some.
    pub(super) touched: Vec<u64>,
    pub(super) requests: Vec<(Option<Payload>, Vec<Progress>)>,
    pub(super) buffer: Vec<u8>,
    pub(super) survey: SurveyTimes,
    pub(super) next_poll: Instant,
    /// Nothing was ever kept of this receiver: `start_at` counts in the first survey.
    pub(super) is_first: bool,
    pub(super) clock: Clock,
    /// When the turn began.
    pub(super) now: Now,
    complaints: (Instant, u32),
    cannot_write: bool,
}

/// The settings that the turns need.
#[derive(Debug)]
pub(super) struct Follow {
    pub(super) poll_interval: Duration,
    pub(super) force_flush: Duration,
    pub(super) start_at: StartAt,
    pub(super) exclude_older_than: Duration,
    pub(super) head_bytes: usize,
    pub(super) max_open: usize,
    pub(super) compression: Compression,
    pub(super) delete_after_read: bool,
    pub(super) acquire_fs_lock: bool,
}

/// When all files are looked at.
#[derive(Debug)]
pub(super) struct SurveyTimes {
    pub(super) next: Instant,
    /// Not before: a survey takes its time.
    pub(super) earliest: Instant,
    pub(super) number: u64,
}

impl Tailer {
    /// Reads the checkpoints. Blocks.
    ///
    /// # Errors
    /// [`BuildError`] where the state directory cannot be used or the operators cannot be built.
    pub(super) fn open(config: &Config, lines: LogLines, cx: &BuildContext) -> Result<Self, BuildError> {
        let at = cx.clock.now();
        let now = at.instant;
        let (checkpoints, restored) = Checkpoints::open(&cx.state_dir, now)
            .map_err(|problem| BuildError::new(format!("cannot keep the places of files in {problem}")))?;
        if let Some(aside) = &restored.damaged {
            warn!(component = %cx.id, file = %aside.display(), known = restored.entries.len(),
                "the places of files were damaged and are put aside; files that are not known are read from their beginning");
        }
        let mut catalogue = Catalogue::default();
        for entry in &restored.entries {
            catalogue.insert(KnownFile::restored(entry));
        }
        Ok(Self {
            settings: Follow::new(config),
            discovery: Discovery::new(config),
            attributes: FileAttributes::new(config),
            lines,
            meters: Meters::new(cx),
            status: cx.status.clone(),
            catalogue,
            checkpoints,
            watcher: start_watching(cx),
            link_folders: BTreeSet::new(),
            ready: VecDeque::new(),
            active: BTreeSet::new(),
            open: HashSet::new(),
            partial: BTreeSet::new(),
            touched: Vec::new(),
            requests: Vec::new(),
            buffer: vec![0; READ_BYTES + super::identity::PLACE_BYTES],
            survey: SurveyTimes {
                next: now,
                earliest: now,
                number: 0,
            },
            next_poll: now,
            is_first: restored.is_first,
            clock: cx.clock.clone(),
            now: at,
            complaints: (now, 0),
            cannot_write: false,
        })
    }

    /// One turn. Blocks, for some milliseconds as a rule.
    pub(super) fn turn(&mut self, turn: Turn) -> Turned {
        let Turn { now, room, settled } = turn;
        self.now = now;
        settled.into_iter().for_each(|progress| self.settle(progress));
        self.look(now);
        self.run_timers(now);
        let is_starved = self.read(now, room);
        self.write_checkpoints(now.instant);
        self.measure();
        Turned {
            requests: std::mem::take(&mut self.requests),
            next: self.next_turn(now.instant, is_starved),
        }
    }

    /// Notes what was settled and brings it to the disk: the receiver ends.
    pub(super) fn finish(&mut self, settled: Vec<Progress>, now: Instant) {
        settled.into_iter().for_each(|progress| self.settle(progress));
        let entries = || self.catalogue.iter().filter_map(KnownFile::entry).collect();
        if let Err(error) = self.checkpoints.finish(now, entries) {
            warn!(%error, "the places of files cannot be written; some lines will be read again");
        }
    }

    fn write_checkpoints(&mut self, now: Instant) {
        let entries = || self.catalogue.iter().filter_map(KnownFile::entry).collect();
        match self.checkpoints.write(now, entries) {
            Err(error) => {
                self.cannot_write = true;
                warn!(%error, "the places of files cannot be written; reading goes on");
                let reason = format!("the places of files cannot be written: {error}");
                self.status.report(State::Recoverable(reason.into()));
            }
            Ok(()) if self.cannot_write && self.checkpoints.is_written() => {
                self.cannot_write = false;
                self.status.report(State::Ok);
            }
            Ok(()) => {}
        }
    }

    fn next_turn(&self, now: Instant, is_starved: bool) -> Instant {
        if is_starved {
            return now + NO_ROOM_WAIT;
        }
        if !self.ready.is_empty() {
            return now;
        }
        let mut next = self.survey.next;
        if !self.active.is_empty() {
            next = next.min(self.next_poll);
        }
        let of_partial = self.partial.iter().filter_map(|id| self.flush_time(*id));
        of_partial.chain(self.lines.next_timer()).fold(next, Instant::min)
    }

    fn measure(&self) {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.meters.open.set(count(self.open.len()));
        self.meters.reading.set(count(self.ready.len()));
        self.meters.files.set(count(self.catalogue.len()));
    }

    /// Says something of a file, at most so many times a minute.
    pub(super) fn complain(&mut self, now: Instant, path: &std::path::Path, reason: &dyn std::fmt::Display) {
        let (since, count) = &mut self.complaints;
        if now.duration_since(*since) > Duration::from_secs(60) {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        if *count <= MAX_COMPLAINTS {
            warn!(file = %path.display(), %reason, "a file is not read");
        }
    }
}

impl Follow {
    fn new(config: &Config) -> Self {
        Self {
            poll_interval: config.poll_interval,
            force_flush: config.lines.framing.force_flush_period,
            start_at: config.start_at,
            exclude_older_than: config.exclude_older_than,
            head_bytes: usize::try_from(config.fingerprint_size.0).unwrap_or(1000),
            max_open: most_open(config.max_concurrent_files),
            compression: config.compression,
            delete_after_read: config.delete_after_read,
            acquire_fs_lock: config.acquire_fs_lock,
        }
    }
}

/// Files that may be open: half of the descriptors of the process at most.
fn most_open(wanted: u32) -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let half = limit.map_or(u64::MAX, |limit| limit / 2);
    usize::try_from(u64::from(wanted).min(half).max(2)).unwrap_or(2)
}

fn start_watching(cx: &BuildContext) -> Option<Watcher> {
    match Watcher::new() {
        Ok(watcher) => Some(watcher),
        Err(error) => {
            warn!(component = %cx.id, %error,
                "the system does not tell of changes (see fs.inotify.max_user_instances); files are looked at on time");
            None
        }
    }
}
