//! Actions on attributes: what the `attributes` processor does to spans, log records and data points, and the
//! `resource` processor to resources.
//!
//! ```text
//! ActionConfig (one item of the list in pipeline.yaml) ──compile──▶ Actions ──apply──▶ AttributeEdits
//! ```
//!
//! Actions run in their order, each on what the ones before it left. Where a key stands more than once in one
//! message, which OTLP forbids and senders do, reads mean the first, and an action that writes leaves one: what
//! was to be hidden is not left behind in a second copy.

mod compiled;
mod config;
mod convert;
mod hash;
mod literal;

pub(crate) use compiled::Actions;
pub use config::{ActionConfig, ConvertedType, Verb};
pub use literal::Literal;
