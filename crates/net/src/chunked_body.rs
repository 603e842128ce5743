//! The body of a client's request: a list of chunks, sent as they are.

use std::convert::Infallible;
use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

use crate::grpc::PREFIX_LENGTH;

/// A request body made of chunks. Cloning counts references, so a request can be sent again.
///
/// All chunks go out as **one** piece of data: HTTP/2 then cuts frames of the peer's maximum size across chunk
/// borders and hands the chunks to the kernel with one vectored write, without copying.
#[derive(Debug, Clone, Default)]
pub struct ChunkedBody {
    data: Option<ChunkedData>,
}

impl ChunkedBody {
    /// The chunks one after the other. Empty chunks are left out.
    pub fn new(chunks: impl IntoIterator<Item = Bytes>) -> Self {
        Self::with_prefix(&[], chunks)
    }

    /// The same behind a gRPC message prefix.
    pub(crate) fn framed(prefix: [u8; PREFIX_LENGTH], chunks: impl IntoIterator<Item = Bytes>) -> Self {
        Self::with_prefix(&prefix, chunks)
    }

    fn with_prefix(prefix: &[u8], chunks: impl IntoIterator<Item = Bytes>) -> Self {
        let prefix = Some(prefix)
            .filter(|prefix| !prefix.is_empty())
            .map(Bytes::copy_from_slice);
        let chunks: Arc<[Bytes]> = prefix
            .into_iter()
            .chain(chunks)
            .filter(|chunk| !chunk.is_empty())
            .collect();
        let remaining = chunks.iter().map(Bytes::len).sum();
        let data = ChunkedData {
            chunks,
            next: 0,
            offset: 0,
            remaining,
        };
        Self {
            data: Some(data).filter(|data| data.remaining > 0),
        }
    }

    /// Bytes to send.
    pub fn len(&self) -> usize {
        self.data.as_ref().map_or(0, |data| data.remaining)
    }

    /// The one piece of data; `None` where there is nothing to send.
    pub(crate) fn into_data(self) -> Option<ChunkedData> {
        self.data
    }

    /// True when there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.data.is_none()
    }
}

impl From<Bytes> for ChunkedBody {
    fn from(bytes: Bytes) -> Self {
        Self::new([bytes])
    }
}

impl Body for ChunkedBody {
    type Data = ChunkedData;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<ChunkedData>, Infallible>>> {
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len() as u64)
    }
}

/// A cursor over chunks.
#[derive(Debug, Clone)]
pub struct ChunkedData {
    chunks: Arc<[Bytes]>,
    next: usize,
    offset: usize,
    remaining: usize,
}

impl Buf for ChunkedData {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        self.chunks
            .get(self.next)
            .map_or(&[], |chunk| &chunk[self.offset..])
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let rest = self.chunks.get(self.next..).unwrap_or_default();
        let mut filled = 0;
        for (slot, chunk) in slices.iter_mut().zip(rest) {
            let skip = if filled == 0 { self.offset } else { 0 };
            *slot = IoSlice::new(&chunk[skip..]);
            filled += 1;
        }
        filled
    }

    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.remaining, "advanced beyond the end");
        self.remaining -= count;
        while count > 0 {
            let left = self.chunks[self.next].len() - self.offset;
            if count < left {
                self.offset += count;
                return;
            }
            count -= left;
            self.next += 1;
            self.offset = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn chunks_come_out_as_they_went_in(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..9),
            steps in prop::collection::vec(0..12_usize, 0..60),
        ) {
            let whole = chunks.concat();
            let body = ChunkedBody::new(chunks.into_iter().map(Bytes::from));
            prop_assert_eq!(body.len(), whole.len());
            let Some(mut data) = body.data else { return Ok(()) };
            let mut at = 0;
            for step in steps {
                let mut slices = [IoSlice::new(&[]); 4];
                let filled = data.chunks_vectored(&mut slices);
                let seen: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
                prop_assert!(whole[at..].starts_with(&seen));
                prop_assert!(whole[at..].starts_with(data.chunk()));
                prop_assert_eq!(data.chunk().is_empty(), at == whole.len());
                let step = step.min(data.remaining());
                data.advance(step);
                at += step;
                prop_assert_eq!(data.remaining(), whole.len() - at);
            }
        }
    }
}
