//! Entries as bytes: a checksum (CRC-32C of what follows), a kind, and fields of fixed size, little-endian.

use std::collections::BTreeMap;

use super::super::identity::{FileKey, Mark};

/// What the file begins with: name and version.
const MAGIC: &[u8; 8] = b"SLFLOG\x001";

const ENTRY: u8 = 1;
const FORGOTTEN: u8 = 2;
const DEPARTED: u8 = 3;

/// Checksum and kind.
const HEAD_BYTES: usize = 5;
const ENTRY_BYTES: usize = 8 * 6 + 2 * 20;
const FORGOTTEN_BYTES: usize = 8;

/// How far one file was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Entry {
    /// Its number, never used again.
    pub(in super::super) id: u64,
    pub(in super::super) key: FileKey,
    /// Everything before it was delivered. In the unpacked content, where it is packed.
    pub(in super::super) offset: u64,
    /// Records before it.
    pub(in super::super) records: u64,
    /// The size of a packed file that was read to its end; else 0.
    pub(in super::super) sealed: u64,
    /// The first bytes.
    pub(in super::super) head: Mark,
    /// The bytes before `offset`.
    pub(in super::super) place: Mark,
    /// It is known by its content alone; device and inode may be another file's by now.
    pub(in super::super) is_departed: bool,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) entries: BTreeMap<u64, Entry>,
    /// There is something in it that is no entry, and not only a torn one at the end.
    pub(super) is_damaged: bool,
}

pub(super) fn header() -> Vec<u8> {
    MAGIC.to_vec()
}

pub(super) fn put_entry(into: &mut Vec<u8>, entry: &Entry) {
    let kind = if entry.is_departed { DEPARTED } else { ENTRY };
    put(into, kind, |into| {
        let Entry {
            id,
            key,
            offset,
            records,
            sealed,
            head,
            place,
            is_departed: _,
        } = entry;
        for number in [id, &key.dev, &key.ino, offset, records, sealed] {
            into.extend_from_slice(&number.to_le_bytes());
        }
        for mark in [head, place] {
            into.extend_from_slice(&mark.len.to_le_bytes());
            into.extend_from_slice(&mark.digest);
        }
    });
}

pub(super) fn put_forgotten(into: &mut Vec<u8>, id: u64) {
    put(into, FORGOTTEN, |into| into.extend_from_slice(&id.to_le_bytes()));
}

fn put(into: &mut Vec<u8>, kind: u8, fields: impl FnOnce(&mut Vec<u8>)) {
    let begin = into.len();
    into.extend_from_slice(&[0; 4]);
    into.push(kind);
    fields(into);
    let checksum = crc32c::crc32c(&into[begin + 4..]);
    into[begin..begin + 4].copy_from_slice(&checksum.to_le_bytes());
}

/// Reads up to the first byte that is no entry.
pub(super) fn load(bytes: &[u8]) -> Loaded {
    let mut loaded = Loaded::default();
    let Some(mut rest) = bytes.strip_prefix(MAGIC) else {
        loaded.is_damaged = true;
        return loaded;
    };
    while let Some((kind, fields, behind)) = next(rest) {
        let mut fields = Fields(fields);
        match kind {
            ENTRY | DEPARTED => {
                let entry = fields.entry(kind == DEPARTED);
                loaded.entries.insert(entry.id, entry);
            }
            _ => {
                loaded.entries.remove(&fields.number());
            }
        }
        rest = behind;
    }
    // A write that was cut off leaves less than an entry.
    loaded.is_damaged = rest.len() >= HEAD_BYTES + ENTRY_BYTES;
    loaded
}

/// Kind and fields of the first entry, and what is behind it.
fn next(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (checksum, rest) = bytes.split_first_chunk::<4>()?;
    let kind = *rest.first()?;
    let len = match kind {
        ENTRY | DEPARTED => ENTRY_BYTES,
        FORGOTTEN => FORGOTTEN_BYTES,
        _ => return None,
    };
    let (entry, behind) = rest.split_at_checked(1 + len)?;
    (crc32c::crc32c(entry).to_le_bytes() == *checksum).then_some((kind, &entry[1..], behind))
}

/// Fields one after another. Their number is known to fit.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((field, rest)) => {
                self.0 = rest;
                *field
            }
            None => [0; N],
        }
    }

    fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    fn mark(&mut self) -> Mark {
        Mark {
            len: u32::from_le_bytes(self.take()),
            digest: self.take(),
        }
    }

    fn entry(&mut self, is_departed: bool) -> Entry {
        Entry {
            id: self.number(),
            key: FileKey {
                dev: self.number(),
                ino: self.number(),
            },
            offset: self.number(),
            records: self.number(),
            sealed: self.number(),
            head: self.mark(),
            place: self.mark(),
            is_departed,
        }
    }
}
