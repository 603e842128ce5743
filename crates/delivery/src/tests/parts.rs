//! The store: keys, pieces, completion part by part.

use sidelight_component::{Ack, Chunk, Outcome, Payload, Signal};
use tokio::time::Instant;

use super::rig::encode;
use crate::part::{Part, Place, Position, Size};
use crate::parts::Parts;

fn part(batch: u64, units: u64, items: usize) -> (Part, Payload, sidelight_component::Receipt) {
    let (ack, receipt) = Ack::new();
    let chunk = Chunk {
        bytes: encode(Signal::Logs, 0..items as u64, 0).into(),
        items,
    };
    let payload = Payload::new(chunk);
    let part = Part {
        position: Position { batch, item: 0 },
        size: Size::of(&payload),
        units,
        ack,
        deadline: None,
        arrived: Instant::now(),
        first_attempt: None,
        place: Place::Fresh,
        maybe_processed: false,
        allowance: None,
        stored: None,
    };
    (part, payload, receipt)
}

#[tokio::test]
async fn an_empty_store_gives_memory_back_and_no_key_a_second_time() {
    let mut store = Parts::default();
    let fill = |store: &mut Parts| -> Vec<_> {
        let keys = (0..2000).map(|batch| {
            let (part, payload, _) = part(batch, 1, 1);
            store.insert(part, payload)
        });
        keys.collect()
    };
    let empty = |store: &mut Parts| {
        for key in store.keys() {
            store.complete(key).expect("there").0.ack.resolve(Outcome::Done);
        }
    };
    let old = fill(&mut store);
    empty(&mut store);
    assert_eq!(store.slots(), 0);
    let new = fill(&mut store);
    assert!(
        old.iter()
            .all(|key| !new.contains(key) && store.get(*key).is_none())
    );
    empty(&mut store);
}

#[tokio::test]
async fn parts_end_in_any_order_and_a_key_is_never_given_twice() {
    let mut store = Parts::default();
    let mut receipts = Vec::new();
    let mut put = |store: &mut Parts, batch| {
        let (part, payload, receipt) = part(batch, 1, 1);
        receipts.push(receipt);
        store.insert(part, payload)
    };
    let keys: Vec<_> = (0..3).map(|batch| put(&mut store, batch)).collect();
    let middle = store.complete(keys[1]).expect("there");
    middle.0.ack.resolve(Outcome::Done);
    assert!(store.complete(keys[1]).is_none() && store.get(keys[1]).is_none());
    let again = put(&mut store, 9);
    assert!(!keys.contains(&again) && store.payload(keys[1]).is_none());
    assert_eq!((store.len(), store.keys().len()), (3, 3));
    for key in store.keys() {
        store.complete(key).expect("there").0.ack.resolve(Outcome::Done);
    }
    assert_eq!(store.len(), 0);
}

#[tokio::test]
async fn pieces_share_out_the_units_exactly_and_the_answer_waits_for_all_of_them() {
    for (units, items, sizes) in [
        (1, 10, vec![3, 3, 4]),
        (100, 7, vec![1, 5, 1]),
        (0, 2, vec![1, 1]),
    ] {
        let mut store = Parts::default();
        let (part, payload, receipt) = part(4, units, items);
        let key = store.insert(part, payload);
        let mut first = 0;
        let pieces = sizes.iter().map(|size| {
            let ids = first..first + *size as u64;
            first = ids.end;
            Payload::new(Chunk {
                bytes: encode(Signal::Logs, ids, 0).into(),
                items: *size,
            })
        });
        let keys = store.divide(key, pieces.collect());
        let places: Vec<_> = keys
            .iter()
            .map(|key| store.get(*key).expect("there").position.item)
            .collect();
        let expected: Vec<usize> = (0..sizes.len()).map(|i| sizes[..i].iter().sum()).collect();
        assert_eq!(places, expected);
        let mut sum = 0;
        for key in keys {
            assert_eq!(receipt.settled(), None);
            let piece = store.complete(key).expect("there");
            sum += piece.0.units;
            piece.0.ack.resolve(Outcome::Done);
        }
        assert_eq!((sum, receipt.settled()), (units, Some(Outcome::Done)));
    }
}
