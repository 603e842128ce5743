//! The body of an answer: nothing, one piece, one piece with trailers, or a stream.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// The body of a server's answer. It cannot fail.
pub struct ReplyBody(Inner);

enum Inner {
    Pieces {
        data: Option<Bytes>,
        trailers: Option<Box<HeaderMap>>,
    },
    Stream(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
}

impl ReplyBody {
    /// No body.
    pub const fn empty() -> Self {
        Self(Inner::Pieces {
            data: None,
            trailers: None,
        })
    }

    /// One piece of known length.
    pub fn full(data: impl Into<Bytes>) -> Self {
        let data = Some(data.into()).filter(|data| !data.is_empty());
        Self(Inner::Pieces { data, trailers: None })
    }

    /// One piece, then trailers.
    pub fn with_trailers(data: Bytes, trailers: HeaderMap) -> Self {
        Self(Inner::Pieces {
            data: Some(data),
            trailers: Some(Box::new(trailers)),
        })
    }

    /// Pieces as they come, for answers that are long or never end. The producer bounds what it holds.
    pub fn stream(pieces: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        Self(Inner::Stream(Box::pin(pieces)))
    }
}

impl Default for ReplyBody {
    fn default() -> Self {
        Self::empty()
    }
}

impl std::fmt::Debug for ReplyBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let length = match &self.0 {
            Inner::Pieces { data, .. } => data.as_ref().map_or(0, Bytes::len).to_string(),
            Inner::Stream(_) => "stream".to_owned(),
        };
        f.debug_tuple("ReplyBody").field(&length).finish()
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Inner::Pieces { data, trailers } => Poll::Ready(match data.take() {
                Some(data) => Some(Ok(Frame::data(data))),
                None => trailers.take().map(|trailers| Ok(Frame::trailers(*trailers))),
            }),
            Inner::Stream(pieces) => pieces
                .as_mut()
                .poll_next(context)
                .map(|piece| piece.map(|data| Ok(Frame::data(data)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(
            &self.0,
            Inner::Pieces {
                data: None,
                trailers: None
            }
        )
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Pieces { data, .. } => SizeHint::with_exact(data.as_ref().map_or(0, Bytes::len) as u64),
            Inner::Stream(_) => SizeHint::default(),
        }
    }
}
