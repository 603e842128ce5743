use crate::schema::WireType;

/// Why bytes are not protobuf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The bytes end inside a tag, a number or a fixed-width value.
    #[error("the bytes end inside a value")]
    Truncated,
    /// A varint of more than ten bytes, or of more than 64 bits.
    #[error("varint longer than 64 bits")]
    OverlongVarint,
    /// A length that points behind the end of the enclosing message.
    #[error("length {0} runs past the end")]
    LengthPastEnd(u64),
    /// Field number 0, or a tag of more than 32 bits.
    #[error("tag {0} is not a field")]
    InvalidTag(u64),
    /// Wire types 6 and 7 do not exist.
    #[error("wire type {0} does not exist")]
    InvalidWireType(u8),
    /// An end of group that closes nothing, or another group.
    #[error("end of group {0} without its start")]
    UnexpectedEndGroup(u32),
    /// Groups nested deeper than allowed.
    #[error("groups nested too deep")]
    GroupTooDeep,
}

/// The value of one field, not yet interpreted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2: the bytes behind the length.
    Len(&'a [u8]),
    /// Wire type 5.
    Fixed32(u32),
    /// Start of a group; the reader stands behind the tag.
    StartGroup,
    /// End of a group.
    EndGroup,
}

/// One field as it stands in a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field<'a> {
    /// Field number, 1 or more.
    pub number: u32,
    /// Where its tag starts, in bytes from the start of the reader's bytes.
    pub start: usize,
    /// What it holds.
    pub value: Value<'a>,
}

/// A position in the bytes of one message. `Copy`, so that a walk can be taken up again.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Stands at the start of `bytes`.
    #[inline]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    /// Stands at the start of `range` of `bytes` and reads to its end; positions count from the start of `bytes`. A
    /// range that is out of bounds reads as empty.
    #[inline]
    pub fn within(bytes: &'a [u8], range: std::ops::Range<usize>) -> Self {
        Reader {
            bytes: bytes.get(..range.end).unwrap_or_default(),
            at: range.start,
        }
    }

    /// Where it stands, in bytes from the start.
    #[inline]
    pub const fn position(&self) -> usize {
        self.at
    }

    /// Whether all bytes are read.
    #[inline]
    pub const fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Reads a varint: one byte inline, more out of line.
    ///
    /// # Errors
    /// [`WireError::Truncated`], [`WireError::OverlongVarint`]; the position is then unspecified but in bounds.
    #[inline(always)]
    pub fn varint(&mut self) -> Result<u64, WireError> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    #[inline(never)]
    fn long_varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0u64;
        for shift in 0..10 {
            let byte = *self.bytes.get(self.at).ok_or(WireError::Truncated)?;
            self.at += 1;
            // The tenth byte holds the 64th bit and nothing else.
            if shift == 9 && byte > 1 {
                return Err(WireError::OverlongVarint);
            }
            value |= u64::from(byte & 0x7f) << (7 * shift);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(WireError::OverlongVarint)
    }

    /// Reads eight bytes, little endian.
    ///
    /// # Errors
    /// [`WireError::Truncated`].
    #[inline(always)]
    pub fn fixed64(&mut self) -> Result<u64, WireError> {
        let rest = self.bytes.get(self.at..).ok_or(WireError::Truncated)?;
        let word = rest.first_chunk::<8>().ok_or(WireError::Truncated)?;
        self.at += 8;
        Ok(u64::from_le_bytes(*word))
    }

    /// Reads four bytes, little endian.
    ///
    /// # Errors
    /// [`WireError::Truncated`].
    #[inline(always)]
    pub fn fixed32(&mut self) -> Result<u32, WireError> {
        let rest = self.bytes.get(self.at..).ok_or(WireError::Truncated)?;
        let word = rest.first_chunk::<4>().ok_or(WireError::Truncated)?;
        self.at += 4;
        Ok(u32::from_le_bytes(*word))
    }

    /// Reads a length and that many bytes.
    ///
    /// # Errors
    /// [`WireError::LengthPastEnd`] and those of [`Reader::varint`].
    #[inline(always)]
    pub fn len_delimited(&mut self) -> Result<&'a [u8], WireError> {
        let length = self.varint()?;
        let rest = self.bytes.get(self.at..).ok_or(WireError::Truncated)?;
        // Compared as u64, so that no length wraps on any machine.
        if length > rest.len() as u64 {
            return Err(WireError::LengthPastEnd(length));
        }
        let length = length as usize;
        self.at += length;
        Ok(&rest[..length])
    }

    /// Reads the next field; `None` at the end of the bytes.
    ///
    /// # Errors
    /// Any [`WireError`] but those about where groups end.
    #[inline(always)]
    pub fn field(&mut self) -> Result<Option<Field<'a>>, WireError> {
        if self.is_at_end() {
            return Ok(None);
        }
        let start = self.at;
        let tag = self.varint()?;
        if !(8..=u64::from(u32::MAX)).contains(&tag) {
            return Err(WireError::InvalidTag(tag));
        }
        let tag = tag as u32;
        let value = match WireType::of_tag(tag) {
            Some(WireType::Varint) => Value::Varint(self.varint()?),
            Some(WireType::Fixed64) => Value::Fixed64(self.fixed64()?),
            Some(WireType::Len) => Value::Len(self.len_delimited()?),
            Some(WireType::Fixed32) => Value::Fixed32(self.fixed32()?),
            Some(WireType::StartGroup) => Value::StartGroup,
            Some(WireType::EndGroup) => Value::EndGroup,
            None => return Err(WireError::InvalidWireType(tag as u8 & 7)),
        };
        Ok(Some(Field {
            number: tag >> 3,
            start,
            value,
        }))
    }

    /// Skips the rest of group `number`, whose start was just read; groups inside it count against `nesting`.
    ///
    /// # Errors
    /// Any [`WireError`].
    pub fn skip_group(&mut self, number: u32, nesting: u32) -> Result<(), WireError> {
        let inner = nesting.checked_sub(1).ok_or(WireError::GroupTooDeep)?;
        loop {
            let field = self.field()?.ok_or(WireError::Truncated)?;
            match field.value {
                Value::StartGroup => self.skip_group(field.number, inner)?,
                Value::EndGroup if field.number == number => return Ok(()),
                Value::EndGroup => return Err(WireError::UnexpectedEndGroup(field.number)),
                _ => {}
            }
        }
    }
}

/// The fields of an admitted message, one after the other. Ends early on bytes that are not well-formed.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a>(Reader<'a>);

impl<'a> Fields<'a> {
    /// Walks `bytes`.
    #[inline]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Fields(Reader::new(bytes))
    }

    /// Walks `range` of `bytes`; positions count from the start of `bytes`.
    #[inline]
    pub fn within(bytes: &'a [u8], range: std::ops::Range<usize>) -> Self {
        Fields(Reader::within(bytes, range))
    }

    /// Where the field that comes next starts.
    #[inline]
    pub const fn offset(&self) -> usize {
        self.0.position()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Field<'a>> {
        self.0.field().ok().flatten()
    }
}
