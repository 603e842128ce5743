#![doc = include_str!("README.md")]

mod aggregate;
mod config;
mod metric;
mod number;
mod operation;
mod point;
mod request;
mod scale;
mod selection;
mod skip;
mod transform;

use sidelight_component::{
    About, Batch, Budget, BuildContext, BuildError, Chunk, Now, Out, Payload, Processor, ProcessorConfig,
    Signal,
};
use sidelight_proto::count_items;

pub use self::config::{
    Aggregation, Config, MatchType, Operation, OperationAction, SubmatchCase, Transform, TransformAction,
    ValueAction,
};
use self::skip::Skips;
use crate::rewriting::charged;

/// What the list of processors says about this one.
pub const ABOUT: About = About {
    name: "metrics_transform",
    aliases: &["metricstransform"],
    signals: &[Signal::Metrics],
    readme: include_str!("README.md"),
};

impl ProcessorConfig for Config {
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        let compile = |(nth, settings)| {
            transform::Transform::compile(settings)
                .map_err(|(setting, problem)| BuildError::at(format!("transforms.{nth}.{setting}"), problem))
        };
        let transforms = self.transforms.iter().enumerate().map(compile);
        Ok(Box::new(MetricsTransform {
            transforms: transforms.collect::<Result<_, _>>()?,
            skips: Skips::new(cx),
            budget: cx.budget.clone(),
        }))
    }
}

struct MetricsTransform {
    transforms: Vec<transform::Transform>,
    skips: Skips,
    budget: Budget,
}

impl Processor for MetricsTransform {
    fn process(&mut self, mut batch: Batch, _: Now, out: &mut Out) {
        let payload = std::mem::take(&mut batch.payload);
        let chunks = payload.chunks().iter();
        batch.payload = chunks
            .filter_map(|chunk| self.chunk(chunk, out))
            .collect::<Payload>();
        if batch.payload.is_empty() && !payload.is_empty() {
            out.filter(batch);
        } else {
            out.push(batch);
        }
    }
}

impl MetricsTransform {
    /// The chunk with its transformations; `None` where nothing is left of it.
    fn chunk(&mut self, chunk: &Chunk, out: &mut Out) -> Option<Chunk> {
        let Some(transformed) = request::transform(&chunk.bytes, &self.transforms, &mut self.skips) else {
            return Some(chunk.clone());
        };
        let items = count_items(Signal::Metrics, &transformed.bytes);
        out.created += transformed.created as u64;
        out.note_filtered((chunk.items + transformed.created).saturating_sub(items));
        let bytes = charged(transformed.bytes.into(), &self.budget);
        (!bytes.is_empty()).then_some(Chunk { bytes, items })
    }
}
