//! A request body as it goes out: one buffer, or the frames it came in, or the incoming body itself.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// Bytes in one or several pieces, handed to the kernel without being joined.
pub(crate) enum Payload {
    One(Bytes),
    Many { pieces: VecDeque<Bytes>, left: usize },
}

impl Buf for Payload {
    fn remaining(&self) -> usize {
        match self {
            Self::One(b) => b.len(),
            Self::Many { left, .. } => *left,
        }
    }

    fn chunk(&self) -> &[u8] {
        match self {
            Self::One(b) => b,
            Self::Many { pieces, .. } => pieces.front().map_or(&[], |b| b),
        }
    }

    fn advance(&mut self, mut n: usize) {
        match self {
            Self::One(b) => b.advance(n),
            Self::Many { pieces, left } => {
                *left -= n;
                while n > 0 {
                    let Some(front) = pieces.front_mut() else { return };
                    if n < front.len() {
                        front.advance(n);
                        return;
                    }
                    n -= front.len();
                    pieces.pop_front();
                }
            }
        }
    }

    fn chunks_vectored<'a>(&'a self, out: &mut [IoSlice<'a>]) -> usize {
        match self {
            Self::One(b) => b.chunks_vectored(out),
            Self::Many { pieces, .. } => {
                let n = pieces.len().min(out.len());
                for (slot, piece) in out.iter_mut().zip(pieces) {
                    *slot = IoSlice::new(piece);
                }
                n
            }
        }
    }
}

/// The body of the request to the next hop.
pub(crate) enum Outgoing {
    Whole(Option<Payload>),
    Streamed(Incoming),
}

impl Body for Outgoing {
    type Data = Payload;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Payload>, hyper::Error>>> {
        match self.get_mut() {
            Self::Whole(payload) => Poll::Ready(payload.take().map(|p| Ok(Frame::data(p)))),
            Self::Streamed(body) => Pin::new(body)
                .poll_frame(cx)
                .map_ok(|frame| frame.map_data(Payload::One)),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(payload) => payload.is_none(),
            Self::Streamed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(payload) => {
                SizeHint::with_exact(payload.as_ref().map_or(0, |p| p.remaining() as u64))
            }
            Self::Streamed(body) => body.size_hint(),
        }
    }
}

/// A gRPC answer: the message in one data frame, then the trailers.
pub(crate) struct Answer {
    pub(crate) message: Option<Bytes>,
    pub(crate) trailers: Option<HeaderMap>,
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
