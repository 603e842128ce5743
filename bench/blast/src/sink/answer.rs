//! The sink's answers: an empty export response, or a refusal that may be retried.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame};

/// A body of at most one data frame and trailers.
#[derive(Default)]
pub(super) struct Answer {
    message: Option<Bytes>,
    trailers: Option<HeaderMap>,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(message) = self.message.take() {
            return Poll::Ready(Some(Ok(Frame::data(message))));
        }
        Poll::Ready(self.trailers.take().map(|t| Ok(Frame::trailers(t))))
    }

    fn is_end_stream(&self) -> bool {
        self.message.is_none() && self.trailers.is_none()
    }
}

/// An empty message in gRPC framing: not compressed, no bytes.
const EMPTY_MESSAGE: Bytes = Bytes::from_static(&[0; 5]);

/// An answer of Elasticsearch, whose clients want to see the name of the product.
pub(super) fn json(body: Bytes) -> Response<Answer> {
    let mut response = Response::new(Answer {
        message: Some(body),
        trailers: None,
    });
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("x-elastic-product", HeaderValue::from_static("Elasticsearch"));
    response
}

pub(super) fn answer(grpc: bool, ok: bool) -> Response<Answer> {
    let (body, content_type) = if grpc {
        let status = HeaderValue::from_static(if ok { "0" } else { "14" });
        let trailers = HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), status)]);
        (
            Answer {
                message: ok.then_some(EMPTY_MESSAGE),
                trailers: Some(trailers),
            },
            "application/grpc",
        )
    } else {
        (Answer::default(), "application/x-protobuf")
    };
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static(content_type));
    if !grpc && !ok {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}
