//! Everything that is kept of a target between two scrapes.

use std::collections::HashMap;
use std::sync::Arc;

use sidelight_component::{Budget, Overloaded, Permit};
use sidelight_proto::wire::Writer;

use super::entry::Entry;
use super::exemplar::Exemplars;
use super::metadata::Metadata;
use super::metrics::Metrics;
use super::point::Point;
use super::record::Counts;
use super::report;
use super::resource::Places;
use super::sequence::Sequence;
use super::write_points::Scratch;
use crate::prometheus::job::Job;
use crate::prometheus::target::Target;

/// After so many failures in a row everything is forgotten: the ends are marked, and the target may never come back.
const FORGET_AFTER: u32 = 10;

/// What an entry or a point costs beside its texts: tables, lists and what allocators add.
const OVERHEAD_BYTES: usize = 96;

/// The series of one target. See the [module](super).
pub(crate) struct SeriesState {
    pub(super) job: Arc<Job>,
    pub(super) target: Arc<Target>,
    /// Number of the scrape, from 1. What was seen in it has this number.
    pub(super) scrape: u32,
    /// The time of the scrape in Unix nanoseconds.
    pub(super) now: u64,
    pub(super) counts: Counts,
    pub(super) metadata: Metadata,
    pub(super) entries: Vec<Entry>,
    pub(super) by_key: HashMap<Box<[u8]>, u32>,
    pub(super) sequence: Sequence,
    pub(super) metrics: Metrics,
    pub(super) places: Places,
    pub(super) exemplars: Exemplars,
    /// Native histograms of the scrape, serialized.
    pub(super) native: Writer,
    pub(super) scratch: Scratch,
    /// Bytes of the last request: the room for the next.
    pub(super) written_bytes: usize,
    /// What the points about the scrapes have as attributes.
    pub(super) report_attributes: Vec<u8>,
    memory: Permit,
    failures: u32,
}

impl SeriesState {
    /// Nothing is known of the target yet. What is kept is charged to the budget.
    pub(crate) fn new(job: Arc<Job>, target: Arc<Target>, budget: &Budget) -> Self {
        let mut this = Self {
            report_attributes: report::attributes(&target, &job),
            job,
            target,
            scrape: 0,
            now: 0,
            counts: Counts::default(),
            metadata: Metadata::default(),
            entries: Vec::new(),
            by_key: HashMap::new(),
            sequence: Sequence::default(),
            metrics: Metrics::default(),
            places: Places::new("", "", false),
            exemplars: Exemplars::default(),
            native: Writer::default(),
            scratch: Scratch::default(),
            written_bytes: 0,
            memory: budget.charge_anyway(0),
            failures: 0,
        };
        this.forget();
        this
    }

    /// True where a page of the usual length is read without much ado: its series are known.
    pub(crate) fn is_warm(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Bytes of the last request.
    pub(crate) fn written_bytes(&self) -> usize {
        self.written_bytes
    }

    /// Begins a scrape of which nothing is known yet. A page that cannot be used counts as one without series.
    pub(super) fn begin(&mut self, now: u64) {
        self.scrape += 1;
        self.now = now;
        self.counts = Counts::default();
        self.exemplars.clear();
        self.native.clear();
    }

    /// Begins a scrape that brought nothing.
    pub(crate) fn fail(&mut self, now: u64) {
        self.begin(now);
        self.failures += 1;
    }

    /// The scrape is over: what is gone for good is forgotten.
    pub(super) fn end(&mut self, has_failed: bool) {
        if !has_failed {
            self.failures = 0;
            self.sweep();
        } else if self.failures >= FORGET_AFTER && self.is_warm() {
            self.forget();
        }
    }

    /// True where the last scrapes failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    pub(super) fn succeed(&mut self) {
        self.failures = 0;
    }

    /// Charges what will be kept from now on.
    pub(super) fn keep(&mut self, bytes: usize) -> Result<(), Overloaded> {
        match bytes {
            0 => Ok(()),
            _ => self.memory.grow(bytes),
        }
    }

    /// What an entry costs whose page writes it with so many bytes.
    pub(super) fn cost_of_entry(key: usize) -> usize {
        key + size_of::<Entry>() + OVERHEAD_BYTES
    }

    /// What a point costs with so many bytes of attributes.
    pub(super) fn cost_of_point(attributes: usize) -> usize {
        attributes + size_of::<Point>() + OVERHEAD_BYTES
    }

    /// What resources, scopes and metrics cost, by and large.
    pub(super) fn cost_of_others(&self) -> usize {
        let count = self.places.resources.len() + self.places.scopes.len() + self.metrics.metrics.len();
        count * 4 * OVERHEAD_BYTES
    }

    /// Charges what is there, no more.
    pub(super) fn recount(&mut self) {
        let keys: usize = self.by_key.keys().map(|key| Self::cost_of_entry(key.len())).sum();
        let points = self.metrics.points.iter();
        let points: usize = points
            .map(|point| Self::cost_of_point(point.attributes.len()))
            .sum();
        self.memory
            .set(keys + points + self.cost_of_others() + self.sequence.bytes());
    }

    fn forget(&mut self) {
        self.metadata = Metadata::default();
        self.entries = Vec::new();
        self.by_key = HashMap::new();
        self.sequence.clear();
        self.metrics = Metrics::default();
        let (job, instance) = (self.target.labels.get("job"), self.target.labels.get("instance"));
        self.places = Places::new(job, instance, self.target.is_https);
        self.metrics.group(0, 0);
        self.recount();
    }
}
