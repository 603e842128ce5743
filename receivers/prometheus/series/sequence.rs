//! The order in which a target exposed its series last time.
//!
//! Most targets write the same lines in the same order every time. So the text from one sample to the next, comments and
//! series, is kept, and a page that goes on with it needs no reading of names and labels and no look-up.

/// What came before the value of each sample of the last page.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    text: String,
    steps: Vec<Step>,
    /// The step that the page that is being read has come to.
    at: usize,
    /// The page has left the order: steps are noted anew from here.
    left: bool,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    /// Where its text ends; it begins where the one before ends.
    end: usize,
    entry: u32,
}

impl Sequence {
    /// Begins a page.
    pub(super) fn begin(&mut self) {
        self.at = 0;
        self.left = false;
    }

    /// What is expected next, and the entry that it stands for; `None` where the page has left the order.
    pub(super) fn expected(&self) -> Option<(&str, u32)> {
        if self.left {
            return None;
        }
        let step = self.steps.get(self.at)?;
        Some((&self.text[self.start()..step.end], step.entry))
    }

    /// The page went on as expected.
    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    /// The page went on otherwise: what it has here is noted for next time. Returns by how many bytes this grew.
    pub(super) fn note(&mut self, text: &str, entry: u32) -> usize {
        let before = self.bytes();
        if !self.left {
            self.left = true;
            self.text.truncate(self.start());
            self.steps.truncate(self.at);
        }
        self.text.push_str(text);
        self.steps.push(Step {
            end: self.text.len(),
            entry,
        });
        self.at += 1;
        self.bytes().saturating_sub(before)
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.text.capacity() + self.steps.capacity() * size_of::<Step>()
    }

    fn start(&self) -> usize {
        self.at
            .checked_sub(1)
            .and_then(|before| self.steps.get(before))
            .map_or(0, |step| step.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(sequence: &mut Sequence, page: &[(&str, u32)]) -> usize {
        sequence.begin();
        let mut known = 0;
        for (text, entry) in page {
            match sequence.expected() {
                Some((expected, _)) if expected == *text => {
                    sequence.advance();
                    known += 1;
                }
                _ => {
                    sequence.note(text, *entry);
                }
            }
        }
        known
    }

    #[test]
    fn a_page_is_known_up_to_where_it_differs_and_as_a_whole_the_next_time() {
        let mut sequence = Sequence::default();
        let page = [("a", 0), ("bb", 1), ("c", 2)];
        assert_eq!(walk(&mut sequence, &page), 0);
        assert_eq!(walk(&mut sequence, &page), 3);
        let changed = [("a", 0), ("x", 3), ("bb", 1), ("c", 2)];
        assert_eq!(walk(&mut sequence, &changed), 1);
        assert_eq!(walk(&mut sequence, &changed), 4);
        assert_eq!(walk(&mut sequence, &page[..1]), 1);
        assert_eq!(walk(&mut sequence, &changed), 4, "a shorter page forgets nothing");
    }
}
