//! Linux: `/proc/self`.

use std::fs;

/// Ticks per second in `/proc`: `USER_HZ` of the kernel's interface, 100 on every architecture that the
/// program is built for.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of processor time and bytes of resident memory; `None` where there is no such file system.
pub(super) fn read() -> Option<(f64, u64)> {
    let cpu_seconds = cpu_seconds(&fs::read_to_string("/proc/self/stat").ok()?)?;
    let rss_bytes = rss_bytes(&fs::read_to_string("/proc/self/status").ok()?)?;
    Some((cpu_seconds, rss_bytes))
}

/// Fields 14 and 15 of `proc_pid_stat(5)`. The command, field 2, stands in parentheses and may contain
/// anything, so fields are counted from the last parenthesis.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, behind_command) = stat.rsplit_once(')')?;
    let mut fields = behind_command.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) as f64 / TICKS_PER_SECOND)
}

/// `VmRSS` of `proc_pid_status(5)`, which is in kibibytes.
fn rss_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let stat = "42 (a) R (b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 999 1000 200";
        assert_eq!(cpu_seconds(stat), Some(3.0));
    }

    #[test]
    fn text_of_another_form_is_no_figure() {
        for stat in [
            "",
            "42",
            "42 (a) S 1 2",
            "42 (a) S 1 42 42 0 -1 4194560 100 0 0 0 x y",
        ] {
            assert_eq!(cpu_seconds(stat), None, "{stat:?}");
        }
        assert_eq!(
            rss_bytes("VmPeak:\t 10 kB\nVmRSS:\t     12 kB\n"),
            Some(12 * 1024)
        );
        assert_eq!(rss_bytes("VmRSS:\n"), None);
    }
}
