//! Reading an answer to its end.

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, StatusCode, header};
use http_body::Body;

use super::error::{SendError, SendErrorKind, chain};

/// A complete answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, at most [`MAX_ANSWER_BYTES`], not decompressed.
    pub body: Bytes,
    /// The trailers, where there were some.
    pub trailers: Option<HeaderMap>,
}

/// The largest answer (OTLP specification: clients limit what they read).
pub const MAX_ANSWER_BYTES: usize = 4 << 20;

pub(super) async fn read<B>(response: Response<B>) -> Result<Answer, SendError>
where
    B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
{
    let (parts, mut incoming) = response.into_parts();
    let announced = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > MAX_ANSWER_BYTES as u64) {
        return Err(too_large());
    }
    let (mut first, mut rest, mut trailers) = (Bytes::new(), BytesMut::new(), None);
    while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut incoming).poll_frame(context)).await
    {
        let frame = frame.map_err(|error| SendError::sent(SendErrorKind::Broken, chain(&error)))?;
        match frame.into_data() {
            Ok(data) if first.len() + rest.len() + data.len() > MAX_ANSWER_BYTES => return Err(too_large()),
            // Nearly always the only one, which then needs no copy.
            Ok(data) if first.is_empty() => first = data,
            Ok(data) => rest.extend_from_slice(&data),
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    let body = match rest.is_empty() {
        true => first,
        false => [first, rest.freeze()].concat().into(),
    };
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body,
        trailers,
    })
}

fn too_large() -> SendError {
    SendError::sent(
        SendErrorKind::AnswerTooLarge,
        format!("more than {MAX_ANSWER_BYTES} bytes"),
    )
}
