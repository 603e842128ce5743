//! Spans and their events.

use sidelight_proto::rewrite::Context;
use sidelight_proto::views::{SPAN_KINDS, SpanEventView, SpanView};

use super::{id, of_attributes, of_context, unsigned};
use crate::path::{Field, Item, Path};
use crate::value::{Fields, Value};

/// A span with its resource and scope.
#[derive(Clone, Copy, Debug)]
pub struct Span<'r> {
    /// Its resource and scope.
    pub at: Context<'r>,
    /// The span.
    pub span: SpanView<'r>,
}

/// An event with its span.
#[derive(Clone, Copy, Debug)]
pub struct SpanEvent<'r> {
    /// The span.
    pub span: Span<'r>,
    /// The event.
    pub event: SpanEventView<'r>,
}

impl Fields for Span<'_> {
    fn get<'a>(&'a self, path: Path, keys: &[String]) -> Value<'a> {
        if path.item != Item::Span {
            return of_context(self.at, path, keys);
        }
        let span = self.span;
        match path.field {
            Field::Name => Value::Text(span.name().into()),
            Field::Attributes => of_attributes(span.attributes(), keys),
            Field::DroppedAttributes => Value::Int(span.dropped_attributes_count().into()),
            Field::TraceId => id(span.trace_id()),
            Field::SpanId => id(span.span_id()),
            Field::ParentSpanId => id(span.parent_span_id()),
            Field::TraceState => Value::Text(span.trace_state().into()),
            Field::Kind => Value::Int(span.kind().into()),
            Field::KindText => {
                let kind = usize::try_from(span.kind())
                    .ok()
                    .and_then(|kind| SPAN_KINDS.get(kind));
                kind.map_or(Value::Nil, |kind| Value::Text((*kind).into()))
            }
            Field::StartTime => unsigned(span.start_time_unix_nano()),
            Field::EndTime => unsigned(span.end_time_unix_nano()),
            Field::StatusCode => Value::Int(span.status().code().into()),
            Field::StatusMessage => Value::Text(span.status().message().into()),
            Field::DroppedEvents => Value::Int(span.dropped_events_count().into()),
            Field::DroppedLinks => Value::Int(span.dropped_links_count().into()),
            Field::Flags => Value::Int(span.flags().into()),
            _ => Value::Nil,
        }
    }
}

impl Fields for SpanEvent<'_> {
    fn get<'a>(&'a self, path: Path, keys: &[String]) -> Value<'a> {
        if path.item != Item::SpanEvent {
            return self.span.get(path, keys);
        }
        match path.field {
            Field::Name => Value::Text(self.event.name().into()),
            Field::Attributes => of_attributes(self.event.attributes(), keys),
            Field::DroppedAttributes => Value::Int(self.event.dropped_attributes_count().into()),
            Field::Time => unsigned(self.event.time_unix_nano()),
            _ => Value::Nil,
        }
    }
}
