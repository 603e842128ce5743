//! What the program itself uses: processor time and memory.

mod portable;
#[cfg(target_os = "linux")]
mod proc_self;

use std::time::{Duration, Instant};

use sidelight_component::metrics::{FamilySnapshot, Kind, Labels};

/// What the program used, read at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProcessUsage {
    /// Processor time of all threads since the start, user and system, in seconds.
    pub cpu_seconds: f64,
    /// Resident memory in bytes.
    pub rss_bytes: u64,
    /// Time since the [`ProcessSampler`] was made.
    pub uptime: Duration,
}

/// Reads [`ProcessUsage`]: on Linux from `/proc/self`, elsewhere through `sysinfo`.
#[derive(Clone, Copy, Debug)]
pub struct ProcessSampler {
    started: Instant,
}

impl ProcessSampler {
    /// A sampler that counts the uptime from now: make it first thing.
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }

    /// Reads the figures. What cannot be read is zero. Two small files on Linux, some 20 µs.
    pub fn sample(&self) -> ProcessUsage {
        #[cfg(target_os = "linux")]
        let read = proc_self::read().or_else(portable::read);
        #[cfg(not(target_os = "linux"))]
        let read = portable::read();
        let (cpu_seconds, rss_bytes) = read.unwrap_or_default();
        ProcessUsage {
            cpu_seconds,
            rss_bytes,
            uptime: self.started.elapsed(),
        }
    }
}

impl Default for ProcessSampler {
    fn default() -> Self {
        Self::new()
    }
}

impl ProcessUsage {
    /// The Collector's metrics of the process. Its figures about the Go runtime have no counterpart.
    pub fn families(&self) -> [FamilySnapshot; 3] {
        let family = |name: &str, help, kind, value| FamilySnapshot {
            name: name.to_owned(),
            help,
            kind,
            series: vec![(Labels::new(), value)],
        };
        [
            family(
                "otelcol_process_cpu_seconds",
                "Total CPU user and system time in seconds",
                Kind::Counter,
                self.cpu_seconds,
            ),
            family(
                "otelcol_process_memory_rss",
                "Total physical memory (resident set size)",
                Kind::Gauge,
                self.rss_bytes as f64,
            ),
            family(
                "otelcol_process_uptime",
                "Uptime of the process",
                Kind::Counter,
                self.uptime.as_secs_f64(),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_and_sysinfo_agree() {
        // Memory that both must see, whichever is read first; the figures still move a little between.
        let ballast = vec![1_u8; 32 << 20];
        let (Some((cpu, rss)), Some((other_cpu, other_rss))) = (proc_self::read(), portable::read()) else {
            panic!("both sources can be read on Linux");
        };
        assert!(rss as usize > ballast.len());
        assert!(rss.abs_diff(other_rss) < 16 << 20, "{rss} {other_rss}");
        assert!((cpu - other_cpu).abs() < 1.0, "{cpu} {other_cpu}");
    }

    #[test]
    fn processor_time_grows_with_work() {
        let sampler = ProcessSampler::new();
        let before = sampler.sample();
        let mut sum = 0_u64;
        // Two of the 10 ms ticks in which the kernel counts.
        while sampler.sample().cpu_seconds < before.cpu_seconds + 0.02 {
            sum = (0..100_000).fold(sum, |a, b| std::hint::black_box(a ^ b));
        }
        assert!(sampler.sample().uptime > before.uptime);
    }

    #[test]
    fn the_families_have_the_names_of_the_collector() {
        let usage = ProcessUsage {
            cpu_seconds: 1.5,
            rss_bytes: 4096,
            uptime: Duration::from_millis(2500),
        };
        let shown = usage.families().map(|f| (f.name, f.kind, f.series[0].1));
        assert_eq!(
            shown[0],
            ("otelcol_process_cpu_seconds".to_owned(), Kind::Counter, 1.5)
        );
        assert_eq!(
            shown[1],
            ("otelcol_process_memory_rss".to_owned(), Kind::Gauge, 4096.0)
        );
        assert_eq!(
            shown[2],
            ("otelcol_process_uptime".to_owned(), Kind::Counter, 2.5)
        );
    }
}
