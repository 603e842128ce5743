//! How many descriptors may be kept open for processes.

/// More than these are never kept: what is open for long is missing elsewhere.
const MOST: usize = 2048;

/// Descriptors that may be kept open: a quarter of those that this program may have, whose first use is connections.
#[derive(Debug)]
pub(super) struct DescriptorAllowance {
    most: usize,
    taken: usize,
}

impl DescriptorAllowance {
    /// A part of the `limit` of this program, RLIMIT_NOFILE.
    pub(super) fn of(limit: u64) -> Self {
        let most = usize::try_from(limit / 4).map_or(MOST, |quarter| quarter.min(MOST));
        Self { most, taken: 0 }
    }

    /// Takes as many as are asked for while not half of them are taken; from then on one, which is enough to hold a
    /// process; and none when none is left.
    pub(super) fn take(&mut self, asked: usize) -> usize {
        let left = self.most - self.taken;
        let taken = if self.taken + asked <= self.most / 2 {
            asked
        } else {
            left.min(1)
        };
        self.taken += taken;
        taken
    }

    /// Gives back what was taken.
    pub(super) fn give_back(&mut self, taken: usize) {
        self.taken = self.taken.saturating_sub(taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_processes_are_held_with_their_files_and_later_ones_alone_within_a_quarter_of_the_limit() {
        let mut allowance = DescriptorAllowance::of(400);
        let taken: Vec<usize> = (0..100).map(|_| allowance.take(5)).collect();
        assert_eq!(taken.iter().sum::<usize>(), 100);
        assert_eq!(
            (taken[0], taken[9], taken[10], taken[59], taken[60]),
            (5, 5, 1, 1, 0)
        );
        allowance.give_back(5);
        assert_eq!((allowance.take(5), allowance.take(5)), (1, 1));
        assert_eq!(DescriptorAllowance::of(u64::MAX).most, MOST);
        assert_eq!(DescriptorAllowance::of(0).take(5), 0);
    }
}
