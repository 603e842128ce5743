#![doc = include_str!("../README.md")]

pub mod admission;
mod chunked_body;
pub mod client;
mod coalesce;
pub mod compress;
pub mod grpc;
pub mod http_body;
pub mod listener;
mod next_data;
mod reply_body;
pub mod retry_after;
pub mod server;
mod socket;
pub mod tls;

pub use chunked_body::{ChunkedBody, ChunkedData};
pub use hyper::body::Incoming;
pub use reply_body::ReplyBody;
