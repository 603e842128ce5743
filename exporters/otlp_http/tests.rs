//! The exporter against servers that answer whatever the test says, byte for byte.

mod rig;
mod scripted_http1;
mod table;
mod wire;
