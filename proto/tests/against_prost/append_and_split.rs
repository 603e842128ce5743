use bytes::Bytes;
use proptest::prelude::*;
use sidelight_proto::{Signal, admit, count_items, split, split_by_bytes};

use crate::{
    cuts::one_by_one,
    payloads::{canonical, items, request},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn two_requests_end_to_end_are_one((signal, first) in request(), (other, second) in request()) {
        // Of different signals: the first one twice.
        let second = if signal == other { second } else { first.clone() };
        let both = [first.clone(), second.clone()].concat();
        let admitted = admit(signal, both.clone().into()).expect("admitted");
        prop_assert!(!admitted.recoded);
        prop_assert_eq!(admitted.items, items(signal, &first) + items(signal, &second));
        // `prost` writes in the order of numbers, and there is only one at the top: merging is appending for it too.
        prop_assert_eq!(canonical(signal, &both).expect("decodes"), both);
    }

    #[test]
    fn a_split_request_holds_the_same_items_in_the_same_order((signal, bytes) in request(), at in 0usize..12) {
        let whole = Bytes::from(bytes);
        let total = items(signal, &whole);
        let (first, second) = split(signal, &whole, at);
        prop_assert_eq!(items(signal, &first), at.min(total));
        prop_assert_eq!(items(signal, &second), total - at.min(total));
        for part in [&first, &second] {
            prop_assert!(!admit(signal, part.clone()).expect("admitted").recoded);
        }
        let parts = [one_by_one(signal, &first), one_by_one(signal, &second)].concat();
        prop_assert_eq!(parts, one_by_one(signal, &whole));
    }

    #[test]
    fn parts_are_as_small_as_asked_for_or_one_item((signal, bytes) in request(), max_bytes in 1usize..3000) {
        let whole = Bytes::from(bytes);
        let parts = split_by_bytes(signal, &whole, max_bytes);
        let bytes: usize = parts.iter().map(Bytes::len).sum();
        prop_assert!(bytes <= 4 * whole.len());
        let mut all = Vec::new();
        for part in &parts {
            prop_assert!(!admit(signal, part.clone()).expect("admitted").recoded);
            let fits = part.len() <= max_bytes || count_items(signal, part) <= 1;
            prop_assert!(fits || bytes > 2 * whole.len(), "{} bytes", part.len());
            all.extend(one_by_one(signal, part));
        }
        prop_assert_eq!(all, one_by_one(signal, &whole));
    }
}

#[test]
fn a_huge_resource_is_not_repeated_without_bound() {
    use sidelight_proto::encode::LogsEncoder;
    let mut logs = LogsEncoder::default();
    {
        let mut resource = logs.resource_logs();
        resource
            .resource()
            .attribute("blob", "x".repeat(100_000).as_str());
        let mut scope = resource.scope_logs();
        (0..10_000).for_each(|nth| _ = scope.log_record().time_unix_nano(nth + 1));
    }
    let request = logs.finish();
    let parts = split_by_bytes(Signal::Logs, &request, 50_000);
    assert!(parts.iter().map(Bytes::len).sum::<usize>() <= 4 * request.len());
    assert_eq!(
        parts
            .iter()
            .map(|part| count_items(Signal::Logs, part))
            .sum::<usize>(),
        10_000
    );
}

#[test]
fn a_cut_between_resources_copies_nothing() {
    use sidelight_proto::encode::LogsEncoder;
    let mut logs = LogsEncoder::default();
    for _ in 0..2 {
        logs.resource_logs().scope_logs().log_record().body("x");
    }
    let request = logs.finish();
    let (first, second) = split(Signal::Logs, &request, 1);
    assert_eq!(first.as_ptr(), request.as_ptr());
    assert_eq!([first, second].concat(), request);
}
