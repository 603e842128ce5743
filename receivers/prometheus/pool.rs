//! The targets of one job: which there are, and their loops.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::warn;

use super::discovery::Discovery;
use super::encryption::Encryption;
use super::job::Job;
use super::labels::Labels;
use super::scraper::{Phase, Scraper, Shared};
use super::target::Target;

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
        let wanted = self.targets(discovered, shared);
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

    /// Targets by relabelling. What makes none is logged once.
    fn targets(&mut self, discovered: Vec<Labels>, shared: &Shared) -> BTreeSet<Arc<Target>> {
        let mut targets = BTreeSet::new();
        for labels in discovered {
            let address = labels.get("__address__").to_owned();
            match Target::discover(labels, &self.job) {
                Ok(target) => targets.extend(target.map(Arc::new)),
                Err(problem) if self.warned.len() < MAX_WARNED && self.warned.insert(address.clone()) => {
                    let address = sidelight_config::shortened(&address);
                    let component = &shared.context.id;
                    warn!(%component, job = %self.job.name, %address, %problem, "this is no target; it is left out");
                }
                Err(_) => {}
            }
        }
        targets
    }
}

/// Most addresses that are remembered for not being logged twice.
const MAX_WARNED: usize = 1000;
