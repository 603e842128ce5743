use regex::{CaptureLocations, Regex};
use sidelight_proto::rewrite::AttributeEdits;
use sidelight_proto::views::ValueView;

use super::convert::{Converted, convert};
use super::hash::HexDigest;
use super::{ActionConfig, ConvertedType, Literal, Verb};
use crate::patterns;

/// Most keys of one message that one `pattern` hashes; each costs a search among the message's attributes.
/// Further ones are removed rather than left as they are. Senders keep to 128 attributes by default.
const MAX_HASHED_KEYS: usize = 1024;

/// A list of actions ready to run. Keeps its buffers from message to message.
pub(crate) struct Actions {
    steps: Vec<Step>,
    scratch: Scratch,
}

#[derive(Default)]
struct Scratch {
    text: String,
    keys: Keys,
}

/// Keys, one after another in one buffer.
#[derive(Default)]
struct Keys {
    text: String,
    ends: Vec<usize>,
}

enum Step {
    Write { key: String, when: When, source: Source },
    Delete { key: String, pattern: Option<Regex> },
    Hash { key: String, pattern: Option<Regex> },
    Extract(Extract),
    Convert { key: String, to: ConvertedType },
}

/// Which messages get the value, by whether they have the key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Absent,
    Present,
    Always,
}

impl When {
    fn holds(self, present: bool) -> bool {
        match self {
            When::Absent => !present,
            When::Present => present,
            When::Always => true,
        }
    }
}

enum Source {
    Value(Literal),
    Attribute { key: String, default: Option<Literal> },
}

struct Extract {
    key: String,
    pattern: Regex,
    /// Where each group goes, from the first group on.
    targets: Vec<String>,
    groups: CaptureLocations,
}

// === impl Actions ===

impl Actions {
    /// Compiles settings that were checked. `Err` with the place in the list and the problem otherwise.
    pub(crate) fn compile(actions: &[ActionConfig]) -> Result<Self, (usize, String)> {
        let steps = actions
            .iter()
            .enumerate()
            .map(|(nth, action)| Step::compile(action).map_err(|e| (nth, e)));
        Ok(Actions {
            steps: steps.collect::<Result<_, _>>()?,
            scratch: Scratch::default(),
        })
    }

    /// Runs all actions on the attributes of one message.
    #[inline]
    pub(crate) fn apply(&mut self, edits: &mut AttributeEdits<'_>) {
        for step in &mut self.steps {
            step.apply(edits, &mut self.scratch);
        }
    }
}

// === impl Step ===

impl Step {
    fn compile(action: &ActionConfig) -> Result<Self, String> {
        let key = action.key.clone();
        let pattern = || match action.pattern.as_str() {
            "" => Ok(None),
            pattern => patterns::compile(pattern).map(Some),
        };
        let write = |when| {
            let source = Source::of(action).ok_or("has nothing to write")?;
            Ok(Step::Write {
                key: key.clone(),
                when,
                source,
            })
        };
        match action.action {
            Verb::Insert => write(When::Absent),
            Verb::Update => write(When::Present),
            Verb::Upsert => write(When::Always),
            Verb::Delete => Ok(Step::Delete {
                key,
                pattern: pattern()?,
            }),
            Verb::Hash => Ok(Step::Hash {
                key,
                pattern: pattern()?,
            }),
            Verb::Extract => Ok(Step::Extract(Extract::new(
                key,
                pattern()?.ok_or("has no pattern")?,
            ))),
            Verb::Convert => Ok(Step::Convert {
                key,
                to: action.converted_type.ok_or("has no converted_type")?,
            }),
        }
    }

    #[inline]
    fn apply(&mut self, edits: &mut AttributeEdits<'_>, scratch: &mut Scratch) {
        match self {
            Step::Write {
                key,
                when,
                source: Source::Value(value),
            } => {
                write(edits, key, *when, value.view());
            }
            Step::Write {
                key,
                when,
                source: Source::Attribute { key: source, default },
            } => {
                copy(edits, key, *when, source, default.as_ref());
            }
            Step::Delete { key, pattern } => delete(edits, key, pattern.as_ref()),
            Step::Hash { key, pattern } => {
                if !key.is_empty() {
                    hash(edits, key);
                }
                if let Some(pattern) = pattern {
                    hash_matching(edits, pattern, &mut scratch.keys);
                }
            }
            Step::Extract(extract) => extract.apply(edits, &mut scratch.text),
            Step::Convert { key, to } => {
                let converted = edits
                    .get(key)
                    .and_then(|value| convert(value, *to, &mut scratch.text));
                match converted {
                    Some(Converted::Int(value)) => replace(edits, key, ValueView::Int(value)),
                    Some(Converted::Double(value)) => replace(edits, key, ValueView::Double(value)),
                    Some(Converted::Text) => replace(edits, key, ValueView::String(&scratch.text)),
                    None => {}
                }
            }
        }
    }
}

impl Source {
    fn of(action: &ActionConfig) -> Option<Self> {
        match (
            &action.value,
            action.from_attribute.as_str(),
            &action.default_value,
        ) {
            (Some(value), _, _) | (None, "", Some(value)) => Some(Source::Value(value.clone())),
            (None, "", None) => None,
            (None, key, default) => Some(Source::Attribute {
                key: key.to_owned(),
                default: default.clone(),
            }),
        }
    }
}

impl Extract {
    fn new(key: String, pattern: Regex) -> Self {
        let targets = pattern
            .capture_names()
            .skip(1)
            .map(|name| name.unwrap_or_default().to_owned())
            .collect();
        let groups = pattern.capture_locations();
        Extract {
            key,
            pattern,
            targets,
            groups,
        }
    }

    fn apply(&mut self, edits: &mut AttributeEdits<'_>, copy: &mut String) {
        let Some(ValueView::String(text)) = edits.get(&self.key) else {
            return;
        };
        if self.pattern.captures_read(&mut self.groups, text).is_none() {
            return;
        }
        // A target may be the source itself.
        copy.clear();
        copy.push_str(text);
        for (nth, target) in self.targets.iter().enumerate() {
            let found = self
                .groups
                .get(nth + 1)
                .and_then(|(start, end)| copy.get(start..end));
            write(
                edits,
                target,
                When::Always,
                ValueView::String(found.unwrap_or_default()),
            );
        }
    }
}

fn write(edits: &mut AttributeEdits<'_>, key: &str, when: When, value: ValueView<'_>) {
    if when == When::Absent {
        edits.insert(key, value);
        return;
    }
    let before = edits.get(key);
    if !when.holds(before.is_some()) {
        return;
    }
    // What is there already is not written again: a batch that would only get what it has stays as it is.
    if before == Some(value) && stands_once(edits, key) {
        return;
    }
    replace(edits, key, value);
}

fn copy(edits: &mut AttributeEdits<'_>, key: &str, when: When, source: &str, default: Option<&Literal>) {
    if !edits.contains(source) {
        if let Some(default) = default {
            write(edits, key, when, default.view());
        }
        return;
    }
    if key != source && when.holds(edits.contains(key)) {
        edits.remove(key);
        edits.set_from(key, source);
    }
}

fn delete(edits: &mut AttributeEdits<'_>, key: &str, pattern: Option<&Regex>) {
    if !key.is_empty() {
        edits.remove(key);
    }
    if let Some(pattern) = pattern {
        edits.retain(|key, _| !pattern.is_match(key));
    }
}

fn hash(edits: &mut AttributeEdits<'_>, key: &str) {
    if let Some(digest) = edits.get(key).map(HexDigest::of) {
        replace(edits, key, ValueView::String(digest.as_str()));
    }
}

fn hash_matching(edits: &mut AttributeEdits<'_>, pattern: &Regex, keys: &mut Keys) {
    keys.clear();
    let mut too_many = false;
    for (key, _) in edits.iter() {
        if pattern.is_match(key) && !keys.contains(key) {
            too_many = keys.len() == MAX_HASHED_KEYS;
            if too_many {
                break;
            }
            keys.push(key);
        }
    }
    if too_many {
        edits.retain(|key, _| !pattern.is_match(key) || keys.contains(key));
    }
    keys.iter().for_each(|key| hash(edits, key));
}

/// Gives a key its only value.
fn replace(edits: &mut AttributeEdits<'_>, key: &str, value: ValueView<'_>) {
    edits.remove(key);
    edits.set(key, value);
}

fn stands_once(edits: &mut AttributeEdits<'_>, key: &str) -> bool {
    edits.iter().filter(|(other, _)| *other == key).nth(1).is_none()
}

// === impl Keys ===

impl Keys {
    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn push(&mut self, key: &str) {
        self.text.push_str(key);
        self.ends.push(self.text.len());
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn contains(&self, key: &str) -> bool {
        self.iter().any(|other| other == key)
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| self.text.get(start..*end).unwrap_or_default())
    }
}
