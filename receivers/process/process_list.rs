//! The processes there are, and which of them are meant.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sidelight_procfs::host::ticks_per_second;
use sidelight_procfs::pid::Stat;
use sidelight_procfs::{Pids, ProcDir, WalkError};

use super::selector::{Selector, launches};

/// Most processes that are looked at; those beyond are left out and counted.
const MAX_PROCESSES: usize = 1 << 16;

/// What is read of a command line or of the list of control groups.
const TEXT_BYTES: usize = 32 << 10;

/// A process younger than this is looked at again at every scan: between `fork` and `exec` it has its parent's
/// command line, and a manager may move it to its control group only then.
const YOUNG_SECONDS: u64 = 10;

/// How much later than its pid file a process may seem to have started: both times are rounded.
const PID_FILE_SLACK_SECONDS: u64 = 2;

/// A process, told from a later one with its pid by when it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity {
    /// First, so that the oldest comes first.
    pub(super) start_ticks: u64,
    pub(super) pid: u32,
}

/// The kernel's name of a process, with room for those of kernel threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Comm([u8; 32]);

/// Lists processes and says which of them are meant.
#[derive(Debug)]
pub(super) struct ProcessList {
    pids: Pids,
    root: PathBuf,
    boot_seconds: u64,
    table: Table,
    /// Our parent when we began: a later one has only inherited us.
    parent: Option<Identity>,
}

/// What the last scan found.
#[derive(Debug)]
struct Table {
    selectors: Vec<Selector>,
    /// Ascending by pid.
    running: Vec<Identity>,
    /// Parents with their children, ascending.
    children: Vec<(u32, Identity)>,
    known: HashMap<Identity, Known>,
    /// Processes that came to be meant in this scan, with their parents.
    news: Vec<(Identity, u32)>,
    scan: u64,
    uptime_ticks: u64,
    /// Ourselves: never meant by what we look like.
    own: u32,
    text: Box<[u8]>,
    left_out: u64,
}

/// What was found out about a process; asked again where its name or its youth says that it may not hold any more.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    comm: Comm,
    /// A bit for each target.
    matches: u64,
    /// A bit for each target for which it only starts the process that is meant.
    launches: u64,
    /// The scan that saw it last.
    scan: u64,
}

// === impl ProcessList ===

impl ProcessList {
    /// Opens `/proc` below `root`.
    ///
    /// # Errors
    /// What `open(2)` says.
    pub(super) fn open(root: &Path, selectors: Vec<Selector>, boot_seconds: u64) -> io::Result<Self> {
        let pids = Pids::open(root.join("proc"))?;
        let own = pids.dir().own_pid().unwrap_or_else(std::process::id);
        let parent = stat_of(pids.dir(), own, |stat| stat.parent);
        let parent = parent.and_then(|pid| {
            let start_ticks = stat_of(pids.dir(), pid, |stat| stat.start_ticks)?;
            Some(Identity { start_ticks, pid })
        });
        Ok(Self {
            pids,
            root: root.to_path_buf(),
            boot_seconds,
            table: Table {
                selectors,
                running: Vec::new(),
                children: Vec::new(),
                known: HashMap::new(),
                news: Vec::new(),
                scan: 0,
                uptime_ticks: 0,
                own,
                text: vec![0; TEXT_BYTES].into(),
                left_out: 0,
            },
            parent,
        })
    }

    /// Where files of processes are opened.
    pub(super) fn dir(&self) -> ProcDir<'_> {
        self.pids.dir()
    }

    /// Processes that scans left out so far.
    pub(super) fn left_out(&self) -> u64 {
        self.table.left_out
    }

    /// What is remembered, in bytes.
    pub(super) fn memory(&self) -> usize {
        let table = &self.table;
        TEXT_BYTES
            + table.known.capacity() * size_of::<(Identity, Known)>()
            + table.running.capacity() * size_of::<Identity>()
            + table.children.capacity() * size_of::<(u32, Identity)>()
    }

    /// Looks at all processes: one read each, and more of those that are new.
    ///
    /// # Errors
    /// Where `/proc` cannot be listed; what was found before that counts.
    pub(super) fn scan(&mut self, uptime_ticks: u64) -> Result<(), WalkError> {
        self.table.begin(uptime_ticks);
        let walked = self.pids.for_each(|dir, pid| self.table.take(dir, pid));
        self.table.end(self.pids.dir());
        walked
    }

    /// The processes that a target means, oldest first.
    pub(super) fn find(&self, target: usize, found: &mut Vec<Identity>) {
        found.clear();
        match self.table.selectors.get(target) {
            Some(Selector::Pid(pid)) => found.extend(self.table.running(*pid)),
            Some(Selector::PidFile(path)) => found.extend(self.named_in_file(path)),
            Some(Selector::Parent) => {
                let runs = |parent: &Identity| self.table.running(parent.pid) == Some(*parent);
                found.extend(self.parent.filter(runs));
            }
            _ => found.extend(self.table.meant(target)),
        }
        found.sort_unstable();
    }

    /// Adds the descendants of those that were found, behind them.
    pub(super) fn add_descendants(&self, found: &mut Vec<Identity>) {
        let mut taken: HashSet<Identity> = found.iter().copied().collect();
        let mut from = 0;
        // A process is taken once: this ends also where parents form a circle, in a damaged copy of /proc.
        while let Some(parent) = found.get(from).copied() {
            for child in self.table.children_of(parent.pid) {
                if child.pid != self.table.own && taken.insert(child) {
                    found.push(child);
                }
            }
            from += 1;
        }
    }

    /// The process whose pid is in a file. One that started after the file was written is another with its pid.
    fn named_in_file(&self, path: &Path) -> Option<Identity> {
        let file = File::open(self.root.join(path.strip_prefix("/").unwrap_or(path))).ok()?;
        let written = file.metadata().ok()?.modified().ok()?;
        let written = written.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let mut text = String::new();
        file.take(64).read_to_string(&mut text).ok()?;
        let identity = self.table.running(text.lines().next()?.trim().parse().ok()?)?;
        let started = self.boot_seconds + identity.start_ticks / ticks_per_second();
        (started <= written + PID_FILE_SLACK_SECONDS).then_some(identity)
    }
}

// === impl Table ===

impl Table {
    fn begin(&mut self, uptime_ticks: u64) {
        self.running.clear();
        self.children.clear();
        self.news.clear();
        self.scan += 1;
        self.uptime_ticks = uptime_ticks;
    }

    fn take(&mut self, dir: ProcDir<'_>, pid: u32) {
        let mut space = [0; 1024];
        let stat = dir.read(pid, "stat", &mut space).ok().and_then(Stat::parse);
        // It has ended meanwhile, or only its parent has not noticed.
        let Some(stat) = stat.filter(|stat| !stat.is_zombie()) else {
            return;
        };
        if self.running.len() >= MAX_PROCESSES {
            self.left_out += 1;
            return;
        }
        let identity = Identity {
            start_ticks: stat.start_ticks,
            pid,
        };
        self.running.push(identity);
        self.children.push((stat.parent, identity));
        if pid != self.own {
            self.judge(dir, identity, &stat);
        }
    }

    /// Finds out which targets mean it, where that is not known.
    fn judge(&mut self, dir: ProcDir<'_>, identity: Identity, stat: &Stat<'_>) {
        let comm = Comm::of(stat.comm);
        let age = self.uptime_ticks.saturating_sub(stat.start_ticks);
        let known = self.known.entry(identity).or_default();
        let is_settled = known.scan > 0 && known.comm == comm && age >= YOUNG_SECONDS * ticks_per_second();
        known.scan = self.scan;
        if is_settled {
            return;
        }
        let matches = matches(&self.selectors, dir, identity.pid, stat.comm, &mut self.text);
        if matches & !known.matches != 0 {
            self.news.push((identity, stat.parent));
        }
        (known.comm, known.matches) = (comm, matches);
    }

    fn end(&mut self, dir: ProcDir<'_>) {
        let scan = self.scan;
        self.known.retain(|_, known| known.scan == scan);
        self.running.sort_unstable_by_key(|identity| identity.pid);
        self.children.sort_unstable();
        for (child, parent) in std::mem::take(&mut self.news) {
            self.note_launcher(dir, child, parent);
        }
    }

    /// Notes that the parent only starts its child, where both are meant and its arguments end with the child's.
    fn note_launcher(&mut self, dir: ProcDir<'_>, child: Identity, parent: u32) {
        let Some(parent) = self.running(parent) else {
            return;
        };
        let matches = |identity| self.known.get(identity).map_or(0, |known: &Known| known.matches);
        let both = matches(&child) & matches(&parent);
        if both == 0 {
            return;
        }
        let mut line = |pid| {
            dir.read(pid, "cmdline", &mut self.text)
                .map(<[u8]>::to_vec)
                .unwrap_or_default()
        };
        if launches(&line(parent.pid), &line(child.pid))
            && let Some(known) = self.known.get_mut(&parent)
        {
            known.launches |= both;
        }
    }

    fn running(&self, pid: u32) -> Option<Identity> {
        let place = self
            .running
            .binary_search_by_key(&pid, |identity| identity.pid)
            .ok()?;
        self.running.get(place).copied()
    }

    fn meant(&self, target: usize) -> impl Iterator<Item = Identity> {
        let bit = bit(target);
        let meant = self
            .known
            .iter()
            .filter(move |(_, known)| known.matches & !known.launches & bit != 0);
        meant.map(|(identity, _)| *identity)
    }

    fn children_of(&self, parent: u32) -> impl Iterator<Item = Identity> {
        let first = self.children.partition_point(|(other, _)| *other < parent);
        let children = self.children.get(first..).unwrap_or_default().iter();
        children
            .take_while(move |(other, _)| *other == parent)
            .map(|(_, child)| *child)
    }
}

/// The targets that mean a process. Files are read only for selectors that need them.
fn matches(selectors: &[Selector], dir: ProcDir<'_>, pid: u32, comm: &[u8], text: &mut [u8]) -> u64 {
    let by_line = |selector: &Selector| matches!(selector, Selector::CommandLine(_));
    let by_name =
        |selector: &Selector| matches!(selector, Selector::Executable(_) | Selector::ExecutablePattern(_));
    let by_group = |selector: &Selector| matches!(selector, Selector::Unit(_) | Selector::Cgroup(_));
    let bits = |is_meant: &dyn Fn(&Selector) -> bool| {
        let meant = selectors
            .iter()
            .enumerate()
            .filter(|(_, selector)| is_meant(selector));
        meant.map(|(number, _)| bit(number)).fold(0, |all, bit| all | bit)
    };
    let mut found = 0;
    if selectors.iter().any(by_line)
        && let Ok(line) = dir.read(pid, "cmdline", text)
    {
        found |= bits(&|selector| selector.matches_command_line(line));
    }
    if selectors.iter().any(by_name) {
        let path = dir.link(pid, "exe", text).ok();
        let path = path.map(|path| path.strip_suffix(b" (deleted)").unwrap_or(path));
        let file = path.and_then(|path| path.rsplit(|byte| *byte == b'/').next());
        found |= bits(&|selector| selector.matches_executable(comm, file));
    }
    if selectors.iter().any(by_group)
        && let Ok(groups) = dir.read(pid, "cgroup", text)
    {
        found |= bits(&|selector| selector.matches_cgroup_file(groups));
    }
    found
}

/// The bit that stands for a target.
fn bit(target: usize) -> u64 {
    u32::try_from(target)
        .ok()
        .and_then(|target| 1_u64.checked_shl(target))
        .unwrap_or(0)
}

fn stat_of<T>(dir: ProcDir<'_>, pid: u32, get: impl FnOnce(Stat<'_>) -> T) -> Option<T> {
    let mut space = [0; 1024];
    let text = dir.read(pid, "stat", &mut space).ok()?;
    Stat::parse(text).map(get)
}

impl Comm {
    pub(super) fn of(name: &[u8]) -> Self {
        let mut comm = Self::default();
        for (slot, byte) in comm.0.iter_mut().zip(name) {
            *slot = *byte;
        }
        comm
    }
}
