//! Names and values made legal for the text formats.

/// Where a text stands, which decides what has to be escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Behind `# HELP` in the text format: a quotation mark stays as it is.
    Help,
    /// Between quotation marks, and behind `# HELP` in OpenMetrics.
    Value,
}

/// Appends `text` with backslash, line feed and, where it matters, the quotation mark escaped.
pub(super) fn push_escaped(out: &mut String, text: &str, quoting: Quoting) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quoting == Quoting::Value => out.push_str("\\\""),
            // Readers of the formats that split lines in another way must not see a second line.
            '\r' => out.push(' '),
            other => out.push(other),
        }
    }
}

/// `[a-zA-Z_:][a-zA-Z0-9_:]*`; every other character becomes `_`.
pub(super) fn metric_name(name: &str) -> String {
    legal(name, |c| c == ':')
}

/// `[a-zA-Z_][a-zA-Z0-9_]*`; every other character becomes `_`.
pub(super) fn label_name(name: &str) -> String {
    legal(name, |_| false)
}

fn legal(name: &str, extra: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(name.len() + 1);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        out.push('_');
    }
    out.extend(name.chars().map(|c| {
        if c.is_ascii_alphanumeric() || c == '_' || extra(c) {
            c
        } else {
            '_'
        }
    }));
    out
}
