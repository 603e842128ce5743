//! Which metrics and points a transformation is about.

use std::borrow::Cow;

use regex::{Captures, Regex};

use super::config::{MatchType, Transform};
use super::metric::Metric;
use super::point::{Kind, label};
use crate::patterns;

/// A text that another one is held against.
enum Pattern {
    Strict(String),
    Regexp(Regex),
}

/// What a transformation selects.
pub(super) struct Selection {
    include: Pattern,
    /// Names of labels, and what their values must be.
    labels: Vec<(String, Pattern)>,
}

/// How many of a metric's points are selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    None,
    Some,
    /// All of them; also of a metric without points.
    All,
}

impl Selection {
    /// # Errors
    /// The setting and what is wrong with it.
    pub(super) fn compile(transform: &Transform) -> Result<Self, (String, String)> {
        let pattern = |setting: &dyn Fn() -> String, text: &str| match transform.match_type {
            MatchType::Strict => Ok(Pattern::Strict(text.to_owned())),
            MatchType::Regexp => patterns::compile(text)
                .map(Pattern::Regexp)
                .map_err(|problem| (setting(), problem)),
        };
        let include = pattern(&|| "include".to_owned(), &transform.include)?;
        let labels = transform
            .experimental_match_labels
            .iter()
            .map(|(name, value)| {
                let setting = || format!("experimental_match_labels.{name}");
                Ok((name.clone(), pattern(&setting, value)?))
            })
            .collect::<Result<_, (String, String)>>()?;
        Ok(Self { include, labels })
    }

    /// Whether metrics of this name are looked at.
    pub(super) fn is_name(&self, name: &str) -> bool {
        self.include.matches(name)
    }

    /// Whether a point is selected. A label that is not there is as one with the empty value.
    pub(super) fn is_point(&self, kind: Kind, point: &[u8]) -> bool {
        self.labels.iter().all(|(name, pattern)| {
            let value = label(kind, point, name).unwrap_or(Cow::Borrowed(""));
            pattern.matches(&value)
        })
    }

    /// How many of the points are selected.
    pub(super) fn share(&self, metric: &Metric<'_>) -> Share {
        let mut points = metric
            .points
            .iter()
            .map(|point| self.is_point(metric.kind, point));
        match points.next() {
            None => Share::All,
            Some(first) if points.all(|selected| selected == first) => {
                if first {
                    Share::All
                } else {
                    Share::None
                }
            }
            Some(_) => Share::Some,
        }
    }

    /// The new name of a metric: the template with the groups of the expression filled in; the template itself where
    /// there are none, or where nothing is left.
    pub(super) fn expanded(&self, template: &str, name: &str) -> String {
        let expanded = self.captures(name).map(|captures| {
            let mut expanded = String::new();
            captures.expand(template, &mut expanded);
            expanded
        });
        match expanded {
            Some(expanded) if !expanded.is_empty() => expanded,
            _ => template.to_owned(),
        }
    }

    /// What the groups of the expression took of a name: label and value. A group without a name is called `$1`, `$2`
    /// and so on; one that took nothing is left out.
    pub(super) fn labels_of_name<'n>(&self, name: &'n str) -> Vec<(Cow<'_, str>, &'n str)> {
        let (Pattern::Regexp(pattern), Some(captures)) = (&self.include, self.captures(name)) else {
            return Vec::new();
        };
        pattern
            .capture_names()
            .enumerate()
            .skip(1)
            .filter_map(|(nth, group)| {
                let value = captures.get(nth)?.as_str();
                let label = group.map_or_else(|| Cow::Owned(format!("${nth}")), Cow::Borrowed);
                (!value.is_empty()).then_some((label, value))
            })
            .collect()
    }

    fn captures<'n>(&self, name: &'n str) -> Option<Captures<'n>> {
        match &self.include {
            Pattern::Strict(_) => None,
            Pattern::Regexp(pattern) => pattern.captures(name),
        }
    }
}

impl Pattern {
    fn matches(&self, text: &str) -> bool {
        match self {
            Pattern::Strict(expected) => expected == text,
            Pattern::Regexp(pattern) => pattern.is_match(text),
        }
    }
}
