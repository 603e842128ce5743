//! How many files and connections may be open.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the soft limit to the hard one (RLIMIT_NOFILE, getrlimit(2)), as Go's runtime does for the Collector, and
/// returns what is in force; `None` without a limit. The soft limit is 1,024 on many systems, for programs that use
/// `select`, and one listener alone takes that many connections.
pub(crate) fn raise_limit() -> Option<u64> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = rustix::process::Rlimit {
            current: limit.maximum,
            ..limit
        };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            limit = raised;
        }
    }
    limit.current
}
