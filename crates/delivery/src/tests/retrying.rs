//! Failures: pauses, probes, due times, giving up.

use std::time::Duration;

use sidelight_component::sending::AckMode;
use sidelight_component::{Outcome, Signal, State};
use tokio::time::Instant;

use super::rig::*;
use crate::DropReason;

#[tokio::test(start_paused = true)]
async fn a_failure_pauses_the_whole_queue_for_the_backoff() {
    let rig = Rig::new(settings(), [retry(), retry(), retry()]);
    let start = Instant::now();
    assert_eq!(rig.put(1).await, Outcome::Done);
    assert_eq!(rig.times(start), [0.0, 5.0, 12.5, 23.75]);
    assert_eq!(rig.metric("sidelight_exporter_retries"), 3.0);
    assert_eq!(rig.ledger().delivered, 1);
}

#[tokio::test(start_paused = true)]
async fn the_wait_that_the_destination_asks_for_is_honoured() {
    let rig = Rig::new(settings(), [retry_after(17), retry_after(100_000)]);
    let start = Instant::now();
    let receipt = rig.put(1);
    rig.settle().await;
    let other = rig.put(1);
    assert_eq!((receipt.await, other.await), (Outcome::Done, Outcome::Done));
    let times = rig.times(start);
    assert!((17.0..=17.9).contains(&times[1]), "{times:?}");
    assert!(
        (3600.0..=3601.1).contains(&(times[2] - times[1])),
        "the longest wait is an hour: {times:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn after_the_pause_one_probe_at_a_time_is_sent_until_one_is_taken() {
    let mut settings = settings();
    (settings.queue.batch.min_size, settings.queue.batch.max_size) = (1, 1);
    let rig = Rig::new(
        settings,
        [
            retry(),
            after_ms(100, retry()),
            after_ms(100, accept()),
            after_ms(100, accept()),
        ],
    );
    let start = Instant::now();
    let first = rig.put(1);
    rig.settle().await;
    let rest: Vec<_> = (0..9).map(|_| rig.put(1)).collect();
    for receipt in rest {
        assert_eq!(receipt.await, Outcome::Done);
    }
    assert_eq!(first.await, Outcome::Done);
    let times = rig.times(start);
    let rounded: Vec<_> = times.iter().map(|at| (at * 10.0).round() / 10.0).collect();
    assert_eq!(rounded[..3], [0.0, 5.0, 12.6]);
    assert!(
        rounded[3..].iter().all(|at| *at == 12.7 || *at == 12.8),
        "{rounded:?}"
    );
    assert_eq!(rounded.len(), 12);
}

#[tokio::test(start_paused = true)]
async fn failures_of_requests_that_were_on_their_way_together_count_as_one() {
    let mut settings = settings();
    (settings.queue.batch.min_size, settings.queue.batch.max_size) = (1, 1);
    let rig = Rig::new(settings, (0..10).map(|i| after_ms(10 + i, retry())));
    let start = Instant::now();
    for receipt in (0..10).map(|_| rig.put(1)).collect::<Vec<_>>() {
        assert_eq!(receipt.await, Outcome::Done);
    }
    let times = rig.times(start);
    assert_eq!(times.len(), 20);
    assert!(times[10..].iter().all(|at| (5.0..5.1).contains(at)), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_batch_holds_nothing_up() {
    for signal in [Signal::Logs, Signal::Metrics] {
        let mut settings = settings();
        (settings.queue.batch.min_size, settings.queue.batch.max_size) = (1, 1);
        settings.queue.queue_size = Some(1 << 30);
        let rule = |ids: &[u64]| ids.contains(&0).then(retry);
        let rig = Rig::with(
            signal,
            settings,
            Scripted {
                rule: Some(Box::new(rule)),
                ..Scripted::default()
            },
        );
        let poisoned = rig.put(1);
        rig.settle().await;
        let others: Vec<_> = (0..50).map(|_| rig.put(1)).collect();
        rig.pass(Duration::from_secs(60)).await;
        assert!(
            others
                .iter()
                .all(|receipt| receipt.settled() == Some(Outcome::Done)),
            "{signal:?}"
        );
        // Known for what it is, it holds up nobody who comes later either.
        for _ in 0..100 {
            let start = Instant::now();
            assert_eq!(rig.put(1).await, Outcome::Done);
            assert_eq!(Instant::now(), start, "{signal:?}");
            rig.pass(Duration::from_secs(1)).await;
        }
        assert_eq!(poisoned.settled(), None);
        assert_eq!((rig.ledger().delivered, rig.ledger().queued), (150, 1));
        let tries = rig.requests().iter().filter(|ids| ids.contains(&0)).count();
        assert!((5..=20).contains(&tries), "{tries}");
    }
}

#[tokio::test(start_paused = true)]
async fn metrics_stay_in_order_over_less_than_three_failures() {
    let mut settings = settings();
    (settings.queue.batch.min_size, settings.queue.batch.max_size) = (1, 2);
    let script = Scripted::acting([retry(), retry_after(3)]);
    let rig = Rig::with(Signal::Metrics, settings, script);
    let receipts: Vec<_> = (0..9).map(|_| rig.put(1)).collect();
    rig.pass(Duration::from_secs(1)).await;
    for receipt in receipts.into_iter().chain((0..9).map(|_| rig.put(1))) {
        assert_eq!(receipt.await, Outcome::Done);
    }
    assert_eq!(rig.taken(), (0..18).collect::<Vec<u64>>());
}

#[tokio::test(start_paused = true)]
async fn metrics_stay_in_order_over_a_long_outage_but_for_one_request() {
    let mut settings = settings();
    (settings.queue.batch.min_size, settings.queue.batch.max_size) = (1, 1);
    for failures in 1..30 {
        let exporter = Scripted::acting((0..failures).map(|_| retry()));
        let rig = Rig::with(Signal::Metrics, settings.clone(), exporter);
        for receipt in (0..9).map(|_| rig.put(1)).collect::<Vec<_>>() {
            assert_eq!(receipt.await, Outcome::Done);
        }
        let taken = rig.taken();
        let out_of_order = taken.windows(2).filter(|pair| pair[0] > pair[1]).count();
        assert!(out_of_order <= 1, "{failures}: {taken:?}");
        assert!(taken[0] <= 1, "{failures}: {taken:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_retries_there_is_one_attempt_and_the_sender_may_come_back() {
    let mut settings = settings();
    settings.retry.enabled = false;
    let rig = Rig::new(settings, [retry_after(7), retry()]);
    let after = Some(Duration::from_secs(7));
    assert_eq!(
        rig.put(2).await,
        Outcome::Retry {
            after,
            reason: "busy".into()
        }
    );
    let start = Instant::now();
    assert!(is_retry(&rig.put(1).await));
    assert!(
        (Instant::now() - start).as_secs() >= 7,
        "a wait that was asked for counts for all"
    );
    let ledger = rig.ledger();
    assert_eq!(
        (
            ledger.dropped_for(DropReason::RetryDisabled),
            ledger.maybe_duplicate
        ),
        (3, 0)
    );
    assert_eq!(rig.requests().len(), 2);
    assert_eq!(rig.metric("otelcol_exporter_send_failed_log_records"), 3.0);
}

#[tokio::test(start_paused = true)]
async fn data_is_given_up_after_max_elapsed_time_and_not_before() {
    for (seconds, attempts) in [(0, 100), (12, 2), (13, 3)] {
        let mut settings = settings();
        settings.retry.max_elapsed_time = Duration::from_secs(seconds);
        let rig = Rig::new(settings, (0..200).map(|_| retry()));
        let receipt = rig.put(2);
        rig.pass(Duration::from_secs(3600)).await;
        let given_up = rig.ledger().dropped_for(DropReason::MaxElapsedTime);
        if seconds == 0 {
            assert_eq!((given_up, receipt.settled()), (0, None));
            assert!(rig.requests().len() > attempts);
        } else {
            assert_eq!((given_up, rig.requests().len()), (2, attempts));
            assert!(receipt.settled().is_some_and(|outcome| is_retry(&outcome)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_ends_with_the_timeout() {
    let rig = Rig::new(settings(), [Act::Stall]);
    let start = Instant::now();
    assert_eq!(rig.put(1).await, Outcome::Done);
    assert_eq!(rig.times(start), [0.0, 10.0]);
    let mut forever = settings();
    forever.timeout = Duration::ZERO;
    let rig = Rig::new(forever, [after_ms(600_000, accept())]);
    assert_eq!(rig.put(1).await, Outcome::Done);
    assert_eq!(rig.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_status_follows_the_destination() {
    let rig = Rig::new(settings(), [accept(), retry()]);
    rig.put(1).await;
    assert_eq!(rig.state(), State::Ok);
    let receipt = rig.put(1);
    rig.settle().await;
    assert_eq!(rig.state(), State::Recoverable("busy".into()));
    assert_eq!(rig.metric("otelcol_exporter_in_flight_requests"), 1.0);
    receipt.await;
    assert_eq!(rig.state(), State::Ok);
    assert_eq!(rig.metric("otelcol_exporter_in_flight_requests"), 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_was_asked_for_is_not_cut_short_by_a_later_failure() {
    for later in [retry(), retry_after(1)] {
        let mut settings = settings();
        (settings.queue.batch.min_size, settings.queue.batch.max_size) = (1, 1);
        let script = [
            after_ms(10, retry_after(60)),
            after_ms(20, later),
            after_ms(30, retry()),
        ];
        let rig = Rig::new(settings, script);
        let start = Instant::now();
        let receipts = [rig.put(1), rig.put(1), rig.put(1)];
        for receipt in receipts {
            assert_eq!(receipt.await, Outcome::Done);
        }
        let times = rig.times(start);
        assert_eq!(times.iter().filter(|at| **at < 60.0).count(), 3, "{times:?}");
        assert!(times[3..].iter().all(|at| *at >= 60.0), "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_the_oldest_goes_first() {
    let start = Instant::now();
    let mut settings = settings();
    (settings.queue.batch.min_size, settings.queue.batch.max_size) = (1, 1);
    settings.queue.num_consumers = 3;
    settings.queue.ack = Some(AckMode::Memory);
    let rig = Rig::by_rule(settings, move |_| {
        (start.elapsed() < Duration::from_secs(60)).then(retry)
    });
    for _ in 0..30 {
        drop(rig.put(1));
        rig.pass(Duration::from_secs(1)).await;
    }
    rig.pass(Duration::from_secs(120)).await;
    assert_eq!(rig.taken(), (0..30).collect::<Vec<_>>());
}
