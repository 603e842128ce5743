//! How a letter lies in its file.

use std::borrow::Cow;
use std::io::{self, Read};

use crc32c::{crc32c, crc32c_append};
use sidelight_proto::Signal;

/// The first bytes of every letter.
const MARKER: [u8; 4] = *b"SLDL";

/// The format that is written, and the newest that is read.
const VERSION: u8 = 1;

/// Bytes before the texts.
const FIXED_BYTES: usize = 48;

/// Bytes behind the payload.
const CHECKSUM_BYTES: u64 = 4;

/// The longest reason and the longest exporter's id, in bytes; what is longer is cut.
const MAX_TEXT_BYTES: usize = 1024;

/// The largest letter. Larger ones are neither kept nor read.
pub const MAX_LETTER_BYTES: u64 = 1 << 30;

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 64 << 10;

/// Why it was refused for good. The number of each stands in the files: never change one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Why {
    /// The destination refused the request.
    Destination = 0,
    /// The destination took the request without some of its items.
    Partial = 1,
    /// A single item is larger than the destination or its protocol takes.
    TooLarge = 2,
    /// The exporter cannot encode it.
    Encode = 3,
    /// The exporter panics on it.
    Panic = 4,
}

/// What stands before the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The exporter's id.
    pub exporter: String,
    /// Which kind of telemetry the payload is.
    pub signal: Signal,
    /// When it was refused, in Unix milliseconds.
    pub unix_ms: u64,
    /// Why, in one word.
    pub why: Why,
    /// The destination's words as they came, control characters and all; at most 1 KiB of them.
    pub reason: String,
    /// Spans, data points or log records in the payload.
    pub items: u64,
    /// Of those, how many were refused: all of them, but for [`Why::Partial`].
    pub refused: u64,
    /// Bytes of the payload.
    pub payload_bytes: u64,
}

/// What is wrong with a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It does not begin like one.
    #[error("this is no dead letter")]
    NotALetter,
    /// A newer version of the program wrote it.
    #[error("it has format {0}, this program knows up to {VERSION}")]
    Version(u8),
    /// Its length is not what its header says.
    #[error("it is {found} bytes long instead of {expected}")]
    Length {
        /// What the file has.
        found: u64,
        /// What the header says.
        expected: u64,
    },
    /// Larger than any that is written.
    #[error("it is larger than {} MiB", MAX_LETTER_BYTES >> 20)]
    TooLarge,
    /// A byte of it has changed.
    #[error("its checksum is wrong")]
    Checksum,
}

impl Why {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Destination,
        Self::Partial,
        Self::TooLarge,
        Self::Encode,
        Self::Panic,
    ];

    /// The word, as in the label `reason` of `sidelight_exporter_rejected_items`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Destination => "destination",
            Self::Partial => "partial",
            Self::TooLarge => "too_large",
            Self::Encode => "encode",
            Self::Panic => "panic",
        }
    }
}

impl Header {
    /// Everything before the payload. Texts that are too long are cut.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (exporter, reason) = (cut(&self.exporter), cut(&self.reason));
        let mut bytes = Vec::with_capacity(FIXED_BYTES + exporter.len() + reason.len());
        bytes.extend_from_slice(&MARKER);
        bytes.extend_from_slice(&[VERSION, signal_number(self.signal), self.why as u8, 0]);
        for number in [self.unix_ms, self.items, self.refused] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        // Both are at most `MAX_TEXT_BYTES`.
        bytes.extend_from_slice(&(exporter.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(reason.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&self.payload_bytes.to_le_bytes());
        bytes.extend_from_slice(exporter.as_bytes());
        bytes.extend_from_slice(reason.as_bytes());
        bytes
    }

    /// Bytes of the whole file.
    pub(crate) fn file_bytes(encoded: &[u8], payload_bytes: u64) -> u64 {
        (encoded.len() as u64 + CHECKSUM_BYTES).saturating_add(payload_bytes)
    }
}

/// The checksum of pieces that lie one after another.
pub(crate) fn checksum(header: &[u8], payload: &[&[u8]]) -> [u8; 4] {
    let start = crc32c(header);
    let all = payload.iter().fold(start, |crc, piece| crc32c_append(crc, piece));
    all.to_le_bytes()
}

/// Reads a letter of a file that is `file_bytes` long, piece by piece; `keep` is given the payload. What it was given counts only when
/// this returns a header. Holds 64 KiB, whatever the letter is like.
///
/// The outer error is the system's.
pub(crate) fn decode(
    mut from: impl Read,
    file_bytes: u64,
    mut keep: impl FnMut(&[u8]),
) -> io::Result<Result<Header, Damage>> {
    let mut fixed = [0; FIXED_BYTES];
    if !fill(&mut from, &mut fixed)? || fixed[..4] != MARKER {
        return Ok(Err(Damage::NotALetter));
    }
    let lengths = match lengths(&fixed, file_bytes) {
        Ok(lengths) => lengths,
        Err(damage) => return Ok(Err(damage)),
    };
    let mut texts = vec![0; lengths.exporter + lengths.reason];
    if !fill(&mut from, &mut texts)? {
        return Ok(Err(lengths.cut_off(file_bytes)));
    }
    let mut crc = crc32c_append(crc32c(&fixed), &texts);
    let mut block = vec![0; BLOCK_BYTES];
    let mut left = lengths.payload;
    while left > 0 {
        let wanted = usize::try_from(left).map_or(BLOCK_BYTES, |left| left.min(BLOCK_BYTES));
        let piece = &mut block[..wanted];
        if !fill(&mut from, piece)? {
            return Ok(Err(lengths.cut_off(file_bytes)));
        }
        crc = crc32c_append(crc, piece);
        keep(piece);
        left -= wanted as u64;
    }
    let mut expected = [0; CHECKSUM_BYTES as usize];
    if !fill(&mut from, &mut expected)? {
        return Ok(Err(lengths.cut_off(file_bytes)));
    }
    if crc.to_le_bytes() != expected {
        return Ok(Err(Damage::Checksum));
    }
    Ok(header(&fixed, &texts, lengths.exporter, lengths.payload).ok_or(Damage::NotALetter))
}

/// Bytes of the parts of a letter.
struct Lengths {
    exporter: usize,
    reason: usize,
    payload: u64,
}

impl Lengths {
    fn file(&self) -> u64 {
        let before = (FIXED_BYTES + self.exporter + self.reason) as u64;
        (before + CHECKSUM_BYTES).saturating_add(self.payload)
    }

    /// The file has become shorter while it was read.
    fn cut_off(&self, file_bytes: u64) -> Damage {
        Damage::Length {
            found: file_bytes.min(self.file() - 1),
            expected: self.file(),
        }
    }
}

/// Where they can be true for a file of this length. Nothing larger than the texts' bound is allocated by them.
fn lengths(fixed: &[u8; FIXED_BYTES], file_bytes: u64) -> Result<Lengths, Damage> {
    if fixed[4] > VERSION {
        return Err(Damage::Version(fixed[4]));
    }
    let text = |at| usize::try_from(u32_at(fixed, at)).unwrap_or(usize::MAX);
    let lengths = Lengths {
        exporter: text(32),
        reason: text(36),
        payload: u64_at(fixed, 40),
    };
    if lengths.exporter > MAX_TEXT_BYTES || lengths.reason > MAX_TEXT_BYTES {
        return Err(Damage::NotALetter);
    }
    if lengths.file() != file_bytes {
        let expected = lengths.file();
        return Err(Damage::Length {
            found: file_bytes,
            expected,
        });
    }
    if file_bytes > MAX_LETTER_BYTES {
        return Err(Damage::TooLarge);
    }
    Ok(lengths)
}

/// `None` where a number stands for nothing, which the checksum does not tell.
fn header(fixed: &[u8; FIXED_BYTES], texts: &[u8], exporter: usize, payload_bytes: u64) -> Option<Header> {
    let (exporter, reason) = texts.split_at_checked(exporter)?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Some(Header {
        exporter: text(exporter),
        signal: signal_of(fixed[5])?,
        unix_ms: u64_at(fixed, 8),
        why: *Why::ALL.get(usize::from(fixed[6]))?,
        reason: text(reason),
        items: u64_at(fixed, 16),
        refused: u64_at(fixed, 24),
        payload_bytes,
    })
}

/// False where the input ends first.
fn fill(from: &mut impl Read, into: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(into) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// As much of a text as is kept.
fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_TEXT_BYTES {
        return Cow::Borrowed(text);
    }
    let room = MAX_TEXT_BYTES - '…'.len_utf8();
    Cow::Owned(format!("{}…", &text[..text.floor_char_boundary(room)]))
}

fn signal_number(signal: Signal) -> u8 {
    match signal {
        Signal::Traces => 0,
        Signal::Metrics => 1,
        Signal::Logs => 2,
    }
}

fn signal_of(number: u8) -> Option<Signal> {
    Signal::ALL
        .into_iter()
        .find(|signal| signal_number(*signal) == number)
}

fn u32_at(bytes: &[u8; FIXED_BYTES], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

fn u64_at(bytes: &[u8; FIXED_BYTES], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn example() -> Header {
        Header {
            exporter: "otlp_grpc/second".to_owned(),
            signal: Signal::Metrics,
            unix_ms: 1_764_043_200_000,
            why: Why::Partial,
            reason: "out of order\u{7}".to_owned(),
            items: 12,
            refused: 3,
            payload_bytes: 5,
        }
    }

    fn written(header: &Header, payload: &[u8]) -> Vec<u8> {
        let start = header.encode();
        let end = checksum(&start, &[payload]);
        [&start, payload, &end[..]].concat()
    }

    fn decoded(file: &[u8]) -> (Result<Header, Damage>, Vec<u8>) {
        let mut payload = Vec::new();
        let header = decode(file, file.len() as u64, |piece| payload.extend_from_slice(piece));
        (header.expect("memory can be read"), payload)
    }

    #[test]
    fn a_letter_is_read_back() {
        let file = written(&example(), b"abcde");
        assert_eq!(decoded(&file), (Ok(example()), b"abcde".to_vec()));
    }

    #[test]
    fn the_layout_is_that_of_the_readme() {
        let file = written(&example(), b"abcde");
        assert_eq!(file[..8], *b"SLDL\x01\x01\x01\x00");
        assert_eq!(file[8..16], 1_764_043_200_000_u64.to_le_bytes());
        assert_eq!(
            (file[16], file[24], file[32], file[36], file[40]),
            (12, 3, 16, 13, 5)
        );
        assert_eq!(file[48..64], *b"otlp_grpc/second");
        assert_eq!(file[77..82], *b"abcde");
        assert_eq!(file.len(), 86);
    }

    #[test]
    fn one_wrong_bit_is_seen_wherever_it_is() {
        let file = written(&example(), b"abcde");
        for bit in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(decoded(&damaged).0.is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_letter_that_is_cut_or_longer_is_damaged() {
        let mut file = written(&example(), b"abcde");
        for len in 0..file.len() {
            assert!(decoded(&file[..len]).0.is_err(), "{len}");
        }
        file.push(0);
        let (found, expected) = (87, 86);
        assert_eq!(decoded(&file).0, Err(Damage::Length { found, expected }));
    }

    #[test]
    fn a_length_that_is_a_lie_reserves_nothing() {
        let mut file = written(&example(), b"abcde");
        file[40..48].copy_from_slice(&u64::MAX.to_le_bytes());
        let found = file.len() as u64;
        let expected = u64::MAX;
        assert_eq!(decoded(&file).0, Err(Damage::Length { found, expected }));
        file[36..40].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(decoded(&file).0, Err(Damage::NotALetter));
        // A file with a hole can be that long.
        let huge = Header {
            payload_bytes: 1 << 40,
            ..example()
        }
        .encode();
        let len = Header::file_bytes(&huge, 1 << 40);
        assert_eq!(
            decode(&huge[..], len, |_| {}).expect("memory"),
            Err(Damage::TooLarge)
        );
    }

    #[test]
    fn what_stands_for_nothing_is_no_letter() {
        for (at, number) in [(5, 3), (6, 5)] {
            let mut start = example().encode();
            start[at] = number;
            let end = checksum(&start, &[b"abcde"]);
            let file = [&start, &b"abcde"[..], &end].concat();
            assert_eq!(decoded(&file).0, Err(Damage::NotALetter), "byte {at}");
        }
        let mut newer = written(&example(), b"abcde");
        newer[4] = 2;
        assert_eq!(decoded(&newer).0, Err(Damage::Version(2)));
    }

    #[test]
    fn a_long_reason_is_cut_at_a_character() {
        let long = Header {
            reason: "ü".repeat(2000),
            payload_bytes: 0,
            ..example()
        };
        let (header, _) = decoded(&written(&long, b""));
        let reason = header.expect("intact").reason;
        assert!(
            reason.len() <= MAX_TEXT_BYTES && reason.ends_with("ü…"),
            "{reason}"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_reason_to_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), len in any::<u64>()) {
            let marked = [&MARKER[..], &[1], &bytes].concat();
            for file in [bytes, marked] {
                let _ = decode(&file[..], file.len() as u64, |_| {});
                let _ = decode(&file[..], len, |_| {});
            }
        }
    }
}
