//! Texts with groups of an expression in them, as Go's `Regexp.Expand` reads them.

use std::borrow::Cow;

use regex::Regex;

/// `bar_${1}`, ready to be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A group of the expression by its number.
    Group(usize),
}

impl Template {
    /// Reads `$1`, `${1}`, `$name`, `${name}` and `$$`. A group that the expression does not have is the empty text; a `$`
    /// that begins none of these is itself.
    pub(super) fn new(text: &str, regex: &Regex) -> Self {
        Self::read(text, |name| group_number(name, regex))
    }

    /// The same for the default expression `(.*)`, whose one group is the whole text.
    pub(super) fn of_default(text: &str) -> Self {
        Self::read(text, |name| match name {
            "0" => Some(0),
            "1" => Some(1),
            _ => None,
        })
    }

    fn read(text: &str, number: impl Fn(&str) -> Option<usize>) -> Self {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('$') {
            literal.push_str(before);
            if let Some(next) = behind.strip_prefix('$') {
                literal.push('$');
                rest = next;
            } else if let Some((name, next)) = group_name(behind) {
                if let Some(number) = number(name) {
                    if !literal.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut literal)));
                    }
                    parts.push(Part::Group(number));
                }
                rest = next;
            } else {
                literal.push('$');
                rest = behind;
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Self { parts }
    }

    /// The text, where no group is in it.
    pub(super) fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text with groups in it, each asked for by its number.
    pub(super) fn fill<'s>(&'s self, group: impl Fn(usize) -> &'s str) -> Cow<'s, str> {
        match self.parts.as_slice() {
            [] => Cow::Borrowed(""),
            [Part::Text(text)] => Cow::Borrowed(text),
            [Part::Group(number)] => Cow::Borrowed(group(*number)),
            parts => {
                let text = |part: &'s Part| match part {
                    Part::Text(text) => text,
                    Part::Group(number) => group(*number),
                };
                Cow::Owned(parts.iter().map(text).collect())
            }
        }
    }
}

/// The name at the beginning, with or without braces, and what follows it.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let is_name = |c: char| c == '_' || c.is_alphanumeric();
    let (name, rest) = match text.strip_prefix('{') {
        Some(inner) => inner.split_once('}')?,
        None => text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len())),
    };
    (!name.is_empty() && name.chars().all(is_name)).then_some((name, rest))
}

/// A name of digits is a number, unless it begins with 0.
fn group_number(name: &str, regex: &Regex) -> Option<usize> {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    match is_number {
        true => name.parse().ok().filter(|number| *number < regex.captures_len()),
        false => regex.capture_names().position(|known| known == Some(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The results are those of Go's `Regexp.ExpandString`.
    #[test]
    fn groups_are_filled_in_as_go_does() {
        let regex = Regex::new("(a+)(?<second>b+)(c)?").expect("an expression");
        let captures = regex.captures("aabbb").expect("a match");
        for (template, expected) in [
            ("", ""),
            ("x", "x"),
            ("$1", "aa"),
            ("${1}", "aa"),
            ("$0!", "aabbb!"),
            ("$1x", ""),
            ("${1}x", "aax"),
            ("$second-$2", "bbb-bbb"),
            ("${second}s", "bbbs"),
            ("$seconds", ""),
            ("$3|$4|$99999999999999999999", "||"),
            ("$01", ""),
            ("$$1 $$", "$1 $"),
            ("$", "$"),
            ("a$ b", "a$ b"),
            ("${}", "${}"),
            ("${1", "${1"),
            ("${a-b}", "${a-b}"),
            ("$ä", ""),
            ("$-1", "$-1"),
        ] {
            let template_read = Template::new(template, &regex);
            let filled = template_read.fill(|number| captures.get(number).map_or("", |group| group.as_str()));
            assert_eq!(filled, expected, "{template}");
        }
    }
}
