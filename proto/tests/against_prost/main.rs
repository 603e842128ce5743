//! Everything the crate does, held against the `prost` types of `opentelemetry-proto` by property tests.

#![expect(clippy::expect_used, reason = "a test stops where it fails")]

mod admit;
mod append_and_split;
mod cuts;
mod edits;
mod encode;
mod payloads;
mod rewrite;
mod schema;
mod scramble;
mod shown;
mod views;
