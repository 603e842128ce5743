//! Exit codes, as the README documents them.

use std::process::ExitCode;

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All done; a drain left nothing behind.
    Success,
    /// Something failed at start or at run time: a port in use, a file that cannot be written.
    Failure,
    /// The configuration or the command line has mistakes.
    Mistake,
    /// The drain's time was over before everything was delivered.
    Leftover,
    /// A second signal ended the program at once.
    Aborted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::Mistake => 2,
            Exit::Leftover => 3,
            Exit::Aborted => 4,
        })
    }
}
