//! A file with its handle, and what is remembered of one that was cut.

use std::collections::VecDeque;
use std::time::Instant;

use smallvec::SmallVec;

use super::content::Content;
use super::file::Place;
use super::identity::{Mark, PLACE_BYTES};
use crate::log_lines::LineSource;

/// Bytes before the place of reading that are kept of an open file: enough to mark a place some lines back, and to know a
/// copy that ends there.
const RECENT_BYTES: usize = 16 << 10;

/// Earlier places that are remembered of an open file.
const MAX_PLACES: usize = 16;

/// What is known of the content of a file that was cut: a copy may have been made before its last lines were read.
#[derive(Debug)]
pub(super) struct Remains {
    pub(super) cut: Instant,
    /// The last bytes that were read.
    pub(super) recent: Vec<u8>,
    /// Places behind which reads ended, the oldest first.
    pub(super) places: VecDeque<(u64, Mark)>,
}

impl Remains {
    /// Whether these bytes were read before the place that lies so many bytes before the last one.
    pub(super) fn has_before(&self, back: u64, bytes: &[u8]) -> bool {
        let bytes = &bytes[bytes.len().saturating_sub(PLACE_BYTES)..];
        let end = usize::try_from(back)
            .ok()
            .and_then(|back| self.recent.len().checked_sub(back));
        end.is_some_and(|end| !bytes.is_empty() && self.recent[..end].ends_with(bytes))
    }
}

/// A file with its handle.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) content: Content,
    /// `None` until it is read.
    pub(super) source: Option<Box<LineSource>>,
    /// The first bytes, as far as they count.
    pub(super) head: Vec<u8>,
    /// The bytes before `raw`.
    pub(super) recent: Vec<u8>,
    /// Behind the last byte that was read.
    pub(super) raw: u64,
    /// Places behind which reads ended, the oldest first.
    pub(super) places: VecDeque<(u64, Mark)>,
    /// A place at which the content is compared with its mark before anything is read.
    pub(super) unproven: Option<(u64, Mark)>,
    /// Files that are gone and that it is not, though it begins as they did, with its size when that was seen.
    pub(super) is_not: SmallVec<[(u64, u64); 2]>,
    /// When the beginning of a line is taken for a whole one.
    pub(super) flush_at: Option<Instant>,
    pub(super) used: Instant,
}

impl OpenFile {
    pub(super) fn new(content: Content, place: &Place, now: Instant) -> Self {
        Self {
            content,
            source: None,
            head: Vec::new(),
            recent: Vec::new(),
            raw: place.offset,
            places: VecDeque::new(),
            unproven: (!place.mark.is_none()).then_some((place.offset, place.mark)),
            is_not: SmallVec::new(),
            flush_at: None,
            used: now,
        }
    }

    /// Keeps no more bytes than mark the place: nobody has written for some time.
    pub(super) fn forget_recent(&mut self) {
        let surplus = self.recent.len().saturating_sub(PLACE_BYTES);
        self.recent.drain(..surplus);
        self.recent.shrink_to_fit();
        self.places = VecDeque::new();
    }

    /// The bytes before the place of reading, as many as mark it.
    pub(super) fn place_bytes(&self) -> &[u8] {
        &self.recent[self.recent.len().saturating_sub(PLACE_BYTES)..]
    }

    /// Bytes were read. Returns whether the first bytes of the file became more.
    pub(super) fn advance(&mut self, bytes: &[u8], head_len: usize) -> bool {
        let has_grown = self.extend_head(bytes, head_len);
        if bytes.len() >= RECENT_BYTES {
            self.recent.clear();
        } else {
            let surplus = (self.recent.len() + bytes.len()).saturating_sub(RECENT_BYTES);
            self.recent.drain(..surplus);
        }
        self.recent
            .extend_from_slice(&bytes[bytes.len().saturating_sub(RECENT_BYTES)..]);
        self.raw += bytes.len() as u64;
        if self.places.len() >= MAX_PLACES {
            self.places.pop_front();
        }
        self.places.push_back((self.raw, Mark::of_place(&self.recent)));
        has_grown
    }

    fn extend_head(&mut self, bytes: &[u8], head_len: usize) -> bool {
        let missing = head_len.saturating_sub(self.head.len());
        let known = (self.head.len() as u64).checked_sub(self.raw);
        let Some(new) = known
            .and_then(|known| bytes.get(usize::try_from(known).ok()?..))
            .filter(|new| missing > 0 && !new.is_empty())
        else {
            return false;
        };
        self.head.extend_from_slice(&new[..new.len().min(missing)]);
        true
    }
}
