//! The targets of one job: which there are, and their loops.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sidelight_component::beside_the_workers;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::warn;

use super::discovery::Discovery;
use super::encryption::Encryption;
use super::job::Job;
use super::labels::Labels;
use super::scraper::{Phase, Scraper, Shared};
use super::target::{Target, TargetProblem};

/// The targets of one job.
pub(super) struct Pool {
    job: Arc<Job>,
    encryption: Arc<Encryption>,
    discovery: Discovery,
    running: BTreeMap<Arc<Target>, watch::Sender<Phase>>,
    /// Addresses whose problems are in the log.
    warned: BTreeSet<String>,
}

impl Pool {
    pub(super) fn new(job: Arc<Job>, encryption: Arc<Encryption>, discovery: Discovery) -> Self {
        Self {
            job,
            encryption,
            discovery,
            running: BTreeMap::new(),
            warned: BTreeSet::new(),
        }
    }

    /// The files of the job are looked at from time to time.
    pub(super) fn has_files(&self) -> bool {
        self.discovery.has_files()
    }

    /// Asks which targets there are; starts the new ones and ends those that are gone.
    pub(super) async fn refresh(&mut self, shared: &Arc<Shared>, loops: &mut JoinSet<()>) {
        let id = shared.context.id.clone();
        let Some(discovered) = self.discovery.look(&id).await else {
            return;
        };
        shared.meters.left_out_targets(self.discovery.left_out());
        let wanted = self.targets(discovered, shared).await;
        self.running.retain(|target, phase| {
            let stays = wanted.contains(target);
            if !stays {
                phase.send_replace(Phase::Gone);
            }
            stays
        });
        let limit = self.job.target_limit;
        let phase = match limit != 0 && wanted.len() as u64 > limit {
            true => Phase::OverLimit,
            false => Phase::Run,
        };
        for running in self.running.values() {
            running.send_replace(phase);
        }
        for target in wanted {
            self.running.entry(target).or_insert_with_key(|target| {
                let (sender, receiver) = watch::channel(phase);
                let (job, encryption) = (self.job.clone(), self.encryption.clone());
                loops.spawn(Scraper::new(shared.clone(), job, target.clone(), encryption, receiver).run());
                sender
            });
        }
    }

    /// Tells every target that the program stops.
    pub(super) fn stop(&self) {
        for phase in self.running.values() {
            phase.send_replace(Phase::Stop);
        }
    }

    /// Targets by relabelling, which of many takes its time. What makes none is counted, and logged once.
    async fn targets(&mut self, discovered: Vec<Labels>, shared: &Shared) -> BTreeSet<Arc<Target>> {
        let job = self.job.clone();
        let relabel = |job: &Job, labels: Labels| {
            let address = labels.get("__address__").to_owned();
            Target::discover(labels, job)
                .map(|target| target.map(Arc::new))
                .map_err(|problem| (address, problem))
        };
        let relabelled = beside_the_workers(move || {
            let targets = discovered.into_iter().map(|labels| relabel(&job, labels));
            targets.collect::<Vec<_>>()
        })
        .await;
        let mut targets = BTreeSet::new();
        for target in relabelled {
            match target {
                Ok(target) => targets.extend(target),
                Err((address, problem)) => self.refuse(address, &problem, shared),
            }
        }
        targets
    }

    fn refuse(&mut self, address: String, problem: &TargetProblem, shared: &Shared) {
        shared.meters.left_out_targets(1);
        if self.warned.len() < MAX_WARNED && !self.warned.contains(&address) {
            let shown = sidelight_config::shortened(&address);
            let component = &shared.context.id;
            warn!(%component, job = %self.job.name, address = %shown, %problem, "this is no target; it is left out");
            self.warned.insert(address);
        }
    }
}

/// Most addresses that are remembered for not being logged twice.
const MAX_WARNED: usize = 1000;
