//! A record in the making.

use std::borrow::Cow;

use sidelight_log_formats::{Map, Value};

/// A record, whose texts borrow from the line where that is possible.
#[derive(Debug, Default)]
pub(crate) struct Entry<'a> {
    /// When it happened, in Unix nanoseconds, where the line says it.
    pub(crate) time_unix_nano: Option<u64>,
    /// When it was seen, in Unix nanoseconds.
    pub(crate) observed_unix_nano: u64,
    /// OTLP's number, 0 where it is not known.
    pub(crate) severity_number: u8,
    /// The severity as the source wrote it.
    pub(crate) severity_text: Cow<'a, str>,
    pub(crate) body: Value<'a>,
    pub(crate) attributes: Map<'a>,
    /// In addition to that of the source.
    pub(crate) resource: Map<'a>,
    pub(crate) scope_name: Cow<'a, str>,
    pub(crate) trace_id: Option<[u8; 16]>,
    pub(crate) span_id: Option<[u8; 8]>,
    pub(crate) trace_flags: Option<u8>,
    pub(crate) event_name: Cow<'a, str>,
}

/// A value as text, where it is one that can be parsed.
pub(crate) fn text_of<'a>(value: &Value<'a>) -> Option<Cow<'a, str>> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string().into()),
        Value::Double(number) => Some(number.to_string().into()),
        Value::Bool(is) => Some(if *is { "true" } else { "false" }.into()),
        _ => None,
    }
}
