//! The growing, charged buffer that inflated data goes into.

use bytes::Bytes;

use super::InflateError;
use crate::admission::{Admission, Charge, Overloaded, charged_bytes};

/// The first buffer when nothing is known about the size.
const LEAST_BYTES: usize = 4 * 1024;

/// A buffer whose capacity is charged before it is allocated and never exceeds the limit.
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    charge: Charge,
    limit: usize,
}

impl Output {
    /// Room for `hint` bytes (at least 4 KiB), at most `limit`.
    pub(super) fn new(hint: usize, limit: usize, admission: &dyn Admission) -> Result<Self, Overloaded> {
        let capacity = hint.max(LEAST_BYTES).min(limit);
        let charge = admission.reserve(capacity)?;
        Ok(Self {
            bytes: Vec::with_capacity(capacity),
            charge,
            limit,
        })
    }

    /// Doubles the room, keeping the data, or says that the limit is reached.
    pub(super) fn grow(&mut self) -> Result<(), InflateError> {
        let old = self.bytes.capacity();
        if old >= self.limit {
            return Err(InflateError::TooLarge { limit: self.limit });
        }
        let new = old.saturating_mul(2).max(LEAST_BYTES).min(self.limit);
        self.charge.grow(new - old)?;
        self.bytes.reserve_exact(new - self.bytes.len());
        Ok(())
    }

    /// Gives back what was not needed.
    pub(super) fn finish(mut self) -> Bytes {
        self.bytes.shrink_to_fit();
        self.charge.shrink_to(self.bytes.capacity());
        charged_bytes(self.bytes, self.charge)
    }
}
