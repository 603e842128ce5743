//! Answers that are final, and who gets them.

use sidelight_component::{Outcome, State};
use tokio::time::Instant;

use super::rig::*;
use crate::RejectReason;

/// Puts several parts into one request behind a first one.
async fn merged(rig: &Rig, sizes: &[usize]) -> Vec<sidelight_component::Receipt> {
    let first = rig.put(1);
    rig.settle().await;
    let receipts = sizes.iter().map(|items| rig.put(*items)).collect();
    assert_eq!(first.await, Outcome::Done);
    rig.settle().await;
    receipts
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final() {
    let rig = Rig::new(settings(), [reject()]);
    assert_eq!(rig.put(3).await, Outcome::rejected("bad"));
    rig.pass(std::time::Duration::from_secs(100)).await;
    assert_eq!(rig.requests().len(), 1);
    assert_eq!(rig.ledger().rejected_for(RejectReason::Destination), 3);
    assert_eq!(rig.metric("sidelight_exporter_rejected_items"), 3.0);
}

#[tokio::test(start_paused = true)]
async fn a_bad_part_does_not_take_its_neighbours_with_it() {
    let rig = Rig::by_rule(settings(), |ids| match ids {
        [0] => Some(after_ms(10, accept())),
        ids if ids.contains(&3) => Some(reject()),
        _ => None,
    });
    let receipts = merged(&rig, &[2, 2, 2]).await;
    let outcomes: Vec<_> = receipts.iter().map(|receipt| receipt.settled()).collect();
    assert_eq!(
        outcomes,
        [
            Some(Outcome::Done),
            Some(Outcome::rejected("bad")),
            Some(Outcome::Done)
        ]
    );
    let requests = rig.requests();
    assert_eq!(requests[..2], [vec![0], vec![1, 2, 3, 4, 5, 6]]);
    let mut alone = requests[2..].to_vec();
    alone.sort();
    assert_eq!(alone, [[1, 2], [3, 4], [5, 6]], "each alone, once");
    assert_eq!((rig.ledger().delivered, rig.ledger().rejected()), (5, 2));
}

#[tokio::test(start_paused = true)]
async fn a_partial_success_is_never_sent_again_and_its_one_sender_is_told_the_number() {
    let rig = Rig::new(settings(), [partial(2)]);
    assert_eq!(
        rig.put(5).await,
        Outcome::Partial {
            rejected: 2,
            reason: "some".into()
        }
    );
    assert_eq!(rig.requests().len(), 1);
    let ledger = rig.ledger();
    assert_eq!(
        (ledger.delivered, ledger.rejected_for(RejectReason::Partial)),
        (3, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn several_senders_of_a_partial_success_are_warned_and_the_number_is_counted_once() {
    let rig = Rig::new(settings(), [after_ms(10, accept()), partial(3)]);
    for receipt in merged(&rig, &[2, 2]).await {
        match receipt.settled() {
            Some(Outcome::Partial { rejected: 0, reason }) => {
                assert!(
                    reason.starts_with("3 items") && reason.ends_with("some"),
                    "{reason}"
                );
            }
            other => panic!("{other:?}"),
        }
    }
    let ledger = rig.ledger();
    assert_eq!(
        (ledger.delivered, ledger.rejected_for(RejectReason::Partial)),
        (2, 3)
    );
}

#[tokio::test(start_paused = true)]
async fn a_warning_and_a_count_beyond_the_request_are_taken_for_what_they_can_mean() {
    let rig = Rig::new(settings(), [partial(0), partial(u64::MAX)]);
    assert_eq!(
        rig.put(5).await,
        Outcome::Partial {
            rejected: 0,
            reason: "some".into()
        }
    );
    assert_eq!(
        rig.put(5).await,
        Outcome::Partial {
            rejected: 5,
            reason: "some".into()
        }
    );
    assert_eq!((rig.ledger().delivered, rig.ledger().rejected()), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_sent_in_halves_and_all_of_it_arrives() {
    let rig = Rig::by_rule(settings(), |ids| match ids {
        [0] => Some(after_ms(10, accept())),
        ids => (ids.len() > 3).then(too_large),
    });
    let start = Instant::now();
    for receipt in merged(&rig, &[5, 1, 8]).await {
        assert_eq!(receipt.await, Outcome::Done);
    }
    assert!(
        (Instant::now() - start).as_millis() <= 10,
        "a refusal of this kind is no reason to wait"
    );
    let mut taken = rig.taken();
    taken.sort_unstable();
    assert_eq!(taken, (0..15).collect::<Vec<u64>>());
    assert_eq!((rig.ledger().delivered, rig.budget.used()), (15, 0));
}

#[tokio::test(start_paused = true)]
async fn a_single_item_refused_as_too_large_is_tried_three_times_and_then_given_up_alone() {
    let rig = Rig::by_rule(settings(), |ids| ids.contains(&5).then(too_large));
    let receipt = rig.put(10);
    let behind = rig.put(3);
    assert_eq!(receipt.await, Outcome::rejected("too much"));
    assert_eq!(behind.settled(), Some(Outcome::Done));
    assert_eq!(rig.requests().iter().filter(|ids| **ids == [5]).count(), 3);
    assert_eq!(
        (
            rig.ledger().delivered,
            rig.ledger().rejected_for(RejectReason::TooLarge)
        ),
        (12, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn what_encoding_makes_too_large_is_halved_without_being_sent() {
    let mut settings = settings();
    settings.max_request_bytes = Some(300);
    let exporter = Scripted {
        encoding_adds: 100,
        ..Scripted::default()
    };
    let rig = Rig::with(sidelight_component::Signal::Logs, settings, exporter);
    assert_eq!(rig.put(20).await, Outcome::Done);
    assert!(rig.exporter.seen.lock().iter().all(|seen| seen.bytes <= 300));
    let mut taken = rig.taken();
    taken.sort_unstable();
    assert_eq!(taken, (0..20).collect::<Vec<u64>>());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_encoded_is_refused_alone() {
    let mut exporter = Scripted::acting([after_ms(10, accept())]);
    exporter.encode_rule = Some(Box::new(|ids| {
        if ids.contains(&2) {
            Err("odd".into())
        } else {
            Ok(())
        }
    }));
    let rig = Rig::with(sidelight_component::Signal::Logs, settings(), exporter);
    let receipts = merged(&rig, &[1, 1, 1]).await;
    let outcomes: Vec<_> = receipts.iter().map(|receipt| receipt.settled()).collect();
    assert_eq!(
        outcomes,
        [
            Some(Outcome::Done),
            Some(Outcome::rejected("odd")),
            Some(Outcome::Done)
        ]
    );
    assert_eq!(rig.ledger().rejected_for(RejectReason::Encode), 1);
}

#[tokio::test(start_paused = true)]
async fn refusals_in_a_row_make_the_status_permanent_until_something_is_taken() {
    let rig = Rig::new(settings(), [accept(), reject(), reject()]);
    for _ in 0..3 {
        rig.put(1).await;
    }
    assert_eq!(rig.state(), State::Ok, "two bad requests are bad data");
    let rig = Rig::new(settings(), [reject(), reject(), reject()]);
    for _ in 0..3 {
        rig.put(1).await;
    }
    assert_eq!(rig.state(), State::Permanent("bad".into()));
    rig.put(1).await;
    assert_eq!(rig.state(), State::Ok);
}
