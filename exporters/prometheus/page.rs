//! The page, piece by piece.

use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use parking_lot::MutexGuard;
use sidelight_exposition::write::{FamilyHead, FamilyType, LabelTexts, PageWriter, Sample, Value};
use sidelight_exposition::{Escaping, Format, Number};

use super::state::{Inner, State};

/// Written under one lock: about 100 µs.
const SLICE_BYTES: usize = 32 << 10;
/// Series that are looked at under one lock although nothing is written of them.
const SLICE_SERIES: usize = 1024;
/// Given to the connection at a time.
pub(super) const PIECE_BYTES: usize = 256 << 10;

/// One scrape under way.
pub(super) struct Page {
    state: Arc<State>,
    /// The second it is; series that are over are left out.
    now: u32,
    with_times: bool,
    writer: PageWriter,
    next: Next,
}

/// What is written next.
enum Next {
    TargetInfo,
    /// A family, from this place on; whether its head is on the page.
    Family {
        name: Arc<str>,
        from: u32,
        has_head: bool,
    },
    /// The first family behind this one; behind none at the beginning.
    FamilyAfter(Option<Arc<str>>),
    Nothing,
}

impl Page {
    pub(super) fn new(
        state: Arc<State>,
        format: Format,
        escaping: Escaping,
        now: u32,
        with_times: bool,
    ) -> Self {
        Self {
            state,
            now,
            with_times,
            writer: PageWriter::new(format, escaping),
            next: Next::TargetInfo,
        }
    }

    /// The next piece of about 256 KiB, and whether it is the last. Takes about a millisecond; the lock is held for
    /// slices of it.
    pub(super) fn piece(&mut self) -> (Vec<u8>, bool) {
        self.writer.give(Vec::with_capacity(PIECE_BYTES + SLICE_BYTES));
        while self.writer.len() < PIECE_BYTES {
            let state = self.state.clone();
            let inner = state.lock();
            let goes_on = self.slice(&inner);
            MutexGuard::unlock_fair(inner);
            if !goes_on {
                let writer = PageWriter::new(Format::Text, Escaping::default());
                return (std::mem::replace(&mut self.writer, writer).finish(), true);
            }
        }
        (self.writer.take(), false)
    }

    fn slice(&mut self, inner: &Inner) -> bool {
        self.next = match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::TargetInfo => {
                self.target_info(inner);
                Next::FamilyAfter(None)
            }
            Next::FamilyAfter(name) => {
                let after = name.as_deref().map_or(Unbounded, Excluded);
                match inner.families.range::<str, _>((after, Unbounded)).next() {
                    Some((name, _)) => Next::Family {
                        name: name.clone(),
                        from: 0,
                        has_head: false,
                    },
                    None => Next::Nothing,
                }
            }
            Next::Family { name, from, has_head } => self.family(inner, name, from, has_head),
            Next::Nothing => Next::Nothing,
        };
        !matches!(self.next, Next::Nothing)
    }

    fn target_info(&mut self, inner: &Inner) {
        let rules = &self.state.rules;
        let mut shown = inner
            .sources
            .targets
            .values()
            .filter(|info| !rules.is_over(info.seen, self.now))
            .peekable();
        if shown.peek().is_none() {
            return;
        }
        self.writer.begin_family(&FamilyHead {
            name: &rules.target_info,
            help: "Target metadata",
            unit: "",
            family_type: FamilyType::Info,
        });
        for info in shown {
            self.writer.sample(&Sample {
                labels: LabelTexts([&info.labels, ""]),
                value: Value::Number(Number::Int(1)),
                start_unix_nano: 0,
                time_unix_nano: None,
                exemplars: &[],
            });
        }
        self.writer.end_family();
    }

    /// Writes some series of a family and says what comes next.
    fn family(&mut self, inner: &Inner, name: Arc<str>, from: u32, has_head: bool) -> Next {
        let Some(family) = inner.families.get(&name) else {
            // It went between two slices.
            return Next::FamilyAfter(Some(name));
        };
        let before = self.writer.len();
        let (mut at, mut is_open) = (from, false);
        for _ in 0..SLICE_SERIES {
            if self.writer.len() - before >= SLICE_BYTES {
                break;
            }
            let Some((id, next)) = family.series.next_from(at) else {
                self.writer.end_family();
                return Next::FamilyAfter(Some(name));
            };
            at = next;
            let (Some(series), Some(identity)) = (family.series.get(id), family.series.identity(id)) else {
                continue;
            };
            if self.state.rules.is_over(series.seen(), self.now) {
                continue;
            }
            if !is_open {
                let head = family.head(&name);
                if has_head {
                    self.writer.resume_family(&head);
                } else {
                    self.writer.begin_family(&head);
                }
                is_open = true;
            }
            self.writer.sample(&series.sample(identity, self.with_times));
        }
        self.writer.end_family();
        Next::Family {
            name,
            from: at,
            has_head: has_head || is_open,
        }
    }
}
