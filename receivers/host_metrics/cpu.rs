//! The `cpu` scraper: times of the processors.

use std::collections::HashSet;
use std::path::PathBuf;

use sidelight_config::settings;
use sidelight_procfs::host::stat::CpuTimes;

use super::host::{Host, Places, share};
use super::names::*;
use super::scraper::Scraper;
use crate::sampling::{Attr, MetricSet, MetricSettings, Points, Sink, Term, metric_table};

metric_table! {
    /// Metrics of the `cpu` scraper.
    pub enum Cpu {
        /// Time that processors spent in each mode.
        Time = Counter "system.cpu.time" "s" on [CPU, CPU_MODE];
        /// Share of the time since the last sample that was spent in each mode, 0 to 1.
        Utilization = Gauge "system.cpu.utilization" "1" off [CPU, CPU_MODE];
        /// Processors that the system schedules on.
        LogicalCount = UpDownCounter "system.cpu.logical.count" "{cpu}" on [];
        /// Cores.
        PhysicalCount = UpDownCounter "system.cpu.physical.count" "{cpu}" off [];
        /// Frequency of each processor now.
        Frequency = Gauge "system.cpu.frequency" "Hz" off [CPU];
    }
}

settings! {
    /// The `cpu` scraper.
    pub struct CpuSettings {
        /// Which metrics are written.
        metrics: MetricSettings<Cpu>,
        /// Times of each processor instead of all together.
        per_cpu: bool = false,
    }
}

/// Processors together under this number.
const ALL: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct CpuScraper {
    metrics: MetricSet<Cpu>,
    per_cpu: bool,
    /// The highest counts so far, by processor: the kernel's can decrease a little (iowait, and steal after a move
    /// to another machine), which would read as a reset.
    highest: Vec<CpuOf>,
    /// The same before this sample.
    before: Vec<CpuOf>,
    sys: PathBuf,
    cpuinfo: PathBuf,
    /// Cores, and for how many processors that was found.
    cores: Option<(usize, u64)>,
}

/// Times of one processor or of all.
#[derive(Clone, Debug)]
struct CpuOf {
    number: u32,
    name: String,
    times: CpuTimes,
}

impl CpuSettings {
    pub(super) fn scraper(&self, places: &Places) -> CpuScraper {
        CpuScraper {
            metrics: self.metrics.enabled(),
            per_cpu: self.per_cpu,
            highest: Vec::new(),
            before: Vec::new(),
            sys: places.sys().join("devices/system/cpu"),
            cpuinfo: places.proc().join("cpuinfo"),
            cores: None,
        }
    }
}

impl Scraper for CpuScraper {
    fn scrape(&mut self, host: &mut Host, sink: &mut Sink<'_>) {
        let ticks = host.ticks_per_second as f64;
        let Some(stat) = host.stat() else { return };
        let (total, cpus) = (stat.total, stat.cpus.len());
        self.before.clone_from(&self.highest);
        match self.per_cpu {
            true => self.raise(stat.cpus.iter().map(|(number, times)| (*number, times))),
            false => self.raise([(ALL, &total)].into_iter()),
        }
        if let Some((idle, all)) = self.idle_since() {
            host.headline
                .say(format_args!("cpu {:.1} %", 100.0 * (1.0 - share(idle, all))));
        }
        self.write_times(sink, ticks);
        self.write_utilization(sink);
        sink.metric(self.metrics, Cpu::LogicalCount, |points| {
            points.add(cpus as u64, &[])
        });
        if self.metrics.contains(Cpu::PhysicalCount) {
            let cores = self.cores(cpus);
            sink.metric(self.metrics, Cpu::PhysicalCount, |points| points.add(cores, &[]));
        }
        if self.metrics.contains(Cpu::Frequency) {
            self.write_frequency(host, sink);
        }
    }
}

impl CpuScraper {
    /// Takes over the counts. A processor that went offline has none any more.
    fn raise<'a>(&mut self, now: impl Iterator<Item = (u32, &'a CpuTimes)>) {
        let mut seen = 0;
        for (number, times) in now {
            match self.highest.get_mut(seen) {
                Some(cpu) if cpu.number == number => cpu.times = highest(&cpu.times, times),
                _ => {
                    self.highest.truncate(seen);
                    self.highest.push(CpuOf {
                        number,
                        name: format!("cpu{number}"),
                        times: *times,
                    });
                }
            }
            seen += 1;
        }
        self.highest.truncate(seen);
    }

    /// Idle time and all time of all processors since the last sample.
    fn idle_since(&self) -> Option<(u64, u64)> {
        let mut sums = (0, 0);
        for (cpu, before) in self.with_before() {
            let idle = |times: &CpuTimes| times.idle + times.iowait;
            sums.0 += idle(&cpu.times).saturating_sub(idle(&before.times));
            sums.1 += cpu.times.total().saturating_sub(before.times.total());
        }
        (sums.1 > 0).then_some(sums)
    }

    /// Each processor with its times before this sample, where it was there then.
    fn with_before(&self) -> impl Iterator<Item = (&CpuOf, &CpuOf)> {
        let pairs = self.highest.iter().zip(&self.before);
        pairs.filter(|(cpu, before)| cpu.number == before.number)
    }

    fn write_times(&self, sink: &mut Sink<'_>, ticks: f64) {
        sink.metric(self.metrics, Cpu::Time, |points| {
            for cpu in &self.highest {
                for_each_mode(&cpu.times, points.is_legacy(), |mode, time| {
                    write_point(points, cpu, mode, time as f64 / ticks);
                });
            }
        });
    }

    fn write_utilization(&self, sink: &mut Sink<'_>) {
        sink.metric(self.metrics, Cpu::Utilization, |points| {
            for (cpu, before) in self.with_before() {
                let all = cpu.times.total().saturating_sub(before.times.total());
                if all == 0 {
                    continue;
                }
                let since = since(&cpu.times, &before.times);
                for_each_mode(&since, points.is_legacy(), |mode, time| {
                    write_point(points, cpu, mode, share(time, all));
                });
            }
        });
    }

    /// Cores: processors that differ in the package or in the core's number within it. Looked up again where the
    /// number of processors changes.
    fn cores(&mut self, cpus: usize) -> u64 {
        match self.cores {
            Some((for_cpus, cores)) if for_cpus == cpus => cores,
            _ => {
                let cores = count_cores(&self.sys).unwrap_or(cpus as u64);
                self.cores = Some((cpus, cores));
                cores
            }
        }
    }

    fn write_frequency(&self, host: &mut Host, sink: &mut Sink<'_>) {
        let text = match std::fs::read(&self.cpuinfo) {
            Ok(text) => text,
            Err(error) => {
                host.failed
                    .count("cpuinfo", &error, "frequencies of processors are missing");
                return;
            }
        };
        sink.metric(self.metrics, Cpu::Frequency, |points| {
            let mut number = None;
            for line in String::from_utf8_lossy(&text).lines() {
                let Some((key, value)) = line.split_once(':') else {
                    continue;
                };
                match (key.trim(), value.trim()) {
                    ("processor", value) => number = value.parse::<u32>().ok(),
                    ("cpu MHz", value) => {
                        if let (Some(number), Ok(mhz)) = (number, value.parse::<f64>()) {
                            let name = format!("cpu{number}");
                            points.add(mhz * 1e6, &[(CPU, Attr::Numbered(number.into(), &name))]);
                        }
                    }
                    _ => {}
                }
            }
        });
    }
}

/// Distinct cores by `/sys/devices/system/cpu/cpu*/topology`.
fn count_cores(cpus: &std::path::Path) -> Option<u64> {
    let mut cores = HashSet::new();
    for entry in std::fs::read_dir(cpus).ok()?.flatten() {
        let read = |file: &str| std::fs::read_to_string(entry.path().join("topology").join(file)).ok();
        if let (Some(package), Some(core)) = (read("physical_package_id"), read("core_id")) {
            cores.insert((package, core));
        }
    }
    (!cores.is_empty()).then_some(cores.len() as u64)
}

/// Calls `each` with the modes as they are told apart in the spelling at hand.
fn for_each_mode(times: &CpuTimes, is_legacy: bool, mut each: impl FnMut(Term, u64)) {
    each(USER, times.user);
    each(NICE, times.nice);
    each(SYSTEM, times.system);
    each(IDLE, times.idle);
    each(IOWAIT, times.iowait);
    each(STEAL, times.steal);
    if is_legacy {
        each(INTERRUPT, times.irq);
        each(SOFTIRQ, times.softirq);
    } else {
        each(INTERRUPT, times.irq.saturating_add(times.softirq));
    }
}

fn write_point(points: &mut Points<'_>, cpu: &CpuOf, mode: Term, value: f64) {
    let mode = (CPU_MODE, mode.into());
    if cpu.number == ALL {
        points.add(value, &[mode]);
    } else {
        let number = Attr::Numbered(cpu.number.into(), &cpu.name);
        points.add(value, &[(CPU, number), mode]);
    }
}

fn highest(a: &CpuTimes, b: &CpuTimes) -> CpuTimes {
    each_of(a, b, u64::max)
}

fn since(now: &CpuTimes, before: &CpuTimes) -> CpuTimes {
    each_of(now, before, u64::saturating_sub)
}

fn each_of(a: &CpuTimes, b: &CpuTimes, of: impl Fn(u64, u64) -> u64) -> CpuTimes {
    CpuTimes {
        user: of(a.user, b.user),
        nice: of(a.nice, b.nice),
        system: of(a.system, b.system),
        idle: of(a.idle, b.idle),
        iowait: of(a.iowait, b.iowait),
        irq: of(a.irq, b.irq),
        softirq: of(a.softirq, b.softirq),
        steal: of(a.steal, b.steal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_decrease_stay_where_they_were_and_a_processor_that_left_is_forgotten() {
        let times = |user, iowait| CpuTimes {
            user,
            iowait,
            ..CpuTimes::default()
        };
        let mut scraper = CpuSettings::default().scraper(&Places::below("/".as_ref()));
        let shown = |scraper: &CpuScraper| -> Vec<(u32, u64, u64)> {
            let cpus = scraper.highest.iter();
            cpus.map(|cpu| (cpu.number, cpu.times.user, cpu.times.iowait))
                .collect()
        };
        scraper.raise([(0, &times(10, 50)), (1, &times(7, 7)), (2, &times(5, 5))].into_iter());
        scraper.raise([(0, &times(12, 49)), (2, &times(1, 1))].into_iter());
        assert_eq!(shown(&scraper), [(0, 12, 50), (2, 1, 1)]);
        scraper.before.clone_from(&scraper.highest);
        scraper.raise([(0, &times(14, 51)), (1, &times(9, 9)), (2, &times(2, 1))].into_iter());
        assert_eq!(shown(&scraper), [(0, 14, 51), (1, 9, 9), (2, 2, 1)]);
        // Only of the first it is known what it was before.
        assert_eq!(scraper.idle_since(), Some((1, 3)));
    }
}
