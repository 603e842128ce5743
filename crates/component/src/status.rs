//! How each component is, as it says itself. Health and the terminal summary read it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use crate::id::{ComponentId, Role};

/// The state of one component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Built, not running yet.
    Starting,
    /// Works.
    Ok,
    /// Does not work now and goes on trying: a backend refuses, a file is not there.
    Recoverable(Arc<str>),
    /// Does not work and will not until somebody does something; the rest of the program goes on.
    Permanent(Arc<str>),
    /// Stopped on request.
    Stopped,
}

/// A state and since when it is so.
#[derive(Clone, Debug)]
pub struct Status {
    /// The state.
    pub state: State,
    /// When this kind of state began; another reason for the same kind does not count as a beginning.
    pub since: Instant,
    /// What it sees, in lines for the terminal: `trading-app  up 3h04m  cpu 12.1 %`.
    pub headlines: Arc<[String]>,
}

/// The status of all components. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct StatusBoard(Arc<Mutex<BTreeMap<(Role, ComponentId), Status>>>);

impl StatusBoard {
    /// The place where one component reports. Who is not known yet is starting.
    pub fn reporter(&self, role: Role, id: ComponentId) -> StatusReporter {
        let reporter = StatusReporter {
            board: self.clone(),
            role,
            id,
        };
        let is_known = self.0.lock().contains_key(&(role, reporter.id.clone()));
        if !is_known {
            reporter.report(State::Starting);
        }
        reporter
    }

    /// Everyone's status.
    pub fn snapshot(&self) -> Vec<(Role, ComponentId, Status)> {
        self.0
            .lock()
            .iter()
            .map(|((role, id), status)| (*role, id.clone(), status.clone()))
            .collect()
    }
}

/// One component's place on the [`StatusBoard`].
#[derive(Clone, Debug)]
pub struct StatusReporter {
    board: StatusBoard,
    role: Role,
    id: ComponentId,
}

impl StatusReporter {
    /// The component's role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Says how the component is from now on. Returns whether the kind of state changed.
    pub fn report(&self, state: State) -> bool {
        let mut board = self.board.0.lock();
        match board.get_mut(&(self.role, self.id.clone())) {
            Some(status) => {
                let changed = std::mem::discriminant(&status.state) != std::mem::discriminant(&state);
                if changed {
                    status.since = Instant::now();
                }
                status.state = state;
                changed
            }
            None => {
                board.insert(
                    (self.role, self.id.clone()),
                    Status {
                        state,
                        since: Instant::now(),
                        headlines: Arc::default(),
                    },
                );
                true
            }
        }
    }

    /// Says in a few lines what the component sees now, for the summary on the terminal; they replace those
    /// before.
    pub fn headlines(&self, lines: impl Into<Arc<[String]>>) {
        if let Some(status) = self.board.0.lock().get_mut(&(self.role, self.id.clone())) {
            status.headlines = lines.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_reason_for_the_same_trouble_does_not_restart_its_clock() {
        let board = StatusBoard::default();
        let reporter = board.reporter(Role::Exporter, "otlp_grpc".parse().expect("id"));
        assert!(reporter.report(State::Recoverable("refused".into())));
        let since = board.snapshot()[0].2.since;
        assert!(!reporter.report(State::Recoverable("timed out".into())));
        assert_eq!(board.snapshot()[0].2.since, since);
        assert!(reporter.report(State::Ok));
    }

    #[test]
    fn headlines_stay_until_the_next_whatever_the_state_does() {
        let board = StatusBoard::default();
        let reporter = board.reporter(Role::Receiver, "process".parse().expect("id"));
        let shown = || board.snapshot()[0].2.headlines.to_vec();
        assert!(shown().is_empty());
        reporter.headlines(["app  up 1s".to_owned(), "db  up 1s".to_owned()]);
        reporter.report(State::Ok);
        assert_eq!(shown(), ["app  up 1s", "db  up 1s"]);
        reporter.headlines(["app  up 2s".to_owned()]);
        assert_eq!(shown(), ["app  up 2s"]);
    }
}
