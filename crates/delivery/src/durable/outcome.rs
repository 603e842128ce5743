//! The ends of parts in the words of the log, and the account that the log's figures make.

use sidelight_wal::{End as LogEnd, LogStatus, Outcome as LogOutcome};
use smallvec::SmallVec;

use crate::ledger::{DropReason, QueueLedger, RejectReason};
use crate::part::{Part, Size};
use crate::queue_state::End;

/// What a log held when it was opened.
#[derive(Clone, Debug)]
pub(crate) struct Restored {
    /// What waits in it.
    pub(crate) live: Size,
    /// The account over all starts.
    pub(crate) ledger: QueueLedger,
}

impl Restored {
    pub(crate) fn of(status: &LogStatus) -> Self {
        let of = |outcome| status.totals.of(outcome);
        let not_entered = of(LogOutcome::Refused) + of(LogOutcome::Moved);
        let mut ledger = QueueLedger::default();
        ledger.enqueued = (status.next - status.base).saturating_sub(not_entered);
        ledger.delivered = of(LogOutcome::Delivered);
        ledger.withdrawn = of(LogOutcome::Withdrawn);
        ledger.queued = status.live.items;
        for reason in RejectReason::ALL {
            ledger.count_rejected(reason, of(rejected(reason)));
        }
        for reason in DropReason::ALL {
            ledger.count_dropped(reason, dropped(reason).map_or(0, of));
        }
        Self {
            live: size_of(&status.live),
            ledger,
        }
    }
}

/// What is live in a log, as a queue counts it.
pub(crate) fn size_of(live: &sidelight_wal::Live) -> Size {
    Size {
        parts: live.records as usize,
        items: live.items as usize,
        bytes: live.bytes as usize,
    }
}

/// A part's end as the log keeps it; nothing for a part that is in memory alone. Of a part of which some items were refused it is not
/// known which: the number is right, the last ones stand for them.
pub(crate) fn ends_of(part: &Part, end: End) -> SmallVec<[LogEnd; 2]> {
    let Some(at) = part.stored else {
        return SmallVec::new();
    };
    let items = part.size.items as u64;
    let whole = |outcome| LogEnd {
        items: at.first..at.first + items,
        outcome,
        bytes: at.bytes,
        records: at.records,
    };
    let whole = match end {
        End::Delivered => whole(LogOutcome::Delivered),
        End::PartlyRejected(0) => whole(LogOutcome::Delivered),
        End::PartlyRejected(refused) if refused >= items => whole(LogOutcome::RejectedInPart),
        End::PartlyRejected(refused) => {
            let middle = at.first + items - refused;
            let refused = LogEnd {
                items: middle..at.first + items,
                bytes: 0,
                records: 0,
                ..whole(LogOutcome::RejectedInPart)
            };
            let taken = LogEnd {
                items: at.first..middle,
                ..whole(LogOutcome::Delivered)
            };
            return SmallVec::from_iter([taken, refused]);
        }
        End::Rejected(reason) => whole(rejected(reason)),
        End::Withdrawn => whole(LogOutcome::Withdrawn),
        // What never enters a log cannot end there.
        End::Dropped(reason) => whole(dropped(reason).unwrap_or(LogOutcome::Shutdown)),
    };
    SmallVec::from_iter([whole])
}

fn rejected(reason: RejectReason) -> LogOutcome {
    match reason {
        RejectReason::Destination => LogOutcome::RejectedByDestination,
        RejectReason::Partial => LogOutcome::RejectedInPart,
        RejectReason::TooLarge => LogOutcome::TooLarge,
        RejectReason::Encode => LogOutcome::Encode,
        RejectReason::Panic => LogOutcome::Panic,
    }
}

fn dropped(reason: DropReason) -> Option<LogOutcome> {
    match reason {
        DropReason::QueueFull => None,
        DropReason::RetryDisabled => Some(LogOutcome::RetryDisabled),
        DropReason::MaxElapsedTime => Some(LogOutcome::MaxElapsedTime),
        DropReason::Shutdown => Some(LogOutcome::Shutdown),
        DropReason::Damaged => Some(LogOutcome::Lost),
    }
}
