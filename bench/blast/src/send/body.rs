//! A request body that can be cut into pieces: the HTTP/2 library makes a DATA frame of each, however large
//! the frames are that the receiver would take.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

pub(crate) struct Pieces {
    rest: Bytes,
    largest: usize,
}

impl Pieces {
    /// Pieces of at most `largest` bytes; 0: one piece.
    pub(crate) fn new(body: Bytes, largest: usize) -> Self {
        Self {
            largest: if largest == 0 { body.len() } else { largest },
            rest: body,
        }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let n = self.largest.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(n)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
