//! `prometheus.WriteRequest`.
//!
//! Source: Prometheus remote write specification 1.0; `prometheus/prometheus`, `prompb/remote.proto`, `prompb/types.proto`.

use std::collections::HashSet;

use sidelight_proto::wire::Writer;

use super::{MessageWriter, int_field};
use crate::prometheus_remote_write::series::{Exemplar, Label, OneSeries, Sample, SampleValue, SeriesSet};
use crate::prometheus_remote_write::symbols::Symbols;

#[derive(Debug)]
pub(super) struct WriteRequestWriter {
    message: Writer,
    /// Not yet written.
    metadata: bool,
}

impl WriteRequestWriter {
    pub(super) fn new(metadata: bool) -> Self {
        Self {
            message: Writer::default(),
            metadata,
        }
    }

    /// One entry for each metric.
    fn metadata(&mut self, set: &SeriesSet<'_>) {
        let mut written = HashSet::new();
        for family in &set.families {
            if !written.insert(family.name) {
                continue;
            }
            let mark = self.message.begin(3, 1);
            int_field(&mut self.message, 1, family.metric_type as i64);
            for (number, symbol) in [(2, family.name), (4, family.help), (5, family.unit)] {
                self.message
                    .bytes_field(number, set.symbols.text(symbol).as_bytes());
            }
            self.message.end(mark);
        }
    }
}

impl MessageWriter for WriteRequestWriter {
    fn len(&self) -> usize {
        self.message.len()
    }

    fn series(&mut self, set: &SeriesSet<'_>, series: &OneSeries<'_>) {
        let writer = &mut self.message;
        let mark = writer.begin(1, 2);
        labels(writer, &set.symbols, series.labels);
        for sample in series.samples {
            write_sample(writer, set, sample);
        }
        for exemplar in series.exemplars {
            write_exemplar(writer, set, exemplar);
        }
        writer.end(mark);
    }

    fn finish(&mut self, set: &SeriesSet<'_>) -> Vec<u8> {
        if std::mem::take(&mut self.metadata) {
            self.metadata(set);
        }
        std::mem::take(&mut self.message).into_bytes()
    }
}

fn labels(writer: &mut Writer, symbols: &Symbols<'_>, labels: &[Label]) {
    for (name, value) in labels {
        let mark = writer.begin(1, 1);
        writer.bytes_field(1, symbols.text(*name).as_bytes());
        writer.bytes_field(2, symbols.text(*value).as_bytes());
        writer.end(mark);
    }
}

fn write_sample(writer: &mut Writer, set: &SeriesSet<'_>, sample: &Sample) {
    match sample.value {
        SampleValue::Number(value) => {
            let mark = writer.begin(2, 1);
            writer.double_field(1, value);
            int_field(writer, 2, sample.time_ms);
            writer.end(mark);
        }
        SampleValue::Native(start, length) => {
            let mark = writer.begin(4, 2);
            writer.raw(set.native(start, length));
            int_field(writer, 15, sample.time_ms);
            writer.end(mark);
        }
    }
}

fn write_exemplar(writer: &mut Writer, set: &SeriesSet<'_>, exemplar: &Exemplar) {
    let mark = writer.begin(3, 1);
    labels(writer, &set.symbols, set.labels_of(exemplar));
    writer.double_field(2, exemplar.value);
    int_field(writer, 3, exemplar.time_ms);
    writer.end(mark);
}
