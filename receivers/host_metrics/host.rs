//! What scrapers share: where the kernel's files are, and the ones that several read.

use std::path::{Path, PathBuf};
use std::time::Instant;

use sidelight_component::Now;
use sidelight_procfs::host::meminfo::MemInfo;
use sidelight_procfs::host::stat::Stat;
use sidelight_procfs::host::{ticks_per_second, uptime};

use super::headline::Headline;
use super::kernel_file::KernelFile;
use crate::sampling::FailedReads;

/// Where the host's files are.
#[derive(Clone, Debug)]
pub(super) struct Places {
    root: PathBuf,
}

/// The host as one sample finds it.
#[derive(Debug)]
pub(super) struct Host {
    /// What could not be read.
    pub(super) failed: FailedReads,
    /// What is said on the terminal.
    pub(super) headline: Headline,
    /// Ticks a second, in which times of processors are told.
    pub(super) ticks_per_second: u64,
    stat_file: KernelFile,
    uptime_file: KernelFile,
    meminfo_file: KernelFile,
    memory_bytes: Option<u64>,
    stat: Stat,
    /// Whether `stat` is of this sample.
    stat_is_new: bool,
    /// When the host booted. Read once: the kernel computes it from the clock, and a start time that moves is a reset.
    boot_unix_nanos: Option<u64>,
    now: Now,
    last: Option<Instant>,
}

impl Places {
    /// The files of the host whose root directory is `root`.
    pub(super) fn below(root: &Path) -> Self {
        Self { root: root.into() }
    }

    /// The root directory.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it is another root than this process has.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.root != Path::new("/")
    }

    /// `/proc`.
    pub(super) fn proc(&self) -> PathBuf {
        self.root.join("proc")
    }

    /// `/sys`.
    pub(super) fn sys(&self) -> PathBuf {
        self.root.join("sys")
    }

    /// A folder of the process that stands for the host: of the first one where the root is mounted from elsewhere,
    /// because `self` has the mounts and the network of the container that this program is in.
    pub(super) fn own_process(&self) -> PathBuf {
        self.proc().join(if self.is_elsewhere() { "1" } else { "self" })
    }
}

impl Host {
    /// Nothing is read yet.
    pub(super) fn new(places: &Places, failed: FailedReads, now: Now) -> Self {
        let proc = places.proc();
        Self {
            failed,
            headline: Headline::default(),
            ticks_per_second: ticks_per_second(),
            stat_file: KernelFile::new(
                &proc,
                "stat",
                "times of processors and counts of processes are missing",
            ),
            uptime_file: KernelFile::new(&proc, "uptime", "the time since the boot is missing"),
            meminfo_file: KernelFile::new(&proc, "meminfo", "the size of the memory is missing"),
            memory_bytes: None,
            stat: Stat::default(),
            stat_is_new: false,
            boot_unix_nanos: None,
            now,
            last: None,
        }
    }

    /// A sample begins. What was read for the last one is old.
    pub(super) fn begin(&mut self, now: Now) {
        self.stat_is_new = false;
        self.now = now;
        self.headline.begin();
    }

    /// It ended.
    pub(super) fn end(&mut self) {
        self.last = Some(self.now.instant);
    }

    /// Seconds since the last sample; `None` for the first, and where no time went by.
    pub(super) fn seconds_since_last(&self) -> Option<f64> {
        let elapsed = self.now.instant.checked_duration_since(self.last?)?.as_secs_f64();
        (elapsed > 0.0).then_some(elapsed)
    }

    /// `/proc/stat` of this sample; read once for all who ask.
    pub(super) fn stat(&mut self) -> Option<&Stat> {
        if !self.stat_is_new {
            self.stat.parse(self.stat_file.read(&mut self.failed)?);
            self.stat_is_new = true;
        }
        Some(&self.stat)
    }

    /// Seconds since the boot.
    pub(super) fn uptime(&mut self) -> Option<f64> {
        uptime::parse(self.uptime_file.read(&mut self.failed)?)
    }

    /// The size of the memory; read once.
    pub(super) fn memory_bytes(&mut self) -> Option<u64> {
        if self.memory_bytes.is_none() {
            self.memory_bytes = MemInfo::parse(self.meminfo_file.read(&mut self.failed)?).total;
        }
        self.memory_bytes
    }

    /// When the host booted, in Unix nanoseconds; 0 where nothing says it.
    pub(super) fn boot_unix_nanos(&mut self) -> u64 {
        if self.boot_unix_nanos.is_none() {
            let seconds = self.stat().and_then(|stat| stat.boot_time);
            self.boot_unix_nanos = seconds.and_then(|seconds| seconds.checked_mul(1_000_000_000));
        }
        self.boot_unix_nanos.unwrap_or(0)
    }
}

/// A share of a whole, 0 to 1; 0 of nothing.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
