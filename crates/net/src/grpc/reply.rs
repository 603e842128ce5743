//! Answers of a server.

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Response, header};

use super::framing::{PREFIX_LENGTH, message_prefix};
use super::{Code, Status};
use crate::reply_body::ReplyBody;

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");
/// An empty message: every OTLP export response without a partial success.
const EMPTY_MESSAGE: Bytes = Bytes::from_static(&[0; PREFIX_LENGTH]);

/// Success with `message` as the answer. The message is copied once, behind its prefix: answers are small.
pub fn reply(message: &[u8]) -> Response<ReplyBody> {
    match message_prefix(false, message.len()) {
        Ok(prefix) => {
            let mut framed = BytesMut::with_capacity(PREFIX_LENGTH + message.len());
            framed.put_slice(&prefix);
            framed.put_slice(message);
            success(framed.freeze())
        }
        Err(status) => status.into_response(),
    }
}

/// Success with an empty message; allocates nothing for the body.
pub fn reply_empty() -> Response<ReplyBody> {
    success(EMPTY_MESSAGE)
}

fn success(framed: Bytes) -> Response<ReplyBody> {
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let mut response = Response::new(ReplyBody::with_trailers(framed, trailers));
    response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
    response
}

impl Status {
    /// An answer that is this status alone ("trailers only"); for [`Code::Ok`] an empty message comes with it.
    pub fn into_response(self) -> Response<ReplyBody> {
        if self.code == Code::Ok {
            return reply_empty();
        }
        let mut response = Response::new(ReplyBody::empty());
        response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
        self.write_to(response.headers_mut());
        response
    }
}
