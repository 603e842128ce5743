//! Settings of one step of relabelling.

use sidelight_config::{Check, setting_enum, settings};

use super::pattern::Pattern;
use super::words::NameScheme;
use crate::prometheus::names;

const DEFAULT_SEPARATOR: &str = ";";
const DEFAULT_REPLACEMENT: &str = "$1";

setting_enum! {
    /// What a step does.
    pub enum Action {
        /// Writes `replacement` to `target_label` where the expression matches.
        Replace = "replace" | "REPLACE" | "Replace",
        /// Drops what the expression does not match.
        Keep = "keep" | "KEEP" | "Keep",
        /// Drops what the expression matches.
        Drop = "drop" | "DROP" | "Drop",
        /// Drops what has another value in `target_label`.
        KeepEqual = "keepequal" | "KEEPEQUAL" | "KeepEqual",
        /// Drops what has the same value in `target_label`.
        DropEqual = "dropequal" | "DROPEQUAL" | "DropEqual",
        /// Writes the hash of the source labels, modulo `modulus`, to `target_label`.
        HashMod = "hashmod" | "HASHMOD" | "HashMod",
        /// Copies labels whose names match to the name in `replacement`.
        LabelMap = "labelmap" | "LABELMAP" | "LabelMap",
        /// Removes labels whose names match.
        LabelDrop = "labeldrop" | "LABELDROP" | "LabelDrop",
        /// Removes labels whose names do not match.
        LabelKeep = "labelkeep" | "LABELKEEP" | "LabelKeep",
        /// Writes the source labels in lower case to `target_label`.
        Lowercase = "lowercase" | "LOWERCASE" | "Lowercase",
        /// Writes the source labels in upper case to `target_label`.
        Uppercase = "uppercase" | "UPPERCASE" | "Uppercase",
    }
}

settings! {
    /// A step of relabelling.
    pub struct RelabelConfig {
        /// Labels whose values are joined and looked at.
        source_labels: Vec<String>,
        /// What stands between the joined values.
        separator: String = DEFAULT_SEPARATOR,
        /// The expression that the joined values must match as a whole; for `labelmap`, `labeldrop` and `labelkeep` the
        /// names of labels.
        regex: Option<Pattern>,
        /// For `hashmod`.
        modulus: u64 = 0,
        /// The label that is written. `$1`, `${1}` and `$${name}` stand for groups of the expression.
        target_label: String,
        /// What is written, with `$1`, `${1}` and `$${name}` for groups of the expression.
        replacement: String = DEFAULT_REPLACEMENT,
        /// What the step does.
        action: Action = Action::Replace,
    }
    validate RelabelConfig::check;
}

impl RelabelConfig {
    /// The rules of Prometheus' own check.
    fn check(&self, check: &mut Check<'_, '_>) {
        use Action::{DropEqual, HashMod, KeepEqual, Lowercase, Replace, Uppercase};
        let action = self.action.as_str();
        if self.action == HashMod && self.modulus == 0 {
            check.error("modulus", "must be given for `hashmod`, and not be 0");
        }
        let writes = matches!(
            self.action,
            Replace | HashMod | Lowercase | Uppercase | KeepEqual | DropEqual
        );
        if writes && self.target_label.is_empty() {
            check.error("target_label", &format!("must be given for `{action}`"));
        }
        for setting in self.without_meaning() {
            check.error_hint(setting, &format!("has no meaning for `{action}`"), "remove it");
        }
    }

    /// Settings that say something that the action does not ask for. Their defaults may be written out.
    fn without_meaning(&self) -> Vec<&'static str> {
        let said = [
            ("source_labels", !self.source_labels.is_empty()),
            ("separator", self.separator != DEFAULT_SEPARATOR),
            ("regex", self.regex.is_some()),
            ("modulus", self.modulus != 0),
            ("target_label", !self.target_label.is_empty()),
            ("replacement", self.replacement != DEFAULT_REPLACEMENT),
        ];
        let not_for: &[&str] = match self.action {
            Action::Lowercase | Action::Uppercase => &["replacement"],
            Action::KeepEqual | Action::DropEqual => &["regex", "modulus", "separator", "replacement"],
            Action::LabelDrop | Action::LabelKeep => &[
                "source_labels",
                "target_label",
                "modulus",
                "separator",
                "replacement",
            ],
            _ => &[],
        };
        let said = said
            .into_iter()
            .filter(|(name, is_said)| *is_said && not_for.contains(name));
        said.map(|(name, _)| name).collect()
    }

    /// Whether the names that are written can be names by `scheme`, which is known of the job alone. `place` is that of the
    /// step.
    pub(super) fn check_names(&self, scheme: NameScheme, place: &str, check: &mut Check<'_, '_>) {
        let (setting, name) = match self.action {
            Action::Keep | Action::Drop | Action::LabelDrop | Action::LabelKeep => return,
            Action::LabelMap => ("replacement", &self.replacement),
            _ => ("target_label", &self.target_label),
        };
        let has_groups = matches!(self.action, Action::Replace | Action::LabelMap) && name.contains('$');
        let is_name = match has_groups && scheme == NameScheme::Legacy {
            true => legacy_with_groups(name),
            false => names::is_label_name(name, scheme),
        };
        if !is_name {
            let problem = "is no name that a label can have by `metric_name_validation_scheme`";
            check.error(&format!("{place}.{setting}"), problem);
        }
    }
}

/// Whether a text is a name of letters, digits and `_` once its groups are filled in with such.
fn legacy_with_groups(text: &str) -> bool {
    let mut name = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        name.push_str(before);
        name.push('_');
        let inner = behind.strip_prefix('{').unwrap_or(behind);
        let group = inner
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            .count();
        rest = &inner[group..];
        if inner.len() < behind.len() {
            match rest.strip_prefix('}') {
                Some(after) if group > 0 => rest = after,
                _ => return false,
            }
        }
        if group == 0 {
            return false;
        }
    }
    name.push_str(rest);
    names::is_label_name(&name, NameScheme::Legacy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legacy_name_may_have_groups_in_it() {
        for (text, is_name) in [
            ("a_$1", true),
            ("${1}_b", true),
            ("$1$2", true),
            ("${name}", true),
            ("a-$1", false),
            ("1$1", false),
            ("$1.b", false),
            ("${1", false),
            ("${}", false),
            ("a$", false),
            ("$-", false),
        ] {
            assert_eq!(legacy_with_groups(text), is_name, "{text}");
        }
    }
}
