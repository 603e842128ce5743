//! The built program beside real backends. They have to be installed, so these tests are asked for by name:
//! `tests/backends/install.sh prometheus && cargo test --test backends`

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod http;
mod processes;
mod prometheus_scrape;
