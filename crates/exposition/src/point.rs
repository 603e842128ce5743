//! What a page says of one series: borrowed from whoever keeps it.

use crate::number::Number;

/// The type of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FamilyType {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets.
    Histogram,
    /// Quantiles.
    Summary,
    /// Not known.
    Unknown,
    /// Always 1; its labels are what it says. Where a format has no such type it is a gauge.
    Info,
}

/// What the head of a family says.
#[derive(Clone, Copy, Debug)]
pub struct FamilyHead<'a> {
    /// The whole name, with `_total` for a counter and `_info` for an info metric.
    pub name: &'a str,
    /// One line for people; empty for none.
    pub help: &'a str,
    /// The unit in words; empty for none.
    pub unit: &'a str,
    /// Its type.
    pub family_type: FamilyType,
}

/// The labels of a series: label texts (see [`crate::labels`]) that stand one behind the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct LabelTexts<'a>(pub [&'a str; 2]);

/// One series at one time.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// Its labels.
    pub labels: LabelTexts<'a>,
    /// Its value.
    pub value: Value<'a>,
    /// When it began to count, in Unix nanoseconds; 0 when unknown.
    pub start_unix_nano: u64,
    /// When it was measured, in Unix nanoseconds, where that is to be shown.
    pub time_unix_nano: Option<u64>,
    /// Measurements that stand for it.
    pub exemplars: &'a [Exemplar],
}

/// The value of a series.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Of a counter, gauge, unknown or info metric.
    Number(Number),
    /// Of a histogram with explicit bounds.
    Histogram(Histogram<'a>),
    /// Of an exponential histogram.
    Exponential(Exponential<'a>),
    /// Of a summary.
    Summary(Summary<'a>),
}

/// Counts in buckets with explicit bounds.
#[derive(Clone, Copy, Debug)]
pub struct Histogram<'a> {
    /// All values.
    pub count: u64,
    /// Their sum, if it is known.
    pub sum: Option<f64>,
    /// Upper bounds, rising, without the last one, which is infinite.
    pub bounds: &'a [f64],
    /// Values per bucket, one more than bounds; or none.
    pub counts: &'a [u64],
}

/// Counts in exponential buckets.
#[derive(Clone, Copy, Debug)]
pub struct Exponential<'a> {
    /// All values.
    pub count: u64,
    /// Their sum, if it is known.
    pub sum: Option<f64>,
    /// The base of the bounds is 2^(2^-scale). -4 to 8: what Prometheus takes.
    pub scale: i32,
    /// Values that count as zero.
    pub zero_count: u64,
    /// Values up to this count as zero.
    pub zero_threshold: f64,
    /// Positive values.
    pub positive: Buckets<'a>,
    /// Negative values.
    pub negative: Buckets<'a>,
}

/// Consecutive exponential buckets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Buckets<'a> {
    /// Index of the first; bucket `i` holds what is greater than `base^i`, up to `base^(i+1)`.
    pub offset: i32,
    /// Values per bucket.
    pub counts: &'a [u64],
}

/// Quantiles.
#[derive(Clone, Copy, Debug)]
pub struct Summary<'a> {
    /// All values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Quantile and value, by rising quantile.
    pub quantiles: &'a [(f64, f64)],
}

/// A measurement that stands for a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// The value measured.
    pub value: f64,
    /// When, in Unix nanoseconds; 0 when unknown.
    pub time_unix_nano: u64,
    /// Its labels as a label text: `trace_id`, `span_id` and others.
    pub labels: Box<str>,
}
