use super::encoder;
use crate::views::NumberValue;

encoder! {
    /// Writes a point of a gauge or sum.
    NumberPointEncoder {
        set {
            /// Start of what it covers, in Unix nanoseconds.
            start_time_unix_nano: fixed64(2) <- u64,
            /// When, in Unix nanoseconds.
            time_unix_nano: fixed64(3) <- u64,
            /// Bit 0: no recorded value.
            flags: uint32(8) <- u32,
        }
        open {
            /// Opens an exemplar.
            exemplar: nested(5, 1) -> ExemplarEncoder,
        }
        attributes {
            /// Appends an attribute; keys must not repeat.
            attribute(7)
        }
    }
}

impl NumberPointEncoder<'_> {
    /// Writes the value.
    pub fn value(&mut self, value: NumberValue) -> &mut Self {
        if self.0.once(4) {
            match value {
                NumberValue::Double(value) => self.0.writer.double_field(4, value),
                NumberValue::Int(value) => self.0.writer.fixed64_field(6, value as u64),
            }
        }
        self
    }
}

encoder! {
    /// Writes a point of a histogram.
    HistogramPointEncoder {
        set {
            /// Start of what it covers, in Unix nanoseconds.
            start_time_unix_nano: fixed64(2) <- u64,
            /// When, in Unix nanoseconds.
            time_unix_nano: fixed64(3) <- u64,
            /// Number of values.
            count: fixed64(4) <- u64,
            /// Their sum.
            sum: present_double(5) <- f64,
            /// Values per bucket; one more than bounds, or none.
            bucket_counts: fixed64s(6) <- impl ExactSizeIterator<Item = u64>,
            /// Upper bounds of the buckets but the last.
            explicit_bounds: doubles(7) <- impl ExactSizeIterator<Item = f64>,
            /// Bit 0: no recorded value.
            flags: uint32(10) <- u32,
            /// Smallest value.
            min: present_double(11) <- f64,
            /// Largest value.
            max: present_double(12) <- f64,
        }
        open {
            /// Opens an exemplar.
            exemplar: nested(8, 1) -> ExemplarEncoder,
        }
        attributes {
            /// Appends an attribute; keys must not repeat.
            attribute(9)
        }
    }
}

encoder! {
    /// Writes a point of an exponential histogram.
    ExpHistogramPointEncoder {
        set {
            /// Start of what it covers, in Unix nanoseconds.
            start_time_unix_nano: fixed64(2) <- u64,
            /// When, in Unix nanoseconds.
            time_unix_nano: fixed64(3) <- u64,
            /// Number of values.
            count: fixed64(4) <- u64,
            /// Their sum.
            sum: present_double(5) <- f64,
            /// Resolution: the base of the bounds is 2^(2^-scale).
            scale: sint32(6) <- i32,
            /// Values that count as zero.
            zero_count: fixed64(7) <- u64,
            /// Bit 0: no recorded value.
            flags: uint32(10) <- u32,
            /// Smallest value.
            min: present_double(12) <- f64,
            /// Largest value.
            max: present_double(13) <- f64,
            /// Values up to this count as zero.
            zero_threshold: double(14) <- f64,
        }
        open {
            /// Opens the buckets of positive values.
            positive: nested_once(8, 8) -> BucketsEncoder,
            /// Opens the buckets of negative values.
            negative: nested_once(9, 9) -> BucketsEncoder,
            /// Opens an exemplar.
            exemplar: nested(11, 1) -> ExemplarEncoder,
        }
        attributes {
            /// Appends an attribute; keys must not repeat.
            attribute(1)
        }
    }
}

encoder! {
    /// Writes consecutive buckets of an exponential histogram.
    BucketsEncoder {
        set {
            /// Index of the first bucket.
            offset: sint32(1) <- i32,
            /// Values per bucket.
            bucket_counts: varints(2) <- impl Iterator<Item = u64>,
        }
        open {}
        attributes {}
    }
}

encoder! {
    /// Writes a point of a summary.
    SummaryPointEncoder {
        set {
            /// Start of what it covers, in Unix nanoseconds.
            start_time_unix_nano: fixed64(2) <- u64,
            /// When, in Unix nanoseconds.
            time_unix_nano: fixed64(3) <- u64,
            /// Number of values.
            count: fixed64(4) <- u64,
            /// Their sum.
            sum: double(5) <- f64,
            /// Bit 0: no recorded value.
            flags: uint32(8) <- u32,
        }
        open {
            /// Opens a quantile; they come by rising quantile.
            quantile_value: nested(6, 1) -> QuantileEncoder,
        }
        attributes {
            /// Appends an attribute; keys must not repeat.
            attribute(7)
        }
    }
}

encoder! {
    /// Writes one quantile of a summary.
    QuantileEncoder {
        set {
            /// 0 to 1.
            quantile: double(1) <- f64,
            /// The value at it.
            value: double(2) <- f64,
        }
        open {}
        attributes {}
    }
}

encoder! {
    /// Writes a measurement that stands for a point.
    ExemplarEncoder {
        set {
            /// When, in Unix nanoseconds.
            time_unix_nano: fixed64(2) <- u64,
            /// 8 bytes.
            span_id: bytes(4) <- &[u8],
            /// 16 bytes.
            trace_id: bytes(5) <- &[u8],
        }
        open {}
        attributes {
            /// Appends an attribute that the series does not have.
            filtered_attribute(7)
        }
    }
}

impl ExemplarEncoder<'_> {
    /// Writes the value.
    pub fn value(&mut self, value: NumberValue) -> &mut Self {
        if self.0.once(3) {
            match value {
                NumberValue::Double(value) => self.0.writer.double_field(3, value),
                NumberValue::Int(value) => self.0.writer.fixed64_field(6, value as u64),
            }
        }
        self
    }
}
