//! Views show what `prost` decodes of admitted bytes, and never panic on others.
#![no_main]

mod request;
#[path = "../../proto/tests/against_prost/shown.rs"]
mod shown;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use request::signal;
use shown::{normal, through_views};
use sidelight_proto::admit;

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    let signal = signal(first);
    through_views(signal, bytes);
    if let Ok(admitted) = admit(signal, Bytes::copy_from_slice(bytes)) {
        assert_eq!(through_views(signal, &admitted.bytes), normal::request(signal, &admitted.bytes));
    }
});
