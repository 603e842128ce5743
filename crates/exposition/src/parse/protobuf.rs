//! Delimited protobuf: `io.prometheus.client.MetricFamily` messages, each behind its length.
//!
//! Read in place with the wire readers of `sidelight-proto`; nothing is decoded that is not asked for. Fields that are
//! not known are skipped, of a singular field that stands twice the last counts.

mod histogram;
#[cfg(test)]
mod tests;

use sidelight_proto::wire::{Field, Reader, Value, WireError};

use super::{MetricType, ParseError};
pub use histogram::{Bucket, Counts, Histogram, Spans};

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

/// A summary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary<'a> {
    /// Number of values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Since when it counts, in Unix nanoseconds.
    pub created: Option<u64>,
    bytes: &'a [u8],
}

/// A single measurement with labels of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exemplar<'a> {
    /// What was measured.
    pub value: f64,
    /// When, in Unix nanoseconds.
    pub time: Option<u64>,
    bytes: &'a [u8],
}

/// What is wrong inside one message.
pub(super) type Step<T> = Result<T, &'static str>;

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

// === impl Summary ===

impl<'a> Summary<'a> {
    fn read(bytes: &'a [u8]) -> Step<Self> {
        let mut summary = Self {
            count: 0,
            sum: 0.0,
            created: None,
            bytes,
        };
        for field in Checked::new(bytes) {
            match field? {
                (1, Value::Varint(count)) => summary.count = count,
                (2, Value::Fixed64(bits)) => summary.sum = f64::from_bits(bits),
                (3, Value::Len(quantile)) => {
                    two_numbers(quantile)?;
                }
                (4, Value::Len(bytes)) => summary.created = timestamp(bytes)?,
                _ => {}
            }
        }
        Ok(summary)
    }

    /// Quantiles and their values.
    pub fn quantiles(&self) -> impl Iterator<Item = (f64, f64)> + use<'a> {
        Checked::new(self.bytes).filter_map(|field| match field {
            Ok((3, Value::Len(bytes))) => two_numbers(bytes).ok(),
            _ => None,
        })
    }
}

fn two_numbers(bytes: &[u8]) -> Step<(f64, f64)> {
    let (mut first, mut second) = (0.0, 0.0);
    for field in Checked::new(bytes) {
        match field? {
            (1, Value::Fixed64(bits)) => first = f64::from_bits(bits),
            (2, Value::Fixed64(bits)) => second = f64::from_bits(bits),
            _ => {}
        }
    }
    Ok((first, second))
}

// === impl Exemplar ===

impl<'a> Exemplar<'a> {
    fn read(bytes: &'a [u8]) -> Step<Self> {
        let mut exemplar = Self {
            value: 0.0,
            time: None,
            bytes,
        };
        for field in Checked::new(bytes) {
            match field? {
                (1, Value::Len(pair)) => {
                    label(pair)?;
                }
                (2, Value::Fixed64(bits)) => exemplar.value = f64::from_bits(bits),
                (3, Value::Len(bytes)) => exemplar.time = timestamp(bytes)?,
                _ => {}
            }
        }
        Ok(exemplar)
    }

    /// The labels in their order: name and value.
    pub fn labels(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        pairs(self.bytes, 1)
    }
}

// === what messages are made of ===

/// The label pairs of a message that was read: what is wrong in them was an error then.
fn pairs<'a>(bytes: &'a [u8], number: u32) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    Checked::new(bytes).filter_map(move |field| match field {
        Ok((found, Value::Len(pair))) if found == number => label(pair).ok(),
        _ => None,
    })
}

fn label(bytes: &[u8]) -> Step<(&str, &str)> {
    let (mut name, mut value) = ("", "");
    for field in Checked::new(bytes) {
        match field? {
            (1, Value::Len(bytes)) => name = text(bytes)?,
            (2, Value::Len(bytes)) => value = text(bytes)?,
            _ => {}
        }
    }
    match name {
        "" => Err("a label without a name"),
        _ => Ok((name, value)),
    }
}

fn text(bytes: &[u8]) -> Step<&str> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| "text that is not UTF-8")
}

/// `google.protobuf.Timestamp` as Unix nanoseconds; `None` before 1970 and where 64 bits do not reach.
fn timestamp(bytes: &[u8]) -> Step<Option<u64>> {
    let (mut seconds, mut nanos) = (0, 0);
    for field in Checked::new(bytes) {
        match field? {
            (1, Value::Varint(value)) => seconds = value as i64,
            (2, Value::Varint(value)) => nanos = value as i64,
            _ => {}
        }
    }
    let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    Ok(u64::try_from(total).ok().filter(|total| *total != 0))
}

fn broken(error: WireError) -> &'static str {
    match error {
        WireError::Truncated | WireError::LengthPastEnd(_) => "the page breaks off",
        _ => "this is no protobuf",
    }
}

/// The fields of a message up to its end or the first error. Groups are refused: no exporter writes them.
#[derive(Clone, Debug)]
struct Checked<'a> {
    reader: Reader<'a>,
    failed: bool,
}

impl<'a> Checked<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            reader: Reader::new(bytes),
            failed: false,
        }
    }
}

impl<'a> Iterator for Checked<'a> {
    type Item = Step<(u32, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let item = match self.reader.field() {
            Ok(None) => return None,
            Ok(Some(Field {
                value: Value::StartGroup | Value::EndGroup,
                ..
            })) => Err("this is no protobuf"),
            Ok(Some(field)) => Ok((field.number, field.value)),
            Err(error) => Err(broken(error)),
        };
        self.failed = item.is_err();
        Some(item)
    }
}
