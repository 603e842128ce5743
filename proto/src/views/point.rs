use super::{Attributes, Doubles, Fixed64s, Repeated, Varints, view};
use crate::wire::{Fields, Value};

/// A number as it was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NumberValue {
    /// A 64-bit integer.
    Int(i64),
    /// A floating-point number.
    Double(f64),
}

impl NumberValue {
    /// The value as a floating-point number; integers beyond 2^53 are rounded.
    pub fn as_f64(self) -> f64 {
        match self {
            NumberValue::Int(value) => value as f64,
            NumberValue::Double(value) => value,
        }
    }
}

fn number(message: &[u8], double: u32) -> Option<NumberValue> {
    let mut found = None;
    for field in Fields::new(message) {
        found = match (field.number, field.value) {
            (6, Value::Fixed64(value)) => Some(NumberValue::Int(value as i64)),
            (tag, Value::Fixed64(value)) if tag == double => Some(NumberValue::Double(f64::from_bits(value))),
            _ => found,
        };
    }
    found
}

view! {
    /// A point of a gauge or sum.
    NumberPointView {
        /// Start of what it covers, in Unix nanoseconds; 0 when unknown.
        start_time_unix_nano: fixed64(2) -> u64,
        /// When, in Unix nanoseconds.
        time_unix_nano: fixed64(3) -> u64,
        /// Measurements that stand for it.
        exemplars: repeated(5) -> Repeated<'a, ExemplarView<'a>>,
        /// The series it belongs to.
        attributes: repeated(7) -> Attributes<'a>,
        /// Bit 0: no recorded value.
        flags: uint32(8) -> u32,
    }
}

impl NumberPointView<'_> {
    /// The value; `None` when there is none.
    pub fn value(&self) -> Option<NumberValue> {
        number(self.0, 4)
    }
}

view! {
    /// A point of a histogram.
    HistogramPointView {
        /// Start of what it covers, in Unix nanoseconds; 0 when unknown.
        start_time_unix_nano: fixed64(2) -> u64,
        /// When, in Unix nanoseconds.
        time_unix_nano: fixed64(3) -> u64,
        /// Number of values.
        count: fixed64(4) -> u64,
        /// Their sum.
        sum: optional_double(5) -> Option<f64>,
        /// Values per bucket; one more than bounds, or none.
        bucket_counts: fixed64s(6) -> Fixed64s<'a>,
        /// Upper bounds of the buckets but the last.
        explicit_bounds: doubles(7) -> Doubles<'a>,
        /// Measurements that stand for it.
        exemplars: repeated(8) -> Repeated<'a, ExemplarView<'a>>,
        /// The series it belongs to.
        attributes: repeated(9) -> Attributes<'a>,
        /// Bit 0: no recorded value.
        flags: uint32(10) -> u32,
        /// Smallest value.
        min: optional_double(11) -> Option<f64>,
        /// Largest value.
        max: optional_double(12) -> Option<f64>,
    }
}

view! {
    /// A point of an exponential histogram.
    ExpHistogramPointView {
        /// The series it belongs to.
        attributes: repeated(1) -> Attributes<'a>,
        /// Start of what it covers, in Unix nanoseconds; 0 when unknown.
        start_time_unix_nano: fixed64(2) -> u64,
        /// When, in Unix nanoseconds.
        time_unix_nano: fixed64(3) -> u64,
        /// Number of values.
        count: fixed64(4) -> u64,
        /// Their sum.
        sum: optional_double(5) -> Option<f64>,
        /// Resolution: the base of the bounds is 2^(2^-scale).
        scale: sint32(6) -> i32,
        /// Values that count as zero.
        zero_count: fixed64(7) -> u64,
        /// Buckets of positive values.
        positive: optional_message(8) -> Option<BucketsView<'a>>,
        /// Buckets of negative values.
        negative: optional_message(9) -> Option<BucketsView<'a>>,
        /// Bit 0: no recorded value.
        flags: uint32(10) -> u32,
        /// Measurements that stand for it.
        exemplars: repeated(11) -> Repeated<'a, ExemplarView<'a>>,
        /// Smallest value.
        min: optional_double(12) -> Option<f64>,
        /// Largest value.
        max: optional_double(13) -> Option<f64>,
        /// Values up to this count as zero.
        zero_threshold: double(14) -> f64,
    }
}

view! {
    /// Consecutive buckets of an exponential histogram.
    BucketsView {
        /// Index of the first bucket.
        offset: sint32(1) -> i32,
        /// Values per bucket.
        bucket_counts: varints(2) -> Varints<'a>,
    }
}

view! {
    /// A point of a summary.
    SummaryPointView {
        /// Start of what it covers, in Unix nanoseconds; 0 when unknown.
        start_time_unix_nano: fixed64(2) -> u64,
        /// When, in Unix nanoseconds.
        time_unix_nano: fixed64(3) -> u64,
        /// Number of values.
        count: fixed64(4) -> u64,
        /// Their sum.
        sum: double(5) -> f64,
        /// Quantiles by rising quantile.
        quantile_values: repeated(6) -> Repeated<'a, QuantileView<'a>>,
        /// The series it belongs to.
        attributes: repeated(7) -> Attributes<'a>,
        /// Bit 0: no recorded value.
        flags: uint32(8) -> u32,
    }
}

view! {
    /// One quantile of a summary.
    QuantileView {
        /// 0 to 1.
        quantile: double(1) -> f64,
        /// The value at it.
        value: double(2) -> f64,
    }
}

view! {
    /// A measurement that stands for a point.
    ExemplarView {
        /// When, in Unix nanoseconds.
        time_unix_nano: fixed64(2) -> u64,
        /// 8 bytes when valid.
        span_id: bytes(4) -> &'a [u8],
        /// 16 bytes when valid.
        trace_id: bytes(5) -> &'a [u8],
        /// Attributes that the series does not have.
        filtered_attributes: repeated(7) -> Attributes<'a>,
    }
}

impl ExemplarView<'_> {
    /// The value; `None` when there is none.
    pub fn value(&self) -> Option<NumberValue> {
        number(self.0, 3)
    }
}
