//! Prometheus' names and exposition formats, both ways.

pub mod parse;
