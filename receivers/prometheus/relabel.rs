//! Relabelling: the steps of `relabel_configs` and `metric_relabel_configs`, as Prometheus takes them.

mod template;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use md5::{Digest as _, Md5};
use regex::Captures;
use smallvec::SmallVec;

use self::template::Template;
use super::config::{Action, NameScheme, Pattern, RelabelConfig};
use super::labels::Labels;
use super::names;

/// The steps of one list, ready to be taken. What no step changes costs no memory.
#[derive(Clone, Debug)]
pub(super) struct Relabelling {
    steps: Vec<Step>,
    scheme: NameScheme,
}

#[derive(Clone, Debug)]
struct Step {
    source_labels: Vec<String>,
    separator: String,
    /// `None` for the default one, which matches everything.
    pattern: Option<Pattern>,
    operation: Operation,
}

/// What a step does, with what it needs for that.
#[derive(Clone, Debug)]
enum Operation {
    Keep,
    Drop,
    KeepEqual(String),
    DropEqual(String),
    Replace { target: Template, replacement: Template },
    Lowercase(String),
    Uppercase(String),
    HashMod { target: String, modulus: u64 },
    LabelMap(Template),
    LabelDrop,
    LabelKeep,
}

/// Room for joined values that needs no memory of its own.
type Joined = SmallVec<[u8; 256]>;

impl Relabelling {
    /// Steps that were read; names that they write must be valid by `scheme`.
    pub(super) fn new(configs: &[RelabelConfig], scheme: NameScheme) -> Self {
        Self {
            steps: configs.iter().map(Step::new).collect(),
            scheme,
        }
    }

    /// Takes the steps in order; false where one of them drops what has these labels.
    pub(super) fn apply(&self, labels: &mut Labels) -> bool {
        self.steps.iter().all(|step| step.apply(labels, self.scheme))
    }
}

impl Step {
    fn new(config: &RelabelConfig) -> Self {
        let target = || config.target_label.clone();
        let pattern = config.regex.clone().filter(|pattern| !pattern.is_default());
        let template = |text: &str| match &pattern {
            Some(pattern) => Template::new(text, pattern.regex()),
            None => Template::of_default(text),
        };
        Self {
            source_labels: config.source_labels.clone(),
            separator: config.separator.clone(),
            operation: match config.action {
                Action::Keep => Operation::Keep,
                Action::Drop => Operation::Drop,
                Action::KeepEqual => Operation::KeepEqual(target()),
                Action::DropEqual => Operation::DropEqual(target()),
                Action::Replace => Operation::Replace {
                    target: template(&config.target_label),
                    replacement: template(&config.replacement),
                },
                Action::Lowercase => Operation::Lowercase(target()),
                Action::Uppercase => Operation::Uppercase(target()),
                Action::HashMod => Operation::HashMod {
                    target: target(),
                    modulus: config.modulus.max(1),
                },
                Action::LabelMap => Operation::LabelMap(template(&config.replacement)),
                Action::LabelDrop => Operation::LabelDrop,
                Action::LabelKeep => Operation::LabelKeep,
            },
            pattern,
        }
    }

    fn apply(&self, labels: &mut Labels, scheme: NameScheme) -> bool {
        let mut joined = Joined::new();
        let value = self.value(labels, &mut joined);
        match &self.operation {
            Operation::Keep => return self.matches(value),
            Operation::Drop => return !self.matches(value),
            Operation::KeepEqual(target) => return labels.get(target) == value,
            Operation::DropEqual(target) => return labels.get(target) != value,
            Operation::Replace { target, replacement } => {
                let filled = self.filled(value, [target, replacement]);
                let valid = filled.filter(|[name, _]| names::is_label_name(name, scheme));
                if let Some([name, text]) = valid.map(|both| both.map(Cow::into_owned)) {
                    labels.set(&name, text);
                }
            }
            Operation::Lowercase(target) => {
                let lower = value
                    .chars()
                    .map(|c| single(c.to_lowercase(), c))
                    .collect::<String>();
                labels.set(target, lower);
            }
            Operation::Uppercase(target) => {
                let upper = value
                    .chars()
                    .map(|c| single(c.to_uppercase(), c))
                    .collect::<String>();
                labels.set(target, upper);
            }
            Operation::HashMod { target, modulus } => {
                let hash = hash_mod(value, *modulus);
                labels.set(target, hash);
            }
            Operation::LabelMap(replacement) => self.map_names(replacement, labels),
            Operation::LabelDrop => labels.retain(|name| !self.matches(name)),
            Operation::LabelKeep => labels.retain(|name| self.matches(name)),
        }
        true
    }

    /// The values of the source labels with the separator between them.
    fn value<'l>(&self, labels: &'l Labels, joined: &'l mut Joined) -> &'l str {
        if let [only] = self.source_labels.as_slice() {
            return labels.get(only);
        }
        for (number, name) in self.source_labels.iter().enumerate() {
            if number > 0 {
                joined.extend_from_slice(self.separator.as_bytes());
            }
            joined.extend_from_slice(labels.get(name).as_bytes());
        }
        // What was joined from texts is text.
        std::str::from_utf8(joined).unwrap_or_default()
    }

    fn matches(&self, text: &str) -> bool {
        self.pattern
            .as_ref()
            .is_none_or(|pattern| pattern.regex().is_match(text))
    }

    /// The templates with the groups of a match; `None` where the text does not match.
    fn filled<'s, const N: usize>(
        &self,
        text: &'s str,
        templates: [&'s Template; N],
    ) -> Option<[Cow<'s, str>; N]> {
        let Some(pattern) = &self.pattern else {
            return Some(templates.map(|template| template.fill(|_| text)));
        };
        // Looking first costs little, and groups are wanted of few texts.
        if !pattern.regex().is_match(text) {
            return None;
        }
        let captures = match templates.iter().all(|template| template.constant().is_some()) {
            true => None,
            false => pattern.regex().captures(text),
        };
        Some(templates.map(|template| template.fill(|number| group(captures.as_ref(), number))))
    }

    fn map_names(&self, replacement: &Template, labels: &mut Labels) {
        let mut mapped = Vec::new();
        for (name, value) in labels.iter() {
            // A name without a character is none; Prometheus would refuse the whole page for it.
            if let Some([new]) = self.filled(name, [replacement]).filter(|[new]| !new.is_empty()) {
                mapped.push((new.into_owned(), value.to_owned()));
            }
        }
        for (name, value) in mapped {
            labels.set(&name, value);
        }
    }
}

fn group<'t>(captures: Option<&Captures<'t>>, number: usize) -> &'t str {
    captures
        .and_then(|captures| captures.get(number))
        .map_or("", |group| group.as_str())
}

/// The one character that another one becomes. Go changes case character by character: what would become several, such as
/// `ß` as capitals, stays.
fn single(mut changed: impl Iterator<Item = char>, c: char) -> char {
    match (changed.next(), changed.next()) {
        (Some(one), None) => one,
        // The only capital whose small letter is written with two.
        _ if c == 'İ' => 'i',
        _ => c,
    }
}

/// The last eight bytes of the MD5 sum, modulo: the same number as Prometheus gives.
fn hash_mod(value: &str, modulus: u64) -> String {
    let sum = Md5::digest(value.as_bytes());
    let mut last = [0; 8];
    last.copy_from_slice(&sum[8..]);
    (u64::from_be_bytes(last) % modulus.max(1)).to_string()
}
