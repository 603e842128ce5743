use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sidelight_component::metrics::Registry;
use sidelight_component::{
    Ack, Budget, Chunk, DrainTrigger, Intake, Now, Outcome, Output, Outputs, Payload, Receipt, ReceiverError,
    Signal, State, StatusBoard, drain_signal,
};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::*;
use crate::sampling::{FailedReads, Sampled, Sampler, Timing, run};

const INTERVAL: Duration = Duration::from_secs(10);

/// Takes so many payloads and refuses the others.
struct Taking {
    room: usize,
    taken: Mutex<Vec<Payload>>,
    changed: Notify,
}

impl Intake for Taking {
    fn submit(&self, payload: Payload, deadline: Option<Instant>) -> Result<Receipt, Outcome> {
        assert!(deadline.is_none(), "a sample waits as long as the queue keeps it");
        let mut taken = self.taken.lock().expect("no panic");
        taken.push(payload);
        self.changed.notify_one();
        if taken.len() > self.room {
            return Err(Outcome::retry("full"));
        }
        // Nobody answers: the receiver must not wait for it.
        let (ack, receipt) = Ack::new();
        std::mem::forget(ack);
        Ok(receipt)
    }
}

impl Taking {
    async fn until(&self, count: usize) {
        while self.taken.lock().expect("no panic").len() < count {
            self.changed.notified().await;
        }
    }
}

/// Makes one point a sample; waits for a word before where there is a channel.
struct Counting {
    waits: Option<Gate>,
}

/// Says that a sample has begun, and waits for a word.
struct Gate {
    begun: Sender<()>,
    go: Receiver<()>,
}

impl Sampler for Counting {
    fn sample(&mut self, _: Now) -> Sampled {
        if let Some(gate) = &self.waits {
            let _ = gate.begun.send(());
            let _ = gate.go.recv();
        }
        Sampled {
            payload: Payload::new(Chunk {
                bytes: b"\x0a\x00".as_slice().into(),
                items: 1,
            }),
            refused: 2,
        }
    }
}

struct Rig {
    taking: Arc<Taking>,
    metrics: Registry,
    board: StatusBoard,
    drain: DrainTrigger,
    running: JoinHandle<Result<(), ReceiverError>>,
}

fn start(sampler: Counting, timing: Timing, room: usize) -> Rig {
    let id: sidelight_component::ComponentId = "heart".parse().expect("an id");
    let (metrics, board) = (Registry::default(), StatusBoard::default());
    let status = board.reporter(Role::Receiver, id.clone());
    let taking = Arc::new(Taking {
        room,
        taken: Mutex::default(),
        changed: Notify::new(),
    });
    let output = Output::new(taking.clone(), Signal::Metrics, &id, &metrics);
    let (drain, signal) = drain_signal();
    let outputs = Outputs::default().with(Signal::Metrics, output);
    let running = tokio::spawn(run(
        sampler,
        timing,
        Clock::virtual_at(START),
        status,
        outputs,
        signal,
    ));
    Rig {
        taking,
        metrics,
        board,
        drain,
        running,
    }
}

/// A gate with its outer ends: what has begun, and the word to go on.
fn gate() -> (Gate, Receiver<()>, Sender<()>) {
    let ((begun, has_begun), (word, go)) = (channel(), channel());
    (Gate { begun, go }, has_begun, word)
}

fn counted(metrics: &Registry, name: &str) -> f64 {
    let families = metrics.snapshot();
    let family = families.iter().find(|family| family.name == name);
    family.map_or(0.0, |family| family.series.iter().map(|(_, value)| value).sum())
}

#[tokio::test(start_paused = true)]
async fn samples_come_after_the_delay_and_in_every_interval_whoever_answers() {
    let begun = tokio::time::Instant::now();
    let timing = Timing {
        collection_interval: INTERVAL,
        initial_delay: Duration::from_secs(3),
        timeout: Duration::ZERO,
    };
    let rig = start(Counting { waits: None }, timing, 2);
    for (count, seconds) in [(1, 3), (2, 13), (3, 23)] {
        rig.taking.until(count).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(seconds), "sample {count}");
    }
    rig.drain.request(Instant::now() + INTERVAL);
    rig.running.await.expect("no panic").expect("ended well");
    assert_eq!(
        counted(&rig.metrics, "otelcol_receiver_accepted_metric_points"),
        2.0
    );
    assert_eq!(
        counted(&rig.metrics, "otelcol_receiver_refused_metric_points"),
        1.0 + 3.0 * 2.0
    );
}

#[tokio::test]
async fn a_sample_that_hangs_is_reported_and_does_not_hold_up_the_end() {
    let (gate, has_begun, go) = gate();
    let timing = Timing {
        collection_interval: Duration::from_millis(20),
        initial_delay: Duration::ZERO,
        timeout: Duration::from_millis(10),
    };
    let rig = start(Counting { waits: Some(gate) }, timing, 100);
    let state = || rig.board.snapshot()[0].2.state.clone();
    while !matches!(state(), State::Recoverable(_)) {
        tokio::task::yield_now().await;
    }
    assert!(rig.taking.taken.lock().expect("no panic").is_empty());
    go.send(()).expect("it waits");
    rig.taking.until(1).await;
    // The next one hangs as well, and the end comes all the same.
    while has_begun.try_iter().count() == 0 {
        tokio::task::yield_now().await;
    }
    rig.drain.request(Instant::now());
    rig.running.await.expect("no panic").expect("ended well");
    drop(go);
}

#[tokio::test]
async fn a_sample_under_way_is_handed_over_before_the_end() {
    let (gate, has_begun, go) = gate();
    let timing = Timing {
        initial_delay: Duration::ZERO,
        ..Timing::default()
    };
    let rig = start(Counting { waits: Some(gate) }, timing, 100);
    while has_begun.try_recv().is_err() {
        tokio::task::yield_now().await;
    }
    rig.drain.request(Instant::now() + Duration::from_secs(60));
    go.send(()).expect("it waits");
    rig.running.await.expect("no panic").expect("ended well");
    assert_eq!(rig.taking.taken.lock().expect("no panic").len(), 1);
}

#[test]
fn every_failed_read_is_counted_under_its_cause() {
    let cx = context(Budget::default());
    let mut failed = FailedReads::new(&cx);
    for _ in 0..3 {
        failed.count("diskstats", &"no such file", "disks are missing");
    }
    failed.count("vmstat", &"no such file", "faults are missing");
    let families = cx.metrics.snapshot();
    let labels_and_values: Vec<(String, f64)> = families[0]
        .series
        .iter()
        .map(|(labels, value)| (format!("{labels:?}"), *value))
        .collect();
    assert_eq!(families[0].name, "sidelight_receiver_failed_reads");
    assert!(labels_and_values[0].0.contains("diskstats") && labels_and_values[0].1 == 3.0);
    assert!(labels_and_values[1].0.contains("vmstat") && labels_and_values[1].1 == 1.0);
}
