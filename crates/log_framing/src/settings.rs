//! Settings in the Collector's words, flattened into those of the receivers.

use std::time::Duration;

use regex::bytes::Regex;
use sidelight_config::{ByteSize, Check, setting_enum, settings};

use crate::encoding::Encoding;

setting_enum! {
    /// What becomes of a record that is longer than `max_log_size`.
    pub enum Oversize {
        /// It becomes several records; all but the last are marked as cut.
        Split = "split",
        /// Its beginning is the record, marked as cut; the rest is left out.
        Truncate = "truncate",
    }
}

setting_enum! {
    /// Stack traces whose lines belong to the line before them.
    pub enum Preset {
        /// `Traceback (most recent call last):` to the exception, with the exceptions before it.
        Python = "python",
        /// `at …`, `Caused by: …`, `… 12 more`.
        Java = "java",
        /// `panic: …`, `goroutine 1 [running]:` and what stands below.
        Go = "go",
        /// `    at … (file.js:1:2)`.
        Node = "node",
        /// `thread 'main' panicked at …`, `stack backtrace:`, `   0: …`.
        Rust = "rust",
    }
}

settings! {
    /// Several lines that are one record. One of the three says which.
    pub struct Multiline {
        /// A record begins with a line in which this regular expression is found.
        line_start_pattern: Option<String>,
        /// A record ends with a line in which this regular expression is found.
        line_end_pattern: Option<String>,
        /// True: what was found is left out of the record.
        omit_pattern: bool = false,
        /// Stack traces of a language belong to the line before them.
        preset: Option<Preset>,
    }
    validate Multiline::check;
}

settings! {
    /// How bytes become records.
    pub struct FramingSettings {
        /// The encoding: `utf-8`, `utf-16le`, `utf-16be`, `latin-1`, `ascii`, or a name of the WHATWG Encoding Standard such as
        /// `gb18030`, `gbk`, `big5`, `shift_jis`. What is malformed becomes U+FFFD.
        encoding: String = "utf-8",
        /// Several lines that are one record.
        multiline: Option<Multiline>,
        /// The longest record in bytes of the source.
        max_log_size: ByteSize [ByteSize(64)..=ByteSize(16 << 20)] = ByteSize(1 << 20),
        /// What becomes of a longer one.
        max_log_size_behavior: Oversize = Oversize::Split,
        /// The beginning of a record is taken for a whole one when nothing follows it for so long; 0: never.
        force_flush_period: Duration = Duration::from_millis(500),
        /// False: white space at the beginning of a record is left out.
        preserve_leading_whitespaces: bool = false,
        /// False: white space at the end of a record is left out.
        preserve_trailing_whitespaces: bool = false,
    }
    validate FramingSettings::check;
}

impl Multiline {
    fn check(&self, check: &mut Check<'_, '_>) {
        let given = [
            ("line_start_pattern", self.line_start_pattern.is_some()),
            ("line_end_pattern", self.line_end_pattern.is_some()),
            ("preset", self.preset.is_some()),
        ];
        let given: Vec<&str> = given
            .iter()
            .filter(|(_, is)| *is)
            .map(|(name, _)| *name)
            .collect();
        match given[..] {
            [] => check.error_hint(
                "line_start_pattern",
                "is missing",
                "say where a record begins: `line_start_pattern`, `line_end_pattern` or `preset`",
            ),
            [_] => {}
            [first, second, ..] => check.conflict(second, first, "cannot be used at the same time"),
        }
        for (field, pattern) in [
            ("line_start_pattern", &self.line_start_pattern),
            ("line_end_pattern", &self.line_end_pattern),
        ] {
            if let Some(Err(problem)) = pattern.as_deref().map(compile) {
                check.error(field, &problem);
            }
        }
    }
}

impl FramingSettings {
    fn check(&self, check: &mut Check<'_, '_>) {
        if let Err(hint) = Encoding::parse(&self.encoding) {
            check.error_hint("encoding", "is no encoding that is known", hint);
        }
    }
}

/// Compiles a pattern; `^` and `$` are the ends of a line.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    regex::bytes::RegexBuilder::new(pattern)
        .size_limit(1 << 20)
        .build()
        .map_err(|error| format!("is no regular expression: {error}"))
}
