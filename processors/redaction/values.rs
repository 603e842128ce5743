//! Looks at every attribute and every body, also within maps and lists.

use std::collections::HashSet;

use regex::RegexSet;
use sidelight_proto::rewrite::{
    AttributeEdits, Context, EventEdits, Interest, Keep, LogRecordEdits, PointView, Rewriter, SpanEdits,
};
use sidelight_proto::views::{LogRecordView, MetricView, ResourceView, SpanEventView, SpanView, ValueView};
use sidelight_proto::wire::Writer;

use super::Summary;
use super::masks::{MASK, Masks};

/// What is done to attributes.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) allows_all: bool,
    pub(super) allowed: HashSet<String>,
    pub(super) ignored: HashSet<String>,
    pub(super) ignored_patterns: RegexSet,
    pub(super) blocked_keys: RegexSet,
    pub(super) allowed_values: RegexSet,
    pub(super) masks: Masks,
    pub(super) summary: Summary,
}

/// What becomes of one attribute.
enum Fate {
    Stays,
    Goes,
    /// Its new value, a serialized `AnyValue`.
    Masked(Vec<u8>),
}

impl Rules {
    fn fate(&self, key: &str, value: ValueView<'_>) -> Fate {
        if self.ignored.contains(key) || self.ignored_patterns.is_match(key) {
            return Fate::Stays;
        }
        if !self.allows_all && !self.allowed.contains(key) {
            return Fate::Goes;
        }
        if self.blocked_keys.is_match(key) {
            return match value {
                ValueView::String(MASK) => Fate::Stays,
                _ => Fate::Masked(text(MASK)),
            };
        }
        self.masked(value).map_or(Fate::Stays, Fate::Masked)
    }

    /// A value without what is to be masked, serialized; `None` where there is nothing.
    fn masked(&self, value: ValueView<'_>) -> Option<Vec<u8>> {
        // Most values have nothing: only those that have are written anew.
        if !self.has_something(value) {
            return None;
        }
        let mut writer = Writer::default();
        self.write(value, &mut writer);
        Some(writer.into_bytes())
    }

    fn masked_text(&self, value: &str) -> Option<String> {
        let masked = self.masks.masked(value)?;
        (!self.allowed_values.is_match(value)).then_some(masked)
    }

    /// The nesting is bounded at the door.
    fn has_something(&self, value: ValueView<'_>) -> bool {
        match value {
            ValueView::String(value) => self.masked_text(value).is_some(),
            ValueView::Array(array) => array.values().any(|value| self.has_something(value)),
            ValueView::KvList(map) => map.entries().any(|entry| {
                self.is_blocked_within(entry.key(), entry.value()) || self.has_something(entry.value())
            }),
            _ => false,
        }
    }

    /// A member of a map whose key is blocked and whose value is not masked yet.
    fn is_blocked_within(&self, key: &str, value: ValueView<'_>) -> bool {
        value != ValueView::String(MASK) && self.blocked_keys.is_match(key)
    }

    fn write(&self, value: ValueView<'_>, out: &mut Writer) {
        match value {
            ValueView::String(value) => match self.masked_text(value) {
                Some(masked) => out.bytes_field(1, masked.as_bytes()),
                None => out.bytes_field(1, value.as_bytes()),
            },
            ValueView::Bool(value) => out.varint_field(2, value.into()),
            ValueView::Int(value) => out.varint_field(3, value as u64),
            ValueView::Double(value) => out.double_field(4, value),
            ValueView::Bytes(value) => out.bytes_field(7, value),
            ValueView::Empty => {}
            ValueView::Array(array) => {
                let list = out.begin(5, 2);
                for value in array.values() {
                    let element = out.begin(1, 1);
                    self.write(value, out);
                    out.end(element);
                }
                out.end(list);
            }
            ValueView::KvList(map) => {
                let list = out.begin(6, 2);
                for entry in map.entries() {
                    let member = out.begin(1, 1);
                    out.bytes_field(1, entry.key_bytes());
                    let content = out.begin(2, 1);
                    if self.is_blocked_within(entry.key(), entry.value()) {
                        out.bytes_field(1, MASK.as_bytes());
                    } else {
                        self.write(entry.value(), out);
                    }
                    out.end(content);
                    out.end(member);
                }
                out.end(list);
            }
        }
    }
}

/// A text as a serialized `AnyValue`.
fn text(value: &str) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes_field(1, value.as_bytes());
    writer.into_bytes()
}

/// Looks through one batch.
pub(super) struct Redactor<'r> {
    rules: &'r Rules,
    /// Values in which something was masked.
    pub(super) masked: u64,
    /// Attributes that were removed.
    pub(super) removed: u64,
}

impl<'r> Redactor<'r> {
    pub(super) fn new(rules: &'r Rules) -> Self {
        Self {
            rules,
            masked: 0,
            removed: 0,
        }
    }

    fn attributes(&mut self, edits: &mut AttributeEdits<'_>) {
        let (mut masked, mut removed) = (Vec::new(), Vec::new());
        for (key, value) in edits.iter() {
            // What this processor says itself.
            if key.starts_with("redaction.") {
                continue;
            }
            match self.rules.fate(key, value) {
                Fate::Stays => {}
                Fate::Goes => removed.push(key.to_owned()),
                Fate::Masked(value) => masked.push((key.to_owned(), value)),
            }
        }
        self.masked += masked.len() as u64;
        self.removed += removed.len() as u64;
        for (key, value) in &masked {
            edits.update(key, ValueView::new(value));
        }
        for key in &removed {
            edits.remove(key);
        }
        self.summarize(&masked, &removed, edits);
    }

    fn summarize(&self, masked: &[(String, Vec<u8>)], removed: &[String], edits: &mut AttributeEdits<'_>) {
        let masked: Vec<&str> = masked.iter().map(|(key, _)| key.as_str()).collect();
        let removed: Vec<&str> = removed.iter().map(String::as_str).collect();
        for (what, keys) in [("masked", masked), ("redacted", removed)] {
            if keys.is_empty() || self.rules.summary == Summary::Silent {
                continue;
            }
            if self.rules.summary == Summary::Debug {
                edits.set(&format!("redaction.{what}.keys"), keys.join(",").as_str());
            }
            let count = i64::try_from(keys.len()).unwrap_or(i64::MAX);
            edits.set(&format!("redaction.{what}.count"), count);
        }
    }
}

impl Rewriter for Redactor<'_> {
    fn interest(&self) -> Interest {
        Interest::ALL
    }

    fn resource(&mut self, _: ResourceView<'_>, edits: &mut AttributeEdits<'_>) -> Keep {
        self.attributes(edits);
        Keep::Yes
    }

    fn scope(&mut self, _: Context<'_>, edits: &mut AttributeEdits<'_>) -> Keep {
        self.attributes(edits);
        Keep::Yes
    }

    fn span(&mut self, _: Context<'_>, _: SpanView<'_>, edits: &mut SpanEdits<'_>) -> Keep {
        self.attributes(&mut edits.attributes);
        Keep::Yes
    }

    fn span_event(
        &mut self,
        _: Context<'_>,
        _: SpanView<'_>,
        _: SpanEventView<'_>,
        edits: &mut EventEdits<'_>,
    ) -> Keep {
        self.attributes(&mut edits.attributes);
        Keep::Yes
    }

    fn log_record(
        &mut self,
        _: Context<'_>,
        record: LogRecordView<'_>,
        edits: &mut LogRecordEdits<'_>,
    ) -> Keep {
        self.attributes(&mut edits.attributes);
        if let Some(body) = self.rules.masked(record.body()) {
            edits.set_body(ValueView::new(&body));
            self.masked += 1;
        }
        Keep::Yes
    }

    fn data_point(
        &mut self,
        _: Context<'_>,
        _: MetricView<'_>,
        _: PointView<'_>,
        edits: &mut AttributeEdits<'_>,
    ) -> Keep {
        self.attributes(edits);
        Keep::Yes
    }
}
