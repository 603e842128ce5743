//! Relabelling: the steps of `relabel_configs` and `metric_relabel_configs`, as Prometheus takes them.

#[cfg(test)]
mod tests;

use md5::{Digest as _, Md5};

use super::config::{Action, NameScheme, Pattern, RelabelConfig};
use super::labels::Labels;
use super::names;

/// The steps of one list, ready to be taken.
#[derive(Clone, Debug)]
pub(super) struct Relabelling {
    steps: Vec<Step>,
    scheme: NameScheme,
}

#[derive(Clone, Debug)]
struct Step {
    config: RelabelConfig,
    pattern: Option<Pattern>,
    /// The expression is the default one: there is nothing to look for.
    matches_all: bool,
}

impl Relabelling {
    /// Steps that were read; names that they write must be valid by `scheme`.
    pub(super) fn new(configs: &[RelabelConfig], scheme: NameScheme) -> Self {
        let step = |config: &RelabelConfig| Step {
            pattern: config.regex.clone().or_else(|| Pattern::new("(.*)").ok()),
            matches_all: config.regex.as_ref().is_none_or(Pattern::is_default),
            config: config.clone(),
        };
        Self {
            steps: configs.iter().map(step).collect(),
            scheme,
        }
    }

    /// Takes the steps in order; false where one of them drops what has these labels.
    pub(super) fn apply(&self, labels: &mut Labels) -> bool {
        self.steps.iter().all(|step| step.apply(labels, self.scheme))
    }
}

impl Step {
    fn apply(&self, labels: &mut Labels, scheme: NameScheme) -> bool {
        let config = &self.config;
        let value = self.joined(labels);
        match config.action {
            Action::Keep => return self.matches(&value),
            Action::Drop => return !self.matches(&value),
            Action::KeepEqual => return labels.get(&config.target_label) == value,
            Action::DropEqual => return labels.get(&config.target_label) != value,
            Action::Replace => self.replace(&value, labels, scheme),
            Action::Lowercase => labels.set(&config.target_label, value.to_lowercase()),
            Action::Uppercase => labels.set(&config.target_label, value.to_uppercase()),
            Action::HashMod => labels.set(&config.target_label, hash_mod(&value, config.modulus)),
            Action::LabelMap => self.map_names(labels),
            Action::LabelDrop => labels.retain(|name| !self.matches(name)),
            Action::LabelKeep => labels.retain(|name| self.matches(name)),
        }
        true
    }

    fn joined(&self, labels: &Labels) -> String {
        let mut joined = String::new();
        for (number, name) in self.config.source_labels.iter().enumerate() {
            if number > 0 {
                joined.push_str(&self.config.separator);
            }
            joined.push_str(labels.get(name));
        }
        joined
    }

    fn matches(&self, text: &str) -> bool {
        self.matches_all
            || self
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.regex().is_match(text))
    }

    fn replace(&self, value: &str, labels: &mut Labels, scheme: NameScheme) {
        let config = &self.config;
        let expand = self.expander(value);
        let Some(expand) = expand else { return };
        let target = expand(&config.target_label);
        if names::is_label_name(&target, scheme) {
            labels.set(&target, expand(&config.replacement));
        }
    }

    /// What puts the groups of a match into a template; `None` where the text does not match.
    fn expander<'v>(&self, text: &'v str) -> Option<impl Fn(&str) -> String + use<'_, 'v>> {
        let captures = match &self.pattern {
            Some(pattern) => Some(pattern.regex().captures(text)?),
            None => None,
        };
        Some(move |template: &str| {
            if !template.contains('$') {
                return template.to_owned();
            }
            let mut out = String::new();
            if template == "$1" && self.matches_all {
                out.push_str(text);
            } else if let Some(captures) = &captures {
                captures.expand(template, &mut out);
            }
            out
        })
    }

    fn map_names(&self, labels: &mut Labels) {
        let mapped: Vec<(String, String)> = labels
            .iter()
            .filter_map(|(name, value)| {
                let expand = self.expander(name)?;
                Some((expand(&self.config.replacement), value.to_owned()))
            })
            .collect();
        for (name, value) in mapped {
            labels.set(&name, value);
        }
    }
}

/// The last eight bytes of the MD5 sum, modulo: the same number as Prometheus gives.
fn hash_mod(value: &str, modulus: u64) -> String {
    let sum = Md5::digest(value.as_bytes());
    let mut last = [0; 8];
    last.copy_from_slice(&sum[8..]);
    (u64::from_be_bytes(last) % modulus.max(1)).to_string()
}
