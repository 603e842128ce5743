//! `grpc-timeout`: at most eight digits and a unit.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

/// The deadline a client gave for its call. `None` when there is none or it is malformed (then the server's own
/// limit holds).
pub fn parse_timeout(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get("grpc-timeout")?.as_bytes();
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let amount = digits
        .iter()
        .fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    Some(match unit {
        b'H' => Duration::from_secs(amount * 3600),
        b'M' => Duration::from_secs(amount * 60),
        b'S' => Duration::from_secs(amount),
        b'm' => Duration::from_millis(amount),
        b'u' => Duration::from_micros(amount),
        b'n' => Duration::from_nanos(amount),
        _ => return None,
    })
}

/// Writes a deadline in the finest unit that eight digits can hold, rounded down.
pub fn format_timeout(timeout: Duration) -> HeaderValue {
    const MOST: u128 = 99_999_999;
    let nanos = timeout.as_nanos();
    let units = [
        (1, 'n'),
        (1_000, 'u'),
        (1_000_000, 'm'),
        (1_000_000_000, 'S'),
        (60_000_000_000, 'M'),
        (3_600_000_000_000, 'H'),
    ];
    let text = units
        .into_iter()
        .find(|(size, _)| nanos / size <= MOST)
        .map_or_else(
            || "99999999H".to_owned(),
            |(size, unit)| format!("{}{unit}", nanos / size),
        );
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("99999999H"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_limits_are_those_of_grpc() {
        let table = [
            ("1H", Some(Duration::from_secs(3600))),
            ("2M", Some(Duration::from_secs(120))),
            ("99999999S", Some(Duration::from_secs(99_999_999))),
            ("100m", Some(Duration::from_millis(100))),
            ("1u", Some(Duration::from_micros(1))),
            ("0n", Some(Duration::ZERO)),
            ("100000000n", None),
            ("m", None),
            ("", None),
            ("-1S", None),
            ("1s", None),
            ("1 S", None),
        ];
        for (text, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", HeaderValue::from_static(text));
            assert_eq!(parse_timeout(&headers), expected, "{text:?}");
        }
    }

    #[test]
    fn written_timeouts_are_read_back_without_growing() {
        for nanos in [0, 1, 99_999_999, 100_000_000, 8_000_000_000, u64::MAX] {
            let timeout = Duration::from_nanos(nanos);
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", format_timeout(timeout));
            let read = parse_timeout(&headers).expect("well formed");
            assert!(
                read <= timeout && (timeout - read).as_secs() <= timeout.as_secs() / 1_000_000,
                "{timeout:?} {read:?}"
            );
        }
    }
}
