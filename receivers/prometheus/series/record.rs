//! Taking the samples of a page.

use sidelight_component::Overloaded;
use sidelight_exposition::parse::text::{Event, Exemplar, Page, Tail};
use sidelight_exposition::parse::{Format, LabelSet as _, ParseError};

use super::entry::Part;
use super::point::{Point, has};
use super::resolve::Sort;
use super::state::SeriesState;

/// A time this far in the future is refused (Prometheus, `maxAheadTime`).
const MAX_AHEAD_NANOS: u64 = 10 * 60 * 1_000_000_000;

/// What became of the samples of a scrape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// On the page.
    pub(crate) scraped: u64,
    /// Left by relabelling.
    pub(crate) kept: u64,
    /// Series that were not there before.
    pub(crate) added: u64,
    /// Left out: the page has the series already.
    pub(crate) duplicate: u64,
    /// Left out: the time is before that of the last sample.
    pub(crate) out_of_order: u64,
    /// Left out: the time is in the future.
    pub(crate) out_of_bounds: u64,
    /// Left out: a bucket or quantile beyond the most that a point may have.
    pub(crate) surplus: u64,
}

/// Why a page cannot be used. None of it is then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordError {
    /// It breaks the grammar.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A label stands twice.
    #[error("the label `{0}` stands twice in one series")]
    RepeatedLabel(String),
    /// Relabelling left no name, or the page has none.
    #[error("a sample has no name")]
    NoName,
    /// A name that `metric_name_validation_scheme` does not allow.
    #[error("`{0}` is no valid name")]
    InvalidName(String),
    /// More samples than `sample_limit`.
    #[error("more than {0} samples (`sample_limit`)")]
    SampleLimit(u64),
    /// A label or more labels than a limit allows.
    #[error("a sample is over the limit of {limit} (`{setting}`)")]
    LabelLimit {
        /// The setting.
        setting: &'static str,
        /// Its value.
        limit: u64,
    },
    /// No room for what would have to be kept.
    #[error("{0}; the page has more series than there is room for")]
    Memory(#[from] Overloaded),
}

impl SeriesState {
    /// Takes a page. After an error the state is as after a page without series.
    ///
    /// # Errors
    /// [`RecordError`].
    pub(crate) fn record(&mut self, page: &[u8], format: Format, now: u64) -> Result<Counts, RecordError> {
        self.begin(now);
        let recorded = match format {
            Format::Text | Format::OpenMetrics => self.record_text(page, format),
            Format::Protobuf => self.record_protobuf(page),
        };
        match recorded {
            Ok(()) => {
                self.succeed();
                Ok(self.counts)
            }
            Err(error) => {
                let counts = self.counts;
                self.fail(now);
                // What was counted is reported all the same, as Prometheus does.
                self.counts = counts;
                Err(error)
            }
        }
    }

    /// What the scrape has counted so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    fn record_text(&mut self, bytes: &[u8], format: Format) -> Result<(), RecordError> {
        let mut page = Page::new(bytes, format)?;
        self.sequence.begin();
        let mut from = 0;
        loop {
            if let Some((known, entry)) = self.sequence.expected()
                && self.is_current(entry)
                && let Some(tail) = page.resume(known)?
            {
                self.sequence.advance();
                from = page.position();
                self.take_text(entry, &tail)?;
                continue;
            }
            match page.next()? {
                None => return Ok(()),
                Some(Event::Sample(sample)) => {
                    let key = sample.series.as_str().as_bytes();
                    let entry = self.entry(key, &sample.series, Sort::ByName)?;
                    let grown = self.sequence.note(page.between(from, page.series_end()), entry);
                    self.keep(grown)?;
                    from = page.position();
                    self.take_text(entry, &sample.tail)?;
                }
                Some(Event::Type { family, kind }) => {
                    let grown = self.metadata.set_type(&family, kind);
                    self.keep(grown)?;
                }
                Some(Event::Help { family, text }) => {
                    let grown = self.metadata.set_help(&family, &text);
                    self.keep(grown)?;
                }
                Some(Event::Unit { family, unit }) => {
                    let grown = self.metadata.set_unit(&family, unit);
                    self.keep(grown)?;
                }
            }
        }
    }

    /// Whether what was made of an entry still holds.
    pub(super) fn is_current(&self, entry: u32) -> bool {
        self.entries.get(entry as usize).is_some_and(|entry| {
            !entry.part.has_point() || self.metadata.get(entry.family).version == entry.version
        })
    }

    #[inline]
    fn take_text(&mut self, entry: u32, tail: &Tail<'_>) -> Result<(), RecordError> {
        let point = self.take(entry, tail.value, tail.timestamp_ms)?;
        if let (Some(point), Some(exemplar)) = (point, &tail.exemplar) {
            self.take_exemplar(point, exemplar);
        }
        Ok(())
    }

    fn take_exemplar(&mut self, point: u32, exemplar: &Exemplar<'_>) {
        let point = &mut self.metrics.points[point as usize];
        let time = exemplar.timestamp_ms.map_or(point.time, nanos);
        point.exemplars = self.exemplars.push(point.exemplars, |writer| {
            writer.measured(time, exemplar.value);
            exemplar
                .labels
                .for_each(&mut |name, value| writer.label(&name, &value));
        });
    }

    /// Takes a sample of an entry. Returns the point that it went to.
    #[inline]
    pub(super) fn take(
        &mut self,
        entry: u32,
        value: f64,
        timestamp_ms: Option<i64>,
    ) -> Result<Option<u32>, RecordError> {
        let at = entry;
        let entry = &mut self.entries[at as usize];
        self.counts.scraped += 1;
        if entry.part == Part::Dropped {
            entry.seen = self.scrape;
            return Ok(None);
        }
        self.counts.kept += 1;
        let limit = self.job.samples.sample_limit;
        if limit != 0 && self.counts.kept > limit {
            return Err(RecordError::SampleLimit(limit));
        }
        let is_again = std::mem::replace(&mut entry.seen, self.scrape) == self.scrape;
        if is_again {
            self.counts.duplicate += 1;
            return Ok(None);
        }
        let (part, point) = (entry.part, entry.point);
        if part == Part::Surplus {
            self.counts.surplus += 1;
            return Ok(None);
        }
        if part == Part::Info || !self.begin_point(point, timestamp_ms) {
            return Ok(None);
        }
        let scrape = self.scrape;
        let target = &mut self.metrics.points[point as usize];
        match put(target, part, value, scrape) {
            true => Ok(Some(point)),
            false => {
                self.counts.duplicate += 1;
                Ok(None)
            }
        }
    }

    /// Makes a point ready for what this scrape says of it. False where that is left out.
    pub(super) fn begin_point(&mut self, point: u32, timestamp_ms: Option<i64>) -> bool {
        let rules = &self.job.samples;
        let own_time = timestamp_ms.filter(|_| rules.honor_timestamps).map(nanos);
        let point = &mut self.metrics.points[point as usize];
        if point.begun != self.scrape {
            point.begin(self.scrape, own_time.unwrap_or(self.now), own_time.is_some());
            point.has =
                if point.time < point.last_time || point.time > self.now.saturating_add(MAX_AHEAD_NANOS) {
                    has::REFUSED
                } else if own_time.is_some() && point.time == point.last_time {
                    has::UNCHANGED
                } else {
                    0
                };
        }
        if point.has & has::REFUSED != 0 {
            match point.time < point.last_time {
                true => self.counts.out_of_order += 1,
                false => self.counts.out_of_bounds += 1,
            }
        }
        point.has & (has::REFUSED | has::UNCHANGED) == 0
    }
}

/// Puts a value where it belongs; false where the scrape has put one there already.
fn put(point: &mut Point, part: Part, value: f64, scrape: u32) -> bool {
    let mut once = |bit: u8| {
        let is_first = point.has & bit == 0;
        point.has |= bit;
        is_first
    };
    match part {
        Part::Value | Part::Count | Part::Native if once(has::VALUE) => point.value = value,
        Part::Sum if once(has::SUM) => point.sum = value,
        Part::Created => point.created = seconds_as_nanos(value),
        Part::Bound(number) => match point.bounds.get_mut(number as usize) {
            Some(bound) if bound.seen != scrape => (bound.value, bound.seen) = (value, scrape),
            _ => return false,
        },
        _ => return false,
    }
    true
}

/// Unix seconds as nanoseconds, to the microsecond: a double holds no more of a time. 0 for what is no time.
fn seconds_as_nanos(seconds: f64) -> u64 {
    let micros = (seconds.fract() * 1e6).round() as u64;
    (seconds.trunc() as u64)
        .saturating_mul(1_000_000_000)
        .saturating_add(micros * 1000)
}

/// Unix milliseconds as nanoseconds; what is before 1970 or beyond 64 bits is brought to the nearest end.
pub(super) fn nanos(millis: i64) -> u64 {
    u64::try_from(millis).unwrap_or(0).saturating_mul(1_000_000)
}
