//! The engine: `pipeline.yaml` to a checked graph, to running stages, to an orderly drain.
//!
//! ```text
//! document::read ──Plan──▶ Engine::start ──▶ receivers ─▶ intake ─▶ line (chain of processors) ─▶ queues
//!      ▲                                                    ▲                │
//!      │                                                    └── connector ◀──┘
//!      ▲                                                                                          │
//! sidelight-config: a tree with places                              sidelight-delivery: batch, retry, send
//! ```
//!
//! It knows components only through the contract (`sidelight-component`) and the lists in a [`Catalog`].
//! Start reading with [`document::read`] for what is checked, with `intake` for the way of a batch, and with
//! [`Engine::drain`] for how it ends.

mod build;
mod chain;
mod conflicts;
pub mod document;
mod ends;
mod engine;
mod exporters;
mod extensions;
mod host;
mod intake;
mod joins;
mod ledger;
mod line;
mod lines;
mod lone_exporter;
pub mod mistakes;
mod plan;
mod receivers;
mod rehearsal;
mod service;
mod supervision;
mod timers;
mod worker;

pub use engine::{Engine, Leftover, StartError};
pub use host::EngineHost;
pub use lone_exporter::start_exporter;
pub use plan::{Catalog, EngineSettings, PipelinePlan, Places, Plan};
pub use rehearsal::{Event, Rehearsal, Samplers};
pub use service::{EngineBlock, ServiceBlock};
