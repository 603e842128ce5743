//! The body of a bulk request: two lines for each document.
//!
//! Source: Elasticsearch reference, "Bulk API".

use std::sync::Arc;

use sidelight_proto::json::write;

use super::config::MappingMode;
use super::id::ID_BYTES;
use super::index::Destination;

/// What actions say besides the index.
#[derive(Clone, Debug)]
pub(super) struct ActionSettings {
    pub(super) pipeline: String,
    pub(super) dynamic_pipeline: bool,
    /// The engine knows what OpenSearch does not.
    pub(super) elasticsearch: bool,
}

/// One document in the body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Document {
    /// Where its lines end in the body.
    pub(super) end: usize,
    /// Spans, points or records that it stands for; 0 for what is more than they are, the event of a span.
    pub(super) items: u32,
}

/// Items that became no document.
#[derive(Clone, Debug, Default)]
pub(super) struct LeftOut {
    pub(super) items: u64,
    /// Why the first of them did not.
    pub(super) reason: Option<Arc<str>>,
}

/// A body in the making.
#[derive(Debug, Default)]
pub(super) struct Bulk {
    pub(super) body: Vec<u8>,
    pub(super) documents: Vec<Document>,
    /// Spans, points or records that were seen, whatever became of them.
    pub(super) items: u64,
    pub(super) left_out: LeftOut,
}

/// The id of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Id<'a> {
    /// As the item says it.
    Said(&'a str),
    /// Written in hexadecimal digits.
    Hash([u8; ID_BYTES]),
}

/// What one action says.
pub(super) struct Action<'a> {
    pub(super) destination: &'a Destination,
    pub(super) mode: MappingMode,
    pub(super) id: Option<Id<'a>>,
    pub(super) pipeline: Option<&'a str>,
    /// Names of fields and of the templates for them.
    pub(super) templates: &'a [(String, &'static str)],
}

impl Bulk {
    /// Appends the line of an action.
    pub(super) fn action(&mut self, settings: &ActionSettings, action: &Action<'_>) {
        let out = &mut self.body;
        out.extend_from_slice(b"{\"create\":{\"_index\":");
        write::string(&action.destination.name, out);
        if let Some(id) = action.id {
            out.extend_from_slice(b",\"_id\":");
            match id {
                Id::Said(text) => write::string(text, out),
                Id::Hash(hash) => write::hex(&hash, out),
            }
        }
        let dynamic = action.pipeline.filter(|_| settings.dynamic_pipeline);
        let pipeline = dynamic.unwrap_or(&settings.pipeline);
        if !pipeline.is_empty() {
            out.extend_from_slice(b",\"pipeline\":");
            write::string(pipeline, out);
        }
        if settings.elasticsearch {
            if !action.templates.is_empty() {
                out.extend_from_slice(b",\"dynamic_templates\":{");
                for (nth, (field, template)) in action.templates.iter().enumerate() {
                    if nth > 0 {
                        out.push(b',');
                    }
                    write::string(field, out);
                    out.push(b':');
                    write::string(template, out);
                }
                out.push(b'}');
            }
            let is_strict = matches!(action.mode, MappingMode::Otel | MappingMode::Ecs);
            if is_strict && action.destination.data_stream.is_some() {
                out.extend_from_slice(b",\"require_data_stream\":true");
            }
        }
        out.extend_from_slice(b"}}\n");
    }

    /// A document ends that stands for an item.
    pub(super) fn end_item(&mut self) {
        self.items += 1;
        self.end(1);
    }

    /// A document ends that stands for so many items, which were counted when they were seen.
    pub(super) fn end(&mut self, items: u32) {
        self.body.push(b'\n');
        self.documents.push(Document {
            end: self.body.len(),
            items,
        });
    }

    /// An item becomes no document.
    pub(super) fn leave_out(&mut self, reason: &str) {
        self.items += 1;
        self.left_out.items += 1;
        self.left_out.reason.get_or_insert_with(|| reason.into());
    }
}
