//! Compact JSON with line breaks, for people.

use std::io::{self, Write};

/// Writes a JSON document with a line for each key and each element, and a line feed at its end. Stops behind `most` bytes of the document:
/// false then. What could move the cursor or turn text around is written as `\u….`, so it is the same document.
pub(super) fn write(json: &[u8], most: usize, out: &mut impl Write) -> io::Result<bool> {
    let text = String::from_utf8_lossy(json.get(..most).unwrap_or(json));
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut is_escaped = false;
    let mut before = ' ';
    for c in text.chars() {
        if in_string {
            put(c, out)?;
            in_string = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
        } else {
            match c {
                '}' | ']' => {
                    depth = depth.saturating_sub(1);
                    // Empty ones stay together.
                    if !matches!(before, '{' | '[') {
                        line_break(depth, out)?;
                    }
                }
                _ if matches!(before, '{' | '[' | ',') => line_break(depth, out)?,
                _ => {}
            }
            match c {
                '{' | '[' => depth += 1,
                '"' => in_string = true,
                _ => {}
            }
            put(c, out)?;
            if c == ':' {
                write!(out, " ")?;
            }
        }
        before = c;
    }
    writeln!(out)?;
    Ok(json.len() <= most)
}

/// Nesting of OTLP is bounded, that of what is shown is bounded too.
fn line_break(depth: usize, out: &mut impl Write) -> io::Result<()> {
    write!(out, "\n{:width$}", "", width = depth.min(100) * 2)
}

fn put(c: char, out: &mut impl Write) -> io::Result<()> {
    let mut buffer = [0; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    if sidelight_config::escaped(text) == text {
        return write!(out, "{c}");
    }
    write!(out, "\\u{:04x}", u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::write;

    fn written(json: &str, most: usize) -> (String, bool) {
        let mut out = Vec::new();
        let is_all = write(json.as_bytes(), most, &mut out).expect("memory can be written");
        (String::from_utf8(out).expect("UTF-8"), is_all)
    }

    #[test]
    fn a_document_is_indented_and_stays_the_same() {
        let json = r#"{"a":[{"b":"x,{}[]:\"\\"},{}],"c":[],"d":-1.5}"#;
        let (text, is_all) = written(json, usize::MAX);
        let expected = "{\n  \"a\": [\n    {\n      \"b\": \"x,{}[]:\\\"\\\\\"\n    },\n    {}\n  ],\n  \"c\": [],\n  \"d\": -1.5\n}\n";
        assert_eq!((text.as_str(), is_all), (expected, true));
        let [before, after] =
            [json, &text].map(|text| serde_json::from_str::<serde_json::Value>(text).expect("JSON"));
        assert_eq!(before, after);
    }

    #[test]
    fn a_long_document_is_cut() {
        assert_eq!(
            written("{\"a\":\"bcd\"}", 8),
            ("{\n  \"a\": \"bc\n".to_owned(), false)
        );
        assert_eq!(written("{\"a\":\"ü\"}", 7).0, "{\n  \"a\": \"\u{fffd}\n");
    }

    #[test]
    fn what_turns_text_around_does_not_reach_the_terminal() {
        let (text, _) = written("{\"a\":\"x\u{202e}y\u{9b}z\"}", usize::MAX);
        assert_eq!(text, "{\n  \"a\": \"x\\u202ey\\u009bz\"\n}\n");
    }
}
