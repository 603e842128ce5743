//! The machine: pinning, and how much of it others took during a run.

use std::fs;

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_setaffinity};

/// Keeps this thread, and the threads it starts from now on, on one CPU.
pub(crate) fn pin_this_thread(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).with_context(|| format!("cannot run on CPU {cpu} alone"))
}

/// Time of one CPU, or of all, by /proc/stat, in clock ticks since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct CpuTime {
    total: u64,
    idle: u64,
    steal: u64,
}

impl CpuTime {
    /// `None`: all CPUs together.
    pub(crate) fn now(cpu: Option<usize>) -> Self {
        Self::parse(&fs::read_to_string("/proc/stat").unwrap_or_default(), cpu)
    }

    fn parse(stat: &str, cpu: Option<usize>) -> Self {
        let name = cpu.map_or("cpu".to_owned(), |n| format!("cpu{n}"));
        let Some(line) = stat.lines().find(|l| l.split(' ').next() == Some(&name)) else {
            return Self::default();
        };
        // user nice system idle iowait irq softirq steal; guest time is part of user time.
        let f: Vec<u64> = line
            .split_whitespace()
            .skip(1)
            .take(8)
            .map(|n| n.parse().unwrap_or(0))
            .collect();
        let at = |i: usize| f.get(i).copied().unwrap_or(0);
        Self {
            total: f.iter().sum(),
            idle: at(3) + at(4),
            steal: at(7),
        }
    }

    /// Percent of the time since `before` that the hypervisor gave to others.
    pub(crate) fn steal_percent_since(self, before: Self) -> f64 {
        percent(
            self.steal - before.steal.min(self.steal),
            self.total - before.total.min(self.total),
        )
    }

    /// Seconds in which the CPU did something since `before`.
    pub(crate) fn busy_seconds_since(self, before: Self) -> f64 {
        let busy = |t: Self| t.total - t.idle.min(t.total);
        busy(self).saturating_sub(busy(before)) as f64 / rustix::param::clock_ticks_per_second() as f64
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_and_busy_time_are_read_from_the_line_of_the_cpu() {
        let stat = |idle, steal| format!("cpu  1 1 1 1 1 1 1 1\ncpu1 10 0 10 {idle} 0 0 0 {steal} 0 0\n");
        let before = CpuTime::parse(&stat(100, 0), Some(1));
        let after = CpuTime::parse(&stat(190, 10), Some(1));
        assert_eq!(after.steal_percent_since(before), 10.0);
        assert_eq!(
            after.busy_seconds_since(before) * rustix::param::clock_ticks_per_second() as f64,
            10.0
        );
        assert_eq!(CpuTime::parse("", Some(1)), CpuTime::default());
    }
}
