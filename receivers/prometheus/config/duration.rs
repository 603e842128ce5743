//! Durations as `prometheus.yml` has them.

use std::fmt;
use std::time::Duration;

use sidelight_config::{Kind, Node, Reader, Setting, shown};

/// A duration in Prometheus' syntax: `15s`, `1m30s`, `1d`, `500ms`; `0` alone has no unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PromDuration(pub Duration);

/// Units in the order in which they may follow one another, with their milliseconds (prometheus/common,
/// `model.ParseDuration`).
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// The longest duration: that of Go, 63 bits of nanoseconds or 292 years.
const MAX_MILLIS: u64 = i64::MAX as u64 / 1_000_000;

impl PromDuration {
    /// The duration that a text stands for; `None` for another text and for one of more than 292 years.
    pub(crate) fn parse(text: &str) -> Option<Duration> {
        if text == "0" {
            return Some(Duration::ZERO);
        }
        let (mut rest, mut units, mut millis) = (text, UNITS.as_slice(), 0_u64);
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, behind) = rest.split_at(digits);
            let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (unit, next) = behind.split_at(letters);
            let at = units.iter().position(|(name, _)| *name == unit)?;
            let number: u64 = number.parse().ok()?;
            millis = millis.checked_add(number.checked_mul(units[at].1)?)?;
            (rest, units) = (next, &units[at + 1..]);
        }
        (!text.is_empty() && millis <= MAX_MILLIS).then(|| Duration::from_millis(millis))
    }
}

impl fmt::Display for PromDuration {
    /// As Prometheus writes it: `1m30s`. Years and weeks only where nothing is left of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if millis == 0 {
            return f.write_str("0s");
        }
        for (unit, length) in UNITS {
            if millis >= length && (!matches!(unit, "y" | "w") || millis.is_multiple_of(length)) {
                write!(f, "{}{unit}", millis / length)?;
                millis %= length;
            }
        }
        Ok(())
    }
}

impl Setting for PromDuration {
    fn kind() -> Kind {
        Kind::Text("Prometheus duration")
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match node.text().and_then(Self::parse) {
            Some(duration) => Some(Self(duration)),
            None => {
                let problem = format!("must be a duration such as `15s` or `1m30s`, not {}", shown(node));
                cx.invalid(node, &problem, None)
            }
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
    fn durations_are_those_of_prometheus() {
        for (text, seconds) in [
            ("15s", Some(15.0)),
            ("1m30s", Some(90.0)),
            ("1d", Some(86_400.0)),
            ("2w", Some(1_209_600.0)),
            ("1y", Some(31_536_000.0)),
            ("500ms", Some(0.5)),
            ("1h5ms", Some(3600.005)),
            ("0", Some(0.0)),
            ("0s", Some(0.0)),
            ("", None),
            ("5", None),
            ("1s1m", None),
            ("1s1s", None),
            ("-1s", None),
            ("1.5s", None),
            ("1 s", None),
            ("292y", Some(292.0 * 31_536_000.0)),
            ("293y", None),
            ("99999999999y", None),
        ] {
            assert_eq!(
                PromDuration::parse(text).map(|d| d.as_secs_f64()),
                seconds,
                "{text}"
            );
        }
    }

    #[test]
    fn a_duration_is_shown_as_prometheus_writes_it() {
        for (millis, text) in [
            (0, "0s"),
            (1, "1ms"),
            (15_000, "15s"),
            (90_500, "1m30s500ms"),
            (3_600_000, "1h"),
            (86_400_000 * 7, "1w"),
            (86_400_000 * 8, "8d"),
            (86_400_000 * 365, "1y"),
        ] {
            let duration = Duration::from_millis(millis);
            assert_eq!(PromDuration(duration).to_string(), text);
            assert_eq!(PromDuration::parse(text), Some(duration));
        }
    }
}
