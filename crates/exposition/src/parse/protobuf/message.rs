//! What messages are made of: fields up to the first error, labels, texts, times.

use sidelight_proto::wire::{Field, Reader, Value, WireError};

/// What is wrong inside one message.
pub(super) type Step<T> = Result<T, &'static str>;

/// The label pairs of a message that was read: what is wrong in them was an error then.
pub(super) fn pairs<'a>(bytes: &'a [u8], number: u32) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    Checked::new(bytes).filter_map(move |field| match field {
        Ok((found, Value::Len(pair))) if found == number => label(pair).ok(),
        _ => None,
    })
}

pub(super) fn label(bytes: &[u8]) -> Step<(&str, &str)> {
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

pub(super) fn text(bytes: &[u8]) -> Step<&str> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| "text that is not UTF-8")
}

/// `google.protobuf.Timestamp` as Unix nanoseconds; `None` before 1970 and where 64 bits do not reach.
pub(super) fn timestamp(bytes: &[u8]) -> Step<Option<u64>> {
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

pub(super) fn broken(error: WireError) -> &'static str {
    match error {
        WireError::Truncated | WireError::LengthPastEnd(_) => "the page breaks off",
        _ => "this is no protobuf",
    }
}

/// The fields of a message up to its end or the first error. Groups are refused: no exporter writes them.
#[derive(Clone, Debug)]
pub(super) struct Checked<'a> {
    reader: Reader<'a>,
    failed: bool,
}

impl<'a> Checked<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
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
