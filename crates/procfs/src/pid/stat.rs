//! `/proc/<pid>/stat`, proc_pid_stat(5).

use crate::fields::{number, signed, words};

/// What a process is and has used so far, over all its threads. Times are in clock ticks, see
/// [`ticks_per_second`](crate::host::ticks_per_second).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat<'t> {
    /// The process, field 1.
    pub pid: u32,
    /// The name as the kernel has it, field 2: at most 15 bytes, any but NUL, changed by `exec` and by the process
    /// itself.
    pub comm: &'t [u8],
    /// Field 3: `R` runs, `S` sleeps, `Z` has ended and was not waited for yet, …
    pub state: u8,
    /// The parent, field 4; 0 where it is outside our pid namespace.
    pub parent: u32,
    /// Page faults that needed no disk, field 10.
    pub minor_faults: u64,
    /// Page faults that did, field 12.
    pub major_faults: u64,
    /// In user mode, field 14.
    pub user_ticks: u64,
    /// In the kernel, field 15.
    pub system_ticks: u64,
    /// Field 20.
    pub threads: u64,
    /// When it started, in ticks since the host booted, field 22. With the pid it tells a process from a later one.
    pub start_ticks: u64,
    /// Virtual memory in bytes, field 23.
    pub virtual_bytes: u64,
    /// Resident memory in pages, field 24. The kernel itself calls it inaccurate: see [`super::Statm`].
    pub resident_pages: u64,
    /// Waiting for block devices, field 42: of the main thread, and counted only with `kernel.task_delayacct = 1`.
    pub block_wait_ticks: u64,
    /// How it ended, field 52, as waitpid(2) gives it: for a zombie, and 0 for who may not ptrace it.
    pub exit_code: i32,
}

impl<'t> Stat<'t> {
    /// Reads it. `None` where the text is not of this form; fields of newer kernels (after 24) may be missing.
    pub fn parse(text: &'t [u8]) -> Option<Self> {
        let open = text.iter().position(|byte| *byte == b'(')?;
        // The name may hold parentheses and spaces: its end is the last one.
        let close = text.iter().rposition(|byte| *byte == b')')?;
        let pid = u32::try_from(number(words(text.get(..open)?).next()?)?).ok()?;
        let comm = text.get(open + 1..close)?;
        let mut fields = Fields {
            words: words(text.get(close + 1..)?.trim_ascii_end()),
            next: 3,
        };
        Some(Self {
            pid,
            comm,
            state: *fields.at(3)?.first()?,
            parent: u32::try_from(fields.number(4)?).ok()?,
            minor_faults: fields.number(10)?,
            major_faults: fields.number(12)?,
            user_ticks: fields.number(14)?,
            system_ticks: fields.number(15)?,
            threads: fields.number(20)?,
            start_ticks: fields.number(22)?,
            virtual_bytes: fields.number(23)?,
            resident_pages: fields.number(24)?,
            block_wait_ticks: fields.number(42).unwrap_or(0),
            exit_code: fields.exit_code().unwrap_or(0),
        })
    }

    /// Whether it has ended and only its parent's `wait` is missing.
    pub fn is_zombie(&self) -> bool {
        matches!(self.state, b'Z' | b'X')
    }
}

/// Walks the fields in the order of their numbers in proc_pid_stat(5).
struct Fields<W> {
    words: W,
    next: usize,
}

impl<'t, W: Iterator<Item = &'t [u8]>> Fields<W> {
    fn at(&mut self, field: usize) -> Option<&'t [u8]> {
        let skipped = field.checked_sub(self.next)?;
        self.next = field + 1;
        self.words.nth(skipped)
    }

    fn number(&mut self, field: usize) -> Option<u64> {
        number(self.at(field)?)
    }

    fn exit_code(&mut self) -> Option<i32> {
        i32::try_from(signed(self.at(52)?)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASH: &[u8] = b"4242 (a) b (c) S 17 4242 4242 34816 5000 4194304 1201 33 7 2 250 31 5 6 20 0 3 0 \
        123456 12345344 890 18446744073709551615 1 2 3 0 0 0 65536 3686404 1266761467 0 0 0 17 1 0 0 44 0 0 1 2 3 4 5 6 7 9\n";

    #[test]
    fn every_field_is_at_its_number_after_a_name_with_parentheses() {
        let stat = Stat::parse(BASH).expect("a stat");
        let expected = Stat {
            pid: 4242,
            comm: b"a) b (c",
            state: b'S',
            parent: 17,
            minor_faults: 1201,
            major_faults: 7,
            user_ticks: 250,
            system_ticks: 31,
            threads: 3,
            start_ticks: 123_456,
            virtual_bytes: 12_345_344,
            resident_pages: 890,
            block_wait_ticks: 44,
            exit_code: 9,
        };
        assert_eq!(stat, expected);
        assert!(!stat.is_zombie());
    }

    #[test]
    fn what_is_cut_is_no_stat_but_for_the_fields_of_newer_kernels() {
        let fields: Vec<&[u8]> = BASH.split(|byte| *byte == b' ').collect();
        // The name is three words.
        let with = |count: usize| fields[..count + 2].join(&b' ');
        assert_eq!(Stat::parse(&with(23)), None);
        let old = with(24);
        let stat = Stat::parse(&old).expect("a stat");
        assert_eq!(
            (stat.resident_pages, stat.block_wait_ticks, stat.exit_code),
            (890, 0, 0)
        );
        assert_eq!(Stat::parse(b""), None);
        assert_eq!(Stat::parse(b")("), None);
    }
}
