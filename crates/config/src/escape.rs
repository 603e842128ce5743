//! Foreign text made safe to print.

use std::borrow::Cow;
use std::fmt::Write;

/// Longest piece of foreign text shown in a message, in characters.
const SHOWN_CHARS: usize = 60;

/// The text with control characters (and the Unicode characters that reorder text) written as `\u{..}`, so
/// that a file name or a value cannot move the cursor, colour the terminal or forge a line of the log.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_unsafe(c) => {
                // Writing to a String does not fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// [`escaped`], cut to a length fit for a message.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((cut, _)) => format!("{}…", escaped(&text[..cut])),
        None => escaped(text).into_owned(),
    }
}

fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(escaped("a\x1b[31mb\n\u{202e}c"), "a\\u{1b}[31mb\\n\\u{202e}c");
        assert_eq!(escaped("grün"), "grün");
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        let text = "ü".repeat(100);
        assert_eq!(shortened(&text).chars().count(), SHOWN_CHARS + 1);
    }
}
