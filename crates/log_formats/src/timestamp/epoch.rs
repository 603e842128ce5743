//! Times as a number since 1970.

/// What the number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// Nanoseconds in one.
    nanos: i64,
}

impl Unit {
    /// The Collector's words, and Logstash's.
    pub(super) fn parse(layout: &str) -> Option<Self> {
        let nanos = match layout {
            "s" | "s.ms" | "s.us" | "s.ns" | "UNIX" => 1_000_000_000,
            "ms" | "UNIX_MS" => 1_000_000,
            "us" => 1_000,
            "ns" => 1,
            _ => return None,
        };
        Some(Self { nanos })
    }

    /// Unix nanoseconds. Digits behind a point count as well, down to the nanosecond.
    pub(super) fn read(self, text: &str) -> Option<i64> {
        let text = text.trim_ascii();
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if !whole.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let whole: i64 = whole.parse().ok()?;
        let mut nanos = whole.checked_mul(self.nanos)?;
        let mut place = self.nanos;
        for byte in fraction.bytes() {
            let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
            place /= 10;
            nanos = nanos.checked_add(digit * place)?;
        }
        Some(if is_negative { -nanos } else { nanos })
    }
}
