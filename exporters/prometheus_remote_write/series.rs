//! The series of one batch, with their samples.
//!
//! Samples of a series may come from several requests and in any order; remote write wants them together and the
//! oldest first.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use hashbrown::HashTable;
use sidelight_proto::wire::Writer;

use super::symbols::{Symbol, Symbols};

/// Name and value of a label.
pub(super) type Label = (Symbol, Symbol);

/// A series of the batch, by its place.
pub(super) type SeriesIndex = usize;

/// What is said of all series of one metric. The numbers of the types are the same in 1.0 and 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MetricType {
    Unknown = 0,
    Counter = 1,
    Gauge = 2,
    Histogram = 3,
    Summary = 5,
    Info = 6,
    StateSet = 7,
}

/// Metadata of one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Family {
    pub(super) name: Symbol,
    pub(super) metric_type: MetricType,
    pub(super) help: Symbol,
    pub(super) unit: Symbol,
}

#[derive(Debug)]
pub(super) struct Series {
    labels: Range<u32>,
    /// Its place in [`SeriesSet::families`].
    pub(super) family: usize,
}

/// The value of a series at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    series: u32,
    /// Unix milliseconds.
    pub(super) time_ms: i64,
    /// Since when it counts, in Unix milliseconds; 0 when unknown.
    pub(super) start_ms: i64,
    pub(super) value: SampleValue,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SampleValue {
    Number(f64),
    /// A native histogram: where it stands in [`SeriesSet::native`], start and length.
    Native(u32, u32),
}

/// A measurement that stands for a series.
#[derive(Clone, Debug)]
pub(super) struct Exemplar {
    series: u32,
    pub(super) time_ms: i64,
    pub(super) value: f64,
    labels: Range<u32>,
}

/// All series of a batch.
#[derive(Debug)]
pub(super) struct SeriesSet<'a> {
    pub(super) symbols: Symbols<'a>,
    pub(super) families: Vec<Family>,
    series: Vec<Series>,
    by_labels: HashTable<u32>,
    hasher: RandomState,
    labels: Vec<Label>,
    samples: Vec<Sample>,
    exemplars: Vec<Exemplar>,
    native: Writer,
}

impl<'a> SeriesSet<'a> {
    pub(super) fn new() -> Self {
        Self {
            symbols: Symbols::new(),
            families: Vec::new(),
            series: Vec::new(),
            by_labels: HashTable::new(),
            hasher: RandomState::new(),
            labels: Vec::new(),
            samples: Vec::new(),
            exemplars: Vec::new(),
            native: Writer::default(),
        }
    }

    /// The series with the labels of `base` and `extras`, both ordered by name; of equal names that of `extras` counts.
    pub(super) fn series(&mut self, family: usize, base: &[Label], extras: &[Label]) -> SeriesIndex {
        let start = self.labels.len();
        self.merge(base, extras);
        let labels = &self.labels[start..];
        let hash = self.hasher.hash_one(labels);
        let is_it = |at: &u32| self.labels_at(&self.series[*at as usize].labels) == labels;
        if let Some(found) = self.by_labels.find(hash, is_it) {
            let found = *found as usize;
            self.labels.truncate(start);
            return found;
        }
        let at = self.series.len();
        self.series.push(Series {
            labels: start as u32..self.labels.len() as u32,
            family,
        });
        let (series, labels, hasher) = (&self.series, &self.labels, &self.hasher);
        let rehash = |at: &u32| {
            let range = &series[*at as usize].labels;
            hasher.hash_one(&labels[range.start as usize..range.end as usize])
        };
        self.by_labels.insert_unique(hash, at as u32, rehash);
        at
    }

    fn merge(&mut self, base: &[Label], extras: &[Label]) {
        let (mut base, mut extras) = (base, extras);
        while let (Some(next), Some(extra)) = (base.first(), extras.first()) {
            if next.0 == extra.0 {
                base = &base[1..];
            } else if self.symbols.text(next.0) < self.symbols.text(extra.0) {
                self.labels.push(*next);
                base = &base[1..];
            } else {
                self.labels.push(*extra);
                extras = &extras[1..];
            }
        }
        self.labels.extend_from_slice(base);
        self.labels.extend_from_slice(extras);
    }

    /// Adds a number.
    pub(super) fn push(&mut self, series: SeriesIndex, time_ms: i64, start_ms: i64, value: f64) {
        self.samples.push(Sample {
            series: series as u32,
            time_ms,
            start_ms,
            value: SampleValue::Number(value),
        });
    }

    /// Adds a native histogram that `write` writes: the fields of `Histogram` but its times.
    pub(super) fn push_native(
        &mut self,
        series: SeriesIndex,
        time_ms: i64,
        start_ms: i64,
        write: impl FnOnce(&mut Writer),
    ) {
        let start = self.native.len();
        write(&mut self.native);
        self.samples.push(Sample {
            series: series as u32,
            time_ms,
            start_ms,
            value: SampleValue::Native(start as u32, (self.native.len() - start) as u32),
        });
    }

    /// Adds an exemplar, with labels ordered by name.
    pub(super) fn push_exemplar(
        &mut self,
        series: SeriesIndex,
        time_ms: i64,
        value: f64,
        labels: impl IntoIterator<Item = Label>,
    ) {
        let start = self.labels.len() as u32;
        self.labels.extend(labels);
        self.exemplars.push(Exemplar {
            series: series as u32,
            time_ms,
            value,
            labels: start..self.labels.len() as u32,
        });
    }

    /// Brings samples and exemplars in the order of their series and times. A series has one sample at a time: the last
    /// that came. Returns how many samples were replaced by one of another value.
    pub(super) fn put_in_order(&mut self) -> u64 {
        let mut replaced = 0;
        self.samples.sort_by_key(|sample| (sample.series, sample.time_ms));
        self.samples.dedup_by(|later, earlier| {
            let same = (later.series, later.time_ms) == (earlier.series, earlier.time_ms);
            if same {
                replaced += u64::from(!later.value.is_same_as(earlier.value));
                *earlier = *later;
            }
            same
        });
        self.exemplars
            .sort_by_key(|exemplar| (exemplar.series, exemplar.time_ms));
        replaced
    }

    /// Every series that has samples, with them and its exemplars. Needs [`SeriesSet::put_in_order`] before.
    pub(super) fn in_order(&self) -> impl Iterator<Item = OneSeries<'_>> {
        let mut exemplars = &self.exemplars[..];
        let by_series = self.samples.chunk_by(|a, b| a.series == b.series);
        by_series.filter_map(move |samples| {
            let at = samples.first()?.series;
            let series = &self.series[at as usize];
            let before = exemplars.partition_point(|exemplar| exemplar.series < at);
            let rest = &exemplars[before..];
            let (own, behind) = rest.split_at(rest.partition_point(|exemplar| exemplar.series == at));
            exemplars = behind;
            Some(OneSeries {
                family: self.families[series.family],
                labels: self.labels_at(&series.labels),
                samples,
                exemplars: own,
            })
        })
    }

    fn labels_at(&self, range: &Range<u32>) -> &[Label] {
        &self.labels[range.start as usize..range.end as usize]
    }

    /// The labels of an exemplar.
    pub(super) fn labels_of(&self, exemplar: &Exemplar) -> &[Label] {
        self.labels_at(&exemplar.labels)
    }

    /// A native histogram, as [`SampleValue::Native`] says where.
    pub(super) fn native(&self, start: u32, length: u32) -> &[u8] {
        &self.native.as_slice()[start as usize..][..length as usize]
    }

    /// About how much memory it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        self.symbols.heap_bytes()
            + self.series.capacity() * size_of::<Series>()
            + self.by_labels.capacity() * size_of::<u32>()
            + self.labels.capacity() * size_of::<Label>()
            + self.samples.capacity() * size_of::<Sample>()
            + self.exemplars.capacity() * size_of::<Exemplar>()
            + self.native.len()
    }
}

impl SampleValue {
    /// Bit by bit, so that a NaN is itself.
    fn is_same_as(self, other: Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.to_bits() == b.to_bits(),
            _ => self == other,
        }
    }
}

/// A series as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct OneSeries<'s> {
    pub(super) family: Family,
    pub(super) labels: &'s [Label],
    /// The oldest first.
    pub(super) samples: &'s [Sample],
    /// The oldest first.
    pub(super) exemplars: &'s [Exemplar],
}
