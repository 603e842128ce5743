//! From pages to OTLP, decoded with the generated types.

mod families;
mod over_time;
mod protobuf;
mod rig;
mod speed;
