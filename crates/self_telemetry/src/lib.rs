#![doc = include_str!("../README.md")]

pub mod admin;
mod aligned;
pub mod exposition;
mod install;
pub mod ledger;
pub mod logging;
mod page;
mod panics;
pub mod process;
mod resource;
pub mod settings;
pub mod summary;
pub mod traces;

pub use aligned::Aligned;
pub use install::{InstallError, Installed, install};
pub use page::{MetricSources, MetricsError, ReadLedger, serve_metrics};
pub use resource::resource;
pub use settings::TelemetrySettings;
