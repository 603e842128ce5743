//! Values of scalar fields: one token, or the string that stands for it.

use std::borrow::Cow;

use super::error::{Fault, JsonErrorKind};
use super::number::{self, NumberError};
use super::reader::{RawString, Reader};
use super::text::unescape;

impl From<NumberError> for JsonErrorKind {
    fn from(error: NumberError) -> Self {
        match error {
            NumberError::NotIntegral => JsonErrorKind::InvalidValue,
            NumberError::OutOfRange => JsonErrorKind::OutOfRange,
        }
    }
}

impl<'a> Reader<'a> {
    /// Takes a string; `expected` names it in the error.
    #[inline]
    pub(super) fn string_value(&mut self, expected: &'static str) -> Result<RawString<'a>, Fault> {
        match self.peek() {
            Some(b'"') => self.string(),
            _ => Err(self.wrong_type(expected)),
        }
    }

    /// Takes an integer that is written as a number or as a string.
    pub(super) fn integer<T: TryFrom<i128>>(&mut self, expected: &'static str) -> Result<T, Fault> {
        let (start, text) = self.number_text(expected)?;
        if let Some(integer) = number::plain_integer(&text)
            && let Ok(value) = integer.fit()
        {
            return Ok(value);
        }
        if number::length(&text) != Some(text.len()) {
            return Err(self.fault_at(start, JsonErrorKind::InvalidValue, expected));
        }
        number::integer(&text)
            .and_then(number::Integer::fit)
            .map_err(|error| self.fault_at(start, error.into(), expected))
    }

    /// Takes a double that is written as a number or as a string.
    pub(super) fn double(&mut self) -> Result<f64, Fault> {
        let expected = "a number, \"NaN\", \"Infinity\" or \"-Infinity\"";
        let (start, text) = self.number_text(expected)?;
        match &*text {
            b"NaN" => Ok(f64::NAN),
            b"Infinity" => Ok(f64::INFINITY),
            b"-Infinity" => Ok(f64::NEG_INFINITY),
            text if number::length(text) == Some(text.len()) => {
                number::double(text).map_err(|error| self.fault_at(start, error.into(), expected))
            }
            _ => Err(self.fault_at(start, JsonErrorKind::InvalidValue, expected)),
        }
    }

    /// The text of a number or of a string that should hold one, and where it starts.
    fn number_text(&mut self, expected: &'static str) -> Result<(usize, Cow<'a, [u8]>), Fault> {
        match self.peek() {
            Some(b'"') => {
                let raw = self.string()?;
                Ok((self.start_of(raw), unescaped(raw)))
            }
            Some(b'-' | b'0'..=b'9') => {
                let start = self.position();
                Ok((start, Cow::Borrowed(self.number()?)))
            }
            _ => Err(self.wrong_type(expected)),
        }
    }
}

/// The content of a string that is compared or parsed, not kept.
#[inline]
pub(super) fn unescaped(raw: RawString<'_>) -> Cow<'_, [u8]> {
    if !raw.escaped {
        return Cow::Borrowed(raw.bytes);
    }
    let mut text = Vec::with_capacity(raw.bytes.len());
    unescape(raw, &mut text);
    Cow::Owned(text)
}
