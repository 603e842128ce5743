//! The series that are shown, by family.
//!
//! ```text
//! request ─► Recorder: resource and scope ─► Source (labels of all its series)
//!                      metric ─► Family (head, type) ─► point ─► Series: added, replaced, refused
//! ```
//!
//! One lock guards it all, and nobody holds it for long: points are recorded, series rendered and swept in small slices,
//! and between two slices whoever waits has its turn.

mod exemplars;
mod family;
mod memory;
mod overflow;
mod point;
mod record_point;
mod recorder;
mod refused;
mod room;
mod series;
mod sources;
mod sweep;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use sidelight_component::Budget;
use sidelight_component::metrics::Counter;
use sidelight_exposition::names::{MetricNamer, TranslationStrategy};
use sidelight_series::Cap;

pub(super) use family::Family;
use memory::Memory;
use overflow::Overflow;
pub(super) use recorder::Recorder;
pub(super) use refused::{Reason, Refused};
use sources::Sources;

/// What decides how points become series.
pub(super) struct Rules {
    pub(super) strategy: TranslationStrategy,
    pub(super) namer: MetricNamer,
    /// The name of the family with the attributes of the resources.
    pub(super) target_info: Arc<str>,
    /// Labels of every series, under their final names.
    pub(super) const_labels: Vec<(String, String)>,
    pub(super) scope_labels: bool,
    pub(super) resource_labels: bool,
    pub(super) service_labels: bool,
    /// Series of one family.
    pub(super) max_series_per_metric: usize,
    /// Seconds that a series is shown without a new point.
    pub(super) expiration: u32,
}

impl Rules {
    /// True for what was not seen for too long.
    pub(super) fn is_over(&self, seen: u32, now: u32) -> bool {
        now.saturating_sub(seen) > self.expiration
    }
}

/// All series of the exporter.
pub(super) struct State {
    pub(super) rules: Rules,
    inner: Mutex<Inner>,
}

/// What the lock guards.
pub(super) struct Inner {
    /// By name: the order of the page.
    pub(super) families: BTreeMap<Arc<str>, Family>,
    pub(super) sources: Sources,
    cap: Cap,
    overflow: Overflow,
    memory: Memory,
    /// The latest source of which it was said that it has the series of another.
    told_source: u32,
}

impl State {
    /// Without a series. At most `max_series`, in at most half of the budget; `overflowed` counts points that are added up
    /// with others for want of room.
    pub(super) fn new(rules: Rules, max_series: usize, budget: &Budget, overflowed: Counter) -> Self {
        let inner = Inner {
            families: BTreeMap::new(),
            sources: Sources::default(),
            cap: Cap::new(max_series),
            overflow: Overflow::new(overflowed),
            memory: Memory::new(budget),
            told_source: 0,
        };
        Self {
            rules,
            inner: Mutex::new(inner),
        }
    }

    /// The state for one slice of work.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }

    /// Series and their bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        let inner = self.inner.lock();
        (inner.cap.series(), inner.memory.used())
    }
}
