//! What flows through a pipeline: serialized OTLP, counted, with its acknowledgement.

use std::time::Instant;

use bytes::Bytes;
use sidelight_proto::Signal;
use smallvec::SmallVec;

use crate::ack::{Ack, Outcome};

/// One complete, valid, canonical OTLP export request in one allocation, and how many items it holds.
///
/// It is what [`sidelight_proto::admit`] gave or one of its encoders or rewriters wrote; views over it
/// cannot fail.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The serialized `Export…ServiceRequest`.
    pub bytes: Bytes,
    /// Spans, data points or log records in it.
    pub items: usize,
}

/// The chunks of a batch. Written one after another they are one valid export request again: protobuf joins
/// the repeated fields of concatenated messages. So merging copies nothing and cloning counts references.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    chunks: SmallVec<[Chunk; 2]>,
}

impl Payload {
    /// A payload of one chunk.
    pub fn new(chunk: Chunk) -> Self {
        Self {
            chunks: SmallVec::from_iter([chunk]),
        }
    }

    /// The chunks in order.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Adds a chunk behind the others.
    pub fn push(&mut self, chunk: Chunk) {
        self.chunks.push(chunk);
    }

    /// Adds another payload of the same signal behind this one.
    pub fn append(&mut self, other: Payload) {
        self.chunks.extend(other.chunks);
    }

    /// Serialized bytes.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|c| c.bytes.len()).sum()
    }

    /// True without a single byte. A request without items can still have bytes (a resource alone).
    pub fn is_empty(&self) -> bool {
        self.chunks.iter().all(|c| c.bytes.is_empty())
    }

    /// Spans, data points or log records.
    pub fn items(&self) -> usize {
        self.chunks.iter().map(|c| c.items).sum()
    }

    /// All of it in one buffer: the only chunk as it is, several copied together.
    pub fn to_contiguous(&self) -> Bytes {
        match &self.chunks[..] {
            [] => Bytes::new(),
            [one] => one.bytes.clone(),
            many => {
                let mut joined = Vec::with_capacity(self.len());
                many.iter().for_each(|c| joined.extend_from_slice(&c.bytes));
                joined.into()
            }
        }
    }
}

impl FromIterator<Chunk> for Payload {
    fn from_iter<I: IntoIterator<Item = Chunk>>(chunks: I) -> Self {
        Self {
            chunks: chunks.into_iter().collect(),
        }
    }
}

/// A batch on its way: it is moved, not shared. A fan-out calls [`Batch::share`].
#[derive(Debug)]
pub struct Batch {
    /// Which of the three kinds of telemetry it is.
    pub signal: Signal,
    /// The data.
    pub payload: Payload,
    /// Who waits for it. Whoever ends the batch's way resolves it, see [`Batch::finish`].
    pub ack: Ack,
    /// When the sender stops waiting. `None`: it waits as long as it takes.
    pub deadline: Option<Instant>,
}

impl Batch {
    /// Spans, data points or log records.
    pub fn items(&self) -> usize {
        self.payload.items()
    }

    /// A second batch over the same bytes, with a branch of the acknowledgement.
    #[must_use]
    pub fn share(&self) -> Self {
        Self {
            signal: self.signal,
            payload: self.payload.clone(),
            ack: self.ack.branch(),
            deadline: self.deadline,
        }
    }

    /// Ends the batch's way with an answer.
    pub fn finish(self, outcome: Outcome) {
        self.ack.resolve(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(bytes: &'static [u8], items: usize) -> Chunk {
        Chunk {
            bytes: Bytes::from_static(bytes),
            items,
        }
    }

    #[test]
    fn appending_adds_items_and_bytes_without_copying() {
        let mut payload = Payload::new(chunk(b"abc", 2));
        let first = payload.chunks()[0].bytes.as_ptr();
        payload.append(Payload::new(chunk(b"de", 1)));
        assert_eq!(
            (payload.items(), payload.len(), payload.chunks().len()),
            (3, 5, 2)
        );
        assert_eq!(payload.chunks()[0].bytes.as_ptr(), first);
        assert_eq!(&payload.to_contiguous()[..], b"abcde");
    }

    #[tokio::test]
    async fn a_shared_batch_is_done_when_both_are() {
        let (ack, receipt) = Ack::new();
        let batch = Batch {
            signal: Signal::Logs,
            payload: Payload::new(chunk(b"x", 1)),
            ack,
            deadline: None,
        };
        let other = batch.share();
        batch.finish(Outcome::Done);
        assert_eq!(receipt.settled(), None);
        other.finish(Outcome::Done);
        assert_eq!(receipt.await, Outcome::Done);
    }
}
