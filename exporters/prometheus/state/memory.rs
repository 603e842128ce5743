//! What the series take of the memory budget.

use sidelight_component::{Budget, Permit};

/// Charged at a time: one series is too little for a permit of its own, and one permit for all of them would be
/// rounded up by megabytes.
const BLOCK: usize = 256 << 10;

/// Bytes that series take, charged to the budget in blocks.
#[derive(Debug)]
pub(super) struct Memory {
    budget: Budget,
    blocks: Vec<Permit>,
    used: usize,
    /// Half of the budget: series that are kept must leave room for what flows.
    limit: usize,
}

impl Memory {
    pub(super) fn new(budget: &Budget) -> Self {
        Self {
            budget: budget.clone(),
            blocks: Vec::new(),
            used: 0,
            limit: budget.limit() / 2,
        }
    }

    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// Takes room for more, where there is any.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let used = self.used + bytes;
        if used > self.limit {
            return false;
        }
        while self.blocks.len() * BLOCK < used {
            match self.budget.charge(BLOCK) {
                Ok(block) => self.blocks.push(block),
                Err(_) => return false,
            }
        }
        self.used = used;
        true
    }

    /// Whether there is no room for so many bytes.
    pub(super) fn is_full(&self, bytes: usize) -> bool {
        self.used + bytes > self.limit
    }

    /// Sets what something takes from `before` to `after`, also past the limit: it was let in already.
    pub(super) fn change(&mut self, before: usize, after: usize) {
        self.used = (self.used + after).saturating_sub(before);
        while self.blocks.len() * BLOCK < self.used {
            self.blocks.push(self.budget.charge_anyway(BLOCK));
        }
        // A block more than is needed stays, so that one series that comes and goes does not charge each time.
        self.blocks.truncate(self.used.div_ceil(BLOCK) + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_take_at_most_half_of_the_budget_and_give_it_back() {
        let budget = Budget::new(4 * BLOCK);
        let mut memory = Memory::new(&budget);
        assert!(memory.take(BLOCK + 1));
        assert_eq!(budget.used(), 2 * BLOCK);
        assert!(!memory.take(BLOCK));
        memory.change(0, 2 * BLOCK);
        assert_eq!((memory.used(), budget.used()), (3 * BLOCK + 1, 4 * BLOCK));
        memory.change(3 * BLOCK + 1, 1);
        assert_eq!((memory.used(), budget.used()), (1, 2 * BLOCK));
    }

    #[test]
    fn a_full_budget_has_no_room_for_a_series() {
        let budget = Budget::new(4 * BLOCK);
        let others = budget.charge(4 * BLOCK).expect("room");
        let mut memory = Memory::new(&budget);
        assert!(!memory.take(1));
        drop(others);
        assert!(memory.take(1));
    }
}
