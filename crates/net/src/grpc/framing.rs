//! The five bytes before every message: a flag for "compressed" and the length, big endian.

use super::{Code, Status};

/// Length of the prefix of a message, in bytes.
pub const PREFIX_LENGTH: usize = 5;

/// The prefix of a message of `length` bytes. Refuses what the 32-bit length cannot say.
pub fn message_prefix(compressed: bool, length: usize) -> Result<[u8; PREFIX_LENGTH], Status> {
    let length = u32::try_from(length).map_err(|_| {
        Status::new(
            Code::ResourceExhausted,
            format!("message of {length} bytes exceeds 4 GiB"),
        )
    })?;
    let [a, b, c, d] = length.to_be_bytes();
    Ok([u8::from(compressed), a, b, c, d])
}

/// What a prefix says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) compressed: bool,
    pub(super) length: usize,
}

impl Prefix {
    pub(super) fn parse(bytes: [u8; PREFIX_LENGTH]) -> Result<Self, Status> {
        let [flag, a, b, c, d] = bytes;
        if flag > 1 {
            return Err(Status::new(
                Code::Internal,
                format!(
                    "first byte of the message prefix is {flag}, expected 0 or 1: this is not gRPC framing"
                ),
            ));
        }
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        Ok(Self {
            compressed: flag == 1,
            length,
        })
    }
}
