//! `io.prometheus.client.MetricFamily`, each with its length before it.
//!
//! Source of the field numbers: `prometheus/client_model`, `io/prometheus/client/metrics.proto`.

use sidelight_proto::wire::Writer;

use super::family::Family;
use super::native::spans;
use super::text::latest_between;
use super::{
    Buckets, Exemplar, Exponential, FamilyHead, FamilyType, Histogram, LabelTexts, Sample, Summary, Value,
};
use crate::labels::Labels;

/// A native histogram must have a threshold where the sender gave none: Prometheus tells native histograms by it.
const DEFAULT_ZERO_THRESHOLD: f64 = 1e-128;
/// Exemplars of one native histogram.
const MAX_NATIVE_EXEMPLARS: usize = 10;

#[derive(Debug, Default)]
pub(super) struct ProtobufWriter {
    /// Whole messages.
    pub(super) out: Vec<u8>,
    /// The open one.
    message: Writer,
    family: Option<Family>,
}

impl ProtobufWriter {
    pub(super) fn len(&self) -> usize {
        self.out.len() + self.message.len()
    }

    pub(super) fn begin(&mut self, family: Family, head: &FamilyHead<'_>) {
        self.end();
        let message = &mut self.message;
        message.bytes_field(1, family.meta_name.as_bytes());
        if !head.help.is_empty() {
            message.bytes_field(2, head.help.as_bytes());
        }
        message.varint_field(
            3,
            match family.family_type {
                FamilyType::Counter => 0,
                FamilyType::Gauge | FamilyType::Info => 1,
                FamilyType::Summary => 2,
                FamilyType::Unknown => 3,
                FamilyType::Histogram => 4,
            },
        );
        if !head.unit.is_empty() {
            message.bytes_field(5, head.unit.as_bytes());
        }
        self.family = Some(family);
    }

    pub(super) fn end(&mut self) {
        if self.family.take().is_none() {
            return;
        }
        let length = self.message.len();
        let mut framed = Writer::from(std::mem::take(&mut self.out));
        framed.varint(length as u64);
        framed.raw(self.message.as_slice());
        self.out = framed.into_bytes();
        self.message.clear();
    }

    pub(super) fn sample(&mut self, sample: &Sample<'_>) {
        let Some(family) = &mut self.family else {
            return;
        };
        let family_type = family.family_type;
        let message = &mut self.message;
        let metric = message.begin(4, 2);
        push_labels(message, family.labels(sample.labels));
        let start = sample.start_unix_nano;
        match (sample.value, family_type) {
            (Value::Number(number), FamilyType::Counter) => {
                let counter = message.begin(3, 1);
                message.double_field(1, number.as_f64());
                if let Some(exemplar) = sample.exemplars.last() {
                    push_exemplar(message, 2, exemplar);
                }
                push_timestamp(message, 3, start);
                message.end(counter);
            }
            (Value::Number(number), FamilyType::Gauge | FamilyType::Unknown | FamilyType::Info) => {
                let field = if family_type == FamilyType::Unknown { 5 } else { 2 };
                let gauge = message.begin(field, 1);
                message.double_field(1, number.as_f64());
                message.end(gauge);
            }
            (Value::Histogram(histogram), FamilyType::Histogram) => {
                push_histogram(message, &histogram, start, sample.exemplars);
            }
            (Value::Exponential(histogram), FamilyType::Histogram) => {
                push_native(message, &histogram, start, sample.exemplars);
            }
            (Value::Summary(summary), FamilyType::Summary) => push_summary(message, &summary, start),
            _ => {
                message.cancel(metric);
                return;
            }
        }
        if let Some(time) = sample.time_unix_nano {
            message.varint_field(6, time / 1_000_000);
        }
        message.end(metric);
    }
}

fn push_labels(message: &mut Writer, labels: LabelTexts<'_>) {
    labels
        .0
        .into_iter()
        .for_each(|text| push_label_text(message, text));
}

fn push_label_text(message: &mut Writer, text: &str) {
    for (name, value) in Labels::new(text) {
        let label = message.begin(1, 1);
        message.bytes_field(1, name.as_bytes());
        message.bytes_field(2, value.as_bytes());
        message.end(label);
    }
}

/// `google.protobuf.Timestamp`; 0 is not known.
fn push_timestamp(message: &mut Writer, field: u32, unix_nanos: u64) {
    if unix_nanos == 0 {
        return;
    }
    let timestamp = message.begin(field, 1);
    message.varint_field(1, unix_nanos / 1_000_000_000);
    let nanos = unix_nanos % 1_000_000_000;
    if nanos > 0 {
        message.varint_field(2, nanos);
    }
    message.end(timestamp);
}

fn push_exemplar(message: &mut Writer, field: u32, exemplar: &Exemplar) {
    let mark = message.begin(field, 1);
    push_label_text(message, &exemplar.labels);
    message.double_field(2, exemplar.value);
    push_timestamp(message, 3, exemplar.time_unix_nano);
    message.end(mark);
}

fn push_histogram(message: &mut Writer, histogram: &Histogram<'_>, start: u64, exemplars: &[Exemplar]) {
    let mark = message.begin(7, 2);
    message.varint_field(1, histogram.count);
    message.double_field(2, histogram.sum.unwrap_or(f64::NAN));
    let mut up_to = 0;
    let mut lower = f64::NEG_INFINITY;
    for (nth, upper) in histogram
        .bounds
        .iter()
        .copied()
        .chain([f64::INFINITY])
        .enumerate()
    {
        up_to += histogram.counts.get(nth).copied().unwrap_or(0);
        let bucket = message.begin(3, 1);
        message.varint_field(
            1,
            if upper == f64::INFINITY {
                histogram.count
            } else {
                up_to
            },
        );
        message.double_field(2, upper);
        if let Some(exemplar) = latest_between(exemplars, lower, upper) {
            push_exemplar(message, 3, exemplar);
        }
        message.end(bucket);
        lower = upper;
    }
    push_timestamp(message, 15, start);
    message.end(mark);
}

fn push_native(message: &mut Writer, histogram: &Exponential<'_>, start: u64, exemplars: &[Exemplar]) {
    let mark = message.begin(7, 2);
    message.varint_field(1, histogram.count);
    message.double_field(2, histogram.sum.unwrap_or(f64::NAN));
    message.sint32_field(5, histogram.scale);
    let threshold = if histogram.zero_threshold > 0.0 {
        histogram.zero_threshold
    } else {
        DEFAULT_ZERO_THRESHOLD
    };
    message.double_field(6, threshold);
    message.varint_field(7, histogram.zero_count);
    push_spans(message, 9, 10, histogram.negative);
    push_spans(message, 12, 13, histogram.positive);
    push_timestamp(message, 15, start);
    for exemplar in exemplars.iter().rev().take(MAX_NATIVE_EXEMPLARS) {
        push_exemplar(message, 16, exemplar);
    }
    message.end(mark);
}

fn push_spans(message: &mut Writer, span_field: u32, delta_field: u32, buckets: Buckets<'_>) {
    let (spans, deltas) = spans(buckets);
    for span in spans {
        let mark = message.begin(span_field, 1);
        message.sint32_field(1, span.offset);
        message.varint_field(2, u64::from(span.length));
        message.end(mark);
    }
    for delta in deltas {
        // Zigzag, as `sint64` is written.
        message.varint_field(delta_field, ((delta << 1) ^ (delta >> 63)) as u64);
    }
}

fn push_summary(message: &mut Writer, summary: &Summary<'_>, start: u64) {
    let mark = message.begin(4, 1);
    message.varint_field(1, summary.count);
    message.double_field(2, summary.sum);
    for (quantile, value) in summary.quantiles {
        let mark = message.begin(3, 1);
        message.double_field(1, *quantile);
        message.double_field(2, *value);
        message.end(mark);
    }
    push_timestamp(message, 4, start);
    message.end(mark);
}
