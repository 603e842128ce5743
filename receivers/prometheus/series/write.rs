//! One scrape as an OTLP request.

use sidelight_component::{Budget, Chunk, Overloaded, Payload};
use sidelight_exposition::parse::MetricType;
use sidelight_proto::wire::Writer;

use super::metadata::{Family, Metadata};
use super::metrics::{Kind, Metric, Metrics};
use super::point::Point;
use super::report::{self, Report};
use super::state::SeriesState;
use super::units;
use super::write_points::{Due, Page, Scratch, put_metadata};

/// Room for the first request of a target: `up` and its like.
const LEAST_BYTES: usize = 2048;
/// `AggregationTemporality.CUMULATIVE`.
const CUMULATIVE: u64 = 2;

/// What a scrape came to.
pub(crate) struct Written {
    /// The request.
    pub(crate) payload: Payload,
    /// Points that could not be written: a histogram or summary without its count, a native histogram that OTLP has no form
    /// for.
    pub(crate) incomplete: u64,
}

impl SeriesState {
    /// Writes what was recorded, the ends of series that are gone, and the report; without a report, the ends of all
    /// series: the target is gone.
    ///
    /// # Errors
    /// [`Overloaded`] where the budget has no room for the request; then the ends are marked the next time.
    pub(crate) fn write(&mut self, report: Option<&Report>, budget: &Budget) -> Result<Written, Overloaded> {
        let capacity = (self.written_bytes + self.written_bytes / 8).max(LEAST_BYTES);
        let permit = budget.charge(capacity)?;
        let mut writer = Writer::with_capacity(capacity);
        let (items, incomplete) = self.write_request(report, &mut writer);
        self.end(self.has_failed());
        self.written_bytes = writer.len();
        let bytes = permit.own(writer.into_bytes());
        Ok(Written {
            payload: Payload::new(Chunk { bytes, items }),
            incomplete,
        })
    }

    fn write_request(&mut self, report: Option<&Report>, writer: &mut Writer) -> (usize, u64) {
        let page = Page {
            scrape: self.scrape,
            now: self.now,
            tracks_own_times: self.job.samples.track_timestamps_staleness,
            exemplars: &self.exemplars,
            native: self.native.as_slice(),
        };
        let mut points = Points {
            page,
            metadata: &self.metadata,
            scratch: &mut self.scratch,
            items: 0,
            incomplete: 0,
        };
        let order = self.metrics.groups_by_resource();
        let Metrics {
            groups,
            metrics,
            points: all,
            ..
        } = &mut self.metrics;
        let same_resource = |a: &u32, b: &u32| groups[*a as usize].resource == groups[*b as usize].resource;
        for of_resource in order.chunk_by(same_resource) {
            let Some(first) = of_resource.first() else {
                continue;
            };
            let resource = &self.places.resources[groups[*first as usize].resource as usize];
            let resource_metrics = writer.begin(1, 3);
            writer.bytes_field(1, resource.encoded());
            let before = points.items;
            for at in of_resource {
                let group = &groups[*at as usize];
                let scope = &self.places.scopes[group.scope as usize];
                let scope_metrics = writer.begin(2, 3);
                let before = points.items;
                if !scope.encoded().is_empty() {
                    writer.bytes_field(1, scope.encoded());
                }
                if *at == 0 {
                    points.items +=
                        report::write(report, &self.job, self.now, &self.report_attributes, writer);
                }
                for metric in &group.metrics {
                    points.write(&metrics[*metric as usize], all, writer);
                }
                if !scope.key().schema_url.is_empty() {
                    writer.bytes_field(3, scope.key().schema_url.as_bytes());
                }
                end_or_cancel(writer, scope_metrics, points.items > before);
            }
            end_or_cancel(writer, resource_metrics, points.items > before);
        }
        (points.items, points.incomplete)
    }
}

/// Writes metrics, and counts.
struct Points<'a> {
    page: Page<'a>,
    metadata: &'a Metadata,
    scratch: &'a mut Scratch,
    items: usize,
    incomplete: u64,
}

impl Points<'_> {
    /// Writes a metric as field 2 of `ScopeMetrics`, unless there is nothing of it to write.
    fn write(&mut self, metric: &Metric, all: &mut [Point], writer: &mut Writer) {
        let family = self.metadata.get(metric.family);
        let message = writer.begin(2, 2);
        writer.bytes_field(1, metric.name.as_bytes());
        if !family.help.is_empty() {
            writer.bytes_field(2, family.help.as_bytes());
        }
        if !family.unit.is_empty() {
            writer.bytes_field(3, units::in_ucum(&family.unit).as_bytes());
        }
        let before = self.items;
        let data = writer.begin(data_field(metric.kind), 2);
        for number in &metric.points {
            let point = &mut all[*number as usize];
            match self.page.due(point, metric.kind) {
                due @ (Due::Value | Due::End) => {
                    self.page.write(point, metric.kind, due, self.scratch, writer);
                    self.items += 1;
                }
                Due::Incomplete => self.incomplete += 1,
                Due::Nothing => {}
            }
        }
        if let Kind::Sum { monotonic } = metric.kind {
            writer.varint_field(2, CUMULATIVE);
            if monotonic {
                writer.varint_field(3, 1);
            }
        } else if matches!(metric.kind, Kind::Histogram | Kind::Exponential) {
            writer.varint_field(2, CUMULATIVE);
        }
        writer.end(data);
        put_metadata(writer, prometheus_type(metric.kind, family));
        end_or_cancel(writer, message, self.items > before);
    }
}

fn end_or_cancel(writer: &mut Writer, mark: sidelight_proto::wire::Mark, has_points: bool) {
    match has_points {
        true => writer.end(mark),
        false => writer.cancel(mark),
    }
}

fn data_field(kind: Kind) -> u32 {
    match kind {
        Kind::Gauge => 5,
        Kind::Sum { .. } => 7,
        Kind::Histogram => 9,
        Kind::Exponential => 10,
        Kind::Summary => 11,
    }
}

/// The type that the target gave, where it is that of the metric: a sample of a histogram that is no part of one is a gauge.
fn prometheus_type(kind: Kind, family: &Family) -> &'static str {
    use MetricType::{Histogram, Summary};
    match (kind, family.kind) {
        (Kind::Gauge, Histogram | Summary) => MetricType::Unknown.as_str(),
        (Kind::Exponential, _) => Histogram.as_str(),
        (_, kind) => kind.as_str(),
    }
}
