//! The requests that one batch became, and what became of them: kept over attempts, so that none that was answered for
//! good is sent again.

use std::sync::Arc;

use parking_lot::Mutex;
use sidelight_component::Sent;

use super::answer::Written;
use super::left_out::LeftOut;
use super::write::Counts;

/// What is known of the requests of a batch.
#[derive(Debug)]
pub(super) struct Shipment {
    /// Data points of the batch.
    items: u64,
    pub(super) left_out: LeftOut,
    pub(super) replaced: u64,
    /// One for each request.
    pieces: Vec<Counts>,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    /// Requests that were answered for good.
    settled: usize,
    /// Samples that were refused for good.
    refused: u64,
    /// The first refusal.
    reason: Option<Arc<str>>,
    is_counted: bool,
}

impl Shipment {
    pub(super) fn new(items: usize, left_out: LeftOut, replaced: u64, pieces: Vec<Counts>) -> Self {
        Self {
            items: items as u64,
            left_out,
            replaced,
            pieces,
            progress: Mutex::default(),
        }
    }

    /// The next request to send, by its number.
    pub(super) fn next(&self) -> Option<(usize, Counts)> {
        let settled = self.progress.lock().settled;
        self.pieces.get(settled).map(|counts| (settled, *counts))
    }

    /// The request under way was answered for good.
    pub(super) fn settle(&self, sent: &Counts, written: &Written, refusal: Option<Arc<str>>) {
        let mut progress = self.progress.lock();
        progress.settled += 1;
        progress.refused += sent.values().saturating_sub(written.values());
        progress.reason = progress.reason.take().or(refusal);
    }

    /// True once, for whoever counts it when it is over.
    pub(super) fn is_first_end(&self) -> bool {
        !std::mem::replace(&mut self.progress.lock().is_counted, true)
    }

    /// The answer for the whole batch, when there is no next request.
    pub(super) fn verdict(&self) -> Sent {
        let progress = self.progress.lock();
        let values: u64 = self.pieces.iter().map(Counts::values).sum();
        let left_out = self.left_out.points();
        match &progress.reason {
            Some(reason) if progress.refused == values => Sent::Rejected {
                reason: reason.clone(),
            },
            None if left_out == 0 => Sent::Accepted,
            refusal => Sent::Partial {
                rejected: left_out + self.items_of(progress.refused, values),
                reason: self.reason(refusal.as_ref()),
            },
        }
    }

    /// How many data points so many samples of all are: a point may be many samples, and the destination does not say
    /// which it refused. At least one where any was refused.
    fn items_of(&self, refused: u64, values: u64) -> u64 {
        let sent_items = self.items.saturating_sub(self.left_out.points());
        let share = u128::from(sent_items) * u128::from(refused);
        u64::try_from(share.div_ceil(u128::from(values.max(1)))).unwrap_or(sent_items)
    }

    fn reason(&self, refusal: Option<&Arc<str>>) -> Arc<str> {
        match (refusal, self.left_out.points()) {
            (Some(refusal), 0) => refusal.clone(),
            (Some(refusal), _) => format!("{refusal}; not sent: {}", self.left_out).into(),
            (None, _) => format!("not sent: {}", self.left_out).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prometheus_remote_write::left_out::Reason;

    fn samples(samples: u64) -> Counts {
        Counts {
            samples,
            ..Counts::default()
        }
    }

    fn written(samples: u64) -> Written {
        Written {
            samples,
            ..Written::default()
        }
    }

    /// Data points in all and left out, then samples sent, written, and whether that was a refusal, for each request.
    fn verdict(items: usize, left_out: usize, pieces: &[(u64, u64, bool)]) -> Sent {
        let mut points = LeftOut::default();
        points.add(Reason::Time, left_out);
        let counts = pieces.iter().map(|(sent, ..)| samples(*sent)).collect();
        let shipment = Shipment::new(items, points, 0, counts);
        for (nth, (sent, there, refused)) in pieces.iter().enumerate() {
            assert_eq!(shipment.next(), Some((nth, samples(*sent))));
            let refusal = refused.then(|| format!("no {nth}").into());
            shipment.settle(&samples(*sent), &written(*there), refusal);
        }
        assert_eq!(shipment.next(), None);
        shipment.verdict()
    }

    #[test]
    fn the_answer_for_a_batch_is_that_of_all_its_requests() {
        let partial = |rejected, reason: &str| Sent::Partial {
            rejected,
            reason: reason.into(),
        };
        let rejected = |reason: &str| Sent::Rejected {
            reason: reason.into(),
        };
        let unsent = "not sent: 2 data points have no time";
        for (items, left_out, pieces, expected) in [
            (0, 0, &[][..], Sent::Accepted),
            (9, 0, &[(9, 9, false)], Sent::Accepted),
            (9, 0, &[(9, 0, true)], rejected("no 0")),
            (9, 0, &[(5, 0, true), (4, 0, true)], rejected("no 0")),
            (9, 0, &[(5, 5, false), (4, 0, true)], partial(4, "no 1")),
            (9, 0, &[(9, 7, true)], partial(2, "no 0")),
            // A histogram is many samples: one of 13 is a point all the same.
            (1, 0, &[(13, 12, true)], partial(1, "no 0")),
            (2, 0, &[(26, 0, true)], rejected("no 0")),
            // Exemplars alone were refused: nothing is missing.
            (9, 0, &[(9, 9, true)], partial(0, "no 0")),
            (9, 2, &[(7, 7, false)], partial(2, unsent)),
            (2, 2, &[], partial(2, unsent)),
            (9, 2, &[(7, 6, true)], partial(3, &format!("no 0; {unsent}"))),
            (9, 2, &[(7, 0, true)], rejected("no 0")),
        ] {
            assert_eq!(
                verdict(items, left_out, pieces),
                expected,
                "{items} {left_out} {pieces:?}"
            );
        }
    }
}
