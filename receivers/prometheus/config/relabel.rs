//! Settings of one step of relabelling.

use sidelight_config::{Check, setting_enum, settings};

use super::pattern::Pattern;

setting_enum! {
    /// What a step does.
    pub enum Action {
        /// Writes `replacement` to `target_label` where the expression matches.
        Replace = "replace" | "Replace",
        /// Drops what the expression does not match.
        Keep = "keep" | "Keep",
        /// Drops what the expression matches.
        Drop = "drop" | "Drop",
        /// Drops what has another value in `target_label`.
        KeepEqual = "keepequal" | "KeepEqual",
        /// Drops what has the same value in `target_label`.
        DropEqual = "dropequal" | "DropEqual",
        /// Writes the hash of the source labels, modulo `modulus`, to `target_label`.
        HashMod = "hashmod" | "HashMod",
        /// Copies labels whose names match to the name in `replacement`.
        LabelMap = "labelmap" | "LabelMap",
        /// Removes labels whose names match.
        LabelDrop = "labeldrop" | "LabelDrop",
        /// Removes labels whose names do not match.
        LabelKeep = "labelkeep" | "LabelKeep",
        /// Writes the source labels in lower case to `target_label`.
        Lowercase = "lowercase" | "Lowercase",
        /// Writes the source labels in upper case to `target_label`.
        Uppercase = "uppercase" | "Uppercase",
    }
}

settings! {
    /// A step of relabelling.
    pub struct RelabelConfig {
        /// Labels whose values are joined and looked at.
        source_labels: Vec<String>,
        /// What stands between the joined values.
        separator: String = ";",
        /// The expression that the joined values must match as a whole; for `labelmap`, `labeldrop` and `labelkeep` the
        /// names of labels.
        regex: Option<Pattern>,
        /// For `hashmod`.
        modulus: u64 = 0,
        /// The label that is written. `$1` and `${name}` stand for groups of the expression.
        target_label: String,
        /// What is written, with `$1` and `${name}` for groups of the expression.
        replacement: String = "$1",
        /// What the step does.
        action: Action = Action::Replace,
    }
    validate RelabelConfig::check;
}

impl RelabelConfig {
    /// The rules of Prometheus' own check.
    fn check(&self, check: &mut Check<'_, '_>) {
        use Action::{DropEqual, HashMod, KeepEqual, LabelDrop, LabelKeep, Lowercase, Replace, Uppercase};
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
        let not_for: &[&str] = match self.action {
            Lowercase | Uppercase => &["replacement"],
            KeepEqual | DropEqual => &["regex", "modulus", "separator", "replacement"],
            LabelDrop | LabelKeep => &[
                "source_labels",
                "target_label",
                "modulus",
                "separator",
                "replacement",
            ],
            _ => &[],
        };
        for setting in not_for {
            if check.is_given(setting) {
                check.error_hint(setting, &format!("has no meaning for `{action}`"), "remove it");
            }
        }
    }
}
