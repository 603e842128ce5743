//! What joins pipelines: one folder per connector, and the list of them.
//!
//! A connector is a plain synchronous state machine, as a processor is: see `sidelight_component::ConnectorConfig`. It is
//! added with its folder and its two lines here.

use sidelight_component::registry;

pub mod forward;
pub mod log_metrics;

registry! { ConnectorEntry: forward, log_metrics }
