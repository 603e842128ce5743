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

/// Buffers up to this size take what they hold.
const SMALL: usize = 16 << 10;

/// What a buffer of this many bytes takes of memory: allocators hand out sizes that are a quarter of a power of
/// two apart (jemalloc's size classes; others are no finer), so that 544 kB take 640 KiB. Small buffers are
/// taken as they are.
fn taken(bytes: usize) -> usize {
    if bytes <= SMALL {
        return bytes;
    }
    let step = 1_usize << ((bytes - 1).ilog2() - 2);
    bytes.checked_next_multiple_of(step).unwrap_or(usize::MAX)
}

/// The largest buffer that takes no more than `room` bytes: [`taken`] the other way round.
fn fitting(room: usize) -> usize {
    match room {
        0..=SMALL => room,
        _ => room - room % (1 << (room.ilog2() - 2)),
    }
}

/// A count of bytes with a limit, in what buffers really take. Clones share it.
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
        Self(Arc::new(Inner {
            limit,
            used: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        }))
    }

    /// The limit in bytes.
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// The largest buffer that could ever be charged beside another one of `held` bytes, with nothing else in the
    /// budget. Waiting does not help what is larger.
    pub fn largest_beside(&self, held: usize) -> usize {
        fitting(self.0.limit.saturating_sub(taken(held)))
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
        let charged = taken(bytes);
        self.take(charged)?;
        Ok(Permit {
            budget: self.clone(),
            bytes,
            charged,
        })
    }

    /// Charges `bytes` even past the limit: for the growth of data that was admitted already, which must not
    /// be refused half way (an attribute inserted, a buffer in flight re-encoded).
    pub fn charge_anyway(&self, bytes: usize) -> Permit {
        let mut permit = Permit {
            budget: self.clone(),
            bytes: 0,
            charged: 0,
        };
        permit.set(bytes);
        permit
    }

    fn take(&self, bytes: usize) -> Result<(), Overloaded> {
        let fits = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.0.limit);
        match self
            .0
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits)
        {
            Ok(before) => {
                self.note_peak(before + bytes);
                Ok(())
            }
            Err(_) => Err(Overloaded {
                retry_after: RETRY_AFTER,
            }),
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
    /// What was asked for.
    bytes: usize,
    /// What that takes.
    charged: usize,
}

impl Permit {
    /// Bytes that this permit was asked for.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Charges `more` bytes on top.
    ///
    /// # Errors
    /// [`Overloaded`] where the limit would be passed; the permit is then as it was.
    pub fn grow(&mut self, more: usize) -> Result<(), Overloaded> {
        let bytes = self.bytes.saturating_add(more);
        let charged = taken(bytes);
        self.budget.take(charged - self.charged)?;
        (self.bytes, self.charged) = (bytes, charged);
        Ok(())
    }

    /// Sets the charge to `bytes`, also past the limit (see [`Budget::charge_anyway`]).
    pub fn set(&mut self, bytes: usize) {
        let charged = taken(bytes);
        if charged > self.charged {
            let more = charged - self.charged;
            self.budget
                .note_peak(self.budget.0.used.fetch_add(more, Ordering::Relaxed) + more);
        } else {
            self.budget
                .0
                .used
                .fetch_sub(self.charged - charged, Ordering::Relaxed);
        }
        (self.bytes, self.charged) = (bytes, charged);
    }

    /// Hands the buffer and its charge to a `Bytes`: the charge ends when the last slice of it is gone.
    pub fn own(mut self, buffer: Vec<u8>) -> Bytes {
        self.set(buffer.capacity());
        Bytes::from_owner(Charged {
            buffer,
            _permit: self,
        })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.budget.0.used.fetch_sub(self.charged, Ordering::Relaxed);
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
    fn large_buffers_are_charged_with_the_size_that_the_allocator_hands_out() {
        const KIB: usize = 1 << 10;
        for (asked, taken) in [
            (1, 1),
            (16 * KIB, 16 * KIB),
            (16 * KIB + 1, 20 * KIB),
            (20 * KIB, 20 * KIB),
            (544_000, 640 * KIB),
            (1024 * KIB, 1024 * KIB),
            (1024 * KIB + 1, 1280 * KIB),
            (usize::MAX, usize::MAX),
        ] {
            assert_eq!(super::taken(asked), taken, "{asked}");
        }
        let budget = Budget::new(1 << 20);
        let mut permit = budget.charge(500 * KIB).expect("room");
        assert_eq!(budget.used(), 512 * KIB);
        permit.grow(100 * KIB).expect("room");
        assert_eq!((permit.bytes(), budget.used()), (600 * KIB, 640 * KIB));
        permit.set(3);
        assert_eq!(budget.used(), 3);
    }

    #[test]
    fn the_largest_buffer_just_fits_an_empty_budget() {
        for limit in [
            0,
            1,
            16_384,
            16_385,
            20_480,
            100_000,
            1 << 20,
            (1 << 20) + 1,
            60 << 20,
        ] {
            for held in [0, 1000, 30_000] {
                let budget = Budget::new(limit);
                let largest = budget.largest_beside(held);
                let besides = budget.charge(held);
                assert_eq!(
                    besides.is_err(),
                    held > limit.min(budget.largest_beside(0)),
                    "{limit}"
                );
                let Ok(_besides) = besides else { continue };
                assert!(budget.charge(largest).is_ok(), "{limit} beside {held}");
                assert!(budget.charge(largest + 1).is_err(), "{limit} beside {held}");
            }
        }
    }

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
