//! Random arrivals, settings and answers: every item comes to exactly one end, and the account always adds up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use sidelight_component::sending::{AckMode, Overflow, SendingSettings, Sizer};
use sidelight_component::{Outcome, Receipt, Sent, Signal, lost_branches};
use tokio::time::Instant;

use super::rig::*;
use crate::{DropReason, RejectReason};

#[derive(Clone, Debug)]
struct Arrival {
    items: usize,
    patience_ms: Option<u64>,
    then_wait_ms: u64,
}

#[derive(Clone, Debug)]
struct Case {
    metrics: bool,
    settings: SendingSettings,
    arrivals: Vec<Arrival>,
    script: Vec<Act>,
    /// Items on which the destination always gives the same bad answer.
    poison: BTreeMap<u64, Act>,
    drain_after_ms: u64,
}

fn act() -> impl Strategy<Value = Act> {
    let answer = prop_oneof![
        4 => Just(accept()),
        3 => Just(retry()),
        1 => (0_u64..8).prop_map(retry_after),
        1 => Just(reject()),
        1 => (0_u64..6).prop_map(partial),
        1 => Just(too_large()),
        1 => Just(Act::TakeAndFail),
        1 => Just(Act::Stall),
        1 => Just(Act::Panic),
    ];
    (answer, prop_oneof![Just(0_u64), 1_u64..9000])
        .prop_map(|(act, ms)| if ms == 0 { act } else { after_ms(ms, act) })
}

fn arrival() -> impl Strategy<Value = Arrival> {
    (
        0_usize..30,
        proptest::option::of(0_u64..12_000),
        prop_oneof![Just(0_u64), 1_u64..3000],
    )
        .prop_map(|(items, patience_ms, then_wait_ms)| Arrival {
            items,
            patience_ms,
            then_wait_ms,
        })
}

fn sending() -> impl Strategy<Value = SendingSettings> {
    let batch = (
        0_u64..20,
        0_u64..20,
        prop_oneof![Just(Sizer::Items), Just(Sizer::Bytes)],
    );
    let limits = (
        proptest::option::of(40_usize..400),
        prop_oneof![Just(0_u64), 1000_u64..20_000],
    );
    let modes = (any::<bool>(), any::<bool>(), prop_oneof![Just(0_u64), 1_u64..60]);
    (
        batch,
        limits,
        modes,
        1_u64..4,
        proptest::option::of(1_u64..60),
        any::<bool>(),
    )
        .prop_map(
            |(
                (min, max, sizer),
                (max_request, timeout),
                (memory, retries, elapsed),
                consumers,
                quota,
                drop,
            )| {
                let mut settings = settings();
                let scale = if sizer == Sizer::Bytes { 15 } else { 1 };
                let queue = &mut settings.queue;
                (queue.batch.min_size, queue.batch.max_size, queue.batch.sizer) =
                    (min * scale, max * scale, sizer);
                queue.num_consumers = consumers;
                (queue.queue_size, queue.sizer) = (quota, Some(Sizer::Items));
                queue.ack = memory.then_some(AckMode::Memory);
                queue.on_overflow = if drop { Overflow::Drop } else { Overflow::Refuse };
                settings.max_request_bytes = max_request;
                settings.timeout = Duration::from_millis(timeout);
                settings.retry.enabled = retries || elapsed > 0;
                settings.retry.max_elapsed_time = Duration::from_secs(elapsed);
                settings
            },
        )
}

fn case() -> impl Strategy<Value = Case> {
    let poison = proptest::collection::btree_map(
        0_u64..100,
        prop_oneof![Just(retry()), Just(reject()), Just(too_large()), Just(Act::Panic)],
        0..3,
    );
    (
        any::<bool>(),
        sending(),
        proptest::collection::vec(arrival(), 1..25),
        proptest::collection::vec(act(), 0..30),
        poison,
        0_u64..60_000,
    )
        .prop_map(
            |(metrics, settings, arrivals, script, poison, drain_after_ms)| Case {
                metrics,
                settings,
                arrivals,
                script,
                poison,
                drain_after_ms,
            },
        )
}

/// Runs the case and returns the ids and receipt of every batch that was let in.
async fn feed(rig: &Rig, arrivals: &[Arrival]) -> Vec<(BTreeSet<u64>, Receipt)> {
    let mut let_in = Vec::new();
    let mut next = 0;
    for arrival in arrivals {
        let (mut batch, receipt) = rig.batch(arrival.items);
        let ids = next..next + arrival.items as u64;
        next = ids.end;
        batch.deadline = arrival
            .patience_ms
            .map(|ms| (Instant::now() + Duration::from_millis(ms)).into_std());
        match rig.queue.reserve(batch.payload.len(), arrival.items) {
            Ok(room) => {
                room.enqueue([batch]);
                let_in.push((ids.collect(), receipt));
            }
            Err(full) => batch.finish(full.outcome()),
        }
        rig.ledger();
        if arrival.then_wait_ms > 0 {
            for _ in 0..4 {
                rig.pass(Duration::from_millis(arrival.then_wait_ms / 4)).await;
                rig.ledger();
            }
        }
    }
    let_in
}

async fn run(case: Case) -> Result<(), TestCaseError> {
    let memory = case.settings.queue.ack == Some(AckMode::Memory);
    let overflow_is_dropped = case.settings.queue.on_overflow == Overflow::Drop;
    let poison = case.poison.clone();
    let mut exporter = Scripted::acting(case.script.clone());
    exporter.rule = Some(Box::new(move |ids| {
        ids.iter().find_map(|id| poison.get(id).cloned())
    }));
    let signal = if case.metrics {
        Signal::Metrics
    } else {
        Signal::Logs
    };
    let rig = Rig::with(signal, case.settings.clone(), exporter);

    let let_in = feed(&rig, &case.arrivals).await;
    rig.pass(Duration::from_millis(case.drain_after_ms)).await;
    rig.ledger();
    let left = rig
        .queue
        .drain((Instant::now() + Duration::from_secs(30)).into_std())
        .await;
    rig.settle().await;

    let ledger = rig.ledger();
    prop_assert_eq!(ledger.held(), 0);
    prop_assert_eq!(rig.metric("otelcol_exporter_queue_size"), 0.0);
    prop_assert_eq!(rig.budget.used(), 0);
    prop_assert!(left.items as u64 <= ledger.dropped_for(DropReason::Shutdown));
    let items: usize = let_in.iter().map(|(ids, _)| ids.len()).sum();
    prop_assert_eq!(ledger.enqueued, items as u64);

    let taken = rig.taken();
    let distinct: BTreeSet<u64> = taken.iter().copied().collect();
    let unanswered = has_unanswered(&case);
    if !unanswered {
        prop_assert_eq!(taken.len(), distinct.len(), "an item was taken twice");
        // What was taken for a sender that had stopped waiting counts as withdrawn.
        prop_assert!(ledger.delivered <= distinct.len() as u64);
        prop_assert!(distinct.len() as u64 <= ledger.delivered + ledger.maybe_duplicate);
    }
    for (ids, receipt) in &let_in {
        let outcome = receipt.settled();
        prop_assert!(outcome.is_some(), "a sender is left without an answer");
        let dropped_at_the_door = overflow_is_dropped && ledger.dropped_for(DropReason::QueueFull) > 0;
        if outcome == Some(Outcome::Done) && !memory && !dropped_at_the_door {
            prop_assert!(
                ids.is_subset(&distinct),
                "acknowledged and not delivered: {:?}",
                ids
            );
        }
    }
    if case.metrics {
        prop_assert_eq!(*rig.exporter.most_open.lock() <= 1, true);
        if case.script.iter().all(is_accepted) && case.poison.is_empty() {
            prop_assert!(taken.is_sorted(), "metrics left out of order: {:?}", taken);
        }
    }
    if let Some(limit) = case.settings.max_request_bytes {
        prop_assert!(rig.exporter.seen.lock().iter().all(|seen| seen.bytes <= limit));
    }
    // Each reason can only come from what causes it.
    prop_assert!(case.settings.retry.enabled || ledger.dropped_for(DropReason::MaxElapsedTime) == 0);
    prop_assert!(!case.settings.retry.enabled || ledger.dropped_for(DropReason::RetryDisabled) == 0);
    prop_assert_eq!(ledger.rejected_for(RejectReason::Encode), 0);
    Ok(())
}

fn inner(act: &Act) -> &Act {
    match act {
        Act::After(_, then) => inner(then),
        act => act,
    }
}

fn is_accepted(act: &Act) -> bool {
    // One that takes longer than the timeout fails.
    matches!(act, Act::Answer(Sent::Accepted))
}

/// True where an item can be taken twice by right: the destination took it and the answer was lost.
fn has_unanswered(case: &Case) -> bool {
    case.script
        .iter()
        .any(|act| matches!(inner(act), Act::TakeAndFail))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_item_comes_to_one_end_and_every_sender_gets_one_answer(case in case()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let lost = lost_branches();
        runtime.block_on(run(case))?;
        prop_assert_eq!(lost_branches(), lost);
    }
}
