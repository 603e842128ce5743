//! What can be seen of the engine from outside: health and the ledger.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use sidelight_component::{Health, Host, State, StatusBoard};

use sidelight_self_telemetry::ledger::Ledger;
use sidelight_self_telemetry::summary::Headlines;

use crate::ledger::LedgerSource;

const STARTING: u8 = 0;
const RUNNING: u8 = 1;
const STOPPING: u8 = 2;

/// The engine as others see it.
pub struct EngineHost {
    phase: AtomicU8,
    board: StatusBoard,
    ledger: LedgerSource,
    unhealthy_after: Duration,
}

impl EngineHost {
    pub(crate) fn new(board: StatusBoard, ledger: LedgerSource, unhealthy_after: Duration) -> Self {
        Self {
            phase: AtomicU8::new(STARTING),
            board,
            ledger,
            unhealthy_after,
        }
    }

    pub(crate) fn set_running(&self) {
        self.phase.store(RUNNING, Ordering::Release);
    }

    pub(crate) fn set_stopping(&self) {
        self.phase.store(STOPPING, Ordering::Release);
    }

    /// The ledger now.
    pub fn ledger(&self) -> Ledger {
        self.ledger.read()
    }

    /// What components see, in their own words; those that have nothing to say are left out.
    pub fn headlines(&self) -> Vec<Headlines> {
        let said = self.board.snapshot().into_iter();
        said.filter(|(_, _, status)| !status.headlines.is_empty())
            .map(|(_, id, status)| Headlines {
                component: id.to_string(),
                lines: status.headlines,
            })
            .collect()
    }

    /// Why the program is unhealthy; empty where it is well.
    fn troubles(&self) -> Vec<String> {
        let mut troubles: Vec<String> = self
            .board
            .snapshot()
            .into_iter()
            .filter_map(|(role, id, status)| {
                let lasting = status.since.elapsed();
                match status.state {
                    State::Permanent(reason) => Some(format!("{role} {id}: {reason}")),
                    State::Recoverable(reason) if lasting >= self.unhealthy_after => {
                        Some(format!("{role} {id}: for {} s: {reason}", lasting.as_secs()))
                    }
                    _ => None,
                }
            })
            .collect();
        troubles.extend(self.ledger.imbalances());
        troubles
    }
}

impl Host for EngineHost {
    fn health(&self) -> Health {
        match self.phase.load(Ordering::Acquire) {
            STARTING => Health::Starting,
            STOPPING => Health::Stopping,
            _ => match self.troubles() {
                troubles if troubles.is_empty() => Health::Ok,
                troubles => Health::Unhealthy(troubles),
            },
        }
    }
}
