//! Sizes in bytes: `10MiB`.

use std::fmt;

use super::{Reader, Setting};
use crate::settings::reader::shown;
use crate::table::Kind;
use crate::tree::{Node, Value};

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

/// Units in lower case with their bytes. Decimal without `i` (SI), binary with it (IEC 80000-13).
const UNITS: [(&str, u64); 17] = [
    ("", 1),
    ("b", 1),
    ("k", 1_000),
    ("kb", 1_000),
    ("m", 1_000_000),
    ("mb", 1_000_000),
    ("g", 1_000_000_000),
    ("gb", 1_000_000_000),
    ("t", 1_000_000_000_000),
    ("tb", 1_000_000_000_000),
    ("ki", 1 << 10),
    ("kib", 1 << 10),
    ("mi", 1 << 20),
    ("mib", 1 << 20),
    ("gi", 1 << 30),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

impl ByteSize {
    /// So many KiB (1,024 bytes).
    pub const fn kib(count: u64) -> Self {
        Self(count << 10)
    }

    /// So many MiB (1,048,576 bytes).
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }

    /// So many GiB.
    pub const fn gib(count: u64) -> Self {
        Self(count << 30)
    }

    /// The bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The bytes as a length in memory; on a 32-bit system at most what it can address.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Reads `10MiB`, `64KB`, `1.5 GiB` or plain bytes; upper and lower case mean the same.
    ///
    /// # Errors
    /// What is wrong, to follow the setting's name.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let number_end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(number_end);
        let unit = unit.trim().to_ascii_lowercase();
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(if number.is_empty() {
                "must begin with a number"
            } else {
                "has an unknown unit"
            });
        };
        if let Ok(whole) = number.parse::<u64>() {
            return whole.checked_mul(*scale).map(Self).ok_or("is too large");
        }
        let bytes = number.parse::<f64>().map_err(|_| "must begin with a number")? * *scale as f64;
        // 2^53 bytes: below, an f64 holds every whole number.
        if bytes >= 9_007_199_254_740_992.0 {
            return Err("is too large");
        }
        Ok(Self(bytes.round() as u64))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)] {
            if self.0 >= 1 << shift && self.0.trailing_zeros() >= shift {
                return write!(f, "{}{unit}", self.0 >> shift);
            }
        }
        write!(f, "{}", self.0)
    }
}

impl Setting for ByteSize {
    fn kind() -> Kind {
        Kind::ByteSize
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        const EXPECTED: &str = "a size such as `10MiB`, `64KB` or a number of bytes";
        match &node.value {
            Value::Int(bytes) => match u64::try_from(*bytes) {
                Ok(bytes) => Some(Self(bytes)),
                Err(_) => cx.invalid(node, "must not be negative", None),
            },
            Value::String(text) => match Self::parse(text) {
                Ok(size) => Some(size),
                Err(problem) => {
                    let problem = format!("is no size: {} {problem}", shown(node));
                    cx.invalid(
                        node,
                        &problem,
                        Some("write for example `10MiB`, `64KB` or `65536`".to_owned()),
                    )
                }
            },
            _ => cx.wrong_type(node, EXPECTED),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal_or_binary_by_their_unit() {
        for (text, bytes) in [
            ("0", 0),
            ("65536", 65_536),
            ("10MiB", 10 << 20),
            ("10 mib", 10 << 20),
            ("64KB", 64_000),
            ("64k", 64_000),
            ("1.5GiB", 3 << 29),
            ("4Gi", 4 << 30),
            ("2TiB", 2 << 40),
        ] {
            assert_eq!(ByteSize::parse(text), Ok(ByteSize(bytes)), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in [
            "",
            "MiB",
            "-1",
            "1 XiB",
            "1..5MB",
            "18446744073709551615KiB",
            "1e3",
            "9007199254740992.5",
        ] {
            assert!(ByteSize::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_shown_in_the_largest_exact_unit() {
        for text in ["0", "1000", "64KiB", "10MiB", "1GiB", "1536KiB"] {
            assert_eq!(
                ByteSize::parse(text).map(|size| size.to_string()).as_deref(),
                Ok(text)
            );
        }
    }
}
