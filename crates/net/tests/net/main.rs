//! The crate against real peers and hostile ones, over real sockets.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod client;
mod framing;
mod hostile;
mod http;
mod otlp_server;
mod peers;
mod server;
mod tls;
