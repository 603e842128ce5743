//! The text of one series, taken apart when it is asked for.

use std::borrow::Cow;

use super::text::cursor::{is_name_byte, is_space};

/// Something with a metric's name and labels.
pub trait LabelSet {
    /// Calls `each` with the name of every label and its value, in the order they are exposed; the metric's name comes
    /// as `__name__`. Labels may repeat and values may be empty.
    fn for_each(&self, each: &mut dyn FnMut(Cow<'_, str>, Cow<'_, str>));
}

/// `name{label="value",…}`, `{"name",label="value",…}`, or the braces alone (of an exemplar), as it stands in the page. It
/// has the form of the grammar: [`super::text::Page`] checked it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesText<'a>(pub(super) &'a str);

impl<'a> SeriesText<'a> {
    /// The text as it stands in the page: equal texts are equal series.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The metric's name; empty where there is none.
    pub fn name(self) -> Cow<'a, str> {
        let bare = self.bare_name();
        if !bare.is_empty() {
            return Cow::Borrowed(bare);
        }
        let quoted = self.labels().find(|(name, _)| name == "__name__");
        quoted.map_or(Cow::Borrowed(""), |(_, value)| value)
    }

    /// The labels, in their order, without a name in front of the braces; a quoted name within them is `__name__`.
    pub fn labels(self) -> Labels<'a> {
        let rest = &self.0[self.bare_name().len()..];
        let rest = rest.trim_start_matches(is_blank);
        Labels(rest.strip_prefix('{').unwrap_or_default())
    }

    fn bare_name(self) -> &'a str {
        let end = self.0.bytes().position(|byte| !is_name_byte(byte));
        &self.0[..end.unwrap_or(self.0.len())]
    }
}

impl LabelSet for SeriesText<'_> {
    fn for_each(&self, each: &mut dyn FnMut(Cow<'_, str>, Cow<'_, str>)) {
        let bare = self.bare_name();
        if !bare.is_empty() {
            each("__name__".into(), bare.into());
        }
        self.labels().for_each(|(name, value)| each(name, value));
    }
}

/// The labels of a [`SeriesText`].
#[derive(Clone, Debug)]
pub struct Labels<'a>(&'a str);

impl<'a> Iterator for Labels<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_start_matches(|c| is_blank(c) || c == ',');
        let (name, rest) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (name, rest) = split_quoted(quoted)?;
                (unescaped(name), rest)
            }
            None => {
                let end = rest.bytes().position(|byte| !is_name_byte(byte))?;
                (Cow::Borrowed(&rest[..end]), &rest[end..])
            }
        };
        let rest = rest.trim_start_matches(is_blank);
        let Some(rest) = rest.strip_prefix('=') else {
            // No value: the metric's name, or the closing brace.
            if matches!(&name, Cow::Borrowed("")) {
                return None;
            }
            self.0 = rest;
            return Some((Cow::Borrowed("__name__"), name));
        };
        let quoted = rest.trim_start_matches(is_blank).strip_prefix('"')?;
        let (value, rest) = split_quoted(quoted)?;
        self.0 = rest;
        Some((name, unescaped(value)))
    }
}

fn is_blank(c: char) -> bool {
    u8::try_from(c).is_ok_and(is_space)
}

/// What stands before the closing quote, and what behind it.
fn split_quoted(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', text.as_bytes().get(from..)?)?;
        if text.as_bytes().get(at) == Some(&b'"') {
            return Some((&text[..at], &text[at + 1..]));
        }
        // A backslash and whatever character follows; a longer one has no quote among its further bytes.
        from = at + 2;
    }
}

/// `\\`, `\"` and `\n` replaced; any other backslash is itself, as Prometheus has it.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let (replacement, taken) = match rest.as_bytes().get(at + 1) {
            Some(b'n') => ("\n", 2),
            Some(b'"') => ("\"", 2),
            Some(b'\\') => ("\\", 2),
            _ => ("\\", 1),
        };
        out.push_str(replacement);
        rest = &rest[at + taken..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_apart(text: &str) -> Vec<(String, String)> {
        let mut all = Vec::new();
        SeriesText(text).for_each(&mut |name, value| all.push((name.into_owned(), value.into_owned())));
        all
    }

    #[test]
    fn a_series_gives_its_name_and_labels() {
        let table: [(&str, &[(&str, &str)]); 8] = [
            ("up", &[("__name__", "up")]),
            ("up{}", &[("__name__", "up")]),
            ("a{b=\"c\"}", &[("__name__", "a"), ("b", "c")]),
            (
                "a { b = \"c\" , d=\"\", }",
                &[("__name__", "a"), ("b", "c"), ("d", "")],
            ),
            ("{\"my.name\",b=\"c\"}", &[("__name__", "my.name"), ("b", "c")]),
            ("{b=\"c\",\"x y\"=\"d\"}", &[("b", "c"), ("x y", "d")]),
            (
                r#"a{b="q\"\\\n\t}",c="ü,="}"#,
                &[("__name__", "a"), ("b", "q\"\\\n\\t}"), ("c", "ü,=")],
            ),
            ("{__name__=\"n\"}", &[("__name__", "n")]),
        ];
        for (text, expected) in table {
            let expected: Vec<_> = expected
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            assert_eq!(taken_apart(text), expected, "{text}");
        }
        assert_eq!(SeriesText("{\"my.name\",b=\"c\"}").name(), "my.name");
        assert_eq!(SeriesText("plain{b=\"c\"}").name(), "plain");
        assert_eq!(SeriesText("{b=\"c\"}").name(), "");
    }
}
