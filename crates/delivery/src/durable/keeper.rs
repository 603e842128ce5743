//! The thread that owns a log: writes what comes in, answers, hands over, enters what has ended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sidelight_component::sending::AckMode;
use sidelight_component::{Ack, Budget, Outcome};
use sidelight_wal::{End as LogEnd, Fs, Log, NewRecord, Outcome as LogOutcome, ReadLimit};

use super::flusher::Flusher;
use super::letters::Letters;
use super::loading::{Loaded, load};
use super::mailbox::{Mail, Mailbox, Refused};
use super::outcome::size_of;
use super::storage_meters::StorageMeters;
use super::trouble::Trouble;
use super::window::Window;
use crate::part::{Size, Stored};
use crate::queue_state::{Arrival, QueueState};

/// Batches written together: one write, one sync. More would only make the first of them wait.
const GROUP_BYTES: usize = 8 << 20;
const GROUP_BATCHES: usize = 512;

/// Read at once.
const BLOCK_BYTES: usize = 256 << 10;
const BLOCK_RECORDS: usize = 1024;

/// What a sender is told to wait whose data could not be written.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The wait before what could not be read is read again.
const READ_AGAIN: Duration = Duration::from_millis(200);
/// After so many failures in a row the place is given up.
const READ_ATTEMPTS: u32 = 5;

/// The owner of a log.
pub(crate) struct Keeper<F: Fs> {
    pub(crate) shared: Arc<QueueState>,
    pub(crate) log: Log<F>,
    pub(crate) window: Window,
    pub(crate) flusher: Flusher<F>,
    pub(crate) letters: Option<Letters>,
    pub(crate) budget: Budget,
    pub(crate) trouble: Trouble,
    pub(crate) meters: StorageMeters,
    pub(crate) reading: Reading,
}

/// How reading goes.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    failures: u32,
    /// Not before.
    again_at: Option<Instant>,
}

impl<F: Fs> Keeper<F> {
    /// Works until the dispatcher has ended. A panic is contained: what is in the log is there at the next start, senders are told to come
    /// back until then.
    pub(crate) fn run(mut self) {
        let shared = self.shared.clone();
        let trouble = self.trouble.clone();
        let Some(mailbox) = &shared.mailbox else { return };
        let worked = catch_unwind(AssertUnwindSafe(|| self.work(mailbox)));
        if worked.is_err() {
            trouble.broken(
                "the keeper of its log panicked; it takes nothing more until the program is started again",
            );
        }
        refuse(&shared, mailbox.abandon(), &stopping());
        shared.keeper_ended();
    }

    fn work(&mut self, mailbox: &Mailbox) {
        self.read_on();
        loop {
            self.meters.show(&self.log.status());
            let mail = mailbox.wait(self.next_wake(), self.log.has_unread());
            let closing = mail.closing;
            self.take(mail);
            if closing {
                return self.close(mailbox);
            }
        }
    }

    fn take(&mut self, mail: Mail) {
        if let Some(flushed) = mail.flushed {
            self.flusher.ended();
            self.log.end_flush(flushed, now_ms());
        }
        mail.refused.iter().for_each(|refused| self.keep(refused));
        self.end(&mail.ends);
        self.append(mail.arrivals);
        self.read_on();
        if self.flusher.is_due(Instant::now()) {
            let flush = self.log.begin_flush();
            self.flusher.run(flush);
        }
    }

    fn next_wake(&self) -> Option<Instant> {
        let read = (self.log.has_unread() && self.window.room() > 0)
            .then(|| self.reading.again_at.unwrap_or_else(Instant::now));
        [read, self.flusher.next()].into_iter().flatten().min()
    }

    // === what comes in ===

    fn append(&mut self, arrivals: Vec<Arrival>) {
        let mut group = Vec::new();
        let mut bytes = 0;
        for arrival in arrivals {
            if bytes + arrival.size.bytes > GROUP_BYTES && !group.is_empty() || group.len() == GROUP_BATCHES {
                self.append_group(std::mem::take(&mut group));
                bytes = 0;
            }
            bytes += arrival.size.bytes;
            group.push(arrival);
        }
        if !group.is_empty() {
            self.append_group(group);
        }
    }

    /// Writes a group, answers, and hands it over where it may stay in memory.
    fn append_group(&mut self, mut group: Vec<Arrival>) {
        let mut size = Size::default();
        group.iter().for_each(|arrival| size.add(arrival.size));
        let handed_over = !self.log.has_unread() && self.window.has_room_for(size);
        let ordinals = match self.write(&group, handed_over) {
            Ok(ordinals) => ordinals,
            Err(reason) => return self.not_written(group, &reason),
        };
        self.trouble.over();
        self.flusher.note_written(Instant::now());
        if !handed_over {
            self.shared.moved_to_disk(size.bytes as i64);
        }
        for (arrival, first) in group.iter_mut().zip(ordinals) {
            let stored = Stored {
                first,
                bytes: arrival.size.bytes as u64,
                records: 1,
            };
            let ack = std::mem::replace(&mut arrival.batch.ack, Ack::unattended());
            ack.resolve(Outcome::Done);
            arrival.stored = Some((stored, Duration::ZERO));
            if handed_over {
                self.window.take(stored);
            }
        }
        if handed_over {
            self.shared.hand_over(group);
        }
    }

    fn write(&mut self, group: &[Arrival], handed_over: bool) -> Result<Vec<u64>, String> {
        let pieces: Vec<Vec<&[u8]>> = group
            .iter()
            .map(|arrival| {
                arrival
                    .batch
                    .payload
                    .chunks()
                    .iter()
                    .map(|chunk| &chunk.bytes[..])
                    .collect()
            })
            .collect();
        let records: Vec<NewRecord<'_>> = group
            .iter()
            .zip(&pieces)
            .map(|(arrival, payload)| NewRecord {
                payload,
                items: arrival.size.items as u32,
            })
            .collect();
        let ranges = self.log.append(&records, handed_over, now_ms());
        let ranges = ranges.map_err(|e| e.to_string())?;
        Ok(ranges.into_iter().map(|range| range.start).collect())
    }

    /// Senders that wait are told to come back. With `ack: memory` nobody does: then the queue goes on in memory.
    fn not_written(&mut self, group: Vec<Arrival>, reason: &str) {
        self.trouble.failing(reason);
        if self.shared.acks == AckMode::Memory {
            return self.shared.hand_over(group);
        }
        let refusal = Outcome::Retry {
            after: Some(RETRY_AFTER),
            reason: format!("exporter {}: {reason}", self.shared.exporter).into(),
        };
        refuse(&self.shared, group, &refusal);
    }

    // === what is read ===

    /// Reads one block where there is room for more; the next one after the mail was looked at.
    fn read_on(&mut self) {
        let now = Instant::now();
        let waits = self.reading.again_at.is_some_and(|at| now < at);
        if waits || !self.log.has_unread() || self.window.room() == 0 {
            return;
        }
        let before = self.log.status();
        let limit = ReadLimit {
            bytes: BLOCK_BYTES.min(self.window.room()),
            records: BLOCK_RECORDS,
        };
        let block = match self.log.read(limit) {
            Ok(block) => block,
            Err(e) => return self.not_read(&e.to_string(), now),
        };
        self.reading = Reading::default();
        if block.records.is_empty() && self.log.has_unread() {
            self.reading.again_at = Some(now + READ_AGAIN);
        }
        let shared = self.shared.clone();
        let units = |size| shared.units(size);
        let Loaded { arrivals, unusable } = load(block, shared.signal, &self.budget, now_ms(), units);
        if !unusable.is_empty() {
            self.log.end(&unusable, now_ms());
        }
        self.note_damage(&before);
        let bytes: usize = arrivals.iter().map(|arrival| arrival.size.bytes).sum();
        let stored = arrivals.iter().filter_map(|arrival| arrival.stored);
        stored.for_each(|(part, _)| self.window.take(part));
        shared.moved_to_disk(-(bytes as i64));
        shared.hand_over(arrivals);
    }

    fn not_read(&mut self, reason: &str, now: Instant) {
        self.trouble.failing(reason);
        self.reading.failures += 1;
        self.reading.again_at = Some(now + READ_AGAIN);
        if self.reading.failures >= READ_ATTEMPTS {
            self.reading = Reading::default();
            self.log.skip_unreadable();
        }
    }

    /// Enters what damage has cost since.
    fn note_damage(&mut self, before: &sidelight_wal::LogStatus) {
        let after = self.log.status();
        let lost = after.totals.of(LogOutcome::Lost) - before.totals.of(LogOutcome::Lost);
        if after.damaged_bytes > before.damaged_bytes || lost > 0 {
            self.trouble
                .damaged(lost, after.damaged_bytes - before.damaged_bytes);
        }
        if lost > 0 {
            let mut gone = size_of(&before.live);
            gone.subtract(size_of(&after.live));
            let units = self.shared.units(gone);
            self.shared.damaged(gone, units);
            self.flusher.note_written(Instant::now());
        }
    }

    // === what ends ===

    fn end(&mut self, ends: &[LogEnd]) {
        if ends.is_empty() {
            return;
        }
        self.log.end(ends, now_ms());
        ends.iter().for_each(|end| self.window.give_back(end));
        self.flusher.note_written(Instant::now());
    }

    /// As a dead letter, before its end is entered.
    fn keep(&mut self, refused: &Refused) {
        let Some(letters) = &mut self.letters else { return };
        if let Err(e) = letters.put(self.shared.signal, refused) {
            self.trouble.failing(&format!("cannot keep a dead letter: {e}"));
        }
    }

    /// The last flush, after the one under way.
    fn close(&mut self, mailbox: &Mailbox) {
        refuse(&self.shared, mailbox.abandon(), &stopping());
        if self.flusher.is_under_way() {
            let flushed = mailbox.wait_for_flush();
            self.log.end_flush(flushed, now_ms());
        }
        if let Some(flush) = self.log.begin_flush() {
            let flushed = flush.run();
            self.log.end_flush(flushed, now_ms());
        }
        self.meters.show(&self.log.status());
    }
}

/// Batches that are not in the log after all: their senders keep them.
fn refuse(shared: &QueueState, arrivals: Vec<Arrival>, refusal: &Outcome) {
    for arrival in arrivals {
        shared.not_stored(arrival.size, arrival.units);
        arrival.batch.finish(refusal.clone());
    }
}

fn stopping() -> Outcome {
    Outcome::retry("the program is stopping")
}

/// Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
