//! What changes, filters or holds data: one folder per processor, and the list of them.
//!
//! A processor is a plain synchronous state machine: see `sidelight_component::Processor`. It is added with
//! its folder and its two lines here.

use sidelight_component::registry;

pub mod actions;
pub mod matching;
mod patterns;
mod rewriting;
mod value_text;

pub mod attributes;
pub mod batch;
pub mod filter;
pub mod memory_limiter;
pub mod metrics_transform;
pub mod redaction;
pub mod resource;
pub mod resource_detection;

registry! { ProcessorEntry: attributes, batch, filter, memory_limiter, metrics_transform, redaction, resource, resource_detection }
