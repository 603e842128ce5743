//! Rewriting is decoding, editing and encoding. The second byte says how many bytes of a plan follow, then the request.
#![no_main]

#[path = "../../proto/tests/against_prost/edits.rs"]
mod edits;
mod request;
#[path = "../../proto/tests/against_prost/shown.rs"]
mod shown;

use bytes::Bytes;
use edits::{Action, Plan, expected};
use libfuzzer_sys::fuzz_target;
use request::{canonical, signal};
use shown::through_views;
use sidelight_proto::{
    admit, count_items,
    rewrite::{Rewritten, rewrite},
};

const KEYS: [&str; 6] = ["http.request.method", "url.path", "", "service.name", "new", "list"];

/// Three bits say what, the others with which keys.
fn actions(bytes: &[u8]) -> Vec<Action> {
    let action = |byte: &u8| {
        let key = KEYS[usize::from(byte >> 3) % KEYS.len()].to_owned();
        match byte & 7 {
            0 => Action::Set(key, "value".repeat(usize::from(byte >> 4))),
            1 => Action::Insert(key, i64::from(*byte) << 20),
            2 => Action::Update(key, byte & 8 != 0),
            3 => Action::Copy(key, KEYS[usize::from(byte >> 5) % KEYS.len()].to_owned()),
            4 | 5 => Action::Remove(key),
            6 => Action::RemoveIntegers,
            _ => Action::Measure(key),
        }
    };
    bytes.iter().take(4).map(action).collect()
}

fn plan(bytes: &[u8]) -> Plan {
    let (switches, rest) = bytes.split_at(bytes.len().min(2));
    let switch = |bit: u32| switches.first().is_some_and(|byte| byte >> bit & 1 != 0);
    let mut parts = rest.chunks(rest.len().div_ceil(4).max(1)).map(actions);
    let mut part = || parts.next().unwrap_or_default();
    Plan {
        resource: part(),
        scope: part(),
        item: part(),
        event: part(),
        rename: switch(0).then(|| "renamed".repeat(usize::from(switches.get(1).unwrap_or(&1) % 20))),
        judge: switch(1).then(|| i32::from(*switches.get(1).unwrap_or(&1)) - 100),
        drop: switch(2).then(|| 1 + u64::from(switch(5))),
        drop_event: switch(3),
        drop_resource: switch(4),
    }
}

fuzz_target!(|data: &[u8]| {
    let [first, len, rest @ ..] = data else { return };
    let (plan_bytes, bytes) = rest.split_at(rest.len().min(usize::from(*len % 32)));
    let signal = signal(*first);
    let mut plan = plan(plan_bytes);
    rewrite(signal, bytes, &mut plan);
    let Ok(admitted) = admit(signal, Bytes::copy_from_slice(bytes)) else { return };
    let shown = |bytes: &[u8]| through_views(signal, &canonical(signal, bytes).expect("decodes"));
    let expected = shown(&expected::request(&plan, signal, &admitted.bytes));
    match rewrite(signal, &admitted.bytes, &mut plan) {
        Rewritten::Unchanged => assert_eq!(shown(&admitted.bytes), expected),
        Rewritten::Changed { bytes, dropped } => {
            assert_eq!(shown(&bytes), expected);
            assert!(!admit(signal, bytes.clone()).expect("admitted").recoded);
            assert_eq!(dropped, admitted.items - count_items(signal, &bytes));
        }
    }
});
