//! Whatever lies in a file with the name of a letter: it is listed, it is read or told to be damaged, a letter beside it is kept, and what is
//! intact is what was written.
//!
//! The first byte of the input says whether the checksum behind it is made right, so that what it protects is reached too.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sidelight_dead_letters::{DeadLetters, Letter, Why, amend, list, read, remove};
use sidelight_proto::Signal;

/// In memory where the system has such a place.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let shared = PathBuf::from("/dev/shm");
    let base = if shared.is_dir() { shared } else { std::env::temp_dir() };
    let folder = base.join(format!("dead_letters.{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("made");
    folder
});

fuzz_target!(|data: &[u8]| {
    let Some((first, content)) = data.split_first() else { return };
    let mut file = content.to_vec();
    if first % 2 == 0 {
        let mut marked = b"SLDL\x01".to_vec();
        marked.extend_from_slice(content);
        let crc = crc32c::crc32c(&marked);
        marked.extend_from_slice(&crc.to_le_bytes());
        file = marked;
    }
    let path = FOLDER.join("0000000000007-00000000.letter");
    std::fs::write(&path, &file).expect("written");
    let mut letters = DeadLetters::open(&FOLDER, "file", 1 << 30, false).expect("opened");
    let letter = Letter {
        signal: Signal::Logs,
        why: Why::Encode,
        reason: "",
        items: 1,
        refused: 1,
        payload: &[content],
        now_ms: 8,
    };
    assert!(letters.put(letter).expect("put").kept);
    let listed = list(&FOLDER).expect("listed");
    assert_eq!(listed.len(), 2);
    assert_eq!(read(&listed[1].path).expect("intact").payload, content);
    let opened = read(&path);
    assert_eq!(opened.is_ok(), listed[0].header.is_ok());
    if let Ok(opened) = &opened {
        assert!(file.windows(opened.payload.len().max(1)).any(|window| window == opened.payload || opened.payload.is_empty()));
        amend(&path, Why::Partial, 3, "four").expect("amended");
        let amended = read(&path).expect("intact");
        assert_eq!((amended.header.refused, amended.header.items), (3, opened.header.items));
        assert_eq!(amended.payload, opened.payload);
    } else {
        assert!(amend(&path, Why::Partial, 3, "four").is_err());
        assert_eq!(std::fs::read(&path).expect("read"), file, "what is damaged is left alone");
    }
    listed.iter().for_each(|listed| remove(&listed.path).expect("removed"));
});
