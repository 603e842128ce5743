//! Where a receiver's data enters: room first, then work.

use std::time::Instant;

use sidelight_component::{Ack, Batch, Intake, Outcome, Payload, Receipt, Signal};

use crate::chain::Batches;
use crate::ends::{Ends, Reserved};

/// One receiver's way into the pipelines that name it, for one signal.
pub(crate) struct PipelineIntake {
    pub(crate) signal: Signal,
    pub(crate) pipelines: Ends,
}

impl Intake for PipelineIntake {
    fn submit(&self, payload: Payload, deadline: Option<Instant>) -> Result<Receipt, Outcome> {
        let (bytes, items) = (payload.len(), payload.items());
        let (ack, receipt) = Ack::new();
        let batch = Batch {
            signal: self.signal,
            payload,
            ack,
            deadline,
        };
        if items == 0 {
            // An empty request is a success (OTLP specification, "Full success").
            batch.finish(Outcome::Done);
            return Ok(receipt);
        }
        // Every destination first: nothing is refused after it went to one of two branches.
        match self.pipelines.reserve(bytes, items, &mut Reserved::new()) {
            Ok(room) => self.pipelines.hand_on(Batches::from_iter([batch]), room),
            Err(refusal) => {
                batch.finish(Outcome::Done);
                return Err(refusal);
            }
        }
        Ok(receipt)
    }
}
