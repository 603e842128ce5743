//! Requests of every shape that the schema allows, in both directions.

use proptest::prelude::*;

use super::spelling::{Random, Spelling};
use super::*;
use crate::schema::root;

fn signal() -> impl Strategy<Value = Signal> {
    prop::sample::select(Signal::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_spelling_of_a_request_is_read_as_what_it_means(signal in signal(), seed: u64) {
        let (protobuf, json) = Spelling::of(root(signal), Random::new(seed));
        let read = read(signal, json.as_bytes()).map_err(|error| TestCaseError::fail(format!("{error}\n{json}")))?;
        prop_assert_eq!(decoded(signal, &read), decoded(signal, &protobuf), "{}", json);
    }

    #[test]
    fn what_is_written_is_read_as_the_same_request(signal in signal(), seed: u64) {
        let (protobuf, _) = Spelling::of(root(signal), Random::new(seed));
        let admitted = admit(signal, Bytes::from(protobuf.clone())).unwrap();
        let json = write(signal, &admitted.bytes);
        let tree: serde_json::Value = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(keys_of(&tree), json.matches("\":").count(), "a key repeats: {}", json);
        let read = read(signal, json.as_bytes()).unwrap();
        prop_assert_eq!(decoded(signal, &read), decoded(signal, &protobuf), "{}", json);
    }

    #[test]
    fn what_is_read_is_written_and_read_the_same(signal in signal(), seed: u64) {
        let (_, json) = Spelling::of(root(signal), Random::new(seed));
        let first = read(signal, json.as_bytes()).unwrap();
        let second = read(signal, write(signal, &first).as_bytes()).unwrap();
        prop_assert_eq!(first, second);
    }

    #[test]
    fn arbitrary_bytes_are_refused_or_read_but_never_break(signal in signal(), bytes: Vec<u8>, seed: u64) {
        let _ = read(signal, &bytes);
        let (_, json) = Spelling::of(root(signal), Random::new(seed));
        let mut damaged = json.into_bytes();
        let mut random = Random::new(seed);
        for &byte in bytes.iter().take(5) {
            let at = random.below(damaged.len());
            damaged[at] = byte;
        }
        let _ = read(signal, &damaged);
    }

    #[test]
    fn bytes_that_were_not_admitted_still_give_matching_brackets(signal in signal(), bytes: Vec<u8>, seed: u64) {
        let (mut protobuf, _) = Spelling::of(root(signal), Random::new(seed));
        let mut random = Random::new(seed);
        for &byte in bytes.iter().take(5) {
            let at = random.below(protobuf.len() + 1);
            protobuf.insert(at, byte);
        }
        let mut json = Vec::new();
        from_protobuf(signal, &protobuf, &mut json);
        let text = String::from_utf8_lossy(&json);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
    }
}

#[test]
fn the_deepest_request_that_the_door_admits_is_read_back() {
    // Arrays and maps of values inside one another; each way of nesting costs a different number of levels.
    for nest in [&[5u32, 1][..], &[6, 1, 2]] {
        let mut deepest = None;
        for levels in 0..64 {
            let mut protobuf = Vec::new();
            let path = [1, 2, 2, 11, 3, 2].iter().chain(nest.iter().cycle().take(levels));
            for &number in path.collect::<Vec<_>>().into_iter().rev() {
                let mut outer = crate::wire::Writer::default();
                outer.bytes_field(number, &protobuf);
                protobuf = outer.into_bytes();
            }
            if admit(Signal::Traces, Bytes::from(protobuf.clone())).is_ok() {
                deepest = Some((levels, protobuf));
            }
        }
        let (levels, protobuf) = deepest.unwrap();
        assert_eq!(
            levels, 57,
            "six messages enclose the value, the request is one more"
        );
        assert_eq!(
            read(Signal::Traces, write(Signal::Traces, &protobuf).as_bytes()),
            Ok(protobuf)
        );
    }
}

/// Keys of a tree, in which keys cannot repeat.
fn keys_of(tree: &serde_json::Value) -> usize {
    match tree {
        serde_json::Value::Object(members) => members.len() + members.values().map(keys_of).sum::<usize>(),
        serde_json::Value::Array(elements) => elements.iter().map(keys_of).sum(),
        _ => 0,
    }
}
