//! Where a receiver's data enters: room first, then work.

use std::sync::Arc;
use std::time::Instant;

use sidelight_component::{Ack, Batch, Intake, Outcome, Payload, Receipt, Signal};
use smallvec::SmallVec;

use crate::line::{Line, Room, fan_out};

/// One receiver's way into the pipelines that name it, for one signal.
pub(crate) struct PipelineIntake {
    pub(crate) signal: Signal,
    pub(crate) lines: Vec<Arc<Line>>,
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
        let mut rooms: SmallVec<[Room; 2]> = SmallVec::with_capacity(self.lines.len());
        for (i, line) in self.lines.iter().enumerate() {
            match line.reserve(bytes, items, &self.lines[..i]) {
                Ok(room) => rooms.push(room),
                Err(refusal) => {
                    line.refuse(items);
                    batch.finish(Outcome::Done);
                    return Err(refusal);
                }
            }
        }
        match (&self.lines[..], rooms.pop()) {
            ([line], Some(room)) => line.run(batch, room),
            (lines, Some(last)) => {
                rooms.push(last);
                fan_out(batch, lines.iter().zip(rooms).collect());
            }
            (_, None) => batch.finish(Outcome::Done),
        }
        Ok(receipt)
    }
}
