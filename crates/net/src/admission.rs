//! Asking for memory before it is used.
//!
//! Whoever owns the byte budget implements [`Admission`]. Every buffer that this crate fills with foreign data is
//! charged before it is filled: from the gRPC length prefix or `Content-Length`, in steps while a body without a
//! length or an inflated body grows. The charge lives in the owner of the returned [`Bytes`], so it is given back
//! when the last reference to the data goes away, however it was cloned or sliced.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;

/// A budget of bytes.
pub trait Admission: Send + Sync {
    /// Takes `bytes` from the budget, or says when to ask again. Never blocks.
    fn reserve(&self, bytes: usize) -> Result<Charge, Overloaded>;

    /// The largest buffer that could ever be granted beside another one of `held` bytes. What is larger must be
    /// refused for good: who is told to come back later would come back for ever.
    fn largest_beside(&self, held: usize) -> usize;
}

/// What a [`Charge`] holds. Dropping it gives everything back.
pub trait Hold: Send + Sync {
    /// Takes `more` bytes on top. On refusal, what is held stays held.
    fn grow(&mut self, more: usize) -> Result<(), Overloaded>;
    /// Gives back what exceeds `bytes`. Without effect when less is held.
    fn shrink_to(&mut self, bytes: usize);
}

/// Bytes taken from a budget, given back on drop.
pub type Charge = Box<dyn Hold>;

/// The budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("memory budget is used up, try again in {} ms", retry_after.as_millis())]
pub struct Overloaded {
    /// When it is worth asking again.
    pub retry_after: Duration,
}

/// No budget: everything is granted. For clients whose data is already charged, and for tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unlimited;

impl Admission for Unlimited {
    fn reserve(&self, _bytes: usize) -> Result<Charge, Overloaded> {
        Ok(Box::new(Unlimited))
    }

    fn largest_beside(&self, _held: usize) -> usize {
        usize::MAX
    }
}

impl Hold for Unlimited {
    fn grow(&mut self, _more: usize) -> Result<(), Overloaded> {
        Ok(())
    }
    fn shrink_to(&mut self, _bytes: usize) {}
}

/// A fixed number of bytes with a record of the highest use. Stands alone where no engine lends a budget.
#[derive(Debug, Clone)]
pub struct FixedBudget(Arc<FixedBudgetState>);

#[derive(Debug)]
struct FixedBudgetState {
    limit: usize,
    used: AtomicUsize,
    peak: AtomicUsize,
}

impl FixedBudget {
    /// A budget of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(FixedBudgetState {
            limit,
            used: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        }))
    }

    /// Bytes held now.
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Acquire)
    }

    /// The most bytes ever held at once.
    pub fn peak(&self) -> usize {
        self.0.peak.load(Ordering::Acquire)
    }
}

impl FixedBudgetState {
    fn take(&self, bytes: usize) -> Result<(), Overloaded> {
        let taken = self
            .used
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| {
                used.checked_add(bytes).filter(|sum| *sum <= self.limit)
            });
        match taken {
            Ok(before) => {
                self.peak.fetch_max(before + bytes, Ordering::AcqRel);
                Ok(())
            }
            Err(_) => Err(Overloaded {
                retry_after: Duration::from_secs(1),
            }),
        }
    }
}

impl Admission for FixedBudget {
    fn reserve(&self, bytes: usize) -> Result<Charge, Overloaded> {
        self.0.take(bytes)?;
        Ok(Box::new(FixedCharge {
            state: self.0.clone(),
            bytes,
        }))
    }

    fn largest_beside(&self, held: usize) -> usize {
        self.0.limit.saturating_sub(held)
    }
}

struct FixedCharge {
    state: Arc<FixedBudgetState>,
    bytes: usize,
}

impl Hold for FixedCharge {
    fn grow(&mut self, more: usize) -> Result<(), Overloaded> {
        self.state.take(more)?;
        self.bytes += more;
        Ok(())
    }

    fn shrink_to(&mut self, bytes: usize) {
        let surplus = self.bytes.saturating_sub(bytes);
        self.state.used.fetch_sub(surplus, Ordering::AcqRel);
        self.bytes -= surplus;
    }
}

impl Drop for FixedCharge {
    fn drop(&mut self) {
        self.state.used.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

/// Data together with the charge for it.
struct Charged<T> {
    data: T,
    _charge: Charge,
}

impl<T: AsRef<[u8]>> AsRef<[u8]> for Charged<T> {
    fn as_ref(&self) -> &[u8] {
        self.data.as_ref()
    }
}

/// Joins `data` and its charge; the charge is given back with the last reference to the result. Copies nothing.
pub fn charged_bytes<T: AsRef<[u8]> + Send + 'static>(data: T, charge: Charge) -> Bytes {
    Bytes::from_owner(Charged {
        data,
        _charge: charge,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charge_lives_as_long_as_the_last_slice() {
        let budget = FixedBudget::new(100);
        let charge = budget.reserve(60).expect("room");
        let bytes = charged_bytes(vec![1_u8; 60], charge);
        let slice = bytes.slice(10..20);
        drop(bytes);
        assert_eq!(budget.used(), 60);
        drop(slice);
        assert_eq!((budget.used(), budget.peak()), (0, 60));
    }

    #[test]
    fn refused_growth_keeps_what_was_held() {
        let budget = FixedBudget::new(100);
        let mut charge = budget.reserve(60).expect("room");
        assert!(charge.grow(41).is_err());
        assert_eq!(budget.used(), 60);
        charge.grow(40).expect("room");
        charge.shrink_to(30);
        assert_eq!(budget.used(), 30);
        assert!(budget.reserve(usize::MAX).is_err());
        drop(charge);
        assert_eq!(budget.used(), 0);
    }
}
