//! One sample after the other of all targets.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sidelight_component::metrics::Counter;
use sidelight_component::{BuildContext, Now, Permit, StatusReporter};
use sidelight_procfs::cgroup::unified_root;
use sidelight_procfs::host::meminfo::MemInfo;
use sidelight_procfs::host::stat::Stat;
use sidelight_procfs::host::{ticks_per_second, uptime};
use sidelight_procfs::{KeptFile, own_descriptor_limit};
use tracing::warn;

use super::config::Config;
use super::descriptor_allowance::DescriptorAllowance;
use super::failures::Failures;
use super::headline::headlines;
use super::links::Networks;
use super::metrics::Metric;
use super::process_list::{Identity, ProcessList};
use super::schedule::Schedule;
use super::target::{Tools, Watched};
use crate::sampling::{HostIdentity, MetricSet, SampleWriter, Sampled, Sampler};

/// The instrumentation scope.
const SCOPE: &str = "sidelight/process";

/// Watches the targets.
#[derive(Debug)]
pub(super) struct Watch {
    schedule: Schedule,
    list: ProcessList,
    targets: Vec<Watched>,
    around: Surroundings,
    failures: Failures,
    writer: SampleWriter,
    uptime: KeptFile,
    status: StatusReporter,
    rescan_interval: Duration,
    last_scan: Option<Instant>,
    has_warned: bool,
    /// For what is read, and what is found, from sample to sample.
    buffer: Vec<u8>,
    found: Vec<Identity>,
    /// What is remembered of processes, charged to the budget.
    permit: Permit,
}

/// What all processes have in common.
#[derive(Debug)]
pub(super) struct Surroundings {
    /// The host's root directory.
    pub(super) root: PathBuf,
    /// The root of its control groups, version 2.
    pub(super) cgroup_root: Option<PathBuf>,
    pub(super) boot_unix_nanos: u64,
    /// When we began to count restarts.
    pub(super) began_unix_nanos: u64,
    now_unix_nanos: u64,
    /// Physical memory.
    pub(super) memory_bytes: Option<u64>,
    /// Whether the kernel counts waiting for disks.
    pub(super) counts_waits: bool,
    /// Whether arguments of command lines are written.
    pub(super) has_arguments: bool,
    pub(super) enabled: MetricSet<Metric>,
    pub(super) allowance: DescriptorAllowance,
    pub(super) networks: Networks,
    /// Processes that were left out because there are too many.
    pub(super) left_out: Counter,
}

impl Surroundings {
    /// When a process started, in Unix nanoseconds.
    pub(super) fn created(&self, start_ticks: u64) -> u64 {
        let nanos = u128::from(start_ticks) * 1_000_000_000 / u128::from(ticks_per_second());
        let created = self
            .boot_unix_nanos
            .saturating_add(u64::try_from(nanos).unwrap_or(u64::MAX));
        // The kernel rounds the time of the boot: a process that is new must not start in the future.
        created.min(self.now_unix_nanos)
    }
}

impl Watch {
    /// Opens what is read all the time.
    ///
    /// # Errors
    /// Where there is no `/proc` below the root path.
    pub(super) fn open(config: &Config, cx: &BuildContext) -> io::Result<Self> {
        let root = Path::new(&config.root_path);
        let proc = root.join("proc");
        let boot_seconds = boot_seconds(&proc)?;
        let failures = Failures::new(cx);
        let schedule = config.schedule();
        let selectors = config.targets.iter().filter_map(|target| target.selector());
        let host = HostIdentity::read(root);
        let watched = |(number, target)| Watched::new(number, target, config.max_processes, &host);
        Ok(Self {
            list: ProcessList::open(root, selectors.collect(), boot_seconds)?,
            targets: config.targets.iter().enumerate().filter_map(watched).collect(),
            around: Surroundings {
                root: root.to_path_buf(),
                cgroup_root: unified_root(&root.join("sys/fs/cgroup")),
                boot_unix_nanos: boot_seconds.saturating_mul(1_000_000_000),
                began_unix_nanos: 0,
                now_unix_nanos: 0,
                memory_bytes: memory_bytes(&proc),
                counts_waits: is_on(&proc.join("sys/kernel/task_delayacct")),
                has_arguments: config.command_args,
                enabled: schedule.enabled(),
                allowance: DescriptorAllowance::of(own_descriptor_limit()),
                networks: Networks::default(),
                left_out: failures.left_out("processes"),
            },
            schedule,
            failures,
            writer: SampleWriter::new(cx.budget.clone(), config.semconv, SCOPE),
            uptime: KeptFile::open(proc.join("uptime"))?,
            status: cx.status.clone(),
            rescan_interval: config.rescan_interval,
            last_scan: None,
            has_warned: false,
            buffer: Vec::new(),
            found: Vec::new(),
            permit: cx.budget.charge_anyway(0),
        })
    }

    /// Looks for processes where one is missing, and where it is time to.
    fn is_scan_due(&self, now: Instant) -> bool {
        let is_time = self
            .last_scan
            .is_none_or(|last| now.saturating_duration_since(last) >= self.rescan_interval);
        let may_grow = self.targets.iter().any(Watched::may_grow);
        is_time && may_grow || self.targets.iter().any(Watched::is_missing)
    }

    fn scan(&mut self, now: Instant, uptime_ticks: u64) {
        self.last_scan = Some(now);
        let left_out = self.list.left_out();
        if let Err(error) = self.list.scan(uptime_ticks)
            && !std::mem::replace(&mut self.has_warned, true)
        {
            warn!(%error, "processes that are missing cannot be looked for");
        }
        self.around.left_out.add(self.list.left_out() - left_out);
        self.permit.set(self.list.memory());
    }

    fn uptime_ticks(&mut self) -> u64 {
        let text = self.uptime.read(&mut self.buffer).ok();
        let seconds = text.and_then(uptime::parse).unwrap_or_default();
        (seconds * ticks_per_second() as f64) as u64
    }
}

impl Sampler for Watch {
    fn sample(&mut self, now: Now) -> Sampled {
        let due = self.schedule.due(now.instant);
        if due.is_empty() {
            return Sampled::default();
        }
        if self.around.began_unix_nanos == 0 {
            self.around.began_unix_nanos = now.unix_nanos;
        }
        self.around.now_unix_nanos = now.unix_nanos;
        self.around.networks.begin();
        let uptime_ticks = self.uptime_ticks();
        self.each_target(due, uptime_ticks, |target, _, tools, around, _| {
            target.look(tools, around, now)
        });
        if self.is_scan_due(now.instant) {
            self.scan(now.instant, uptime_ticks);
            self.each_target(due, uptime_ticks, |target, list, tools, around, found| {
                target.adopt(list, tools, around, found);
            });
        }
        self.each_target(due, uptime_ticks, |target, _, tools, around, _| {
            target.read(tools, around, now)
        });
        self.status.headlines(headlines(&self.targets, now.instant));
        let mut sample = self.writer.begin(now.unix_nanos);
        for target in &mut self.targets {
            target.write(&mut sample, due, &self.around);
        }
        sample.finish()
    }
}

impl Watch {
    fn each_target(
        &mut self,
        due: MetricSet<Metric>,
        uptime_ticks: u64,
        mut work: impl FnMut(&mut Watched, &ProcessList, &mut Tools<'_>, &mut Surroundings, &mut Vec<Identity>),
    ) {
        let mut tools = Tools {
            dir: self.list.dir(),
            buffer: &mut self.buffer,
            due,
            uptime_ticks,
            failures: &self.failures,
        };
        for target in &mut self.targets {
            work(target, &self.list, &mut tools, &mut self.around, &mut self.found);
        }
    }
}

/// When the host booted, in seconds since 1970; read once, since the kernel computes it from a clock that moves.
fn boot_seconds(proc: &Path) -> io::Result<u64> {
    let mut buffer = Vec::new();
    let mut stat = Stat::default();
    stat.parse(KeptFile::open(proc.join("stat"))?.read(&mut buffer)?);
    Ok(stat.boot_time.unwrap_or_default())
}

fn memory_bytes(proc: &Path) -> Option<u64> {
    let mut buffer = Vec::new();
    let text = KeptFile::open(proc.join("meminfo")).ok()?;
    MemInfo::parse(text.read(&mut buffer).ok()?).total
}

/// Whether a switch of the kernel is on.
fn is_on(switch: &Path) -> bool {
    std::fs::read(switch).is_ok_and(|text| text.trim_ascii() == b"1")
}
