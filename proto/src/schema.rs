//! The one static description of the OTLP messages: field numbers, names, kinds, presence.
//!
//! Source: the `.proto` files of opentelemetry-proto 1.x (trace, metrics, logs, common, resource and the three collector
//! services). A test holds the tables against the generated `prost` types. Everything that has to know the shape of a
//! message (validation, re-encoding, JSON) reads it from here; the views and encoders name field numbers themselves,
//! because their shape *is* their code.

use crate::Signal;

/// Messages inside one another, the request itself counted as the first.
///
/// An array costs two levels (`AnyValue`, `ArrayValue`), a map three (`KeyValue`, `AnyValue`, `KeyValueList`). Whatever
/// is admitted stays below the limit of 100 that protobuf libraries have by default.
pub const MAX_NESTING: u32 = 64;

/// One message type.
#[derive(Debug)]
pub struct MessageDescriptor {
    /// Which message this is; index into tables that are made per message.
    pub id: MessageId,
    /// Name as in the `.proto` file, without package.
    pub name: &'static str,
    /// Fields by ascending number.
    pub fields: &'static [FieldDescriptor],
}

impl MessageDescriptor {
    /// The field with this number, if the message has it.
    pub const fn field(&self, number: u32) -> Option<&'static FieldDescriptor> {
        let fields = self.fields;
        let mut at = 0;
        while at < fields.len() {
            if fields[at].number == number {
                return Some(&fields[at]);
            }
            at += 1;
        }
        None
    }
}

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub struct FieldDescriptor {
    /// Field number on the wire; 1 to 16 in OTLP.
    pub number: u32,
    /// Name in the `.proto` file (snake_case).
    pub name: &'static str,
    /// Name in OTLP/JSON (lowerCamelCase).
    pub json_name: &'static str,
    /// What a value is.
    pub kind: Kind,
    /// Whether the field is repeated. Repeated numbers are packed.
    pub repeated: bool,
    /// Group number (within the message) of the `oneof` the field belongs to. Members have presence: a default value
    /// that is written is there.
    pub oneof: Option<u8>,
    /// `optional` in the `.proto`: a default value that is written is there.
    pub optional: bool,
}

impl FieldDescriptor {
    const fn repeated(mut self) -> Self {
        self.repeated = true;
        self
    }

    const fn oneof(mut self, group: u8) -> Self {
        self.oneof = Some(group);
        self
    }

    const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Whether the canonical form of this field is one packed, length-delimited run of numbers.
    pub const fn is_packed(&self) -> bool {
        self.repeated && !matches!(self.kind.wire_type(), WireType::Len)
    }

    /// Whether the field distinguishes "absent" from "default value".
    pub const fn has_presence(&self) -> bool {
        self.oneof.is_some() || self.optional || matches!(self.kind, Kind::Message(_))
    }
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// UTF-8 text.
    String,
    /// Bytes; base64 in JSON.
    Bytes,
    /// Bytes of a trace id (16 when valid); hexadecimal in JSON.
    TraceId,
    /// Bytes of a span id (8 when valid); hexadecimal in JSON.
    SpanId,
    /// Varint, 0 or 1.
    Bool,
    /// Varint, sign-extended to 64 bits when negative.
    Int32,
    /// Varint.
    Uint32,
    /// Varint; a string in JSON.
    Int64,
    /// Varint; a string in JSON.
    Uint64,
    /// Zigzag varint.
    Sint32,
    /// Four bytes, little endian.
    Fixed32,
    /// Eight bytes, little endian; a string in JSON.
    Fixed64,
    /// Eight bytes, little endian, signed; a string in JSON.
    Sfixed64,
    /// Eight bytes, IEEE 754.
    Double,
    /// Varint like `Int32`; an integer in JSON. Values outside the enum are kept.
    Enum,
    /// A nested message.
    Message(&'static MessageDescriptor),
}

impl Kind {
    /// How one value of this kind is written (not packed).
    pub const fn wire_type(&self) -> WireType {
        match self {
            Kind::Bool
            | Kind::Int32
            | Kind::Uint32
            | Kind::Int64
            | Kind::Uint64
            | Kind::Sint32
            | Kind::Enum => WireType::Varint,
            Kind::Fixed64 | Kind::Sfixed64 | Kind::Double => WireType::Fixed64,
            Kind::Fixed32 => WireType::Fixed32,
            Kind::String | Kind::Bytes | Kind::TraceId | Kind::SpanId | Kind::Message(_) => WireType::Len,
        }
    }
}

/// The low three bits of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum WireType {
    /// Base-128 number of at most ten bytes.
    Varint = 0,
    /// Eight bytes.
    Fixed64 = 1,
    /// A length and that many bytes.
    Len = 2,
    /// Start of a group (deprecated; only as unknown field).
    StartGroup = 3,
    /// End of a group.
    EndGroup = 4,
    /// Four bytes.
    Fixed32 = 5,
}

impl WireType {
    /// From the low three bits of `tag`; 6 and 7 are not defined.
    pub const fn of_tag(tag: u32) -> Option<Self> {
        match tag & 7 {
            0 => Some(WireType::Varint),
            1 => Some(WireType::Fixed64),
            2 => Some(WireType::Len),
            3 => Some(WireType::StartGroup),
            4 => Some(WireType::EndGroup),
            5 => Some(WireType::Fixed32),
            _ => None,
        }
    }
}

/// The request message of a signal, `Export…ServiceRequest`.
pub const fn root(signal: Signal) -> &'static MessageDescriptor {
    match signal {
        Signal::Traces => &EXPORT_TRACE_SERVICE_REQUEST,
        Signal::Metrics => &EXPORT_METRICS_SERVICE_REQUEST,
        Signal::Logs => &EXPORT_LOGS_SERVICE_REQUEST,
    }
}

/// The answer message of a signal, `Export…ServiceResponse` with its `partial_success`.
pub const fn response(signal: Signal) -> &'static MessageDescriptor {
    match signal {
        Signal::Traces => &EXPORT_TRACE_SERVICE_RESPONSE,
        Signal::Metrics => &EXPORT_METRICS_SERVICE_RESPONSE,
        Signal::Logs => &EXPORT_LOGS_SERVICE_RESPONSE,
    }
}

const fn field(number: u32, name: &'static str, json_name: &'static str, kind: Kind) -> FieldDescriptor {
    FieldDescriptor {
        number,
        name,
        json_name,
        kind,
        repeated: false,
        oneof: None,
        optional: false,
    }
}

/// Every message, as an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the variants are the messages of the .proto files")]
pub enum MessageId {
    AnyValue,
    ArrayValue,
    KeyValueList,
    KeyValue,
    InstrumentationScope,
    EntityRef,
    Resource,
    ResourceSpans,
    ScopeSpans,
    Span,
    SpanEvent,
    SpanLink,
    Status,
    ResourceMetrics,
    ScopeMetrics,
    Metric,
    Gauge,
    Sum,
    Histogram,
    ExponentialHistogram,
    Summary,
    NumberDataPoint,
    HistogramDataPoint,
    ExponentialHistogramDataPoint,
    Buckets,
    SummaryDataPoint,
    ValueAtQuantile,
    Exemplar,
    ResourceLogs,
    ScopeLogs,
    LogRecord,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
    ExportTracePartialSuccess,
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
    ExportMetricsPartialSuccess,
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
    ExportLogsPartialSuccess,
}

/// All messages, in the order of [`MessageId`].
pub static MESSAGES: [&MessageDescriptor; 40] = [
    &ANY_VALUE,
    &ARRAY_VALUE,
    &KEY_VALUE_LIST,
    &KEY_VALUE,
    &INSTRUMENTATION_SCOPE,
    &ENTITY_REF,
    &RESOURCE,
    &RESOURCE_SPANS,
    &SCOPE_SPANS,
    &SPAN,
    &SPAN_EVENT,
    &SPAN_LINK,
    &STATUS,
    &RESOURCE_METRICS,
    &SCOPE_METRICS,
    &METRIC,
    &GAUGE,
    &SUM,
    &HISTOGRAM,
    &EXPONENTIAL_HISTOGRAM,
    &SUMMARY,
    &NUMBER_DATA_POINT,
    &HISTOGRAM_DATA_POINT,
    &EXPONENTIAL_HISTOGRAM_DATA_POINT,
    &BUCKETS,
    &SUMMARY_DATA_POINT,
    &VALUE_AT_QUANTILE,
    &EXEMPLAR,
    &RESOURCE_LOGS,
    &SCOPE_LOGS,
    &LOG_RECORD,
    &EXPORT_TRACE_SERVICE_REQUEST,
    &EXPORT_TRACE_SERVICE_RESPONSE,
    &EXPORT_TRACE_PARTIAL_SUCCESS,
    &EXPORT_METRICS_SERVICE_REQUEST,
    &EXPORT_METRICS_SERVICE_RESPONSE,
    &EXPORT_METRICS_PARTIAL_SUCCESS,
    &EXPORT_LOGS_SERVICE_REQUEST,
    &EXPORT_LOGS_SERVICE_RESPONSE,
    &EXPORT_LOGS_PARTIAL_SUCCESS,
];

/// `AnyValue`.
pub static ANY_VALUE: MessageDescriptor = MessageDescriptor {
    id: MessageId::AnyValue,
    name: "AnyValue",
    fields: &[
        field(1, "string_value", "stringValue", Kind::String).oneof(0),
        field(2, "bool_value", "boolValue", Kind::Bool).oneof(0),
        field(3, "int_value", "intValue", Kind::Int64).oneof(0),
        field(4, "double_value", "doubleValue", Kind::Double).oneof(0),
        field(5, "array_value", "arrayValue", Kind::Message(&ARRAY_VALUE)).oneof(0),
        field(6, "kvlist_value", "kvlistValue", Kind::Message(&KEY_VALUE_LIST)).oneof(0),
        field(7, "bytes_value", "bytesValue", Kind::Bytes).oneof(0),
        field(8, "string_value_strindex", "stringValueStrindex", Kind::Int32).oneof(0),
    ],
};

/// `ArrayValue`.
pub static ARRAY_VALUE: MessageDescriptor = MessageDescriptor {
    id: MessageId::ArrayValue,
    name: "ArrayValue",
    fields: &[field(1, "values", "values", Kind::Message(&ANY_VALUE)).repeated()],
};

/// `KeyValueList`.
pub static KEY_VALUE_LIST: MessageDescriptor = MessageDescriptor {
    id: MessageId::KeyValueList,
    name: "KeyValueList",
    fields: &[field(1, "values", "values", Kind::Message(&KEY_VALUE)).repeated()],
};

/// `KeyValue`.
pub static KEY_VALUE: MessageDescriptor = MessageDescriptor {
    id: MessageId::KeyValue,
    name: "KeyValue",
    fields: &[
        field(1, "key", "key", Kind::String),
        field(2, "value", "value", Kind::Message(&ANY_VALUE)),
        field(3, "key_strindex", "keyStrindex", Kind::Int32),
    ],
};

/// `InstrumentationScope`.
pub static INSTRUMENTATION_SCOPE: MessageDescriptor = MessageDescriptor {
    id: MessageId::InstrumentationScope,
    name: "InstrumentationScope",
    fields: &[
        field(1, "name", "name", Kind::String),
        field(2, "version", "version", Kind::String),
        field(3, "attributes", "attributes", Kind::Message(&KEY_VALUE)).repeated(),
        field(
            4,
            "dropped_attributes_count",
            "droppedAttributesCount",
            Kind::Uint32,
        ),
    ],
};

/// `EntityRef`.
pub static ENTITY_REF: MessageDescriptor = MessageDescriptor {
    id: MessageId::EntityRef,
    name: "EntityRef",
    fields: &[
        field(1, "schema_url", "schemaUrl", Kind::String),
        field(2, "type", "type", Kind::String),
        field(3, "id_keys", "idKeys", Kind::String).repeated(),
        field(4, "description_keys", "descriptionKeys", Kind::String).repeated(),
    ],
};

/// `Resource`.
pub static RESOURCE: MessageDescriptor = MessageDescriptor {
    id: MessageId::Resource,
    name: "Resource",
    fields: &[
        field(1, "attributes", "attributes", Kind::Message(&KEY_VALUE)).repeated(),
        field(
            2,
            "dropped_attributes_count",
            "droppedAttributesCount",
            Kind::Uint32,
        ),
        field(3, "entity_refs", "entityRefs", Kind::Message(&ENTITY_REF)).repeated(),
    ],
};

/// `ResourceSpans`.
pub static RESOURCE_SPANS: MessageDescriptor = MessageDescriptor {
    id: MessageId::ResourceSpans,
    name: "ResourceSpans",
    fields: &[
        field(1, "resource", "resource", Kind::Message(&RESOURCE)),
        field(2, "scope_spans", "scopeSpans", Kind::Message(&SCOPE_SPANS)).repeated(),
        field(3, "schema_url", "schemaUrl", Kind::String),
    ],
};

/// `ScopeSpans`.
pub static SCOPE_SPANS: MessageDescriptor = MessageDescriptor {
    id: MessageId::ScopeSpans,
    name: "ScopeSpans",
    fields: &[
        field(1, "scope", "scope", Kind::Message(&INSTRUMENTATION_SCOPE)),
        field(2, "spans", "spans", Kind::Message(&SPAN)).repeated(),
        field(3, "schema_url", "schemaUrl", Kind::String),
    ],
};

/// `Span`.
pub static SPAN: MessageDescriptor = MessageDescriptor {
    id: MessageId::Span,
    name: "Span",
    fields: &[
        field(1, "trace_id", "traceId", Kind::TraceId),
        field(2, "span_id", "spanId", Kind::SpanId),
        field(3, "trace_state", "traceState", Kind::String),
        field(4, "parent_span_id", "parentSpanId", Kind::SpanId),
        field(5, "name", "name", Kind::String),
        field(6, "kind", "kind", Kind::Enum),
        field(7, "start_time_unix_nano", "startTimeUnixNano", Kind::Fixed64),
        field(8, "end_time_unix_nano", "endTimeUnixNano", Kind::Fixed64),
        field(9, "attributes", "attributes", Kind::Message(&KEY_VALUE)).repeated(),
        field(
            10,
            "dropped_attributes_count",
            "droppedAttributesCount",
            Kind::Uint32,
        ),
        field(11, "events", "events", Kind::Message(&SPAN_EVENT)).repeated(),
        field(12, "dropped_events_count", "droppedEventsCount", Kind::Uint32),
        field(13, "links", "links", Kind::Message(&SPAN_LINK)).repeated(),
        field(14, "dropped_links_count", "droppedLinksCount", Kind::Uint32),
        field(15, "status", "status", Kind::Message(&STATUS)),
        field(16, "flags", "flags", Kind::Fixed32),
    ],
};

/// `Span.Event`.
pub static SPAN_EVENT: MessageDescriptor = MessageDescriptor {
    id: MessageId::SpanEvent,
    name: "SpanEvent",
    fields: &[
        field(1, "time_unix_nano", "timeUnixNano", Kind::Fixed64),
        field(2, "name", "name", Kind::String),
        field(3, "attributes", "attributes", Kind::Message(&KEY_VALUE)).repeated(),
        field(
            4,
            "dropped_attributes_count",
            "droppedAttributesCount",
            Kind::Uint32,
        ),
    ],
};

/// `Span.Link`.
pub static SPAN_LINK: MessageDescriptor = MessageDescriptor {
    id: MessageId::SpanLink,
    name: "SpanLink",
    fields: &[
        field(1, "trace_id", "traceId", Kind::TraceId),
        field(2, "span_id", "spanId", Kind::SpanId),
        field(3, "trace_state", "traceState", Kind::String),
        field(4, "attributes", "attributes", Kind::Message(&KEY_VALUE)).repeated(),
        field(
            5,
            "dropped_attributes_count",
            "droppedAttributesCount",
            Kind::Uint32,
        ),
        field(6, "flags", "flags", Kind::Fixed32),
    ],
};

/// `Status`.
pub static STATUS: MessageDescriptor = MessageDescriptor {
    id: MessageId::Status,
    name: "Status",
    fields: &[
        field(2, "message", "message", Kind::String),
        field(3, "code", "code", Kind::Enum),
    ],
};

/// `ResourceMetrics`.
pub static RESOURCE_METRICS: MessageDescriptor = MessageDescriptor {
    id: MessageId::ResourceMetrics,
    name: "ResourceMetrics",
    fields: &[
        field(1, "resource", "resource", Kind::Message(&RESOURCE)),
        field(2, "scope_metrics", "scopeMetrics", Kind::Message(&SCOPE_METRICS)).repeated(),
        field(3, "schema_url", "schemaUrl", Kind::String),
    ],
};

/// `ScopeMetrics`.
pub static SCOPE_METRICS: MessageDescriptor = MessageDescriptor {
    id: MessageId::ScopeMetrics,
    name: "ScopeMetrics",
    fields: &[
        field(1, "scope", "scope", Kind::Message(&INSTRUMENTATION_SCOPE)),
        field(2, "metrics", "metrics", Kind::Message(&METRIC)).repeated(),
        field(3, "schema_url", "schemaUrl", Kind::String),
    ],
};

/// `Metric`.
pub static METRIC: MessageDescriptor = MessageDescriptor {
    id: MessageId::Metric,
    name: "Metric",
    fields: &[
        field(1, "name", "name", Kind::String),
        field(2, "description", "description", Kind::String),
        field(3, "unit", "unit", Kind::String),
        field(5, "gauge", "gauge", Kind::Message(&GAUGE)).oneof(0),
        field(7, "sum", "sum", Kind::Message(&SUM)).oneof(0),
        field(9, "histogram", "histogram", Kind::Message(&HISTOGRAM)).oneof(0),
        field(
            10,
            "exponential_histogram",
            "exponentialHistogram",
            Kind::Message(&EXPONENTIAL_HISTOGRAM),
        )
        .oneof(0),
        field(11, "summary", "summary", Kind::Message(&SUMMARY)).oneof(0),
        field(12, "metadata", "metadata", Kind::Message(&KEY_VALUE)).repeated(),
    ],
};

/// `Gauge`.
pub static GAUGE: MessageDescriptor = MessageDescriptor {
    id: MessageId::Gauge,
    name: "Gauge",
    fields: &[field(1, "data_points", "dataPoints", Kind::Message(&NUMBER_DATA_POINT)).repeated()],
};

/// `Sum`.
pub static SUM: MessageDescriptor = MessageDescriptor {
    id: MessageId::Sum,
    name: "Sum",
    fields: &[
        field(1, "data_points", "dataPoints", Kind::Message(&NUMBER_DATA_POINT)).repeated(),
        field(2, "aggregation_temporality", "aggregationTemporality", Kind::Enum),
        field(3, "is_monotonic", "isMonotonic", Kind::Bool),
    ],
};

/// `Histogram`.
pub static HISTOGRAM: MessageDescriptor = MessageDescriptor {
    id: MessageId::Histogram,
    name: "Histogram",
    fields: &[
        field(
            1,
            "data_points",
            "dataPoints",
            Kind::Message(&HISTOGRAM_DATA_POINT),
        )
        .repeated(),
        field(2, "aggregation_temporality", "aggregationTemporality", Kind::Enum),
    ],
};

/// `ExponentialHistogram`.
pub static EXPONENTIAL_HISTOGRAM: MessageDescriptor = MessageDescriptor {
    id: MessageId::ExponentialHistogram,
    name: "ExponentialHistogram",
    fields: &[
        field(
            1,
            "data_points",
            "dataPoints",
            Kind::Message(&EXPONENTIAL_HISTOGRAM_DATA_POINT),
        )
        .repeated(),
        field(2, "aggregation_temporality", "aggregationTemporality", Kind::Enum),
    ],
};

/// `Summary`.
pub static SUMMARY: MessageDescriptor = MessageDescriptor {
    id: MessageId::Summary,
    name: "Summary",
    fields: &[field(1, "data_points", "dataPoints", Kind::Message(&SUMMARY_DATA_POINT)).repeated()],
};

/// `NumberDataPoint`.
pub static NUMBER_DATA_POINT: MessageDescriptor = MessageDescriptor {
    id: MessageId::NumberDataPoint,
    name: "NumberDataPoint",
    fields: &[
        field(2, "start_time_unix_nano", "startTimeUnixNano", Kind::Fixed64),
        field(3, "time_unix_nano", "timeUnixNano", Kind::Fixed64),
        field(4, "as_double", "asDouble", Kind::Double).oneof(0),
        field(5, "exemplars", "exemplars", Kind::Message(&EXEMPLAR)).repeated(),
        field(6, "as_int", "asInt", Kind::Sfixed64).oneof(0),
        field(7, "attributes", "attributes", Kind::Message(&KEY_VALUE)).repeated(),
        field(8, "flags", "flags", Kind::Uint32),
    ],
};

/// `HistogramDataPoint`.
pub static HISTOGRAM_DATA_POINT: MessageDescriptor = MessageDescriptor {
    id: MessageId::HistogramDataPoint,
    name: "HistogramDataPoint",
    fields: &[
        field(2, "start_time_unix_nano", "startTimeUnixNano", Kind::Fixed64),
        field(3, "time_unix_nano", "timeUnixNano", Kind::Fixed64),
        field(4, "count", "count", Kind::Fixed64),
        field(5, "sum", "sum", Kind::Double).optional(),
        field(6, "bucket_counts", "bucketCounts", Kind::Fixed64).repeated(),
        field(7, "explicit_bounds", "explicitBounds", Kind::Double).repeated(),
        field(8, "exemplars", "exemplars", Kind::Message(&EXEMPLAR)).repeated(),
        field(9, "attributes", "attributes", Kind::Message(&KEY_VALUE)).repeated(),
        field(10, "flags", "flags", Kind::Uint32),
        field(11, "min", "min", Kind::Double).optional(),
        field(12, "max", "max", Kind::Double).optional(),
    ],
};

/// `ExponentialHistogramDataPoint`.
pub static EXPONENTIAL_HISTOGRAM_DATA_POINT: MessageDescriptor = MessageDescriptor {
    id: MessageId::ExponentialHistogramDataPoint,
    name: "ExponentialHistogramDataPoint",
    fields: &[
        field(1, "attributes", "attributes", Kind::Message(&KEY_VALUE)).repeated(),
        field(2, "start_time_unix_nano", "startTimeUnixNano", Kind::Fixed64),
        field(3, "time_unix_nano", "timeUnixNano", Kind::Fixed64),
        field(4, "count", "count", Kind::Fixed64),
        field(5, "sum", "sum", Kind::Double).optional(),
        field(6, "scale", "scale", Kind::Sint32),
        field(7, "zero_count", "zeroCount", Kind::Fixed64),
        field(8, "positive", "positive", Kind::Message(&BUCKETS)),
        field(9, "negative", "negative", Kind::Message(&BUCKETS)),
        field(10, "flags", "flags", Kind::Uint32),
        field(11, "exemplars", "exemplars", Kind::Message(&EXEMPLAR)).repeated(),
        field(12, "min", "min", Kind::Double).optional(),
        field(13, "max", "max", Kind::Double).optional(),
        field(14, "zero_threshold", "zeroThreshold", Kind::Double),
    ],
};

/// `Buckets`.
pub static BUCKETS: MessageDescriptor = MessageDescriptor {
    id: MessageId::Buckets,
    name: "Buckets",
    fields: &[
        field(1, "offset", "offset", Kind::Sint32),
        field(2, "bucket_counts", "bucketCounts", Kind::Uint64).repeated(),
    ],
};

/// `SummaryDataPoint`.
pub static SUMMARY_DATA_POINT: MessageDescriptor = MessageDescriptor {
    id: MessageId::SummaryDataPoint,
    name: "SummaryDataPoint",
    fields: &[
        field(2, "start_time_unix_nano", "startTimeUnixNano", Kind::Fixed64),
        field(3, "time_unix_nano", "timeUnixNano", Kind::Fixed64),
        field(4, "count", "count", Kind::Fixed64),
        field(5, "sum", "sum", Kind::Double),
        field(
            6,
            "quantile_values",
            "quantileValues",
            Kind::Message(&VALUE_AT_QUANTILE),
        )
        .repeated(),
        field(7, "attributes", "attributes", Kind::Message(&KEY_VALUE)).repeated(),
        field(8, "flags", "flags", Kind::Uint32),
    ],
};

/// `ValueAtQuantile`.
pub static VALUE_AT_QUANTILE: MessageDescriptor = MessageDescriptor {
    id: MessageId::ValueAtQuantile,
    name: "ValueAtQuantile",
    fields: &[
        field(1, "quantile", "quantile", Kind::Double),
        field(2, "value", "value", Kind::Double),
    ],
};

/// `Exemplar`.
pub static EXEMPLAR: MessageDescriptor = MessageDescriptor {
    id: MessageId::Exemplar,
    name: "Exemplar",
    fields: &[
        field(2, "time_unix_nano", "timeUnixNano", Kind::Fixed64),
        field(3, "as_double", "asDouble", Kind::Double).oneof(0),
        field(4, "span_id", "spanId", Kind::SpanId),
        field(5, "trace_id", "traceId", Kind::TraceId),
        field(6, "as_int", "asInt", Kind::Sfixed64).oneof(0),
        field(
            7,
            "filtered_attributes",
            "filteredAttributes",
            Kind::Message(&KEY_VALUE),
        )
        .repeated(),
    ],
};

/// `ResourceLogs`.
pub static RESOURCE_LOGS: MessageDescriptor = MessageDescriptor {
    id: MessageId::ResourceLogs,
    name: "ResourceLogs",
    fields: &[
        field(1, "resource", "resource", Kind::Message(&RESOURCE)),
        field(2, "scope_logs", "scopeLogs", Kind::Message(&SCOPE_LOGS)).repeated(),
        field(3, "schema_url", "schemaUrl", Kind::String),
    ],
};

/// `ScopeLogs`.
pub static SCOPE_LOGS: MessageDescriptor = MessageDescriptor {
    id: MessageId::ScopeLogs,
    name: "ScopeLogs",
    fields: &[
        field(1, "scope", "scope", Kind::Message(&INSTRUMENTATION_SCOPE)),
        field(2, "log_records", "logRecords", Kind::Message(&LOG_RECORD)).repeated(),
        field(3, "schema_url", "schemaUrl", Kind::String),
    ],
};

/// `LogRecord`.
pub static LOG_RECORD: MessageDescriptor = MessageDescriptor {
    id: MessageId::LogRecord,
    name: "LogRecord",
    fields: &[
        field(1, "time_unix_nano", "timeUnixNano", Kind::Fixed64),
        field(2, "severity_number", "severityNumber", Kind::Enum),
        field(3, "severity_text", "severityText", Kind::String),
        field(5, "body", "body", Kind::Message(&ANY_VALUE)),
        field(6, "attributes", "attributes", Kind::Message(&KEY_VALUE)).repeated(),
        field(
            7,
            "dropped_attributes_count",
            "droppedAttributesCount",
            Kind::Uint32,
        ),
        field(8, "flags", "flags", Kind::Fixed32),
        field(9, "trace_id", "traceId", Kind::TraceId),
        field(10, "span_id", "spanId", Kind::SpanId),
        field(
            11,
            "observed_time_unix_nano",
            "observedTimeUnixNano",
            Kind::Fixed64,
        ),
        field(12, "event_name", "eventName", Kind::String),
    ],
};

/// `ExportTraceServiceRequest`.
pub static EXPORT_TRACE_SERVICE_REQUEST: MessageDescriptor = MessageDescriptor {
    id: MessageId::ExportTraceServiceRequest,
    name: "ExportTraceServiceRequest",
    fields: &[field(
        1,
        "resource_spans",
        "resourceSpans",
        Kind::Message(&RESOURCE_SPANS),
    )
    .repeated()],
};

/// `ExportTraceServiceResponse`.
pub static EXPORT_TRACE_SERVICE_RESPONSE: MessageDescriptor = MessageDescriptor {
    id: MessageId::ExportTraceServiceResponse,
    name: "ExportTraceServiceResponse",
    fields: &[field(
        1,
        "partial_success",
        "partialSuccess",
        Kind::Message(&EXPORT_TRACE_PARTIAL_SUCCESS),
    )],
};

/// `ExportTracePartialSuccess`.
pub static EXPORT_TRACE_PARTIAL_SUCCESS: MessageDescriptor = MessageDescriptor {
    id: MessageId::ExportTracePartialSuccess,
    name: "ExportTracePartialSuccess",
    fields: &[
        field(1, "rejected_spans", "rejectedSpans", Kind::Int64),
        field(2, "error_message", "errorMessage", Kind::String),
    ],
};

/// `ExportMetricsServiceRequest`.
pub static EXPORT_METRICS_SERVICE_REQUEST: MessageDescriptor = MessageDescriptor {
    id: MessageId::ExportMetricsServiceRequest,
    name: "ExportMetricsServiceRequest",
    fields: &[field(
        1,
        "resource_metrics",
        "resourceMetrics",
        Kind::Message(&RESOURCE_METRICS),
    )
    .repeated()],
};

/// `ExportMetricsServiceResponse`.
pub static EXPORT_METRICS_SERVICE_RESPONSE: MessageDescriptor = MessageDescriptor {
    id: MessageId::ExportMetricsServiceResponse,
    name: "ExportMetricsServiceResponse",
    fields: &[field(
        1,
        "partial_success",
        "partialSuccess",
        Kind::Message(&EXPORT_METRICS_PARTIAL_SUCCESS),
    )],
};

/// `ExportMetricsPartialSuccess`.
pub static EXPORT_METRICS_PARTIAL_SUCCESS: MessageDescriptor = MessageDescriptor {
    id: MessageId::ExportMetricsPartialSuccess,
    name: "ExportMetricsPartialSuccess",
    fields: &[
        field(1, "rejected_data_points", "rejectedDataPoints", Kind::Int64),
        field(2, "error_message", "errorMessage", Kind::String),
    ],
};

/// `ExportLogsServiceRequest`.
pub static EXPORT_LOGS_SERVICE_REQUEST: MessageDescriptor = MessageDescriptor {
    id: MessageId::ExportLogsServiceRequest,
    name: "ExportLogsServiceRequest",
    fields: &[field(1, "resource_logs", "resourceLogs", Kind::Message(&RESOURCE_LOGS)).repeated()],
};

/// `ExportLogsServiceResponse`.
pub static EXPORT_LOGS_SERVICE_RESPONSE: MessageDescriptor = MessageDescriptor {
    id: MessageId::ExportLogsServiceResponse,
    name: "ExportLogsServiceResponse",
    fields: &[field(
        1,
        "partial_success",
        "partialSuccess",
        Kind::Message(&EXPORT_LOGS_PARTIAL_SUCCESS),
    )],
};

/// `ExportLogsPartialSuccess`.
pub static EXPORT_LOGS_PARTIAL_SUCCESS: MessageDescriptor = MessageDescriptor {
    id: MessageId::ExportLogsPartialSuccess,
    name: "ExportLogsPartialSuccess",
    fields: &[
        field(1, "rejected_log_records", "rejectedLogRecords", Kind::Int64),
        field(2, "error_message", "errorMessage", Kind::String),
    ],
};
