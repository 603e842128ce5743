//! Acknowledgement travels with the data.
//!
//! Whoever brings data into the engine makes an [`Ack`] and keeps its [`Receipt`]. The `Ack` goes with the
//! batch; it is branched where the batch is shared or split, and every branch is resolved exactly once by
//! whoever ends that branch's way: delivered, stored durably, refused for now, or dropped with a reason.
//! When the last branch is resolved the receipt yields the worst of the answers.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;

/// What became of a batch, or of one branch of it. Ordered from best to worst: when branches disagree the
/// worst answer is given to the sender.
///
/// `Retry` is worse than `Rejected`: with one branch refused for now and another refused for good, only a
/// repetition can still deliver the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Delivered, stored durably, or left out on purpose by a processor.
    Done,
    /// Delivered, but the destination did not take `rejected` of the items and will never take them.
    Partial {
        /// Items that the destination refused for good.
        rejected: u64,
        /// The destination's words.
        reason: Arc<str>,
    },
    /// Refused for good; sending it again would be refused again.
    Rejected {
        /// Who refused it, and why.
        reason: Arc<str>,
    },
    /// Refused for now; sending it again later can succeed.
    Retry {
        /// How long the sender is asked to wait; `None` leaves it to the sender's own backoff.
        after: Option<Duration>,
        /// Who refused it, and why.
        reason: Arc<str>,
    },
}

impl Outcome {
    /// Refused for now, without a wish for how long to wait.
    pub fn retry(reason: impl Into<Arc<str>>) -> Self {
        Self::Retry {
            after: None,
            reason: reason.into(),
        }
    }

    /// Refused for good.
    pub fn rejected(reason: impl Into<Arc<str>>) -> Self {
        Self::Rejected {
            reason: reason.into(),
        }
    }

    /// True where sending the same data again later can succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Retry { .. })
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Partial { .. } => 1,
            Self::Rejected { .. } => 2,
            Self::Retry { .. } => 3,
        }
    }

    /// The answer to a sender of so many items. Several destinations may each have refused the same ones.
    #[must_use]
    pub fn of_items(self, items: usize) -> Self {
        match self {
            Self::Partial { rejected, reason } => Self::Partial {
                rejected: rejected.min(items as u64),
                reason,
            },
            other => other,
        }
    }

    /// The worse of two answers. Rejected items of two partial answers add up; of two waits the longer wins.
    pub fn worst(self, other: Self) -> Self {
        match (self, other) {
            (Self::Partial { rejected: a, reason }, Self::Partial { rejected: b, .. }) => Self::Partial {
                rejected: a + b,
                reason,
            },
            (Self::Retry { after: a, reason }, Self::Retry { after: b, .. }) => Self::Retry {
                after: a.max(b),
                reason,
            },
            (a, b) => {
                if b.rank() > a.rank() {
                    b
                } else {
                    a
                }
            }
        }
    }
}

/// Branches that were dropped without an answer since the program started. Zero in a correct program; the
/// ledger shows it as `lost`.
pub fn lost_branches() -> u64 {
    LOST.load(Ordering::Relaxed)
}

static LOST: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
struct Core {
    /// Branches not resolved yet.
    pending: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    worst: Outcome,
    finished: bool,
    waker: Option<Waker>,
}

impl Core {
    fn release(&self, outcome: Option<Outcome>) {
        if let Some(outcome) = outcome
            && outcome != Outcome::Done
        {
            let mut state = self.state.lock();
            let worst = std::mem::replace(&mut state.worst, Outcome::Done);
            state.worst = worst.worst(outcome);
        }
        if self.pending.fetch_sub(1, Ordering::AcqRel) == 1 {
            let waker = {
                let mut state = self.state.lock();
                state.finished = true;
                state.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// One branch of a batch's acknowledgement. Resolve it exactly once.
///
/// Dropping it unresolved answers [`Outcome::Retry`] and counts as [`lost_branches`], so that a bug shows as
/// a refused batch and a red ledger and never as silent loss. While a thread unwinds from a panic the branch
/// is released silently: the engine holds a branch of its own over every call into a component and decides.
#[derive(Debug)]
pub struct Ack(Option<Arc<Core>>);

impl Ack {
    /// A new acknowledgement with one branch, and the receipt that yields its outcome.
    pub fn new() -> (Self, Receipt) {
        let state = State {
            worst: Outcome::Done,
            finished: false,
            waker: None,
        };
        let core = Arc::new(Core {
            pending: AtomicUsize::new(1),
            state: Mutex::new(state),
        });
        (Self(Some(core.clone())), Receipt(core))
    }

    /// An acknowledgement that nobody waits for: data made inside the engine.
    pub fn unattended() -> Self {
        Self(None)
    }

    /// One more branch: the receipt now also waits for it.
    #[must_use]
    pub fn branch(&self) -> Self {
        if let Some(core) = &self.0 {
            core.pending.fetch_add(1, Ordering::Relaxed);
        }
        Self(self.0.clone())
    }

    /// Ends this branch with an answer.
    pub fn resolve(mut self, outcome: Outcome) {
        if let Some(core) = self.0.take() {
            core.release(Some(outcome));
        }
    }

    /// True where the one who waited has gone away: nobody will see the answer.
    pub fn is_abandoned(&self) -> bool {
        match &self.0 {
            // Every live branch holds one reference, the receipt one more.
            Some(core) => Arc::strong_count(core) <= core.pending.load(Ordering::Acquire),
            None => true,
        }
    }
}

thread_local! {
    static BRANCH_IS_KEPT: Cell<bool> = const { Cell::new(false) };
}

/// Calls a component with a batch of which the caller keeps a branch: where the call panics, what it had in hand ends
/// without an answer of its own, for the caller gives the batch another try. Outside of such a call what dies in a panic
/// is answered "send it again".
pub fn with_branch_kept<T>(call: impl FnOnce() -> T) -> T {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            BRANCH_IS_KEPT.set(self.0);
        }
    }
    let _before = Before(BRANCH_IS_KEPT.replace(true));
    call()
}

impl Drop for Ack {
    fn drop(&mut self) {
        let Some(core) = self.0.take() else { return };
        if std::thread::panicking() {
            let answer = Outcome::retry("a component panicked with the batch in hand");
            core.release((!BRANCH_IS_KEPT.get()).then_some(answer));
        } else {
            LOST.fetch_add(1, Ordering::Relaxed);
            core.release(Some(Outcome::retry(
                "a component dropped the batch without an answer",
            )));
        }
    }
}

/// Yields the [`Outcome`] when every branch of its [`Ack`] is resolved.
///
/// Cancel safe: dropping it only means that nobody waits any more.
#[derive(Debug)]
#[must_use = "a receipt is the answer; await it or drop it on purpose"]
pub struct Receipt(Arc<Core>);

impl Receipt {
    /// The outcome, where it is settled already.
    pub fn settled(&self) -> Option<Outcome> {
        let state = self.0.state.lock();
        state.finished.then(|| state.worst.clone())
    }
}

impl Future for Receipt {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let mut state = self.0.state.lock();
        if state.finished {
            return Poll::Ready(state.worst.clone());
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_receipt_waits_for_every_branch_and_yields_the_worst_answer() {
        let (ack, receipt) = Ack::new();
        let (second, third) = (ack.branch(), ack.branch());
        ack.resolve(Outcome::Done);
        second.resolve(Outcome::retry("full"));
        assert_eq!(receipt.settled(), None);
        third.resolve(Outcome::rejected("bad"));
        assert_eq!(receipt.await, Outcome::retry("full"));
    }

    #[tokio::test]
    async fn a_dropped_branch_is_an_answer_and_is_counted_as_lost() {
        let before = lost_branches();
        let (ack, receipt) = Ack::new();
        drop(ack);
        assert!(receipt.await.is_retryable());
        assert!(lost_branches() > before);
    }

    #[test]
    fn an_ack_is_abandoned_when_the_receipt_is_gone() {
        let (ack, receipt) = Ack::new();
        let other = ack.branch();
        assert!(!ack.is_abandoned());
        drop(receipt);
        assert!(ack.is_abandoned());
        ack.resolve(Outcome::Done);
        other.resolve(Outcome::Done);
    }

    #[test]
    fn partial_answers_add_up_and_the_longer_wait_wins() {
        let partial = |n| Outcome::Partial {
            rejected: n,
            reason: "no".into(),
        };
        assert_eq!(partial(2).worst(partial(3)), partial(5));
        let wait = |s| Outcome::Retry {
            after: Some(Duration::from_secs(s)),
            reason: "busy".into(),
        };
        assert_eq!(wait(1).worst(wait(4)), wait(4));
        assert_eq!(
            Outcome::Done.worst(Outcome::rejected("x")),
            Outcome::rejected("x")
        );
    }

    #[tokio::test]
    async fn what_dies_in_a_panic_is_to_be_sent_again_unless_a_branch_is_kept() {
        let panic_with = |ack: Ack| {
            let _in_hand = ack;
            panic!("on purpose");
        };
        let (ack, receipt) = Ack::new();
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| panic_with(ack))).expect_err("it panics");
        assert!(receipt.await.is_retryable());

        let (ack, receipt) = Ack::new();
        let kept = ack.branch();
        let call = std::panic::AssertUnwindSafe(|| with_branch_kept(|| panic_with(ack)));
        std::panic::catch_unwind(call).expect_err("it panics");
        kept.resolve(Outcome::Done);
        assert_eq!(receipt.await, Outcome::Done);
    }
}
