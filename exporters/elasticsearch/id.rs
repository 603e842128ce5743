//! Ids of documents: what makes it harmless to send one twice.

use sha2::{Digest, Sha256};

/// Makes ids of what a document is made of.
#[derive(Debug)]
pub(super) struct Hasher {
    /// Resource and scope, hashed once for all their items.
    group: Sha256,
}

/// Bytes of an id: 128 bits, so that two of 10^15 documents share one with a chance of 10^-9.
pub(super) const ID_BYTES: usize = 16;

impl Hasher {
    /// For the items of one resource and scope.
    pub(super) fn of_group(resource: &[u8], scope: &[u8]) -> Self {
        let mut group = Sha256::new();
        for bytes in [resource, scope] {
            group.update((bytes.len() as u64).to_le_bytes());
            group.update(bytes);
        }
        Self { group }
    }

    /// Of the `nth` document that is made of an item.
    pub(super) fn id(&self, item: &[u8], nth: u32) -> [u8; ID_BYTES] {
        let mut hash = self.group.clone();
        hash.update(nth.to_le_bytes());
        hash.update(item);
        first_bytes(hash)
    }
}

/// The first bytes of what was hashed.
pub(super) fn first_bytes<const N: usize>(hash: Sha256) -> [u8; N] {
    let mut bytes = [0; N];
    bytes
        .iter_mut()
        .zip(hash.finalize())
        .for_each(|(to, from)| *to = from);
    bytes
}
