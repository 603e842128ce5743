//! The labels of a series as text, made once and written often.
//!
//! A label text is what stands between the braces in the text format: `code="200",method="GET"`. Names that are not
//! legacy names stand between quotation marks there: `"http.route"="/"`.

use std::borrow::Cow;
use std::ops::Range;

use sidelight_proto::views::ValueView;

use crate::escape::{is_legacy_label_name, push_quoted, unquoted};
use crate::names::{TranslationStrategy, label_name, label_value};

/// Makes label texts; keeps its buffers from one to the next.
///
/// Labels come out ordered by name, whatever the order they came in. Labels with an empty value are left out: to
/// Prometheus they are the same as none. Labels whose names became equal are joined: their values with `;` between
/// them, in the order of the original keys (OpenTelemetry, "Prometheus and OpenMetrics Compatibility").
#[derive(Debug, Default)]
pub struct LabelTextBuilder {
    /// Names, keys and values, one behind the other.
    arena: String,
    labels: Vec<Label>,
    out: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Label {
    name: Range<usize>,
    /// The original key.
    key: Range<usize>,
    value: Range<usize>,
}

impl LabelTextBuilder {
    /// Forgets the labels of the text before.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.labels.clear();
    }

    /// Adds an attribute under the name that the strategy gives it. One of which no name is left, is left out.
    pub fn attribute(&mut self, key: &str, value: ValueView<'_>, strategy: TranslationStrategy) {
        if let Ok(name) = name_of(key, strategy) {
            self.push(&name, key, &label_value(value));
        }
    }

    /// Adds a label as it is.
    pub fn label(&mut self, name: &str, value: &str) {
        self.push(name, name, value);
    }

    fn push(&mut self, name: &str, key: &str, value: &str) {
        if name.is_empty() || value.is_empty() {
            return;
        }
        let name = self.keep(name);
        let key = if self.arena.get(name.clone()) == Some(key) {
            name.clone()
        } else {
            self.keep(key)
        };
        let value = self.keep(value);
        self.labels.push(Label { name, key, value });
    }

    fn keep(&mut self, text: &str) -> Range<usize> {
        let start = self.arena.len();
        self.arena.push_str(text);
        start..self.arena.len()
    }

    /// The names so far, in no order; they may repeat.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(|label| &self.arena[label.name.clone()])
    }

    /// Puts `exported_` before every label of this name: it is needed for something else (`le`, `quantile`).
    pub fn set_aside(&mut self, name: &str) {
        for nth in 0..self.labels.len() {
            if &self.arena[self.labels[nth].name.clone()] == name {
                let renamed = self.keep(&format!("exported_{name}"));
                self.labels[nth].name = renamed;
            }
        }
    }

    /// The text; valid until the builder is used again.
    pub fn text(&mut self) -> &str {
        let arena = &self.arena;
        let at = |range: &Range<usize>| &arena[range.clone()];
        self.labels
            .sort_unstable_by(|a, b| (at(&a.name), at(&a.key)).cmp(&(at(&b.name), at(&b.key))));
        self.out.clear();
        let mut last: Option<&str> = None;
        for label in &self.labels {
            let name = at(&label.name);
            if last == Some(name) {
                // Reopens the value that was closed below.
                self.out.pop();
                self.out.push(b';');
            } else {
                if last.is_some() {
                    self.out.push(b',');
                }
                push_name(&mut self.out, name);
                self.out.extend_from_slice(b"=\"");
            }
            push_quoted(&mut self.out, at(&label.value));
            self.out.push(b'"');
            last = Some(name);
        }
        // All that was put in is text.
        std::str::from_utf8(&self.out).unwrap_or_default()
    }
}

/// The usual key becomes its label without an allocation.
fn name_of(key: &str, strategy: TranslationStrategy) -> Result<Cow<'_, str>, crate::names::UnusableName> {
    let bytes = key.as_bytes();
    let is_label = bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        && !key.contains("__");
    if is_label {
        return Ok(Cow::Borrowed(key));
    }
    label_name(key, strategy).map(Cow::Owned)
}

/// Appends the name of a label, between quotation marks where it needs them.
pub(crate) fn push_name(out: &mut Vec<u8>, name: &str) {
    if is_legacy_label_name(name) {
        out.extend_from_slice(name.as_bytes());
    } else {
        out.push(b'"');
        push_quoted(out, name);
        out.push(b'"');
    }
}

/// The labels of a text, as [`LabelTextBuilder`] wrote it. Other texts end early.
#[derive(Clone, Debug)]
pub struct Labels<'a>(&'a str);

impl<'a> Labels<'a> {
    /// Reads a label text.
    pub fn new(text: &'a str) -> Self {
        Self(text)
    }
}

impl<'a> Iterator for Labels<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.strip_prefix(',').unwrap_or(self.0);
        let (name, rest) = match rest.strip_prefix('"') {
            Some(quoted) => split_quoted(quoted).map(|(name, rest)| (unquoted(name), rest))?,
            None => rest
                .find('=')
                .map(|at| (Cow::Borrowed(&rest[..at]), &rest[at..]))?,
        };
        let (value, rest) = split_quoted(rest.strip_prefix("=\"")?)?;
        self.0 = rest;
        Some((name, unquoted(value)))
    }
}

/// The text up to the closing quotation mark, and what is behind it.
fn split_quoted(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', text.as_bytes().get(from..)?)?;
        if text.as_bytes()[at] == b'"' {
            return Some((&text[..at], &text[at + 1..]));
        }
        from = at + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(pairs: &[(&str, &str)], strategy: TranslationStrategy) -> String {
        let mut builder = LabelTextBuilder::default();
        for (key, value) in pairs {
            builder.attribute(key, ValueView::String(value), strategy);
        }
        builder.text().to_owned()
    }

    #[test]
    fn labels_come_ordered_and_equal_names_are_joined_in_the_order_of_their_keys() {
        for (pairs, expected) in [
            (&[][..], ""),
            (
                &[("method", "GET"), ("code", "200")],
                r#"code="200",method="GET""#,
            ),
            (
                &[("a_b", "late"), ("a.b", "early"), ("a", "first")],
                r#"a="first",a_b="early;late""#,
            ),
            (
                &[("empty", ""), ("数", "no name"), ("x", "\"\\\n")],
                r#"x="\"\\\n""#,
            ),
        ] {
            assert_eq!(text(pairs, TranslationStrategy::default()), expected);
        }
        let utf8 = [("http.route", "/"), ("a", "1")];
        assert_eq!(
            text(&utf8, TranslationStrategy::NoTranslation),
            r#"a="1","http.route"="/""#
        );
    }

    #[test]
    fn a_label_that_the_format_needs_itself_is_set_aside() {
        let mut builder = LabelTextBuilder::default();
        builder.label("le", "5");
        builder.label("other", "6");
        builder.set_aside("le");
        assert_eq!(builder.text(), r#"exported_le="5",other="6""#);
    }

    proptest! {
        #[test]
        fn labels_read_back_as_they_were_whatever_their_order(
            pairs in prop::collection::btree_map(".{1,8}", ".{1,8}", 0..6),
            seed in any::<usize>(),
        ) {
            let mut shuffled: Vec<_> = pairs.iter().filter(|(key, _)| !key.bytes().all(|b| b == b'_')).collect();
            if !shuffled.is_empty() {
                let by = seed % shuffled.len();
                shuffled.rotate_left(by);
            }
            let mut builder = LabelTextBuilder::default();
            for (key, value) in &shuffled {
                builder.attribute(key, ValueView::String(value), TranslationStrategy::NoTranslation);
            }
            let read: Vec<_> = Labels::new(builder.text()).map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
            shuffled.sort();
            let expected: Vec<_> = shuffled.into_iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
