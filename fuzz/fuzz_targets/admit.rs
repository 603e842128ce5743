//! Arbitrary bytes at the door: it agrees with `prost`, but for nesting and invalid UTF-8, and keeps the meaning.
#![no_main]

mod request;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use request::{canonical, signal};
use sidelight_proto::{Fault, admit, count_items};

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    let signal = signal(first);
    match (admit(signal, Bytes::copy_from_slice(bytes)), canonical(signal, bytes)) {
        (Ok(admitted), decoded) => {
            match decoded {
                Ok(expected) => {
                    assert_eq!(admitted.replaced_utf8, 0);
                    assert_eq!(canonical(signal, &admitted.bytes).expect("decodes"), expected);
                }
                Err(refused) => {
                    assert!(admitted.recoded && refused.to_string().contains("UTF-8"), "{refused}");
                    canonical(signal, &admitted.bytes).expect("decodes");
                }
            }
            assert_eq!(admitted.items, count_items(signal, &admitted.bytes));
            let again = admit(signal, admitted.bytes.clone()).expect("admitted again");
            assert!(!again.recoded && again.bytes == admitted.bytes);
        }
        (Err(malformed), Ok(_)) => {
            assert!(matches!(malformed.fault(), Fault::TooDeep | Fault::TooManyParts), "{malformed}");
        }
        (Err(malformed), Err(_)) => {
            assert!(malformed.offset() <= bytes.len());
            assert!(malformed.to_string().len() < 1_000);
        }
    }
});
