//! The client's side of a unary call.

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version, header};

use super::framing::{PREFIX_LENGTH, Prefix, message_prefix};
use super::timeout::format_timeout;
use super::{Code, Status};
use crate::admission::Unlimited;
use crate::chunked_body::ChunkedBody;
use crate::client::{Answer, MAX_ANSWER_BYTES};
use crate::compress::{Encoding, inflate};

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");
const TRAILERS: HeaderValue = HeaderValue::from_static("trailers");
const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("identity,gzip,zstd");

/// A request for `method` (`/package.Service/Method`) whose one message is the chunks end to end, not copied.
///
/// With an encoding other than identity the chunks must already be compressed, as one body of that encoding.
/// `timeout` is told to the server; whoever sends the request keeps the time.
///
/// # Errors
/// RESOURCE_EXHAUSTED for a message over 4 GiB.
pub fn unary_request(
    method: Uri,
    metadata: &HeaderMap,
    timeout: std::time::Duration,
    encoding: Encoding,
    chunks: &[Bytes],
) -> Result<Request<ChunkedBody>, Status> {
    let length = chunks.iter().map(Bytes::len).sum();
    let prefix = message_prefix(encoding != Encoding::Identity, length)?;
    let mut request = Request::new(ChunkedBody::framed(prefix, chunks.iter().cloned()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = method;
    *request.version_mut() = Version::HTTP_2;
    let headers = request.headers_mut();
    headers.reserve(metadata.len() + 5);
    headers.extend(metadata.iter().map(|(name, value)| (name.clone(), value.clone())));
    headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
    headers.insert(header::TE, TRAILERS);
    headers.insert("grpc-timeout", format_timeout(timeout));
    headers.insert("grpc-accept-encoding", ACCEPT_ENCODING);
    if encoding != Encoding::Identity {
        headers.insert("grpc-encoding", HeaderValue::from_static(encoding.name()));
    }
    Ok(request)
}

/// The message of an answer, or the status that is not OK.
///
/// An answer that is not gRPC (a proxy's error page) becomes the status that gRPC maps its HTTP status to. A message
/// without a status, or success without a message, is INTERNAL.
pub fn read_response(answer: &Answer) -> Result<Bytes, Status> {
    let status = answer
        .trailers
        .as_ref()
        .and_then(Status::read_from)
        .or_else(|| Status::read_from(&answer.headers))
        .unwrap_or_else(|| not_grpc(answer));
    if !status.is_ok() {
        return Err(status);
    }
    if !answer.status.is_success() {
        return Err(not_grpc(answer));
    }
    let mut body = answer.body.clone();
    let Some(prefix) = body.first_chunk::<PREFIX_LENGTH>().copied() else {
        return Err(Status::new(
            Code::Internal,
            "server sent success without a message",
        ));
    };
    let prefix = Prefix::parse(prefix)?;
    body.advance(PREFIX_LENGTH);
    if body.len() != prefix.length {
        return Err(Status::new(
            Code::Internal,
            "server sent a message of another length than it says",
        ));
    }
    if !prefix.compressed {
        return Ok(body);
    }
    let encoding = answer
        .headers
        .get("grpc-encoding")
        .and_then(|name| Encoding::from_name(name.as_bytes()));
    match encoding {
        None | Some(Encoding::Identity) => Err(Status::new(
            Code::Internal,
            "server sent a compressed message without a known grpc-encoding",
        )),
        Some(encoding) => inflate(encoding, &body, MAX_ANSWER_BYTES, &Unlimited).map_err(Status::from),
    }
}

fn not_grpc(answer: &Answer) -> Status {
    if answer.status.is_success() {
        return Status::new(Code::Unknown, "answer is not gRPC: it has no grpc-status");
    }
    let mut status = Status::new(
        Code::from_http(answer.status),
        format!("answer is not gRPC: HTTP {}", answer.status),
    );
    if let Some(value) = answer.headers.get(header::RETRY_AFTER)
        && let Some(delay) = crate::retry_after::parse(value, std::time::SystemTime::now())
    {
        status = status.with_retry_after(delay);
    }
    status
}
