//! Delimited protobuf: `io.prometheus.client.MetricFamily` messages, each behind its length.
//!
//! Read in place with the wire readers of `sidelight-proto`; nothing is decoded that is not asked for. Fields that are
//! not known are skipped, of a singular field that stands twice the last counts.

mod exemplar;
mod histogram;
mod message;
mod summary;
#[cfg(test)]
mod tests;

use sidelight_proto::wire::{Reader, Value};

use self::message::{Checked, Step, broken, label, pairs, text, timestamp};
use super::{MetricType, ParseError};
pub use exemplar::Exemplar;
pub use histogram::{Bucket, Counts, Histogram, Spans};
pub use summary::Summary;

/// The messages of a page, one after the other.
#[derive(Clone, Debug)]
pub struct Families<'a> {
    reader: Reader<'a>,
    count: usize,
}

/// A family of metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Family<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is about.
    pub help: &'a str,
    /// Its unit as a word; mostly empty.
    pub unit: &'a str,
    /// Its type.
    pub kind: MetricType,
    bytes: &'a [u8],
    /// Which message of the page it is, for errors.
    number: usize,
}

/// One metric of a family: labels and a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric<'a> {
    /// The label pairs, one after the other, as they stand on the wire: equal bytes are equal labels.
    bytes: &'a [u8],
    /// The time that the target gave it, in Unix milliseconds.
    pub timestamp_ms: Option<i64>,
    /// What was measured.
    pub value: MetricValue<'a>,
}

/// A value by its type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MetricValue<'a> {
    /// A gauge, or an untyped value.
    Number(f64),
    /// A counter.
    Counter {
        /// Its value.
        value: f64,
        /// A measurement behind it.
        exemplar: Option<Exemplar<'a>>,
        /// Since when it counts, in Unix nanoseconds.
        created: Option<u64>,
    },
    /// A summary.
    Summary(Summary<'a>),
    /// A histogram, classic or native or both.
    Histogram(Histogram<'a>),
}

// === impl Families ===

impl<'a> Families<'a> {
    /// The messages of a page.
    pub fn new(page: &'a [u8]) -> Self {
        Self {
            reader: Reader::new(page),
            count: 0,
        }
    }

    /// The next family; `None` at the end of the page.
    ///
    /// # Errors
    /// [`ParseError`] where the page breaks off or is no protobuf. There is no going on behind an error.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator of results would be asked again behind an error"
    )]
    pub fn next(&mut self) -> Result<Option<Family<'a>>, ParseError> {
        if self.reader.is_at_end() {
            return Ok(None);
        }
        self.count += 1;
        let family = self.reader.len_delimited().map_err(broken);
        let family = family.and_then(|bytes| Family::read(bytes, self.count));
        family.map(Some).map_err(|reason| ParseError::Protobuf {
            message: self.count,
            reason,
        })
    }
}

// === impl Family ===

impl<'a> Family<'a> {
    fn read(bytes: &'a [u8], number: usize) -> Step<Self> {
        let mut family = Self {
            name: "",
            help: "",
            unit: "",
            kind: MetricType::Counter,
            bytes,
            number,
        };
        for field in Checked::new(bytes) {
            match field? {
                (1, Value::Len(name)) => family.name = text(name)?,
                (2, Value::Len(help)) => family.help = text(help)?,
                (3, Value::Varint(kind)) => family.kind = kind_of(kind)?,
                (5, Value::Len(unit)) => family.unit = text(unit)?,
                _ => {}
            }
        }
        match family.name {
            "" => Err("a family without a name"),
            _ => Ok(family),
        }
    }

    /// The metrics of the family.
    ///
    /// # Errors
    /// Each item may be one; then the page cannot be used.
    pub fn metrics(&self) -> impl Iterator<Item = Result<Metric<'a>, ParseError>> + use<'a> {
        let message = self.number;
        Checked::new(self.bytes).filter_map(move |field| {
            let metric = match field {
                Ok((4, Value::Len(bytes))) => Metric::read(bytes),
                Ok(_) => return None,
                Err(reason) => Err(reason),
            };
            Some(metric.map_err(|reason| ParseError::Protobuf { message, reason }))
        })
    }
}

fn kind_of(number: u64) -> Step<MetricType> {
    Ok(match number {
        0 => MetricType::Counter,
        1 => MetricType::Gauge,
        2 => MetricType::Summary,
        3 => MetricType::Unknown,
        4 => MetricType::Histogram,
        5 => MetricType::GaugeHistogram,
        _ => return Err("there is no such type of metric"),
    })
}

// === impl Metric ===

impl<'a> Metric<'a> {
    fn read(bytes: &'a [u8]) -> Step<Self> {
        let (mut timestamp_ms, mut value) = (None, None);
        for field in Checked::new(bytes) {
            match field? {
                (1, Value::Len(pair)) => {
                    label(pair)?;
                }
                (2 | 5, Value::Len(number)) => value = Some(MetricValue::Number(number_of(number)?)),
                (3, Value::Len(counter)) => value = Some(counter_of(counter)?),
                (4, Value::Len(summary)) => value = Some(MetricValue::Summary(Summary::read(summary)?)),
                (7, Value::Len(histogram)) => {
                    value = Some(MetricValue::Histogram(Histogram::read(histogram)?));
                }
                (6, Value::Varint(time)) => timestamp_ms = Some(time as i64),
                _ => {}
            }
        }
        Ok(Self {
            bytes,
            timestamp_ms,
            value: value.ok_or("a metric without a value")?,
        })
    }

    /// The labels in their order: name and value.
    pub fn labels(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        pairs(self.bytes, 1)
    }

    /// Appends what tells this metric's labels from others of its family: equal bytes are equal labels.
    pub fn append_identity(&self, out: &mut Vec<u8>) {
        for field in Checked::new(self.bytes) {
            if let Ok((1, Value::Len(pair))) = field {
                out.extend_from_slice(&(pair.len() as u32).to_le_bytes());
                out.extend_from_slice(pair);
            }
        }
    }
}

fn number_of(bytes: &[u8]) -> Step<f64> {
    let mut value = 0.0;
    for field in Checked::new(bytes) {
        if let (1, Value::Fixed64(bits)) = field? {
            value = f64::from_bits(bits);
        }
    }
    Ok(value)
}

fn counter_of(bytes: &[u8]) -> Step<MetricValue<'_>> {
    let (mut value, mut exemplar, mut created) = (0.0, None, None);
    for field in Checked::new(bytes) {
        match field? {
            (1, Value::Fixed64(bits)) => value = f64::from_bits(bits),
            (2, Value::Len(bytes)) => exemplar = Some(Exemplar::read(bytes)?),
            (3, Value::Len(bytes)) => created = timestamp(bytes)?,
            _ => {}
        }
    }
    Ok(MetricValue::Counter {
        value,
        exemplar,
        created,
    })
}
