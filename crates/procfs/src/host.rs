//! Figures of the host.
//!
//! Each module is one file of `/proc` or `/sys`: a plain struct and the function that reads it from the file's text.
//! What a kernel does not have (an older one, another architecture, a container) is zero or `None`; nothing panics on
//! any bytes.

pub mod cpu_list;
pub mod diskstats;
pub mod loadavg;
pub mod meminfo;
pub mod mountinfo;
pub mod net_dev;
pub mod pressure;
#[cfg(target_os = "linux")]
pub mod sock_diag;
pub mod sockets;
pub mod space;
pub mod stat;
pub mod states;
pub mod swaps;
pub mod uptime;
pub mod vmstat;

#[cfg(test)]
mod tests;

/// Ticks a second in which the kernel tells times of processors and processes (`USER_HZ`, time(7)).
pub fn ticks_per_second() -> u64 {
    rustix::param::clock_ticks_per_second().max(1)
}

/// Bytes of a page of memory.
pub fn page_size() -> u64 {
    rustix::param::page_size() as u64
}
