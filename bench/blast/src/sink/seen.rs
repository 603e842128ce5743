//! Which ids arrived, how often, and in which order.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::args::Signal;
use crate::payload::{id, wire};

/// Ids that are remembered: 2^31, a byte each. A run of ten minutes at 3 M items a second stays below.
const IDS_MAX: usize = 1 << 31;
/// How long arrivals can be looked up by time, and how many at most.
const RECENT: Duration = Duration::from_secs(2);
const RECENT_MAX: usize = 65_536;

#[derive(Default)]
pub(crate) struct Seen(Mutex<Arrivals>);

#[derive(Default)]
struct Arrivals {
    /// How often each id arrived, saturating; the index is the id.
    times: Vec<u8>,
    /// When how many items arrived, lately.
    recent: VecDeque<(Instant, u64)>,
    counts: Arrival,
}

/// What the ids say, as it stands at any moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Items that arrived at least once.
    pub(crate) distinct: u64,
    /// Arrivals beyond the first of an item.
    pub(crate) duplicates: u64,
    /// Highest id since the order was last forgotten.
    highest: u64,
    /// The farthest that an item, arriving for the first time, lay behind the highest id: 0 where all came in order.
    pub(crate) displaced: u64,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Check {
    /// Acknowledged items that did not arrive.
    pub(crate) lost: u64,
    /// Arrivals beyond the first of an item.
    pub(crate) duplicates: u64,
    /// Items that arrived although their request was not acknowledged.
    pub(crate) extra: u64,
    pub(crate) first_lost: Option<u64>,
    pub(crate) last_lost: Option<u64>,
}

impl Seen {
    pub(super) fn note(&self, message: &[u8], signal: Signal) {
        let mut arrivals = self.0.lock();
        let mut items = 0;
        // The caller has walked the message before.
        let _ = wire::items(message, signal, |kind, item| {
            items += 1;
            if let Some(id) = id_of(message, kind, item).filter(|id| (*id as usize) < IDS_MAX) {
                arrivals.note(id);
            }
        });
        arrivals.remember(Instant::now(), items);
    }

    pub(crate) fn arrival(&self) -> Arrival {
        self.0.lock().counts
    }

    /// Items that arrived since `from`, at most two seconds ago.
    pub(crate) fn since(&self, from: Instant) -> u64 {
        let arrivals = self.0.lock();
        let recent = arrivals.recent.iter().rev();
        recent
            .take_while(|(at, _)| *at >= from)
            .map(|(_, items)| items)
            .sum()
    }

    /// The order is judged from here on.
    pub(crate) fn forget_order(&self) {
        let counts = &mut self.0.lock().counts;
        (counts.highest, counts.displaced) = (0, 0);
    }

    /// What arrived so far is no longer counted.
    pub(crate) fn forget(&self) {
        *self.0.lock() = Arrivals::default();
    }

    /// Ids above `highest` that arrived: nobody sent them.
    pub(crate) fn beyond(&self, highest: u64) -> u64 {
        let arrivals = self.0.lock();
        arrivals
            .times
            .iter()
            .skip(highest as usize + 1)
            .filter(|times| **times > 0)
            .count() as u64
    }

    pub(crate) fn check(&self, acked_first_ids: &[u64], items: usize) -> Check {
        let arrivals = self.0.lock();
        let mut expected = vec![false; arrivals.times.len()];
        let mut check = Check {
            duplicates: arrivals.counts.duplicates,
            ..Check::default()
        };
        for id in acked_first_ids
            .iter()
            .flat_map(|&first| first..first + items as u64)
        {
            match arrivals.times.get(id as usize) {
                Some(&times) if times > 0 => expected[id as usize] = true,
                _ => {
                    check.lost += 1;
                    check.first_lost = Some(check.first_lost.map_or(id, |first| first.min(id)));
                    check.last_lost = check.last_lost.max(Some(id));
                }
            }
        }
        let arrived = arrivals.times.iter().zip(&expected);
        check.extra = arrived.filter(|(times, e)| **times > 0 && !**e).count() as u64;
        check
    }
}

impl Arrivals {
    fn note(&mut self, id: u64) {
        let at = id as usize;
        if self.times.len() <= at {
            self.times.resize((at + 1).next_power_of_two(), 0);
        }
        let (times, counts) = (&mut self.times[at], &mut self.counts);
        *times = times.saturating_add(1);
        if *times > 1 {
            counts.duplicates += 1;
            return;
        }
        counts.distinct += 1;
        counts.displaced = counts.displaced.max(counts.highest.saturating_sub(id));
        counts.highest = counts.highest.max(id);
    }

    fn remember(&mut self, now: Instant, items: u64) {
        self.recent.push_back((now, items));
        while self.recent.len() > RECENT_MAX || self.recent.front().is_some_and(|(at, _)| *at + RECENT < now)
        {
            self.recent.pop_front();
        }
    }
}

/// The id that an item carries, if it is one of ours.
pub(super) fn id_of(message: &[u8], kind: wire::Kind, item: std::ops::Range<usize>) -> Option<u64> {
    let at = wire::id_at(message, kind, item)?;
    id::from_wire(kind, message.get(at..at + 8)?.try_into().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;
    use crate::payload::Corpus;
    use clap::Parser;

    /// What is seen when these requests of ten items arrive in turn.
    fn seen(requests: &[u64]) -> Seen {
        let args = Args::parse_from(["blast", "--items", "10", "--requests", "4"]);
        let corpus = Corpus::build(&args).unwrap();
        let seen = Seen::default();
        for n in requests {
            seen.note(&corpus.body_with_own_ids(*n).unwrap()[5..], Signal::Traces);
        }
        seen
    }

    #[test]
    fn lost_doubled_and_unexpected_items_are_told_apart() {
        let seen = seen(&[0, 2, 2, 3]);
        let check = seen.check(&[1, 11, 21], 10);
        assert_eq!(
            (check.lost, check.first_lost, check.last_lost),
            (10, Some(11), Some(20))
        );
        assert_eq!(check.duplicates, 10);
        assert_eq!(check.extra, 10);
        assert_eq!((seen.beyond(40), seen.beyond(35)), (0, 5));
    }

    #[test]
    fn what_comes_late_is_told_by_how_much() {
        assert_eq!(seen(&[0, 1, 2]).arrival().displaced, 0);
        let late = seen(&[1, 2, 0, 0]);
        assert_eq!(late.arrival().displaced, 29);
        assert_eq!((late.arrival().distinct, late.arrival().duplicates), (30, 10));
        late.forget_order();
        assert_eq!(late.arrival().displaced, 0);
    }

    #[test]
    fn arrivals_are_found_by_their_time() {
        let before = Instant::now();
        let seen = seen(&[0, 1]);
        assert_eq!(seen.since(before), 20);
        assert_eq!(seen.since(Instant::now() + Duration::from_secs(1)), 0);
    }
}
