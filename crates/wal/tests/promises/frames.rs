//! Frames by the table in `docs/rfcs/0004-durable-queue.md`, written a second time, so that code and table cannot go wrong together.

use std::ops::Range;

pub(crate) const HEADER_BYTES: usize = 44;
pub(crate) const DATA: u8 = 2;
pub(crate) const ENDS: u8 = 3;

#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) items: u32,
    pub(crate) ordinal: u64,
    /// Where header and payload lie in the file.
    pub(crate) bytes: Range<usize>,
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// The frames of an undamaged file.
pub(crate) fn frames(file: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut at = 0;
    while at < file.len() {
        let header = &file[at..at + HEADER_BYTES];
        assert_eq!(
            (&header[..4], header[5], &header[6..8]),
            (b"SLW1".as_slice(), 1, [0, 0].as_slice()),
            "at {at}"
        );
        assert_eq!(
            word(header, 40),
            crc32c::crc32c(&header[..40]),
            "the header's checksum at {at}"
        );
        let bytes = at..at + HEADER_BYTES + word(header, 8) as usize;
        assert_eq!(
            word(header, 36),
            crc32c::crc32c(&file[at + HEADER_BYTES..bytes.end]),
            "the payload's at {at}"
        );
        let ordinal = u64::from_le_bytes(header[16..24].try_into().unwrap());
        at = bytes.end;
        frames.push(Frame {
            kind: header[4],
            items: word(header, 12),
            ordinal,
            bytes,
        });
    }
    frames
}

/// A data frame.
pub(crate) fn data(salt: u32, first: u64, items: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = b"SLW1".to_vec();
    frame.extend([DATA, 1, 0, 0]);
    frame.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
    frame.extend(items.to_le_bytes());
    frame.extend(first.to_le_bytes());
    frame.extend(7_u64.to_le_bytes());
    frame.extend(salt.to_le_bytes());
    frame.extend(crc32c::crc32c(payload).to_le_bytes());
    frame.extend(crc32c::crc32c(&frame).to_le_bytes());
    frame.extend(payload);
    frame
}
