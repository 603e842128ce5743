use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use sidelight_proto::{
    Fault, MAX_PARTS, Signal, admit, admit_within, count_items, is_empty, schema::root, wire::Writer,
};

use crate::{
    payloads::{canonical, items, request},
    scramble::{Dice, scramble},
};

/// What the door may say about any bytes, in the light of what `prost` says.
fn agrees_with_prost(signal: Signal, bytes: &[u8]) -> Result<(), TestCaseError> {
    let decoded = canonical(signal, bytes);
    match (admit(signal, Bytes::copy_from_slice(bytes)), decoded) {
        (Ok(admitted), Ok(expected)) => {
            prop_assert_eq!(admitted.replaced_utf8, 0);
            prop_assert_eq!(canonical(signal, &admitted.bytes).expect("decodes"), expected);
            prop_assert_eq!(admitted.items, items(signal, bytes));
            prop_assert_eq!(admitted.items, count_items(signal, &admitted.bytes));
            prop_assert_eq!(admitted.items == 0, is_empty(signal, &admitted.bytes));
            if !admitted.recoded {
                prop_assert_eq!(&admitted.bytes[..], bytes);
            }
            let again = admit(signal, admitted.bytes.clone()).expect("what was admitted is admitted again");
            prop_assert!(!again.recoded, "canonical after one pass");
            prop_assert_eq!(again.bytes, admitted.bytes);
        }
        (Ok(admitted), Err(refused)) => {
            prop_assert!(
                refused.to_string().contains("UTF-8"),
                "admitted, but prost says {}",
                refused
            );
            prop_assert!(admitted.recoded);
            prop_assert!(canonical(signal, &admitted.bytes).is_ok());
        }
        (Err(malformed), Ok(_)) => {
            prop_assert!(
                matches!(malformed.fault(), Fault::TooDeep | Fault::TooManyParts),
                "{}",
                malformed
            );
        }
        (Err(malformed), Err(_)) => prop_assert!(malformed.offset() <= bytes.len()),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn what_prost_writes_is_admitted_as_it_is((signal, bytes) in request()) {
        let admitted = admit(signal, bytes.clone().into()).expect("admitted");
        prop_assert!(!admitted.recoded);
        prop_assert_eq!(admitted.items, items(signal, &bytes));
        prop_assert_eq!(&admitted.bytes[..], &bytes[..]);
    }

    #[test]
    fn legal_but_odd_bytes_mean_the_same_after_the_door((signal, bytes) in request(), seed in any::<u64>()) {
        let odd = scramble(root(signal), &bytes, &mut Dice(seed));
        prop_assert!(canonical(signal, &odd).is_ok());
        agrees_with_prost(signal, &odd)?;
    }

    #[test]
    fn damaged_bytes_are_judged_as_prost_judges_them(
        (signal, mut bytes) in request(),
        seed in any::<u64>(),
        odd in any::<bool>(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        if odd {
            bytes = scramble(root(signal), &bytes, &mut Dice(seed));
        }
        for (at, byte) in damage.into_iter().filter(|_| !bytes.is_empty()).collect::<Vec<_>>() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut.filter(|_| !bytes.is_empty()) {
            bytes.truncate(cut.index(bytes.len()));
        }
        agrees_with_prost(signal, &bytes)?;
    }

    #[test]
    fn arbitrary_bytes_are_judged_as_prost_judges_them(bytes in vec(any::<u8>(), 0..200), tag in any::<bool>()) {
        for signal in Signal::ALL {
            agrees_with_prost(signal, &bytes)?;
            if tag {
                let mut wrapped = Writer::default();
                wrapped.bytes_field(1, &bytes);
                agrees_with_prost(signal, wrapped.as_slice())?;
            }
        }
    }
}

/// Wraps `content` in fields, the innermost number last.
fn wrap(path: &[u32], content: &[u8]) -> Vec<u8> {
    path.iter().rev().fold(content.to_vec(), |content, number| {
        let mut writer = Writer::default();
        writer.bytes_field(*number, &content);
        writer.into_bytes()
    })
}

/// A span's attribute value in `arrays` arrays: seven messages and two more for each array.
fn nested(arrays: usize) -> Vec<u8> {
    let path: Vec<u32> = [1, 2, 2, 9, 2].into_iter().chain([5, 1].repeat(arrays)).collect();
    wrap(&path, &[])
}

#[test]
fn nesting_is_admitted_up_to_the_limit_and_refused_beyond() {
    // Request to AnyValue are 6 messages: 6 + 2 * 29 = 64.
    assert!(admit(Signal::Traces, nested(29).into()).is_ok());
    let refused = admit(Signal::Traces, nested(30).into()).expect_err("too deep");
    assert_eq!(refused.fault(), Fault::TooDeep);
    let text = refused.to_string();
    assert!(
        text.starts_with("resource_spans.scope_spans.spans.attributes.value.array_value.…"),
        "{text}"
    );
    assert!(text.len() < 300, "{text}");
    let deep = admit(Signal::Traces, nested(100_000).into()).expect_err("too deep");
    assert_eq!(deep.fault(), Fault::TooDeep);
}

#[test]
fn deep_nesting_is_refused_on_the_slow_path_too() {
    let mut bytes = wrap(&[1, 3], &[]);
    bytes = [bytes, wrap(&[1], &[0x1a, 0, 0x1a, 0]), nested(40_000)].concat();
    assert_eq!(
        admit(Signal::Traces, bytes.into()).expect_err("too deep").fault(),
        Fault::TooDeep
    );
    let groups = [0xa3, 0x06].repeat(100_000);
    admit(Signal::Traces, groups.into()).expect_err("groups without end");
}

#[test]
fn a_refusal_names_the_message_and_the_byte() {
    let inside = wrap(&[1, 2, 2], &[0x0a, 2, 1, 2, 0x4a, 0x84, 0x07, 1]);
    let expected = format!(
        "resource_spans.scope_spans.spans: length 900 runs past the end at byte {}",
        inside.len() - 4
    );
    assert_eq!(
        admit(Signal::Traces, inside.into())
            .expect_err("malformed")
            .to_string(),
        expected
    );

    let wrong_type = wrap(&[1, 2, 2], &[0x08, 1]);
    let text = admit(Signal::Traces, wrong_type.into())
        .expect_err("malformed")
        .to_string();
    assert_eq!(
        text,
        "resource_spans.scope_spans.spans: field trace_id cannot be of wire type 0 at byte 6"
    );

    let overlong = [vec![0x10], vec![0xff; 10]].concat();
    let text = admit(Signal::Logs, overlong.into())
        .expect_err("malformed")
        .to_string();
    assert_eq!(text, "varint longer than 64 bits at byte 0");
}

#[test]
fn invalid_utf8_is_replaced_and_counted_and_refuses_nothing() {
    let good = wrap(&[1, 2, 2, 5], b"fine");
    let bad = wrap(&[1, 2, 2, 5], b"a\xffb");
    let bad_attribute = wrap(&[1, 2, 2, 9], &[0x0a, 1, 0xc3, 0x12, 3, 0x0a, 1, 0x80]);
    let request = [good, bad, bad_attribute].concat();
    let admitted = admit(Signal::Traces, request.into()).expect("admitted");
    assert_eq!(
        (admitted.items, admitted.recoded, admitted.replaced_utf8),
        (3, true, 3)
    );
    let text = String::from_utf8(admitted.bytes.to_vec()).expect("all of it is text here");
    assert!(text.contains("a\u{fffd}b") && text.contains("fine"));
}

#[test]
fn bytes_fields_may_hold_any_bytes() {
    let value = wrap(&[1, 2, 2, 9, 2, 7], b"\xff\xfe");
    let admitted = admit(Signal::Traces, value.into()).expect("admitted");
    assert_eq!((admitted.recoded, admitted.replaced_utf8), (false, 0));
}

#[test]
fn millions_of_empty_messages_are_admitted_without_memory_of_their_own() {
    let spans = [0x12, 0].repeat(1 << 20);
    let admitted = admit(Signal::Traces, wrap(&[1, 2], &spans).into()).expect("admitted");
    assert_eq!((admitted.items, admitted.recoded), (1 << 20, false));
    // The same on the slow path: the scope comes in two parts.
    let spans = [spans, vec![0x0a, 0, 0x0a, 0]].concat();
    let admitted = admit(Signal::Traces, wrap(&[1, 2], &spans).into()).expect("admitted");
    assert_eq!((admitted.items, admitted.recoded), (1 << 20, true));
}

#[test]
fn a_scope_in_many_parts_becomes_one_and_in_too_many_is_refused() {
    let scopes = |parts| wrap(&[1, 2], &[0x0a, 3, 0x0a, 1, b'x'].repeat(parts));
    let admitted = admit(Signal::Traces, scopes(MAX_PARTS).into()).expect("admitted");
    assert!(admitted.recoded);
    assert_eq!(&admitted.bytes[..], wrap(&[1, 2, 1, 1], b"x"));
    let refused = admit(Signal::Traces, scopes(MAX_PARTS + 1).into()).expect_err("too many");
    assert_eq!(refused.fault(), Fault::TooManyParts);
    // Empty parts are none.
    let empty = wrap(&[1, 2], &[0x0a, 0].repeat(1 << 20));
    assert_eq!(
        &admit(Signal::Traces, empty.into()).expect("admitted").bytes[..],
        wrap(&[1, 2, 1], b"")
    );
}

#[test]
fn replaced_text_stays_within_the_limit() {
    let request = wrap(&[1, 2, 2, 5], &[0xff; 1000]);
    let admitted = admit_within(Signal::Traces, request.clone().into(), 4000).expect("admitted");
    assert_eq!((admitted.replaced_utf8, admitted.bytes.len() > 3000), (1, true));
    let refused = admit_within(Signal::Traces, request.into(), 2999).expect_err("too large");
    assert_eq!(refused.fault(), Fault::TooLarge(2999));
}

#[test]
fn an_unknown_field_that_shares_a_byte_with_the_flags_is_canonical() {
    let (flags, unknown) = ([0x85, 0x01, 1, 0, 0, 0], [0x85, 0x02, 1, 0, 0, 0]);
    for (span, recoded) in [
        ([flags, unknown].concat(), false),
        ([unknown, flags].concat(), false),
        ([unknown, flags, unknown].concat(), false),
        ([flags, unknown, flags].concat(), true),
    ] {
        let admitted = admit(Signal::Traces, wrap(&[1, 2, 2], &span).into()).expect("admitted");
        assert_eq!(admitted.recoded, recoded, "{span:x?}");
    }
}

#[test]
fn an_attribute_of_plain_text_counts_its_levels_like_any_other() {
    let attribute = [0x0a, 1, b'k', 0x12, 3, 0x0a, 1, b'v'];
    for lists in 0..30 {
        for arrays in 0..3 {
            // An attribute of a list in lists in arrays. Request to the span's AnyValue are 6 messages; an array adds
            // two, a list three.
            let mut path = vec![1, 2, 2, 9, 2];
            path.extend([5, 1].repeat(arrays));
            path.extend([6, 1, 2].repeat(lists));
            path.extend([6, 1]);
            let messages = 6 + 2 * arrays + 3 * lists + 3;
            let admitted = admit(Signal::Traces, wrap(&path, &attribute).into());
            assert_eq!(admitted.is_ok(), messages <= 64, "{messages} messages");
        }
    }
}

#[test]
fn the_member_of_a_oneof_that_came_last_counts() {
    // An array of one, a text, an array of two: the text ends the first array, the last one starts anew.
    let value = [
        wrap(&[5, 1], &[]),
        wrap(&[1], b"text"),
        wrap(&[5, 1], &[]),
        wrap(&[5, 1], &[]),
    ]
    .concat();
    let request = wrap(&[1, 2, 2, 9, 2], &value);
    let expected = canonical(Signal::Traces, &request).expect("decodes");
    let admitted = admit(Signal::Traces, request.into()).expect("admitted");
    assert_eq!(&admitted.bytes[..], expected);
    let malformed_loser = [wrap(&[5], &[0x0a, 9]), wrap(&[1], b"text")].concat();
    admit(Signal::Traces, wrap(&[1, 2, 2, 9, 2], &malformed_loser).into())
        .expect_err("the loser is malformed");
}
