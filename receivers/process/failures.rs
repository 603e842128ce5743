//! What could not be read of processes.

use sidelight_component::metrics::{Counter, Registry};
use sidelight_component::{BuildContext, ComponentId};
use tracing::warn;

/// Something that is read of a process, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Stat,
    Statm,
    Status,
    Io,
    Descriptors,
    Links,
    Threads,
    Limits,
    SmapsRollup,
    OomScore,
    Cgroup,
}

/// Which warnings a target has had.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Warned(u32);

/// Counts what could not be read.
#[derive(Debug)]
pub(super) struct Failures {
    receiver: ComponentId,
    metrics: Registry,
}

impl Reading {
    /// Its name in warnings and in the metric.
    fn name(self) -> &'static str {
        match self {
            Self::Stat => "stat",
            Self::Statm => "statm",
            Self::Status => "status",
            Self::Io => "io",
            Self::Descriptors | Self::Links => "fd",
            Self::Threads => "task",
            Self::Limits => "limits",
            Self::SmapsRollup => "smaps_rollup",
            Self::OomScore => "oom_score",
            Self::Cgroup => "cgroup",
        }
    }

    /// What is missing without it.
    fn missing(self) -> &'static str {
        match self {
            Self::Stat => "its figures stand still",
            Self::Statm => "process.memory.* are missing",
            Self::Status => "context switches, signals and kinds of memory are missing",
            Self::Io => "process.disk.* are missing",
            Self::Descriptors => "the count of file descriptors is missing",
            Self::Links => "open files and sockets are missing",
            Self::Threads => "context switches and children are missing",
            Self::Limits => "the limit of file descriptors is missing",
            Self::SmapsRollup => "sidelight.process.memory.pss is missing",
            Self::OomScore => "sidelight.process.oom_score is missing",
            Self::Cgroup => "figures of its control group are missing",
        }
    }
}

impl Failures {
    pub(super) fn new(cx: &BuildContext) -> Self {
        Self {
            receiver: cx.id.clone(),
            metrics: cx.metrics.clone(),
        }
    }

    /// Counts a reading of the target that failed; the first of its kind is a warning.
    pub(super) fn count(&self, target: &str, warned: &mut Warned, reading: Reading, error: &std::io::Error) {
        let help = "Reads that failed; what they would have measured is missing";
        let labels = [("receiver", self.receiver.as_str()), ("read", reading.name())];
        self.metrics
            .counter("sidelight_receiver_failed_reads", help, &labels)
            .add(1);
        let bit = 1 << reading as u32;
        if warned.0 & bit != 0 {
            return;
        }
        warned.0 |= bit;
        let advice = if error.kind() == std::io::ErrorKind::PermissionDenied {
            "run Sidelight as the same user, or give it CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH; or disable these metrics"
        } else {
            "disable these metrics where this kernel does not have them"
        };
        warn!(
            component = %self.receiver,
            process = target,
            read = reading.name(),
            %error,
            "cannot be read of the process; {}. {advice}. Further failures are counted in sidelight_receiver_failed_reads",
            reading.missing()
        );
    }

    /// The counter of what a bound left out.
    pub(super) fn left_out(&self, what: &'static str) -> Counter {
        let help = "What was not looked at because there is more of it than the receiver goes through";
        let labels = [("receiver", self.receiver.as_str()), ("what", what)];
        self.metrics.counter("sidelight_process_left_out", help, &labels)
    }
}
