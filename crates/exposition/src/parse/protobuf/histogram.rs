//! Histograms: classic buckets, native buckets, or both in one message.

use sidelight_proto::wire::{Reader, Value};

use super::exemplar::Exemplar;
use super::message::{Checked, Step, broken, timestamp};

/// A histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Histogram<'a> {
    /// Number of values. A float in the messages of some libraries.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// Since when it counts, in Unix nanoseconds.
    pub created: Option<u64>,
    /// Resolution of the native buckets: the base of the bounds is 2^(2^-schema).
    pub schema: i32,
    /// Values up to this count as zero.
    pub zero_threshold: f64,
    /// Values that count as zero.
    pub zero_count: f64,
    is_native: bool,
    bytes: &'a [u8],
}

/// A classic bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket<'a> {
    /// Values up to the bound, those of lower buckets included.
    pub cumulative_count: f64,
    /// The bound; `+Inf` for the last.
    pub upper_bound: f64,
    /// A measurement in it.
    pub exemplar: Option<Exemplar<'a>>,
}

/// Which native buckets there are, of one sign.
#[derive(Clone, Copy, Debug)]
pub struct Spans<'a> {
    bytes: &'a [u8],
    number: u32,
}

/// The counts of native buckets, of one sign.
#[derive(Clone, Copy, Debug)]
pub struct Counts<'a> {
    bytes: &'a [u8],
    deltas: u32,
    floats: u32,
}

impl<'a> Histogram<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Step<Self> {
        let mut this = Self {
            count: 0.0,
            sum: 0.0,
            created: None,
            schema: 0,
            zero_threshold: 0.0,
            zero_count: 0.0,
            is_native: false,
            bytes,
        };
        for field in Checked::new(bytes) {
            let (number, value) = field?;
            this.set(number, value)?;
        }
        Ok(this)
    }

    fn set(&mut self, number: u32, value: Value<'a>) -> Step<()> {
        match (number, value) {
            (1, Value::Varint(count)) => self.count = count as f64,
            (4, Value::Fixed64(bits)) if f64::from_bits(bits) > 0.0 => self.count = f64::from_bits(bits),
            (2, Value::Fixed64(bits)) => self.sum = f64::from_bits(bits),
            (3, Value::Len(bucket)) => {
                Bucket::read(bucket)?;
            }
            (5, Value::Varint(schema)) => self.schema = zigzag(schema) as i32,
            (6, Value::Fixed64(bits)) => {
                self.zero_threshold = f64::from_bits(bits);
                self.is_native |= self.zero_threshold > 0.0;
            }
            (7, Value::Varint(count)) => self.native_zero(count as f64),
            (8, Value::Fixed64(bits)) => self.native_zero(f64::from_bits(bits)),
            (9 | 12, Value::Len(span)) => {
                span_of(span)?;
                self.is_native = true;
            }
            (10 | 13, Value::Len(packed)) => each_packed(packed, |reader| reader.varint().map(drop))?,
            (11 | 14, Value::Len(packed)) => each_packed(packed, |reader| reader.fixed64().map(drop))?,
            (15, Value::Len(bytes)) => self.created = timestamp(bytes)?,
            (16, Value::Len(bytes)) => {
                Exemplar::read(bytes)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn native_zero(&mut self, count: f64) {
        if count > 0.0 {
            self.zero_count = count;
            self.is_native = true;
        }
    }

    /// True where it has native buckets. A native histogram without values has a zero threshold or a span, so that it
    /// can be told from a classic one (`metrics.proto`, comment at `positive_span`).
    pub fn is_native(&self) -> bool {
        self.is_native
    }

    /// The classic buckets.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket<'a>> + use<'a> {
        Checked::new(self.bytes).filter_map(|field| match field {
            Ok((3, Value::Len(bytes))) => Bucket::read(bytes).ok(),
            _ => None,
        })
    }

    /// Exemplars of the native histogram.
    pub fn exemplars(&self) -> impl Iterator<Item = Exemplar<'a>> + use<'a> {
        Checked::new(self.bytes).filter_map(|field| match field {
            Ok((16, Value::Len(bytes))) => Exemplar::read(bytes).ok(),
            _ => None,
        })
    }

    /// Native buckets of positive values.
    pub fn positive(&self) -> (Spans<'a>, Counts<'a>) {
        self.native(12, 13, 14)
    }

    /// Native buckets of negative values.
    pub fn negative(&self) -> (Spans<'a>, Counts<'a>) {
        self.native(9, 10, 11)
    }

    fn native(&self, spans: u32, deltas: u32, floats: u32) -> (Spans<'a>, Counts<'a>) {
        let bytes = self.bytes;
        let spans = Spans { bytes, number: spans };
        (
            spans,
            Counts {
                bytes,
                deltas,
                floats,
            },
        )
    }
}

impl<'a> Bucket<'a> {
    fn read(bytes: &'a [u8]) -> Step<Self> {
        let mut bucket = Self {
            cumulative_count: 0.0,
            upper_bound: 0.0,
            exemplar: None,
        };
        for field in Checked::new(bytes) {
            match field? {
                (1, Value::Varint(count)) => bucket.cumulative_count = count as f64,
                (2, Value::Fixed64(bits)) => bucket.upper_bound = f64::from_bits(bits),
                (3, Value::Len(bytes)) => bucket.exemplar = Some(Exemplar::read(bytes)?),
                (4, Value::Fixed64(bits)) if f64::from_bits(bits) > 0.0 => {
                    bucket.cumulative_count = f64::from_bits(bits);
                }
                _ => {}
            }
        }
        Ok(bucket)
    }
}

impl<'a> Spans<'a> {
    /// Each run of buckets: how far behind the one before (of the first: its index), and how many.
    pub fn iter(self) -> impl Iterator<Item = (i32, u32)> + use<'a> {
        Checked::new(self.bytes).filter_map(move |field| match field {
            Ok((number, Value::Len(bytes))) if number == self.number => span_of(bytes).ok(),
            _ => None,
        })
    }
}

impl<'a> Counts<'a> {
    /// The count of each bucket in order. Whole numbers come as differences on the wire and are added up here; a float
    /// histogram gives its counts as they are.
    pub fn iter(self) -> impl Iterator<Item = f64> + use<'a> {
        let mut sum = 0_i64;
        Checked::new(self.bytes)
            .filter_map(Result::ok)
            .flat_map(move |(number, value)| Run::of(number, value, self.deltas, self.floats))
            .map(move |count| match count {
                Count::Delta(delta) => {
                    sum = sum.saturating_add(delta);
                    sum as f64
                }
                Count::Float(count) => count,
            })
    }
}

enum Count {
    Delta(i64),
    Float(f64),
}

/// Numbers that stand together: packed, or one alone.
enum Run<'a> {
    Deltas(Reader<'a>),
    Floats(Reader<'a>),
    One(Option<Count>),
}

impl<'a> Run<'a> {
    fn of(number: u32, value: Value<'a>, deltas: u32, floats: u32) -> Self {
        match value {
            Value::Len(packed) if number == deltas => Self::Deltas(Reader::new(packed)),
            Value::Len(packed) if number == floats => Self::Floats(Reader::new(packed)),
            Value::Varint(delta) if number == deltas => Self::One(Some(Count::Delta(zigzag(delta)))),
            Value::Fixed64(bits) if number == floats => Self::One(Some(Count::Float(f64::from_bits(bits)))),
            _ => Self::One(None),
        }
    }
}

impl Iterator for Run<'_> {
    type Item = Count;

    fn next(&mut self) -> Option<Count> {
        match self {
            Self::Deltas(reader) if !reader.is_at_end() => {
                reader.varint().ok().map(|delta| Count::Delta(zigzag(delta)))
            }
            Self::Floats(reader) if !reader.is_at_end() => reader
                .fixed64()
                .ok()
                .map(|bits| Count::Float(f64::from_bits(bits))),
            Self::One(one) => one.take(),
            Self::Deltas(_) | Self::Floats(_) => None,
        }
    }
}

fn span_of(bytes: &[u8]) -> Step<(i32, u32)> {
    let (mut offset, mut length) = (0, 0);
    for field in Checked::new(bytes) {
        match field? {
            (1, Value::Varint(value)) => offset = zigzag(value) as i32,
            (2, Value::Varint(value)) => length = value as u32,
            _ => {}
        }
    }
    Ok((offset, length))
}

fn each_packed<'a>(
    packed: &'a [u8],
    mut step: impl FnMut(&mut Reader<'a>) -> Result<(), sidelight_proto::wire::WireError>,
) -> Step<()> {
    let mut reader = Reader::new(packed);
    while !reader.is_at_end() {
        step(&mut reader).map_err(broken)?;
    }
    Ok(())
}

fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
