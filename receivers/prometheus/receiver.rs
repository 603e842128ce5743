//! The receiver: pools of targets, and their end.

use std::sync::Arc;
use std::time::Duration;

use sidelight_component::{
    BuildContext, BuildError, DrainSignal, Outputs, Receiver, ReceiverError, Signal, async_trait,
};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::config::{Config, PromDuration, Scheme};
use super::discovery::Discovery;
use super::encryption::Encryption;
use super::job::Job;
use super::meters::Meters;
use super::pool::Pool;
use super::scraper::Shared;

/// How often files with targets are looked at, at the least.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Scrapes what its settings name.
pub(super) struct PrometheusReceiver {
    context: BuildContext,
    pools: Vec<Pool>,
    /// TLS that is surely needed, with the number of its job.
    encryptions: Vec<(usize, Arc<Encryption>)>,
    look_every: Duration,
}

impl PrometheusReceiver {
    pub(super) fn new(config: &Config, cx: &BuildContext) -> Result<Self, BuildError> {
        let (mut pools, mut encryptions) = (Vec::new(), Vec::new());
        let mut look_every = LOOK_EVERY;
        for (number, job) in config.config.scrape_configs.iter().enumerate() {
            let encryption = Arc::new(Encryption::new(&job.http.tls_config));
            if job.scheme == Scheme::Https {
                encryptions.push((number, encryption.clone()));
            }
            let waits = job.file_sd_configs.iter().map(|files| files.refresh_interval);
            let shortest = waits.filter(|wait| *wait > PromDuration::default()).min();
            look_every = shortest.map_or(look_every, |wait| wait.0.min(look_every));
            pools.push(Pool::new(
                Arc::new(Job::new(config, job)),
                encryption,
                Discovery::new(job),
            ));
        }
        Ok(Self {
            context: cx.clone(),
            pools,
            encryptions,
            look_every,
        })
    }
}

#[async_trait]
impl Receiver for PrometheusReceiver {
    /// Reads certificates, so that a file that is missing is known at the start.
    async fn open(&mut self) -> Result<(), BuildError> {
        for (number, encryption) in &self.encryptions {
            let setting = format!("config.scrape_configs.{number}.tls_config");
            encryption
                .client()
                .await
                .map_err(|problem| BuildError::at(setting, problem))?;
        }
        Ok(())
    }

    /// Scrapes until told to drain; what is under way is then handed over, at the latest at the deadline.
    async fn run(mut self: Box<Self>, outputs: Outputs, mut drain: DrainSignal) -> Result<(), ReceiverError> {
        let Some(output) = outputs.get(Signal::Metrics) else {
            return Ok(());
        };
        let shared = Arc::new(Shared {
            output: output.clone(),
            meters: Meters::new(&self.context),
            panics: self.context.panics(),
            context: self.context,
        });
        let mut loops = JoinSet::new();
        for pool in &mut self.pools {
            pool.refresh(&shared, &mut loops).await;
        }
        let has_files = self.pools.iter().any(Pool::has_files);
        let mut looks = tokio::time::interval(self.look_every);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let deadline = loop {
            tokio::select! {
                deadline = drain.requested() => break deadline,
                _ = looks.tick(), if has_files => look(&mut self.pools, &shared, &mut loops).await,
                Some(ended) = loops.join_next() => ended.map_err(panicked)?,
            }
        };
        self.pools.iter().for_each(Pool::stop);
        let all_ended = async { while loops.join_next().await.is_some() {} };
        // What is not over by then is dropped with the set.
        let _ = tokio::time::timeout_at(deadline.into(), all_ended).await;
        Ok(())
    }
}

async fn look(pools: &mut [Pool], shared: &Arc<Shared>, loops: &mut JoinSet<()>) {
    for pool in pools.iter_mut().filter(|pool| pool.has_files()) {
        pool.refresh(shared, loops).await;
    }
}

fn panicked(error: tokio::task::JoinError) -> ReceiverError {
    ReceiverError(format!("the scrape of a target panicked: {error}"))
}
