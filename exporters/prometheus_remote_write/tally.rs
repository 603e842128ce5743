//! What is in a request, for who reads the answer.

use bytes::Bytes;

use super::dropped::Dropped;
use super::series::Series;

/// Counts of one request. It travels beside the body, as a second piece that is not sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) samples: u32,
    pub(super) histograms: u32,
    pub(super) exemplars: u32,
    /// Points that have no form in Prometheus and are not in it.
    pub(super) dropped: Dropped,
    /// The body would be larger than the settings allow: there is none.
    pub(super) is_too_large: bool,
}

/// Bytes of a tally.
const LEN: usize = 8 * 4;

impl Tally {
    pub(super) fn add(&mut self, series: &Series) {
        let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        self.samples = self.samples.saturating_add(count(series.samples.len()));
        self.histograms = self.histograms.saturating_add(count(series.histograms.len()));
        self.exemplars = self.exemplars.saturating_add(count(series.exemplars.len()));
    }

    pub(super) fn to_bytes(self) -> Bytes {
        let head = [
            self.samples,
            self.histograms,
            self.exemplars,
            u32::from(self.is_too_large),
        ];
        let words = head.into_iter().chain(self.dropped.counts());
        words.flat_map(u32::to_le_bytes).collect::<Vec<u8>>().into()
    }

    /// What [`Tally::to_bytes`] wrote.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let words = bytes.first_chunk::<LEN>()?.as_chunks::<4>().0;
        let word = |nth: usize| words.get(nth).map_or(0, |bytes| u32::from_le_bytes(*bytes));
        Some(Self {
            samples: word(0),
            histograms: word(1),
            exemplars: word(2),
            is_too_large: word(3) != 0,
            dropped: Dropped::of_counts([word(4), word(5), word(6), word(7)]),
        })
    }
}
