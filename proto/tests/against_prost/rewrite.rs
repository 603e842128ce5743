//! rewrite = decode, edit, encode.

use proptest::{collection::vec, prelude::*};
use sidelight_proto::{
    Signal, admit, count_items,
    rewrite::{AttributeEdits, Context, Interest, Keep, Rewriter, Rewritten, SpanEdits, rewrite},
    schema::root,
    views::{ResourceView, SpanView},
};

use crate::{
    edits::{Action, Plan, expected},
    payloads::{canonical, items, request, text},
    scramble::{Dice, scramble},
};

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let key = || prop_oneof![4 => "[a-e]{1,2}", 1 => text()];
    let action = prop_oneof![
        (key(), text()).prop_map(|(key, value)| Action::Set(key, value)),
        (key(), any::<i64>()).prop_map(|(key, value)| Action::Insert(key, value)),
        (key(), any::<bool>()).prop_map(|(key, value)| Action::Update(key, value)),
        (key(), key()).prop_map(|(key, source)| Action::Copy(key, source)),
        key().prop_map(Action::Remove),
        Just(Action::RemoveIntegers),
        key().prop_map(Action::Measure),
    ];
    vec(action, 0..5)
}

fn plan() -> impl Strategy<Value = Plan> {
    use proptest::option::{of, weighted};
    (
        (actions(), actions(), actions(), actions()),
        (
            of(text()),
            of(-1..3i32),
            weighted(0.4, 1..3u64),
            any::<bool>(),
            prop::bool::weighted(0.1),
        ),
    )
        .prop_map(
            |((resource, scope, item, event), (rename, judge, drop, drop_event, drop_resource))| Plan {
                resource,
                scope,
                item,
                event,
                rename,
                judge,
                drop,
                drop_event,
                drop_resource,
            },
        )
}

/// A value that is written anew loses the string index of its key and unknown fields, and an absent one becomes empty:
/// compared is what views show.
fn shown(signal: Signal, bytes: &[u8]) -> Vec<u8> {
    crate::shown::through_views(signal, &canonical(signal, bytes).expect("decodes"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn rewriting_is_decoding_editing_and_encoding((signal, bytes) in request(), plan in plan(), seed in any::<u64>()) {
        // Any order of fields.
        let odd = scramble(root(signal), &bytes, &mut Dice(seed));
        let input = admit(signal, odd.into()).expect("admitted").bytes;
        let expected = expected::request(&plan, signal, &input);
        match rewrite(signal, &input, &mut plan.clone()) {
            Rewritten::Unchanged => prop_assert_eq!(shown(signal, &input), shown(signal, &expected)),
            Rewritten::Changed { bytes, dropped } => {
                prop_assert_eq!(shown(signal, &bytes), shown(signal, &expected));
                prop_assert!(!admit(signal, bytes.clone()).expect("admitted").recoded);
                prop_assert_eq!(dropped, items(signal, &input) - count_items(signal, &bytes));
            }
        }
    }

    #[test]
    fn rewriting_bytes_that_were_not_admitted_does_not_panic(
        (signal, mut bytes) in request(),
        plan in plan(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        for (at, byte) in damage.into_iter().filter(|_| !bytes.is_empty()).collect::<Vec<_>>() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        rewrite(signal, &bytes, &mut plan.clone());
    }

    #[test]
    fn a_rewriter_that_changes_nothing_copies_nothing((signal, bytes) in request()) {
        struct Reader;
        impl Rewriter for Reader {
            fn span(&mut self, _at: Context<'_>, _span: SpanView<'_>, edits: &mut SpanEdits<'_>) -> Keep {
                edits.attributes.remove("no such key");
                edits.attributes.iter().count();
                Keep::Yes
            }
        }
        prop_assert_eq!(rewrite(signal, &bytes, &mut Reader), Rewritten::Unchanged);
    }
}

#[test]
fn bytes_that_do_not_change_are_the_same_bytes() {
    // An unknown field, an over-long length and descending order survive an edit beside them.
    let mut span = vec![0x2a, 0x81, 0x00, b'n', 0xfa, 0x06, 1, 9];
    span.extend([0x4a, 5, 0x0a, 1, b'k', 0x12, 0]);
    let scope = [vec![0x12, span.len() as u8], span.clone()].concat();
    let resource = [vec![0x12, scope.len() as u8], scope].concat();
    let request = [vec![0x0a, resource.len() as u8], resource].concat();
    struct Insert;
    impl Rewriter for Insert {
        fn span(&mut self, _at: Context<'_>, _span: SpanView<'_>, edits: &mut SpanEdits<'_>) -> Keep {
            edits.attributes.insert("x", true).into()
        }
    }
    let Rewritten::Changed { bytes, dropped: 0 } = rewrite(Signal::Traces, &request, &mut Insert) else {
        panic!("changed")
    };
    let added = [0x4a, 7, 0x0a, 1, b'x', 0x12, 2, 0x10, 1];
    assert_eq!(&bytes[6..], [span, added.to_vec()].concat());
}

#[test]
fn a_resource_that_is_absent_comes_into_being_with_its_first_attribute() {
    struct Resource;
    impl Rewriter for Resource {
        fn interest(&self) -> Interest {
            Interest::RESOURCES
        }

        fn resource(&mut self, _resource: ResourceView<'_>, edits: &mut AttributeEdits<'_>) -> Keep {
            edits.set("a", "b");
            Keep::Yes
        }
    }
    let Rewritten::Changed { bytes, .. } = rewrite(Signal::Logs, &[0x0a, 0], &mut Resource) else {
        panic!("changed")
    };
    assert_eq!(
        &bytes[..],
        [0x0a, 12, 0x0a, 10, 0x0a, 8, 0x0a, 1, b'a', 0x12, 3, 0x0a, 1, b'b']
    );
}
