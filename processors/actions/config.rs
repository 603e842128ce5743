use sidelight_config::{Check, setting_enum, settings};

use super::Literal;
use crate::patterns;

/// Of a setting that the action needs.
const IS_MISSING: &str = "is missing";

setting_enum! {
    /// What an action does.
    pub enum Verb {
        /// Writes where the key is not there.
        Insert = "insert" | "INSERT",
        /// Writes where the key is there.
        Update = "update" | "UPDATE",
        /// Writes in either case.
        Upsert = "upsert" | "UPSERT",
        /// Removes.
        Delete = "delete" | "DELETE",
        /// Replaces a value by its SHA-256.
        Hash = "hash" | "HASH",
        /// Takes attributes out of the text of another.
        Extract = "extract" | "EXTRACT",
        /// Gives a value another type.
        Convert = "convert" | "CONVERT",
    }
}

setting_enum! {
    /// The type that a conversion gives.
    pub enum ConvertedType {
        /// A whole number.
        Int = "int",
        /// A number.
        Double = "double",
        /// Text.
        String = "string",
    }
}

settings! {
    /// One action on attributes.
    pub struct ActionConfig {
        /// Key of the attribute to act on. `delete` and `hash` take `key`, `pattern` or both.
        key: String,
        /// What to do.
        required action: Verb,
        /// For `insert`, `update`, `upsert`: the value to write, with the type it has in YAML.
        value: Option<Literal>,
        /// For `insert`, `update`, `upsert`: key of the attribute whose value is written, whatever its type. Nothing happens where it is not there.
        from_attribute: String,
        /// For `insert`, `update`, `upsert`: the value to write where neither `value` nor `from_attribute` gives one.
        default_value: Option<Literal>,
        /// For `delete` and `hash`: regular expression that chooses keys. For `extract`: expression whose named groups become attributes.
        pattern: String,
        /// For `convert`: the type to give.
        converted_type: Option<ConvertedType>,
    }
    unsupported {
        "from_context" => "metadata of clients does not travel with the data; use `value` or `from_attribute`",
    }
    validate ActionConfig::check;
}

impl ActionConfig {
    fn check(&self, check: &mut Check<'_, '_>) {
        match self.action {
            Verb::Insert | Verb::Update | Verb::Upsert => self.check_write(check),
            Verb::Delete | Verb::Hash => {
                if self.key.is_empty() && self.pattern.is_empty() {
                    let problem = "and `pattern` are both missing";
                    check.error_hint("key", problem, "add `key:`, or `pattern:` to choose keys");
                }
                self.refuse(check, &["value", "from_attribute", "converted_type"]);
            }
            Verb::Extract => {
                self.require_key(check);
                self.refuse(check, &["value", "from_attribute", "converted_type"]);
            }
            Verb::Convert => {
                self.require_key(check);
                if self.converted_type.is_none() {
                    check.error_hint(
                        "converted_type",
                        IS_MISSING,
                        "add `converted_type:` with `int`, `double` or `string`",
                    );
                }
                self.refuse(check, &["value", "from_attribute", "pattern"]);
            }
        }
        self.check_pattern(check);
        if self.default_value.is_some() && !self.writes() {
            // The Collector takes it without a word.
            check.warning(
                "default_value",
                &format!("has no effect on `{}`", self.action.as_str()),
            );
        }
    }

    fn writes(&self) -> bool {
        matches!(self.action, Verb::Insert | Verb::Update | Verb::Upsert)
    }

    fn check_write(&self, check: &mut Check<'_, '_>) {
        self.require_key(check);
        if self.value.is_some() && !self.from_attribute.is_empty() {
            check.conflict(
                "from_attribute",
                "value",
                "and `value` are both given; leave one of them out",
            );
        }
        if self.value.is_none() && self.from_attribute.is_empty() && self.default_value.is_none() {
            check.error_hint(
                "value",
                IS_MISSING,
                "add `value:`, or `from_attribute:` with the key of another attribute",
            );
        }
        self.refuse(check, &["pattern", "converted_type"]);
    }

    fn require_key(&self, check: &mut Check<'_, '_>) {
        if self.key.is_empty() {
            check.error_hint("key", IS_MISSING, "add `key:` with the key of the attribute");
        }
    }

    /// Settings that the action does not use. They show that another action was meant.
    fn refuse(&self, check: &mut Check<'_, '_>, unused: &[&str]) {
        for setting in unused {
            let (given, meant) = match *setting {
                "value" => (self.value.is_some(), "`update` replaces a value"),
                "from_attribute" => (
                    !self.from_attribute.is_empty(),
                    "`upsert` copies from another attribute",
                ),
                "converted_type" => (self.converted_type.is_some(), "`convert` changes the type"),
                _ => (!self.pattern.is_empty(), "`extract`, `delete` and `hash` use it"),
            };
            if given {
                let problem = format!("is not used by `{}`", self.action.as_str());
                check.error_hint(setting, &problem, format!("{meant}; or remove it"));
            }
        }
    }

    fn check_pattern(&self, check: &mut Check<'_, '_>) {
        let extracts = self.action == Verb::Extract;
        if self.pattern.is_empty() {
            if extracts {
                check.error_hint(
                    "pattern",
                    IS_MISSING,
                    "add `pattern:` with a named group for each attribute: `(?P<name>…)`",
                );
            }
            return;
        }
        match patterns::compile(&self.pattern) {
            Err(problem) => check.error("pattern", &problem),
            Ok(pattern) if extracts => {
                let mut groups = pattern.capture_names().skip(1).peekable();
                if groups.peek().is_none() {
                    let hint = "name what becomes an attribute: `(?P<name>…)`";
                    check.error_hint("pattern", "has no named group", hint);
                } else if groups.any(|name| name.is_none()) {
                    let hint = "write `(?P<name>…)`, or `(?:…)` for a group that is no attribute";
                    check.error_hint("pattern", "has a group without a name", hint);
                }
            }
            Ok(_) => {}
        }
    }
}
