//! Why a command did not come to its end.

use std::io::{self, Write};

use crate::exit::Exit;

/// Why a command did not come to its end.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The configuration has mistakes, which were shown.
    Mistakes,
    /// What was asked for is not there, or cannot be looked at. A sentence.
    Refused(String),
    /// What it writes to is gone or full.
    Output(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl Stopped {
    /// With a sentence.
    pub(crate) fn refused(sentence: impl Into<String>) -> Self {
        Self::Refused(sentence.into())
    }
}

/// Says on standard error why a command stopped, if it did.
pub(crate) fn finish(ended: Result<Exit, Stopped>) -> Exit {
    match ended {
        Ok(exit) => exit,
        Err(Stopped::Mistakes) => Exit::Mistake,
        Err(Stopped::Refused(sentence)) => {
            tell(&sentence);
            Exit::Mistake
        }
        Err(Stopped::Output(error)) => {
            // Who reads the first lines alone has what they want.
            if error.kind() != io::ErrorKind::BrokenPipe {
                tell(&format!("cannot write the answer: {error}"));
            }
            Exit::Failure
        }
    }
}

/// A line on standard error.
pub(crate) fn tell(sentence: &str) {
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(io::stderr(), "sidelight: {}", sidelight_config::escaped(sentence));
}
