//! Walks protobuf without decoding it: enough to count items and to find their ids.
//!
//! Both the generator and the sink use it; the sink on bytes that a collector produced, so nothing here
//! trusts a length.

use std::ops::Range;

use crate::args::Signal;

/// The bytes are not well-formed protobuf.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// One field of a message; `range` is its payload within the bytes that were walked.
pub(crate) struct Field {
    pub(crate) number: u32,
    pub(crate) wire_type: u8,
    pub(crate) range: Range<usize>,
}

/// Calls `visit` for every field of the message that lies at `message` in `bytes`.
pub(crate) fn fields(
    bytes: &[u8],
    message: Range<usize>,
    mut visit: impl FnMut(Field) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut at = message.start;
    let end = message.end;
    while at < end {
        let (tag, n) = varint(bytes.get(at..end).ok_or(Malformed)?)?;
        at += n;
        let wire_type = (tag & 7) as u8;
        let (skip, len) = match wire_type {
            0 => (0, varint(bytes.get(at..end).ok_or(Malformed)?)?.1),
            1 => (0, 8),
            2 => {
                let (len, n) = varint(bytes.get(at..end).ok_or(Malformed)?)?;
                (n, usize::try_from(len).map_err(|_| Malformed)?)
            }
            5 => (0, 4),
            _ => return Err(Malformed),
        };
        let start = at + skip;
        let stop = start.checked_add(len).filter(|&s| s <= end).ok_or(Malformed)?;
        visit(Field {
            number: (tag >> 3) as u32,
            wire_type,
            range: start..stop,
        })?;
        at = stop;
    }
    Ok(())
}

fn varint(bytes: &[u8]) -> Result<(u64, usize), Malformed> {
    let mut value = 0u64;
    for (i, b) in bytes.iter().take(10).enumerate() {
        value |= u64::from(b & 0x7f) << (7 * i);
        if b & 0x80 == 0 {
            return Ok((value, i + 1));
        }
    }
    Err(Malformed)
}

/// What an item is, which says how to decode it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Span,
    LogRecord,
    NumberPoint,
    HistogramPoint,
    /// A summary or exponential histogram point: counted, never generated here.
    OtherPoint,
}

/// Calls `visit` for every span, log record or data point of an export request.
pub(crate) fn items(
    bytes: &[u8],
    signal: Signal,
    mut visit: impl FnMut(Kind, Range<usize>),
) -> Result<(), Malformed> {
    each(bytes, 0..bytes.len(), 1, |resource| {
        each(bytes, resource, 2, |scope| {
            each(bytes, scope, 2, |entry| {
                match signal {
                    Signal::Traces => visit(Kind::Span, entry),
                    Signal::Logs => visit(Kind::LogRecord, entry),
                    Signal::Metrics => return points(bytes, entry, &mut visit),
                }
                Ok(())
            })
        })
    })
}

fn points(
    bytes: &[u8],
    metric: Range<usize>,
    visit: &mut impl FnMut(Kind, Range<usize>),
) -> Result<(), Malformed> {
    fields(bytes, metric, |field| {
        let kind = match field.number {
            5 | 7 => Kind::NumberPoint,
            9 => Kind::HistogramPoint,
            10 | 11 => Kind::OtherPoint,
            _ => return Ok(()),
        };
        each(bytes, field.range, 1, |point| {
            visit(kind, point);
            Ok(())
        })
    })
}

fn each(
    bytes: &[u8],
    message: Range<usize>,
    number: u32,
    mut visit: impl FnMut(Range<usize>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    fields(bytes, message, |f| {
        if f.number == number && f.wire_type == 2 {
            visit(f.range)
        } else {
            Ok(())
        }
    })
}

/// Where the eight bytes lie that carry an item's id: see [`super::id`].
pub(crate) fn id_at(bytes: &[u8], kind: Kind, item: Range<usize>) -> Option<usize> {
    let number = match kind {
        Kind::Span => 2,
        Kind::LogRecord => 10,
        Kind::NumberPoint | Kind::HistogramPoint => 3,
        Kind::OtherPoint => return None,
    };
    let mut found = None;
    let walked = fields(bytes, item, |field| {
        if field.number == number && field.range.len() == 8 {
            found = Some(field.range.start);
        }
        Ok(())
    });
    walked.ok().and(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beyond_the_end_is_malformed() {
        assert_eq!(fields(&[0x0a, 0x05, 1, 2], 0..4, |_| Ok(())), Err(Malformed));
        assert_eq!(
            fields(
                &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
                0..11,
                |_| Ok(())
            ),
            Err(Malformed)
        );
        assert_eq!(fields(&[0x80], 0..1, |_| Ok(())), Err(Malformed));
        assert_eq!(fields(&[0x0b], 0..1, |_| Ok(())), Err(Malformed));
    }

    #[test]
    fn fields_are_found_with_their_payload() {
        let bytes = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i'];
        let mut seen = Vec::new();
        let walked = fields(&bytes, 0..bytes.len(), |f| {
            seen.push((f.number, f.wire_type, f.range));
            Ok(())
        });
        assert_eq!(walked, Ok(()));
        assert_eq!(seen, [(1, 0, 1..3), (2, 2, 5..7)]);
    }
}
