//! How a process ended, as far as it can be known from outside.

use super::member::Ending;
use crate::sampling::Term;

/// What made a process end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The kernel, for want of memory.
    OomKill,
    /// A signal, with its number.
    Signal(i32),
    /// An exit status other than 0.
    Error(i32),
    /// Exit status 0.
    Success,
    /// It was gone when it was looked for, and nothing tells why.
    Unknown,
}

/// Ends of one process, by cause.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Exits([u64; WORDS.len()]);

/// The causes as attributes have them.
const WORDS: [Term; 5] = [
    Term::same("oom_kill"),
    Term::same("signal"),
    Term::same("error"),
    Term::same("success"),
    Term::same("unknown"),
];

impl Cause {
    /// From what was seen of the process and of its control group.
    pub(super) fn of(ending: Ending, is_oom: bool) -> Self {
        match ending {
            _ if is_oom => Self::OomKill,
            Ending::Gone => Self::Unknown,
            // As waitpid(2) gives it: the signal in the lowest seven bits, the exit status above.
            Ending::Status(status) => match (status & 0x7f, (status >> 8) & 0xff) {
                (0, 0) => Self::Success,
                (0, code) => Self::Error(code),
                (signal, _) => Self::Signal(signal),
            },
        }
    }

    fn place(self) -> usize {
        match self {
            Self::OomKill => 0,
            Self::Signal(_) => 1,
            Self::Error(_) => 2,
            Self::Success => 3,
            Self::Unknown => 4,
        }
    }

    /// As a line on the terminal has it; `None` where there is nothing to say.
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::OomKill => Some("killed by the kernel: out of memory".to_owned()),
            Self::Signal(signal) => Some(format!("signal {signal}")),
            Self::Error(code) => Some(format!("exit status {code}")),
            Self::Success => Some("exit status 0".to_owned()),
            Self::Unknown => None,
        }
    }
}

impl Exits {
    pub(super) fn count(&mut self, cause: Cause) {
        if let Some(count) = self.0.get_mut(cause.place()) {
            *count += 1;
        }
    }

    /// All causes with their counts.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Term, u64)> {
        WORDS.into_iter().zip(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_a_signal_or_an_exit_and_a_kill_of_the_group_explains_it() {
        for (ending, is_oom, cause) in [
            (Ending::Status(0), false, Cause::Success),
            (Ending::Status(3 << 8), false, Cause::Error(3)),
            (Ending::Status(9), false, Cause::Signal(9)),
            (Ending::Status(0x80 | 11), false, Cause::Signal(11)),
            (Ending::Status(9), true, Cause::OomKill),
            (Ending::Gone, true, Cause::OomKill),
            (Ending::Gone, false, Cause::Unknown),
        ] {
            assert_eq!(Cause::of(ending, is_oom), cause, "{ending:?}");
        }
    }
}
