//! The contract between components and the engine.
//!
//! Everyone depends on this crate and it depends on nobody but the wire model and the settings: a receiver,
//! processor or exporter knows what is here, never the engine that runs it and never another component.
//!
//! ```text
//! receiver ──Output──▶ engine ──Processor::process──▶ … ──▶ sending queue ──Exporter::send──▶ destination
//!     ▲                                                          │                  │
//!     └────────────────── Receipt ◀── Ack (worst of all branches) ◀─────────────────┘
//! ```
//!
//! Start with [`Batch`] (what flows), [`Ack`] (who waits for it), then the trait of the role at hand:
//! [`Receiver`], [`Processor`], [`Connector`](ConnectorConfig), [`Exporter`], [`Extension`]. [`mod@registry`] is how the engine learns what
//! components there are.

mod ack;
mod batch;
mod beside;
mod budget;
mod clock;
mod connector;
mod context;
mod exporter;
mod extension;
mod grouped;
mod id;
pub mod metrics;
mod output;
mod panics;
mod private_directory;
mod processor;
mod receiver;
pub mod registry;
mod sample;
mod seldom;
pub mod sending;
mod status;
mod storage;

pub use ack::{Ack, Outcome, Receipt, lost_branches, with_branch_kept};
pub use async_trait::async_trait;
pub use batch::{Batch, Chunk, Payload};
pub use beside::{beside_the_workers, is_beside_the_workers};
pub use budget::{Budget, DEFAULT_LIMIT_BYTES, Overloaded, Permit};
pub use clock::{Clock, Now};
pub use connector::ConnectorConfig;
pub use context::{BuildContext, BuildError, DrainSignal, DrainTrigger, Resource, drain_signal};
pub use exporter::{Exporter, ExporterConfig, Request, Sent};
pub use extension::{Extension, ExtensionConfig, Health, Host};
pub use grouped::grouped;
pub use id::{ComponentId, InvalidId, PipelineId, Role};
pub use output::{Intake, Output, Outputs, items_noun};
pub use panics::{Panicked, Panics, panic_message};
pub use private_directory::{check_private_directory, make_private_directory};
pub use processor::{AckBehaviour, Load, Out, Processor, ProcessorConfig, Sharding};
pub use receiver::{Receiver, ReceiverConfig, ReceiverError};
pub use registry::{ALL_SIGNALS, About};
pub use sample::{Sampled, Sampler, Step};
pub use seldom::Seldom;
pub use sidelight_proto::Signal;
pub use status::{State, Status, StatusBoard, StatusReporter};
pub use storage::{Durability, QueueFolder, StorageSettings, exporter_of};
