//! A line that grows and stays one line.

use std::fmt::{self, Write};

/// How unsafe characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// `\n`, `\u{1b}`.
    Console,
    /// Inside a JSON string: `\n`, `\u001b`, and quotation mark and backslash too.
    Json,
}

/// Text with a bound, to which raw and escaped text is added. What does not fit is left out, and the line is
/// marked as cut.
#[derive(Debug)]
pub(super) struct Sink {
    text: String,
    limit: usize,
    cut: bool,
}

impl Sink {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            text: String::with_capacity(256),
            limit,
            cut: false,
        }
    }

    /// Adds text that is known to be safe, past the limit if need be: punctuation that closes a line.
    pub(super) fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Where escaped text is added.
    pub(super) fn escaping(&mut self, escapes: Escapes) -> Escaping<'_> {
        Escaping { sink: self, escapes }
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

/// Escapes what is written to it.
pub(super) struct Escaping<'a> {
    sink: &'a mut Sink,
    escapes: Escapes,
}

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.write_char(c))
    }

    /// An error tells a formatter to stop: nothing more fits.
    fn write_char(&mut self, c: char) -> fmt::Result {
        let sink = &mut *self.sink;
        // The longest escape has twelve bytes: a surrogate pair in JSON.
        if sink.cut || sink.text.len() + 12 > sink.limit {
            sink.cut = true;
            return Err(fmt::Error);
        }
        match (c, self.escapes) {
            ('\n', _) => sink.text.push_str("\\n"),
            ('\r', _) => sink.text.push_str("\\r"),
            ('\t', _) => sink.text.push_str("\\t"),
            ('"' | '\\', Escapes::Json) => {
                sink.text.push('\\');
                sink.text.push(c);
            }
            (c, Escapes::Console) if is_unsafe(c) => write!(sink.text, "\\u{{{:x}}}", u32::from(c))?,
            (c, Escapes::Json) if is_unsafe(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(sink.text, "\\u{unit:04x}")?;
                }
            }
            (c, _) => sink.text.push(c),
        }
        Ok(())
    }
}

/// Control characters (C0, DEL, C1), line and paragraph separators, and the characters that change the
/// direction of text (Unicode, UAX 9), with which a line can be made to look like another one.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
