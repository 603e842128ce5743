//! OTLP on the wire: the payload of a batch *is* a serialized OTLP export request, and this crate is what reads, checks,
//! edits, splits and writes it. There is no object model of spans, metrics and logs.
//!
//! ```text
//!  from outside                             behind the door
//!  ───────────►  admit  ──►  views   (read: lazy, no allocation)
//!   (protobuf)     │         rewrite (edit: copies what does not change)
//!                  │         split   (several requests of one)      ──► out, byte for byte
//!   (OTLP/JSON) ─► json      encode  (write: receivers that make telemetry)
//! ```
//!
//! - [`admit`] is the door. Bytes that passed it are well-formed to full depth and canonical, so that nothing behind it has
//!   to handle errors or protobuf's merge rules.
//! - Two admitted requests of one signal, one after the other, are an admitted request: batching is appending.
//! - Field order is arbitrary, unknown fields travel along.
//!
//! What it is not for: small control messages (google.rpc.Status, RetryInfo), which `prost` types serve; transport and
//! compression; the meaning of attributes.
//!
//! Start reading at [`schema`] (what the messages are), then [`validate`] and [`views`].

pub mod encode;
pub mod json;
pub mod response;
pub mod rewrite;
pub mod schema;
mod signal;
pub mod split;
pub mod validate;
pub mod views;
pub mod wire;

pub use signal::{Signal, UnknownSignal};
pub use split::{split, split_by_bytes};
pub use validate::{Admitted, Fault, MAX_PARTS, Malformed, admit, admit_within, count_items, is_empty};
