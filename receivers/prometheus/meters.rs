//! What the receiver counts about itself, and its line in the summary.

use std::sync::atomic::{AtomicI64, Ordering};

use sidelight_component::metrics::{Counter, Gauge};
use sidelight_component::{BuildContext, StatusReporter, grouped};

use super::series::Counts;

/// Counters of one receiver.
#[derive(Debug)]
pub(super) struct Meters {
    scrapes: Counter,
    failed_scrapes: Counter,
    duplicate: Counter,
    out_of_order: Counter,
    out_of_bounds: Counter,
    surplus: Counter,
    incomplete: Counter,
    targets: Gauge,
    left_out_targets: Counter,
    status: StatusReporter,
    up: AtomicI64,
    samples: AtomicI64,
}

/// What one target adds to the sums; taken back when it goes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) is_up: bool,
    pub(super) samples: u64,
}

impl Meters {
    pub(super) fn new(cx: &BuildContext) -> Self {
        let receiver = cx.id.as_str();
        let counter = |name, help| cx.metrics.counter(name, help, &[("receiver", receiver)]);
        let dropped = |reason| {
            cx.metrics.counter(
                "sidelight_receiver_dropped_samples",
                "Samples of pages that were left out",
                &[("receiver", receiver), ("reason", reason)],
            )
        };
        Self {
            scrapes: counter("sidelight_receiver_scrapes", "Scrapes of targets"),
            failed_scrapes: counter(
                "sidelight_receiver_failed_scrapes",
                "Scrapes without a usable page",
            ),
            duplicate: dropped("duplicate"),
            out_of_order: dropped("out_of_order"),
            out_of_bounds: dropped("out_of_bounds"),
            surplus: dropped("surplus"),
            incomplete: dropped("incomplete"),
            targets: cx.metrics.gauge(
                "sidelight_receiver_targets",
                "Targets that are scraped",
                &[("receiver", receiver)],
            ),
            left_out_targets: counter(
                "sidelight_receiver_left_out_targets",
                "Discovered targets that were beyond 100,000 of a job or made no target, at each change of the list",
            ),
            status: cx.status.clone(),
            up: AtomicI64::new(0),
            samples: AtomicI64::new(0),
        }
    }

    /// So many of the targets that were discovered are not scraped.
    pub(super) fn left_out_targets(&self, count: usize) {
        self.left_out_targets.add(count as u64);
    }

    /// A target came.
    pub(super) fn add_target(&self) {
        self.targets.add(1);
    }

    /// A target went, with its share.
    pub(super) fn remove_target(&self, share: &mut Share) {
        self.targets.add(-1);
        self.change(share, Share::default());
    }

    /// A scrape is over: `share` becomes `new`.
    pub(super) fn scraped(&self, share: &mut Share, new: Share) {
        self.scrapes.add(1);
        self.failed_scrapes.add(u64::from(!new.is_up));
        self.change(share, new);
    }

    /// Counts what was left out. True where anything was.
    pub(super) fn dropped(&self, counts: &Counts, incomplete: u64) -> bool {
        self.duplicate.add(counts.duplicate);
        self.out_of_order.add(counts.out_of_order);
        self.out_of_bounds.add(counts.out_of_bounds);
        self.surplus.add(counts.surplus);
        self.incomplete.add(incomplete);
        counts.duplicate + counts.out_of_order + counts.out_of_bounds + counts.surplus + incomplete > 0
    }

    fn change(&self, share: &mut Share, new: Share) {
        let up = i64::from(new.is_up) - i64::from(share.is_up);
        let samples = new.samples as i64 - share.samples as i64;
        let up = self.up.fetch_add(up, Ordering::Relaxed) + up;
        let samples = self.samples.fetch_add(samples, Ordering::Relaxed) + samples;
        *share = new;
        let targets = self.targets.get();
        self.status.headlines([format!(
            "{up} of {targets} targets up  {} samples",
            grouped(samples.max(0) as u64)
        )]);
    }
}
