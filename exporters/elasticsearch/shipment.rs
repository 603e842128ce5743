//! What is known of the documents of one request, over all its attempts: none that was answered for good is sent again.

use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;
use sidelight_component::Sent;

use super::answer::Fate;
use super::bulk::{Bulk, Document, LeftOut};

/// The documents of a request.
#[derive(Debug)]
pub(super) struct Shipment {
    documents: Vec<Document>,
    left_out: LeftOut,
    items: u64,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    /// The documents that have no fate yet; `None` before the first answer: all of them.
    pending: Option<Vec<usize>>,
    /// Items whose documents were refused.
    refused: u64,
    /// Documents that are there.
    taken: usize,
    /// The first refusal.
    reason: Option<Arc<str>>,
}

impl Shipment {
    /// Of the documents in a body.
    pub(super) fn new(bulk: &mut Bulk) -> Self {
        Self {
            documents: std::mem::take(&mut bulk.documents),
            left_out: std::mem::take(&mut bulk.left_out),
            items: bulk.items,
            progress: Mutex::default(),
        }
    }

    /// How many documents are to be sent now.
    pub(super) fn pending(&self) -> usize {
        let progress = self.progress.lock();
        progress.pending.as_ref().map_or(self.documents.len(), Vec::len)
    }

    /// Where the lines of the documents to be sent stand in the body, unless that is all of it.
    pub(super) fn ranges(&self) -> Option<Vec<Range<usize>>> {
        let progress = self.progress.lock();
        let pending = progress.pending.as_ref()?;
        let start = |at: usize| at.checked_sub(1).and_then(|before| self.documents.get(before));
        let range = |at: &usize| {
            let end = self.documents.get(*at)?.end;
            Some(start(*at).map_or(0, |before| before.end)..end)
        };
        Some(pending.iter().filter_map(range).collect())
    }

    /// Every document that was sent is there.
    pub(super) fn all_taken(&self) {
        let mut progress = self.progress.lock();
        progress.taken += progress.pending.as_ref().map_or(self.documents.len(), Vec::len);
        progress.pending = Some(Vec::new());
    }

    /// Enters what became of the documents that were sent; the first reason why some are to be sent again.
    pub(super) fn settle(&self, fates: Vec<Fate>) -> Option<Arc<str>> {
        let mut progress = self.progress.lock();
        let sent = progress
            .pending
            .take()
            .unwrap_or_else(|| (0..self.documents.len()).collect());
        let mut again = Vec::new();
        let mut why = None;
        for (document, fate) in sent.into_iter().zip(fates) {
            match fate {
                Fate::Taken => progress.taken += 1,
                Fate::Again(reason) => {
                    again.push(document);
                    why.get_or_insert(reason);
                }
                Fate::Refused(reason) => {
                    let items = self.documents.get(document).map_or(0, |document| document.items);
                    progress.refused += u64::from(items);
                    progress.reason.get_or_insert(reason);
                }
            }
        }
        progress.pending = Some(again);
        why
    }

    /// The answer for the whole request, when no document is to be sent again.
    pub(super) fn verdict(&self) -> Sent {
        let progress = self.progress.lock();
        let rejected = progress.refused + self.left_out.items;
        let Some(reason) = progress.reason.clone().or_else(|| self.left_out.reason.clone()) else {
            return Sent::Accepted;
        };
        if progress.taken == 0 && rejected >= self.items {
            return Sent::Rejected { reason };
        }
        Sent::Partial { rejected, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipment(documents: usize, left_out: &[&str]) -> Shipment {
        let mut bulk = Bulk::default();
        for _ in 0..documents {
            bulk.body.extend_from_slice(b"123456789");
            bulk.end_item();
        }
        left_out.iter().for_each(|reason| bulk.leave_out(reason));
        Shipment::new(&mut bulk)
    }

    #[test]
    fn what_was_answered_for_good_is_not_sent_again() {
        let shipment = shipment(3, &[]);
        assert_eq!((shipment.pending(), shipment.ranges()), (3, None));
        let again = shipment.settle(vec![
            Fate::Taken,
            Fate::Again("full".into()),
            Fate::Refused("no date".into()),
        ]);
        assert_eq!(again.as_deref(), Some("full"));
        assert_eq!(shipment.pending(), 1);
        let ranges = shipment.ranges().expect("some of them");
        assert_eq!((ranges.len(), ranges[0].start, ranges[0].end), (1, 10, 20));
        assert_eq!(shipment.settle(vec![Fate::Taken]), None);
        let rejected = Sent::Partial {
            rejected: 1,
            reason: "no date".into(),
        };
        assert_eq!((shipment.pending(), shipment.verdict()), (0, rejected));
    }

    #[test]
    fn what_became_no_document_is_refused_with_its_reason() {
        let taken = shipment(1, &["no map"]);
        taken.all_taken();
        let rejected = Sent::Partial {
            rejected: 1,
            reason: "no map".into(),
        };
        assert_eq!(taken.verdict(), rejected);
        let reason = "no map".into();
        assert_eq!(shipment(0, &["no map"]).verdict(), Sent::Rejected { reason });
        assert_eq!(shipment(0, &[]).verdict(), Sent::Accepted);
    }
}
