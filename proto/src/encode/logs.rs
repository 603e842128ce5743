use super::{ResourceEncoder, ScopeEncoder, ValueEncoder, encoder, request_encoder};
use crate::views::ValueView;

request_encoder! {
    /// Writes a logs request.
    LogsEncoder,
    /// Opens the log records of one resource.
    resource_logs -> ResourceLogsEncoder
}

encoder! {
    /// Writes the log records of one resource.
    ResourceLogsEncoder {
        set {
            /// Schema of the resource's attributes.
            schema_url: text(3) <- &str,
        }
        open {
            /// Opens the resource.
            resource: nested_once(1, 1) -> ResourceEncoder,
            /// Opens the log records of one scope.
            scope_logs: nested(2, 3) -> ScopeLogsEncoder,
        }
        attributes {}
    }
}

encoder! {
    /// Writes the log records of one scope.
    ScopeLogsEncoder {
        set {
            /// Schema of the records' attributes.
            schema_url: text(3) <- &str,
        }
        open {
            /// Opens the scope.
            scope: nested_once(1, 1) -> ScopeEncoder,
            /// Opens a log record.
            log_record: nested(2, 2) -> LogRecordEncoder,
        }
        attributes {}
    }
}

encoder! {
    /// Writes a log record; see [`LogRecordView`](crate::views::LogRecordView) for the meaning of its fields.
    LogRecordEncoder {
        set {
            /// When it happened, in Unix nanoseconds.
            time_unix_nano: fixed64(1) <- u64,
            /// `SeverityNumber`, 1 to 24.
            severity_number: int32(2) <- i32,
            /// The severity as the source wrote it.
            severity_text: text(3) <- &str,
            /// Attributes that were left out.
            dropped_attributes_count: uint32(7) <- u32,
            /// Trace flags.
            flags: fixed32(8) <- u32,
            /// 16 bytes.
            trace_id: bytes(9) <- &[u8],
            /// 8 bytes.
            span_id: bytes(10) <- &[u8],
            /// When it was collected, in Unix nanoseconds.
            observed_time_unix_nano: fixed64(11) <- u64,
            /// Name of the event.
            event_name: text(12) <- &str,
        }
        open {
            /// Opens the body, for arrays and maps.
            open_body: nested_once(5, 5) -> ValueEncoder,
        }
        attributes {
            /// Appends an attribute; keys must not repeat.
            attribute(6)
        }
    }
}

impl LogRecordEncoder<'_> {
    /// Writes the body.
    pub fn body<'v>(&mut self, value: impl Into<ValueView<'v>>) -> &mut Self {
        if self.0.once(5) {
            let value = value.into();
            self.0.writer.len_header(5, super::any_value_len(value));
            super::write_any_value(self.0.writer, value);
        }
        self
    }
}
