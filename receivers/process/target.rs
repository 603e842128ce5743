//! A target of the configuration: one logical process, or one for each process that matches.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use sidelight_component::Now;
use sidelight_procfs::ProcDir;

use super::config::{Match, Target};
use super::failures::{Failures, Reading, Warned};
use super::links::Patterns;
use super::logical_process::LogicalProcess;
use super::member::Reader;
use super::metrics::Metric;
use super::process_list::{Identity, ProcessList};
use super::watch::Surroundings;
use crate::sampling::{HostIdentity, MetricSet, Sample};

/// What a sample reads with.
pub(super) struct Tools<'t> {
    pub(super) dir: ProcDir<'t>,
    pub(super) buffer: &'t mut Vec<u8>,
    pub(super) due: MetricSet<Metric>,
    pub(super) uptime_ticks: u64,
    pub(super) failures: &'t Failures,
}

/// A target that is being watched.
#[derive(Debug)]
pub(super) struct Watched {
    number: usize,
    pub(super) name: Arc<str>,
    /// The selector as text.
    selector: String,
    matching: Match,
    has_tree: bool,
    most: usize,
    patterns: Patterns,
    host: HostIdentity,
    /// One, but for `match: all`.
    pub(super) processes: Vec<LogicalProcess>,
    warned: Warned,
}

impl Watched {
    /// Nothing is looked for yet. `None` for a target that the check of the settings refuses.
    pub(super) fn new(number: usize, target: &Target, most: usize, host: &HostIdentity) -> Option<Self> {
        let selector = target.selector()?;
        let mut watched = Self {
            number,
            name: selector.name(target.name.as_deref()).into(),
            selector: selector.text(),
            matching: target.matching(),
            has_tree: target.tree,
            most,
            patterns: Patterns::new(target.open_files.iter()),
            host: host.clone(),
            processes: Vec::new(),
            warned: Warned::default(),
        };
        watched.add_process();
        Some(watched)
    }

    fn add_process(&mut self) {
        let slot = (self.matching == Match::All).then_some(self.processes.len());
        let selector = match slot {
            Some(slot) => format!("{}#{slot}", self.selector),
            None => self.selector.clone(),
        };
        let instance = self.host.instance(&self.name, &selector);
        let has_lead = self.matching != Match::Sum;
        self.processes
            .push(LogicalProcess::new(&self.name, instance, slot, has_lead));
    }

    /// Whether processes must be looked for now: none of it runs.
    pub(super) fn is_missing(&self) -> bool {
        !self.processes.iter().any(LogicalProcess::is_up)
    }

    /// Whether other processes may come to belong to it while it runs.
    pub(super) fn may_grow(&self) -> bool {
        self.has_tree || self.matching != Match::Oldest
    }

    /// Calls `work` with its processes and what they read with.
    fn with_reader<T>(
        &mut self,
        tools: &mut Tools<'_>,
        counts_waits: bool,
        work: impl FnOnce(&mut Self, &mut Reader<'_>) -> T,
    ) -> T {
        let (name, mut warned, failures) = (self.name.clone(), self.warned, tools.failures);
        let mut failed =
            |reading: Reading, error: &io::Error| failures.count(&name, &mut warned, reading, error);
        let mut reader = Reader {
            dir: tools.dir,
            buffer: &mut *tools.buffer,
            due: tools.due,
            uptime_ticks: tools.uptime_ticks,
            counts_waits,
            failed: &mut failed,
        };
        let done = work(self, &mut reader);
        self.warned = warned;
        done
    }

    /// Looks which of its processes still run.
    pub(super) fn look(&mut self, tools: &mut Tools<'_>, around: &mut Surroundings, now: Now) {
        self.with_reader(tools, around.counts_waits, |this, reader| {
            for process in &mut this.processes {
                process.look(reader, around, now);
            }
        });
    }

    /// Takes hold of processes that the last scan found.
    pub(super) fn adopt(
        &mut self,
        list: &ProcessList,
        tools: &mut Tools<'_>,
        around: &mut Surroundings,
        found: &mut Vec<Identity>,
    ) {
        list.find(self.number, found);
        self.choose(found);
        if self.has_tree {
            list.add_descendants(found);
        }
        if self.matching != Match::All && found.len() > self.most {
            around.left_out.add((found.len() - self.most) as u64);
            found.truncate(self.most);
        }
        self.with_reader(tools, around.counts_waits, |this, reader| match this.matching {
            Match::All => this.fill_slots(found, reader, around),
            _ => {
                if let Some(process) = this.processes.first_mut() {
                    process.set_members(found, reader, around);
                }
            }
        });
    }

    /// Leaves the one that is meant, where one is.
    fn choose(&self, found: &mut Vec<Identity>) {
        let current = self
            .processes
            .first()
            .and_then(|process| process.members().next());
        let chosen = match self.matching {
            Match::Oldest => current.or_else(|| found.first().copied()),
            Match::Newest => found.last().copied().or(current),
            Match::All | Match::Sum => return,
        };
        found.clear();
        found.extend(chosen);
    }

    /// Each process that is new gets the first place that is free: so places, and with them series, are as many as
    /// there ever were processes at one time.
    fn fill_slots(&mut self, found: &[Identity], reader: &mut Reader<'_>, around: &mut Surroundings) {
        let known: HashSet<Identity> = self.processes.iter().flat_map(LogicalProcess::members).collect();
        let mut from = 0;
        for identity in found.iter().filter(|identity| !known.contains(identity)) {
            while self.processes.get(from).is_some_and(LogicalProcess::is_up) {
                from += 1;
            }
            if from >= self.most {
                around.left_out.add(1);
                continue;
            }
            if from == self.processes.len() {
                self.add_process();
            }
            if let Some(process) = self.processes.get_mut(from) {
                process.set_members(&[*identity], reader, around);
            }
        }
    }

    /// Reads what is due.
    pub(super) fn read(&mut self, tools: &mut Tools<'_>, around: &mut Surroundings, now: Now) {
        self.with_reader(tools, around.counts_waits, |this, reader| {
            for process in this.processes.iter_mut().filter(|process| process.is_up()) {
                process.read(reader, around, &this.patterns, now);
            }
        });
    }

    /// Writes what is due.
    pub(super) fn write(&mut self, sample: &mut Sample<'_>, due: MetricSet<Metric>, around: &Surroundings) {
        for process in self.processes.iter_mut().filter(|process| !process.is_silent()) {
            let (instance, slot) = (process.instance.clone(), process.slot);
            sample.resource(
                |resource| {
                    instance.write(resource);
                    if let Some(slot) = slot {
                        resource.attribute("sidelight.process.slot", slot as i64);
                    }
                },
                |sink| process.write(sink, due, around, &self.patterns),
            );
        }
    }
}
