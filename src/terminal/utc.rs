//! Times for people and for programs.

/// `2026-11-25T04:00:00Z`; the number itself where that is no time.
pub(crate) fn utc(unix_ms: u64) -> String {
    let time = i64::try_from(unix_ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map_or_else(
        || unix_ms.to_string(),
        |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn a_time_is_shown_and_what_is_none_stays_a_number() {
        assert_eq!(utc(1_764_043_200_999), "2025-11-25T04:00:00Z");
        assert_eq!(utc(u64::MAX), u64::MAX.to_string());
    }
}
