//! The small HTTP server behind health checks and the metrics page, on a thread of its own.
//!
//! It answers while pipelines are busy, takes no body, and keeps little: at most [`MAX_CONNECTIONS`]
//! connections of one request each. Loopback is no boundary against web pages (DNS rebinding), so every
//! request must carry a `Host` that [`AllowedHosts`] knows, before anything else is looked at.

mod bind;
mod connection;
mod hosts;
mod page;
mod places;
mod thread;

pub use bind::{BindError, Listener, listen_error};
pub use connection::Server;
pub use hosts::AllowedHosts;
pub use page::{Page, PageRequest, Pages};
pub use places::MAX_CONNECTIONS;
pub use thread::AdminThread;

#[cfg(test)]
mod tests;
