//! What leaves together, and when.

use std::time::Duration;

use sidelight_component::sending::Sizer;
use sidelight_component::{Chunk, Outcome, Payload, Signal};
use tokio::time::Instant;

use super::rig::*;
use crate::RejectReason;

#[tokio::test(start_paused = true)]
async fn a_batch_leaves_at_once_when_nothing_is_on_its_way_and_what_comes_meanwhile_leaves_together() {
    let rig = Rig::new(settings(), [after_ms(50, accept())]);
    let start = Instant::now();
    let first = rig.put(1);
    rig.settle().await;
    let rest: Vec<_> = (0..5).map(|_| rig.put(2)).collect();
    first.await;
    for receipt in rest {
        assert_eq!(receipt.await, Outcome::Done);
    }
    assert_eq!(rig.requests(), [vec![0], (1..11).collect()]);
    assert_eq!(rig.times(start), [0.0, 0.05]);
    assert_eq!(rig.metric("sidelight_exporter_batches"), 2.0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_min_size_does_not_wait_for_the_one_on_its_way() {
    for sizer in [Sizer::Items, Sizer::Bytes] {
        let mut settings = settings();
        settings.queue.batch.sizer = sizer;
        settings.queue.batch.min_size = if sizer == Sizer::Items { 10 } else { 200 };
        let rig = Rig::new(settings, [after_ms(100, accept())]);
        let start = Instant::now();
        let first = rig.put(1);
        rig.settle().await;
        let (second, third) = (rig.put(6), rig.put(9));
        assert_eq!((second.await, third.await), (Outcome::Done, Outcome::Done));
        assert_eq!(Instant::now(), start, "{sizer:?}");
        assert_eq!(first.settled(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn flush_timeout_is_the_longest_wait() {
    let rig = Rig::new(settings(), [Act::Stall]);
    let start = Instant::now();
    let _stalled = rig.put(1);
    rig.settle().await;
    rig.pass(Duration::from_millis(30)).await;
    assert_eq!(rig.put(1).await, Outcome::Done);
    assert_eq!(rig.times(start), [0.0, 0.23]);
}

#[tokio::test(start_paused = true)]
async fn no_more_requests_than_consumers_are_on_their_way_and_metrics_leave_one_at_a_time() {
    for (signal, consumers) in [(Signal::Logs, 3), (Signal::Metrics, 1)] {
        let mut settings = settings();
        settings.queue.num_consumers = 3;
        settings.queue.batch.min_size = 1;
        settings.queue.batch.max_size = 1;
        let rule = |_: &[u64]| Some(after_ms(10, accept()));
        let rig = Rig::with(
            signal,
            settings,
            Scripted {
                rule: Some(Box::new(rule)),
                ..Scripted::default()
            },
        );
        for receipt in (0..20).map(|_| rig.put(1)).collect::<Vec<_>>() {
            assert_eq!(receipt.await, Outcome::Done);
        }
        assert_eq!(*rig.exporter.most_open.lock(), consumers);
        assert_eq!(rig.taken(), (0..20).collect::<Vec<u64>>());
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_above_max_size_is_cut_and_answered_when_all_of_it_is_delivered() {
    for signal in [Signal::Logs, Signal::Metrics] {
        let mut settings = settings();
        settings.queue.batch.max_size = 10;
        settings.queue.batch.min_size = 0;
        let rig = Rig::with(signal, settings, Scripted::default());
        let (small, large, behind) = (rig.put(4), rig.put(35), rig.put(2));
        assert_eq!(
            (small.await, large.await, behind.await),
            (Outcome::Done, Outcome::Done, Outcome::Done)
        );
        let sizes: Vec<usize> = rig.requests().iter().map(Vec::len).collect();
        assert_eq!(sizes, [4, 10, 10, 10, 7]);
        assert_eq!(rig.requests().concat(), (0..41).collect::<Vec<u64>>());
        assert_eq!((rig.ledger().delivered, rig.budget.used()), (41, 0));
        assert_eq!(rig.metric("otelcol_exporter_queue_size"), 0.0);
    }
}

#[tokio::test(start_paused = true)]
async fn no_request_is_larger_than_the_protocol_takes() {
    let mut settings = settings();
    settings.max_request_bytes = Some(1000);
    settings.queue.batch.min_size = 0;
    let rig = Rig::new(settings, []);
    let receipts: Vec<_> = [3, 200, 1, 90, 700]
        .into_iter()
        .map(|items| rig.put(items))
        .collect();
    for receipt in receipts {
        assert_eq!(receipt.await, Outcome::Done);
    }
    assert!(rig.exporter.seen.lock().iter().all(|seen| seen.bytes <= 1000));
    let mut taken = rig.taken();
    taken.sort_unstable();
    assert_eq!(taken, (0..994).collect::<Vec<u64>>());
}

#[tokio::test(start_paused = true)]
async fn a_single_item_above_what_the_protocol_takes_is_refused_alone() {
    let mut settings = settings();
    settings.max_request_bytes = Some(1000);
    let rig = Rig::new(settings, []);
    let (mut batch, receipt) = rig.batch(0);
    let sized = |id, padding| Chunk {
        bytes: encode(Signal::Logs, id..id + 1, padding).into(),
        items: 1,
    };
    batch.payload = Payload::from_iter([sized(100, 10), sized(101, 2000), sized(102, 10)]);
    rig.put_batch(batch);
    assert_eq!(receipt.await, Outcome::rejected("larger than one request may be"));
    assert_eq!(rig.taken(), [100, 102]);
    assert_eq!(
        (
            rig.ledger().delivered,
            rig.ledger().rejected_for(RejectReason::TooLarge)
        ),
        (2, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_huge_resource_cannot_make_cutting_copy_without_bound() {
    let mut settings = settings();
    settings.max_request_bytes = Some(2_920_000);
    settings.queue.batch.min_size = 0;
    let rig = Rig::new(settings, []);
    let (mut batch, receipt) = rig.batch(0);
    batch.payload = Payload::new(Chunk {
        bytes: resource_of(2_900_000, 10_000),
        items: 10_000,
    });
    rig.put_batch(batch);
    rig.settle().await;
    assert!(receipt.settled().is_some());
    assert!(rig.budget.peak() <= 5 * 3_500_000, "{}", rig.budget.peak());
    let ledger = rig.ledger();
    assert_eq!(
        ledger.delivered + ledger.rejected_for(RejectReason::TooLarge),
        10_000
    );
}

fn resource_of(bytes: usize, items: u64) -> bytes::Bytes {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use prost::Message;
    let mut request =
        ExportLogsServiceRequest::decode(&encode(Signal::Logs, 0..items, 20)[..]).expect("a request");
    request.resource_logs[0].schema_url = "x".repeat(bytes);
    request.encode_to_vec().into()
}
