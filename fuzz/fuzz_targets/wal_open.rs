//! Whatever lies in the folder of a log: it opens, reads to the end, ends what was read, flushes and opens again with the same
//! account; and what the log holds in memory is no more than what lies there. An inspection of the same files tells beforehand what will
//! be read and what is lost.
//!
//! The input is a list of pieces, each led by a byte: its lower bits say what it is (bytes as they are, a frame with right checksums, the next
//! file), so that what a checksum protects is reached too.
#![no_main]

mod memory_fs;

use libfuzzer_sys::fuzz_target;
use memory_fs::MemoryFs;
use sidelight_wal::inspect::inspect_in;
use sidelight_wal::{End, Log, NewRecord, Options, Outcome, ReadLimit, Sync};

/// More pieces than this only make it slow.
const MAX_PIECES: usize = 64;

fuzz_target!(|data: &[u8]| {
    let fs = MemoryFs::default();
    let written = write_files(&fs, data);
    let options = |sync| Options {
        directory: "/log".into(),
        sync,
        segment_bytes: 512,
        target_bytes: 2048,
        reserve_bytes: 64,
    };
    let sync = if data.len() % 2 == 0 { Sync::Write } else { Sync::Fsync };
    let inspected = inspect_in(fs.clone(), "/log".as_ref());
    // Only a newer version is refused.
    let Ok(mut log) = Log::open(fs.clone(), options(sync), 0) else {
        assert!(inspected.is_err(), "what cannot be opened was inspected");
        return;
    };
    balances(&log);
    let inspected = inspected.expect("what can be opened can be inspected");
    let opened = log.status();
    assert_eq!((inspected.base, inspected.next, &inspected.totals), (opened.base, opened.next, &opened.totals));
    assert_eq!(inspected.live.items + inspected.lost_items, opened.live.items, "{:?}", inspected.segments);
    let records = inspected.records().map(|record| record.expect("nothing fails"));
    let can_be_read: Vec<_> = records.flat_map(|record| record.live).collect();
    let record = NewRecord { payload: &[b"new"], items: 2 };
    let appended = log.append(&[record], false, 1).is_ok();
    let mut ended = Vec::new();
    let mut seen = 0;
    let mut appended_was_read = false;
    while log.has_unread() {
        let block = log.read(ReadLimit { bytes: 300, records: 3 }).expect("nothing fails");
        assert!(block.buffer.len() as u64 <= 300 + written + 64, "a buffer larger than the files");
        for read in &block.records {
            assert!(read.first >= seen, "not in order");
            seen = read.first + u64::from(read.items);
            appended_was_read |= block.buffer[read.payload.clone()] == *b"new";
            for items in &read.live {
                ended.push(End { items: items.clone(), outcome: Outcome::Delivered, bytes: 1, records: 0 });
            }
        }
        balances(&log);
    }
    assert!(appended_was_read || !appended, "what was appended was not read");
    let read = ended.iter().take(ended.len() - usize::from(appended)).map(|end| end.items.clone());
    assert!(read.eq(can_be_read), "an inspection has seen something else");
    // Half of it, a flush in between, then all of it.
    let (early, late) = ended.split_at(ended.len() / 2);
    for ends in [early, late, &ended] {
        log.end(ends, 2);
        if let Some(flush) = log.begin_flush() {
            log.end_flush(flush.run(), 3);
        }
        balances(&log);
    }
    let before = log.status();
    assert_eq!(before.live.items, 0, "everything was read and ended: {before:?}");
    assert!(before.segments <= 2 || !appended, "files stay: {before:?}");
    let after = Log::open(fs, options(sync), 4).map(|log| log.status()).expect("it was open before");
    if appended {
        assert_eq!((after.next, after.live, after.totals), (before.next, before.live, before.totals));
    }
});

fn balances(log: &Log<MemoryFs>) {
    let status = log.status();
    assert_eq!(status.next - status.base, status.totals.sum() + status.live.items, "{status:?}");
}

/// Returns the bytes that were written.
fn write_files(fs: &MemoryFs, data: &[u8]) -> u64 {
    let mut input = Input(data);
    let (mut number, mut file, mut written) = (input.number(), Vec::new(), 0);
    for _ in 0..MAX_PIECES {
        if input.0.is_empty() {
            break;
        }
        match input.byte() % 8 {
            0 => {
                written += file.len() as u64;
                fs.write(&name(number), std::mem::take(&mut file));
                number = number.saturating_add(1 + u64::from(input.byte() % 3));
            }
            1 | 2 => {
                let len = usize::from(input.byte());
                file.extend_from_slice(input.take(len));
            }
            _ => frame(&mut input, &mut file),
        }
    }
    written += file.len() as u64;
    fs.write(&name(number), file);
    written
}

const SALT: u32 = 0x0102_0304;

fn name(number: u64) -> String {
    format!("/log/{number:016x}-{SALT:08x}.wal")
}

/// The layout of RFC 4.
fn frame(input: &mut Input<'_>, file: &mut Vec<u8>) {
    let kind = input.byte() % 4;
    let (items, first) = (input.byte() % 9, input.number());
    let mut payload = Vec::new();
    match kind {
        1 => {
            for _ in 0..5 {
                payload.extend_from_slice(&input.number().to_le_bytes());
            }
            payload.extend_from_slice(&2_u32.to_le_bytes());
            for _ in 0..2 {
                payload.extend_from_slice(&input.number().to_le_bytes());
            }
            let ranges = input.byte() % 4;
            payload.extend_from_slice(&u32::from(ranges).to_le_bytes());
            for _ in 0..2 * ranges {
                payload.extend_from_slice(&input.number().to_le_bytes());
            }
        }
        3 => {
            for _ in 0..input.byte() % 4 {
                payload.push(input.byte() % 14);
                for _ in 0..4 {
                    payload.extend_from_slice(&input.number().to_le_bytes());
                }
            }
        }
        _ => {
            let len = usize::from(input.byte());
            payload.extend_from_slice(input.take(len));
        }
    }
    let mut header = b"SLW1".to_vec();
    header.extend_from_slice(&[kind, 1, 0, 0]);
    header.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    header.extend_from_slice(&u32::from(if kind == 2 { items } else { 0 }).to_le_bytes());
    header.extend_from_slice(&first.to_le_bytes());
    header.extend_from_slice(&[0; 8]);
    header.extend_from_slice(&SALT.to_le_bytes());
    header.extend_from_slice(&crc32c::crc32c(&payload).to_le_bytes());
    header.extend_from_slice(&crc32c::crc32c(&header).to_le_bytes());
    file.extend_from_slice(&header);
    file.extend_from_slice(&payload);
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    /// Small ones mostly, and some at the end of the numbers.
    fn number(&mut self) -> u64 {
        match self.byte() {
            small @ 0..=200 => u64::from(small),
            large @ 201..=220 => u64::MAX - u64::from(220 - large),
            middle => u64::from(middle) << (self.byte() % 56),
        }
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }
}
