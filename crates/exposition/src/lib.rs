//! Prometheus' names and exposition formats, both ways.
