//! Regular expressions as Go and Ruby write them, as this program's engine reads them.
//!
//! Where the languages differ the meaning of the source is kept: `\d`, `\w`, `\s` and `\b` know ASCII alone (RE2's syntax page; Ruby's
//! `Regexp`), `{` that begins no repetition and `[` in a class are themselves, Ruby's `(?m)` lets the dot match a newline and its `^` and
//! `$` are those of lines. Groups without a name are not captured. What would need going back is refused at its place; atomic
//! groups and possessive quantifiers, which only forbid going back, are read as plain ones.

use std::fmt;
use std::iter::Peekable;
use std::str::CharIndices;

/// Whose syntax a pattern is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `regexp/syntax` of Go, which the Collector uses.
    Go,
    /// Ruby's, which grok uses.
    Grok,
}

/// What is wrong with a pattern, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// Offset in bytes in the text of the pattern, if it is about a place.
    pub at: Option<usize>,
    /// The text from there on, shortened.
    pub near: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl PatternError {
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self {
            at: None,
            near: String::new(),
            problem: problem.into(),
        }
    }

    pub(crate) fn located(pattern: &str, at: usize, problem: impl Into<String>) -> Self {
        let rest = pattern.get(at..).unwrap_or_default();
        Self {
            at: Some(at),
            near: rest.chars().take(20).collect(),
            problem: problem.into(),
        }
    }
}

impl std::error::Error for PatternError {}

impl From<PatternError> for String {
    fn from(error: PatternError) -> Self {
        error.to_string()
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) if self.near.is_empty() => write!(f, "{} (at its end, byte {at})", self.problem),
            Some(at) => write!(f, "{} (at byte {at}: `{}`)", self.problem, self.near),
            None => f.write_str(&self.problem),
        }
    }
}

/// A pattern in the engine's syntax.
#[derive(Debug, Default)]
pub(crate) struct Translated {
    /// Its capturing groups are exactly those with a name.
    pub(crate) text: String,
    /// The names of the groups in their order.
    pub(crate) names: Vec<String>,
    /// Pairs of offsets, here and in the source, in ascending order.
    origins: Vec<(usize, usize)>,
}

impl Translated {
    /// Where in the source that stands which is at this offset here.
    pub(crate) fn origin(&self, offset: usize) -> usize {
        let after = self.origins.partition_point(|(here, _)| *here <= offset);
        let known = after.checked_sub(1).and_then(|index| self.origins.get(index));
        known.map_or(0, |(_, source)| *source)
    }
}

/// Translates a pattern.
///
/// # Errors
/// What is not possible in linear time, at its place.
pub(crate) fn translate(pattern: &str, dialect: Dialect) -> Result<Translated, PatternError> {
    let mut translator = Translator {
        pattern,
        dialect,
        chars: pattern.char_indices().peekable(),
        out: Translated::default(),
        after_quantifier: false,
    };
    while let Some((at, c)) = translator.chars.next() {
        translator.out.origins.push((translator.out.text.len(), at));
        translator.token(at, c)?;
    }
    Ok(translator.out)
}

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const HEX: &str = "0-9A-Fa-f";

struct Translator<'p> {
    pattern: &'p str,
    dialect: Dialect,
    chars: Peekable<CharIndices<'p>>,
    out: Translated,
    /// The token before was a quantifier: a `+` makes it possessive.
    after_quantifier: bool,
}

impl Translator<'_> {
    fn token(&mut self, at: usize, c: char) -> Result<(), PatternError> {
        let after_quantifier = std::mem::take(&mut self.after_quantifier);
        match c {
            '\\' => self.escape(at)?,
            '[' => self.class(at)?,
            '(' => self.group(at)?,
            '{' => self.brace(at),
            '+' if after_quantifier && self.dialect == Dialect::Grok => {}
            '*' | '+' | '?' => {
                self.out.text.push(c);
                self.after_quantifier = !after_quantifier;
            }
            c => self.out.text.push(c),
        }
        Ok(())
    }

    fn error(&self, at: usize, problem: &str) -> PatternError {
        PatternError::located(self.pattern, at, problem)
    }

    /// The members of a class that is written as an escape, and whether it is negated.
    fn members(&self, c: char) -> Option<(&'static str, bool)> {
        let space = match self.dialect {
            Dialect::Go => r"\t\n\f\r ",
            Dialect::Grok => r"\t\n\x0B\f\r ",
        };
        Some(match c {
            'd' | 'D' => (DIGIT, c == 'D'),
            'w' | 'W' => (WORD, c == 'W'),
            's' | 'S' => (space, c == 'S'),
            'h' | 'H' if self.dialect == Dialect::Grok => (HEX, c == 'H'),
            _ => return None,
        })
    }

    fn escape(&mut self, at: usize) -> Result<(), PatternError> {
        let Some((_, c)) = self.chars.next() else {
            return Err(self.error(
                at,
                "there is nothing behind the backslash; write `\\\\` for a backslash",
            ));
        };
        if let Some((members, negated)) = self.members(c) {
            self.bracket(members, negated);
            return Ok(());
        }
        match c {
            'b' => self.out.text.push_str(r"(?-u:\b)"),
            '1'..='9' | 'k' => return Err(self.error(at, BACKREFERENCE)),
            'Q' if self.dialect == Dialect::Go => self.quoted(),
            'Z' if self.dialect == Dialect::Grok => self.out.text.push_str(r"\n?\z"),
            'e' if self.dialect == Dialect::Grok => self.out.text.push_str(r"\x1B"),
            '<' | '>' => self.out.text.push(c),
            c => self.out.text.extend(['\\', c]),
        }
        Ok(())
    }

    fn bracket(&mut self, members: &str, negated: bool) {
        self.out.text.push_str(if negated { "[^" } else { "[" });
        self.out.text.push_str(members);
        self.out.text.push(']');
    }

    /// `\Q…\E`: text as it stands.
    fn quoted(&mut self) {
        let from = self.chars.peek().map_or(self.pattern.len(), |(at, _)| *at);
        let rest = self.pattern.get(from..).unwrap_or_default();
        let (literal, skipped) = match rest.split_once("\\E") {
            Some((literal, _)) => (literal, literal.chars().count() + 2),
            None => (rest, rest.chars().count()),
        };
        self.out.text.push_str(&regex_syntax::escape(literal));
        self.skip(skipped);
    }

    /// Takes so many characters.
    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.chars.next();
        }
    }

    /// A class in brackets; the bracket is taken already.
    fn class(&mut self, at: usize) -> Result<(), PatternError> {
        self.out.text.push('[');
        if self.chars.next_if(|(_, c)| *c == '^').is_some() {
            self.out.text.push('^');
        }
        if self.chars.next_if(|(_, c)| *c == ']').is_some() {
            self.out.text.push_str(r"\]");
        }
        let mut before = None;
        while let Some((here, c)) = self.chars.next() {
            self.out.origins.push((self.out.text.len(), here));
            match c {
                ']' => {
                    self.out.text.push(']');
                    return Ok(());
                }
                '\\' => self.escape_in_class(here)?,
                '[' if self
                    .pattern
                    .get(here..)
                    .is_some_and(|rest| rest.starts_with("[:")) =>
                {
                    self.posix()
                }
                '[' => self.out.text.push_str(r"\["),
                '&' | '~' | '-' if before == Some(c) && self.dialect == Dialect::Go => {
                    self.out.text.extend(['\\', c]);
                }
                c => self.out.text.push(c),
            }
            before = Some(c);
        }
        Err(self.error(at, "the class is not closed: `]` is missing"))
    }

    fn escape_in_class(&mut self, at: usize) -> Result<(), PatternError> {
        let Some((_, c)) = self.chars.next() else {
            return Err(self.error(at, "there is nothing behind the backslash"));
        };
        match self.members(c) {
            Some((members, false)) => self.out.text.push_str(members),
            Some((members, true)) => self.bracket(members, true),
            None if c == 'b' => self.out.text.push_str(r"\x08"),
            None if c == 'e' => self.out.text.push_str(r"\x1B"),
            None if matches!(c, '<' | '>') => self.out.text.push(c),
            None => self.out.text.extend(['\\', c]),
        }
        Ok(())
    }

    /// `[:alpha:]`, whose bracket is taken already.
    fn posix(&mut self) {
        self.out.text.push('[');
        for (_, c) in self.chars.by_ref() {
            self.out.text.push(c);
            if c == ']' {
                return;
            }
        }
    }

    fn group(&mut self, at: usize) -> Result<(), PatternError> {
        let rest = self.pattern.get(at..).unwrap_or_default();
        let Some(kind) = rest.strip_prefix("(?") else {
            self.out.text.push_str("(?:");
            return Ok(());
        };
        let look = ["=", "!", "<=", "<!"];
        if look.iter().any(|look| kind.starts_with(look)) {
            return Err(self.error(at, LOOK_AROUND));
        }
        if kind.starts_with("P=") {
            return Err(self.error(at, BACKREFERENCE));
        }
        if kind.starts_with('>') {
            self.out.text.push_str("(?:");
            self.skip(2);
            return Ok(());
        }
        if let Some(comment) = kind.strip_prefix('#') {
            let length = comment.find(')').map(|end| comment[..end].chars().count());
            let length = length.ok_or_else(|| self.error(at, "the comment is not closed: `)` is missing"))?;
            self.skip(length + 3);
            return Ok(());
        }
        for (open, close) in [("P<", '>'), ("<", '>'), ("'", '\'')] {
            if let Some(name) = kind.strip_prefix(open) {
                return self.named(at, open, name.split_once(close).map(|(name, _)| name));
            }
        }
        self.flags(kind);
        Ok(())
    }

    fn named(&mut self, at: usize, open: &str, name: Option<&str>) -> Result<(), PatternError> {
        let name = name
            .filter(|name| !name.is_empty() && !name.contains(['(', ')']))
            .ok_or_else(|| self.error(at, "the group has no name: write `(?<name>…)`"))?;
        let number = self.out.names.len();
        self.out.text.push_str(&format!("(?<g{number}>"));
        self.out.names.push(name.to_owned());
        self.skip(1 + open.len() + name.chars().count() + 1);
        Ok(())
    }

    /// `(?i)`, `(?i:`, `(?:`: Ruby's `m` is the engine's `s`.
    fn flags(&mut self, kind: &str) {
        self.out.text.push_str("(?");
        let length = kind.find([':', ')']).unwrap_or(0);
        for c in kind[..length].chars() {
            let c = if c == 'm' && self.dialect == Dialect::Grok {
                's'
            } else {
                c
            };
            self.out.text.push(c);
        }
        self.skip(1 + length);
    }

    /// A repetition, or a brace that stands for itself.
    fn brace(&mut self, at: usize) {
        let rest = self.pattern.get(at + 1..).unwrap_or_default();
        let inside = rest.split_once('}').map(|(inside, _)| inside).unwrap_or_default();
        let (min, max) = inside.split_once(',').unwrap_or((inside, "0"));
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let from_zero = min.is_empty() && !max.is_empty() && inside.contains(',');
        if !number(min) || !number(max) || (min.is_empty() && !(from_zero && self.dialect == Dialect::Grok)) {
            self.out.text.push_str(r"\{");
            return;
        }
        self.out.text.push_str(if from_zero { "{0" } else { "{" });
        self.out.text.push_str(inside);
        self.out.text.push('}');
        self.skip(inside.len() + 1);
        self.after_quantifier = true;
    }
}

const LOOK_AROUND: &str = "look-around cannot be done in linear time: write what stands there as part of the pattern, \
                           outside the named group";
const BACKREFERENCE: &str =
    "what a group matched cannot be asked for again in linear time: write the pattern once more";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_languages_write_differently_keeps_its_meaning() {
        use Dialect::{Go, Grok};
        for (dialect, pattern, expected) in [
            (Go, r"\d\D\w\s", r"[0-9][^0-9][0-9A-Za-z_][\t\n\f\r ]"),
            (Go, r"[\w.-]+[^\S]", r"[0-9A-Za-z_.-]+[^[^\t\n\f\r ]]"),
            (Go, r"\bx\b", r"(?-u:\b)x(?-u:\b)"),
            (Go, r"(a)(?P<n>b)(?<m>c)", r"(?:a)(?<g0>b)(?<g1>c)"),
            (Go, r#"^{"a": {2}x{1,}"#, r#"^\{"a": {2}x{1,}"#),
            (Go, r"[^[]+[]a][[:alpha:]_]", r"[^\[]+[\]a][[:alpha:]_]"),
            (Go, r"[a&&+--]", r"[a&\&+-\-]"),
            (Go, r"\Qa.b\E+\<", r"a\.b+<"),
            (Go, r"a{,5}", r"a\{,5}"),
            (Grok, r"a{,5}b{2}+", r"a{0,5}b{2}"),
            (Grok, r"(?>a++b*+)c?+", r"(?:a+b*)c?"),
            (Grok, r"a+?b", r"a+?b"),
            (Grok, r"(?m-i:.)(?im).\h", r"(?s-i:.)(?is).[0-9A-Fa-f]"),
            (Grok, r"(?<a.b>x)(?'c'y)(?#no)", r"(?<g0>x)(?<g1>y)"),
            (Grok, r"耗时[:：]\s", r"耗时[:：][\t\n\x0B\f\r ]"),
        ] {
            let translated = translate(pattern, dialect).expect(pattern);
            assert_eq!(translated.text, expected, "{pattern}");
            regex::Regex::new(&translated.text).expect(pattern);
        }
    }

    #[test]
    fn what_needs_going_back_is_refused_at_its_place() {
        for (pattern, at, part) in [
            ("ab(?=c)", 2, "look-around"),
            ("耗(?<!c)", 3, "look-around"),
            (r"(?<a>x)\1", 7, "once more"),
            (r"(?<a>x)\k<a>", 7, "once more"),
            ("(?<>x)", 0, "no name"),
            ("a[bc", 1, "`]` is missing"),
            (r"a\", 1, "nothing behind"),
        ] {
            let error = translate(pattern, Dialect::Grok).expect_err(pattern);
            assert_eq!(error.at, Some(at), "{pattern}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn a_place_in_the_translation_is_found_in_the_source() {
        let translated = translate(r"\d\d(x", Dialect::Go).expect("translated");
        let at = translated.text.find('x').expect("there");
        assert_eq!(translated.origin(at), 5);
    }
}
