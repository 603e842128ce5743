//! Figures as people read them.

use std::time::Duration;

use sidelight_component::grouped;

/// `1,204/s`, below ten `0.4/s`; without any time passed the count itself.
pub(super) fn rate(count: f64, elapsed: Duration) -> String {
    if elapsed.is_zero() {
        return grouped(count as u64);
    }
    let rate = count / elapsed.as_secs_f64();
    match rate {
        0.0 => "0/s".to_owned(),
        r if r < 9.95 => format!("{r:.1}/s"),
        r => format!("{}/s", grouped(r.round() as u64)),
    }
}

/// `14.2 MB`; a megabyte has a million bytes.
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// `42s`, `1m05s`, `3h07m`, `2d04h`.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}
