//! The end of a queue.

use std::time::Duration;

use sidelight_component::sending::AckMode;
use sidelight_component::{Outcome, Signal, lost_branches};
use tokio::time::Instant;

use super::rig::*;
use crate::{DropReason, Undelivered};

fn in_seconds(seconds: u64) -> std::time::Instant {
    (Instant::now() + Duration::from_secs(seconds)).into_std()
}

#[tokio::test(start_paused = true)]
async fn a_drain_sends_everything_without_waiting_for_company_or_the_end_of_a_pause() {
    let rig = Rig::new(settings(), [retry_after(1000)]);
    let failed = rig.put(2);
    rig.settle().await;
    let fresh = rig.put(3);
    rig.settle().await;
    let start = Instant::now();
    assert_eq!(rig.queue.drain(in_seconds(10)).await, Undelivered::default());
    assert_eq!(Instant::now(), start);
    assert_eq!((failed.await, fresh.await), (Outcome::Done, Outcome::Done));
    assert_eq!((rig.ledger().delivered, rig.ledger().held()), (5, 0));
    assert!(rig.task.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_draining_queue_takes_nothing_more_but_what_has_room_already() {
    let rig = Rig::new(settings(), []);
    let room = rig.queue.reserve(100, 4).expect("room");
    let (batch, receipt) = rig.batch(4);
    let (queue, deadline) = (rig.queue.clone(), in_seconds(5));
    let drain = tokio::spawn(async move { queue.drain(deadline).await });
    rig.settle().await;
    let refused = rig.queue.reserve(1, 1).expect_err("draining");
    assert!(refused.draining && refused.to_string().ends_with("is being drained"));
    assert!(!drain.is_finished());
    room.enqueue([batch]);
    assert_eq!(receipt.await, Outcome::Done);
    assert_eq!(drain.await.expect("drained"), Undelivered::default());
}

#[tokio::test(start_paused = true)]
async fn room_given_back_ends_a_drain_that_waits_for_it() {
    let rig = Rig::new(settings(), []);
    let room = rig.queue.reserve(100, 4).expect("room");
    let (queue, deadline) = (rig.queue.clone(), in_seconds(5));
    let drain = tokio::spawn(async move { queue.drain(deadline).await });
    rig.settle().await;
    let start = Instant::now();
    drop(room);
    drain.await.expect("drained");
    assert_eq!(Instant::now(), start);
}

#[tokio::test(start_paused = true)]
async fn every_entry_has_one_last_attempt_and_what_fails_is_counted_and_answered() {
    let mut settings = settings();
    (settings.queue.batch.min_size, settings.queue.batch.max_size) = (1, 2);
    let rig = Rig::by_rule(settings, |_| Some(retry()));
    let receipts: Vec<_> = (0..3).map(|_| rig.put(2)).collect();
    rig.settle().await;
    let before = rig.requests().len();
    rig.queue.drain(in_seconds(10)).await;
    assert_eq!(rig.requests().len(), before + 3);
    for receipt in receipts {
        assert!(is_retry(&receipt.await));
    }
    let ledger = rig.ledger();
    assert_eq!(
        (ledger.dropped_for(DropReason::Shutdown), ledger.maybe_duplicate),
        (6, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_left_at_the_deadline_is_returned_counted_and_answered() {
    let before = lost_branches();
    let mut settings = settings();
    settings.timeout = Duration::from_secs(60);
    let rig = Rig::new(settings, [Act::Stall]);
    let stalled = rig.put(3);
    rig.settle().await;
    let start = Instant::now();
    let left = rig.queue.drain(in_seconds(4)).await;
    assert_eq!((Instant::now() - start).as_secs(), 4);
    assert_eq!((left.parts, left.items), (1, 3));
    assert!(left.bytes > 0);
    assert!(is_retry(&stalled.await));
    let ledger = rig.ledger();
    assert_eq!(
        (
            ledger.dropped_for(DropReason::Shutdown),
            ledger.maybe_duplicate,
            ledger.held()
        ),
        (3, 3, 0)
    );
    assert_eq!(*rig.exporter.now_open.lock(), 0);
    assert_eq!(lost_branches(), before);
    let late = rig.batch(1);
    assert!(rig.queue.reserve(1, 1).is_err());
    late.0.finish(Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn data_acknowledged_in_memory_is_delivered_by_a_drain() {
    let mut settings = settings();
    settings.queue.ack = Some(AckMode::Memory);
    let rig = Rig::new(settings, [after_ms(100, accept())]);
    for _ in 0..10 {
        assert_eq!(rig.put(5).await, Outcome::Done);
    }
    rig.queue.drain(in_seconds(10)).await;
    assert_eq!(rig.ledger().delivered, 50);
}

#[tokio::test(start_paused = true)]
async fn data_acknowledged_in_memory_is_tried_until_the_drain_is_over() {
    let mut settings = settings();
    settings.queue.ack = Some(AckMode::Memory);
    for signal in [Signal::Logs, Signal::Metrics] {
        let start = Instant::now();
        let back_after = move || (start.elapsed() < Duration::from_secs(6)).then(retry);
        let exporter = Scripted {
            rule: Some(Box::new(move |_| back_after())),
            ..Scripted::acting([])
        };
        let rig = Rig::with(signal, settings.clone(), exporter);
        for _ in 0..3 {
            assert_eq!(rig.put(5).await, Outcome::Done);
            rig.settle().await;
        }
        rig.pass(Duration::from_secs(1)).await;
        let left = rig.queue.drain(in_seconds(10)).await;
        assert_eq!(
            (left, rig.ledger().delivered),
            (Undelivered::default(), 15),
            "{signal}"
        );
        let tries = rig.requests().len();
        assert!((5..20).contains(&tries), "{tries} requests in six seconds");
    }
}

#[tokio::test(start_paused = true)]
async fn data_acknowledged_in_memory_is_given_up_at_the_end_of_the_drain() {
    let mut settings = settings();
    settings.queue.ack = Some(AckMode::Memory);
    let rig = Rig::by_rule(settings, |_| Some(retry()));
    assert_eq!(rig.put(5).await, Outcome::Done);
    let start = Instant::now();
    let left = rig.queue.drain(in_seconds(4)).await;
    assert_eq!((left.items, start.elapsed().as_secs()), (5, 4));
    assert_eq!(rig.ledger().dropped_for(DropReason::Shutdown), 5);
}

#[tokio::test(start_paused = true)]
async fn a_queue_whose_handles_are_gone_delivers_what_it_holds_and_ends() {
    let rig = Rig::new(settings(), [after_ms(10, accept()), retry()]);
    let first = rig.put(1);
    rig.settle().await;
    let second = rig.put(1);
    let Rig { queue, task, .. } = rig;
    let clone = queue.clone();
    drop(queue);
    tokio::task::yield_now().await;
    assert!(!task.is_finished());
    drop(clone);
    assert_eq!((first.await, second.await), (Outcome::Done, Outcome::Done));
    task.await.expect("ended");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_left_without_an_answer_when_the_task_is_dropped() {
    let rig = Rig::new(settings(), [Act::Stall]);
    let on_its_way = rig.put(1);
    rig.settle().await;
    let waiting = rig.put(1);
    rig.settle().await;
    let in_the_inbox = rig.put(1);
    rig.task.abort();
    for receipt in [on_its_way, waiting, in_the_inbox] {
        let outcome = receipt.await;
        assert!(is_retry(&outcome), "{outcome:?}");
    }
    let late = rig.queue.drain(in_seconds(1)).await;
    assert_eq!(late.items, 3);
    assert_eq!(rig.ledger().dropped_for(DropReason::Shutdown), 3);
}
