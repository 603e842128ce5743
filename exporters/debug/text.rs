//! Text on its way out: written in pieces of bounded size, however large the batch is.

use std::fmt::{self, Write};

use sidelight_config::escaped;

/// Text is handed on when so many bytes have gathered.
const HANDED_ON_BYTES: usize = 64 << 10;

/// Bytes of foreign text that are escaped at one time.
const ESCAPED_BYTES: usize = 4 << 10;

/// Takes pieces of text, which end anywhere.
pub(super) trait Sink {
    /// Takes the next piece.
    fn take(&mut self, piece: &str);
}

/// Gathers text and hands it on. Writing to it never fails.
pub(super) struct Text<'s> {
    gathered: String,
    sink: &'s mut dyn Sink,
}

impl<'s> Text<'s> {
    pub(super) fn new(sink: &'s mut dyn Sink) -> Self {
        Self {
            gathered: String::new(),
            sink,
        }
    }

    /// Hands on what is left.
    pub(super) fn finish(mut self) {
        self.hand_on();
    }

    fn hand_on(&mut self) {
        self.sink.take(&self.gathered);
        self.gathered.clear();
    }
}

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.gathered.push_str(text);
        if self.gathered.len() >= HANDED_ON_BYTES {
            self.hand_on();
        }
        Ok(())
    }
}

/// Foreign text, shown so that it cannot forge a line, move the cursor, colour the terminal or reorder what stands
/// beside it.
pub(super) struct Foreign<'a>(pub(super) &'a str);

impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        pieces(self.0).try_for_each(|piece| f.write_str(&escaped(piece)))
    }
}

/// As [`Foreign`], in quotes, for text inside of lists and maps.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for (nth, part) in self.0.split('"').enumerate() {
            if nth > 0 {
                f.write_str("\\\"")?;
            }
            Foreign(part).fmt(f)?;
        }
        f.write_char('"')
    }
}

/// The text in pieces of at most [`ESCAPED_BYTES`].
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(ESCAPED_BYTES));
        rest = behind;
        Some(piece)
    })
}

/// An id in hexadecimal; empty when absent.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// `: text`, or `:` alone, so that no line ends with a blank.
pub(super) struct Colon<T>(pub(super) T);

impl fmt::Display for Colon<&str> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            f.write_char(':')
        } else {
            write!(f, ": {}", Foreign(self.0))
        }
    }
}

impl fmt::Display for Colon<&[u8]> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            f.write_char(':')
        } else {
            write!(f, ": {}", Hex(self.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Pieces(Vec<String>);

    impl Sink for Pieces {
        fn take(&mut self, piece: &str) {
            self.0.push(piece.to_owned());
        }
    }

    #[test]
    fn a_huge_value_passes_through_a_small_buffer() {
        let value = "ü\n".repeat(1 << 20);
        let mut pieces = Pieces::default();
        let mut text = Text::new(&mut pieces);
        write!(text, "{}", Foreign(&value)).unwrap();
        assert!(text.gathered.capacity() <= 3 * HANDED_ON_BYTES);
        text.finish();
        assert_eq!(pieces.0.concat(), "ü\\n".repeat(1 << 20));
    }

    #[test]
    fn foreign_text_stays_on_its_line_and_in_its_place() {
        for (given, shown) in [
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[31mred\u{7}", "\\u{1b}[31mred\\u{7}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("abc\u{202e}txt.exe\u{2066}", "abc\\u{202e}txt.exe\\u{2066}"),
            ("line\u{2028}sep\u{85}", "line\\u{2028}sep\\u{85}"),
            ("價格 €", "價格 €"),
        ] {
            assert_eq!(Foreign(given).to_string(), shown);
        }
        assert_eq!(Quoted("say \"hi\"\n").to_string(), r#""say \"hi\"\n""#);
    }
}
