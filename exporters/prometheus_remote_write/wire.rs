//! Series on the wire, in both versions of the protocol.
//!
//! Source: `prometheus.WriteRequest` (remote write 1.0) and `io.prometheus.write.v2.Request` (2.0).

use std::collections::HashMap;

use sidelight_proto::wire::Writer;

use super::labels;
use super::native::{NativeHistogram, Side};
use super::series::{Exemplar, Family, FamilyType, HistogramSample, Series, SeriesSet};
use super::tally::Tally;

/// A request of remote write 1.0; with metadata of the families where it is wanted.
pub(super) fn version_1(set: &SeriesSet, with_metadata: bool, tally: &mut Tally) -> Vec<u8> {
    let mut out = Writer::with_capacity(set.size() + 64);
    for (labels, series) in set.iter() {
        let opened = out.begin(1, 2);
        out.raw(labels);
        for sample in &series.samples {
            write_sample(&mut out, 2, sample.value, sample.time, 0);
        }
        for exemplar in &series.exemplars {
            let opened = out.begin(3, 1);
            out.raw(&exemplar.labels);
            write_value_and_time(&mut out, exemplar.value, exemplar.time);
            out.end(opened);
        }
        for sample in &series.histograms {
            write_histogram(&mut out, 4, sample, false);
        }
        out.end(opened);
        tally.add(series);
    }
    if with_metadata {
        set.families()
            .iter()
            .for_each(|family| write_metadata(&mut out, family));
    }
    out.into_bytes()
}

/// `MetricMetadata`, field 3 of the request.
fn write_metadata(out: &mut Writer, family: &Family) {
    let opened = out.begin(3, 1);
    // 1.0 numbers the types as 2.0 does; of `target_info` receivers of 1.0 expect a gauge.
    let family_type = match family.family_type {
        FamilyType::Info => FamilyType::Gauge,
        other => other,
    };
    out.varint_field(1, family_type as u64);
    out.bytes_field(2, family.name.as_bytes());
    for (number, text) in [(4, &family.help), (5, &family.unit)] {
        if !text.is_empty() {
            out.bytes_field(number, text.as_bytes());
        }
    }
    out.end(opened);
}

/// Texts of a 2.0 request, each once; the first is empty.
struct Symbols<'s> {
    places: HashMap<&'s [u8], u32>,
    in_order: Vec<&'s [u8]>,
}

impl<'s> Symbols<'s> {
    fn new() -> Self {
        Self {
            places: HashMap::from([(&[][..], 0)]),
            in_order: vec![&[]],
        }
    }

    fn place(&mut self, text: &'s [u8]) -> u32 {
        let next = self.in_order.len() as u32;
        let place = *self.places.entry(text).or_insert(next);
        if place == next {
            self.in_order.push(text);
        }
        place
    }

    /// References to the names and values of labels, packed in field 1.
    fn write_labels(&mut self, out: &mut Writer, labels: &'s [u8]) {
        let opened = out.begin(1, 1);
        for (name, value) in labels::read(labels) {
            out.varint(u64::from(self.place(name)));
            out.varint(u64::from(self.place(value)));
        }
        out.end(opened);
    }
}

/// A request of remote write 2.0.
pub(super) fn version_2(set: &SeriesSet, tally: &mut Tally) -> Vec<u8> {
    let mut symbols = Symbols::new();
    let mut body = Writer::with_capacity(set.size() / 2 + 64);
    for (labels, series) in set.iter() {
        let opened = body.begin(5, 2);
        symbols.write_labels(&mut body, labels);
        write_samples_2(&mut body, &mut symbols, series);
        if let Some(family) = set.families().get(series.family) {
            let opened = body.begin(5, 1);
            body.varint_field(1, family.family_type as u64);
            for (number, text) in [(3, &family.help), (4, &family.unit)] {
                let place = symbols.place(text.as_bytes());
                if place != 0 {
                    body.varint_field(number, u64::from(place));
                }
            }
            body.end(opened);
        }
        body.end(opened);
        tally.add(series);
    }
    let mut out =
        Writer::with_capacity(body.len() + symbols.in_order.iter().map(|text| text.len() + 3).sum::<usize>());
    for text in &symbols.in_order {
        out.bytes_field(4, text);
    }
    out.raw(body.as_slice());
    out.into_bytes()
}

fn write_samples_2<'s>(out: &mut Writer, symbols: &mut Symbols<'s>, series: &'s Series) {
    for sample in &series.samples {
        write_sample(out, 2, sample.value, sample.time, sample.start);
    }
    for sample in &series.histograms {
        write_histogram(out, 3, sample, true);
    }
    for exemplar in &series.exemplars {
        write_exemplar_2(out, symbols, exemplar);
    }
}

fn write_exemplar_2<'s>(out: &mut Writer, symbols: &mut Symbols<'s>, exemplar: &'s Exemplar) {
    let opened = out.begin(4, 1);
    symbols.write_labels(out, &exemplar.labels);
    write_value_and_time(out, exemplar.value, exemplar.time);
    out.end(opened);
}

/// Fields 2 and 3 of an exemplar in both versions.
fn write_value_and_time(out: &mut Writer, value: f64, time: i64) {
    out.double_field(2, value);
    if time != 0 {
        out.varint_field(3, time as u64);
    }
}

fn write_sample(out: &mut Writer, number: u32, value: f64, time: i64, start: i64) {
    let opened = out.begin(number, 1);
    out.double_field(1, value);
    out.varint_field(2, time as u64);
    if start != 0 {
        out.varint_field(3, start as u64);
    }
    out.end(opened);
}

/// A `Histogram`: the same in both versions, but for the start time.
fn write_histogram(out: &mut Writer, number: u32, sample: &HistogramSample, with_start: bool) {
    let NativeHistogram {
        count,
        sum,
        schema,
        zero_threshold,
        zero_count,
        negative,
        positive,
    } = &sample.histogram;
    let opened = out.begin(number, 2);
    out.varint_field(1, *count);
    out.double_field(3, *sum);
    out.sint32_field(4, *schema);
    out.double_field(5, *zero_threshold);
    out.varint_field(6, *zero_count);
    write_side(out, 8, 9, negative);
    write_side(out, 11, 12, positive);
    out.varint_field(15, sample.time as u64);
    if with_start && sample.start != 0 {
        out.varint_field(17, sample.start as u64);
    }
    out.end(opened);
}

fn write_side(out: &mut Writer, spans: u32, deltas: u32, side: &Side) {
    for (offset, length) in &side.spans {
        let opened = out.begin(spans, 1);
        out.sint32_field(1, *offset);
        out.varint_field(2, u64::from(*length));
        out.end(opened);
    }
    if !side.deltas.is_empty() {
        let opened = out.begin(deltas, 1);
        for delta in &side.deltas {
            // Zigzag, as `sint64` is written.
            out.varint(((delta << 1) ^ (delta >> 63)) as u64);
        }
        out.end(opened);
    }
}
