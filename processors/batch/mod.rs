#![doc = include_str!("README.md")]

use std::time::Duration;

use sidelight_component::sending::{BatchSettings, Sizer};
use sidelight_component::{
    ALL_SIGNALS, About, Batch, BuildContext, BuildError, Now, Out, Processor, ProcessorConfig,
};
use sidelight_config::settings;

/// What the list of processors says about this one.
pub const ABOUT: About = About {
    name: "batch",
    aliases: &[],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};

settings! {
    /// Settings of the `batch` processor.
    pub struct Config {
        /// The longest wait for a batch to fill while another one is on its way.
        timeout: Duration = Duration::from_millis(200),
        /// A batch of so many items leaves although another one is on its way.
        send_batch_size: u64 = 8192,
        /// The largest batch in items; 0 means no limit.
        send_batch_max_size: u64 = 0,
    }
    unsupported {
        "metadata_keys" => "batches are not kept apart by client metadata; use one pipeline for each",
        "metadata_cardinality_limit" => "it belongs to `metadata_keys`, which is not supported",
    }
}

impl ProcessorConfig for Config {
    fn build(&self, _: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Nothing))
    }

    fn queue_batch(&self) -> Option<BatchSettings> {
        Some(BatchSettings {
            flush_timeout: self.timeout,
            min_size: self.send_batch_size,
            max_size: self.send_batch_max_size,
            sizer: Sizer::Items,
        })
    }
}

/// What is left of the processor in the pipeline: the queue batches.
struct Nothing;

impl Processor for Nothing {
    fn process(&mut self, batch: Batch, _: Now, out: &mut Out) {
        out.push(batch);
    }
}
