//! The exporter against tonic's server with the generated services, and against servers that break rules.

mod reconnecting;
mod rig;
mod scripted_http2;
mod table;
mod wire;
