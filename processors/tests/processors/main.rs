//! The processors as the engine uses them: settings from YAML, batches in, batches out.

#![expect(clippy::expect_used, reason = "a test stops where it fails")]

mod actions;
mod against_prost;
mod batches;
mod generate;
mod generate_settings;
mod metric_lines;
mod metrics_transform;
mod metrics_transform_laws;
mod mistakes;
mod naive_actions;
mod naive_selection;
mod pipeline;
mod selection;
