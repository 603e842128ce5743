//! Regular expressions of relabelling.

use super::re2;
use regex::{Regex, RegexBuilder};
use sidelight_config::{Kind, Node, Reader, Setting};

/// Most bytes of one compiled expression.
const COMPILED_LIMIT_BYTES: usize = 4 << 20;
/// Most bytes that matching one expression keeps for its next matches.
const CACHE_LIMIT_BYTES: usize = 256 << 10;

/// An expression in RE2's syntax that must match the whole text; `.` matches line breaks too, as in Prometheus.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    regex: Regex,
}

impl Pattern {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence about the setting. The expression itself is not in it.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let regex = RegexBuilder::new(&format!("^(?s:{})$", re2::to_rust(text)))
            .size_limit(COMPILED_LIMIT_BYTES)
            .dfa_size_limit(CACHE_LIMIT_BYTES)
            .build()
            .map_err(|error| explained(&error))?;
        Ok(Self {
            text: text.into(),
            regex,
        })
    }

    /// The anchored expression.
    pub(crate) fn regex(&self) -> &Regex {
        &self.regex
    }

    /// True for the expression that stands where none is given, which matches everything.
    pub(crate) fn is_default(&self) -> bool {
        &*self.text == "(.*)"
    }
}

fn explained(error: &regex::Error) -> String {
    match error {
        // The last line is the reason; those before it repeat the expression.
        regex::Error::Syntax(text) => {
            let last = text.lines().last().unwrap_or_default();
            format!(
                "is no regular expression: {}",
                last.strip_prefix("error: ").unwrap_or(last)
            )
        }
        _ => "is a regular expression that needs more than 4 MiB".to_owned(),
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Setting for Pattern {
    const KEEPS_EMPTY_TEXT: bool = true;

    fn kind() -> Kind {
        Kind::Text("regular expression")
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = node.text() else {
            return cx.wrong_type(node, "a regular expression");
        };
        match Self::new(text) {
            Ok(pattern) => Some(pattern),
            Err(problem) => cx.invalid(node, &problem, None),
        }
    }

    fn show(&self) -> String {
        self.text.to_string()
    }
}
