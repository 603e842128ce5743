//! What could not be read.

use std::collections::HashMap;
use std::fmt::Display;

use sidelight_component::metrics::{Counter, Registry};
use sidelight_component::{BuildContext, ComponentId};
use tracing::warn;

/// Causes that are told apart; what comes after goes by the last of them.
const MAX_CAUSES: usize = 64;

/// Counts reads that failed and warns once of each cause: a sample every second must not be a warning every second.
#[derive(Debug)]
pub(crate) struct FailedReads {
    receiver: ComponentId,
    metrics: Registry,
    causes: HashMap<&'static str, Counter>,
}

impl FailedReads {
    /// Counts for this component.
    pub(crate) fn new(cx: &BuildContext) -> Self {
        Self {
            receiver: cx.id.clone(),
            metrics: cx.metrics.clone(),
            causes: HashMap::new(),
        }
    }

    /// Counts a failed read of `what`, a word such as `diskstats`, under `sidelight_receiver_failed_reads`. The first
    /// of its kind is a warning with `advice` (what is missing now, what to do).
    pub(crate) fn count(&mut self, what: &'static str, error: &dyn Display, advice: &str) {
        if let Some(counter) = self.causes.get(what) {
            counter.add(1);
            return;
        }
        warn!(
            component = %self.receiver,
            read = what,
            %error,
            "cannot be read; {advice}. Further failures are counted in sidelight_receiver_failed_reads"
        );
        let labels = [("receiver", self.receiver.as_str()), ("read", what)];
        let help = "Reads that failed; what they would have measured is missing";
        let counter = self
            .metrics
            .counter("sidelight_receiver_failed_reads", help, &labels);
        counter.add(1);
        if self.causes.len() < MAX_CAUSES {
            self.causes.insert(what, counter);
        }
    }
}
