use std::sync::{Arc, Mutex};
use std::time::Instant;

use sidelight_component::metrics::Registry;
use sidelight_component::{Ack, DrainTrigger, Intake, Receipt, Role, StatusBoard, drain_signal};
use sidelight_proto::views::LogsView;
use tokio::task::JoinHandle;

use super::*;

const START: u64 = 1_800_000_000_000_000_000;
const INTERVAL: Duration = Duration::from_secs(5);

/// The engine's side: keeps what it is given and answers "done".
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<Payload>>>);

impl Intake for Taken {
    fn submit(&self, payload: Payload, _: Option<Instant>) -> Result<Receipt, Outcome> {
        self.0.lock().expect("no panic").push(payload);
        let (ack, receipt) = Ack::new();
        ack.resolve(Outcome::Done);
        Ok(receipt)
    }
}

impl Taken {
    /// The times of the beats.
    fn times(&self) -> Vec<u64> {
        let time = |payload: &Payload| {
            let request = payload.to_contiguous();
            let records = LogsView::new(&request)
                .resource_logs()
                .flat_map(|resource| resource.scope_logs())
                .flat_map(|scope| scope.log_records());
            let times: Vec<u64> = records.map(|record| record.time_unix_nano()).collect();
            assert_eq!(times.len(), payload.items());
            times[0]
        };
        self.0.lock().expect("no panic").iter().map(time).collect()
    }
}

/// A heartbeat at work.
struct Rig {
    clock: Clock,
    metrics: Registry,
    taken: Taken,
    drain: DrainTrigger,
    running: JoinHandle<Result<(), ReceiverError>>,
}

fn start(budget: usize) -> Rig {
    let id: sidelight_component::ComponentId = "heartbeat".parse().expect("an id");
    let (clock, metrics, taken) = (Clock::virtual_at(START), Registry::default(), Taken::default());
    let context = BuildContext {
        id: id.clone(),
        pipeline: None,
        budget: Budget::new(budget),
        clock: clock.clone(),
        metrics: metrics.clone(),
        status: StatusBoard::default().reporter(Role::Receiver, id.clone()),
        state_dir: "unused".into(),
        workers: 1,
    };
    let receiver = Config { interval: INTERVAL }.build(&context).expect("built");
    let output = Output::new(Arc::new(taken.clone()), Signal::Logs, &id, &metrics);
    let (drain, signal) = drain_signal();
    Rig {
        clock,
        metrics,
        taken,
        drain,
        running: tokio::spawn(receiver.run(Outputs::default().with(Signal::Logs, output), signal)),
    }
}

#[tokio::test(start_paused = true)]
async fn a_beat_comes_at_once_and_after_every_interval_with_the_time_of_the_engines_clock() {
    let rig = start(1 << 10);
    tokio::time::sleep(INTERVAL / 2).await;
    rig.clock.advance(INTERVAL);
    tokio::time::sleep(INTERVAL).await;
    assert_eq!(rig.taken.times(), [START, START + INTERVAL.as_nanos() as u64]);
}

#[tokio::test(start_paused = true)]
async fn a_beat_without_room_in_the_budget_is_counted_as_refused() {
    let rig = start(BEAT_BYTES - 1);
    tokio::time::sleep(INTERVAL / 2).await;
    assert!(rig.taken.times().is_empty());
    let families = rig.metrics.snapshot();
    let refused = families
        .iter()
        .find(|family| family.name == "otelcol_receiver_refused_log_records");
    let values = refused
        .expect("counted")
        .series
        .iter()
        .map(|(_, value)| *value as u64);
    assert_eq!(values.sum::<u64>(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_it() {
    let rig = start(1 << 10);
    rig.drain.request(Instant::now() + INTERVAL);
    rig.running.await.expect("no panic").expect("ended well");
}
