//! What takes data out: one folder per exporter, and the list of them.
//!
//! An exporter encodes one request and sends it once: see `sidelight_component::Exporter`. It is added with
//! its folder and its two lines here.

use sidelight_component::registry;

pub mod debug;
pub mod elasticsearch;
pub mod file;
pub mod nop;
pub mod otlp_grpc;
pub mod otlp_http;
pub mod prometheus;
pub mod prometheus_remote_write;

registry! { ExporterEntry: debug, elasticsearch, file, nop, otlp_grpc, otlp_http, prometheus, prometheus_remote_write }
