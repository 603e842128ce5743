//! Every other system: `sysinfo`. Some ten times slower than reading `/proc/self`.

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Seconds of processor time and bytes of resident memory; `None` where the system does not tell.
pub(super) fn read() -> Option<(f64, u64)> {
    let pid = Pid::from_u32(std::process::id());
    let mut system = System::new().ok()?;
    let what = ProcessRefreshKind::nothing().with_cpu().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
    let process = system.process(pid)?;
    Some((process.accumulated_cpu_time() as f64 / 1000.0, process.memory()))
}
