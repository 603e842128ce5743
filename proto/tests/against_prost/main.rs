//! Everything the crate does, held against the `prost` types of `opentelemetry-proto` by property tests.

mod admit;
mod append_and_split;
mod encode;
mod payloads;
mod rewrite;
mod schema;
mod scramble;
mod views;
