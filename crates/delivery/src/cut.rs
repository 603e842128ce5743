//! Cuts a payload in two or more: between its chunks where that will do, else inside a chunk between two
//! items.
//!
//! A cut inside a resource repeats the resource on both sides. Whoever sends a resource of megabytes with
//! thousands of items could make that very much; so what cutting may add to one batch is bounded by its
//! [`Allowance`]. Pieces are made by halves, so that the bytes copied grow with n log n.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use sidelight_component::{Budget, Chunk, Payload, Permit, Signal};

use crate::part::Size;

/// Cutting one batch may add three times its size …
const TIMES_ORIGINAL: usize = 3;

/// … or this where that is more, so that small batches can always be cut to their items.
const ALWAYS_ALLOWED_BYTES: usize = 1 << 20;

/// Bytes that cutting may still add to one batch. Shared by all its pieces.
#[derive(Clone, Debug)]
pub(crate) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    pub(crate) fn for_batch(bytes: usize) -> Self {
        let bytes = bytes.saturating_mul(TIMES_ORIGINAL).max(ALWAYS_ALLOWED_BYTES);
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    fn take(&self, bytes: usize) -> bool {
        let take = |left: usize| left.checked_sub(bytes);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }
}

/// Cuts payloads of one signal. What a cut copies is charged to the memory budget.
#[derive(Clone, Debug)]
pub(crate) struct Cutter {
    pub(crate) signal: Signal,
    pub(crate) budget: Budget,
}

impl Cutter {
    /// Pieces of at most `max_items` and `max_bytes`, in order. A piece is larger where it is a single item
    /// or the allowance is used up.
    pub(crate) fn pieces(&self, whole: Payload, max: Size, allowance: &Allowance) -> Vec<Payload> {
        let mut pieces = Vec::new();
        // The next one last. Every cut about halves the items, so that the stack stays small.
        let mut pending = vec![whole];
        while let Some(payload) = pending.pop() {
            let cut = cut_at(Size::of(&payload), max).and_then(|at| self.at_item(&payload, at, allowance));
            match cut {
                Some([first, second]) => pending.extend([second, first]),
                None => pieces.push(payload),
            }
        }
        pieces
    }

    /// The first `at` items and the rest. `None` unless both get at least one, and where the allowance is
    /// used up.
    pub(crate) fn at_item(
        &self,
        payload: &Payload,
        at: usize,
        allowance: &Allowance,
    ) -> Option<[Payload; 2]> {
        if at == 0 || at >= payload.items() {
            return None;
        }
        let (mut first, mut second) = (Payload::default(), Payload::default());
        let mut missing = at;
        for chunk in payload.chunks() {
            if missing == 0 {
                second.push(chunk.clone());
            } else if chunk.items <= missing {
                missing -= chunk.items;
                first.push(chunk.clone());
            } else {
                let [head, tail] = self.cut_chunk(chunk, missing, allowance)?;
                missing = 0;
                first.push(head);
                second.push(tail);
            }
        }
        Some([first, second])
    }

    fn cut_chunk(&self, chunk: &Chunk, at: usize, allowance: &Allowance) -> Option<[Chunk; 2]> {
        let (head, tail) = sidelight_proto::split(self.signal, &chunk.bytes, at);
        if !allowance.take((head.len() + tail.len()).saturating_sub(chunk.bytes.len())) {
            return None;
        }
        let charged = |bytes| self.charged(bytes, &chunk.bytes);
        Some([
            Chunk {
                bytes: charged(head),
                items: at,
            },
            Chunk {
                bytes: charged(tail),
                items: chunk.items - at,
            },
        ])
    }

    /// A slice of the original is charged by its owner already; a copy is charged here.
    fn charged(&self, bytes: Bytes, original: &Bytes) -> Bytes {
        if bytes.is_empty() || original.as_ptr_range().contains(&bytes.as_ptr()) {
            return bytes;
        }
        let permit = self.budget.charge_anyway(bytes.len());
        Bytes::from_owner(Copied {
            bytes,
            _permit: permit,
        })
    }
}

/// Where to cut something that is too large; `None` where it is not, or is a single item. Near the middle,
/// and at a multiple of the largest number of items, so that all pieces but the last are full.
fn cut_at(size: Size, max: Size) -> Option<usize> {
    let by_items = size.items.div_ceil(max.items.max(1));
    let by_bytes = size.bytes.div_ceil(max.bytes.max(1)).min(size.items);
    if size.items < 2 || by_items.max(by_bytes) < 2 {
        return None;
    }
    let at = if by_items >= by_bytes {
        by_items / 2 * max.items.max(1)
    } else {
        (size.items as u128 * (by_bytes / 2) as u128 / by_bytes as u128) as usize
    };
    Some(at.clamp(1, size.items - 1))
}

struct Copied {
    bytes: Bytes,
    _permit: Permit,
}

impl AsRef<[u8]> for Copied {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
