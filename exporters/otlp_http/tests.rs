//! The exporter against servers that answer whatever the test says, byte for byte.

mod table;
mod wire;

use std::sync::Arc;

use sidelight_component::{Budget, Exporter};

use super::Config;

/// An exporter with these settings, and the budget that it charges.
fn exporter(settings: &str) -> (Arc<dyn Exporter>, Budget) {
    sidelight_testkit::exporter::build::<Config>("otlp_http", settings)
}
