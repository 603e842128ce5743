//! `/proc/stat`: times of the processors, and what was counted since the boot.

use crate::fields::{lines, number, words};

/// Most processors that are told apart; the sum has all.
const MAX_CPUS: usize = 8192;

/// How long processors were in each mode since the boot, in ticks ([`super::ticks_per_second`]).
///
/// A figure can be missing in older kernels and is 0 then. `iowait` can decrease (proc_stat(5)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTimes {
    /// In user mode, guests' included.
    pub user: u64,
    /// In user mode with low priority.
    pub nice: u64,
    /// In the kernel.
    pub system: u64,
    /// Doing nothing.
    pub idle: u64,
    /// Doing nothing while something waited for a disk.
    pub iowait: u64,
    /// In interrupts.
    pub irq: u64,
    /// In soft interrupts.
    pub softirq: u64,
    /// Taken away by the hypervisor.
    pub steal: u64,
}

impl CpuTimes {
    /// All of them together.
    pub fn total(&self) -> u64 {
        [
            self.nice,
            self.system,
            self.idle,
            self.iowait,
            self.irq,
            self.softirq,
            self.steal,
        ]
        .iter()
        .fold(self.user, |sum, time| sum.saturating_add(*time))
    }

    /// What is neither idle nor waiting.
    pub fn busy(&self) -> u64 {
        self.total().saturating_sub(self.idle).saturating_sub(self.iowait)
    }

    /// From the words behind `cpu` or `cpu0`.
    fn parse<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut times = [0; 8];
        for (time, field) in times.iter_mut().zip(fields) {
            *time = number(field).unwrap_or(0);
        }
        let [user, nice, system, idle, iowait, irq, softirq, steal] = times;
        Self {
            user,
            nice,
            system,
            idle,
            iowait,
            irq,
            softirq,
            steal,
        }
    }
}

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// All processors together.
    pub total: CpuTimes,
    /// Each that is online, with its number.
    pub cpus: Vec<(u32, CpuTimes)>,
    /// When the host booted, in Unix seconds; moves when the clock is set.
    pub boot_time: Option<u64>,
    /// Processes and threads that were created.
    pub created: Option<u64>,
    /// Threads that run or could.
    pub running: u64,
    /// Threads that wait for a disk or the like.
    pub blocked: u64,
}

impl Stat {
    /// Reads the file's text; keeps its allocation.
    pub fn parse(&mut self, text: &[u8]) {
        let mut cpus = std::mem::take(&mut self.cpus);
        cpus.clear();
        *self = Self {
            cpus,
            ..Self::default()
        };
        for line in lines(text) {
            let mut fields = words(line);
            let Some(name) = fields.next() else { continue };
            match name {
                b"cpu" => self.total = CpuTimes::parse(fields),
                b"btime" => self.boot_time = first_number(fields),
                b"processes" => self.created = first_number(fields),
                b"procs_running" => self.running = first_number(fields).unwrap_or(0),
                b"procs_blocked" => self.blocked = first_number(fields).unwrap_or(0),
                _ => self.cpu(name, fields),
            }
        }
    }

    fn cpu<'a>(&mut self, name: &[u8], fields: impl Iterator<Item = &'a [u8]>) {
        let number = name.strip_prefix(b"cpu").and_then(number);
        if let Some(cpu) = number.and_then(|number| u32::try_from(number).ok())
            && self.cpus.len() < MAX_CPUS
        {
            self.cpus.push((cpu, CpuTimes::parse(fields)));
        }
    }
}

fn first_number<'a>(mut fields: impl Iterator<Item = &'a [u8]>) -> Option<u64> {
    fields.next().and_then(number)
}
