//! Texts that say what a process is.

use jiff::Timestamp;

/// The longest text of an attribute, in bytes.
const MAX_TEXT_BYTES: usize = 1024;

/// The text, cut at a letter where it is longer than an attribute may be.
pub(crate) fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(MAX_TEXT_BYTES);
    text.get(..end).unwrap_or_default().to_owned()
}

/// `process.creation.time`: `2026-11-24T23:20:41.120Z`; milliseconds are finer than the kernel's ticks.
pub(crate) fn creation_time(unix_nanos: u64) -> String {
    Timestamp::from_nanosecond(i128::from(unix_nanos))
        .map(|time| format!("{time:.3}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_iso_8601_in_utc() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.120Z"),
            (951_782_400, "2000-02-29T00:00:00.120Z"),
            (1_709_251_199, "2024-02-29T23:59:59.120Z"),
            (1_800_000_000, "2027-01-15T08:00:00.120Z"),
        ] {
            assert_eq!(creation_time(seconds * 1_000_000_000 + 120_000_000), expected);
        }
    }

    #[test]
    fn a_long_text_is_cut_at_a_letter() {
        assert_eq!(cut("ab"), "ab");
        assert_eq!(cut(&"ä".repeat(1000)).len(), MAX_TEXT_BYTES);
    }
}
