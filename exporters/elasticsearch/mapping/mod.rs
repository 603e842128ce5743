//! The forms of documents.

pub(super) mod ecs;
pub(super) mod otel;
pub(super) mod plain;
