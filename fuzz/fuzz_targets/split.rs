//! No item is lost, doubled or moved by splitting. Second byte: items of the first part; third: the bytes of a part.
#![no_main]

#[path = "../../proto/tests/against_prost/cuts.rs"]
mod cuts;
mod request;

use bytes::Bytes;
use cuts::one_by_one;
use libfuzzer_sys::fuzz_target;
use request::signal;
use sidelight_proto::{admit, count_items, split, split_by_bytes};

/// More items take too long to cut one by one.
const MAX_ITEMS: usize = 48;

fuzz_target!(|data: &[u8]| {
    let [first, at, max, bytes @ ..] = data else { return };
    let signal = signal(*first);
    let raw = Bytes::copy_from_slice(bytes);
    split(signal, &raw, usize::from(*at));
    split_by_bytes(signal, &raw, usize::from(*max) * 8 + 1);
    let Ok(admitted) = admit(signal, raw) else { return };
    if admitted.items > MAX_ITEMS {
        return;
    }
    let whole = one_by_one(signal, &admitted.bytes);
    let (head, tail) = split(signal, &admitted.bytes, usize::from(*at));
    assert_eq!(count_items(signal, &head), usize::from(*at).min(admitted.items));
    for part in [&head, &tail] {
        assert!(!admit(signal, part.clone()).expect("admitted").recoded);
    }
    assert!([one_by_one(signal, &head), one_by_one(signal, &tail)].concat() == whole);
    let parts = split_by_bytes(signal, &admitted.bytes, usize::from(*max) * 8 + 1);
    assert!(parts.iter().map(Bytes::len).sum::<usize>() <= 4 * admitted.bytes.len());
    assert!(parts.iter().flat_map(|part| one_by_one(signal, part)).collect::<Vec<_>>() == whole);
});
