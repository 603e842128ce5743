//! A table of answers: what a destination does, and what an exporter has to make of it.

use std::fmt::Debug;
use std::time::Duration;

use sidelight_component::Sent;

/// What the exporter must say.
#[derive(Clone, Debug, PartialEq)]
pub enum Want {
    /// All of it was taken.
    Accepted,
    /// So many items were refused, in these words.
    Partial(u64, &'static str),
    /// With this wait, and whether the destination may have acted on it.
    Retry(Option<Duration>, bool),
    /// The same without a look at the wait: the client's own, until an address has rested.
    RetryRested(bool),
    /// The same without a look at either: it is a race whether the request was handed to the connection.
    RetryRaced,
    /// It has to be split.
    TooLarge,
    /// It is lost.
    Rejected,
}

impl Want {
    /// Whether this became of the attempt; a failure also has to have a reason.
    fn is(&self, sent: &Sent) -> bool {
        match (sent, self) {
            (Sent::Accepted, Want::Accepted) => true,
            (Sent::Partial { rejected, reason }, Want::Partial(count, text)) => {
                rejected == count && **reason == **text
            }
            (
                Sent::Retry {
                    after,
                    maybe_processed,
                    reason,
                },
                Want::Retry(wait, maybe),
            ) => after == wait && maybe_processed == maybe && !reason.is_empty(),
            (
                Sent::Retry {
                    maybe_processed,
                    reason,
                    ..
                },
                Want::RetryRested(maybe),
            ) => maybe_processed == maybe && !reason.is_empty(),
            (Sent::Retry { reason, .. }, Want::RetryRaced)
            | (Sent::TooLarge { reason }, Want::TooLarge)
            | (Sent::Rejected { reason }, Want::Rejected) => !reason.is_empty(),
            _ => false,
        }
    }
}

/// Makes one attempt for every row; says all rows that are wrong, not the first alone.
pub async fn check<Case: Debug>(rows: &[(Case, Want)], attempt: impl AsyncFn(&Case) -> Sent) {
    let mut wrong = Vec::new();
    for (case, want) in rows {
        let sent = attempt(case).await;
        if !want.is(&sent) {
            wrong.push(format!("{case:?}: {sent:?}, expected {want:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
