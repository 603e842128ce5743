//! `Retry-After` (RFC 9110, section 10.2.3): how long a peer asks to be left alone. The gRPC form is
//! [`crate::grpc::RetryInfo`].

use std::time::{Duration, SystemTime};

use http::HeaderValue;

/// The longest delay that is believed: an hour. A peer that asks for more (or sends nonsense) must not silence
/// an exporter for a year.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Reads a `Retry-After` value: seconds, or an HTTP date relative to `now`.
///
/// `None` when it is neither. A date in the past means "at once". Bounded by [`MAX_RETRY_AFTER`].
pub fn parse(value: &HeaderValue, now: SystemTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // Digits only, so the one way to fail is a number beyond u64: as long as we believe.
        let delay = text.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs);
        return Some(delay.min(MAX_RETRY_AFTER));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(
        date.duration_since(now)
            .unwrap_or(Duration::ZERO)
            .min(MAX_RETRY_AFTER),
    )
}

/// Writes a `Retry-After` value in seconds, rounded up, at least 1: `0` invites an immediate repeat.
pub fn format(delay: Duration) -> HeaderValue {
    let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    HeaderValue::from(seconds.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_nonsense_is_not() {
        // RFC 9110's own example date, one minute before it.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 60);
        let table = [
            ("0", Some(0)),
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("86400", Some(3600)),
            ("99999999999999999999999", Some(3600)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(60)),
            ("Sun Nov  6 08:49:37 1994", Some(60)),
            ("Sat, 05 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 2044 08:49:37 GMT", Some(3600)),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ];
        for (text, seconds) in table {
            let got = parse(&HeaderValue::from_static(text), now);
            assert_eq!(got, seconds.map(Duration::from_secs), "{text:?}");
        }
    }

    #[test]
    fn delays_are_rounded_up_to_whole_seconds() {
        for (millis, text) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (30_000, "30")] {
            assert_eq!(format(Duration::from_millis(millis)), text, "{millis} ms");
        }
    }
}
