//! A position in the page, and the small steps of the grammar.

/// Where the reader stands. Every step moves forward or leaves the position as it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) page: &'a str,
    pub(super) at: usize,
}

/// What does not fit the grammar at the cursor's position.
pub(super) type Step<T> = Result<T, &'static str>;

/// Bytes of names: letters, digits, `_`, and `:` for metrics. Table: one lookup a byte.
const NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || b == b'_' || b == b':';
        byte += 1;
    }
    table
};

/// True for the bytes of a name that needs no quotes.
#[inline]
pub(in crate::parse) fn is_name_byte(byte: u8) -> bool {
    NAME[usize::from(byte)]
}

/// True for what separates the parts of a line.
#[inline]
pub(in crate::parse) fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.page.as_bytes().get(self.at).copied()
    }

    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.page.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Steps over `byte` where it comes next.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Steps over blanks.
    #[inline]
    pub(super) fn skip_spaces(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    /// The bytes up to a blank or the end of the line, which may be none. A slice of the page: those bytes are ASCII.
    #[inline]
    pub(super) fn token(&mut self) -> &'a str {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| !is_space(byte) && byte != b'\n' && byte != b'\r')
        {
            self.at += 1;
        }
        &self.page[start..self.at]
    }

    /// A name without quotes; a digit cannot be its first byte. Empty where none comes next.
    #[inline]
    pub(super) fn name(&mut self) -> &'a str {
        let start = self.at;
        if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return "";
        }
        while self.peek().is_some_and(is_name_byte) {
            self.at += 1;
        }
        &self.page[start..self.at]
    }

    /// What stands in quotes, escapes as they are; the cursor is on the opening one.
    pub(super) fn quoted(&mut self) -> Step<&'a str> {
        let start = self.at + 1;
        let mut from = start;
        loop {
            let bytes = self.page.as_bytes().get(from..).unwrap_or_default();
            let Some(found) = memchr::memchr2(b'"', b'\\', bytes) else {
                return Err("a quote is not closed");
            };
            let at = from + found;
            if self.page.as_bytes().get(at) == Some(&b'"') {
                self.at = at + 1;
                return Ok(&self.page[start..at]);
            }
            from = at + 2;
        }
    }

    /// The rest of the line; the cursor then stands behind its end.
    pub(super) fn line(&mut self) -> &'a str {
        let start = self.at;
        let end = memchr::memchr(b'\n', self.rest()).map_or(self.page.len(), |length| start + length);
        self.at = (end + 1).min(self.page.len());
        let line = &self.page[start..end];
        line.strip_suffix('\r').unwrap_or(line)
    }

    /// Steps over the end of a line, or stands at the end of the page.
    #[inline]
    pub(super) fn end_of_line(&mut self) -> bool {
        match self.peek() {
            None => true,
            Some(b'\n') => {
                self.at += 1;
                true
            }
            Some(b'\r') if matches!(self.rest(), [b'\r'] | [b'\r', b'\n', ..]) => {
                self.at = (self.at + 2).min(self.page.len());
                true
            }
            Some(_) => false,
        }
    }
}
