//! Unary gRPC over HTTP/2 ([protocol](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md)) without a
//! code generator: messages are bytes here.
//!
//! A server takes [`check_request`], [`read_message`] and answers with [`reply`] or [`Status::into_response`]; a
//! client sends [`unary_request`] and reads the answer with [`read_response`].

mod call;
mod framing;
mod metadata;
mod receive;
mod reply;
mod status;
mod timeout;

pub use call::{read_response, unary_request};
pub use framing::{PREFIX_LENGTH, message_prefix};
pub use metadata::{check_request, is_grpc_content_type};
pub use receive::{ReadLimits, read_message};
pub use reply::{reply, reply_empty};
pub use status::{Code, RetryInfo, Status};
pub use timeout::{format_timeout, parse_timeout};
