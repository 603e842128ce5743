//! One block of settings: its keys held against its table.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};

use super::reader::{FieldSpans, shown};
use super::{Reader, Setting};
use crate::escape::shortened;
use crate::mistake::{Mistake, code};
use crate::source::Span;
use crate::suggest::closest;
use crate::table::{Row, Table};
use crate::tree::{Key, Node, Value};

/// Most names of settings listed in a message.
const MAX_LISTED_NAMES: usize = 16;

/// The keys of a mapping that are settings of its block.
#[derive(Debug)]
pub struct Block<'n> {
    fields: BTreeMap<&'static str, Field<'n>>,
    /// False when a key was refused: the block is read to its end for its other mistakes, but not used.
    clean: Cell<bool>,
    /// Settings that a refused key probably meant; they are not reported as missing too.
    meant: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'n> {
    pub(super) key: &'n Key,
    pub(super) value: &'n Node,
}

/// Checks relations between settings of one block, after all of them could be read.
#[derive(Debug)]
pub struct Check<'c, 'm> {
    block: &'c Block<'c>,
    cx: &'c mut Reader<'m>,
}

impl Field<'_> {
    pub(super) fn spans(&self) -> FieldSpans {
        FieldSpans {
            key: self.key.span,
            value: self.value.span,
        }
    }
}

// === impl Block ===

impl<'n> Block<'n> {
    /// Reports unknown, renamed and unsupported keys. `None` when the node is no mapping.
    pub(super) fn open(node: &'n Node, table: &Table, cx: &mut Reader<'_>) -> Option<Self> {
        let entries = match &node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => {
                let hint = match node.is_expanded() {
                    true => "an expanded value is text; blocks are written in the file",
                    false => "write its settings below it, one per line, further to the right",
                };
                return cx.wrong_type_hint(node, "a block of settings", Some(hint.into()));
            }
        };
        let mut block = Self {
            fields: BTreeMap::new(),
            clean: Cell::new(true),
            meant: Vec::new(),
        };
        for (key, value) in entries {
            match resolve(key, entries, table, cx) {
                Ok(Some(name)) => {
                    block.fields.insert(name, Field { key, value });
                }
                Ok(None) => {}
                Err(()) if cx.is_full() => block.clean.set(false),
                Err(()) => {
                    block.clean.set(false);
                    block.meant.extend(closest(&key.name, table.names()));
                }
            }
        }
        Some(block)
    }

    pub(super) fn field(&self, name: &str) -> Option<Field<'n>> {
        self.fields.get(name).copied()
    }

    /// Was the setting given?
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    pub(super) fn is_meant(&self, name: &str) -> bool {
        self.meant.contains(&name)
    }

    pub(super) fn is_clean(&self) -> bool {
        self.clean.get()
    }

    /// Reports a value outside its bounds.
    pub fn within<T: Setting + PartialOrd>(
        &self,
        name: &'static str,
        value: Option<T>,
        bounds: impl RangeBounds<T>,
        cx: &mut Reader<'_>,
    ) -> Option<T> {
        let value = value?;
        if bounds.contains(&value) {
            return Some(value);
        }
        let Some(field) = self.field(name) else {
            return Some(value);
        };
        let subject = cx.subject_of(Some(name));
        let message = format!(
            "{subject} must be {}, not {}",
            bounds_text(&bounds),
            shown(field.value)
        );
        cx.push(Mistake::error(field.value.span, code::OUT_OF_RANGE, message));
        None
    }

    /// Runs the checks of the relations between the settings; not when a key was refused, which may be the
    /// one they would miss.
    pub fn checked<T>(
        &self,
        value: T,
        checks: &[fn(&T, &mut Check<'_, '_>)],
        cx: &mut Reader<'_>,
    ) -> Option<T> {
        for check in checks.iter().filter(|_| self.is_clean()) {
            check(&value, &mut Check { block: self, cx });
        }
        Some(value)
    }
}

/// The setting a key means: `Ok(None)` to be left out, `Err` when reported as an error.
fn resolve(
    key: &Key,
    entries: &[(Key, Node)],
    table: &Table,
    cx: &mut Reader<'_>,
) -> Result<Option<&'static str>, ()> {
    let name = key.name.as_str();
    if let Some(row) = table.row(name) {
        return Ok(Some(row.name));
    }
    if let Some(alias) = table.aliases.iter().find(|alias| alias.old == name) {
        let both = entries.iter().find(|(other, _)| other.name == alias.new);
        if let Some((other, _)) = both {
            let message = format!(
                "`{name}` and `{}` are the same setting{}",
                alias.new,
                cx.location()
            );
            cx.push(
                Mistake::error(key.span, code::CONFLICT, message)
                    .hint(format!("former name, {}; remove it", alias.reason))
                    .related(other.span, "given here too"),
            );
            return Err(());
        }
        let message = format!("setting `{name}` is now called `{}`{}", alias.new, cx.location());
        cx.push(Mistake::warning(key.span, code::RENAMED_SETTING, message).hint(alias.reason));
        return Ok(Some(alias.new));
    }
    if let Some(unsupported) = table
        .unsupported
        .iter()
        .find(|unsupported| unsupported.name == name)
    {
        let message = format!("setting `{name}` is not supported{}", cx.location());
        let mistake = match unsupported.harmless {
            true => Mistake::warning(key.span, code::UNSUPPORTED_SETTING, message),
            false => Mistake::error(key.span, code::UNSUPPORTED_SETTING, message),
        };
        cx.push(mistake.hint(unsupported.advice));
        return if unsupported.harmless { Ok(None) } else { Err(()) };
    }
    let mistake = unknown(key, table, cx);
    cx.push(mistake);
    Err(())
}

fn unknown(key: &Key, table: &Table, cx: &Reader<'_>) -> Mistake {
    let message = format!("unknown setting `{}`{}", shortened(&key.name), cx.location());
    let mistake = Mistake::error(key.span, code::UNKNOWN_SETTING, message);
    if cx.is_full() {
        return mistake;
    }
    mistake
        .maybe_hint(meant(&key.name, table, cx))
        .note(known_settings(table, cx))
}

/// The likely intention: the same name in a block nearby, or a similar name here.
fn meant(name: &str, table: &Table, cx: &Reader<'_>) -> Option<String> {
    let deeper = table.nested_paths(name, 3);
    if !deeper.is_empty() {
        let paths: Vec<String> = deeper.iter().map(|path| format!("`{path}`")).collect();
        return Some(format!(
            "did you mean {}? this setting belongs deeper",
            paths.join(" or ")
        ));
    }
    if let Some(similar) = closest(name, table.names()) {
        return Some(format!("did you mean `{similar}`?"));
    }
    // `tables` are those above: the block itself is not entered yet.
    let above = cx.tables().iter().rposition(|above| above.row(name).is_some())?;
    let path: Vec<&str> = cx
        .path()
        .iter()
        .take(above)
        .map(String::as_str)
        .chain([name])
        .collect();
    Some(format!(
        "did you mean `{}`? this setting belongs further to the left",
        path.join(".")
    ))
}

fn known_settings(table: &Table, cx: &Reader<'_>) -> String {
    let mut names: Vec<&str> = table.names().take(MAX_LISTED_NAMES).collect();
    if table.rows.len() > MAX_LISTED_NAMES {
        names.push("…");
    }
    let names = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    match &cx.owner().readme {
        Some(readme) => format!("settings: {names} – see {readme}"),
        None => format!("settings: {names}"),
    }
}

// === impl Check ===

impl Check<'_, '_> {
    /// Was the setting given, or is its value the default?
    pub fn is_given(&self, field: &str) -> bool {
        self.block.has(field)
    }

    /// The place of a setting of this block (dotted for one deeper), else of the block's key.
    pub fn place(&self, field: &str) -> Span {
        self.cx
            .spans_of(field)
            .map_or_else(|| self.cx.place(), |spans| spans.value)
    }

    /// An error at a setting; `problem` follows its name: "must not be empty". Must not contain values that
    /// may be secret.
    pub fn error(&mut self, field: &str, problem: &str) {
        let mistake = self.mistake(field, problem);
        self.push(mistake);
    }

    /// An error at a setting, with what to do.
    pub fn error_hint(&mut self, field: &str, problem: &str, hint: impl Into<String>) {
        let mistake = self.mistake(field, problem).hint(hint);
        self.push(mistake);
    }

    /// An error at a setting that contradicts another one; both places are shown.
    pub fn conflict(&mut self, field: &str, other: &str, problem: &str) {
        let mut mistake = self.mistake(field, problem);
        mistake.code = code::CONFLICT;
        if let Some(spans) = self.cx.spans_of(other) {
            mistake = mistake.related(spans.value, format!("`{other}` is given here"));
        }
        self.push(mistake);
    }

    /// A warning at a setting.
    pub fn warning(&mut self, field: &str, problem: &str) {
        let message = format!("{} {problem}", self.cx.subject_of(Some(field)));
        self.push(Mistake::warning(self.place(field), code::INVALID_VALUE, message));
    }

    /// A mistake of any form.
    pub fn push(&mut self, mistake: Mistake) {
        if mistake.severity == crate::Severity::Error {
            self.block.clean.set(false);
        }
        self.cx.push(mistake);
    }

    fn mistake(&self, field: &str, problem: &str) -> Mistake {
        let message = format!("{} {problem}", self.cx.subject_of(Some(field)));
        Mistake::error(self.place(field), code::INVALID_VALUE, message)
    }
}

// === for the macro ===

/// Bounds in words: `1 to 10`, `at least 1ms`.
pub fn bounds_text<T: Setting>(bounds: &impl RangeBounds<T>) -> String {
    let low = match bounds.start_bound() {
        Bound::Included(low) => Some(("at least", low.show())),
        Bound::Excluded(low) => Some(("more than", low.show())),
        Bound::Unbounded => None,
    };
    let high = match bounds.end_bound() {
        Bound::Included(high) => Some(("at most", high.show())),
        Bound::Excluded(high) => Some(("less than", high.show())),
        Bound::Unbounded => None,
    };
    match (low, high) {
        (Some(("at least", low)), Some(("at most", high))) => format!("{low} to {high}"),
        (Some((low_word, low)), Some((high_word, high))) => {
            format!("{low_word} {low} and {high_word} {high}")
        }
        (Some((word, bound)), None) | (None, Some((word, bound))) => format!("{word} {bound}"),
        (None, None) => "anything".to_owned(),
    }
}

/// Lines of a doc comment as one text.
pub fn doc_text(lines: &[&str]) -> String {
    let words: Vec<&str> = lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty())
        .collect();
    words.join(" ")
}

/// The name of a field as a key: `r#type` is `type`.
pub fn plain_name(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

impl Table {
    /// An empty table. For [`crate::settings!`].
    pub fn new(doc: String) -> Self {
        Self {
            doc,
            rows: Vec::new(),
            aliases: Vec::new(),
            unsupported: Vec::new(),
        }
    }

    /// Adds a row. For [`crate::settings!`].
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }
}
