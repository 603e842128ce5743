//! One line per span, data point or log record, below one line per resource and scope.

use std::fmt::{self, Write};

use sidelight_component::Request;
use sidelight_component::Signal;
use sidelight_proto::views::{
    BucketsView, DataView, ExpHistogramPointView, HistogramPointView, LogRecordView, LogsView, MetricView,
    MetricsView, NumberPointView, ResourceView, SPAN_KINDS, ScopeView, SpanView, SummaryPointView,
    TracesView, ValueView,
};

use super::text::{Foreign, Hex, Text};
use super::value::{Listed, Number, Plain, SEVERITIES, STATUS_CODES, Spaced, Took, Word};

/// Writes all items of the request.
pub(super) fn write(request: &Request, out: &mut Text<'_>) -> fmt::Result {
    request.body.iter().try_for_each(|chunk| match request.signal {
        Signal::Traces => traces(TracesView::new(chunk), out),
        Signal::Metrics => metrics(MetricsView::new(chunk), out),
        Signal::Logs => logs(LogsView::new(chunk), out),
    })
}

fn resource(
    kind: &str,
    nth: usize,
    schema_url: &str,
    resource: ResourceView<'_>,
    out: &mut Text<'_>,
) -> fmt::Result {
    write!(out, "Resource{kind} #{nth}")?;
    schema(schema_url, out)?;
    writeln!(out, "{}", Spaced(resource.attributes()))
}

fn scope(kind: &str, nth: usize, schema_url: &str, scope: ScopeView<'_>, out: &mut Text<'_>) -> fmt::Result {
    write!(out, "Scope{kind} #{nth}")?;
    if !scope.name().is_empty() {
        write!(out, " {}", Foreign(scope.name()))?;
    }
    if !scope.version().is_empty() {
        write!(out, "@{}", Foreign(scope.version()))?;
    }
    schema(schema_url, out)?;
    writeln!(out, "{}", Spaced(scope.attributes()))
}

fn schema(url: &str, out: &mut Text<'_>) -> fmt::Result {
    if url.is_empty() {
        Ok(())
    } else {
        write!(out, " [{}]", Foreign(url))
    }
}

fn traces(view: TracesView<'_>, out: &mut Text<'_>) -> fmt::Result {
    for (r, spans) in view.resource_spans().enumerate() {
        resource("Traces", r, spans.schema_url(), spans.resource(), out)?;
        for (s, spans) in spans.scope_spans().enumerate() {
            scope("Traces", s, spans.schema_url(), spans.scope(), out)?;
            spans.spans().try_for_each(|span| one_span(span, out))?;
        }
    }
    Ok(())
}

/// `name trace-id span-id Server 12.5ms Error key=value …`
fn one_span(view: SpanView<'_>, out: &mut Text<'_>) -> fmt::Result {
    let span = view.fields();
    let took = span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano);
    write!(
        out,
        "{} {} {}",
        Foreign(span.name),
        Hex(span.trace_id),
        Hex(span.span_id)
    )?;
    if span.kind != 0 {
        write!(out, " {}", Word(span.kind, &SPAN_KINDS))?;
    }
    write!(out, " {}", Took(took))?;
    if span.status.code() != 0 {
        write!(out, " {}", Word(span.status.code(), &STATUS_CODES))?;
    }
    writeln!(out, "{}", Spaced(view.attributes()))
}

fn logs(view: LogsView<'_>, out: &mut Text<'_>) -> fmt::Result {
    for (r, records) in view.resource_logs().enumerate() {
        resource("Log", r, records.schema_url(), records.resource(), out)?;
        for (s, records) in records.scope_logs().enumerate() {
            scope("Log", s, records.schema_url(), records.scope(), out)?;
            records
                .log_records()
                .try_for_each(|record| one_record(record, out))?;
        }
    }
    Ok(())
}

/// `Info event.name body key=value … trace_id=… span_id=…`
fn one_record(view: LogRecordView<'_>, out: &mut Text<'_>) -> fmt::Result {
    let record = view.fields();
    if record.severity_text.is_empty() {
        write!(out, "{}", Word(record.severity_number, &SEVERITIES))?;
    } else {
        write!(out, "{}", Foreign(record.severity_text))?;
    }
    if !record.event_name.is_empty() {
        write!(out, " {}", Foreign(record.event_name))?;
    }
    if record.body != ValueView::Empty {
        write!(out, " {}", Plain(record.body))?;
    }
    write!(out, "{}", Spaced(view.attributes()))?;
    for (name, id) in [("trace_id", record.trace_id), ("span_id", record.span_id)] {
        if !id.is_empty() {
            write!(out, " {name}={}", Hex(id))?;
        }
    }
    writeln!(out)
}

fn metrics(view: MetricsView<'_>, out: &mut Text<'_>) -> fmt::Result {
    for (r, metrics) in view.resource_metrics().enumerate() {
        resource("Metrics", r, metrics.schema_url(), metrics.resource(), out)?;
        for (s, metrics) in metrics.scope_metrics().enumerate() {
            scope("Metrics", s, metrics.schema_url(), metrics.scope(), out)?;
            metrics.metrics().try_for_each(|metric| points(metric, out))?;
        }
    }
    Ok(())
}

/// `name{key=value,…} value`, one line per point.
fn points(metric: MetricView<'_>, out: &mut Text<'_>) -> fmt::Result {
    let name = metric.name();
    match metric.data() {
        DataView::Empty => writeln!(out, "{}", Foreign(name)),
        DataView::Gauge(data) => data.data_points().try_for_each(|point| number(name, point, out)),
        DataView::Sum(data) => data.data_points().try_for_each(|point| number(name, point, out)),
        DataView::Histogram(data) => data
            .data_points()
            .try_for_each(|point| histogram(name, point, out)),
        DataView::ExponentialHistogram(data) => data
            .data_points()
            .try_for_each(|point| exponential_histogram(name, point, out)),
        DataView::Summary(data) => data.data_points().try_for_each(|point| summary(name, point, out)),
    }
}

fn number(name: &str, point: NumberPointView<'_>, out: &mut Text<'_>) -> fmt::Result {
    write!(out, "{}{{{}}}", Foreign(name), Listed(point.attributes()))?;
    match point.value() {
        Some(value) => writeln!(out, " {}", Number(value)),
        None => writeln!(out),
    }
}

fn histogram(name: &str, point: HistogramPointView<'_>, out: &mut Text<'_>) -> fmt::Result {
    write!(
        out,
        "{}{{{}}} count={}",
        Foreign(name),
        Listed(point.attributes()),
        point.count()
    )?;
    optional("sum", point.sum(), out)?;
    optional("min", point.min(), out)?;
    optional("max", point.max(), out)?;
    let mut bounds = point.explicit_bounds();
    for count in point.bucket_counts() {
        match bounds.next() {
            Some(bound) => write!(out, " le{bound:?}={count}")?,
            None => write!(out, " {count}")?,
        }
    }
    writeln!(out)
}

fn exponential_histogram(name: &str, point: ExpHistogramPointView<'_>, out: &mut Text<'_>) -> fmt::Result {
    write!(
        out,
        "{}{{{}}} count={}",
        Foreign(name),
        Listed(point.attributes()),
        point.count()
    )?;
    optional("sum", point.sum(), out)?;
    optional("min", point.min(), out)?;
    optional("max", point.max(), out)?;
    write!(out, " scale={}", point.scale())?;
    if point.zero_count() > 0 {
        write!(out, " zero={}", point.zero_count())?;
    }
    buckets("negative", point.negative(), out)?;
    buckets("positive", point.positive(), out)?;
    writeln!(out)
}

/// ` positive[-3]=1,0,4`: the index of the first bucket, then the counts.
fn buckets(side: &str, buckets: Option<BucketsView<'_>>, out: &mut Text<'_>) -> fmt::Result {
    let Some(buckets) = buckets else { return Ok(()) };
    for (nth, count) in buckets.bucket_counts().enumerate() {
        match nth {
            0 => write!(out, " {side}[{}]={count}", buckets.offset())?,
            _ => write!(out, ",{count}")?,
        }
    }
    Ok(())
}

fn summary(name: &str, point: SummaryPointView<'_>, out: &mut Text<'_>) -> fmt::Result {
    let (count, sum) = (point.count(), point.sum());
    write!(
        out,
        "{}{{{}}} count={count} sum={sum:?}",
        Foreign(name),
        Listed(point.attributes())
    )?;
    for quantile in point.quantile_values() {
        write!(out, " q{:?}={:?}", quantile.quantile(), quantile.value())?;
    }
    writeln!(out)
}

fn optional(name: &str, value: Option<f64>, out: &mut Text<'_>) -> fmt::Result {
    match value {
        Some(value) => write!(out, " {name}={value:?}"),
        None => Ok(()),
    }
}
