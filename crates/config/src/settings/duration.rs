//! Durations as Go writes them: `300ms`, `1h30m`.

use std::time::Duration;

use super::{Reader, Setting};
use crate::table::Kind;
use crate::tree::{Node, Value};

/// Units of Go's `time.ParseDuration`, in nanoseconds, longest first.
const UNITS: [(&str, u128); 8] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Most digits of a fraction that count; one nanosecond is nine of a second, thirteen of an hour.
const MAX_FRACTION_DIGITS: usize = 15;

/// Reads a duration in the syntax of Go's `time.ParseDuration`, without a sign: a sequence of numbers with
/// units `h`, `m`, `s`, `ms`, `us` (`µs`), `ns`; or `0`.
///
/// # Errors
/// What is wrong, to follow the setting's name: "has the unit `d`, which …". At most about 584 years.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.starts_with('-') {
        return Err("must not be negative".to_owned());
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut nanos: u128 = 0;
    while !rest.is_empty() {
        let number_end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(number_end);
        let unit_end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        if number.is_empty() {
            return Err("must be a number with a unit".to_owned());
        }
        if unit.is_empty() {
            return Err("has no unit".to_owned());
        }
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err("has an unknown unit".to_owned());
        };
        nanos = nanos.checked_add(scaled(number, *scale)?).ok_or_else(too_long)?;
        rest = next;
    }
    u64::try_from(nanos)
        .map(Duration::from_nanos)
        .map_err(|_| too_long())
}

fn too_long() -> String {
    "is too long".to_owned()
}

fn scaled(number: &str, scale: u128) -> Result<u128, String> {
    let malformed = || "must be a number with a unit".to_owned();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return Err(malformed());
    }
    let whole: u128 = match whole {
        "" => 0,
        digits => digits.parse().map_err(|_| too_long())?,
    };
    let fraction = &fraction[..fraction.len().min(MAX_FRACTION_DIGITS)];
    let part = match fraction {
        "" => 0,
        digits => {
            let digits_value: u128 = digits.parse().map_err(|_| malformed())?;
            digits_value * scale / 10_u128.pow(fraction.len() as u32)
        }
    };
    whole
        .checked_mul(scale)
        .and_then(|whole| whole.checked_add(part))
        .ok_or_else(too_long)
}

/// The shortest such text: `5s`, `1h30m`, `1.5ms`, `0`.
pub fn format_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    if nanos == 0 {
        return "0s".to_owned();
    }
    if nanos < 1_000_000_000 {
        let (unit, scale) = match nanos {
            1_000_000.. => ("ms", 1_000_000),
            1_000.. => ("us", 1_000),
            _ => ("ns", 1),
        };
        return format!("{}{unit}", decimal(nanos, scale));
    }
    let (hours, rest) = (nanos / UNITS[0].1, nanos % UNITS[0].1);
    let (minutes, rest) = (rest / UNITS[1].1, rest % UNITS[1].1);
    let mut out = String::new();
    if hours > 0 {
        out.push_str(&format!("{hours}h"));
    }
    if minutes > 0 {
        out.push_str(&format!("{minutes}m"));
    }
    if rest > 0 {
        out.push_str(&format!("{}s", decimal(rest, 1_000_000_000)));
    }
    out
}

fn decimal(value: u128, scale: u128) -> String {
    let digits = scale.ilog10() as usize;
    let text = format!("{}.{:0digits$}", value / scale, value % scale);
    if digits == 0 {
        return (value / scale).to_string();
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Setting for Duration {
    fn kind() -> Kind {
        Kind::Duration
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        const EXPECTED: &str = "a duration such as `300ms`, `5s` or `1h30m`";
        let text = match &node.value {
            Value::Int(0) => return Some(Duration::ZERO),
            Value::Int(_) | Value::Float(_) => {
                let hint = match node.text() {
                    Some(text) if !node.is_expanded() => {
                        format!("add a unit: `{text}s` for seconds, `{text}ms` for milliseconds")
                    }
                    _ => "add a unit: `5s` for seconds, `5ms` for milliseconds".to_owned(),
                };
                return cx.wrong_type_hint(node, EXPECTED, Some(hint));
            }
            Value::String(text) => text,
            _ => return cx.wrong_type(node, EXPECTED),
        };
        match parse_duration(text.trim()) {
            Ok(duration) => Some(duration),
            Err(problem) => {
                let days = !node.is_expanded() && text.trim().ends_with('d');
                let negative = text.trim().starts_with('-');
                let hint = match (days, negative) {
                    (true, _) => "there is no unit for days; write hours, such as `24h`",
                    (_, true) => "write it without the `-`",
                    _ => "units are h, m, s, ms, us and ns; write for example `5s` or `1h30m`",
                };
                let problem = format!("is no duration: {} {problem}", super::reader::shown(node));
                cx.invalid(node, &problem, Some(hint.to_owned()))
            }
        }
    }

    fn show(&self) -> String {
        format_duration(*self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_read_as_go_reads_them() {
        let second = 1_000_000_000_u64;
        for (text, nanos) in [
            ("0", 0),
            ("0s", 0),
            ("5s", 5 * second),
            ("+5s", 5 * second),
            ("300ms", 300_000_000),
            ("1h30m", 5400 * second),
            ("1.5h", 5400 * second),
            (".5s", second / 2),
            ("1.s", second),
            ("1m0.5s", 60 * second + second / 2),
            ("1us2ns", 1_002),
            ("1µs", 1_000),
            ("1μs", 1_000),
            ("0.0000000001s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "5",
            "s",
            ".s",
            "1..5s",
            "5 s",
            "5d",
            "-5s",
            "5s5",
            "99999999999h",
            "9e3s",
            "5S",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert!(parse_duration(&"9".repeat(60)).is_err());
        assert!(parse_duration(&format!("{}h", "9".repeat(60))).is_err());
    }

    #[test]
    fn durations_are_shown_shortest() {
        for text in [
            "0s", "5s", "300ms", "1h30m", "1.5ms", "1m0.5s", "24h", "20us", "7ns",
        ] {
            assert_eq!(parse_duration(text).map(format_duration).as_deref(), Ok(text));
        }
    }

    proptest! {
        #[test]
        fn shown_durations_read_back(nanos in any::<u64>()) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in "[0-9.hmsun+d -]{0,40}") {
            let _ = parse_duration(&text);
        }
    }
}
