//! When senders get their answer, and what happens when they stop waiting for it.

use std::time::Duration;

use sidelight_component::sending::AckMode;
use sidelight_component::{Chunk, Outcome, Payload, State};
use tokio::time::Instant;

use super::rig::*;

#[tokio::test(start_paused = true)]
async fn in_delivery_the_answer_is_the_destinations() {
    let rig = Rig::new(settings(), [after_ms(300, accept())]);
    let receipt = rig.put(3);
    rig.pass(Duration::from_millis(299)).await;
    assert_eq!(receipt.settled(), None);
    assert_eq!((rig.ledger().in_flight, rig.ledger().queued), (3, 0));
    assert_eq!(receipt.await, Outcome::Done);
    assert_eq!((rig.ledger().delivered, rig.ledger().held()), (3, 0));
    assert_eq!(rig.metric("otelcol_exporter_sent_log_records"), 3.0);
}

#[tokio::test(start_paused = true)]
async fn in_memory_the_answer_is_given_when_it_is_queued_and_the_ledger_goes_on() {
    let mut settings = settings();
    settings.queue.ack = Some(AckMode::Memory);
    let rig = Rig::new(settings, [retry(), retry()]);
    let receipt = rig.put_for(3, Duration::from_secs(1));
    assert_eq!(receipt.settled(), Some(Outcome::Done));
    assert_eq!(rig.ledger().queued, 3);
    rig.pass(Duration::from_secs(20)).await;
    assert_eq!((rig.ledger().delivered, rig.ledger().withdrawn), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn queue_mode_without_a_durable_queue_promises_no_less_than_delivery() {
    let mut settings = settings();
    settings.queue.ack = Some(AckMode::Queue);
    let rig = Rig::new(settings, [after_ms(10, accept())]);
    let receipt = rig.put(1);
    assert_eq!(receipt.settled(), None);
    assert_eq!(receipt.await, Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn attempts_end_when_the_sender_stops_waiting_and_it_is_asked_to_repeat() {
    let rig = Rig::new(settings(), [retry(), retry()]);
    let start = Instant::now();
    let receipt = rig.put_for(3, Duration::from_secs(8));
    let outcome = receipt.await;
    assert!(is_retry(&outcome), "{outcome:?}");
    assert_eq!((Instant::now() - start).as_secs(), 8);
    rig.pass(Duration::from_secs(100)).await;
    assert_eq!(rig.times(start), [0.0, 5.0]);
    let ledger = rig.ledger();
    assert_eq!(
        (ledger.withdrawn, ledger.maybe_duplicate, ledger.delivered),
        (3, 0, 0)
    );
    assert_eq!(rig.metric("sidelight_exporter_withdrawn_items"), 3.0);
}

#[tokio::test(start_paused = true)]
async fn a_part_withdrawn_while_on_its_way_may_be_a_duplicate_and_the_others_go_on() {
    let mut settings = settings();
    settings.timeout = Duration::from_secs(60);
    let rig = Rig::new(settings, [after_ms(10, accept()), after_ms(20_000, accept())]);
    let first = rig.put(1);
    rig.settle().await;
    let (short, long) = (rig.put_for(2, Duration::from_secs(8)), rig.put(4));
    assert_eq!(first.await, Outcome::Done);
    assert!(is_retry(&short.await));
    assert_eq!(long.settled(), None);
    assert_eq!(
        (
            rig.ledger().withdrawn,
            rig.ledger().maybe_duplicate,
            rig.ledger().in_flight
        ),
        (2, 2, 4)
    );
    assert_eq!(long.await, Outcome::Done);
    assert_eq!(rig.requests(), [vec![0], vec![1, 2, 3, 4, 5, 6]]);
    assert_eq!((rig.ledger().delivered, rig.ledger().held()), (5, 0));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_lost_a_part_is_encoded_anew_without_it() {
    let rig = Rig::new(settings(), [after_ms(10, accept()), retry()]);
    let first = rig.put(1);
    rig.settle().await;
    let (short, long) = (rig.put_for(1, Duration::from_secs(2)), rig.put(1));
    assert_eq!(first.await, Outcome::Done);
    assert!(is_retry(&short.await));
    assert_eq!(long.await, Outcome::Done);
    assert_eq!(rig.requests(), [vec![0], vec![1, 2], vec![2]]);
    assert_eq!(
        rig.ledger().maybe_duplicate,
        0,
        "the destination had said that it did not take it"
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_without_an_answer_makes_a_later_withdrawal_a_possible_duplicate() {
    let rig = Rig::new(settings(), [Act::Stall]);
    assert!(is_retry(&rig.put_for(2, Duration::from_secs(8)).await));
    assert_eq!((rig.ledger().withdrawn, rig.ledger().maybe_duplicate), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_sender_in_a_hurry_does_not_make_the_destination_look_dead() {
    let rig = Rig::new(settings(), [Act::Stall]);
    let hurried = rig.put_for(1, Duration::from_millis(50));
    assert!(is_retry(&hurried.await));
    let start = Instant::now();
    assert_eq!(rig.put(1).await, Outcome::Done);
    assert_eq!(Instant::now(), start, "no pause");
}

/// Exporters know the deadline and give up at it by themselves.
#[tokio::test(start_paused = true)]
async fn an_exporter_that_gives_up_with_the_sender_does_not_make_the_destination_look_dead() {
    let rig = Rig::new(settings(), [after_ms(50, retry())]);
    assert!(is_retry(&rig.put_for(1, Duration::from_millis(50)).await));
    let start = Instant::now();
    assert_eq!(rig.put(1).await, Outcome::Done);
    assert_eq!(Instant::now(), start, "no pause");
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_lets_all_senders_go_without_an_answer_is_shown_as_failing() {
    let mut settings = settings();
    settings.timeout = Duration::from_secs(30);
    let rig = Rig::new(settings, [Act::Stall]);
    assert!(is_retry(&rig.put_for(1, Duration::from_secs(8)).await));
    rig.settle().await;
    assert!(matches!(rig.state(), State::Recoverable(_)), "{:?}", rig.state());
}

#[tokio::test(start_paused = true)]
async fn what_was_withdrawn_leaves_memory_although_the_destination_wants_a_long_pause() {
    let rig = Rig::new(settings(), [retry_after(600)]);
    let (mut batch, receipt) = rig.batch(3);
    let bytes = batch.payload.to_contiguous().to_vec();
    let bytes = rig.budget.charge(bytes.len()).expect("room").own(bytes);
    batch.payload = Payload::new(Chunk { bytes, items: 3 });
    batch.deadline = Some((Instant::now() + Duration::from_secs(8)).into_std());
    rig.put_batch(batch);
    assert!(is_retry(&receipt.await));
    rig.settle().await;
    assert_eq!(rig.budget.used(), 0);
}

#[tokio::test(start_paused = true)]
async fn data_whose_sender_has_gone_already_is_not_sent() {
    let rig = Rig::new(settings(), []);
    let receipt = rig.put_for(1, Duration::ZERO);
    assert!(is_retry(&receipt.await));
    assert!(rig.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn encoding_is_done_once_and_kept_over_retries() {
    let rig = Rig::new(settings(), [retry(), retry(), retry()]);
    assert_eq!(rig.put(3).await, Outcome::Done);
    assert_eq!((rig.requests().len(), *rig.exporter.encoded.lock()), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn large_payloads_are_encoded_on_another_thread_small_ones_here() {
    let here = std::thread::current().id();
    let rig = Rig::with(
        sidelight_component::Signal::Logs,
        settings(),
        Scripted {
            encodes: true,
            ..Scripted::default()
        },
    );
    assert_eq!(rig.put(1).await, Outcome::Done);
    assert_eq!(rig.put(10_000).await, Outcome::Done);
    let threads = rig.exporter.encoder_threads.lock().clone();
    assert_eq!(threads[0], here);
    assert_ne!(threads[1], here);
}

#[tokio::test(start_paused = true)]
async fn all_senders_that_stop_waiting_in_the_same_moment_get_their_answer() {
    let rig = Rig::new(settings(), [retry_after(60)]);
    let receipts: Vec<_> = (0..50).map(|_| rig.put_for(1, Duration::from_secs(3))).collect();
    rig.pass(Duration::from_millis(3001)).await;
    assert!(
        receipts
            .iter()
            .all(|receipt| receipt.settled().is_some_and(|outcome| is_retry(&outcome)))
    );
    assert_eq!(rig.ledger().withdrawn, 50);
}
