use proptest::prelude::*;

use super::*;

fn delivered(items: Range<u64>, bytes: u64, records: u64) -> End {
    End {
        items,
        outcome: Outcome::Delivered,
        bytes,
        records,
    }
}

fn new_parts(state: &mut State, end: &End) -> Vec<End> {
    let mut parts = Vec::new();
    state.end(end, |part| parts.push(part));
    parts
}

#[test]
fn an_end_counts_what_is_new_and_its_share_of_the_bytes() {
    let mut state = State::beginning_at(100);
    state.append(10, 1000, 1).unwrap();
    assert_eq!(
        new_parts(&mut state, &delivered(104..106, 200, 0)),
        [delivered(104..106, 200, 0)]
    );
    assert_eq!(
        new_parts(&mut state, &delivered(100..110, 1000, 1)),
        [delivered(100..104, 400, 0), delivered(106..110, 400, 1)]
    );
    assert_eq!(new_parts(&mut state, &delivered(100..110, 1000, 1)), []);
    assert_eq!(state.live(), Live::default());
    assert_eq!(state.totals().of(Outcome::Delivered), 10);
}

#[test]
fn what_never_was_cannot_end() {
    let mut state = State::beginning_at(100);
    state.append(10, 1000, 1).unwrap();
    for items in [0..100, 110..120, u64::MAX - 1..u64::MAX, 105..105] {
        assert_eq!(
            new_parts(&mut state, &delivered(items.clone(), 5, 1)),
            [],
            "{items:?}"
        );
    }
    assert_eq!(
        new_parts(&mut state, &delivered(90..102, 12, 1)),
        [delivered(100..102, 2, 1)]
    );
}

#[test]
fn ordinals_end_with_the_numbers() {
    let mut state = State::beginning_at(u64::MAX - 3);
    assert_eq!(state.append(4, 4, 1), None);
    assert_eq!(state.append(3, 3, 1), Some(u64::MAX - 3..u64::MAX));
    assert_eq!(state.append(1, 1, 1), None);
    assert_eq!(state.next(), u64::MAX);
}

#[test]
fn what_was_handed_over_is_not_unread_wherever_it_lies() {
    let mut state = State::beginning_at(0);
    state.append(10, 10, 1).unwrap();
    let moved = state.append(5, 5, 1).unwrap();
    state.hand_over(moved, 5, 1);
    state.append(5, 5, 1).unwrap();
    assert_eq!(state.unread_in(0..20).to_vec(), [0..10, 15..20]);
    new_parts(&mut state, &delivered(12..17, 5, 0));
    assert_eq!(state.unread_in(0..20).to_vec(), [0..10, 17..20]);
    new_parts(&mut state, &delivered(0..20, 0, 0));
    assert!(!state.has_unread());
    assert_eq!(state.expected(), 20);
}

#[test]
fn a_record_that_is_found_twice_is_one() {
    let mut state = State::beginning_at(0);
    let record = |first, items| Header {
        kind: crate::format::Kind::Data,
        payload_len: 100,
        items,
        first,
        written_ms: 0,
        payload_crc: 0,
    };
    state.found(&record(0, 10));
    state.found(&record(0, 10));
    state.found(&record(5, 10));
    assert_eq!(
        (state.next(), state.live()),
        (
            15,
            Live {
                items: 15,
                bytes: 150,
                records: 2
            }
        )
    );
    state.found(&record(20, 1));
    assert_eq!(state.live().items, 21, "what lies between was there");
}

proptest! {
    #[test]
    fn the_balance_holds_whatever_is_called(
        steps in prop::collection::vec((0_u8..5, 0_u64..120, 1_u64..20), 0..80),
    ) {
        let mut state = State::beginning_at(7);
        for (what, at, items) in steps {
            match what {
                0 => { state.append(items, items * 3, 1).unwrap(); }
                1 => {
                    let range = state.append(items, items * 3, 1).unwrap();
                    state.hand_over(range, items * 3, 1);
                }
                2 => state.end(&delivered(at..at + items, items * 3, 1), |_| {}),
                3 => {
                    let unread = state.unread_in(0..u64::MAX);
                    if let Some(first) = unread.first() {
                        state.pass_to(first.start);
                    }
                }
                _ => state.end(&End { outcome: Outcome::Lost, ..delivered(at..at + items, 0, 0) }, |_| {}),
            }
            prop_assert_eq!(state.next() - state.base(), state.totals().sum() + state.live().items);
            let unread: u64 = state.unread_in(0..u64::MAX).iter().map(|part| part.end - part.start).sum();
            prop_assert_eq!(unread, state.unread.items);
        }
    }
}
