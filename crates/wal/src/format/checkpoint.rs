use crate::end::{Live, Outcome, Totals};
use crate::range_set::RangeSet;

/// The whole state of a log, as it stands in the head of a file.
///
/// ```text
/// base u64 │ next u64 │ live: items, bytes, records u64 │ n u32, n totals u64 │ m u32, m times start u64, end u64
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) base: u64,
    pub(crate) next: u64,
    pub(crate) live: Live,
    pub(crate) totals: Totals,
    pub(crate) done: RangeSet,
}

impl Checkpoint {
    /// `None` where this is no checkpoint, or one whose figures contradict each other. Allocates no more than the payload is long, times
    /// the overhead of a map.
    pub(crate) fn decode(payload: &[u8]) -> Option<Self> {
        let mut rest = Numbers(payload);
        let (base, next) = (rest.u64()?, rest.u64()?);
        let live = Live {
            items: rest.u64()?,
            bytes: rest.u64()?,
            records: rest.u64()?,
        };
        let mut totals = Totals::default();
        for number in 0..rest.u32()? {
            totals.add(Outcome::from_number(u8::try_from(number).ok()?)?, rest.u64()?);
        }
        let mut done = RangeSet::default();
        let mut behind = base;
        for _ in 0..rest.u32()? {
            let range = rest.u64()?..rest.u64()?;
            if range.start < behind || range.end <= range.start || range.end > next {
                return None;
            }
            behind = range.end;
            done.insert(range);
        }
        let all = next.checked_sub(base)?;
        let balances =
            totals.checked_sum() == Some(done.items()) && all.checked_sub(done.items()) == Some(live.items);
        (rest.0.is_empty() && balances).then_some(Self {
            base,
            next,
            live,
            totals,
            done,
        })
    }
}

/// Writes a checkpoint from its parts, which need not be put together for it.
pub(crate) fn encode(base: u64, next: u64, live: Live, totals: &Totals, done: &RangeSet, into: &mut Vec<u8>) {
    for number in [base, next, live.items, live.bytes, live.records] {
        into.extend_from_slice(&number.to_le_bytes());
    }
    into.extend_from_slice(&(Outcome::ALL.len() as u32).to_le_bytes());
    for outcome in Outcome::ALL {
        into.extend_from_slice(&totals.of(outcome).to_le_bytes());
    }
    into.extend_from_slice(&(done.len() as u32).to_le_bytes());
    for range in done.iter() {
        into.extend_from_slice(&range.start.to_le_bytes());
        into.extend_from_slice(&range.end.to_le_bytes());
    }
}

struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn u32(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    fn u64(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let mut done = RangeSet::default();
        done.insert(5..9);
        done.insert(u64::MAX - 3..u64::MAX - 1);
        let mut totals = Totals::default();
        totals.add(Outcome::Delivered, 4);
        totals.add(Outcome::Panic, 2);
        let live = Live {
            items: u64::MAX - 1 - 5 - 6,
            bytes: 77,
            records: 3,
        };
        Checkpoint {
            base: 5,
            next: u64::MAX - 1,
            live,
            totals,
            done,
        }
    }

    fn encoded(of: &Checkpoint) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(of.base, of.next, of.live, &of.totals, &of.done, &mut bytes);
        bytes
    }

    #[test]
    fn a_checkpoint_is_read_back() {
        for of in [checkpoint(), Checkpoint::default()] {
            assert_eq!(Checkpoint::decode(&encoded(&of)), Some(of));
        }
    }

    #[test]
    fn a_checkpoint_that_is_cut_or_longer_is_none() {
        let mut bytes = encoded(&checkpoint());
        for len in 0..bytes.len() {
            assert_eq!(Checkpoint::decode(&bytes[..len]), None, "{len}");
        }
        bytes.push(0);
        assert_eq!(Checkpoint::decode(&bytes), None);
    }

    #[test]
    fn figures_that_contradict_each_other_are_no_checkpoint() {
        let mut too_many_live = checkpoint();
        too_many_live.live.items += 1;
        let mut too_few_ended = checkpoint();
        too_few_ended.totals = Totals::default();
        let mut too_many_ended = checkpoint();
        too_many_ended.totals.add(Outcome::Lost, u64::MAX);
        let backwards = Checkpoint {
            base: 7,
            next: 6,
            ..checkpoint()
        };
        let behind_next = Checkpoint {
            next: 8,
            ..checkpoint()
        };
        for wrong in [
            too_many_live,
            too_few_ended,
            too_many_ended,
            backwards,
            behind_next,
        ] {
            assert_eq!(Checkpoint::decode(&encoded(&wrong)), None, "{wrong:?}");
        }
    }
}
