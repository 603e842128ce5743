//! `/proc/<pid>/status`, proc_pid_status(5).

use crate::fields::{hexadecimal, lines, number, words};

/// What `status` has beyond `stat` and `statm`. Memory is in bytes and `None` for a kernel thread, which has none of
/// its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Real user id.
    pub real_uid: u32,
    /// Effective user id.
    pub effective_uid: u32,
    /// Most that was ever resident (VmHWM).
    pub peak_resident_bytes: Option<u64>,
    /// Resident and not backed by a file: heap, stacks.
    pub resident_anon_bytes: Option<u64>,
    /// Resident and backed by files: code, mapped files.
    pub resident_file_bytes: Option<u64>,
    /// Resident shared memory.
    pub resident_shmem_bytes: Option<u64>,
    /// Swapped out.
    pub swap_bytes: Option<u64>,
    /// Threads.
    pub threads: u64,
    /// Processors that it may run on.
    pub allowed_cpus: u32,
    /// Signals that wait for the main thread or for the process.
    pub pending_signals: u32,
    /// Times that this thread gave the processor away. Of the main thread only, when read of a process.
    pub voluntary_switches: u64,
    /// Times that the processor was taken from this thread.
    pub involuntary_switches: u64,
}

impl Status {
    /// Reads it. `None` where there is no `Uid:` line: it is not of this form.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut status = Self::default();
        let mut is_status = false;
        for line in lines(text) {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else {
                continue;
            };
            let (key, value) = line.split_at(colon);
            is_status |= key == b"Uid";
            status.take(key, value.get(1..).unwrap_or_default());
        }
        is_status.then_some(status)
    }

    fn take(&mut self, key: &[u8], value: &[u8]) {
        let count = || words(value).next().and_then(number);
        let bytes = || count().and_then(|kib| kib.checked_mul(1024));
        match key {
            b"Uid" => {
                let mut ids = words(value).map(|word| number(word).and_then(|id| u32::try_from(id).ok()));
                self.real_uid = ids.next().flatten().unwrap_or_default();
                self.effective_uid = ids.next().flatten().unwrap_or_default();
            }
            b"VmHWM" => self.peak_resident_bytes = bytes(),
            b"RssAnon" => self.resident_anon_bytes = bytes(),
            b"RssFile" => self.resident_file_bytes = bytes(),
            b"RssShmem" => self.resident_shmem_bytes = bytes(),
            b"VmSwap" => self.swap_bytes = bytes(),
            b"Threads" => self.threads = count().unwrap_or_default(),
            b"Cpus_allowed" => self.allowed_cpus = ones(value),
            b"SigPnd" | b"ShdPnd" => self.pending_signals += ones(value),
            b"voluntary_ctxt_switches" => self.voluntary_switches = count().unwrap_or_default(),
            b"nonvoluntary_ctxt_switches" => self.involuntary_switches = count().unwrap_or_default(),
            _ => {}
        }
    }
}

/// The bits that are set in a mask of hexadecimal words with commas between them.
fn ones(mask: &[u8]) -> u32 {
    let words = mask.trim_ascii().split(|byte| *byte == b',');
    words.filter_map(hexadecimal).map(u64::count_ones).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_masks_of_a_user_process() {
        let text =
            b"Name:\tpython3\nUmask:\t0022\nState:\tS (sleeping)\nPid:\t9\nUid:\t1000\t1001\t1000\t1000\n\
            VmHWM:\t   20 kB\nVmRSS:\t   19 kB\nRssAnon:\t   10 kB\nRssFile:\t    8 kB\nRssShmem:\t    1 kB\n\
            VmSwap:\t    0 kB\nThreads:\t5\nSigPnd:\t0000000000000001\nShdPnd:\t0000000000004002\n\
            Cpus_allowed:\tff,00000003\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t545\n";
        let expected = Status {
            real_uid: 1000,
            effective_uid: 1001,
            peak_resident_bytes: Some(20 << 10),
            resident_anon_bytes: Some(10 << 10),
            resident_file_bytes: Some(8 << 10),
            resident_shmem_bytes: Some(1 << 10),
            swap_bytes: Some(0),
            threads: 5,
            allowed_cpus: 10,
            pending_signals: 3,
            voluntary_switches: 150,
            involuntary_switches: 545,
        };
        assert_eq!(Status::parse(text), Some(expected));
    }

    #[test]
    fn a_kernel_thread_has_no_memory_of_its_own() {
        let status = Status::parse(b"Name:\tkthreadd\nUid:\t0\t0\t0\t0\nThreads:\t1\n").expect("a status");
        assert_eq!((status.resident_anon_bytes, status.threads), (None, 1));
        assert_eq!(Status::parse(b"no status\n"), None);
    }
}
