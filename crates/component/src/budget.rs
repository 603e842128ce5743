//! One budget of memory, in bytes, for everything the engine keeps of other people's data.
//!
//! The owner of a buffer holds the [`Permit`], so pinning a slice and sharing a batch between two exporters
//! are counted once and for as long as the memory is really held. At the limit the door says so: the charge
//! is refused with a wish for how long to wait, before anything was read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;

/// The budget is used up: come back later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the memory budget is used up; try again in {} ms", retry_after.as_millis())]
pub struct Overloaded {
    /// What a client is told to wait.
    pub retry_after: Duration,
}

/// Default of `service.sidelight.memory_budget`.
pub const DEFAULT_LIMIT_BYTES: usize = 64 << 20;

/// What a refused client is told to wait. Short, because the budget is freed by every delivered batch.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A count of bytes with a limit. Clones share it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: usize,
    used: AtomicUsize,
    peak: AtomicUsize,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Inner { limit, used: AtomicUsize::new(0), peak: AtomicUsize::new(0) }))
    }

    /// The limit in bytes.
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// Bytes charged now.
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// The most bytes that were charged at one time.
    pub fn peak(&self) -> usize {
        self.0.peak.load(Ordering::Relaxed)
    }

    /// Charges `bytes`, or nothing.
    ///
    /// # Errors
    /// [`Overloaded`] where the limit would be passed.
    pub fn charge(&self, bytes: usize) -> Result<Permit, Overloaded> {
        self.take(bytes)?;
        Ok(Permit { budget: self.clone(), bytes })
    }

    /// Charges `bytes` even past the limit: for the growth of data that was admitted already, which must not
    /// be refused half way (an attribute inserted, a buffer in flight re-encoded).
    pub fn charge_anyway(&self, bytes: usize) -> Permit {
        self.note_peak(self.0.used.fetch_add(bytes, Ordering::Relaxed) + bytes);
        Permit { budget: self.clone(), bytes }
    }

    fn take(&self, bytes: usize) -> Result<(), Overloaded> {
        let fits = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.0.limit);
        match self.0.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(before) => {
                self.note_peak(before + bytes);
                Ok(())
            }
            Err(_) => Err(Overloaded { retry_after: RETRY_AFTER }),
        }
    }

    fn note_peak(&self, used: usize) {
        self.0.peak.fetch_max(used, Ordering::Relaxed);
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(DEFAULT_LIMIT_BYTES)
    }
}

/// Bytes charged to a [`Budget`]; given back on drop.
#[derive(Debug)]
pub struct Permit {
    budget: Budget,
    bytes: usize,
}

impl Permit {
    /// Bytes that this permit holds.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Charges `more` bytes on top.
    ///
    /// # Errors
    /// [`Overloaded`] where the limit would be passed; the permit is then as it was.
    pub fn grow(&mut self, more: usize) -> Result<(), Overloaded> {
        self.budget.take(more)?;
        self.bytes += more;
        Ok(())
    }

    /// Sets the charge to `bytes`, also past the limit (see [`Budget::charge_anyway`]).
    pub fn set(&mut self, bytes: usize) {
        if bytes > self.bytes {
            let more = bytes - self.bytes;
            self.budget.note_peak(self.budget.0.used.fetch_add(more, Ordering::Relaxed) + more);
        } else {
            self.budget.0.used.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }

    /// Hands the buffer and its charge to a `Bytes`: the charge ends when the last slice of it is gone.
    pub fn own(mut self, buffer: Vec<u8>) -> Bytes {
        self.set(buffer.capacity());
        Bytes::from_owner(Charged { buffer, _permit: self })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.budget.0.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

struct Charged {
    buffer: Vec<u8>,
    _permit: Permit,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_past_the_limit_is_refused_and_changes_nothing() {
        let budget = Budget::new(100);
        let mut permit = budget.charge(60).expect("room");
        assert!(budget.charge(41).is_err());
        assert!(permit.grow(41).is_err());
        assert_eq!((budget.used(), permit.bytes()), (60, 60));
        permit.grow(40).expect("exactly full");
        drop(permit);
        assert_eq!((budget.used(), budget.peak()), (0, 100));
    }

    #[test]
    fn a_slice_keeps_the_whole_buffer_charged_until_it_is_gone() {
        let budget = Budget::new(1000);
        let bytes = budget.charge(10).expect("room").own(vec![0; 500]);
        assert_eq!(budget.used(), 500);
        let slice = bytes.slice(..3);
        let shared = bytes.clone();
        drop((bytes, shared));
        assert_eq!(budget.used(), 500);
        drop(slice);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn growth_of_admitted_data_is_charged_even_past_the_limit() {
        let budget = Budget::new(10);
        let permit = budget.charge_anyway(25);
        assert_eq!(budget.used(), 25);
        assert!(budget.charge(1).is_err());
        drop(permit);
        assert!(budget.charge(10).is_ok());
    }
}
