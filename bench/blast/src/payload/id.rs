//! Every item carries a number, so that the sink can say which items arrived.
//!
//! A span and a log record carry it in `span_id`, scrambled so that ids look random to a compressor; a
//! data point carries it in `time_unix_nano`, as nanoseconds after [`TIME_BASE`].

use super::wire::Kind;

/// An odd number: multiplying by it modulo 2^64 can be undone.
const SCRAMBLE: u64 = 0x9E37_79B9_7F4A_7C15;
const UNSCRAMBLE: u64 = inverse(SCRAMBLE);

/// 2026-11-20T00:00:00Z in Unix nanoseconds.
pub(crate) const TIME_BASE: u64 = 1_795_132_800_000_000_000;

/// The inverse of an odd number modulo 2^64, by Newton's iteration.
const fn inverse(odd: u64) -> u64 {
    let mut x = odd;
    let mut i = 0;
    while i < 6 {
        x = x.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(x)));
        i += 1;
    }
    x
}

/// What stands in the item's field, as it is on the wire.
pub(crate) fn to_wire(kind: Kind, id: u64) -> [u8; 8] {
    match kind {
        Kind::Span | Kind::LogRecord => id.wrapping_mul(SCRAMBLE).to_be_bytes(),
        _ => (TIME_BASE + id).to_le_bytes(),
    }
}

/// What stands in the item's field in OTLP/JSON: 16 hex digits or 19 decimal digits.
pub(crate) fn to_json(kind: Kind, id: u64) -> String {
    match kind {
        Kind::Span | Kind::LogRecord => format!("{:016x}", id.wrapping_mul(SCRAMBLE)),
        _ => (TIME_BASE + id).to_string(),
    }
}

/// The number of an item; `None` where the field holds no number of ours.
pub(crate) fn from_wire(kind: Kind, bytes: [u8; 8]) -> Option<u64> {
    let id = match kind {
        Kind::Span | Kind::LogRecord => u64::from_be_bytes(bytes).wrapping_mul(UNSCRAMBLE),
        _ => u64::from_le_bytes(bytes).checked_sub(TIME_BASE)?,
    };
    (1..1 << 40).contains(&id).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_the_wire() {
        for kind in [
            Kind::Span,
            Kind::LogRecord,
            Kind::NumberPoint,
            Kind::HistogramPoint,
        ] {
            for id in [1, 2, 999, 1 << 31, (1 << 40) - 1] {
                assert_eq!(from_wire(kind, to_wire(kind, id)), Some(id));
            }
            assert_eq!(from_wire(kind, [0; 8]), None);
        }
    }
}
