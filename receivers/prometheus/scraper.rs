//! The loop of one target: fetch, record, write, hand over.

use std::sync::Arc;
use std::time::Duration;

use sidelight_component::{BuildContext, Outcome, Output, Overloaded, Panicked, Panics, beside_the_workers};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tracing::{debug, info, warn};

use super::encryption::Encryption;
use super::fetch::{FetchError, Fetched, Fetcher};
use super::job::Job;
use super::meters::{Meters, Share};
use super::series::{Counts, RecordError, Report, SeriesState, Written};
use super::target::Target;

/// Pages up to this size are taken on the worker that fetched them, where their series are known: about half a
/// millisecond.
const INLINE_KNOWN_BYTES: usize = 256 << 10;
/// The same where they are new, and names and labels have to be read.
const INLINE_NEW_BYTES: usize = 32 << 10;

/// What a target is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Scrape.
    Run,
    /// The job has more targets than it may have: every scrape fails.
    OverLimit,
    /// It is not there any more: mark the ends of its series.
    Gone,
    /// The program stops; the series go on after it has started again.
    Stop,
}

/// Why a scrape brought nothing.
#[derive(Debug, thiserror::Error)]
enum ScrapeError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the page cannot be used: {0}")]
    Record(#[from] RecordError),
    #[error("the job has more than {0} targets (`target_limit`)")]
    TargetLimit(u64),
    #[error("it panicked: {0}")]
    Panicked(String),
}

/// What all targets of a receiver share.
pub(super) struct Shared {
    pub(super) context: BuildContext,
    pub(super) output: Output,
    pub(super) meters: Meters,
    pub(super) panics: Panics,
}

/// One target at work.
pub(super) struct Scraper {
    shared: Arc<Shared>,
    job: Arc<Job>,
    target: Arc<Target>,
    fetcher: Fetcher,
    encryption: Arc<Encryption>,
    /// `None` while a page is taken beside the workers.
    state: Option<SeriesState>,
    phase: watch::Receiver<Phase>,
    share: Share,
    /// The last scrape failed, and that is in the log.
    is_failing: bool,
    has_warned: bool,
}

impl Scraper {
    pub(super) fn new(
        shared: Arc<Shared>,
        job: Arc<Job>,
        target: Arc<Target>,
        encryption: Arc<Encryption>,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        let budget = &shared.context.budget;
        Self {
            fetcher: Fetcher::new(job.clone(), target.clone(), encryption.clone(), budget),
            encryption,
            state: Some(SeriesState::new(job.clone(), target.clone(), budget)),
            shared,
            job,
            target,
            phase,
            share: Share::default(),
            is_failing: false,
            has_warned: false,
        }
    }

    /// Scrapes until the target is gone or the program stops.
    pub(super) async fn run(mut self) {
        self.shared.meters.add_target();
        let mut ticks = tokio::time::interval_at(Instant::now() + self.first_wait(), self.target.interval);
        // One scrape at a time: what a slow one made impossible is left out.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                biased;
                phase = ended(&mut self.phase) => return self.end(phase).await,
                _ = ticks.tick() => {}
            }
            let panics = self.shared.panics.clone();
            match panics.contain_async("scraping a target", self.scrape()).await {
                Ok(None) => {}
                Ok(Some(phase)) => return self.end(phase).await,
                Err(panicked) => self.begin_anew(&panicked).await,
            }
        }
    }

    /// After a panic: what was known of the target's series may be wrong, or is gone. That its scrape failed is told.
    async fn begin_anew(&mut self, panicked: &Panicked) {
        let shared = self.shared.clone();
        let budget = &shared.context.budget;
        let (job, target) = (self.job.clone(), self.target.clone());
        self.state = Some(SeriesState::new(job.clone(), target.clone(), budget));
        self.fetcher = Fetcher::new(job, target, self.encryption.clone(), budget);
        self.note(
            Err(ScrapeError::Panicked(panicked.message.clone())),
            Counts::default(),
        );
        let report = Report {
            is_up: false,
            duration: Duration::ZERO,
            counts: Counts::default(),
        };
        let deadline = shared.context.clock.now().instant + self.target.interval;
        let handing = self.hand_over(Some(report), Some(deadline));
        // The page may not be what panics.
        let _ = shared.panics.contain_async("telling of a panic", handing).await;
    }

    /// How long until this target's turn within the interval.
    fn first_wait(&self) -> Duration {
        let interval = self.target.interval.as_nanos().max(1);
        let into = u128::from(self.shared.context.clock.now().unix_nanos) % interval;
        let wait = (self.target.offset().as_nanos() + interval - into) % interval;
        Duration::from_nanos(u64::try_from(wait).unwrap_or(0))
    }

    /// One scrape. Returns what ended it before its page was there.
    async fn scrape(&mut self) -> Option<Phase> {
        let (started, now) = (Instant::now(), self.shared.context.clock.now());
        let is_over_limit = *self.phase.borrow() == Phase::OverLimit;
        let fetched = tokio::select! {
            biased;
            phase = ended(&mut self.phase) => return Some(phase),
            fetched = self.fetcher.fetch(), if !is_over_limit => fetched.map_err(ScrapeError::from),
            () = std::future::ready(()), if is_over_limit => Err(ScrapeError::TargetLimit(self.job.target_limit)),
        };
        let duration = started.elapsed();
        let recorded = match fetched {
            Ok(page) => self.record(page, now.unix_nanos).await,
            Err(error) => {
                if let Some(state) = &mut self.state {
                    state.fail(now.unix_nanos);
                }
                Err(error)
            }
        };
        let counts = self.state.as_ref().map(SeriesState::counts).unwrap_or_default();
        let report = Report {
            is_up: recorded.is_ok(),
            duration,
            counts,
        };
        self.note(recorded, counts);
        let deadline = now.instant + self.target.interval;
        self.hand_over(Some(report), Some(deadline)).await;
        None
    }

    /// Takes a page, beside the workers where that takes long.
    async fn record(&mut self, page: Fetched, now: u64) -> Result<Counts, ScrapeError> {
        let Some(mut state) = self.state.take() else {
            return Ok(Counts::default());
        };
        let most = if state.is_warm() {
            INLINE_KNOWN_BYTES
        } else {
            INLINE_NEW_BYTES
        };
        let is_short = page.body.len() <= most;
        let work = move || {
            #[cfg(test)]
            assert!(!page.body.starts_with(b"# panic"), "on purpose");
            let recorded = state.record(&page.body, page.format, now);
            (state, recorded)
        };
        let (state, recorded) = if is_short {
            work()
        } else {
            beside_the_workers(work).await
        };
        self.state = Some(state);
        recorded.map_err(ScrapeError::from)
    }

    /// Counts and logs what came of a scrape; a failure once until the next success.
    fn note(&mut self, recorded: Result<Counts, ScrapeError>, counts: Counts) {
        let component = &self.shared.context.id;
        let (job, target) = (&self.job.name, self.target.shown());
        match &recorded {
            Err(error) if !self.is_failing => {
                warn!(%component, %job, %target, %error, "the scrape failed; it is tried again at every interval");
            }
            Err(error) => debug!(%component, %job, %target, %error, "the scrape failed"),
            Ok(_) if self.is_failing => info!(%component, %job, %target, "the target is up again"),
            Ok(_) => {}
        }
        self.is_failing = recorded.is_err();
        let share = Share {
            is_up: recorded.is_ok(),
            samples: if recorded.is_ok() { counts.kept } else { 0 },
        };
        self.shared.meters.scraped(&mut self.share, share);
    }

    /// Writes and hands over. Where there is no room, the points count as refused.
    async fn hand_over(&mut self, report: Option<Report>, deadline: Option<std::time::Instant>) {
        let Some(mut state) = self.state.take() else {
            return;
        };
        let budget = self.shared.context.budget.clone();
        let counts = state.counts();
        let is_short = state.written_bytes() <= INLINE_KNOWN_BYTES;
        let work = move || {
            let written = state.write(report.as_ref(), &budget);
            (state, written)
        };
        let (state, written) = if is_short {
            work()
        } else {
            beside_the_workers(work).await
        };
        self.state = Some(state);
        match written {
            Ok(Written { payload, incomplete }) => {
                self.warn_of_dropped(&counts, incomplete);
                self.shared.output.send(payload, deadline).await;
            }
            Err(full) => self.refuse(counts.kept, full),
        }
    }

    fn refuse(&self, samples: u64, full: Overloaded) {
        let items = usize::try_from(samples).unwrap_or(usize::MAX);
        self.shared.output.count(items, &Outcome::retry(full.to_string()));
    }

    fn warn_of_dropped(&mut self, counts: &Counts, incomplete: u64) {
        let any = self.shared.meters.dropped(counts, incomplete);
        if any && !std::mem::replace(&mut self.has_warned, true) {
            warn!(
                component = %self.shared.context.id, job = %self.job.name, target = %self.target.shown(),
                duplicate = counts.duplicate, out_of_order = counts.out_of_order, out_of_bounds = counts.out_of_bounds,
                surplus = counts.surplus, incomplete, "samples of the page are left out; further ones of this target are only counted"
            );
        }
    }

    /// The target is gone, or the program stops.
    async fn end(mut self, phase: Phase) {
        self.shared.meters.remove_target(&mut self.share);
        if phase == Phase::Gone
            && let Some(state) = &mut self.state
        {
            let now = self.shared.context.clock.now();
            state.fail(now.unix_nanos);
            self.hand_over(None, Some(now.instant + self.target.interval))
                .await;
        }
    }
}

/// Waits until the target is to end, and says how. Cancel safe.
async fn ended(phase: &mut watch::Receiver<Phase>) -> Phase {
    match phase
        .wait_for(|phase| matches!(phase, Phase::Gone | Phase::Stop))
        .await
    {
        Ok(phase) => *phase,
        Err(_) => Phase::Stop,
    }
}
