use std::io::IoSlice;
use std::sync::Mutex;

use proptest::prelude::*;

use super::*;
use crate::format::Kind;

const SALT: u32 = 7;

/// A file in memory of which some pages cannot be read.
#[derive(Default)]
struct Memory {
    bytes: Vec<u8>,
    bad_pages: Vec<u64>,
    largest_read: Mutex<usize>,
}

impl FsFile for Memory {
    fn write_at(&self, _offset: u64, _bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut largest = self.largest_read.lock().unwrap();
        *largest = into.len().max(*largest);
        let end = self
            .bad_pages
            .iter()
            .map(|page| page * PAGE)
            .filter(|&bad| bad + PAGE > offset)
            .min();
        let readable = end.map_or(self.bytes.len(), |end| end.min(self.bytes.len() as u64) as usize);
        if end.is_some_and(|end| end <= offset) {
            return Err(io::Error::from_raw_os_error(5));
        }
        let from = (offset as usize).min(readable);
        let read = into.len().min(readable - from);
        into[..read].copy_from_slice(&self.bytes[from..from + read]);
        Ok(read)
    }

    fn set_len(&self, _len: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn allocate(&self, _len: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn frame(first: u64, payload: &[u8]) -> Vec<u8> {
    let payload_crc = crc32c(payload);
    let header = Header {
        kind: Kind::Data,
        payload_len: payload.len() as u32,
        items: 1,
        first,
        written_ms: 0,
        payload_crc,
    };
    [&header.encode(SALT), payload].concat()
}

/// The ordinals of the frames with a good payload, and the damaged bytes.
fn walk(memory: &Memory, block_bytes: usize) -> (Vec<u64>, u64) {
    let mut scan = Scan::new(memory, SALT, 0..memory.bytes.len() as u64, block_bytes);
    let (mut good, mut damaged) = (Vec::new(), 0);
    loop {
        let step = scan.step(Window::Move);
        match step.and_then(|step| match step {
            Step::Frame(frame) => match scan.payload(&frame, Window::Move) {
                Ok(Payload::Good(_)) => Ok(Ok(frame.header.first)),
                Ok(_) => Ok(Err(frame.offset..frame.end().min(scan.end))),
                Err(error) => {
                    scan.back_to(&frame);
                    Err(error)
                }
            },
            Step::Damaged(range) => Ok(Err(range)),
            Step::OutOfWindow => panic!("it may move"),
            Step::End => Ok(Err(0..0)),
        }) {
            Ok(Ok(first)) => good.push(first),
            Ok(Err(range)) if range.is_empty() => return (good, damaged),
            Ok(Err(range)) => damaged += range.end - range.start,
            Err(_) => {
                let range = scan.skip_unreadable();
                damaged += range.end - range.start;
            }
        }
    }
}

fn three() -> Vec<u8> {
    [frame(0, b"abc"), frame(1, &[1; 300]), frame(2, b"")].concat()
}

#[test]
fn any_damaged_byte_costs_the_frame_it_lies_in_and_no_other() {
    let whole = three();
    let borders = [0..47_usize, 47..391, 391..435];
    assert_eq!(whole.len(), 435);
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        let hit = borders.iter().position(|border| border.contains(&at)).unwrap();
        let left: Vec<u64> = (0..3).filter(|&first| first != hit as u64).collect();
        let (good, damaged) = walk(
            &Memory {
                bytes,
                ..Memory::default()
            },
            64,
        );
        assert_eq!((good, damaged), (left, borders[hit].len() as u64), "byte {at}");
    }
}

#[test]
fn a_file_that_is_cut_anywhere_keeps_the_frames_before_the_cut() {
    let whole = three();
    for len in 0..=whole.len() {
        let bytes = whole[..len].to_vec();
        let (good, damaged) = walk(
            &Memory {
                bytes,
                ..Memory::default()
            },
            64,
        );
        let (kept, intact_bytes) = match len {
            0..47 => (0, 0),
            47..391 => (1, 47),
            391..435 => (2, 391),
            _ => (3, 435),
        };
        assert_eq!(
            (good.len(), damaged),
            (kept, (len - intact_bytes) as u64),
            "cut at {len}"
        );
    }
}

#[test]
fn a_bad_sector_costs_what_lies_in_it() {
    let bytes: Vec<u8> = (0..40).flat_map(|first| frame(first, &[3; 1000])).collect();
    let memory = Memory {
        bytes,
        bad_pages: vec![2, 3, 5],
        ..Memory::default()
    };
    let (good, _) = walk(&memory, BLOCK_BYTES);
    let bad = |first: &u64| {
        let (from, to) = (first * 1044, (first + 1) * 1044);
        [2, 3, 5]
            .iter()
            .any(|page| from < (page + 1) * PAGE && to > page * PAGE)
    };
    assert_eq!(good, (0..40).filter(|first| !bad(first)).collect::<Vec<_>>());
}

#[test]
fn a_length_that_lies_reads_no_more_than_the_file_has() {
    let header = Header {
        kind: Kind::Data,
        payload_len: u32::MAX,
        items: 1,
        first: 0,
        written_ms: 0,
        payload_crc: 0,
    };
    let bytes = [header.encode(SALT).to_vec(), frame(1, b"behind")].concat();
    let memory = Memory {
        bytes,
        ..Memory::default()
    };
    assert_eq!(walk(&memory, BLOCK_BYTES), (vec![], memory.bytes.len() as u64));
    assert!(*memory.largest_read.lock().unwrap() <= memory.bytes.len());
}

#[test]
fn a_window_that_is_kept_shows_what_lies_wholly_in_it() {
    let memory = Memory {
        bytes: three(),
        ..Memory::default()
    };
    let mut scan = Scan::new(&memory, SALT, 0..435, 100);
    let Step::Frame(first) = scan.step(Window::Move).unwrap() else {
        panic!("a frame")
    };
    assert_eq!(scan.payload(&first, Window::Keep).unwrap(), Payload::Good(44..47));
    let Step::Frame(second) = scan.step(Window::Keep).unwrap() else {
        panic!("a frame")
    };
    assert_eq!(scan.payload(&second, Window::Keep).unwrap(), Payload::OutOfWindow);
    scan.back_to(&second);
    assert_eq!(scan.bytes(&(44..47)), b"abc", "nothing moved");
    assert_eq!(scan.step(Window::Move).unwrap(), Step::Frame(second));
    assert_eq!(
        scan.payload(&second, Window::Move).unwrap(),
        Payload::Good(44..344)
    );
    assert_eq!(scan.step(Window::Keep).unwrap(), Step::OutOfWindow);
}

proptest! {
    #[test]
    fn garbage_between_frames_is_passed_byte_by_byte(
        pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(prop_oneof![Just(b'S'), Just(b'L'), Just(b'W'), Just(b'1'), any::<u8>()], 0..200)), 0..12),
        block_bytes in 44_usize..300,
    ) {
        let (mut bytes, mut garbage, mut frames) = (Vec::new(), 0, 0_u64);
        for (is_frame, content) in &pieces {
            if *is_frame {
                bytes.extend(frame(frames, content));
                frames += 1;
            } else {
                bytes.extend(content);
                garbage += content.len() as u64;
            }
        }
        let (good, damaged) = walk(&Memory { bytes, ..Memory::default() }, block_bytes);
        prop_assert_eq!(good, (0..frames).collect::<Vec<_>>());
        prop_assert_eq!(damaged, garbage);
    }
}
