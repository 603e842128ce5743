//! The queue on disk: what is acknowledged is there after the end, whatever the destination does. In real time: the log has threads.

use std::time::Duration;

use sidelight_component::sending::{AckMode, SendingSettings, Sizer};
use sidelight_component::{Outcome, Role, Sent, Signal, StatusBoard};

use tokio::time::Instant;

use super::rig::*;
use crate::{DropReason, RejectReason, Storage};

const SOON: Duration = Duration::from_secs(10);

fn impatient() -> SendingSettings {
    let mut settings = settings();
    settings.retry.initial_interval = Duration::from_millis(20);
    settings.retry.max_interval = Duration::from_millis(20);
    settings
}

fn dead() -> Scripted {
    Scripted {
        rule: Some(Box::new(|_| Some(retry()))),
        ..Scripted::default()
    }
}

#[tokio::test]
async fn what_is_acknowledged_while_the_destination_is_dead_is_delivered_after_the_next_start() {
    let folder = Folder::new();
    let rig = Rig::on_disk(&folder, Signal::Logs, impatient(), dead());
    for items in [3, 1, 4] {
        assert_eq!(rig.put(items).await, Outcome::Done);
    }
    assert_eq!(rig.ledger().held(), 8);
    let (left, ledger) = rig.stop(SOON).await;
    assert_eq!(left.items, 0, "what is in the log is not lost");
    assert_eq!((ledger.queued, ledger.dropped()), (8, 0));

    let rig = Rig::on_disk(&folder, Signal::Logs, impatient(), Scripted::default());
    rig.until("delivered", |rig| rig.ledger().delivered == 8).await;
    assert_eq!(rig.taken(), (0..8).collect::<Vec<_>>());
    assert_eq!(rig.ledger().enqueued, 8, "the account goes on");
    rig.stop(SOON).await;

    let rig = Rig::on_disk(&folder, Signal::Logs, impatient(), Scripted::default());
    let ledger = rig.ledger();
    assert_eq!((ledger.enqueued, ledger.delivered, ledger.held()), (8, 8, 0));
    rig.stop(SOON).await;
    assert!(rig_files(&folder).len() <= 2, "{:?}", rig_files(&folder));
}

/// The log's folder is gone, so the next file cannot be begun.
#[tokio::test]
async fn what_cannot_be_written_is_not_acknowledged() {
    let folder = Folder::new();
    let mut settings = impatient();
    (settings.queue.queue_size, settings.queue.sizer) = (Some(1 << 20), Some(Sizer::Bytes));
    let rig = Rig::on_disk(&folder, Signal::Logs, settings, dead());
    assert_eq!(rig.put(1).await, Outcome::Done);
    std::fs::remove_dir_all(folder.path().join("otlp_grpc%2Ftest/logs/queue")).expect("removed");
    let mut acknowledged = 1;
    let refused = loop {
        match rig.put(1_000).await {
            Outcome::Done if acknowledged < 100_000 => acknowledged += 1_000,
            other => break other,
        }
    };
    assert!(
        matches!(refused, Outcome::Retry { .. }),
        "{refused:?} after {acknowledged}"
    );
    assert_eq!(rig.ledger().held(), acknowledged, "what was refused is not held");
    rig.stop(SOON).await;
}

/// The files of the queue's log.
fn rig_files(folder: &Folder) -> Vec<String> {
    let log = folder.path().join("otlp_grpc%2Ftest/logs/queue");
    let names = std::fs::read_dir(log).expect("the log's folder");
    names
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect()
}

#[tokio::test]
async fn the_part_of_a_batch_that_was_delivered_is_not_delivered_again() {
    let folder = Folder::new();
    let mut settings = impatient();
    settings.queue.batch.max_size = 4;
    settings.queue.batch.min_size = 4;
    let stubborn = Scripted {
        rule: Some(Box::new(|ids| ids.contains(&5).then(retry))),
        ..Scripted::default()
    };
    let rig = Rig::on_disk(&folder, Signal::Logs, settings.clone(), stubborn);
    assert_eq!(rig.put(12).await, Outcome::Done);
    rig.until("the others are taken", |rig| rig.ledger().delivered == 8)
        .await;
    rig.stop(SOON).await;

    let rig = Rig::on_disk(&folder, Signal::Logs, settings, Scripted::default());
    rig.until("the rest", |rig| rig.ledger().delivered == 12).await;
    assert_eq!(rig.taken(), [4, 5, 6, 7]);
    rig.stop(SOON).await;
}

#[tokio::test]
async fn memory_holds_a_window_of_it_and_order_is_kept() {
    let folder = Folder::new();
    let mut settings = impatient();
    (settings.queue.queue_size, settings.queue.sizer) = (Some(16 << 20), Some(Sizer::Bytes));
    let rig = Rig::on_disk(&folder, Signal::Metrics, settings.clone(), dead());
    // Some 6 MB where the window is 512 KiB.
    for _ in 0..300 {
        assert_eq!(rig.put(1000).await, Outcome::Done);
    }
    assert!(rig.queue.held_bytes() <= 512 << 10, "{}", rig.queue.held_bytes());
    rig.stop(SOON).await;

    let rig = Rig::on_disk(&folder, Signal::Metrics, settings, Scripted::default());
    for _ in 0..5 {
        drop(rig.put(1000));
    }
    rig.until("all", |rig| rig.ledger().delivered == 305_000).await;
    let old: Vec<u64> = (0..300_000).collect();
    assert_eq!(rig.taken()[..300_000], old[..]);
    assert!(rig.budget.peak() <= 2 << 20, "{}", rig.budget.peak());
    rig.stop(SOON).await;
}

#[tokio::test]
async fn what_is_refused_for_good_is_kept_as_a_dead_letter() {
    let folder = Folder::new();
    let picky = Scripted {
        rule: Some(Box::new(|ids| ids.contains(&2).then(reject))),
        ..Scripted::default()
    };
    let rig = Rig::on_disk(&folder, Signal::Logs, impatient(), picky);
    assert_eq!(rig.put(2).await, Outcome::Done);
    assert_eq!(rig.put(1).await, Outcome::Done);
    rig.until("refused", |rig| {
        rig.ledger().rejected_for(RejectReason::Destination) == 1
    })
    .await;
    let (_, ledger) = rig.stop(SOON).await;
    assert_eq!((ledger.delivered, ledger.held()), (2, 0));
    let letters =
        std::fs::read_dir(folder.path().join("otlp_grpc%2Ftest/logs/dead_letters")).expect("a folder");
    assert_eq!(letters.count(), 1);

    let rig = Rig::on_disk(&folder, Signal::Logs, impatient(), Scripted::default());
    assert_eq!(
        rig.ledger().rejected_for(RejectReason::Destination),
        1,
        "the account remembers"
    );
    rig.stop(SOON).await;
}

#[tokio::test]
async fn a_storage_belongs_to_one_process() {
    let folder = Folder::new();
    let board = StatusBoard::default();
    let _first = folder.open(&board);
    let settings = sidelight_component::StorageSettings {
        directory: Some(folder.path().to_owned()),
        create_directory: true,
        lock_timeout: Duration::ZERO,
        durability: sidelight_component::Durability::Fsync,
        flush_interval: Duration::from_secs(1),
        dead_letter_bytes: 0,
    };
    let status = board.reporter(Role::Extension, "file_storage".parse().expect("id"));
    let error = Storage::open(&settings, "/nowhere".into(), status).expect_err("locked");
    assert_eq!(error.setting.as_deref(), Some("directory"));
    assert!(error.message.contains("another process"), "{error}");
}

#[tokio::test]
async fn with_ack_memory_a_stop_loses_nothing_either() {
    let folder = Folder::new();
    let mut settings = impatient();
    settings.queue.ack = Some(AckMode::Memory);
    let rig = Rig::on_disk(&folder, Signal::Logs, settings.clone(), dead());
    assert_eq!(rig.put(7).await, Outcome::Done);
    rig.stop(SOON).await;
    let rig = Rig::on_disk(&folder, Signal::Logs, settings, Scripted::default());
    rig.until("delivered", |rig| rig.ledger().delivered == 7).await;
    rig.stop(SOON).await;
}

#[tokio::test]
async fn a_full_queue_refuses_and_has_room_again_after_a_delivery() {
    let folder = Folder::new();
    let mut settings = impatient();
    (settings.queue.queue_size, settings.queue.sizer) = (Some(10), Some(Sizer::Items));
    let rig = Rig::on_disk(&folder, Signal::Logs, settings.clone(), dead());
    assert_eq!(rig.put(10).await, Outcome::Done);
    assert!(rig.queue.reserve(10, 1).is_err());
    rig.stop(SOON).await;
    // The room that is taken is known at the next start.
    let rig = Rig::on_disk(&folder, Signal::Logs, settings, dead());
    assert!(rig.queue.reserve(10, 1).is_err());
    assert_eq!(rig.metric("otelcol_exporter_queue_size"), 10.0);
    rig.stop(SOON).await;
}

#[tokio::test]
async fn data_that_is_too_old_is_given_up_only_where_that_is_asked_for() {
    let folder = Folder::new();
    let rig = Rig::on_disk(&folder, Signal::Logs, impatient(), dead());
    assert_eq!(rig.put(2).await, Outcome::Done);
    rig.stop(SOON).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    let mut settings = impatient();
    settings.retry.max_elapsed_time = Duration::from_millis(25);
    // Its age counts from when it was written: the first failure ends it.
    let rig = Rig::on_disk(&folder, Signal::Logs, settings, dead());
    rig.until("given up", |rig| {
        rig.ledger().dropped_for(DropReason::MaxElapsedTime) == 2
    })
    .await;
    assert_eq!(rig.requests().len(), 1);
    rig.stop(SOON).await;
}

#[tokio::test]
async fn a_partial_success_is_never_sent_again() {
    let folder = Folder::new();
    let rig = Rig::on_disk(&folder, Signal::Logs, impatient(), Scripted::acting([partial(2)]));
    assert_eq!(rig.put(5).await, Outcome::Done);
    rig.until("taken", |rig| rig.ledger().delivered == 3).await;
    rig.stop(SOON).await;
    let rig = Rig::on_disk(&folder, Signal::Logs, impatient(), Scripted::default());
    let ledger = rig.ledger();
    assert_eq!(
        (
            ledger.held(),
            ledger.delivered,
            ledger.rejected_for(RejectReason::Partial)
        ),
        (0, 3, 2)
    );
    assert_eq!(rig.requests().len(), 0);
    rig.stop(SOON).await;
}

#[tokio::test]
async fn an_attempt_that_is_under_way_at_the_end_is_made_again() {
    let folder = Folder::new();
    let rig = Rig::on_disk(&folder, Signal::Logs, impatient(), Scripted::acting([Act::Stall]));
    assert_eq!(rig.put(1).await, Outcome::Done);
    rig.until("sent", |rig| !rig.requests().is_empty()).await;
    let (left, ledger) = rig.stop(Duration::from_millis(50)).await;
    assert_eq!((left.items, ledger.queued, ledger.in_flight), (0, 1, 0));
    let rig = Rig::on_disk(
        &folder,
        Signal::Logs,
        impatient(),
        Scripted::acting([Act::Answer(Sent::Accepted)]),
    );
    rig.until("delivered", |rig| rig.ledger().delivered == 1).await;
    rig.stop(SOON).await;
}

#[tokio::test]
async fn after_an_outage_what_waited_leaves_in_order() {
    let folder = Folder::new();
    let mut settings = impatient();
    settings.queue.num_consumers = 1;
    (settings.queue.batch.min_size, settings.queue.batch.max_size) = (1000, 1000);
    (settings.queue.queue_size, settings.queue.sizer) = (Some(64 << 20), Some(Sizer::Bytes));
    let start = Instant::now();
    let until_back = move |_: &[u64]| (start.elapsed() < Duration::from_millis(1500)).then(retry);
    let back_later = Scripted {
        rule: Some(Box::new(until_back)),
        ..Scripted::default()
    };
    let rig = Rig::on_disk(&folder, Signal::Logs, settings, back_later);
    // Several times the window.
    for _ in 0..1000 {
        assert_eq!(rig.put(100).await, Outcome::Done);
    }
    rig.until("all", |rig| rig.ledger().delivered == 100_000).await;
    let taken = rig.taken();
    let late = |(at, id): (usize, &u64)| (at as u64).saturating_sub(*id);
    // The request that finds the destination back may be any.
    assert!(taken.iter().enumerate().map(late).max() <= Some(1000));
    rig.stop(SOON).await;
}

#[tokio::test]
async fn what_damage_has_cost_takes_no_room() {
    let folder = Folder::new();
    let rig = Rig::on_disk(&folder, Signal::Logs, impatient(), dead());
    for _ in 0..20 {
        assert_eq!(rig.put(10).await, Outcome::Done);
    }
    rig.stop(SOON).await;
    // A second file, whose head knows the bytes of the first.
    Rig::on_disk(&folder, Signal::Logs, impatient(), dead())
        .stop(SOON)
        .await;
    let log = folder.path().join("otlp_grpc%2Ftest/logs/queue");
    let files = rig_files(&folder);
    let first = files
        .iter()
        .filter(|name| name.ends_with(".wal"))
        .min()
        .expect("a file");
    let mut bytes = std::fs::read(log.join(first)).expect("a file");
    bytes[..512].fill(0);
    std::fs::write(log.join(first), bytes).expect("written");
    let rig = Rig::on_disk(&folder, Signal::Logs, impatient(), Scripted::default());
    rig.until("all is found or lost", |rig| rig.ledger().held() == 0)
        .await;
    assert_eq!(rig.metric("otelcol_exporter_queue_size"), 0.0);
    let ledger = rig.ledger();
    assert_eq!(ledger.delivered + ledger.dropped_for(DropReason::Damaged), 200);
    assert!(ledger.dropped() > 0);
    rig.stop(SOON).await;
}
