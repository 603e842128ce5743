//! What a scrape says about itself: `up` and its like.

use std::time::Duration;

use sidelight_proto::wire::Writer;

use super::attributes;
use super::record::Counts;
use super::write_points::{put_metadata, put_number};
use crate::prometheus::job::Job;
use crate::prometheus::target::Target;

/// The outcome of one scrape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    /// The page came and could be used.
    pub(crate) is_up: bool,
    /// From the request to the end of the page.
    pub(crate) duration: Duration,
    /// What became of the samples.
    pub(crate) counts: Counts,
}

/// One metric about a scrape.
struct Gauge {
    name: &'static str,
    help: &'static str,
    unit: &'static str,
}

/// Writes the metrics about a scrape as fields of `ScopeMetrics`, each point with `attributes`; without a report, the marks of their end. Returns how
/// many points these are.
pub(super) fn write(
    report: Option<&Report>,
    job: &Job,
    now: u64,
    attributes: &[u8],
    writer: &mut Writer,
) -> usize {
    let values = report.map(|report| values(report, job));
    let shown = if job.samples.extra_metrics {
        GAUGES.len()
    } else {
        GAUGES.len() - EXTRA
    };
    for (at, gauge) in GAUGES.iter().enumerate().take(shown) {
        let metric = writer.begin(2, 1);
        writer.bytes_field(1, gauge.name.as_bytes());
        writer.bytes_field(2, gauge.help.as_bytes());
        if !gauge.unit.is_empty() {
            writer.bytes_field(3, gauge.unit.as_bytes());
        }
        let data = writer.begin(5, 1);
        let point = writer.begin(1, 1);
        put_number(writer, 0, now, values.map(|values| values[at]));
        writer.raw(attributes);
        writer.end(point);
        writer.end(data);
        put_metadata(writer, "gauge");
        writer.end(metric);
    }
    shown
}

/// The labels of a target as attributes of these points; `job` and `instance` are those of the resource.
pub(super) fn attributes(target: &Target, job: &Job) -> Vec<u8> {
    let mut labels = target.labels.clone();
    for (name, value) in job.samples.external_labels.iter() {
        labels.set(name, value);
    }
    let mut writer = Writer::default();
    for (name, value) in labels
        .iter()
        .filter(|(name, _)| !matches!(*name, "job" | "instance"))
    {
        attributes::write(&mut writer, 7, name, value);
    }
    writer.into_bytes()
}

/// The last so many are shown with `report_extra_scrape_metrics` alone.
const EXTRA: usize = 3;

const fn gauge(name: &'static str, help: &'static str, unit: &'static str) -> Gauge {
    Gauge { name, help, unit }
}

const GAUGES: [Gauge; 8] = [
    gauge("up", "1 where the page came and could be used, else 0", ""),
    gauge("scrape_duration_seconds", "Time that the scrape took", "s"),
    gauge("scrape_samples_scraped", "Samples on the page", ""),
    gauge(
        "scrape_samples_post_metric_relabeling",
        "Samples left by relabelling",
        "",
    ),
    gauge(
        "scrape_series_added",
        "Series that were not on the page before",
        "",
    ),
    gauge("scrape_timeout_seconds", "The longest time for a scrape", "s"),
    gauge("scrape_sample_limit", "Most samples of a page; 0: no limit", ""),
    gauge("scrape_body_size_bytes", "The largest page; 0: no limit", "By"),
];

/// The values of [`GAUGES`].
fn values(report: &Report, job: &Job) -> [f64; GAUGES.len()] {
    let counts = &report.counts;
    [
        f64::from(report.is_up),
        report.duration.as_secs_f64(),
        counts.scraped as f64,
        counts.kept as f64,
        counts.added as f64,
        job.timeout.as_secs_f64(),
        job.samples.sample_limit as f64,
        job.body_size_limit as f64,
    ]
}
