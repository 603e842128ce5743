//! From pages to OTLP, decoded with the generated types.

mod families;
mod over_time;
mod property;
mod protobuf;
mod rig;
mod speed;
