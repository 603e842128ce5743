//! What is looked for in texts, and what of it is masked.

use std::borrow::Cow;
use std::ops::Range;

use regex::{Regex, RegexSet};

/// What stands in the place of what was found.
pub(super) const MASK: &str = "****";

/// A kind of thing that is found by an expression and, where that says too much, by a second look.
#[derive(Debug)]
struct Rule {
    regex: Regex,
    /// Whether what was found in a text is meant.
    means: fn(&str, Range<usize>) -> bool,
}

/// All rules, asked at once whether one of them has something to say.
#[derive(Debug)]
pub(super) struct Masks {
    any: RegexSet,
    rules: Vec<Rule>,
}

/// Words before a secret in a text, a query or a JSON document. Group 1 is the secret.
const SECRETS: &[&str] = &[concat!(
    r#"(?i)\b(?:password|passwd|pwd|passphrase|secret|client[_-]?secret|secret[_-]?key|api[_-]?key|access[_-]?key|"#,
    r#"private[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token)\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?([^\s"'\\,;&})\]]{3,})"#
)];

/// Tokens that are known by their form.
const TOKENS: &[&str] = &[
    r"(?i)\bbearer\s+([a-z0-9._~+/-]{8,}=*)",
    // JSON Web Tokens: `{"` in base64 begins each of the first two parts.
    r"\beyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}",
    // Amazon, GitHub, Slack, Google, keys that begin with `sk-`.
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    r"\bgh[pousr]_[A-Za-z0-9]{36,}\b",
    r"\bgithub_pat_[A-Za-z0-9_]{22,}\b",
    r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    r"\bAIza[0-9A-Za-z_-]{35}",
    r"\bsk-[A-Za-z0-9_-]{20,}",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
];

/// Thirteen to nineteen digits, alone or in groups.
const CARD_NUMBERS: &[&str] = &[r"[2-6](?:[ -]?[0-9]){12,18}"];

/// Group 1 is the password.
const URL_CREDENTIALS: &[&str] = &[r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@]*:([^\s/?#@]+)@"];

/// The patterns of a preset.
pub(super) fn preset(name: super::Preset) -> &'static [&'static str] {
    match name {
        super::Preset::Secrets => SECRETS,
        super::Preset::Tokens => TOKENS,
        super::Preset::CardNumbers => CARD_NUMBERS,
        super::Preset::UrlCredentials => URL_CREDENTIALS,
    }
}

impl Masks {
    /// Masks for presets and for patterns of the user's.
    ///
    /// # Errors
    /// The number of the pattern that is no regular expression, and why.
    pub(super) fn new(presets: &[super::Preset], own: &[String]) -> Result<Self, (usize, String)> {
        let mut rules = Vec::new();
        for name in presets {
            let means = match name {
                super::Preset::CardNumbers => is_card_number,
                _ => |_: &str, _: Range<usize>| true,
            };
            for pattern in preset(*name) {
                let regex = Regex::new(pattern).map_err(|error| (0, error.to_string()))?;
                rules.push(Rule { regex, means });
            }
        }
        for (nth, pattern) in own.iter().enumerate() {
            let regex = Regex::new(pattern).map_err(|error| (nth, error.to_string()))?;
            let means = |_: &str, _: Range<usize>| true;
            rules.push(Rule { regex, means });
        }
        let any = RegexSet::new(rules.iter().map(|rule| rule.regex.as_str()))
            .map_err(|error| (0, error.to_string()))?;
        Ok(Self { any, rules })
    }

    /// The text without what is to be masked; `None` where there is nothing.
    pub(super) fn masked(&self, text: &str) -> Option<String> {
        let found = self.any.matches(text);
        let mut masked = Cow::Borrowed(text);
        for rule in found.iter().filter_map(|nth| self.rules.get(nth)) {
            if let Some(shorter) = rule.masked(&masked) {
                masked = Cow::Owned(shorter);
            }
        }
        match masked {
            Cow::Owned(masked) if masked != text => Some(masked),
            _ => None,
        }
    }
}

impl Rule {
    fn masked(&self, text: &str) -> Option<String> {
        let mut masked = String::new();
        let mut copied = 0;
        for captures in self.regex.captures_iter(text) {
            // The first group, where the pattern has one and it took part; else all of it.
            let Some(part) = captures.get(1).or_else(|| captures.get(0)) else {
                continue;
            };
            if part.as_str() == MASK || part.is_empty() || !(self.means)(text, part.range()) {
                continue;
            }
            masked.push_str(&text[copied..part.start()]);
            masked.push_str(MASK);
            copied = part.end();
        }
        if copied == 0 {
            return None;
        }
        masked.push_str(&text[copied..]);
        Some(masked)
    }
}

/// Whether digits are the number of a card and no part of something longer: an id, a decimal, a UUID.
fn is_card_number(text: &str, range: Range<usize>) -> bool {
    let belongs =
        |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'));
    let before = text[..range.start].chars().next_back();
    let mut after = text[range.end..].chars();
    let next = after.next();
    // A point that ends a sentence is no decimal point.
    let is_joined = match next {
        Some('.' | ':') => after.next().is_some_and(char::is_alphanumeric),
        other => belongs(other),
    };
    if belongs(before) || is_joined {
        return false;
    }
    let digits: Vec<u32> = text[range].chars().filter_map(|c| c.to_digit(10)).collect();
    is_known_length(&digits) && luhn(&digits)
}

/// What issuers begin their numbers with, and how long these are (ISO/IEC 7812).
fn is_known_length(digits: &[u32]) -> bool {
    matches!(
        (digits, digits.len()),
        ([4, ..], 13 | 16 | 19)
            | ([3, 4 | 7, ..], 15)
            | ([3, 0 | 6 | 8, ..], 14)
            | ([3, 5, ..] | [6, ..], 16..=19)
            | ([2, 2..=7, ..] | [5, 1..=5, ..], 16)
    )
}

/// ISO/IEC 7812-1, annex B.
fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(nth, digit)| match nth % 2 {
            0 => *digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}
