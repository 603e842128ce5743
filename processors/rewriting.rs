//! Running a rewriter over a batch: what does not change stays the same bytes, what does is charged.

use bytes::Bytes;
use sidelight_component::{Batch, Budget, Chunk, Payload};
use sidelight_proto::rewrite::{Rewriter, Rewritten, rewrite};

/// Rewrites the chunks of a batch. A chunk in which something changed becomes one new buffer, charged to the
/// budget even past its limit: the data was admitted already. The acknowledgement stays with the batch.
pub(crate) fn rewrite_batch(batch: &mut Batch, budget: &Budget, rewriter: &mut impl Rewriter) {
    let chunks = batch.payload.chunks();
    let mut changed: Option<Payload> = None;
    for (nth, chunk) in chunks.iter().enumerate() {
        match rewrite(batch.signal, &chunk.bytes, rewriter) {
            Rewritten::Unchanged => {
                if let Some(payload) = &mut changed {
                    payload.push(chunk.clone());
                }
            }
            Rewritten::Changed { bytes, dropped } => {
                let payload = changed.get_or_insert_with(|| chunks[..nth].iter().cloned().collect());
                payload.push(Chunk {
                    bytes: charged(bytes, budget),
                    items: chunk.items - dropped,
                });
            }
        }
    }
    if let Some(payload) = changed {
        batch.payload = payload;
    }
}

/// The same buffer, with its charge.
pub(crate) fn charged(bytes: Bytes, budget: &Budget) -> Bytes {
    // The rewriter's buffer has one owner: this takes it back without copying.
    let mut buffer = Vec::from(bytes);
    if buffer.len() < buffer.capacity() / 2 {
        buffer.shrink_to_fit();
    }
    budget.charge_anyway(buffer.capacity()).own(buffer)
}
