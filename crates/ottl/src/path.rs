//! Which fields there are, of what, and how they are written.

/// What a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// What produces telemetry.
    Resource,
    /// The library that produces it.
    Scope,
    /// A log record.
    Log,
    /// A span.
    Span,
    /// An event of a span.
    SpanEvent,
    /// A metric.
    Metric,
    /// A point of a metric.
    DataPoint,
}

/// A field, without the keys behind it. Not every item has every field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The attributes.
    Attributes,
    /// How many attributes the sender left out.
    DroppedAttributes,
    /// The name.
    Name,
    /// The version of a scope.
    Version,
    /// The body of a log record, and what is in it.
    Body,
    /// OTLP's number of the severity.
    SeverityNumber,
    /// The severity as the source wrote it.
    SeverityText,
    /// 32 hexadecimal digits.
    TraceId,
    /// 16 hexadecimal digits.
    SpanId,
    /// 16 hexadecimal digits.
    ParentSpanId,
    /// W3C trace state.
    TraceState,
    /// OTLP's number of the kind of a span.
    Kind,
    /// The kind of a span as a word: `Server`.
    KindText,
    /// Trace flags, or flags of a data point.
    Flags,
    /// When it happened, in Unix nanoseconds.
    Time,
    /// When it was seen, in Unix nanoseconds.
    ObservedTime,
    /// When it began, in Unix nanoseconds.
    StartTime,
    /// When it ended, in Unix nanoseconds.
    EndTime,
    /// OTLP's number of how a span ended.
    StatusCode,
    /// What was said of how a span ended.
    StatusMessage,
    /// How many events the sender left out.
    DroppedEvents,
    /// How many links the sender left out.
    DroppedLinks,
    /// What a metric measures.
    Description,
    /// The unit of a metric.
    Unit,
    /// OTLP's number of the type of a metric.
    Type,
    /// OTLP's number of what the points of a metric are relative to.
    Temporality,
    /// Whether a sum never decreases.
    IsMonotonic,
    /// What describes the metric rather than a point.
    Metadata,
    /// The value of a point that is a double.
    ValueDouble,
    /// The value of a point that is an integer.
    ValueInt,
    /// How many values a histogram or a summary has.
    Count,
    /// The sum of the values of a histogram or a summary.
    Sum,
    /// Values per bucket.
    BucketCounts,
    /// Bounds of the buckets.
    ExplicitBounds,
    /// Resolution of an exponential histogram.
    Scale,
    /// Values of an exponential histogram that count as zero.
    ZeroCount,
}

/// A field of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// Whose.
    pub item: Item,
    /// Which.
    pub field: Field,
}

/// What a condition is asked of, and with it which fields it may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The item that it is asked of.
    pub(crate) of: Item,
    /// Whether a name without an item before it is a field of that item.
    pub(crate) bare: bool,
}

impl Context {
    /// Asked of a resource.
    pub const RESOURCE: Self = Self::of(Item::Resource);
    /// Asked of a scope.
    pub const SCOPE: Self = Self::of(Item::Scope);
    /// Asked of a log record.
    pub const LOG: Self = Self::of(Item::Log);
    /// Asked of a span.
    pub const SPAN: Self = Self::of(Item::Span);
    /// Asked of an event of a span.
    pub const SPAN_EVENT: Self = Self::of(Item::SpanEvent);
    /// Asked of a metric.
    pub const METRIC: Self = Self::of(Item::Metric);
    /// Asked of a data point.
    pub const DATA_POINT: Self = Self::of(Item::DataPoint);

    const fn of(of: Item) -> Self {
        Self { of, bare: true }
    }

    /// The same, but every field has to say whose it is: `span.name`.
    #[must_use]
    pub fn qualified(self) -> Self {
        Self { bare: false, ..self }
    }

    /// Its name in the Collector: `log`, `spanevent`.
    pub fn name(self) -> &'static str {
        self.of.prefix()
    }

    /// The item that it is asked of.
    pub fn item(self) -> Item {
        self.of
    }

    /// Whether fields of an item can be asked for here.
    pub(crate) fn has(self, item: Item) -> bool {
        match item {
            Item::Resource => true,
            Item::Scope => self.of != Item::Resource,
            Item::Span => matches!(self.of, Item::Span | Item::SpanEvent),
            Item::Metric => matches!(self.of, Item::Metric | Item::DataPoint),
            own => own == self.of,
        }
    }
}

impl Item {
    /// By the word before a field.
    pub(crate) fn by_prefix(word: &str) -> Option<Self> {
        Some(match word {
            "resource" => Self::Resource,
            "scope" | "instrumentation_scope" => Self::Scope,
            "log" => Self::Log,
            "span" => Self::Span,
            "spanevent" => Self::SpanEvent,
            "metric" => Self::Metric,
            "datapoint" => Self::DataPoint,
            _ => return None,
        })
    }

    /// The word before its fields.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Scope => "scope",
            Self::Log => "log",
            Self::Span => "span",
            Self::SpanEvent => "spanevent",
            Self::Metric => "metric",
            Self::DataPoint => "datapoint",
        }
    }

    /// In a sentence.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Resource => "a resource",
            Self::Scope => "a scope",
            Self::Log => "a log record",
            Self::Span => "a span",
            Self::SpanEvent => "an event of a span",
            Self::Metric => "a metric",
            Self::DataPoint => "a data point",
        }
    }

    /// The field of this name, which may have a dot in it.
    pub(crate) fn field(self, name: &str) -> Option<Field> {
        let own: &[(&str, Field)] = match self {
            Self::Resource => &[],
            Self::Scope => &[("name", Field::Name), ("version", Field::Version)],
            Self::Log => &[
                ("body", Field::Body),
                ("severity_number", Field::SeverityNumber),
                ("severity_text", Field::SeverityText),
                ("event_name", Field::Name),
                ("trace_id", Field::TraceId),
                ("span_id", Field::SpanId),
                ("flags", Field::Flags),
                ("time", Field::Time),
                ("time_unix_nano", Field::Time),
                ("observed_time", Field::ObservedTime),
                ("observed_time_unix_nano", Field::ObservedTime),
            ],
            Self::Span => &[
                ("name", Field::Name),
                ("trace_id", Field::TraceId),
                ("span_id", Field::SpanId),
                ("parent_span_id", Field::ParentSpanId),
                ("trace_state", Field::TraceState),
                ("kind", Field::Kind),
                ("kind.string", Field::KindText),
                ("start_time", Field::StartTime),
                ("start_time_unix_nano", Field::StartTime),
                ("end_time", Field::EndTime),
                ("end_time_unix_nano", Field::EndTime),
                ("status.code", Field::StatusCode),
                ("status.message", Field::StatusMessage),
                ("dropped_events_count", Field::DroppedEvents),
                ("dropped_links_count", Field::DroppedLinks),
                ("flags", Field::Flags),
            ],
            Self::SpanEvent => &[
                ("name", Field::Name),
                ("time", Field::Time),
                ("time_unix_nano", Field::Time),
            ],
            Self::Metric => {
                return [
                    ("name", Field::Name),
                    ("description", Field::Description),
                    ("unit", Field::Unit),
                    ("type", Field::Type),
                    ("aggregation_temporality", Field::Temporality),
                    ("is_monotonic", Field::IsMonotonic),
                    ("metadata", Field::Metadata),
                ]
                .iter()
                .find_map(|(known, field)| (*known == name).then_some(*field));
            }
            Self::DataPoint => &[
                ("value_double", Field::ValueDouble),
                ("value_int", Field::ValueInt),
                ("start_time", Field::StartTime),
                ("start_time_unix_nano", Field::StartTime),
                ("time", Field::Time),
                ("time_unix_nano", Field::Time),
                ("flags", Field::Flags),
                ("count", Field::Count),
                ("sum", Field::Sum),
                ("bucket_counts", Field::BucketCounts),
                ("explicit_bounds", Field::ExplicitBounds),
                ("scale", Field::Scale),
                ("zero_count", Field::ZeroCount),
            ],
        };
        let common = [
            ("attributes", Field::Attributes),
            ("dropped_attributes_count", Field::DroppedAttributes),
        ];
        let all = own.iter().chain(&common);
        all.into_iter()
            .find_map(|(known, field)| (*known == name).then_some(*field))
    }
}

impl Field {
    /// Whether it has keys.
    pub(crate) fn has_keys(self) -> bool {
        matches!(self, Self::Attributes | Self::Body | Self::Metadata)
    }

    /// Whether it is an identifier or a text, so that `.string` behind it changes nothing.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::TraceId | Self::SpanId | Self::ParentSpanId)
    }
}

/// Numbers that have names (opentelemetry-proto; the Collector's OTTL enums).
const NAMED_NUMBERS: [(&str, i64); 20] = [
    ("SPAN_KIND_UNSPECIFIED", 0),
    ("SPAN_KIND_INTERNAL", 1),
    ("SPAN_KIND_SERVER", 2),
    ("SPAN_KIND_CLIENT", 3),
    ("SPAN_KIND_PRODUCER", 4),
    ("SPAN_KIND_CONSUMER", 5),
    ("STATUS_CODE_UNSET", 0),
    ("STATUS_CODE_OK", 1),
    ("STATUS_CODE_ERROR", 2),
    ("METRIC_DATA_TYPE_NONE", 0),
    ("METRIC_DATA_TYPE_GAUGE", 1),
    ("METRIC_DATA_TYPE_SUM", 2),
    ("METRIC_DATA_TYPE_HISTOGRAM", 3),
    ("METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM", 4),
    ("METRIC_DATA_TYPE_SUMMARY", 5),
    ("AGGREGATION_TEMPORALITY_UNSPECIFIED", 0),
    ("AGGREGATION_TEMPORALITY_DELTA", 1),
    ("AGGREGATION_TEMPORALITY_CUMULATIVE", 2),
    ("FLAG_NONE", 0),
    ("FLAG_NO_RECORDED_VALUE", 1),
];

/// Severities by name (logs data model, `SeverityNumber`), with the first number of their range.
const SEVERITIES: [(&str, i64); 6] = [
    ("TRACE", 1),
    ("DEBUG", 5),
    ("INFO", 9),
    ("WARN", 13),
    ("ERROR", 17),
    ("FATAL", 21),
];

/// The number that a name stands for; an error where it looks like one and is none.
pub(crate) fn named_number(name: &str) -> Option<Result<i64, String>> {
    if let Some((_, number)) = NAMED_NUMBERS.iter().find(|(known, _)| *known == name) {
        return Some(Ok(*number));
    }
    let level = name.strip_prefix("SEVERITY_NUMBER_")?;
    if level == "UNSPECIFIED" {
        return Some(Ok(0));
    }
    let (base, step) = ["2", "3", "4"]
        .iter()
        .zip(1..)
        .find_map(|(digit, step)| Some((level.strip_suffix(digit)?, step)))
        .unwrap_or((level, 0));
    let first = SEVERITIES.iter().find(|(known, _)| *known == base);
    Some(first.map_or_else(
        || Err(format!("there is no severity `{level}`")),
        |(_, first)| Ok(first + step),
    ))
}
