//! What the exporter counts beside what every exporter counts: the Collector's names.

use sidelight_component::ComponentId;
use sidelight_component::metrics::{Counter, Registry};

use super::answer::Written;
use super::write::Counts;

/// Handles of the exporter's own metrics.
#[derive(Debug)]
pub(super) struct Meters {
    batches: Counter,
    series: Counter,
    samples: Counter,
    histograms: Counter,
    exemplars: Counter,
    replaced: Counter,
}

impl Meters {
    pub(super) fn new(registry: &Registry, id: &ComponentId) -> Self {
        let labels = [("exporter", id.as_str())];
        let collectors = |what: &str, help| {
            let name = format!("otelcol_exporter_prometheusremotewrite_{what}");
            registry.counter(&name, help, &labels)
        };
        Self {
            batches: collectors("sent_batches", "Requests that were sent, whatever the answer"),
            series: collectors(
                "translated_time_series",
                "Series in requests that were answered for good",
            ),
            samples: collectors("written_samples", "Samples that the destination wrote"),
            histograms: collectors(
                "written_histograms",
                "Native histograms that the destination wrote",
            ),
            exemplars: collectors("written_exemplars", "Exemplars that the destination wrote"),
            replaced: registry.counter(
                "sidelight_exporter_replaced_samples",
                "Samples that another one of the same series and time took the place of",
                &labels,
            ),
        }
    }

    /// A request is sent.
    pub(super) fn sending(&self) {
        self.batches.add(1);
    }

    /// A request was answered for good.
    pub(super) fn written(&self, sent: &Counts, written: &Written) {
        self.series.add(sent.series);
        self.samples.add(written.samples);
        self.histograms.add(written.histograms);
        self.exemplars.add(written.exemplars);
    }

    pub(super) fn replaced(&self, samples: u64) {
        self.replaced.add(samples);
    }
}
