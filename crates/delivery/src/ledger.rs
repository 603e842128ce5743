//! What became of every item that a queue took: the figures add up at any moment.

/// Why items were dropped although nobody refused them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// The queue was full and `on_overflow: drop` is set.
    QueueFull,
    /// The one attempt failed and `retry_on_failure.enabled` is false.
    RetryDisabled,
    /// `retry_on_failure.max_elapsed_time` was over.
    MaxElapsedTime,
    /// The program stopped before it could be delivered.
    Shutdown,
    /// A damaged place of the log has cost them.
    Damaged,
}

impl DropReason {
    /// All of them, in the order of the ledger.
    pub const ALL: [Self; 5] = [
        Self::QueueFull,
        Self::RetryDisabled,
        Self::MaxElapsedTime,
        Self::Shutdown,
        Self::Damaged,
    ];

    /// The `reason` label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::RetryDisabled => "retry_disabled",
            Self::MaxElapsedTime => "max_elapsed_time",
            Self::Shutdown => "shutdown",
            Self::Damaged => "damaged",
        }
    }
}

/// Why items were refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectReason {
    /// The destination refused the request.
    Destination,
    /// The destination took the request without these items.
    Partial,
    /// A single item is larger than the destination or its protocol takes.
    TooLarge,
    /// The exporter cannot encode it.
    Encode,
    /// The exporter panics on it.
    Panic,
}

impl RejectReason {
    /// All of them, in the order of the ledger.
    pub const ALL: [Self; 5] = [
        Self::Destination,
        Self::Partial,
        Self::TooLarge,
        Self::Encode,
        Self::Panic,
    ];

    /// The `reason` label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Destination => "destination",
            Self::Partial => "partial",
            Self::TooLarge => "too_large",
            Self::Encode => "encode",
            Self::Panic => "panic",
        }
    }
}

/// One queue's account, in items, since it was made; of a queue on disk since its log was begun, over all starts. A consistent snapshot: see [`QueueLedger::balances`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueLedger {
    /// Items that entered, those dropped at the entrance because the queue was full among them.
    pub enqueued: u64,
    /// Items that the destination took.
    pub delivered: u64,
    /// Items whose sender stopped waiting first; the sender was asked to repeat them.
    pub withdrawn: u64,
    /// Items that wait, fresh or for their next attempt.
    pub queued: u64,
    /// Items in requests on their way.
    pub in_flight: u64,
    /// Items refused at the entrance, before anything was taken; not a part of the balance.
    pub refused: u64,
    /// Items whose sender was asked to repeat them although the destination may have them: withdrawn or
    /// dropped while on their way, or after an attempt without an answer. Counted there too; not a part of
    /// the balance.
    pub maybe_duplicate: u64,
    rejected: [u64; RejectReason::ALL.len()],
    dropped: [u64; DropReason::ALL.len()],
}

impl QueueLedger {
    /// Items refused for good, for one reason.
    pub fn rejected_for(&self, reason: RejectReason) -> u64 {
        self.rejected[reason as usize]
    }

    /// Items refused for good.
    pub fn rejected(&self) -> u64 {
        self.rejected.iter().sum()
    }

    /// Items dropped for one reason.
    pub fn dropped_for(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// Items dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Items that the queue holds: waiting or on their way.
    pub fn held(&self) -> u64 {
        self.queued + self.in_flight
    }

    /// True when enqueued = delivered + rejected + withdrawn + dropped + held, which it is at any moment.
    pub fn balances(&self) -> bool {
        self.enqueued == self.delivered + self.rejected() + self.withdrawn + self.dropped() + self.held()
    }

    pub(crate) fn count_rejected(&mut self, reason: RejectReason, items: u64) {
        self.rejected[reason as usize] += items;
    }

    pub(crate) fn count_dropped(&mut self, reason: DropReason, items: u64) {
        self.dropped[reason as usize] += items;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_place_of_its_own() {
        let mut ledger = QueueLedger::default();
        for (i, reason) in DropReason::ALL.into_iter().enumerate() {
            ledger.count_dropped(reason, 1 << i);
            assert_eq!(ledger.dropped_for(reason), 1 << i, "{}", reason.as_str());
        }
        for (i, reason) in RejectReason::ALL.into_iter().enumerate() {
            ledger.count_rejected(reason, 1 << i);
            assert_eq!(ledger.rejected_for(reason), 1 << i, "{}", reason.as_str());
        }
        assert_eq!((ledger.dropped(), ledger.rejected()), (31, 31));
        assert!(!ledger.balances());
        ledger.enqueued = 62;
        assert!(ledger.balances());
    }
}
