//! One exporter's status, made of its queues': the worst of them.

use std::sync::Arc;

use parking_lot::Mutex;
use sidelight_component::{Signal, State, StatusReporter};

/// Where the queues of one exporter say how their signal fares. Clones share it.
///
/// An exporter has one place on the status board and a queue per signal. One signal that is delivered does
/// not hide that another is not.
#[derive(Clone, Debug)]
pub struct ExporterStatus(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    reporter: StatusReporter,
    states: Mutex<[Option<State>; Signal::ALL.len()]>,
}

impl ExporterStatus {
    /// The status of the exporter that `reporter` reports for.
    pub fn new(reporter: StatusReporter) -> Self {
        Self(Arc::new(Inner {
            reporter,
            states: Mutex::default(),
        }))
    }

    /// Notes one signal's state and reports the worst of all.
    pub(crate) fn report(&self, signal: Signal, state: State) {
        let mut states = self.0.states.lock();
        states[signal as usize] = Some(state);
        let worst = states
            .iter()
            .flatten()
            .max_by_key(|state| badness(state))
            .cloned();
        // Reported under the lock, so that the board never keeps an older word than ours.
        if let Some(worst) = worst {
            self.0.reporter.report(worst);
        }
    }
}

fn badness(state: &State) -> u8 {
    match state {
        State::Stopped => 0,
        State::Ok => 1,
        State::Starting => 2,
        State::Recoverable(_) => 3,
        State::Permanent(_) => 4,
    }
}

#[cfg(test)]
mod tests {
    use sidelight_component::{Role, StatusBoard};

    use super::*;

    #[test]
    fn a_signal_that_is_delivered_does_not_hide_one_that_is_not() {
        let board = StatusBoard::default();
        let reporter = board.reporter(Role::Exporter, "otlp_grpc".parse().expect("id"));
        let status = ExporterStatus::new(reporter);
        let shown = || board.snapshot()[0].2.state.clone();
        status.report(Signal::Metrics, State::Recoverable("refused".into()));
        status.report(Signal::Traces, State::Ok);
        assert_eq!(shown(), State::Recoverable("refused".into()));
        status.report(Signal::Metrics, State::Ok);
        assert_eq!(shown(), State::Ok);
    }
}
