use crc32c::crc32c;

/// The first bytes of every frame; what is looked for behind a damaged place.
pub(crate) const MARKER: [u8; 4] = *b"SLW1";

/// The format that is written, and the newest that is read.
pub(crate) const VERSION: u8 = 1;

/// Bytes of a frame before its payload.
pub(crate) const HEADER_LEN: usize = 44;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// The state when the file began.
    Head = 1,
    /// One batch.
    Data = 2,
    /// What came to its end.
    Ends = 3,
}

/// The first 44 bytes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    /// Bytes of the payload.
    pub(crate) payload_len: u32,
    /// Items of a record, at least 1; 0 in the other kinds.
    pub(crate) items: u32,
    /// The ordinal of a record's first item; in the other kinds the next ordinal when it was written.
    pub(crate) first: u64,
    /// Unix milliseconds.
    pub(crate) written_ms: u64,
    /// CRC32C of the payload.
    pub(crate) payload_crc: u32,
}

/// What 44 bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// An intact header.
    Good(Header),
    /// An intact one of a format that is not known here.
    Newer(u8),
    /// None, or a damaged one, or one of another file.
    Bad,
}

impl Header {
    pub(crate) fn encode(&self, salt: u32) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[0..4].copy_from_slice(&MARKER);
        bytes[4] = self.kind as u8;
        bytes[5] = VERSION;
        bytes[8..12].copy_from_slice(&self.payload_len.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.items.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.written_ms.to_le_bytes());
        bytes[32..36].copy_from_slice(&salt.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.payload_crc.to_le_bytes());
        let crc = crc32c(&bytes[..40]);
        bytes[40..44].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads the header of a frame in the file with this salt.
    pub(crate) fn decode(bytes: &[u8; HEADER_LEN], salt: u32) -> Decoded {
        let intact =
            bytes[0..4] == MARKER && u32_at(bytes, 32) == salt && crc32c(&bytes[..40]) == u32_at(bytes, 40);
        if !intact {
            return Decoded::Bad;
        }
        if bytes[5] > VERSION {
            return Decoded::Newer(bytes[5]);
        }
        let kind = match bytes[4] {
            1 => Kind::Head,
            2 => Kind::Data,
            3 => Kind::Ends,
            _ => return Decoded::Bad,
        };
        let header = Self {
            kind,
            payload_len: u32_at(bytes, 8),
            items: u32_at(bytes, 12),
            first: u64_at(bytes, 16),
            written_ms: u64_at(bytes, 24),
            payload_crc: u32_at(bytes, 36),
        };
        if header.is_possible() {
            Decoded::Good(header)
        } else {
            Decoded::Bad
        }
    }

    fn is_possible(&self) -> bool {
        (self.kind == Kind::Data) == (self.items > 0)
            && self.first.checked_add(u64::from(self.items)).is_some()
    }

    /// The ordinal behind its last item; the next ordinal in heads and ends.
    pub(crate) fn end(&self) -> u64 {
        self.first.saturating_add(u64::from(self.items))
    }

    /// Bytes of the whole frame.
    pub(crate) fn frame_len(&self) -> u64 {
        HEADER_LEN as u64 + u64::from(self.payload_len)
    }
}

fn u32_at(bytes: &[u8; HEADER_LEN], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

fn u64_at(bytes: &[u8; HEADER_LEN], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: u32 = 0x5a17_0001;

    fn data(first: u64, items: u32) -> Header {
        Header {
            kind: Kind::Data,
            payload_len: 7,
            items,
            first,
            written_ms: 1_700_000_000_000,
            payload_crc: 99,
        }
    }

    #[test]
    fn a_header_is_read_back() {
        let ends = Header {
            kind: Kind::Ends,
            items: 0,
            ..data(u64::MAX, 1)
        };
        let head = Header {
            kind: Kind::Head,
            items: 0,
            ..data(0, 1)
        };
        for header in [
            data(0, 1),
            data(u64::MAX - 1, 1),
            data(1 << 32, u32::MAX),
            ends,
            head,
        ] {
            assert_eq!(Header::decode(&header.encode(SALT), SALT), Decoded::Good(header));
        }
    }

    #[test]
    fn the_layout_is_that_of_the_rfc() {
        let bytes = data(0x0102, 3).encode(SALT);
        assert_eq!(bytes[..8], *b"SLW1\x02\x01\0\0");
        assert_eq!(bytes[8..24], [7, 0, 0, 0, 3, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[32..36], SALT.to_le_bytes());
    }

    #[test]
    fn one_wrong_bit_is_seen_wherever_it_is() {
        let bytes = data(5, 3).encode(SALT);
        for bit in 0..HEADER_LEN * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&damaged, SALT), Decoded::Bad, "bit {bit}");
        }
    }

    #[test]
    fn frames_of_another_file_and_impossible_ones_are_none() {
        assert_eq!(Header::decode(&data(5, 3).encode(SALT), SALT + 1), Decoded::Bad);
        assert_eq!(Header::decode(&data(5, 0).encode(SALT), SALT), Decoded::Bad);
        assert_eq!(
            Header::decode(&data(u64::MAX, 1).encode(SALT), SALT),
            Decoded::Bad
        );
        assert_eq!(Header::decode(&[0; HEADER_LEN], 0), Decoded::Bad);
    }

    #[test]
    fn an_intact_header_of_a_newer_format_is_told_apart() {
        let mut bytes = data(5, 3).encode(SALT);
        bytes[5] = 2;
        let crc = crc32c(&bytes[..40]);
        bytes[40..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(Header::decode(&bytes, SALT), Decoded::Newer(2));
    }
}
