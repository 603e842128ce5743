//! `sidelight health`: asks a running Sidelight whether all is well, where there is no other HTTP client to do it: in a
//! container that holds nothing but the program.

use std::io::{self, Write};

use crate::arguments::HealthOptions;
use crate::commands::get::{Answer, get};
use crate::exit::Exit;

/// The most that is read of an answer, in bytes.
const LONGEST_ANSWER: u64 = 64 << 10;

/// Runs the command: the answer goes to standard output when all is well, else to standard error.
pub(crate) fn run(options: &HealthOptions) -> Exit {
    let endpoint = &options.endpoint;
    // Nobody is left to tell when these are gone; the exit code still says it.
    let (well, _) = match get(endpoint, "/", LONGEST_ANSWER) {
        Ok(Answer { is_well: true, body }) => (true, writeln!(io::stdout(), "{body}")),
        Ok(Answer { is_well: false, body }) => (false, writeln!(io::stderr(), "{body}")),
        Err(e) => (
            false,
            writeln!(
                io::stderr(),
                "cannot ask {endpoint}: {e}; is Sidelight running, with the extension `health_check` at that endpoint?"
            ),
        ),
    };
    if well { Exit::Success } else { Exit::Failure }
}
