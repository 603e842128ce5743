//! The receiver at work, with the engine's side played by the test.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sidelight_component::metrics::Registry;
use sidelight_component::{
    Ack, Budget, BuildContext, Clock, DrainTrigger, Intake, Outcome, Output, Outputs, Payload, Receipt,
    ReceiverConfig, ReceiverError, Role, Signal, StatusBoard, drain_signal,
};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::super::config::{Config, StartAt};
use super::rig::{append, config, lines};

/// Takes what comes and answers as it was told to: the first requests with refusals.
#[derive(Clone, Default)]
struct Engine {
    refusals: Arc<Mutex<usize>>,
    taken: Arc<Mutex<Vec<String>>>,
    told: Arc<Notify>,
}

impl Intake for Engine {
    fn submit(&self, payload: Payload, _: Option<Instant>) -> Result<Receipt, Outcome> {
        let mut refusals = self.refusals.lock();
        if *refusals > 0 {
            *refusals -= 1;
            return Err(Outcome::retry("full"));
        }
        self.taken.lock().extend(lines(&payload.to_contiguous()));
        self.told.notify_one();
        let (ack, receipt) = Ack::new();
        ack.resolve(Outcome::Done);
        Ok(receipt)
    }
}

impl Engine {
    async fn wait_for(&self, expected: &[&str]) {
        while *self.taken.lock() != expected {
            self.told.notified().await;
        }
    }
}

struct Running {
    drain: DrainTrigger,
    task: JoinHandle<Result<(), ReceiverError>>,
}

impl Running {
    async fn start(config: &Config, folder: &std::path::Path, engine: &Engine) -> Self {
        let id: sidelight_component::ComponentId = "file_log".parse().expect("an id");
        let metrics = Registry::default();
        let cx = BuildContext {
            id: id.clone(),
            pipeline: None,
            budget: Budget::default(),
            clock: Clock::system(),
            metrics: metrics.clone(),
            status: StatusBoard::default().reporter(Role::Receiver, id.clone()),
            state_dir: folder.join("state"),
            workers: 1,
        };
        let mut receiver = config.build(&cx).expect("built");
        receiver.open().await.expect("opened");
        let output = Output::new(Arc::new(engine.clone()), Signal::Logs, &id, &metrics);
        let (drain, signal) = drain_signal();
        let outputs = Outputs::default().with(Signal::Logs, output);
        let task = tokio::spawn(receiver.run(outputs, signal));
        Self { drain, task }
    }

    async fn stop(self) {
        self.drain.request(Instant::now() + Duration::from_secs(60));
        self.task.await.expect("no panic").expect("ended well");
    }
}

#[tokio::test]
async fn lines_are_handed_over_as_they_come_and_a_restart_goes_on_behind_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.log");
    let config = Config {
        start_at: StartAt::Beginning,
        ..config(&[&format!("{}/*.log", folder.path().display())])
    };
    append(&path, "one\n");
    let engine = Engine::default();
    let running = Running::start(&config, folder.path(), &engine).await;
    engine.wait_for(&["a.log: one"]).await;
    append(&path, "two\n");
    engine.wait_for(&["a.log: one", "a.log: two"]).await;
    running.stop().await;
    append(&path, "three\n");
    let running = Running::start(&config, folder.path(), &engine).await;
    engine
        .wait_for(&["a.log: one", "a.log: two", "a.log: three"])
        .await;
    running.stop().await;
}

#[tokio::test]
async fn what_is_refused_is_handed_over_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config {
        start_at: StartAt::Beginning,
        ..config(&[&format!("{}/*.log", folder.path().display())])
    };
    append(&folder.path().join("a.log"), "one\n");
    let engine = Engine::default();
    *engine.refusals.lock() = 2;
    let running = Running::start(&config, folder.path(), &engine).await;
    engine.wait_for(&["a.log: one"]).await;
    running.stop().await;
}
