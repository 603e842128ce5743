//! Which ids arrived, and how often.

use parking_lot::Mutex;

use crate::args::Signal;
use crate::payload::{id, wire};

/// Ids that are remembered: 2^31, a byte each. A run of ten minutes at 3 M items a second stays below.
const IDS_MAX: usize = 1 << 31;

/// How often each id arrived, saturating; the index is the id.
#[derive(Default)]
pub(super) struct Seen(Mutex<Vec<u8>>);

#[derive(Default)]
pub(crate) struct Check {
    /// Acknowledged items that did not arrive.
    pub(crate) lost: u64,
    /// Arrivals beyond the first of an item.
    pub(crate) duplicates: u64,
    /// Items that arrived although their request was not acknowledged.
    pub(crate) extra: u64,
    pub(crate) first_lost: Option<u64>,
}

impl Seen {
    pub(super) fn note(&self, message: &[u8], signal: Signal) {
        let mut seen = self.0.lock();
        // The caller has walked the message before.
        let _ = wire::items(message, signal, |kind, item| {
            let Some(id) = id_of(message, kind, item) else {
                return;
            };
            let at = id as usize;
            if at >= IDS_MAX {
                return;
            }
            if seen.len() <= at {
                seen.resize((at + 1).next_power_of_two(), 0);
            }
            seen[at] = seen[at].saturating_add(1);
        });
    }

    pub(super) fn check(&self, acked_first_ids: &[u64], items: usize) -> Check {
        let seen = self.0.lock();
        let mut expected = vec![false; seen.len()];
        let mut check = Check::default();
        for id in acked_first_ids
            .iter()
            .flat_map(|&first| first..first + items as u64)
        {
            match seen.get(id as usize) {
                Some(&times) if times > 0 => expected[id as usize] = true,
                _ => {
                    check.lost += 1;
                    check.first_lost.get_or_insert(id);
                }
            }
        }
        check.duplicates = seen.iter().map(|&times| u64::from(times.saturating_sub(1))).sum();
        check.extra = seen
            .iter()
            .zip(&expected)
            .filter(|(times, e)| **times > 0 && !**e)
            .count() as u64;
        check
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

    #[test]
    fn lost_doubled_and_unexpected_items_are_told_apart() {
        let args = Args::parse_from(["blast", "--items", "10", "--requests", "4"]);
        let corpus = Corpus::build(&args).unwrap();
        let seen = Seen::default();
        for n in [0, 2, 2, 3] {
            seen.note(&corpus.body_with_own_ids(n).unwrap()[5..], Signal::Traces);
        }
        let check = seen.check(&[1, 11, 21], 10);
        assert_eq!((check.lost, check.first_lost), (10, Some(11)));
        assert_eq!(check.duplicates, 10);
        assert_eq!(check.extra, 10);
    }
}
