//! Room first: quotas, overflow, and what a reservation promises.

use sidelight_component::sending::{Overflow, Sizer};
use sidelight_component::{Outcome, Signal};

use super::rig::*;
use crate::DropReason;

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_before_anything_is_taken_in_each_unit() {
    for (sizer, size, batches_that_fit) in [
        (Sizer::Items, 25, 2),
        (Sizer::Requests, 3, 3),
        (Sizer::Bytes, 4 * (120 + 512) + 600, 4),
    ] {
        let mut settings = settings();
        settings.queue.queue_size = Some(size);
        settings.queue.sizer = Some(sizer);
        let rig = Rig::new(settings, [Act::Stall]);
        let mut room = Vec::new();
        while let Ok(reservation) = rig.queue.reserve(120, 10) {
            room.push(reservation);
        }
        assert_eq!(room.len(), batches_that_fit, "{sizer:?}");
        let full = rig.queue.reserve(120, 10).expect_err("full");
        assert!(!full.draining && full.outcome().is_retryable());
        assert_eq!(
            full.to_string(),
            "the sending queue of exporter `otlp_grpc/test` for logs is full"
        );
        assert_eq!((rig.ledger().refused, rig.ledger().enqueued), (20, 0));
        assert_eq!(rig.metric("otelcol_exporter_enqueue_failed_log_records"), 20.0);
        room.pop();
        assert!(
            rig.queue.reserve(120, 10).is_ok(),
            "a dropped reservation gives its room back"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn room_is_held_until_the_data_has_come_to_its_end() {
    let mut settings = settings();
    (settings.queue.queue_size, settings.queue.sizer) = (Some(10), Some(Sizer::Items));
    let rig = Rig::new(settings, [after_ms(100, accept())]);
    let receipt = rig.put(10);
    rig.settle().await;
    assert!(rig.queue.reserve(1, 1).is_err());
    assert_eq!(rig.metric("otelcol_exporter_queue_size"), 10.0);
    assert_eq!(receipt.await, Outcome::Done);
    assert!(rig.queue.reserve(1, 1).is_ok());
    assert_eq!(rig.metric("otelcol_exporter_queue_capacity"), 10.0);
}

#[tokio::test(start_paused = true)]
async fn processors_may_make_several_batches_or_none_of_the_one_that_room_was_reserved_for() {
    let mut settings = settings();
    (settings.queue.queue_size, settings.queue.sizer) = (Some(10), Some(Sizer::Items));
    let rig = Rig::new(settings, [Act::Stall]);
    let batches: Vec<_> = (0..3).map(|_| rig.batch(5).0).collect();
    rig.queue.reserve(100, 5).expect("room").enqueue(batches);
    assert_eq!(
        rig.metric("otelcol_exporter_queue_size"),
        15.0,
        "growth is allowed past the quota"
    );
    assert!(rig.queue.reserve(1, 1).is_err());

    let rig = Rig::new(super::rig::settings(), []);
    rig.queue.reserve(100, 5).expect("room").enqueue([]);
    assert_eq!(
        rig.metric("otelcol_exporter_queue_size"),
        0.0,
        "everything was filtered"
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_larger_than_the_quota_gets_in_when_the_queue_is_empty() {
    let mut settings = settings();
    (settings.queue.queue_size, settings.queue.sizer) = (Some(10), Some(Sizer::Items));
    let rig = Rig::new(settings, []);
    assert_eq!(rig.put(50).await, Outcome::Done);
    let _held = rig.queue.reserve(1, 1).expect("room");
    assert!(rig.queue.reserve(1000, 50).is_err());
}

#[tokio::test(start_paused = true)]
async fn what_overflows_is_dropped_and_counted_and_its_sender_does_not_come_back() {
    let mut settings = settings();
    (settings.queue.queue_size, settings.queue.sizer) = (Some(10), Some(Sizer::Items));
    settings.queue.on_overflow = Overflow::Drop;
    let rig = Rig::new(settings, [Act::Stall]);
    let kept = rig.put(10);
    assert_eq!(rig.put(4).await, Outcome::Done);
    assert_eq!(kept.settled(), None);
    let ledger = rig.ledger();
    assert_eq!(
        (
            ledger.enqueued,
            ledger.dropped_for(DropReason::QueueFull),
            ledger.held()
        ),
        (14, 4, 10)
    );
    assert_eq!(rig.metric("sidelight_exporter_dropped_items"), 4.0);
    assert_eq!(rig.metric("otelcol_exporter_enqueue_failed_log_records"), 4.0);
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_there_is_room_for_as_many_requests_as_there_are_senders() {
    let mut settings = settings();
    settings.queue.enabled = false;
    settings.queue.num_consumers = 2;
    settings.queue.wait_for_result = Some(false);
    let rig = Rig::new(settings, [after_ms(50, accept()), after_ms(50, accept())]);
    let first = rig.put(1);
    rig.settle().await;
    let second = rig.put(1);
    rig.settle().await;
    assert_eq!(rig.requests(), [[0], [1]], "nothing waits for company");
    assert!(rig.queue.reserve(1, 1).is_err());
    assert_eq!(
        (first.settled(), second.settled()),
        (None, None),
        "the answer is the destination's"
    );
    assert_eq!((first.await, second.await), (Outcome::Done, Outcome::Done));
}

#[tokio::test(start_paused = true)]
async fn a_batch_without_items_is_done_at_once() {
    let rig = Rig::with(Signal::Metrics, settings(), Scripted::default());
    assert_eq!(rig.put(0).await, Outcome::Done);
    assert!(rig.requests().is_empty());
    assert_eq!(rig.ledger().enqueued, 0);
}
