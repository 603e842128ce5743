use std::fmt;

use crate::{schema::WireType, wire::WireError};

/// What is wrong at one place of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes are not protobuf.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A known field came with a wire type it cannot have.
    #[error("field {name} cannot be of wire type {}", *.found as u8)]
    ForeignWireType {
        /// Name of the field.
        name: &'static str,
        /// The wire type that was found.
        found: WireType,
    },
    /// A packed run of eight-byte numbers whose length is no multiple of eight.
    #[error("packed length {0} is not a multiple of 8")]
    PackedLength(usize),
    /// More than [`MAX_NESTING`](crate::schema::MAX_NESTING) messages inside one another.
    #[error("messages nested deeper than {}", crate::schema::MAX_NESTING)]
    TooDeep,
    /// A singular message came in more than [`MAX_PARTS`](super::MAX_PARTS) parts.
    #[error("one message comes in more than {} parts", super::MAX_PARTS)]
    TooManyParts,
    /// Written canonically, the request would be larger than the caller allows.
    #[error("more than {0} bytes with its invalid UTF-8 replaced")]
    TooLarge(usize),
}

/// A request that cannot be admitted: what is wrong, in which message, at which byte.
///
/// Displays as `resource_spans.scope_spans.spans: length 900 runs past the end at byte 123`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(Box<Place>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    fault: Fault,
    offset: usize,
    /// From the inside out: it grows while the error travels up.
    path: Vec<&'static str>,
}

/// Longest path that is shown; what lies between its ends is left out.
const SHOWN: usize = 12;

impl Malformed {
    #[cold]
    pub(super) fn new(fault: impl Into<Fault>, offset: usize) -> Self {
        Malformed(Box::new(Place {
            fault: fault.into(),
            offset,
            path: Vec::new(),
        }))
    }

    #[cold]
    pub(super) fn within(mut self, field: &'static str) -> Self {
        self.0.path.push(field);
        self
    }

    /// What is wrong.
    pub fn fault(&self) -> Fault {
        self.0.fault
    }

    /// Where, in bytes from the start of the request.
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// The fields that lead to the message, from the request inwards; at most
    /// [`MAX_NESTING`](crate::schema::MAX_NESTING).
    pub fn path(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.path.iter().rev().copied()
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let depth = self.0.path.len();
        for (nth, field) in self.path().enumerate() {
            if depth > SHOWN && nth == SHOWN / 2 {
                f.write_str(".…")?;
            }
            if depth > SHOWN && (SHOWN / 2..depth - SHOWN / 2).contains(&nth) {
                continue;
            }
            write!(f, "{}{field}", if nth == 0 { "" } else { "." })?;
        }
        write!(
            f,
            "{}{} at byte {}",
            if depth == 0 { "" } else { ": " },
            self.0.fault,
            self.0.offset
        )
    }
}

impl std::error::Error for Malformed {}
