//! What a process used, from /proc.

use std::fs;

/// Sizes in MiB, times in seconds; zero where the process is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// utime + stime of /proc/PID/stat: fields 14 and 15, in clock ticks; includes threads that ended.
    pub(crate) cpu: f64,
    /// Time on CPU by the scheduler's account, of the threads that live: /proc/PID/task/*/schedstat.
    pub(crate) scheduled: f64,
    pub(crate) rss: f64,
    pub(crate) anon: f64,
    pub(crate) peak: f64,
    pub(crate) threads: u64,
}

impl Usage {
    pub(crate) fn of(pid: u32) -> Self {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        Self {
            cpu: cpu_ticks(&stat) as f64 / rustix::param::clock_ticks_per_second() as f64,
            scheduled: scheduled_ns(pid) as f64 / 1e9,
            rss: number(&status, "VmRSS:") as f64 / 1024.0,
            anon: number(&status, "RssAnon:") as f64 / 1024.0,
            peak: number(&status, "VmHWM:") as f64 / 1024.0,
            threads: number(&status, "Threads:"),
        }
    }
}

/// The command name, which may hold spaces and parentheses, ends at the last `)`.
fn cpu_ticks(stat: &str) -> u64 {
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|f| f.parse::<u64>().ok())
        .sum()
}

fn number(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|l| l.strip_prefix(name));
    line.and_then(|l| l.split_whitespace().next())
        .and_then(|n| n.parse().ok())
        .unwrap_or(0)
}

fn scheduled_ns(pid: u32) -> u64 {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return 0;
    };
    let of_task = |task: std::io::Result<fs::DirEntry>| {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    };
    tasks.filter_map(of_task).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 100 0 0 0 250 30 0 0 20 0 1 0 100 1000 200";
        assert_eq!(cpu_ticks(stat), 280);
        assert_eq!(cpu_ticks(""), 0);
    }

    #[test]
    fn this_process_uses_memory_and_has_threads() {
        let usage = Usage::of(std::process::id());
        assert!(
            usage.rss > 1.0 && usage.peak >= usage.anon && usage.threads >= 1,
            "{usage:?}"
        );
        assert_eq!(Usage::of(u32::MAX), Usage::default());
    }
}
