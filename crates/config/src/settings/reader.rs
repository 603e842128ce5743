//! Reading a tree into settings, collecting every mistake.

use std::collections::BTreeMap;

use super::{Block, Setting, Settings};
use crate::escape::{escaped, shortened};
use crate::mistake::{Mistake, Mistakes, code};
use crate::source::Span;
use crate::table::Table;
use crate::tree::{Node, Value};

/// Whose settings are read; named in messages.
#[derive(Clone, Debug)]
pub struct Owner {
    /// ``receiver `heartbeat/app` ``.
    pub label: String,
    /// Where its settings are described: `receivers/heartbeat/README.md`.
    pub readme: Option<String>,
    /// The key under which the settings stand: where something missing is reported.
    pub place: Span,
}

/// Settings with the places they were read from.
#[derive(Clone, Debug)]
pub struct Read<T> {
    /// The settings.
    pub config: T,
    /// Where each given setting stands.
    pub spans: Spans,
}

/// The places of one setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSpans {
    /// Its key.
    pub key: Span,
    /// Its value.
    pub value: Span,
}

/// Places by dotted path below the owner (`protocols.grpc.endpoint`), for checks that come later
/// ("port in use"). Holds at most one entry per node of the tree.
#[derive(Clone, Debug)]
pub struct Spans {
    root: Span,
    by_path: BTreeMap<String, FieldSpans>,
}

/// Collects mistakes while settings are read; knows whose settings these are and where in them it is.
#[derive(Debug)]
pub struct Reader<'m> {
    mistakes: &'m mut Mistakes,
    owner: Owner,
    /// Names from the owner down to the setting being read.
    path: Vec<String>,
    /// Key of each block on the way, the owner's first.
    places: Vec<Span>,
    /// Tables of the blocks on the way, the owner's first.
    tables: Vec<Table>,
    spans: Spans,
}

/// Reads the settings of a component (or of the service) from `node`.
///
/// All mistakes go to `mistakes`; `None` when one of them is an error. Warnings leave a value.
pub fn read<T: Settings>(node: &Node, owner: Owner, mistakes: &mut Mistakes) -> Option<Read<T>> {
    let root = owner.place;
    let spans = Spans {
        root,
        by_path: BTreeMap::new(),
    };
    let mut reader = Reader {
        mistakes,
        owner,
        path: Vec::new(),
        places: vec![root],
        tables: Vec::new(),
        spans,
    };
    let config = reader.block::<T>(node, None)?;
    Some(Read {
        config,
        spans: reader.spans,
    })
}

// === impl Spans ===

impl Spans {
    /// The place of a setting's value; `None` when it was not given.
    pub fn value(&self, path: &str) -> Option<Span> {
        self.by_path.get(path).map(|spans| spans.value)
    }

    /// The place of a setting's key; `None` when it was not given.
    pub fn key(&self, path: &str) -> Option<Span> {
        self.by_path.get(path).map(|spans| spans.key)
    }

    /// The value of the setting, else the key of the nearest block above that was given, else the owner.
    pub fn nearest(&self, path: &str) -> Span {
        if let Some(span) = self.value(path) {
            return span;
        }
        let mut rest = path;
        while let Some((above, _)) = rest.rsplit_once('.') {
            if let Some(span) = self.key(above) {
                return span;
            }
            rest = above;
        }
        self.root
    }
}

// === impl Reader ===

impl<'m> Reader<'m> {
    /// Reads a block of settings; what is not given is as in `base`.
    pub fn block<T: Settings>(&mut self, node: &Node, base: Option<&T>) -> Option<T> {
        let table = T::table_over(base);
        let block = Block::open(node, &table, self)?;
        self.tables.push(table);
        let value = T::read_fields(&block, base, self);
        self.tables.pop();
        value.filter(|_| block.is_clean())
    }

    /// Reads a setting that may be left out.
    pub fn optional<T: Setting>(&mut self, block: &Block<'_>, name: &'static str, default: T) -> Option<T> {
        let Some(field) = block.field(name) else {
            return Some(default);
        };
        if field.value.is_refused() {
            return None;
        }
        if Self::is_nothing::<T>(field.value) {
            // As in the Collector, a key without a value leaves the default.
            let shown = default.show();
            let effect = if shown.is_empty() {
                String::new()
            } else {
                format!("; it stays `{shown}`")
            };
            self.enter(name, field.spans(), |cx| {
                if !field.value.expanded {
                    let message = format!("{} has no value{effect}", cx.subject());
                    cx.push(Mistake::warning(field.key.span, code::NO_VALUE, message));
                }
            });
            return Some(default);
        }
        self.enter(name, field.spans(), |cx| T::read_over(&default, field.value, cx))
    }

    /// Reads a setting that must be given, here or in `base`.
    pub fn required<T: Setting>(
        &mut self,
        block: &Block<'_>,
        name: &'static str,
        base: Option<T>,
    ) -> Option<T> {
        let given = block
            .field(name)
            .filter(|field| !Self::is_nothing::<T>(field.value));
        match (given, base) {
            (Some(field), _) if field.value.is_refused() => None,
            (Some(field), Some(base)) => {
                self.enter(name, field.spans(), |cx| T::read_over(&base, field.value, cx))
            }
            (Some(field), None) => self.enter(name, field.spans(), |cx| T::read(field.value, cx)),
            (None, Some(base)) => Some(base),
            (None, None) => {
                self.missing::<T>(block, name);
                None
            }
        }
    }

    fn is_nothing<T: Setting>(node: &Node) -> bool {
        let is_empty_text = node.expanded && T::KEEPS_EMPTY_TEXT;
        node.is_null() && !T::IS_BLOCK && !T::READS_NULL && !is_empty_text
    }

    fn missing<T: Setting>(&mut self, block: &Block<'_>, name: &str) {
        if block.is_meant(name) {
            return;
        }
        let place = block
            .field(name)
            .map_or_else(|| self.place(), |field| field.key.span);
        let message = format!("missing setting `{name}`{}", self.location());
        let hint = format!("add `{name}:` with {}", article(&T::kind().to_string()));
        self.push(Mistake::error(place, code::MISSING_SETTING, message).hint(hint));
    }

    /// Reads one part of the value being read: an item of a list (its place is its key), an entry of a map.
    pub fn part<T: Setting>(&mut self, name: &str, key: Span, node: &Node) -> Option<T> {
        if node.is_refused() {
            return None;
        }
        self.enter(
            name,
            FieldSpans {
                key,
                value: node.span,
            },
            |cx| T::read(node, cx),
        )
    }

    fn enter<R>(&mut self, name: &str, spans: FieldSpans, read: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(name.to_owned());
        self.places.push(spans.key);
        self.spans.by_path.insert(self.path.join("."), spans);
        let result = read(self);
        self.path.pop();
        self.places.pop();
        result
    }

    /// Are there so many mistakes that further ones are only counted? Then hints need not be looked for.
    pub(super) fn is_full(&self) -> bool {
        self.mistakes.is_full()
    }

    /// Adds a mistake of any form.
    pub fn push(&mut self, mistake: Mistake) {
        self.mistakes.push(mistake);
    }

    /// The setting being read as messages name it: `` `protocols.grpc.endpoint` of receiver `otlp` ``.
    pub fn subject(&self) -> String {
        self.subject_of(None)
    }

    pub(super) fn subject_of(&self, field: Option<&str>) -> String {
        let path: Vec<&str> = self.path.iter().map(String::as_str).chain(field).collect();
        let label = &self.owner.label;
        match (path.is_empty(), label.is_empty()) {
            (true, _) => label.clone(),
            (false, true) => format!("`{}`", escaped(&path.join("."))),
            (false, false) => format!("`{}` of {label}", escaped(&path.join("."))),
        }
    }

    /// `` in `protocols.grpc` of receiver `otlp` `` for messages about a key of the block being read.
    pub(super) fn location(&self) -> String {
        let subject = self.subject();
        if subject.is_empty() {
            subject
        } else {
            format!(" in {subject}")
        }
    }

    /// The key of the block or setting being read.
    pub fn place(&self) -> Span {
        self.places.last().copied().unwrap_or(self.owner.place)
    }

    pub(super) fn spans_of(&self, field: &str) -> Option<FieldSpans> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).chain([field]).collect();
        self.spans.by_path.get(&path.join(".")).copied()
    }

    pub(super) fn owner(&self) -> &Owner {
        &self.owner
    }

    pub(super) fn path(&self) -> &[String] {
        &self.path
    }

    pub(super) fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Reports a value of the wrong kind: "must be a duration such as `5s`, not …". Always `None`, to be
    /// returned.
    pub fn wrong_type<T>(&mut self, node: &Node, expected: &str) -> Option<T> {
        self.wrong_type_hint(node, expected, None)
    }

    /// [`Reader::wrong_type`] with a hint.
    pub fn wrong_type_hint<T>(&mut self, node: &Node, expected: &str, hint: Option<String>) -> Option<T> {
        let message = format!("{} must be {expected}, not {}", self.subject(), shown(node));
        self.push(Mistake::error(node.span, code::WRONG_TYPE, message).maybe_hint(hint));
        None
    }

    /// Reports a value of the right kind that does not make sense; `problem` follows the setting's name:
    /// "has no port". Must not contain the value; use [`shown`]. Always `None`.
    pub fn invalid<T>(&mut self, node: &Node, problem: &str, hint: Option<String>) -> Option<T> {
        let message = format!("{} {problem}", self.subject());
        self.push(Mistake::error(node.span, code::INVALID_VALUE, message).maybe_hint(hint));
        None
    }
}

/// How a default of "nothing" is written down.
pub(super) const NOTHING: &str = "none";

/// A value as a message may show it: scalars as written, cut to a bounded length; what came from the
/// environment or a file is not shown.
pub fn shown(node: &Node) -> String {
    match (&node.value, node.text()) {
        (Value::List(_) | Value::Map(_), _) => node.kind_name().to_owned(),
        (Value::Null, _) if !node.expanded => "nothing".to_owned(),
        _ if node.expanded => "the expanded value (hidden)".to_owned(),
        (_, Some(text)) => format!("`{}`", shortened(text)),
        (_, None) => node.kind_name().to_owned(),
    }
}

fn article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}
