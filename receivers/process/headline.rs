//! The lines about the processes on the terminal.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use sidelight_procfs::host::ticks_per_second;

use super::figures::Figure;
use super::logical_process::LogicalProcess;
use super::target::Watched;

/// Longest name of a target in the line, in letters.
const MAX_NAME: usize = 40;

/// What each target has to say: `app up 3h04m  cpu 12.1 %  rss 140 MB  threads 12  fds 42  restarts 1`.
pub(super) fn headlines(targets: &[Watched], now: Instant) -> Vec<String> {
    targets.iter().map(|target| of_target(target, now)).collect()
}

fn of_target(target: &Watched, now: Instant) -> String {
    let name: String = target
        .name
        .chars()
        .filter(|letter| !letter.is_control())
        .take(MAX_NAME)
        .collect();
    let up: Vec<&LogicalProcess> = target
        .processes
        .iter()
        .filter(|process| process.is_up())
        .collect();
    match (&up[..], target.processes.first()) {
        ([], Some(process)) => format!("{name} {}", of_missing(process, now)),
        (up, _) => format!("{name} {}", of_running(up)),
    }
}

fn of_missing(process: &LogicalProcess, now: Instant) -> String {
    let Some((since, cause)) = process.life.down else {
        return "not found".to_owned();
    };
    let mut line = format!("DOWN since {}", span(now.saturating_duration_since(since)));
    if let Some(how) = cause.text() {
        // Writing to a string does not fail.
        let _ = write!(line, " ({how})");
    }
    line
}

fn of_running(up: &[&LogicalProcess]) -> String {
    let sum = |figure| {
        up.iter()
            .filter_map(|process| process.figure(figure))
            .reduce(|a, b| a + b)
    };
    let processes = sum(Figure::Members).unwrap_or(1);
    let age = up.iter().filter_map(|process| process.figure(Figure::Age)).max();
    let age = Duration::from_secs(age.unwrap_or(0) / ticks_per_second());
    let mut line = format!("up {}", span(age));
    let cpu: Option<f64> = up.iter().map(|process| process.cpu_percent()).sum();
    let restarts: u64 = up.iter().map(|process| process.life.restarts).sum();
    let parts = [
        (processes > 1).then(|| format!("processes {processes}")),
        cpu.map(|percent| format!("cpu {percent:.1} %")),
        sum(Figure::Resident).map(|bytes| format!("rss {}", size(bytes))),
        sum(Figure::ThreadCount).map(|count| format!("threads {count}")),
        sum(Figure::DescriptorCount).map(|count| format!("fds {count}")),
        (restarts > 0).then(|| format!("restarts {restarts}")),
    ];
    for part in parts.into_iter().flatten() {
        let _ = write!(line, "  {part}");
    }
    line
}

/// `12 s`, `5 min`, `3h04m`, `12d03h`.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// `140 MB`, in steps of 1,000.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        10_000_000..10_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_as_short_as_a_line_needs_them() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (11_040, "3h04m"),
            (1_047_600, "12d03h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
        for (bytes, text) in [
            (9_400_000, "9.4 MB"),
            (140_200_000, "140 MB"),
            (12_340_000_000, "12.3 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
