//! One detection after another, beside the workers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sidelight_component::Now;
use sidelight_component::metrics::Registry;
use tracing::{info, warn};

use super::detectors::{Detector, Surroundings};
use super::found::{Found, merge};

/// What is known so far. Clones share it: one is with the job that looks.
#[derive(Clone)]
pub(super) struct Detection {
    detectors: Arc<[Detector]>,
    at: Surroundings,
    shared: Arc<Mutex<Shared>>,
    processor: String,
    metrics: Registry,
}

#[derive(Default)]
struct Shared {
    found: Arc<[Found]>,
    /// Whether all detectors have answered once.
    is_complete: bool,
    is_running: bool,
}

impl Detection {
    pub(super) fn new(
        detectors: Vec<Detector>,
        at: Surroundings,
        processor: String,
        metrics: Registry,
    ) -> Self {
        Self {
            detectors: detectors.into(),
            at,
            shared: Arc::default(),
            processor,
            metrics,
        }
    }

    /// Starts to look, unless it is under way. Without a runtime (a program that only tries a processor out) it looks
    /// at once.
    pub(super) fn start(&self) {
        if std::mem::replace(&mut self.lock().is_running, true) {
            return;
        }
        let job = self.clone();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(sidelight_component::beside_the_workers(move || job.run()))),
            Err(_) => job.run(),
        }
    }

    /// Looks. After each detector what is known so far can be used. What a later look does not find any more, because a
    /// detector failed, stays as it was.
    fn run(&self) {
        let (mut found, mut failed) = (Vec::new(), false);
        for detector in &*self.detectors {
            let (attributes, problem) = detector.detect(&self.at);
            if let Some(problem) = problem {
                failed = true;
                self.report(detector, &problem);
            }
            merge(&mut found, attributes);
            let mut shared = self.lock();
            if !shared.is_complete {
                shared.found = found.clone().into();
            }
        }
        let mut shared = self.lock();
        if failed {
            merge(&mut found, shared.found.to_vec());
        }
        shared.found = found.into();
        shared.is_complete = true;
        shared.is_running = false;
        let names: Vec<&str> = shared.found.iter().map(Found::key).collect();
        info!(component = %self.processor, attributes = names.join(","), "detected");
    }

    fn report(&self, detector: &Detector, problem: &str) {
        warn!(component = %self.processor, detector = detector.name(), problem, "not all could be detected");
        let labels = [
            ("processor", self.processor.as_str()),
            ("detector", detector.name()),
        ];
        let help = "Detections in which a detector did not find all that it should";
        self.metrics
            .counter("sidelight_resource_detection_failed", help, &labels)
            .add(1);
    }

    /// What is known so far.
    pub(super) fn found(&self) -> Arc<[Found]> {
        self.lock().found.clone()
    }

    /// Whether all detectors have answered.
    pub(super) fn is_complete(&self) -> bool {
        self.lock().is_complete
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        // What is inside is whole at any moment.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When the next detection is due.
pub(super) struct Schedule {
    interval: Duration,
    next: Option<std::time::Instant>,
}

impl Schedule {
    pub(super) fn new(interval: Duration, now: Now) -> Self {
        let next = (!interval.is_zero()).then(|| now.instant + interval);
        Self { interval, next }
    }

    pub(super) fn next(&self) -> Option<std::time::Instant> {
        self.next
    }

    /// The moment has come; the next one is an interval from now.
    pub(super) fn advance(&mut self, now: Now) {
        self.next = self.next.map(|_| now.instant + self.interval);
    }
}
