use super::{ResourceEncoder, ScopeEncoder, encoder, request_encoder};

request_encoder! {
    /// Writes a traces request.
    TracesEncoder,
    /// Opens the spans of one resource.
    resource_spans -> ResourceSpansEncoder
}

encoder! {
    /// Writes the spans of one resource.
    ResourceSpansEncoder {
        set {
            /// Schema of the resource's attributes.
            schema_url: text(3) <- &str,
        }
        open {
            /// Opens the resource.
            resource: nested_once(1, 1) -> ResourceEncoder,
            /// Opens the spans of one scope.
            scope_spans: nested(2, 3) -> ScopeSpansEncoder,
        }
        attributes {}
    }
}

encoder! {
    /// Writes the spans of one scope.
    ScopeSpansEncoder {
        set {
            /// Schema of the spans' attributes.
            schema_url: text(3) <- &str,
        }
        open {
            /// Opens the scope.
            scope: nested_once(1, 1) -> ScopeEncoder,
            /// Opens a span.
            span: nested(2, 2) -> SpanEncoder,
        }
        attributes {}
    }
}

encoder! {
    /// Writes a span; see [`SpanView`](crate::views::SpanView) for the meaning of its fields.
    SpanEncoder {
        set {
            /// 16 bytes.
            trace_id: bytes(1) <- &[u8],
            /// 8 bytes.
            span_id: bytes(2) <- &[u8],
            /// W3C trace state.
            trace_state: text(3) <- &str,
            /// 8 bytes; empty for a root span.
            parent_span_id: bytes(4) <- &[u8],
            /// Name of the operation.
            name: text(5) <- &str,
            /// `SpanKind` as a number.
            kind: int32(6) <- i32,
            /// Start, in Unix nanoseconds.
            start_time_unix_nano: fixed64(7) <- u64,
            /// End, in Unix nanoseconds.
            end_time_unix_nano: fixed64(8) <- u64,
            /// Attributes that were left out.
            dropped_attributes_count: uint32(10) <- u32,
            /// Events that were left out.
            dropped_events_count: uint32(12) <- u32,
            /// Links that were left out.
            dropped_links_count: uint32(14) <- u32,
            /// Trace flags and whether the parent is remote.
            flags: fixed32(16) <- u32,
        }
        open {
            /// Opens an event.
            event: nested(11, 1) -> SpanEventEncoder,
            /// Opens a link.
            link: nested(13, 1) -> SpanLinkEncoder,
            /// Opens the status.
            status: nested_once(15, 15) -> StatusEncoder,
        }
        attributes {
            /// Appends an attribute; keys must not repeat.
            attribute(9)
        }
    }
}

encoder! {
    /// Writes an event of a span.
    SpanEventEncoder {
        set {
            /// When, in Unix nanoseconds.
            time_unix_nano: fixed64(1) <- u64,
            /// What.
            name: text(2) <- &str,
            /// Attributes that were left out.
            dropped_attributes_count: uint32(4) <- u32,
        }
        open {}
        attributes {
            /// Appends an attribute; keys must not repeat.
            attribute(3)
        }
    }
}

encoder! {
    /// Writes a link to another span.
    SpanLinkEncoder {
        set {
            /// 16 bytes.
            trace_id: bytes(1) <- &[u8],
            /// 8 bytes.
            span_id: bytes(2) <- &[u8],
            /// W3C trace state.
            trace_state: text(3) <- &str,
            /// Attributes that were left out.
            dropped_attributes_count: uint32(5) <- u32,
            /// As those of a span.
            flags: fixed32(6) <- u32,
        }
        open {}
        attributes {
            /// Appends an attribute; keys must not repeat.
            attribute(4)
        }
    }
}

encoder! {
    /// Writes the status of a span.
    StatusEncoder {
        set {
            /// Explanation of an error.
            message: text(2) <- &str,
            /// 0 unset, 1 ok, 2 error.
            code: int32(3) <- i32,
        }
        open {}
        attributes {}
    }
}
