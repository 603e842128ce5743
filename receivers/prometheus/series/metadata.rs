//! What pages say about families: type, help, unit.

use std::collections::HashMap;

use sidelight_exposition::parse::MetricType;

/// The longest help text that is kept, in bytes.
const MAX_HELP_BYTES: usize = 4096;

/// One family of metrics, as the page calls it.
#[derive(Debug, Clone)]
pub(super) struct Family {
    pub(super) name: Box<str>,
    pub(super) kind: MetricType,
    pub(super) help: Box<str>,
    pub(super) unit: Box<str>,
    /// A page said something of it; else it stands for one sample that belongs to no family.
    is_declared: bool,
    /// Raised with every change of the type, and when a family is declared that its samples belong to: what was made of
    /// its samples before holds no longer.
    pub(super) version: u32,
}

/// The families of a target.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    families: Vec<Family>,
    by_name: HashMap<Box<str>, u32>,
}

/// What a sample is within its family, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A value of its own.
    Value,
    /// The start time of a counter, histogram or summary, in seconds.
    Created,
    /// A cumulative bucket.
    Bucket,
    /// The count of a histogram or summary.
    Count,
    /// The sum of a histogram or summary.
    Sum,
    /// A quantile of a summary.
    Quantile,
}

/// The family of a sample and its part in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Membership {
    pub(super) family: u32,
    pub(super) role: Role,
    /// What the sample's name has behind the family's.
    pub(super) suffix: &'static str,
}

/// What samples have behind the name of their family (OpenMetrics, "Suffixes"; Prometheus' text format).
const SUFFIXES: [&str; 8] = [
    "_bucket", "_count", "_sum", "_total", "_created", "_info", "_gcount", "_gsum",
];

impl Metadata {
    /// Notes the type of a family. Returns the bytes that this keeps in memory.
    pub(super) fn set_type(&mut self, name: &str, kind: MetricType) -> usize {
        let (at, cost) = self.declared(name);
        let family = &mut self.families[at as usize];
        if family.kind != kind {
            family.kind = kind;
            family.version += 1;
        }
        cost
    }

    /// Notes the help text of a family. Returns the bytes that this keeps in memory.
    pub(super) fn set_help(&mut self, name: &str, help: &str) -> usize {
        let (at, cost) = self.declared(name);
        let family = &mut self.families[at as usize];
        if &*family.help != help {
            let end = (0..=help.len().min(MAX_HELP_BYTES))
                .rev()
                .find(|at| help.is_char_boundary(*at));
            family.help = help[..end.unwrap_or(0)].into();
            return cost + family.help.len();
        }
        cost
    }

    /// Notes the unit of a family. Returns the bytes that this keeps in memory.
    pub(super) fn set_unit(&mut self, name: &str, unit: &str) -> usize {
        let (at, cost) = self.declared(name);
        let family = &mut self.families[at as usize];
        if &*family.unit != unit {
            family.unit = unit.into();
        }
        cost
    }

    /// The family and part of a sample with this name. A sample that no family declares is one of its own, of unknown type.
    pub(super) fn membership(&mut self, name: &str, has_quantile: bool) -> Membership {
        let same_name = self.by_name.get(name).copied();
        let declared = same_name.filter(|family| self.families[*family as usize].is_declared);
        if let Some(family) = declared {
            let is_quantile = has_quantile && self.families[family as usize].kind == MetricType::Summary;
            let role = if is_quantile { Role::Quantile } else { Role::Value };
            return Membership {
                family,
                role,
                suffix: "",
            };
        }
        let with_suffix = SUFFIXES.iter().find_map(|suffix| {
            let family = *self.by_name.get(name.strip_suffix(suffix)?)?;
            let role = role_of(self.families[family as usize].kind, suffix)?;
            Some(Membership { family, role, suffix })
        });
        with_suffix.unwrap_or_else(|| Membership {
            family: same_name.unwrap_or_else(|| self.insert(name)),
            role: Role::Value,
            suffix: "",
        })
    }

    /// Whether a page said something of a family with this name, or of one that this is a sample of.
    pub(super) fn is_declared(&self, name: &str) -> bool {
        let known = |name: &str| {
            let at = self.by_name.get(name);
            at.is_some_and(|at| self.families[*at as usize].is_declared)
        };
        known(name)
            || SUFFIXES
                .iter()
                .any(|suffix| name.strip_suffix(suffix).is_some_and(known))
    }

    /// A family by its number.
    pub(super) fn get(&self, family: u32) -> &Family {
        &self.families[family as usize]
    }

    /// Keeps the families for which `alive` says so; returns their new numbers.
    pub(super) fn compact(&mut self, alive: &[bool]) -> Vec<u32> {
        let moved = super::sweep::compact(&mut self.families, alive);
        self.by_name = (0..)
            .zip(&self.families)
            .map(|(at, family)| (family.name.clone(), at))
            .collect();
        moved
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.families.len()
    }

    fn declared(&mut self, name: &str) -> (u32, usize) {
        let same_name = self.by_name.get(name).copied();
        if let Some(at) = same_name.filter(|at| self.families[*at as usize].is_declared) {
            return (at, 0);
        }
        // Samples that came before had to stand for themselves.
        for suffix in SUFFIXES {
            if let Some(&at) = self.by_name.get(format!("{name}{suffix}").as_str()) {
                self.families[at as usize].version += 1;
            }
        }
        let at = same_name.unwrap_or_else(|| self.insert(name));
        self.families[at as usize].is_declared = true;
        (at, 2 * name.len() + size_of::<Family>() + 64)
    }

    fn insert(&mut self, name: &str) -> u32 {
        let at = self.families.len() as u32;
        self.families.push(Family {
            name: name.into(),
            kind: MetricType::Unknown,
            help: "".into(),
            unit: "".into(),
            is_declared: false,
            version: 0,
        });
        self.by_name.insert(name.into(), at);
        at
    }
}

fn role_of(kind: MetricType, suffix: &str) -> Option<Role> {
    use MetricType::{Counter, GaugeHistogram, Histogram, Info, Summary};
    Some(match (kind, suffix) {
        (Counter, "_total") | (Info, "_info") => Role::Value,
        (Counter | Histogram | Summary, "_created") => Role::Created,
        (Histogram, "_bucket") => Role::Bucket,
        (Histogram | Summary, "_count") => Role::Count,
        (Histogram | Summary, "_sum") => Role::Sum,
        // OTLP has no such type: its samples are gauges under their own names.
        (GaugeHistogram, "_bucket" | "_gcount" | "_gsum") => Role::Value,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_find_their_family_by_name_and_suffix() {
        let mut metadata = Metadata::default();
        for (name, kind) in [
            ("c", MetricType::Counter),
            ("d_total", MetricType::Counter),
            ("h", MetricType::Histogram),
            ("s", MetricType::Summary),
            ("i", MetricType::Info),
            ("g", MetricType::GaugeHistogram),
        ] {
            metadata.set_type(name, kind);
        }
        for (name, has_quantile, family, role) in [
            ("c_total", false, "c", Role::Value),
            ("c_created", false, "c", Role::Created),
            ("d_total", false, "d_total", Role::Value),
            ("h_bucket", false, "h", Role::Bucket),
            ("h_count", false, "h", Role::Count),
            ("h_sum", false, "h", Role::Sum),
            ("h_created", false, "h", Role::Created),
            ("h", false, "h", Role::Value),
            ("s", true, "s", Role::Quantile),
            ("s", false, "s", Role::Value),
            ("s_count", false, "s", Role::Count),
            ("i_info", false, "i", Role::Value),
            ("g_bucket", false, "g", Role::Value),
            ("g_count", false, "g_count", Role::Value),
            ("x_total", false, "x_total", Role::Value),
            ("_count", false, "_count", Role::Value),
        ] {
            let found = metadata.membership(name, has_quantile);
            assert_eq!(
                (&*metadata.get(found.family).name, found.role),
                (family, role),
                "{name}"
            );
        }
    }

    #[test]
    fn a_later_type_unsettles_what_stood_for_itself() {
        let mut metadata = Metadata::default();
        let alone = metadata.membership("h_bucket", false);
        assert_eq!(metadata.get(alone.family).version, 0);
        metadata.set_type("h", MetricType::Histogram);
        assert_eq!(metadata.get(alone.family).version, 1);
        metadata.set_type("h", MetricType::Gauge);
        let h = metadata.membership("h", false);
        assert_eq!(metadata.get(h.family).version, 2);
        metadata.set_type("h", MetricType::Gauge);
        assert_eq!(metadata.get(h.family).version, 2);
    }

    #[test]
    fn a_long_help_text_is_cut_at_a_character() {
        let mut metadata = Metadata::default();
        metadata.set_help("a", &"ü".repeat(MAX_HELP_BYTES));
        let a = metadata.membership("a", false);
        assert_eq!(metadata.get(a.family).help.len(), MAX_HELP_BYTES);
    }
}
