//! Writing a page.
//!
//! ```
//! use sidelight_exposition::{Escaping, Format, Number};
//! use sidelight_exposition::write::{FamilyHead, FamilyType, LabelTexts, PageWriter, Sample, Value};
//!
//! let mut page = PageWriter::new(Format::Text, Escaping::Underscores);
//! let head = FamilyHead { name: "jobs_total", help: "Jobs done.", unit: "", family_type: FamilyType::Counter };
//! page.begin_family(&head);
//! page.sample(&Sample {
//!     labels: LabelTexts(["job=\"api\"", "kind=\"mail\""]),
//!     value: Value::Number(Number::Int(7)),
//!     start_unix_nano: 0,
//!     time_unix_nano: None,
//!     exemplars: &[],
//! });
//! page.end_family();
//! assert_eq!(
//!     page.finish(),
//!     b"# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total{job=\"api\",kind=\"mail\"} 7\n",
//! );
//! ```

mod classic;
mod family;
mod native;
mod protobuf;
#[cfg(test)]
mod tests;
mod text;

pub use crate::point::{
    Buckets, Exemplar, Exponential, FamilyHead, FamilyType, Histogram, LabelTexts, Sample, Summary, Value,
};

use crate::format::{Escaping, Format};
use family::Family;
use protobuf::ProtobufWriter;
use text::TextWriter;

/// Writes one page, family by family. The bytes can be taken out between two samples.
#[derive(Debug)]
pub struct PageWriter {
    writer: Writer,
    format: Format,
    escaping: Escaping,
}

#[derive(Debug)]
enum Writer {
    Text(TextWriter),
    Protobuf(ProtobufWriter),
}

impl PageWriter {
    /// An empty page.
    pub fn new(format: Format, escaping: Escaping) -> Self {
        let writer = match format {
            Format::Protobuf => Writer::Protobuf(ProtobufWriter::default()),
            Format::Text | Format::Text1 | Format::OpenMetrics { .. } => {
                Writer::Text(TextWriter::new(format.is_open_metrics()))
            }
        };
        Self {
            writer,
            format,
            escaping,
        }
    }

    /// Begins a family.
    pub fn begin_family(&mut self, head: &FamilyHead<'_>) {
        let family = Family::new(head, self.format, self.escaping);
        match &mut self.writer {
            Writer::Text(text) => text.begin(family, head),
            Writer::Protobuf(protobuf) => protobuf.begin(family, head),
        }
    }

    /// Goes on with a family whose beginning is on the page already: no second head in text. In protobuf it is one
    /// more message of the same name, which Prometheus reads as more of the same.
    pub fn resume_family(&mut self, head: &FamilyHead<'_>) {
        let family = Family::new(head, self.format, self.escaping);
        match &mut self.writer {
            Writer::Text(text) => text.resume(family),
            Writer::Protobuf(protobuf) => protobuf.begin(family, head),
        }
    }

    /// Writes a series of the family. One whose value is not of the family's type is left out.
    pub fn sample(&mut self, sample: &Sample<'_>) {
        match &mut self.writer {
            Writer::Text(text) => text.sample(sample),
            Writer::Protobuf(protobuf) => protobuf.sample(sample),
        }
    }

    /// Ends the family, or this part of it.
    pub fn end_family(&mut self) {
        if let Writer::Protobuf(protobuf) = &mut self.writer {
            protobuf.end();
        }
    }

    /// Bytes written and not taken yet, those of an open family included.
    pub fn len(&self) -> usize {
        match &self.writer {
            Writer::Text(text) => text.out.len(),
            Writer::Protobuf(protobuf) => protobuf.len(),
        }
    }

    /// True where nothing waits to be taken.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes what was written. In protobuf an open family stays behind until it is ended.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(match &mut self.writer {
            Writer::Text(text) => &mut text.out,
            Writer::Protobuf(protobuf) => &mut protobuf.out,
        })
    }

    /// Gives the page a buffer to write on with. What was not taken is put into it.
    pub fn give(&mut self, mut buffer: Vec<u8>) {
        let out = match &mut self.writer {
            Writer::Text(text) => &mut text.out,
            Writer::Protobuf(protobuf) => &mut protobuf.out,
        };
        buffer.extend_from_slice(out);
        *out = buffer;
    }

    /// Ends the page and takes what was not taken before.
    pub fn finish(mut self) -> Vec<u8> {
        if let Writer::Text(text) = &mut self.writer {
            text.finish();
        }
        self.take()
    }
}
