//! A log beside the plain list of what it should hold, and the steps that are done to both.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sidelight_wal::testing::TornFs;
use sidelight_wal::{
    End, Flush, Flushed, Live, Log, LogStatus, NewRecord, Options, Outcome, ReadLimit, Sync, Totals,
};

use super::entry::{Entry, bits, bits_of, id_of, payload};
use super::found::{After, Found, assert_balances};
use super::step::{Pick, Step};

pub(crate) const FOLDER: &str = "/queue";

/// What the world may refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calls {
    /// Nothing, until the machine is dead.
    Succeed,
    /// Anything.
    MayFail,
}

pub(crate) struct World {
    pub(crate) fs: TornFs,
    pub(crate) options: Options,
    pub(crate) calls: Calls,
    /// A power cut or a kill may have left places from which it is not known what is missing before they are read.
    pub(crate) holes: bool,
    pub(crate) now_ms: u64,
    /// By number of the payload. What has ended is kept until its end is durable.
    pub(crate) entries: BTreeMap<u64, Entry>,
    /// Records are there twice since it was opened again, as they may be after moves that failed: the list cannot hold them.
    pub(crate) doubles: bool,
    /// What was not durable when it was opened again after failures: no flush makes sure of it.
    unsure: BTreeSet<u64>,
    /// Reads, appends and so on that failed.
    pub(crate) failures: u64,
    log: Option<Log<TornFs>>,
    next_id: u64,
    begun: Option<Begun>,
    totals: Totals,
    /// As it was when the last flush began that has ended.
    flushed: LogStatus,
    last_first: Option<u64>,
}

/// A flush under way.
struct Begun {
    flush: Option<Flush<TornFs>>,
    flushed: Option<Flushed>,
    /// What will be durable: records and their ends.
    covers: Vec<(u64, u64)>,
    /// Calls that had gone wrong when it began.
    refused: u64,
    status: LogStatus,
}

/// Options with small sizes, so that little makes many files.
pub(crate) fn options(sync: Sync, segment_bytes: u64) -> Options {
    Options {
        directory: PathBuf::from(FOLDER),
        sync,
        segment_bytes,
        target_bytes: u64::MAX,
        reserve_bytes: 2_048,
    }
}

pub(crate) fn machine(seed: u64) -> TornFs {
    TornFs::with_folder(seed, Path::new(FOLDER))
}

/// Does a step; a flush runs without the world being held, so that other steps can be done in the middle.
pub(crate) fn step(world: &Arc<Mutex<World>>, step: &Step) {
    let Step::RunFlush { at, during } = step else {
        hold(world).step(step);
        return;
    };
    let (fs, flush) = {
        let mut world = hold(world);
        (
            world.fs.clone(),
            world.begun.as_mut().and_then(|begun| begun.flush.take()),
        )
    };
    let Some(flush) = flush else { return };
    let waits = Waits(Arc::new(AtomicBool::new(true)));
    let (inner, still, during) = (Arc::clone(world), Arc::clone(&waits.0), during.clone());
    fs.when_reached(None, *at, move || {
        if still.load(Ordering::Relaxed) {
            let mut world = hold(&inner);
            during.iter().for_each(|step| world.step(step));
        }
    });
    let flushed = flush.run();
    drop(waits);
    if let Some(begun) = hold(world).begun.as_mut() {
        begun.flushed = Some(flushed);
    }
}

/// The hook waits for a call of this flush, not for one after it, even where it ends in a panic.
struct Waits(Arc<AtomicBool>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

pub(crate) fn hold(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// Opens a log where nothing was before.
    pub(crate) fn new(fs: TornFs, options: Options) -> Self {
        Self::going_on(fs, options, BTreeMap::new(), 0)
    }

    /// The same where calls may fail.
    pub(crate) fn with_faults(fs: TornFs, options: Options) -> Self {
        let mut world = Self::closed(fs, options, BTreeMap::new(), 0);
        world.calls = Calls::MayFail;
        world.open();
        world
    }

    /// Opens a log in which these records are.
    pub(crate) fn going_on(
        fs: TornFs,
        options: Options,
        entries: BTreeMap<u64, Entry>,
        next_id: u64,
    ) -> Self {
        let mut world = Self::closed(fs, options, entries, next_id);
        world.holes = next_id > 0;
        world.open();
        world
    }

    fn closed(fs: TornFs, options: Options, entries: BTreeMap<u64, Entry>, next_id: u64) -> Self {
        Self {
            fs,
            options,
            calls: Calls::Succeed,
            holes: false,
            doubles: false,
            unsure: BTreeSet::new(),
            now_ms: 1_000,
            entries,
            failures: 0,
            log: None,
            next_id,
            begun: None,
            totals: Totals::default(),
            flushed: LogStatus::default(),
            last_first: None,
        }
    }

    pub(crate) fn shared(self) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(self))
    }

    fn open(&mut self) {
        self.begun = None;
        self.log = None;
        self.last_first = None;
        self.entries.values_mut().for_each(|entry| entry.out = false);
        match Log::open(self.fs.clone(), self.options.clone(), self.now_ms) {
            Ok(log) => self.totals = self.log.insert(log).status().totals,
            Err(error) => self.failed(&error),
        }
    }

    /// Opens it again. The figures are the same then, where nothing failed.
    pub(crate) fn reopen(&mut self) {
        let before = self.log.take().map(|log| log.status());
        if self.calls == Calls::MayFail && !self.fs.is_dead() {
            // What was refused may be there all the same, when the refusal could not be written.
            let found = Found::at_next_start(&self.fs.kill(0), &self.options);
            found.judge(&self.entries, After::Kill);
            self.entries = found.entries(&self.entries, After::Kill);
            self.doubles = found.has_doubles();
            self.holes = true;
            // The kernel told the life before that a sync failed, and tells nobody else.
            let written = self.entries.iter().filter(|(_, entry)| !entry.durable);
            self.unsure = written.map(|(id, _)| *id).collect();
        }
        self.open();
        let after = self.log.as_ref().map(Log::status);
        if let (Calls::Succeed, false, Some(before), Some(after)) =
            (self.calls, self.fs.is_dead(), before, after)
        {
            assert_eq!((before.next, before.base), (after.next, after.base));
            assert_eq!(
                (before.live.items, before.totals),
                (after.live.items, after.totals)
            );
            // Bytes of what was in holes are known when it has been read to the end again.
            assert!(
                self.holes || before.live == after.live,
                "{:?}, {:?}",
                before.live,
                after.live
            );
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.log.is_some()
    }

    /// What a step that failed means: nothing, where it may.
    fn failed(&mut self, error: &dyn std::fmt::Display) {
        self.failures += 1;
        assert!(
            self.calls == Calls::MayFail || self.fs.is_dead(),
            "failed without a reason: {error}"
        );
    }

    pub(crate) fn status(&self) -> LogStatus {
        self.log.as_ref().expect("open").status()
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.next_id
    }

    pub(crate) fn step(&mut self, step: &Step) {
        if self.doubles || self.fs.is_dead() || (self.log.is_none() && !matches!(step, Step::Reopen)) {
            return;
        }
        self.now_ms += 3;
        match step {
            Step::Append { records, hand_over } => self.append(records, *hand_over),
            Step::Read { bytes, records } => self.read(ReadLimit {
                bytes: *bytes,
                records: *records,
            }),
            Step::End(picks) => self.end(picks),
            Step::EndNothing(number) => self.end_nothing(*number),
            Step::BeginFlush => self.begin_flush(),
            Step::EndFlush => self.end_flush(),
            Step::Reopen => self.reopen(),
            // In the middle of another one.
            Step::RunFlush { .. } => {}
        }
        self.check();
    }

    /// A flush from its beginning to its end.
    pub(crate) fn flush(&mut self) {
        self.begin_flush();
        if let Some(begun) = &mut self.begun
            && let Some(flush) = begun.flush.take()
        {
            begun.flushed = Some(flush.run());
        }
        self.end_flush();
        if !self.fs.is_dead() {
            self.check();
        }
    }

    /// Reads on and ends everything, whole records, with a flush now and then.
    pub(crate) fn end_everything(&mut self) {
        while self.log.as_ref().is_some_and(Log::has_unread) {
            self.step(&Step::Read {
                bytes: 10_000,
                records: 50,
            });
        }
        for round in 1.. {
            if self.ending().next().is_none() {
                return;
            }
            self.step(&Step::End(vec![Pick {
                which: 0,
                part: None,
                outcome: Outcome::Delivered,
            }]));
            if round % 8 == 0 {
                self.flush();
            }
        }
    }

    pub(crate) fn append(&mut self, records: &[(u32, usize)], hand_over: bool) {
        let Some(log) = &mut self.log else { return };
        let hand_over = hand_over && !log.has_unread();
        let ids = self.next_id..self.next_id + records.len() as u64;
        self.next_id = ids.end;
        let payloads: Vec<Vec<u8>> = ids
            .clone()
            .zip(records)
            .map(|(id, (_, len))| payload(id, *len))
            .collect();
        // In pieces, some of them empty.
        let pieces: Vec<Vec<&[u8]>> = payloads
            .iter()
            .zip(ids.clone())
            .map(|(bytes, id)| in_pieces(bytes, id))
            .collect();
        let group: Vec<NewRecord<'_>> = records
            .iter()
            .zip(&pieces)
            .map(|((items, _), pieces)| NewRecord {
                payload: pieces,
                items: *items,
            })
            .collect();
        let mut next = log.status().next;
        // They may be found later however this call ends.
        for (id, (items, len)) in ids.clone().zip(records) {
            self.entries
                .insert(id, Entry::new(*items, *len, next, self.now_ms));
            next += u64::from(*items);
        }
        match log.append(&group, hand_over, self.now_ms) {
            Ok(_) if self.fs.is_dead() => {}
            Ok(ranges) => self.answered(ids, &ranges, hand_over),
            Err(error) => self.failed(&error),
        }
    }

    fn answered(&mut self, ids: Range<u64>, ranges: &[Range<u64>], out: bool) {
        assert_eq!(ranges.len() as u64, ids.end - ids.start);
        let mut next = 0;
        for (id, range) in ids.zip(ranges) {
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            assert!(
                range.start >= next && range.start >= entry.first,
                "{range:?} of {entry:?}"
            );
            assert_eq!(range.end - range.start, u64::from(entry.items));
            next = range.end;
            entry.first = range.start;
            entry.answered = true;
            entry.durable = self.options.sync == Sync::Fsync;
            entry.out = out;
        }
    }

    fn read(&mut self, limit: ReadLimit) {
        let Some(log) = &mut self.log else { return };
        let block = match log.read(limit) {
            Ok(block) => block,
            Err(error) => return self.failed(&error),
        };
        assert!(block.records.len() <= limit.records);
        let bytes: usize = block.records.iter().map(|record| record.payload.len()).sum();
        assert!(
            bytes <= limit.bytes || block.records.len() == 1,
            "{bytes} of {}",
            limit.bytes
        );
        if block.records.is_empty() {
            assert!(!log.has_unread(), "nothing was read, so nothing is there");
            assert_eq!(self.unread().next(), None, "records that are not given");
        }
        let in_order = self.status().totals.of(Outcome::Moved) == 0;
        for record in &block.records {
            let payload_read = &block.buffer[record.payload.clone()];
            let by_ordinal = || {
                self.unread()
                    .find(|(_, entry)| entry.first == record.first)
                    .map(|(id, _)| id)
            };
            let id = id_of(payload_read)
                .or_else(by_ordinal)
                .expect("a record that was appended");
            assert_eq!(
                payload_read,
                payload(id, payload_read.len()),
                "record {id} was changed"
            );
            assert!(
                self.last_first.is_none_or(|last| last < record.first),
                "increasing ordinals"
            );
            self.last_first = Some(record.first);
            if in_order {
                let oldest = self
                    .unread()
                    .min_by_key(|(_, entry)| entry.first)
                    .map(|(id, _)| id);
                assert_eq!(oldest, Some(id), "oldest first");
            }
            let entry = self
                .entries
                .get_mut(&id)
                .unwrap_or_else(|| panic!("record {id} was invented"));
            assert!(
                entry.answered && !entry.out,
                "record {id} is given twice, or was refused: {entry:?}"
            );
            assert_eq!((record.items, payload_read.len()), (entry.items, entry.len));
            assert_eq!(
                bits_of(&record.live, record.first),
                entry.live(),
                "what is live of record {id}"
            );
            assert_eq!(record.live_bytes, entry.live_bytes(), "bytes of record {id}");
            if in_order {
                assert_eq!(
                    (record.first, record.written_ms),
                    (entry.first, entry.written_ms),
                    "record {id}"
                );
            }
            entry.first = record.first;
            entry.out = true;
        }
    }

    fn unread(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.answered && !entry.out && entry.live() != 0)
            .map(|(id, entry)| (*id, entry))
    }

    /// What can come to its end.
    fn ending(&self) -> impl Iterator<Item = u64> {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.out && entry.live() != 0)
            .map(|(id, _)| *id)
    }

    fn end(&mut self, picks: &[Pick]) {
        let mut ends = Vec::new();
        let mut touched = Vec::new();
        for pick in picks {
            let ending: Vec<u64> = self.ending().collect();
            let Some(which) = pick.which.checked_rem(ending.len() as u64) else {
                break;
            };
            let id = ending[which as usize];
            let Some(entry) = self.entries.get_mut(&id) else {
                break;
            };
            ends.extend(entry.end(pick));
            touched.push(id);
        }
        for end in &ends {
            self.totals.add(end.outcome, end.items.end - end.items.start);
        }
        let Some(log) = &mut self.log else { return };
        log.end(&ends, self.now_ms);
        if self.calls == Calls::Succeed && !self.fs.is_dead() {
            for id in touched {
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry.done_written = entry.done;
                }
            }
        }
    }

    /// Ends that change nothing: of items that ended before, of ordinals that were not given out, of none, backwards.
    fn end_nothing(&mut self, number: u64) {
        let Some(log) = &mut self.log else { return };
        let next = log.status().next;
        let mut ranges = vec![
            next..next + 1 + number % 100,
            next + number % 1_000..u64::MAX,
            number..number,
            next + 7..next + 3,
        ];
        let ended = self
            .entries
            .values()
            .filter(|entry| entry.answered && entry.live() == 0);
        ranges.extend(
            ended
                .map(|entry| entry.first..entry.first + u64::from(entry.items))
                .take(3),
        );
        let end = |items| End {
            items,
            outcome: Outcome::Delivered,
            bytes: number % 500,
            records: 1,
        };
        let before = log.status();
        log.end(&ranges.into_iter().map(end).collect::<Vec<_>>(), self.now_ms);
        let after = log.status();
        if self.calls == Calls::Succeed && !self.fs.is_dead() {
            assert_eq!(
                (before.live, before.totals),
                (after.live, after.totals),
                "nothing has ended"
            );
        }
    }

    fn begin_flush(&mut self) {
        let Some(log) = &mut self.log else { return };
        let flush = log.begin_flush();
        if self.begun.is_some() {
            assert!(flush.is_none(), "one is under way");
            return;
        }
        let answered = self.entries.iter().filter(|(_, entry)| entry.answered);
        let covers = answered.map(|(id, entry)| (*id, entry.done_written)).collect();
        let refused = self.fs.refused_calls();
        match flush {
            // After a flush that failed some are let pass, though there is something to do.
            None if refused == 0 => self.durable(covers),
            None => {}
            Some(flush) => {
                self.begun = Some(Begun {
                    flush: Some(flush),
                    flushed: None,
                    covers,
                    refused,
                    status: self.status(),
                });
            }
        }
    }

    fn end_flush(&mut self) {
        let Some(begun) = &mut self.begun else { return };
        let (Some(flushed), Some(log)) = (begun.flushed.take(), &mut self.log) else {
            return;
        };
        log.end_flush(flushed, self.now_ms);
        let refused = self.fs.refused_calls();
        let begun = self.begun.take().filter(|begun| begun.refused == refused);
        if let Some(begun) = begun.filter(|_| !self.fs.is_dead()) {
            self.durable(begun.covers);
            self.flushed = begun.status;
        }
    }

    fn durable(&mut self, covers: Vec<(u64, u64)>) {
        for (id, done) in covers {
            let Some(entry) = self.entries.get_mut(&id).filter(|_| !self.unsure.contains(&id)) else {
                continue;
            };
            entry.durable = true;
            entry.done_durable |= done;
            if entry.done_durable == entry.all() {
                self.entries.remove(&id);
            }
        }
    }

    /// What can be seen is what should be.
    fn check(&self) {
        let Some(log) = &self.log else { return };
        let status = log.status();
        assert_balances(&status);
        if self.fs.is_dead() {
            return;
        }
        let live = || {
            self.entries
                .values()
                .filter(|entry| entry.answered && entry.live() != 0)
        };
        let items = live().map(|entry| u64::from(entry.live().count_ones())).sum();
        let expected = Live {
            items,
            bytes: live().map(Entry::live_bytes).sum(),
            records: live().count() as u64,
        };
        if self.holes && log.has_unread() {
            assert!(status.live.items >= items, "{:?}, not {expected:?}", status.live);
        } else {
            assert_eq!(status.live, expected);
        }
        if self.unread().next().is_some() {
            assert!(log.has_unread(), "there are unread records");
        }
        for outcome in Outcome::ALL {
            if !matches!(outcome, Outcome::Moved | Outcome::Refused | Outcome::Lost) {
                assert_eq!(status.totals.of(outcome), self.totals.of(outcome), "{outcome:?}");
            }
        }
        // Of what a flush has removed the log hears at its end.
        if self.calls == Calls::Succeed && self.begun.is_none() {
            assert_eq!(status.disk_bytes, self.disk_bytes(), "bytes on the disk");
        }
    }

    fn disk_bytes(&self) -> u64 {
        let files = self.fs.files(Path::new(FOLDER));
        files
            .iter()
            .filter(|(path, _)| path.extension().is_some_and(|kind| kind == "wal"))
            .map(|(_, len)| len)
            .sum()
    }

    /// Ends this life, judges what several next starts would find, and returns the one that goes on.
    pub(crate) fn next_life(&mut self, after: After, seed: u64) -> (TornFs, Found) {
        self.fs.die();
        self.log = None;
        self.begun = None;
        let cut = |seed: u64| match after {
            After::PowerCut => self.fs.power_cut(seed),
            After::Kill => self.fs.kill(seed),
        };
        for other in 1..3 {
            let fs = cut(seed.wrapping_add(other * 1_000_000)).kill(0);
            self.judge(&Found::at_next_start(&fs, &self.options), after);
        }
        let fs = cut(seed);
        let found = Found::at_next_start(&fs.kill(0), &self.options);
        self.judge(&found, after);
        (fs, found)
    }

    /// Records and figures.
    fn judge(&self, found: &Found, after: After) {
        found.judge(&self.entries, after);
        if self.calls == Calls::MayFail {
            return;
        }
        let (status, flushed) = (&found.status, &self.flushed);
        assert!(
            status.next >= flushed.next,
            "ordinals that were flushed are given out again: {status:?}"
        );
        for outcome in Outcome::ALL {
            let (now, then) = (status.totals.of(outcome), flushed.totals.of(outcome));
            assert!(now >= then, "{outcome:?}: {then} were flushed, {now} are there");
        }
        if self.options.target_bytes == u64::MAX && !self.holes {
            // A file goes when the ends of all that was in it are durable: what was durable is never lost, not even in the figures.
            let uncertain = self.entries.values().filter(|entry| !entry.durable);
            let most: u64 = uncertain.map(|entry| u64::from(entry.items)).sum();
            assert!(
                status.totals.of(Outcome::Lost) <= most,
                "more than {most} lost: {status:?}"
            );
        }
    }
}

impl Entry {
    /// Ends a part of it that is live.
    fn end(&mut self, pick: &Pick) -> Vec<End> {
        let wanted = match pick.part {
            None => self.live(),
            Some((from, to)) => {
                let from = from % self.items;
                bits(from..from + 1 + to % (self.items - from)) & self.live()
            }
        };
        let mut ends = Vec::new();
        let mut item = 0;
        while item < self.items {
            let run = (wanted >> item).trailing_ones().min(self.items - item);
            if run == 0 {
                item += 1;
                continue;
            }
            self.done |= bits(item..item + run);
            let (whole, bytes) = (self.live() == 0, self.share(item..item + run));
            let first = self.first + u64::from(item);
            ends.push(End {
                items: first..first + u64::from(run),
                outcome: pick.outcome,
                bytes,
                records: whole.into(),
            });
            item += run;
        }
        ends
    }
}

fn in_pieces(bytes: &[u8], id: u64) -> Vec<&[u8]> {
    let (front, back) = bytes.split_at(bytes.len() / (1 + id as usize % 3));
    match id % 5 {
        0 => vec![front, &[], back],
        _ => vec![front, back],
    }
}
