//! Where a document goes: an index by name or pattern, or a data stream by what the event says of itself.
//!
//! Source: the Collector's `elasticsearch` exporter, "Elasticsearch document routing"; Elastic Common Schema, "Data Stream
//! Fields", for what a name may hold.

use sidelight_proto::Signal;
use sidelight_proto::views::{Attributes, ResourceView, ScopeView, ValueView};

use super::config::MappingMode;
use super::pattern::Pattern;
use super::time::Calendar;

/// The longest part of a data stream's name, in bytes.
const MAX_PART_BYTES: usize = 100;

/// The longest name of an index, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// What no name may hold.
const REFUSED: [char; 12] = ['\\', '/', '*', '?', '"', '<', '>', '|', ' ', ',', '#', ':'];

/// What the event itself says about its document, wherever it says it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Hints<'a> {
    index: Option<&'a str>,
    data_type: Option<&'a str>,
    dataset: Option<&'a str>,
    namespace: Option<&'a str>,
    pub(super) document_id: Option<&'a str>,
    pub(super) record_uid: Option<&'a str>,
    pub(super) pipeline: Option<&'a str>,
}

/// Attributes that say where a document goes; they are no part of it in the mode `otel`.
pub(super) fn is_routing(key: &str) -> bool {
    matches!(
        key,
        "data_stream.type"
            | "data_stream.dataset"
            | "data_stream.namespace"
            | "elasticsearch.index"
            | "elasticsearch.document_id"
            | "elasticsearch.ingest_pipeline"
            | "elasticsearch.mapping.hints"
            | "elastic.mapping.mode"
    )
}

impl<'a> Hints<'a> {
    pub(super) fn of(attributes: Attributes<'a>) -> Self {
        let mut hints = Self::default();
        for attribute in attributes {
            // Most keys are none of these: their first letter says so.
            if !matches!(attribute.key_bytes().first(), Some(b'd' | b'e' | b'l')) {
                continue;
            }
            let slot = match attribute.key_bytes() {
                b"elasticsearch.index" => &mut hints.index,
                b"data_stream.type" => &mut hints.data_type,
                b"data_stream.dataset" => &mut hints.dataset,
                b"data_stream.namespace" => &mut hints.namespace,
                b"elasticsearch.document_id" => &mut hints.document_id,
                b"log.record.uid" => &mut hints.record_uid,
                b"elasticsearch.ingest_pipeline" => &mut hints.pipeline,
                _ => continue,
            };
            if let ValueView::String(text) = attribute.value()
                && !text.is_empty()
            {
                *slot = Some(text);
            }
        }
        hints
    }

    /// True where they do not say where the document goes.
    pub(super) fn says_nothing_of_the_place(&self) -> bool {
        self.index
            .or(self.data_type)
            .or(self.dataset)
            .or(self.namespace)
            .is_none()
    }

    /// With another dataset, where there is one.
    pub(super) fn with_dataset(self, dataset: Option<&'a str>) -> Self {
        Self {
            dataset: dataset.or(self.dataset),
            ..self
        }
    }

    /// What these do not say the others do.
    pub(super) fn or(self, others: Self) -> Self {
        Self {
            index: self.index.or(others.index),
            data_type: self.data_type.or(others.data_type),
            dataset: self.dataset.or(others.dataset),
            namespace: self.namespace.or(others.namespace),
            ..self
        }
    }
}

/// Where the documents of one signal go.
#[derive(Clone, Debug)]
pub(super) struct Routing {
    /// The name or pattern in the settings.
    pub(super) index: Option<Pattern>,
    /// Behind every name, with the date of the event: the separator and the format of the date.
    pub(super) dated: Option<Pattern>,
    /// What the signal's data streams begin with.
    pub(super) signal: Signal,
}

/// The destination of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Destination {
    /// The index or data stream.
    pub(super) name: String,
    /// Type, dataset and namespace, where it is a data stream.
    pub(super) data_stream: Option<[String; 3]>,
}

/// Where the fields of a pattern are looked for.
#[derive(Clone, Copy)]
pub(super) struct Event<'a> {
    pub(super) unix_nano: u64,
    pub(super) body: ValueView<'a>,
    pub(super) attributes: Attributes<'a>,
    pub(super) scope: ScopeView<'a>,
    pub(super) resource: ResourceView<'a>,
}

impl Event<'_> {
    /// Appends the value of a field; false where there is none.
    fn field(&self, name: &str, out: &mut Vec<u8>) -> bool {
        let in_body = match self.body {
            ValueView::KvList(map) => map.entries().get(name),
            _ => None,
        };
        let resource = self.resource.attributes();
        let found = in_body
            .or_else(|| self.attributes.get(name))
            .or_else(|| self.scope.attributes().get(name))
            .or_else(|| resource.get(name))
            .or_else(|| resource.get(&format!("{name}.name")));
        match found {
            Some(ValueView::String(text)) if !text.is_empty() => {
                out.extend_from_slice(text.as_bytes());
                true
            }
            Some(ValueView::Int(number)) => {
                sidelight_proto::json::write::signed(number, out);
                true
            }
            _ => false,
        }
    }
}

impl Routing {
    /// True where every document of a scope whose records say nothing of themselves goes to the same place.
    pub(super) fn is_of_group(&self) -> bool {
        self.dated.is_none() && self.index.as_ref().is_none_or(Pattern::is_fixed)
    }

    /// The destination of an event. `hints` are those of the event, then of its scope and resource.
    pub(super) fn destination(
        &self,
        mode: MappingMode,
        hints: &Hints<'_>,
        event: &Event<'_>,
        calendar: &mut Calendar,
    ) -> Destination {
        let mut destination = match (&self.index, hints.index) {
            (Some(pattern), _) => {
                let mut name = Vec::new();
                let field = |field: &str, out: &mut Vec<u8>| event.field(field, out);
                pattern.write(calendar, event.unix_nano, field, &mut name);
                Destination {
                    name: index_name(&String::from_utf8_lossy(&name)),
                    data_stream: None,
                }
            }
            (None, Some(index)) => Destination {
                name: index_name(index),
                data_stream: None,
            },
            (None, None) => self.data_stream(mode, hints, event),
        };
        if let Some(dated) = &self.dated {
            let mut date = Vec::new();
            dated.write(calendar, event.unix_nano, |_, _| false, &mut date);
            destination.name.push_str(&String::from_utf8_lossy(&date));
        }
        destination
    }

    fn data_stream(&self, mode: MappingMode, hints: &Hints<'_>, event: &Event<'_>) -> Destination {
        let data_type = match hints.data_type {
            Some(said @ ("logs" | "metrics")) if mode == MappingMode::Bodymap => said,
            _ => self.signal.as_str(),
        };
        let dataset = hints
            .dataset
            .or_else(|| event.scope.attributes().get("encoding.format")?.as_str())
            .or_else(|| component(event.scope.name()))
            .unwrap_or("generic");
        let mut dataset = part(&dataset.replace('-', "_"));
        if mode == MappingMode::Otel && !dataset.ends_with(".otel") {
            dataset.push_str(".otel");
        }
        let namespace = hints.namespace.unwrap_or("default");
        let namespace = part(namespace);
        Destination {
            name: format!("{data_type}-{dataset}-{namespace}"),
            data_stream: Some([data_type.to_owned(), dataset, namespace]),
        }
    }
}

/// A receiver or connector of the Collector by the name of its scope: `…/receiver/hostmetricsreceiver/…`.
fn component(scope: &str) -> Option<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    [("/receiver/", "receiver"), ("/connector/", "connector")]
        .into_iter()
        .find_map(|(before, suffix)| {
            let rest = scope.split_once(before)?.1;
            let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
            word.ends_with(suffix).then_some(word)
        })
}

/// A part of a data stream's name: lower case, without what it may not hold.
fn part(text: &str) -> String {
    let mut part = clean(text);
    cut(&mut part, MAX_PART_BYTES);
    part
}

fn clean(text: &str) -> String {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower
        .map(|c| if REFUSED.contains(&c) { '_' } else { c })
        .collect()
}

/// A name that an index can have: lower case, without what it may not hold, beginning as it may.
fn index_name(text: &str) -> String {
    let mut name = clean(text);
    if name.starts_with(['-', '_', '+']) || matches!(&*name, "" | "." | "..") {
        name.insert(0, 'x');
    }
    cut(&mut name, MAX_NAME_BYTES);
    name
}

fn cut(text: &mut String, max: usize) {
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_what_they_may() {
        for (text, name) in [
            ("My-Index", "my-index"),
            ("a b/c,d:e#f", "a_b_c_d_e_f"),
            ("-x", "x-x"),
            ("_x", "x_x"),
            ("..", "x.."),
            ("", "x"),
        ] {
            assert_eq!(index_name(text), name);
        }
        assert_eq!(index_name(&"é".repeat(300)).len(), MAX_NAME_BYTES - 1);
    }

    #[test]
    fn the_components_of_the_collector_name_their_datasets() {
        for (scope, dataset) in [
            (
                "otelcol/receiver/hostmetricsreceiver/x",
                Some("hostmetricsreceiver"),
            ),
            (
                "go.opentelemetry.io/connector/spanmetricsconnector",
                Some("spanmetricsconnector"),
            ),
            ("a/receiver/other", None),
            ("", None),
        ] {
            assert_eq!(component(scope), dataset, "{scope}");
        }
    }
}
