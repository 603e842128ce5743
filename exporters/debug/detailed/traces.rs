use std::fmt::{self, Write};

use sidelight_proto::views::{ResourceSpansView, SPAN_KINDS, SpanEventView, SpanLinkView, SpanView};

use crate::debug::text::{Colon, Text};
use crate::debug::value::{STATUS_CODES, Time, Word, attribute_lines};

use super::{dropped, resource, scope};

pub(super) fn write(nth: usize, spans: ResourceSpansView<'_>, out: &mut Text<'_>) -> fmt::Result {
    resource("Spans", nth, spans.schema_url(), spans.resource(), out)?;
    for (nth, spans) in spans.scope_spans().enumerate() {
        scope("Spans", nth, spans.schema_url(), spans.scope(), out)?;
        spans
            .spans()
            .enumerate()
            .try_for_each(|(nth, view)| span(nth, view, out))?;
    }
    Ok(())
}

fn span(nth: usize, view: SpanView<'_>, out: &mut Text<'_>) -> fmt::Result {
    let span = view.fields();
    writeln!(out, "Span #{nth}")?;
    writeln!(out, "    Trace ID       {}", Colon(span.trace_id))?;
    writeln!(out, "    Parent ID      {}", Colon(span.parent_span_id))?;
    writeln!(out, "    ID             {}", Colon(span.span_id))?;
    writeln!(out, "    Name           {}", Colon(span.name))?;
    writeln!(out, "    Kind           : {}", Word(span.kind, &SPAN_KINDS))?;
    if !span.trace_state.is_empty() {
        writeln!(out, "    TraceState     {}", Colon(span.trace_state))?;
    }
    if span.flags != 0 {
        writeln!(out, "    Flags          : {:#x}", span.flags)?;
    }
    writeln!(out, "    Start time     : {}", Time(span.start_time_unix_nano))?;
    writeln!(out, "    End time       : {}", Time(span.end_time_unix_nano))?;
    writeln!(
        out,
        "    Status code    : {}",
        Word(span.status.code(), &STATUS_CODES)
    )?;
    writeln!(out, "    Status message {}", Colon(span.status.message()))?;
    dropped("    Dropped attributes", span.dropped_attributes_count, out)?;
    dropped("    Dropped events", span.dropped_events_count, out)?;
    dropped("    Dropped links", span.dropped_links_count, out)?;
    attribute_lines("", "Attributes", view.attributes(), out)?;
    view.events()
        .enumerate()
        .try_for_each(|(nth, view)| event(nth, view, out))?;
    view.links()
        .enumerate()
        .try_for_each(|(nth, view)| link(nth, view, out))
}

fn event(nth: usize, event: SpanEventView<'_>, out: &mut Text<'_>) -> fmt::Result {
    if nth == 0 {
        writeln!(out, "Events:")?;
    }
    writeln!(out, "SpanEvent #{nth}")?;
    writeln!(out, "     -> Name{}", Colon(event.name()))?;
    writeln!(out, "     -> Timestamp: {}", Time(event.time_unix_nano()))?;
    writeln!(
        out,
        "     -> DroppedAttributesCount: {}",
        event.dropped_attributes_count()
    )?;
    attribute_lines("     ", "-> Attributes", event.attributes(), out)
}

fn link(nth: usize, link: SpanLinkView<'_>, out: &mut Text<'_>) -> fmt::Result {
    if nth == 0 {
        writeln!(out, "Links:")?;
    }
    writeln!(out, "SpanLink #{nth}")?;
    writeln!(out, "     -> Trace ID{}", Colon(link.trace_id()))?;
    writeln!(out, "     -> ID{}", Colon(link.span_id()))?;
    writeln!(out, "     -> TraceState{}", Colon(link.trace_state()))?;
    if link.flags() != 0 {
        writeln!(out, "     -> Flags: {:#x}", link.flags())?;
    }
    writeln!(
        out,
        "     -> DroppedAttributesCount: {}",
        link.dropped_attributes_count()
    )?;
    attribute_lines("     ", "-> Attributes", link.attributes(), out)
}
