//! The operators in their order.

use std::time::Instant;

use sidelight_component::{BuildContext, BuildError};

use crate::line::{Line, Source};
use crate::records::Records;
use crate::settings::OperatorSettings;

/// What one operator made of a record, for `sidelight explain`.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The operator's id (`regex_parser/nginx`, or its type).
    pub operator: String,
    /// In one line: what it did, or why it did nothing (a condition that was false, a pattern that did not match and
    /// how far it came).
    pub said: String,
}

/// The operators of one receiver, ready to run. It belongs to one thread; recombined records are held in it by source.
#[derive(Debug)]
pub struct Chain {}

impl Chain {
    /// Builds the operators.
    ///
    /// # Errors
    /// [`BuildError`] with the operator's place.
    pub fn build(operators: &[OperatorSettings], cx: &BuildContext) -> Result<Self, BuildError> {
        let _ = cx;
        todo!("{operators:?}")
    }

    /// Runs a line through the operators; what comes out is written into `records`.
    pub fn run(&mut self, line: Line<'_>, source: &Source, now: Instant, records: &mut Records) {
        todo!("{line:?} {source:?} {now:?} {records:?}")
    }

    /// As [`Chain::run`], and says each step.
    pub fn explain(
        &mut self,
        line: Line<'_>,
        source: &Source,
        now: Instant,
        records: &mut Records,
        steps: &mut dyn FnMut(Step),
    ) {
        let _ = steps;
        todo!("{line:?} {source:?} {now:?} {records:?}")
    }

    /// Offset of the oldest line of the source that an operator holds; a checkpoint may not pass it.
    pub fn oldest_held(&self, source: u64) -> Option<u64> {
        todo!("{source}")
    }

    /// When [`Chain::on_timer`] wants to be called.
    pub fn next_timer(&self) -> Option<Instant> {
        todo!()
    }

    /// Gives out what was held for too long.
    pub fn on_timer(&mut self, now: Instant, records: &mut Records) {
        todo!("{now:?} {records:?}")
    }

    /// Gives out everything that is held of a source (it has ended), or of all.
    pub fn flush(&mut self, source: Option<u64>, records: &mut Records) {
        todo!("{source:?} {records:?}")
    }
}
