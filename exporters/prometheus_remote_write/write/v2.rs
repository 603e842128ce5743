//! `io.prometheus.write.v2.Request`: texts stand once, everything else refers to them.
//!
//! Source: Prometheus remote write specification 2.0; `prometheus/prometheus`,
//! `prompb/io/prometheus/write/v2/types.proto`.

use sidelight_proto::wire::Writer;

use super::{MessageWriter, int_field};
use crate::prometheus_remote_write::series::{Exemplar, Label, OneSeries, Sample, SampleValue, SeriesSet};
use crate::prometheus_remote_write::symbols::{Symbol, Symbols};

#[derive(Debug)]
pub(super) struct RequestWriter {
    table: SymbolTable,
    series: Writer,
}

/// The texts of one message, numbered as they come.
#[derive(Debug)]
struct SymbolTable {
    written: Writer,
    /// The number of each symbol in this message; 0 for those that it has not yet, and for the empty text.
    numbers: Vec<u32>,
    used: Vec<Symbol>,
}

impl RequestWriter {
    pub(super) fn new(set: &SeriesSet<'_>) -> Self {
        Self {
            table: SymbolTable {
                written: Writer::default(),
                numbers: vec![0; set.symbols.len()],
                used: Vec::new(),
            },
            series: Writer::default(),
        }
    }
}

impl SymbolTable {
    fn number(&mut self, symbols: &Symbols<'_>, symbol: Symbol) -> u64 {
        if symbol == Symbol::EMPTY {
            return 0;
        }
        let Some(number) = self.numbers.get_mut(symbol.index()) else {
            return 0;
        };
        if *number == 0 {
            self.used.push(symbol);
            // The first one is the empty text.
            *number = self.used.len() as u32;
            self.written.bytes_field(4, symbols.text(symbol).as_bytes());
        }
        u64::from(*number)
    }

    /// The table, which must begin with the empty text; the next one begins.
    fn finish(&mut self) -> Writer {
        for symbol in self.used.drain(..) {
            self.numbers[symbol.index()] = 0;
        }
        let mut table = Writer::with_capacity(self.written.len() + 2);
        table.bytes_field(4, b"");
        table.raw(self.written.as_slice());
        self.written.clear();
        table
    }
}

impl MessageWriter for RequestWriter {
    fn len(&self) -> usize {
        self.table.written.len() + self.series.len()
    }

    fn series(&mut self, set: &SeriesSet<'_>, series: &OneSeries<'_>) {
        let mark = self.series.begin(5, 2);
        self.labels(set, series.labels);
        for sample in series.samples {
            write_sample(&mut self.series, set, sample);
        }
        for exemplar in series.exemplars {
            self.exemplar(set, exemplar);
        }
        let metadata = self.series.begin(5, 1);
        int_field(&mut self.series, 1, series.family.metric_type as i64);
        for (number, symbol) in [(3, series.family.help), (4, series.family.unit)] {
            let reference = self.table.number(&set.symbols, symbol);
            int_field(&mut self.series, number, reference as i64);
        }
        self.series.end(metadata);
        self.series.end(mark);
    }

    fn finish(&mut self, _: &SeriesSet<'_>) -> Vec<u8> {
        let mut message = self.table.finish();
        message.raw(self.series.as_slice());
        self.series.clear();
        message.into_bytes()
    }
}

impl RequestWriter {
    fn labels(&mut self, set: &SeriesSet<'_>, labels: &[Label]) {
        if labels.is_empty() {
            return;
        }
        let mark = self.series.begin(1, 1);
        for (name, value) in labels {
            for symbol in [name, value] {
                let number = self.table.number(&set.symbols, *symbol);
                self.series.varint(number);
            }
        }
        self.series.end(mark);
    }

    fn exemplar(&mut self, set: &SeriesSet<'_>, exemplar: &Exemplar) {
        let mark = self.series.begin(4, 1);
        self.labels(set, set.labels_of(exemplar));
        self.series.double_field(2, exemplar.value);
        int_field(&mut self.series, 3, exemplar.time_ms);
        self.series.end(mark);
    }
}

fn write_sample(writer: &mut Writer, set: &SeriesSet<'_>, sample: &Sample) {
    match sample.value {
        SampleValue::Number(value) => {
            let mark = writer.begin(2, 1);
            writer.double_field(1, value);
            int_field(writer, 2, sample.time_ms);
            int_field(writer, 3, sample.start_ms);
            writer.end(mark);
        }
        SampleValue::Native(start, length) => {
            let mark = writer.begin(3, 2);
            writer.raw(set.native(start, length));
            int_field(writer, 15, sample.time_ms);
            int_field(writer, 17, sample.start_ms);
            writer.end(mark);
        }
    }
}
