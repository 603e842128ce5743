//! Native histograms as exponential histograms of OTLP.

use sidelight_exposition::parse::protobuf::{Counts, Histogram, Spans};
use sidelight_proto::wire::Writer;

/// Most buckets of one sign, those without values between the runs included. Prometheus' libraries stop at 160.
pub(super) const MAX_BUCKETS: usize = 4096;

/// Scales that exist (`metrics.proto`, comment at `schema`).
const SCALES: std::ops::RangeInclusive<i32> = -4..=8;

/// Writes the fields of an `ExponentialHistogramDataPoint` that are the histogram's own: count, sum, scale, zeros and
/// buckets. `None`, with nothing written, where it has a scale or more buckets than OTLP is given here.
pub(super) fn write(histogram: &Histogram<'_>, writer: &mut Writer) -> Option<()> {
    if !SCALES.contains(&histogram.schema) {
        return None;
    }
    let positive = Buckets::of(histogram.positive())?;
    let negative = Buckets::of(histogram.negative())?;
    writer.fixed64_field(4, whole(histogram.count));
    writer.double_field(5, histogram.sum);
    if histogram.schema != 0 {
        writer.sint32_field(6, histogram.schema);
    }
    writer.fixed64_field(7, whole(histogram.zero_count));
    positive.write(8, writer);
    negative.write(9, writer);
    if histogram.zero_threshold != 0.0 {
        writer.double_field(14, histogram.zero_threshold);
    }
    Some(())
}

/// Counts of the buckets from the first to the last, without gaps.
struct Buckets {
    offset: i32,
    counts: Vec<u64>,
}

impl Buckets {
    fn of((spans, counts): (Spans<'_>, Counts<'_>)) -> Option<Self> {
        let mut this = Self {
            offset: 0,
            counts: Vec::new(),
        };
        let mut counts = counts.iter();
        for (number, (offset, length)) in spans.iter().enumerate() {
            let gap = if number == 0 {
                // Prometheus counts by upper bounds, OTLP by lower ones.
                this.offset = offset.checked_sub(1)?;
                0
            } else {
                usize::try_from(offset).ok()?
            };
            let end = this.counts.len().checked_add(gap)?.checked_add(length as usize)?;
            if end > MAX_BUCKETS {
                return None;
            }
            this.counts.resize(this.counts.len() + gap, 0);
            for _ in 0..length {
                this.counts.push(whole(counts.next()?));
            }
        }
        Some(this)
    }

    fn write(&self, number: u32, writer: &mut Writer) {
        if self.counts.is_empty() {
            return;
        }
        let buckets = writer.begin(number, 1);
        if self.offset != 0 {
            writer.sint32_field(1, self.offset);
        }
        let run = writer.begin(2, 1);
        for count in &self.counts {
            writer.varint(*count);
        }
        writer.end(run);
        writer.end(buckets);
    }
}

/// A count as a whole number: floats of some libraries are rounded, what is below zero or no number is none.
pub(super) fn whole(count: f64) -> u64 {
    count.round() as u64
}
