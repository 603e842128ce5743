//! The figures that points are made of: one number each, and what to do with it.

use sidelight_procfs::host::ticks_per_second;

use super::metrics::{
    CPU_MODE, DIRECTION, EVENT, FAULT_TYPE, MEMORY_KIND, Metric, RESOURCE, STALLED, SWITCH_TYPE,
};
use crate::sampling::{Attr, Points, Term};

/// How a figure becomes the value of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// As it is.
    Whole,
    /// Clock ticks; seconds come out.
    Ticks,
    /// Microseconds; seconds come out.
    Micros,
    /// Thousandths.
    Milli,
    /// Billionths.
    Nano,
}

/// How the figures of several processes become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Combine {
    /// Added up.
    Sum,
    /// Added up, and what processes that have ended had counted stays in the sum.
    Accumulate,
    /// The largest.
    Max,
    /// Only of a single process: nothing sensible comes out of several.
    Alone,
}

/// What is known about a figure.
#[derive(Clone, Copy, Debug)]
pub(super) struct FigureDef {
    pub(super) metric: Metric,
    pub(super) attributes: &'static [(Term, Attr<'static>)],
    pub(super) scale: Scale,
    pub(super) combine: Combine,
}

/// Declares the figures, in the order of their metrics.
macro_rules! figures {
    ($($(#[doc = $doc:literal])* $Figure:ident = $Metric:ident $attributes:tt $scale:ident $combine:ident;)+) => {
        /// A number that is measured.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Figure {
            $($(#[doc = $doc])* $Figure,)+
        }

        impl Figure {
            /// All of them.
            pub(super) const ALL: &'static [Self] = &[$(Self::$Figure,)+];

            pub(super) fn definition(self) -> FigureDef {
                match self {
                    $(Self::$Figure => FigureDef {
                        metric: Metric::$Metric,
                        attributes: figures!(@attributes $attributes),
                        scale: Scale::$scale,
                        combine: Combine::$combine,
                    },)+
                }
            }
        }
    };
    (@attributes [$($key:ident = $word:literal),*]) => {
        const { &[$(($key, Attr::Word(Term::same($word))),)*] }
    };
}

figures! {
    CpuUser = CpuTime [CPU_MODE = "user"] Ticks Accumulate;
    CpuSystem = CpuTime [CPU_MODE = "system"] Ticks Accumulate;
    CpuWait = CpuTime [CPU_MODE = "wait"] Ticks Accumulate;
    UtilizationUser = CpuUtilization [CPU_MODE = "user"] Nano Sum;
    UtilizationSystem = CpuUtilization [CPU_MODE = "system"] Nano Sum;
    Resident = MemoryUsage [] Whole Sum;
    Virtual = MemoryVirtual [] Whole Sum;
    MemoryShare = MemoryUtilization [] Nano Sum;
    ReadBytes = DiskIo [DIRECTION = "read"] Whole Accumulate;
    WrittenBytes = DiskIo [DIRECTION = "write"] Whole Accumulate;
    ReadCalls = DiskOperations [DIRECTION = "read"] Whole Accumulate;
    WriteCalls = DiskOperations [DIRECTION = "write"] Whole Accumulate;
    ThreadCount = Threads [] Whole Sum;
    DescriptorCount = Descriptors [] Whole Sum;
    Voluntary = ContextSwitches [SWITCH_TYPE = "voluntary"] Whole Accumulate;
    Involuntary = ContextSwitches [SWITCH_TYPE = "involuntary"] Whole Accumulate;
    MinorFaults = PagingFaults [FAULT_TYPE = "minor"] Whole Accumulate;
    MajorFaults = PagingFaults [FAULT_TYPE = "major"] Whole Accumulate;
    PendingSignals = SignalsPending [] Whole Sum;
    /// Of the oldest, where there are several.
    Age = Uptime [] Ticks Max;
    Members = Processes [] Whole Sum;
    ChildCount = Children [] Whole Sum;
    MostDescriptors = DescriptorLimit [] Whole Alone;
    ResidentAnon = MemoryRss [MEMORY_KIND = "anon"] Whole Sum;
    ResidentFile = MemoryRss [MEMORY_KIND = "file"] Whole Sum;
    ResidentShmem = MemoryRss [MEMORY_KIND = "shmem"] Whole Sum;
    Peak = MemoryPeak [] Whole Alone;
    Swap = MemorySwap [] Whole Sum;
    Proportional = MemoryPss [] Whole Sum;
    KillScore = OomScore [] Whole Max;

    GroupUser = CgroupCpuTime [CPU_MODE = "user"] Micros Alone;
    GroupSystem = CgroupCpuTime [CPU_MODE = "system"] Micros Alone;
    GroupCpuLimit = CgroupCpuLimit [] Milli Alone;
    GroupPeriods = CgroupCpuPeriods [] Whole Alone;
    GroupThrottledPeriods = CgroupThrottledPeriods [] Whole Alone;
    GroupThrottledTime = CgroupThrottledTime [] Micros Alone;
    GroupMemory = CgroupMemoryUsage [] Whole Alone;
    GroupMemoryLimit = CgroupMemoryLimit [] Whole Alone;
    GroupLow = CgroupMemoryEvents [EVENT = "low"] Whole Alone;
    GroupHigh = CgroupMemoryEvents [EVENT = "high"] Whole Alone;
    GroupMax = CgroupMemoryEvents [EVENT = "max"] Whole Alone;
    GroupOom = CgroupMemoryEvents [EVENT = "oom"] Whole Alone;
    GroupOomKill = CgroupMemoryEvents [EVENT = "oom_kill"] Whole Alone;
    GroupPids = CgroupPids [] Whole Alone;
    GroupPidsLimit = CgroupPidsLimit [] Whole Alone;
    GroupReadBytes = CgroupDiskIo [DIRECTION = "read"] Whole Alone;
    GroupWrittenBytes = CgroupDiskIo [DIRECTION = "write"] Whole Alone;
    GroupReads = CgroupDiskOperations [DIRECTION = "read"] Whole Alone;
    GroupWrites = CgroupDiskOperations [DIRECTION = "write"] Whole Alone;
    CpuSome = CgroupPressure [RESOURCE = "cpu", STALLED = "some"] Micros Alone;
    CpuFull = CgroupPressure [RESOURCE = "cpu", STALLED = "full"] Micros Alone;
    MemorySome = CgroupPressure [RESOURCE = "memory", STALLED = "some"] Micros Alone;
    MemoryFull = CgroupPressure [RESOURCE = "memory", STALLED = "full"] Micros Alone;
    IoSome = CgroupPressure [RESOURCE = "io", STALLED = "some"] Micros Alone;
    IoFull = CgroupPressure [RESOURCE = "io", STALLED = "full"] Micros Alone;
}

const COUNT: usize = Figure::ALL.len();

/// Values of figures; each may be missing.
#[derive(Clone, Debug)]
pub(super) struct Figures([Option<u64>; COUNT]);

/// Some of the figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FigureSet(u128);

impl Default for Figures {
    fn default() -> Self {
        Self([None; COUNT])
    }
}

impl Figures {
    pub(super) fn get(&self, figure: Figure) -> Option<u64> {
        self.0.get(figure as usize).copied().flatten()
    }

    pub(super) fn set(&mut self, figure: Figure, value: impl Into<Option<u64>>) {
        if let Some(slot) = self.0.get_mut(figure as usize) {
            *slot = value.into();
        }
    }

    /// Joins those of another process to these, each in its way. `several`: there are others beside it.
    pub(super) fn join(&mut self, other: &Self, several: bool) {
        for figure in Figure::ALL {
            let joined = match (figure.definition().combine, self.get(*figure), other.get(*figure)) {
                (Combine::Alone, ..) if several => None,
                (_, mine, None) => mine,
                (_, None, theirs) => theirs,
                (Combine::Max, Some(mine), Some(theirs)) => Some(mine.max(theirs)),
                (_, Some(mine), Some(theirs)) => Some(mine.saturating_add(theirs)),
            };
            self.set(*figure, joined);
        }
    }

    /// Those of the control group alone.
    pub(super) fn of_group(&self) -> Self {
        let mut group = Self::default();
        for figure in Figure::ALL {
            if *figure as usize >= Figure::GroupUser as usize {
                group.set(*figure, self.get(*figure));
            }
        }
        group
    }

    /// Adds what a process that has ended had counted to what ended before it.
    pub(super) fn outlive(&mut self, ended: &Self) {
        for figure in Figure::ALL {
            if figure.definition().combine == Combine::Accumulate {
                let sum = self.get(*figure).unwrap_or(0) + ended.get(*figure).unwrap_or(0);
                self.set(*figure, (sum > 0).then_some(sum));
            }
        }
    }
}

impl FigureSet {
    pub(super) fn contains(self, figure: Figure) -> bool {
        self.0 & (1 << figure as usize) != 0
    }

    pub(super) fn set(&mut self, figure: Figure, is_member: bool) {
        let bit = 1 << figure as usize;
        self.0 = if is_member { self.0 | bit } else { self.0 & !bit };
    }

    /// Whether there are none.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FigureDef {
    /// Writes a point of the value.
    pub(super) fn write(&self, points: &mut Points<'_>, value: u64) {
        let scaled = |unit: f64| value as f64 / unit;
        match self.scale {
            Scale::Whole => points.add(value, self.attributes),
            Scale::Ticks => points.add(scaled(ticks_per_second() as f64), self.attributes),
            Scale::Micros => points.add(scaled(1e6), self.attributes),
            Scale::Milli => points.add(scaled(1e3), self.attributes),
            // Under its older name the Collector's share of memory is a percentage.
            Scale::Nano if self.metric == Metric::MemoryUtilization && points.is_legacy() => {
                points.add(scaled(1e7), self.attributes);
            }
            Scale::Nano => points.add(scaled(1e9), self.attributes),
        }
    }
}
