//! Linux: `/proc/self`.

use sidelight_procfs::KeptFile;
use sidelight_procfs::host::ticks_per_second;
use sidelight_procfs::pid::{Stat, Statm};

/// Seconds of processor time and bytes of resident memory; `None` where there is no such file system.
pub(super) fn read() -> Option<(f64, u64)> {
    let mut buffer = Vec::new();
    let stat = KeptFile::open("/proc/self/stat").ok()?;
    let stat = Stat::parse(stat.read(&mut buffer).ok()?)?;
    let cpu_seconds = (stat.user_ticks + stat.system_ticks) as f64 / ticks_per_second() as f64;
    let statm = KeptFile::open("/proc/self/statm").ok()?;
    let statm = Statm::parse(statm.read(&mut buffer).ok()?)?;
    Some((cpu_seconds, statm.resident_bytes))
}
