use super::{Attributes, Repeated, ResourceView, ScopeView, get, text, view};
use crate::wire::{Fields, Value};

view! {
    /// A traces request (`ExportTraceServiceRequest`).
    TracesView {
        /// Spans by resource.
        resource_spans: repeated(1) -> Repeated<'a, ResourceSpansView<'a>>,
    }
}

view! {
    /// Spans of one resource.
    ResourceSpansView {
        /// The resource; reads as empty when absent.
        resource: message(1) -> ResourceView<'a>,
        /// Spans by scope.
        scope_spans: repeated(2) -> Repeated<'a, ScopeSpansView<'a>>,
        /// Schema of the resource's attributes.
        schema_url: text(3) -> &'a str,
    }
}

view! {
    /// Spans of one scope.
    ScopeSpansView {
        /// The scope; reads as empty when absent.
        scope: message(1) -> ScopeView<'a>,
        /// The spans.
        spans: repeated(2) -> Repeated<'a, SpanView<'a>>,
        /// Schema of the spans' attributes.
        schema_url: text(3) -> &'a str,
    }
}

view! {
    /// One span.
    SpanView {
        /// 16 bytes when valid.
        trace_id: bytes(1) -> &'a [u8],
        /// 8 bytes when valid.
        span_id: bytes(2) -> &'a [u8],
        /// W3C trace state.
        trace_state: text(3) -> &'a str,
        /// 8 bytes, or empty for a root span.
        parent_span_id: bytes(4) -> &'a [u8],
        /// Name of the operation.
        name: text(5) -> &'a str,
        /// `SpanKind` as a number: 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
        kind: int32(6) -> i32,
        /// Start, in Unix nanoseconds.
        start_time_unix_nano: fixed64(7) -> u64,
        /// End, in Unix nanoseconds.
        end_time_unix_nano: fixed64(8) -> u64,
        /// What describes it.
        attributes: repeated(9) -> Attributes<'a>,
        /// Attributes that the sender left out.
        dropped_attributes_count: uint32(10) -> u32,
        /// What happened during the span.
        events: repeated(11) -> Repeated<'a, SpanEventView<'a>>,
        /// Events that the sender left out.
        dropped_events_count: uint32(12) -> u32,
        /// Other spans it is linked to.
        links: repeated(13) -> Repeated<'a, SpanLinkView<'a>>,
        /// Links that the sender left out.
        dropped_links_count: uint32(14) -> u32,
        /// How it ended; reads as unset when absent.
        status: message(15) -> StatusView<'a>,
        /// Bits 0–7: W3C trace flags; bits 8 and 9: whether the parent is remote.
        flags: fixed32(16) -> u32,
    }
}

view! {
    /// Something that happened during a span.
    SpanEventView {
        /// When, in Unix nanoseconds.
        time_unix_nano: fixed64(1) -> u64,
        /// What.
        name: text(2) -> &'a str,
        /// What describes it.
        attributes: repeated(3) -> Attributes<'a>,
        /// Attributes that the sender left out.
        dropped_attributes_count: uint32(4) -> u32,
    }
}

view! {
    /// A link to another span.
    SpanLinkView {
        /// 16 bytes when valid.
        trace_id: bytes(1) -> &'a [u8],
        /// 8 bytes when valid.
        span_id: bytes(2) -> &'a [u8],
        /// W3C trace state.
        trace_state: text(3) -> &'a str,
        /// What describes it.
        attributes: repeated(4) -> Attributes<'a>,
        /// Attributes that the sender left out.
        dropped_attributes_count: uint32(5) -> u32,
        /// As [`SpanView::flags`].
        flags: fixed32(6) -> u32,
    }
}

view! {
    /// How a span ended.
    StatusView {
        /// Explanation of an error.
        message: text(2) -> &'a str,
        /// 0 unset, 1 ok, 2 error.
        code: int32(3) -> i32,
    }
}

/// Words for the kinds of spans, by their numbers (`SpanKind`).
pub const SPAN_KINDS: [&str; 6] = [
    "Unspecified",
    "Internal",
    "Server",
    "Client",
    "Producer",
    "Consumer",
];

/// The singular fields of a span, read in one pass; see [`SpanView`] for their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    missing_docs,
    reason = "each field has the name of the accessor that explains it"
)]
pub struct SpanFields<'a> {
    pub trace_id: &'a [u8],
    pub span_id: &'a [u8],
    pub trace_state: &'a str,
    pub parent_span_id: &'a [u8],
    pub name: &'a str,
    pub kind: i32,
    pub start_time_unix_nano: u64,
    pub end_time_unix_nano: u64,
    pub dropped_attributes_count: u32,
    pub dropped_events_count: u32,
    pub dropped_links_count: u32,
    pub status: StatusView<'a>,
    pub flags: u32,
}

impl<'a> SpanView<'a> {
    /// Reads all singular fields in one pass.
    pub fn fields(&self) -> SpanFields<'a> {
        let mut span = SpanFields::default();
        for field in Fields::new(self.0) {
            match (field.number, field.value) {
                (1, Value::Len(content)) => span.trace_id = content,
                (2, Value::Len(content)) => span.span_id = content,
                (3, Value::Len(content)) => span.trace_state = text(content),
                (4, Value::Len(content)) => span.parent_span_id = content,
                (5, Value::Len(content)) => span.name = text(content),
                (6, Value::Varint(value)) => span.kind = value as i32,
                (7, Value::Fixed64(value)) => span.start_time_unix_nano = value,
                (8, Value::Fixed64(value)) => span.end_time_unix_nano = value,
                (10, Value::Varint(value)) => span.dropped_attributes_count = value as u32,
                (12, Value::Varint(value)) => span.dropped_events_count = value as u32,
                (14, Value::Varint(value)) => span.dropped_links_count = value as u32,
                (15, Value::Len(content)) => span.status = StatusView::new(content),
                (16, Value::Fixed32(value)) => span.flags = value,
                _ => {}
            }
        }
        span
    }

    /// End minus start in nanoseconds; 0 when the clock ran backwards.
    pub fn duration_nano(&self) -> u64 {
        self.end_time_unix_nano().saturating_sub(get::fixed64(self.0, 7))
    }
}
