//! Receivers and samples: what would become of this text? Nothing is opened or sent for the answer.

use sidelight_proto::Signal;

use crate::batch::Payload;

/// One step that a receiver took with a piece of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who took it, as the settings name it: an operator.
    pub by: String,
    /// In one line: what it did, or why it did nothing.
    pub said: String,
}

/// What a receiver makes of one record of a sample.
#[derive(Clone, Debug, Default)]
pub struct Sampled {
    /// The record as it came in.
    pub input: String,
    /// What was done with it, in order.
    pub steps: Vec<Step>,
    /// What the receiver would hand over; empty where the record is left out, or held until a later one.
    pub output: Vec<(Signal, Payload)>,
}

/// Reads samples as a receiver reads what it receives.
pub trait Sampler: Send {
    /// Reads a whole sample, such as the content of a log file, and tells what each of its records becomes.
    ///
    /// # Errors
    /// What makes it impossible to read it.
    fn read(&mut self, sample: &[u8], told: &mut dyn FnMut(Sampled)) -> Result<(), String>;
}
