//! From series to requests of bounded size.

mod v1;
mod v2;

use bytes::Bytes;
use sidelight_component::Budget;
use sidelight_config::setting_enum;
use sidelight_proto::wire::Writer;

use super::series::{Label, OneSeries, Sample, SampleValue, SeriesSet};
use super::symbols::Symbols;

setting_enum! {
    /// The message that requests are made of, which is also the version of the protocol.
    pub enum ProtobufMessage {
        /// Remote write 1.0.
        WriteRequest = "prometheus.WriteRequest",
        /// Remote write 2.0: shorter, with metadata, start times, and an answer that says how much was written.
        Request = "io.prometheus.write.v2.Request",
    }
}

/// What a request carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) series: u64,
    /// Numbers.
    pub(super) samples: u64,
    /// Native histograms.
    pub(super) histograms: u64,
    pub(super) exemplars: u64,
}

impl Counts {
    /// Numbers and native histograms.
    pub(super) const fn values(&self) -> u64 {
        self.samples + self.histograms
    }

    fn add(&mut self, series: &OneSeries<'_>) {
        let native = |sample: &&Sample| matches!(sample.value, SampleValue::Native(..));
        let histograms = series.samples.iter().filter(native).count();
        self.series += 1;
        self.histograms += histograms as u64;
        self.samples += (series.samples.len() - histograms) as u64;
        self.exemplars += series.exemplars.len() as u64;
    }
}

/// The body of one request, compressed.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) body: Bytes,
    pub(super) counts: Counts,
}

/// Writes one message of either version, again and again.
trait MessageWriter {
    /// Bytes so far.
    fn len(&self) -> usize;

    /// Adds a series.
    fn series(&mut self, set: &SeriesSet<'_>, series: &OneSeries<'_>);

    /// The message; the next one begins.
    fn finish(&mut self, set: &SeriesSet<'_>) -> Vec<u8>;
}

/// How requests are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestFormat {
    pub(super) message: ProtobufMessage,
    /// Of a message before compression. A single series that is larger is sent all the same.
    pub(super) max_bytes: usize,
    /// 1.0 only: what is known of the metrics goes with the first request.
    pub(super) send_metadata: bool,
}

impl RequestFormat {
    /// Writes all series in order. What is made is of data that was let in, so it is charged even past the limit.
    ///
    /// # Errors
    /// A text where a message is larger than can be compressed, 4 GiB.
    pub(super) fn write(&self, set: &SeriesSet<'_>, budget: &Budget) -> Result<Vec<Piece>, String> {
        match self.message {
            ProtobufMessage::WriteRequest => {
                self.pieces(v1::WriteRequestWriter::new(self.send_metadata), set, budget)
            }
            ProtobufMessage::Request => self.pieces(v2::RequestWriter::new(set), set, budget),
        }
    }

    fn pieces(
        &self,
        mut message: impl MessageWriter,
        set: &SeriesSet<'_>,
        budget: &Budget,
    ) -> Result<Vec<Piece>, String> {
        let mut pieces = Vec::new();
        let mut counts = Counts::default();
        for series in set.in_order() {
            let end = message.len() + most_bytes(set, &series);
            if counts.series > 0 && end > self.max_bytes {
                let message = message.finish(set);
                pieces.push(compressed(&message, std::mem::take(&mut counts), budget)?);
            }
            message.series(set, &series);
            counts.add(&series);
        }
        if counts.series > 0 {
            pieces.push(compressed(&message.finish(set), counts, budget)?);
        }
        Ok(pieces)
    }
}

/// Snappy's block format, which both versions ask for.
fn compressed(message: &[u8], counts: Counts, budget: &Budget) -> Result<Piece, String> {
    // While it is compressed, both are there.
    let mut permit = budget.charge_anyway(message.len() + snap::raw::max_compress_len(message.len()));
    let mut body = snap::raw::Encoder::new()
        .compress_vec(message)
        .map_err(|error| format!("{} bytes cannot be compressed: {error}", message.len()))?;
    body.shrink_to_fit();
    permit.set(body.capacity());
    Ok(Piece {
        body: permit.own(body),
        counts,
    })
}

/// Tags, lengths and references of a label; of a sample or an exemplar with its numbers; of a series with its metadata.
const LABEL_OVERHEAD: usize = 16;
const SAMPLE_OVERHEAD: usize = 40;
const SERIES_OVERHEAD: usize = 48;

/// Not fewer bytes than a series takes in either version.
fn most_bytes(set: &SeriesSet<'_>, series: &OneSeries<'_>) -> usize {
    let labels = |labels: &[Label]| labels.iter().map(|label| label_bytes(&set.symbols, label)).sum();
    let of_labels: usize = labels(series.labels);
    let samples = series.samples.iter().map(|sample| match sample.value {
        SampleValue::Number(_) => SAMPLE_OVERHEAD,
        SampleValue::Native(_, length) => SAMPLE_OVERHEAD + length as usize,
    });
    let exemplars = series.exemplars.iter();
    let exemplars = exemplars.map(|exemplar| SAMPLE_OVERHEAD + labels(set.labels_of(exemplar)));
    let help = set.symbols.text(series.family.help).len() + set.symbols.text(series.family.unit).len();
    SERIES_OVERHEAD + help + of_labels + samples.sum::<usize>() + exemplars.sum::<usize>()
}

fn label_bytes(symbols: &Symbols<'_>, (name, value): &Label) -> usize {
    LABEL_OVERHEAD + symbols.text(*name).len() + symbols.text(*value).len()
}

/// A field that is 0 is left out.
fn int_field(writer: &mut Writer, number: u32, value: i64) {
    if value != 0 {
        writer.varint_field(number, value as u64);
    }
}
