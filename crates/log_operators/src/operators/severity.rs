//! SeverityMap.

use std::collections::BTreeMap;

use sidelight_component::BuildError;
use sidelight_config::{Check, Node, setting_enum, settings, shown};
use sidelight_log_formats::{Preset as Known, SeverityMap};

use super::{Failure, Operator, check_field, field, note};
use crate::entry::{Entry, text_of};
use crate::field::Field;
use crate::settings::Common;

setting_enum! {
    /// Words that are known without `mapping`.
    pub enum Preset {
        /// `trace`, `debug`, `info`, `warn`, `error`, `fatal`, with 2 to 4 behind them; `warning`, `err`; 1 to 24.
        Default = "default",
        /// The same without `warning` and `err`.
        Otel = "otel",
        /// The default's, and `critical`, `notice`, `severe`, `emerg` and others.
        Extended = "extended",
        /// None.
        None = "none",
    }
}

settings! {
    /// Where the severity of a record stands, and what it means.
    pub struct SeverityBlock {
        /// The field with the severity.
        required parse_from: String,
        /// Words that are known without `mapping`.
        preset: Preset = Preset::Default,
        /// By level (`info`, `warn2`, …) what stands for it: a word, a number, `{min: 400, max: 499}`, `4xx`, or a list of these.
        mapping: BTreeMap<String, Node>,
        /// True: the record's severity text is the level's name, not the source's word.
        overwrite_text: bool = false,
    }
    validate SeverityBlock::check;
}

settings! {
    /// The severity of a record.
    pub struct SeverityParser {
        /// What every operator has.
        flatten common: Common,
        /// Where it stands, and what it means.
        required flatten severity: SeverityBlock,
    }
}

impl SeverityBlock {
    fn compile(&self) -> Result<SeverityMap, String> {
        let mut severities = SeverityMap::preset(match self.preset {
            Preset::Default => Known::Default,
            Preset::Otel => Known::Otel,
            Preset::Extended => Known::Extended,
            Preset::None => Known::None,
        });
        for (level, meanings) in &self.mapping {
            let number = SeverityMap::number(level)
                .ok_or_else(|| format!("has `{level}`, which is no level: use trace, debug, info, warn, error or fatal, with 2 to 4 behind it"))?;
            for meaning in meanings.as_list().unwrap_or(std::slice::from_ref(meanings)) {
                add(&mut severities, meaning, number)?;
            }
        }
        Ok(severities)
    }

    fn check(&self, check: &mut Check<'_, '_>) {
        check_field(check, "parse_from", &self.parse_from);
        if let Err(problem) = self.compile() {
            check.error("mapping", &problem);
        }
    }

    pub(crate) fn build(&self) -> Result<Severity, BuildError> {
        Ok(Severity {
            from: field("parse_from", &self.parse_from)?,
            severities: self
                .compile()
                .map_err(|problem| BuildError::at("mapping", problem))?,
            overwrites: self.overwrite_text,
        })
    }
}

fn add(severities: &mut SeverityMap, meaning: &Node, number: u8) -> Result<(), String> {
    if let Some(bound) = meaning.get("min").zip(meaning.get("max")) {
        let whole = |node: &Node| {
            node.text()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| format!("has {}, which is no number", shown(node)))
        };
        severities.range(whole(bound.0)?, whole(bound.1)?, number);
        return Ok(());
    }
    let text = meaning
        .text()
        .ok_or_else(|| format!("has {}, which is neither a word nor a range", shown(meaning)))?;
    severities.meaning(text, number);
    Ok(())
}

impl SeverityParser {
    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        Ok(Box::new(self.severity.build()?))
    }
}

/// Reads the severity of a record.
#[derive(Debug)]
pub(crate) struct Severity {
    from: Field,
    severities: SeverityMap,
    overwrites: bool,
}

impl Severity {
    pub(crate) fn apply(&self, entry: &mut Entry<'_>) -> Result<(), Failure> {
        let text = self
            .from
            .get(entry)
            .and_then(text_of)
            .ok_or_else(|| Failure::NoField(self.from.to_string()))?;
        entry.severity_number = self.severities.find(&text).unwrap_or_default();
        entry.severity_text = match self.overwrites && entry.severity_number > 0 {
            true => SeverityMap::name(entry.severity_number).into(),
            false => text,
        };
        Ok(())
    }
}

impl Operator for Severity {
    fn apply<'a>(&mut self, entry: &mut Entry<'a>, said: Option<&mut String>) -> Result<(), Failure> {
        Severity::apply(self, entry)?;
        note(said, || {
            format!("{:?} is {}", entry.severity_text, entry.severity_number)
        });
        Ok(())
    }
}
