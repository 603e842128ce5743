//! The receiver as the engine runs it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sidelight_component::{
    Ack, Intake, Outcome, Output, Outputs, Payload, Receipt, ReceiverConfig, Role, Signal, drain_signal,
};
use sidelight_testkit::component::{context, settings};

use super::rig::{Points, Python};
use crate::process::Config;

/// The engine's side: keeps what it is given.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<Payload>>>);

impl Intake for Taken {
    fn submit(&self, payload: Payload, _: Option<Instant>) -> Result<Receipt, Outcome> {
        self.0.lock().push(payload);
        let (ack, receipt) = Ack::new();
        ack.resolve(Outcome::Done);
        Ok(receipt)
    }
}

#[tokio::test(start_paused = true)]
async fn each_metric_comes_in_its_own_interval_until_the_drain() {
    let python = Python::start();
    let yaml = format!(
        "collection_interval: 5s\ntargets: [{{name: app, pid: {}}}]\nmetrics:\n  process.memory.virtual: {{collection_interval: \
         10s}}\n  process.thread.count: {{collection_interval: 30s}}\n",
        python.pid()
    );
    let config: Config = settings(Role::Receiver, "process", &yaml).expect("settings");
    let mut cx = context(Role::Receiver, "process");
    cx.clock = sidelight_component::Clock::virtual_at(1_800_000_000_000_000_000);
    let mut receiver = config.build(&cx).expect("built");
    receiver.open().await.expect("opened");
    let (taken, (drain, signal)) = (Taken::default(), drain_signal());
    let output = Output::new(Arc::new(taken.clone()), Signal::Metrics, &cx.id, &cx.metrics);
    let running = tokio::spawn(receiver.run(Outputs::default().with(Signal::Metrics, output), signal));

    let mut samples = Vec::new();
    // A second before the first, and then 5 s each; the engine's clock goes with tokio's.
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..13 {
        let before = taken.0.lock().len();
        let step = if samples.is_empty() {
            Duration::from_secs(1)
        } else {
            Duration::from_secs(5)
        };
        tokio::time::sleep(step).await;
        // The sample is taken on another thread, for which paused time does not wait.
        while taken.0.lock().len() == before {
            tokio::task::yield_now().await;
        }
        cx.clock.advance(Duration::from_secs(5));
        let payload = taken.0.lock().last().cloned().expect("a sample");
        samples.push(Points::of_payload(&payload));
    }
    let rounds = |name: &'static str| -> Vec<usize> {
        let has = |(_, points): &(usize, &Points)| points.metric(name).count() > 0;
        samples
            .iter()
            .enumerate()
            .filter(has)
            .map(|(round, _)| round)
            .collect()
    };
    assert_eq!(rounds("process.memory.usage"), (0..13).collect::<Vec<_>>());
    assert_eq!(rounds("process.memory.virtual"), [0, 2, 4, 6, 8, 10, 12]);
    assert_eq!(rounds("process.thread.count"), [0, 6, 12]);
    drain.request(Instant::now() + Duration::from_secs(5));
    running.await.expect("no panic").expect("ended well");
    let accepted = cx.metrics.snapshot();
    let accepted = accepted
        .iter()
        .find(|family| family.name == "otelcol_receiver_accepted_metric_points");
    let points: usize = samples.iter().map(|points| points.0.len()).sum();
    assert_eq!(accepted.expect("counted").series[0].1, points as f64);
}

#[tokio::test]
async fn a_root_without_proc_is_an_error_at_its_setting() {
    let yaml = "root_path: /nowhere\ntargets: [{pid: 1}]";
    let config: Config = settings(Role::Receiver, "process", yaml).expect("settings");
    let mut receiver = config.build(&context(Role::Receiver, "process")).expect("built");
    let error = receiver.open().await.expect_err("no /proc");
    assert_eq!(error.setting.as_deref(), Some("root_path"));
    assert!(
        error.message.starts_with("cannot open /nowhere/proc: "),
        "{}",
        error.message
    );
}
