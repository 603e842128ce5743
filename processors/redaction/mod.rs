#![doc = include_str!("README.md")]

mod masks;
#[cfg(test)]
mod tests;
mod values;

use regex::RegexSet;
use sidelight_component::metrics::Counter;
use sidelight_component::{
    ALL_SIGNALS, About, Batch, Budget, BuildContext, BuildError, Now, Out, Processor, ProcessorConfig,
};
use sidelight_config::{Check, setting_enum, settings};

use self::masks::Masks;
use self::values::{Redactor, Rules};
use crate::rewriting::rewrite_batch;

/// What the list of processors says about this one.
pub const ABOUT: About = About {
    name: "redaction",
    aliases: &[],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};

setting_enum! {
    /// Things that are known by their form.
    pub enum Preset {
        /// What stands behind `password=`, `"api_key": "` and the like.
        Secrets = "secrets",
        /// Bearer tokens, JSON Web Tokens, keys of Amazon, GitHub, Slack, Google, private keys.
        Tokens = "tokens",
        /// Numbers of payment cards: issuer, length and check digit are looked at.
        CardNumbers = "card_numbers",
        /// The password in `scheme://user:password@host`.
        UrlCredentials = "url_credentials",
    }
}

setting_enum! {
    /// What a resource, span, record or point says of what was done to it.
    pub enum Summary {
        /// Nothing.
        Silent = "silent" | "",
        /// How many attributes were masked and removed.
        Info = "info",
        /// Their names too.
        Debug = "debug",
    }
}

settings! {
    /// Settings of the `redaction` processor.
    pub struct Config {
        /// False: attributes that are not in `allowed_keys` or ignored are removed.
        allow_all_keys: bool = false,
        /// Attributes that stay where `allow_all_keys` is false.
        allowed_keys: Vec<String>,
        /// Attributes that are never looked at.
        ignored_keys: Vec<String>,
        /// The same, by regular expressions.
        ignored_key_patterns: Vec<String>,
        /// Regular expressions of keys whose values are masked whole.
        blocked_key_patterns: Vec<String>,
        /// Regular expressions of what is masked in values; where one has a group, the first group alone.
        blocked_values: Vec<String>,
        /// Regular expressions of values that stay as they are.
        allowed_values: Vec<String>,
        /// Things that are known by their form, masked in values.
        presets: Vec<Preset>,
        /// What a resource, span, record or point says of what was done to it.
        summary: Summary = Summary::Silent,
    }
    unsupported {
        "redact_all_types" => "numbers are compared only where they are texts; write the key in `blocked_key_patterns`",
        "hash_function" => "what is found is masked with `****`; the action `hash` of the `attributes` processor hashes whole values",
        "url_sanitizer" => "use `presets: [url_credentials]`",
        "db_sanitizer" => "statements are not taken apart; mask with `blocked_values`",
    }
    validate Config::check;
}

/// Settings that are lists of regular expressions.
type Patterns<'a> = [(&'static str, &'a Vec<String>); 4];

impl Config {
    fn patterns(&self) -> Patterns<'_> {
        [
            ("ignored_key_patterns", &self.ignored_key_patterns),
            ("blocked_key_patterns", &self.blocked_key_patterns),
            ("blocked_values", &self.blocked_values),
            ("allowed_values", &self.allowed_values),
        ]
    }

    fn check(&self, check: &mut Check<'_, '_>) {
        for (setting, patterns) in self.patterns() {
            for (nth, pattern) in patterns.iter().enumerate() {
                if let Err(error) = regex::Regex::new(pattern) {
                    let problem = format!("is no regular expression: {error}");
                    check.error(&format!("{setting}.{nth}"), &problem);
                }
            }
        }
        let does_nothing = self.allow_all_keys
            && self.presets.is_empty()
            && self.blocked_values.is_empty()
            && self.blocked_key_patterns.is_empty();
        if does_nothing {
            check.error_hint(
                "allow_all_keys",
                "is true and nothing is looked for",
                "add `presets: [secrets, tokens, card_numbers, url_credentials]`, or remove the processor",
            );
        }
    }

    fn rules(&self) -> Result<Rules, BuildError> {
        let set = |setting: &'static str, patterns: &Vec<String>| {
            RegexSet::new(patterns).map_err(|error| BuildError::at(setting, error.to_string()))
        };
        Ok(Rules {
            allows_all: self.allow_all_keys,
            allowed: self.allowed_keys.iter().cloned().collect(),
            ignored: self.ignored_keys.iter().cloned().collect(),
            ignored_patterns: set("ignored_key_patterns", &self.ignored_key_patterns)?,
            blocked_keys: set("blocked_key_patterns", &self.blocked_key_patterns)?,
            allowed_values: set("allowed_values", &self.allowed_values)?,
            masks: Masks::new(&self.presets, &self.blocked_values)
                .map_err(|(nth, problem)| BuildError::at(format!("blocked_values.{nth}"), problem))?,
            summary: self.summary,
        })
    }
}

impl ProcessorConfig for Config {
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        let counter = |what: &str, help| {
            let name = format!("sidelight_processor_redaction_{what}");
            cx.metrics.counter(&name, help, &[("processor", cx.id.as_str())])
        };
        Ok(Box::new(Redaction {
            rules: self.rules()?,
            budget: cx.budget.clone(),
            masked: counter("masked_values", "Values in which something was masked"),
            removed: counter("removed_attributes", "Attributes that were removed"),
        }))
    }
}

struct Redaction {
    rules: Rules,
    budget: Budget,
    masked: Counter,
    removed: Counter,
}

impl Processor for Redaction {
    fn process(&mut self, mut batch: Batch, _: Now, out: &mut Out) {
        let mut redactor = Redactor::new(&self.rules);
        rewrite_batch(&mut batch, &self.budget, &mut redactor);
        self.masked.add(redactor.masked);
        self.removed.add(redactor.removed);
        out.push(batch);
    }
}
