//! Context switches of a process: the kernel counts them by thread and forgets them with the thread.

use std::collections::HashMap;

use sidelight_procfs::pid::{MAX_THREADS, Status};

/// Adds up the switches of all threads, those that have ended included as far as they were seen.
#[derive(Debug, Default)]
pub(super) struct ThreadSwitches {
    /// Of each thread, when it was seen last, and in which round.
    threads: HashMap<u32, (u64, u64, u64)>,
    round: u64,
    voluntary: u64,
    involuntary: u64,
}

impl ThreadSwitches {
    /// A round over the threads begins.
    pub(super) fn begin(&mut self) {
        self.round += 1;
    }

    /// Takes the counts of one thread.
    pub(super) fn take(&mut self, tid: u32, status: &Status) {
        let (voluntary, involuntary) = (status.voluntary_switches, status.involuntary_switches);
        if self.threads.len() >= MAX_THREADS && !self.threads.contains_key(&tid) {
            return;
        }
        let last = self.threads.insert(tid, (voluntary, involuntary, self.round));
        let (last_voluntary, last_involuntary) = match last {
            // Less than before: another thread has its number now.
            Some((last, other, _)) if last <= voluntary && other <= involuntary => (last, other),
            _ => (0, 0),
        };
        self.voluntary += voluntary - last_voluntary;
        self.involuntary += involuntary - last_involuntary;
    }

    /// The round is over: threads that were not in it have ended. Voluntary and involuntary switches so far.
    pub(super) fn end(&mut self) -> (u64, u64) {
        let round = self.round;
        self.threads.retain(|_, (_, _, seen)| *seen == round);
        (self.voluntary, self.involuntary)
    }

    /// Threads of the last round.
    pub(super) fn threads(&self) -> usize {
        self.threads.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(switches: &mut ThreadSwitches, threads: &[(u32, u64, u64)]) -> (u64, u64) {
        switches.begin();
        for (tid, voluntary, involuntary) in threads {
            let status = Status {
                voluntary_switches: *voluntary,
                involuntary_switches: *involuntary,
                ..Status::default()
            };
            switches.take(*tid, &status);
        }
        switches.end()
    }

    #[test]
    fn what_a_thread_counted_stays_when_it_has_ended_or_its_number_is_taken_again() {
        let mut switches = ThreadSwitches::default();
        assert_eq!(round(&mut switches, &[(1, 10, 1), (2, 5, 0)]), (15, 1));
        assert_eq!(round(&mut switches, &[(1, 12, 1), (2, 5, 3)]), (17, 4));
        assert_eq!(round(&mut switches, &[(1, 12, 1)]), (17, 4));
        // Number 2 again: from nothing.
        assert_eq!(round(&mut switches, &[(1, 12, 1), (2, 4, 1)]), (21, 5));
        // And taken by another between two rounds.
        assert_eq!(round(&mut switches, &[(1, 12, 1), (2, 1, 0)]), (22, 5));
        assert_eq!(switches.threads(), 2);
    }
}
