//! Order, repetition and settlement of requests.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt as _;
use parking_lot::Mutex;
use sidelight_component::metrics::Registry;
use sidelight_component::{Ack, Chunk, Intake, Outcome, Output, Payload, Receipt, Signal};

use super::super::Deliveries;

/// The engine's side: refuses as it is told to, and answers when the test says so.
#[derive(Clone, Default)]
struct Engine(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    refusals: VecDeque<Outcome>,
    taken: Vec<(Bytes, Option<Ack>)>,
}

impl Intake for Engine {
    fn submit(&self, payload: Payload, _: Option<Instant>) -> Result<Receipt, Outcome> {
        let mut script = self.0.lock();
        if let Some(refusal) = script.refusals.pop_front() {
            return Err(refusal);
        }
        let (ack, receipt) = Ack::new();
        script.taken.push((payload.to_contiguous(), Some(ack)));
        Ok(receipt)
    }
}

impl Engine {
    fn refuse(&self, outcome: Outcome) {
        self.0.lock().refusals.push_back(outcome);
    }

    fn answer(&self, number: usize, outcome: Outcome) {
        let ack = self.0.lock().taken[number].1.take();
        ack.expect("one answer each").resolve(outcome);
    }

    fn taken(&self) -> Vec<String> {
        let text = |(bytes, _): &(Bytes, Option<Ack>)| String::from_utf8_lossy(bytes).into_owned();
        self.0.lock().taken.iter().map(text).collect()
    }
}

fn rig() -> (Engine, Registry, Deliveries<u32>) {
    let (engine, metrics) = (Engine::default(), Registry::default());
    let id = "file_log".parse().expect("an id");
    let output = Output::new(Arc::new(engine.clone()), Signal::Logs, &id, &metrics);
    (engine, metrics, Deliveries::new(output))
}

fn payload(text: &'static str) -> Option<Payload> {
    Some(Payload::new(Chunk {
        bytes: Bytes::from_static(text.as_bytes()),
        items: 1,
    }))
}

fn counted(metrics: &Registry, name: &str) -> f64 {
    let families = metrics.snapshot();
    let family = families.iter().find(|family| family.name == name);
    family.map_or(0.0, |family| family.series.iter().map(|(_, value)| value).sum())
}

#[tokio::test(start_paused = true)]
async fn what_is_answered_out_of_order_is_settled_in_order() {
    let (engine, metrics, mut deliveries) = rig();
    deliveries.push(payload("a"), 1);
    deliveries.push(payload("b"), 2);
    assert_eq!(engine.taken(), ["a", "b"]);
    engine.answer(1, Outcome::Done);
    assert_eq!(deliveries.next().now_or_never(), None);
    engine.answer(0, Outcome::Done);
    assert_eq!((deliveries.next().await, deliveries.next().await), (1, 2));
    assert!(deliveries.is_empty());
    assert_eq!(counted(&metrics, "otelcol_receiver_accepted_log_records"), 2.0);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_for_now_is_handed_over_again_and_nothing_is_settled_before() {
    let (engine, metrics, mut deliveries) = rig();
    engine.refuse(Outcome::retry("full"));
    deliveries.push(payload("a"), 1);
    deliveries.push(payload("b"), 2);
    assert!(engine.taken().is_empty(), "nothing overtakes the first");
    let settled = async { (deliveries.next().await, deliveries.next().await) };
    let answers = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        engine.answer(0, Outcome::retry("the connection broke"));
        engine.answer(1, Outcome::Done);
        tokio::time::sleep(Duration::from_secs(1)).await;
        engine.answer(2, Outcome::Done);
    };
    assert_eq!(futures_util::future::join(settled, answers).await.0, (1, 2));
    assert_eq!(engine.taken(), ["a", "b", "a"]);
    assert_eq!(counted(&metrics, "otelcol_receiver_accepted_log_records"), 2.0);
    assert_eq!(counted(&metrics, "otelcol_receiver_refused_log_records"), 0.0);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_for_good_is_settled_and_counted() {
    let (engine, metrics, mut deliveries) = rig();
    engine.refuse(Outcome::rejected("too large"));
    deliveries.push(payload("a"), 1);
    deliveries.push(payload("b"), 2);
    engine.answer(0, Outcome::rejected("bad"));
    assert_eq!((deliveries.next().await, deliveries.next().await), (1, 2));
    assert_eq!(counted(&metrics, "otelcol_receiver_refused_log_records"), 2.0);
}

#[tokio::test(start_paused = true)]
async fn a_place_without_records_waits_for_its_turn() {
    let (engine, _, mut deliveries) = rig();
    deliveries.push(payload("a"), 1);
    deliveries.push(None, 2);
    assert_eq!(deliveries.next().now_or_never(), None);
    engine.answer(0, Outcome::Done);
    assert_eq!((deliveries.next().await, deliveries.next().await), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn the_window_says_when_it_is_full() {
    let (engine, _, mut deliveries) = rig();
    for number in 0..4 {
        assert_eq!(deliveries.room(), 4 - number);
        deliveries.push(payload("a"), 0);
    }
    assert_eq!(deliveries.room(), 0);
    engine.answer(0, Outcome::Done);
    deliveries.next().await;
    assert_eq!(deliveries.room(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_asked_for_is_kept() {
    let (engine, _, mut deliveries) = rig();
    let asked = Duration::from_secs(7);
    engine.refuse(Outcome::Retry {
        after: Some(asked),
        reason: "busy".into(),
    });
    let before = tokio::time::Instant::now();
    deliveries.push(payload("a"), 1);
    let settled = deliveries.next();
    let answer = async {
        tokio::time::sleep(asked + Duration::from_millis(1)).await;
        assert_eq!(engine.taken(), ["a"]);
        engine.answer(0, Outcome::Done);
    };
    futures_util::future::join(settled, answer).await;
    assert!(before.elapsed() >= asked);
}
