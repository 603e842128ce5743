//! Everything there is, many lines per item; the shape is the Collector's.

mod logs;
mod metrics;
mod traces;

use std::fmt::{self, Write};

use sidelight_component::{Request, Signal};
use sidelight_proto::views::{LogsView, MetricsView, ResourceView, ScopeView, TracesView};

use super::text::{Colon, Foreign, Text};
use super::value::attribute_lines;

/// Writes all of the request. Resources are numbered over all its chunks.
pub(super) fn write(request: &Request, out: &mut Text<'_>) -> fmt::Result {
    let chunks = request.body.iter();
    match request.signal {
        Signal::Traces => {
            let all = chunks.flat_map(|chunk| TracesView::new(chunk).resource_spans());
            all.enumerate()
                .try_for_each(|(nth, spans)| traces::write(nth, spans, out))
        }
        Signal::Metrics => {
            let all = chunks.flat_map(|chunk| MetricsView::new(chunk).resource_metrics());
            all.enumerate()
                .try_for_each(|(nth, metrics)| metrics::write(nth, metrics, out))
        }
        Signal::Logs => {
            let all = chunks.flat_map(|chunk| LogsView::new(chunk).resource_logs());
            all.enumerate()
                .try_for_each(|(nth, records)| logs::write(nth, records, out))
        }
    }
}

fn resource(
    kind: &str,
    nth: usize,
    schema_url: &str,
    resource: ResourceView<'_>,
    out: &mut Text<'_>,
) -> fmt::Result {
    writeln!(out, "Resource{kind} #{nth}")?;
    writeln!(out, "Resource SchemaURL{}", Colon(schema_url))?;
    attribute_lines("", "Resource attributes", resource.attributes(), out)?;
    dropped(
        "Resource dropped attributes",
        resource.dropped_attributes_count(),
        out,
    )?;
    for (nth, entity) in resource.entity_refs().enumerate() {
        if nth == 0 {
            writeln!(out, "Entity Refs:")?;
        }
        writeln!(out, "Entity Ref #{nth}")?;
        writeln!(out, "     -> Entity Type{}", Colon(entity.entity_type()))?;
        writeln!(out, "     -> SchemaURL{}", Colon(entity.schema_url()))?;
        keys("Identifying Attributes", entity.id_keys(), out)?;
        keys("Descriptive Attributes", entity.description_keys(), out)?;
    }
    Ok(())
}

fn keys<'a>(name: &str, keys: impl Iterator<Item = &'a str>, out: &mut Text<'_>) -> fmt::Result {
    write!(out, "     -> {name}:")?;
    for (nth, key) in keys.enumerate() {
        write!(out, "{} {}", if nth == 0 { "" } else { "," }, Foreign(key))?;
    }
    writeln!(out)
}

fn scope(kind: &str, nth: usize, schema_url: &str, scope: ScopeView<'_>, out: &mut Text<'_>) -> fmt::Result {
    writeln!(out, "Scope{kind} #{nth}")?;
    writeln!(out, "Scope{kind} SchemaURL{}", Colon(schema_url))?;
    write!(out, "InstrumentationScope")?;
    for text in [scope.name(), scope.version()] {
        if !text.is_empty() {
            write!(out, " {}", Foreign(text))?;
        }
    }
    writeln!(out)?;
    attribute_lines("", "InstrumentationScope attributes", scope.attributes(), out)?;
    dropped(
        "InstrumentationScope dropped attributes",
        scope.dropped_attributes_count(),
        out,
    )
}

/// A line where the sender left something out.
fn dropped(what: &str, count: u32, out: &mut Text<'_>) -> fmt::Result {
    if count == 0 {
        Ok(())
    } else {
        writeln!(out, "{what}: {count}")
    }
}
