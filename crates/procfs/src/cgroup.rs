//! Control groups of version 2: `/sys/fs/cgroup` (Documentation/admin-guide/cgroup-v2.rst).
//!
//! A group has only the files of the controllers that are switched on for it, and the root has few of them: a file
//! that is not there is an error `ENOENT`, which is nothing unusual.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, fstat};

use crate::fields::{lines, number, words};
use crate::pids::open_in;
use crate::record::read_record;

/// What is read of one file at most; `io.stat` has a line for each disk.
const MAX_FILE_BYTES: usize = 256 << 10;

/// A file of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CgroupFile {
    /// [`CpuStat`].
    CpuStat,
    /// [`CpuMax`].
    CpuMax,
    /// Bytes in use: [`limit`].
    MemoryCurrent,
    /// The most bytes: [`limit`].
    MemoryMax,
    /// [`MemoryEvents`].
    MemoryEvents,
    /// Processes and threads: [`limit`].
    PidsCurrent,
    /// The most of them: [`limit`].
    PidsMax,
    /// [`IoStat`].
    IoStat,
    /// [`crate::host::pressure::Pressure`].
    CpuPressure,
    /// [`crate::host::pressure::Pressure`].
    MemoryPressure,
    /// [`crate::host::pressure::Pressure`].
    IoPressure,
}

impl CgroupFile {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CpuStat => "cpu.stat",
            Self::CpuMax => "cpu.max",
            Self::MemoryCurrent => "memory.current",
            Self::MemoryMax => "memory.max",
            Self::MemoryEvents => "memory.events",
            Self::PidsCurrent => "pids.current",
            Self::PidsMax => "pids.max",
            Self::IoStat => "io.stat",
            Self::CpuPressure => "cpu.pressure",
            Self::MemoryPressure => "memory.pressure",
            Self::IoPressure => "io.pressure",
        }
    }
}

/// A group, held by a descriptor of its folder: when the group is removed reads fail, also when another of its name
/// is made.
#[derive(Debug)]
pub struct Cgroup {
    folder: OwnedFd,
    path: PathBuf,
}

impl Cgroup {
    /// Opens the group at `path` below the root of the hierarchy.
    ///
    /// # Errors
    /// What `open(2)` says.
    pub fn open(root: &Path, path: &str) -> io::Result<Self> {
        let path = root.join(path.trim_start_matches('/'));
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(&path, flags, Mode::empty())?;
        Ok(Self { folder, path })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells the group from another of its name.
    ///
    /// # Errors
    /// What `fstat(2)` says.
    pub fn inode(&self) -> io::Result<u64> {
        Ok(fstat(&self.folder)?.st_ino)
    }

    /// Reads a file into `buffer`, whose content is replaced and whose allocation is kept.
    ///
    /// # Errors
    /// `ENOENT` without the controller or where the group was removed, `ENODEV`, `EOPNOTSUPP` for pressure that is
    /// switched off.
    pub fn read<'b>(&self, file: CgroupFile, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        let file = open_in(&self.folder, format_args!("{}", file.name()), OFlags::empty())?;
        read_record(&file, buffer, MAX_FILE_BYTES)
    }
}

/// The root of the version 2 hierarchy: `mounted` (`/sys/fs/cgroup`) itself, or `unified` in it where version 1 is
/// mounted there. `None` where there is no version 2.
pub fn unified_root(mounted: &Path) -> Option<PathBuf> {
    let is_unified = |path: &Path| path.join("cgroup.controllers").is_file();
    let beside = mounted.join("unified");
    if is_unified(mounted) {
        Some(mounted.to_path_buf())
    } else {
        is_unified(&beside).then_some(beside)
    }
}

/// `cpu.stat`. The last three are there where a limit can be set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuStat {
    /// Microseconds in user mode.
    pub user_us: u64,
    /// Microseconds in the kernel.
    pub system_us: u64,
    /// Periods that had a limit.
    pub periods: Option<u64>,
    /// Periods in which the limit was reached.
    pub throttled_periods: Option<u64>,
    /// Microseconds for which it was held back, summed over its processors.
    pub throttled_us: Option<u64>,
}

impl CpuStat {
    /// Reads it.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (mut user, mut system, mut stat) = (None, None, Self::default());
        each_pair(text, |key, value| match key {
            b"user_usec" => user = Some(value),
            b"system_usec" => system = Some(value),
            b"nr_periods" => stat.periods = Some(value),
            b"nr_throttled" => stat.throttled_periods = Some(value),
            b"throttled_usec" => stat.throttled_us = Some(value),
            _ => {}
        });
        (stat.user_us, stat.system_us) = (user?, system?);
        Some(stat)
    }
}

/// `cpu.max`: so much time in each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuMax {
    /// Microseconds; `None` without a limit.
    pub quota_us: Option<u64>,
    /// Microseconds.
    pub period_us: u64,
}

impl CpuMax {
    /// Reads it.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut fields = words(text.trim_ascii_end());
        let quota = fields.next()?;
        let period_us = number(fields.next()?).filter(|period| *period > 0)?;
        let quota_us = match quota {
            b"max" => None,
            quota => Some(number(quota)?),
        };
        Some(Self { quota_us, period_us })
    }

    /// The limit in thousandths of a processor.
    pub fn milli_cpus(&self) -> Option<u64> {
        Some(self.quota_us?.saturating_mul(1000) / self.period_us.max(1))
    }
}

/// A single number, or `max` for none.
pub fn limit(text: &[u8]) -> Option<u64> {
    number(text.trim_ascii())
}

/// `memory.events`: how often what happened, in the group and below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryEvents {
    /// Reclaimed although below its low limit.
    pub low: u64,
    /// Held back because above its high limit.
    pub high: u64,
    /// About to pass its maximum.
    pub max: u64,
    /// At its maximum with nothing left to reclaim.
    pub oom: u64,
    /// Processes that were killed for it, by the group's limit or the host's.
    pub oom_kill: u64,
}

impl MemoryEvents {
    /// Reads it. `None` without `oom_kill`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (mut events, mut is_events) = (Self::default(), false);
        each_pair(text, |key, value| match key {
            b"low" => events.low = value,
            b"high" => events.high = value,
            b"max" => events.max = value,
            b"oom" => events.oom = value,
            b"oom_kill" => (events.oom_kill, is_events) = (value, true),
            _ => {}
        });
        is_events.then_some(events)
    }
}

/// `io.stat`, all disks together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IoStat {
    /// Bytes.
    pub read_bytes: u64,
    /// Bytes.
    pub written_bytes: u64,
    /// Requests.
    pub reads: u64,
    /// Requests.
    pub writes: u64,
}

impl IoStat {
    /// Reads it. A group that never touched a disk has an empty file.
    pub fn parse(text: &[u8]) -> Self {
        let mut sum = Self::default();
        for word in lines(text).flat_map(words) {
            let Some(equals) = word.iter().position(|byte| *byte == b'=') else {
                continue;
            };
            let (key, value) = word.split_at(equals);
            let value = number(value.get(1..).unwrap_or_default()).unwrap_or(0);
            let slot = match key {
                b"rbytes" => &mut sum.read_bytes,
                b"wbytes" => &mut sum.written_bytes,
                b"rios" => &mut sum.reads,
                b"wios" => &mut sum.writes,
                _ => continue,
            };
            *slot = slot.saturating_add(value);
        }
        sum
    }
}

fn each_pair(text: &[u8], mut take: impl FnMut(&[u8], u64)) {
    for line in lines(text) {
        let mut fields = words(line);
        if let (Some(key), Some(value)) = (fields.next(), fields.next().and_then(number)) {
            take(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_there_without_a_limit_and_throttling_with_one() {
        let without =
            CpuStat::parse(b"usage_usec 30\nuser_usec 10\nsystem_usec 20\nnice_usec 0\n").expect("a stat");
        assert_eq!(
            (without.user_us, without.system_us, without.throttled_us),
            (10, 20, None)
        );
        let text =
            b"usage_usec 3\nuser_usec 1\nsystem_usec 2\nnr_periods 7\nnr_throttled 5\nthrottled_usec 900\n";
        let with = CpuStat::parse(text).expect("a stat");
        let throttling = (with.periods, with.throttled_periods, with.throttled_us);
        assert_eq!(throttling, (Some(7), Some(5), Some(900)));
        assert_eq!(CpuStat::parse(b"user_usec 1\n"), None);
    }

    #[test]
    fn a_quota_is_a_share_of_its_period() {
        for (text, milli) in [
            ("150000 100000\n", Some(Some(1500))),
            ("max 100000\n", Some(None)),
            ("1 0\n", None),
            ("x 100000\n", None),
            ("", None),
        ] {
            let found = CpuMax::parse(text.as_bytes());
            assert_eq!(found.map(|max| max.milli_cpus()), milli, "{text}");
        }
        assert_eq!((limit(b"123\n"), limit(b"max\n")), (Some(123), None));
    }

    #[test]
    fn disks_are_added_up_and_events_told_apart() {
        let text = b"8:16 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n259:0 rbytes=1 wbytes=2 rios=3 wios=4\n";
        let expected = IoStat {
            read_bytes: 11,
            written_bytes: 22,
            reads: 4,
            writes: 6,
        };
        assert_eq!(IoStat::parse(text), expected);
        assert_eq!(IoStat::parse(b""), IoStat::default());
        let events = MemoryEvents::parse(b"low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n");
        let events = events.expect("events");
        assert_eq!(
            (events.low, events.max, events.oom, events.oom_kill),
            (1, 3, 4, 5)
        );
        assert_eq!(MemoryEvents::parse(b"low 1\n"), None);
    }

    #[test]
    fn a_group_is_held_by_its_folder_and_not_by_its_name() {
        let root = tempfile::tempdir().expect("a folder");
        assert_eq!(unified_root(root.path()), None);
        let unified = root.path().join("unified");
        std::fs::create_dir_all(unified.join("a.slice")).expect("made");
        std::fs::write(unified.join("cgroup.controllers"), "cpu").expect("written");
        assert_eq!(unified_root(root.path()), Some(unified.clone()));
        std::fs::write(unified.join("a.slice/memory.max"), "max\n").expect("written");
        let (group, mut buffer) = (Cgroup::open(&unified, "/a.slice").expect("opened"), Vec::new());
        assert_eq!(
            group.read(CgroupFile::MemoryMax, &mut buffer).expect("read"),
            b"max\n"
        );
        std::fs::rename(unified.join("a.slice"), unified.join("b.slice")).expect("renamed");
        assert!(Cgroup::open(&unified, "/a.slice").is_err());
        assert!(group.read(CgroupFile::MemoryMax, &mut buffer).is_ok());
        assert!(group.read(CgroupFile::CpuMax, &mut buffer).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(text in "[a-z_=. 0-9:\n]{0,200}") {
            let text = text.as_bytes();
            CpuStat::parse(text);
            CpuMax::parse(text);
            MemoryEvents::parse(text);
            IoStat::parse(text);
            limit(text);
        }
    }
}
