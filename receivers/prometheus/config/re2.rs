//! From RE2's syntax, as Go's `regexp/syntax` reads it, to that of Rust's `regex`.
//!
//! Nearly all is the same. What is not, and is rewritten here: `\d`, `\w`, `\s` and `\b` mean ASCII in RE2 and all of Unicode
//! in `regex`; `\Q…\E` and octal numbers are unknown to `regex`; `\<` and `\>` are characters in RE2 and edges of words in
//! `regex`; a `{` that repeats nothing is a character; and in brackets `[`, `&&`, `--` and `~~` mean nothing of their own.

use std::iter::Peekable;
use std::str::CharIndices;

/// The same expression for `regex`. What is no expression stays none.
pub(super) fn to_rust(expression: &str) -> String {
    let mut translation = Translation {
        text: expression,
        rest: expression.char_indices().peekable(),
        out: String::with_capacity(expression.len() + 16),
    };
    translation.run();
    translation.out
}

struct Translation<'t> {
    text: &'t str,
    rest: Peekable<CharIndices<'t>>,
    out: String,
}

impl Translation<'_> {
    fn run(&mut self) {
        while let Some((at, c)) = self.rest.next() {
            match c {
                '\\' => self.escape(),
                '[' => self.class(),
                '{' if !is_repetition(&self.text[at..]) => self.out.push_str("\\{"),
                _ => self.out.push(c),
            }
        }
    }

    /// What follows a backslash, outside of brackets.
    fn escape(&mut self) {
        let Some((_, c)) = self.rest.next() else {
            return self.out.push('\\');
        };
        match c {
            'b' => self.out.push_str(r"(?-u:\b)"),
            'B' => self.out.push_str(r"(?-u:\B)"),
            'Q' => self.quoted(),
            _ => match perl_class(c) {
                Some((members, is_negated)) => {
                    let caret = if is_negated { "^" } else { "" };
                    self.out.push_str(&format!("[{caret}{members}]"));
                }
                None => self.escaped(c),
            },
        }
    }

    /// A character, or a class of Unicode, that was escaped; the same in and outside of brackets.
    fn escaped(&mut self, c: char) {
        match c {
            'p' | 'P' | 'x' => {
                self.out.extend(['\\', c]);
                if self.rest.next_if(|(_, next)| *next == '{').is_some() {
                    self.out.push('{');
                    while let Some((_, inner)) = self.rest.next_if(|(_, next)| *next != '}') {
                        self.out.push(inner);
                    }
                }
            }
            '0'..='7' => self.octal(c),
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => self.literal(c),
            _ => self.out.extend(['\\', c]),
        }
    }

    /// A character that means itself.
    fn literal(&mut self, c: char) {
        if c.is_ascii() && !c.is_ascii_alphanumeric() {
            self.out.push_str(&format!("\\x{:02x}", u32::from(c)));
        } else {
            self.out.push(c);
        }
    }

    /// `\123`: up to three digits. A single one that is not 0 would be a reference back, which RE2 does not have.
    fn octal(&mut self, first: char) {
        let mut digits = String::from(first);
        while digits.len() < 3
            && let Some((_, digit)) = self.rest.next_if(|(_, next)| ('0'..='7').contains(next))
        {
            digits.push(digit);
        }
        match u32::from_str_radix(&digits, 8) {
            Ok(code) if digits.len() > 1 || first == '0' => self.out.push_str(&format!("\\x{{{code:x}}}")),
            _ => self.out.push_str(&format!("\\{digits}")),
        }
    }

    /// `\Q…\E`, or to the end: all of it means itself.
    fn quoted(&mut self) {
        while let Some((at, c)) = self.rest.next() {
            if self.text[at..].starts_with("\\E") {
                self.rest.next();
                return;
            }
            self.literal(c);
        }
    }

    /// A class in brackets, whose first one was read. One that has no end is no expression in either syntax.
    fn class(&mut self) {
        self.out.push('[');
        if self.rest.next_if(|(_, next)| *next == '^').is_some() {
            self.out.push('^');
        }
        let mut is_first = true;
        while let Some((at, c)) = self.rest.next() {
            match c {
                ']' if !is_first => return self.out.push(']'),
                '[' if self.named_class(at) => {}
                _ => self.member(c),
            }
            is_first = false;
        }
    }

    /// `[:alpha:]` and its like, copied as it is.
    fn named_class(&mut self, at: usize) -> bool {
        let Some(inner) = self.text[at..].strip_prefix("[:") else {
            return false;
        };
        let Some(end) = inner.find(":]") else { return false };
        let name = &self.text[at..at + end + 4];
        self.out.push_str(name);
        while self.rest.next_if(|(next, _)| *next < at + name.len()).is_some() {}
        true
    }

    /// One character, a range, or a class that was escaped.
    fn member(&mut self, c: char) {
        if c == '\\' {
            match self.rest.next() {
                Some((_, c)) => match perl_class(c) {
                    Some((members, true)) => return self.out.push_str(&format!("[^{members}]")),
                    Some((members, false)) => return self.out.push_str(members),
                    None => self.escaped(c),
                },
                None => self.out.push('\\'),
            }
        } else {
            self.literal(c);
        }
        self.end_of_range();
    }

    /// The `-z` of `a-z`, where there is one: a `-` before the closing bracket is a character.
    fn end_of_range(&mut self) {
        let mut ahead = self.rest.clone();
        let is_range =
            ahead.next().is_some_and(|(_, c)| c == '-') && ahead.next().is_some_and(|(_, c)| c != ']');
        if !is_range {
            return;
        }
        self.rest.next();
        self.out.push('-');
        match self.rest.next() {
            Some((_, '\\')) => {
                if let Some((_, c)) = self.rest.next() {
                    self.escaped(c);
                }
            }
            Some((_, c)) => self.literal(c),
            None => {}
        }
    }
}

/// Members of `\d`, `\w`, `\s`, and whether the class is all else.
fn perl_class(c: char) -> Option<(&'static str, bool)> {
    let members = match c.to_ascii_lowercase() {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        's' => r"\t\n\f\r ",
        _ => return None,
    };
    Some((members, c.is_ascii_uppercase()))
}

/// Whether a text begins with `{2}`, `{2,}` or `{2,3}`.
fn is_repetition(text: &str) -> bool {
    let Some((inner, _)) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
        return false;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match inner.split_once(',') {
        Some((least, most)) => is_number(least) && (most.is_empty() || is_number(most)),
        None => is_number(inner),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    /// The results are those of Go's `regexp`.
    #[test]
    fn expressions_match_what_they_match_in_re2() {
        for (expression, matching, others) in [
            (r"\d+", &["12"][..], &["١٢", "a"][..]),
            (r"\w+", &["aZ_9"], &["ä", "-"]),
            (r"\W", &["ä", "-"], &["a"]),
            (r"\s", &[" ", "\t"], &["\u{a0}", "\u{b}"]),
            (r"[\w.-]+", &["a.b-c"], &["ä"]),
            (r"[^\d]", &["a", "١"], &["1"]),
            (r"[\D]", &["a"], &["1"]),
            (r"[^\S]", &[" "], &["a"]),
            (r".*\bfoo\b.*", &["a foo b", "äfooä"], &["afoo"]),
            (r"\Qa.b[\E+", &["a.b[", "a.b[["], &["axb["]),
            (r"\Q*\E", &["*"], &["a"]),
            (r"\<a\>", &["<a>"], &["a"]),
            (r"a{,5}", &["a{,5}"], &["aa"]),
            (r"\{job=x\}{1}", &["{job=x}"], &["job=x"]),
            (r"a{b", &["a{b"], &["ab"]),
            (r"a{2,3}", &["aa", "aaa"], &["a"]),
            (r"[[]", &["["], &["a"]),
            (r"[^[]+", &["ab]"], &["a["]),
            (r"[a&&b]+", &["a&b"], &["c"]),
            (r"[a~~b]+", &["a~b"], &["c"]),
            (r"[a-c--]+", &["b-"], &["d"]),
            (r"[]a]+", &["]a"], &["b"]),
            (r"[a-]+", &["a-"], &["b"]),
            (r"[[:alpha:]_]+", &["a_"], &["1"]),
            (r"[[:^alpha:]]", &["1"], &["a"]),
            (r"\101[\60-\71]", &["A5"], &["B5"]),
            (r"\x41\x{e4}", &["Aä"], &["A"]),
            (r"\pL\p{Greek}\PL", &["aγ1"], &["a11"]),
            (r"\_\-\/\ ", &["_-/ "], &["a"]),
            (r"(?i)K\.", &["k."], &["l."]),
            (r"(?P<a>x)(?<b>y)", &["xy"], &["x"]),
        ] {
            let regex = Regex::new(&format!("^(?s:{})$", to_rust(expression)));
            let regex = regex.unwrap_or_else(|error| panic!("{expression}: {error}"));
            for text in matching {
                assert!(regex.is_match(text), "{expression} on {text}");
            }
            for text in others {
                assert!(!regex.is_match(text), "{expression} on {text}");
            }
        }
        for refused in [r"\1", r"(", r"[a", r"*", r"\", r"[z-a]", r"\y"] {
            assert!(Regex::new(&to_rust(refused)).is_err(), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_translated_or_refused(text in r"[\[\]\\{}^&~:,QEdDwWsSbx0-9a-c<>ä-]{0,24}") {
            let _ = Regex::new(&to_rust(&text));
        }

        #[test]
        fn a_quoted_text_matches_itself_alone(text in "[^E]{0,12}") {
            let regex = Regex::new(&format!("^(?s:{})$", to_rust(&format!("\\Q{text}\\E")))).expect("an expression");
            prop_assert!(regex.is_match(&text));
            let longer = format!("{text}x");
            prop_assert!(!regex.is_match(&longer));
        }
    }
}
