//! The engine with components made for the test: fan-out, room, acknowledgement, drain, restart.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use prost::Message;
use sidelight_component::metrics::Registry;
use sidelight_component::registry::{ConnectorEntry, ExporterEntry, ReceiverEntry};
use sidelight_component::sending::{RetryOnFailure, SendingQueue, SendingSettings};
use sidelight_component::{
    ALL_SIGNALS, About, Ack, AckBehaviour, Batch, BuildContext, BuildError, Chunk, ConnectorConfig,
    DrainSignal, Exporter, ExporterConfig, Health, Host, Now, Out, Outcome, Outputs, Payload, Processor,
    Receiver, ReceiverConfig, ReceiverError, Request, Sent, Sharding, Signal, async_trait,
};
use sidelight_config::{FixedEnv, load_str, setting_enum, settings};
use sidelight_pipeline::{Catalog, Engine, document};
use sidelight_self_telemetry::ledger::Row;

settings! {
    /// A receiver that brings nothing by itself.
    pub struct Manual {
        /// How often it panics before it runs.
        panics: u64 = 0,
    }
}

static RUNS: AtomicUsize = AtomicUsize::new(0);

struct ManualReceiver(u64);

#[async_trait]
impl Receiver for ManualReceiver {
    async fn run(self: Box<Self>, _: Outputs, mut drain: DrainSignal) -> Result<(), ReceiverError> {
        let run = RUNS.fetch_add(1, Ordering::SeqCst) as u64;
        assert!(run >= self.0, "on purpose");
        drain.requested().await;
        Ok(())
    }
}

impl ReceiverConfig for Manual {
    fn build(&self, _: &BuildContext) -> Result<Box<dyn Receiver>, BuildError> {
        Ok(Box::new(ManualReceiver(self.panics)))
    }
}

setting_enum! {
    /// What a destination answers.
    pub enum Answer {
        /// Taken.
        Accept = "accept",
        /// Not now.
        Refuse = "refuse",
        /// Never.
        Reject = "reject",
        /// Nothing.
        Stall = "stall",
    }
}

settings! {
    /// An exporter that answers as told.
    pub struct Scripted {
        /// The answer.
        answer: Answer = Answer::Accept,
        /// The queue.
        sending_queue: SendingQueue,
        /// Retries.
        retry_on_failure: RetryOnFailure,
    }
}

struct ScriptedExporter(Answer);

#[async_trait]
impl Exporter for ScriptedExporter {
    async fn send(&self, _: &Request, _: Instant) -> Sent {
        match self.0 {
            Answer::Accept => Sent::Accepted,
            Answer::Refuse => Sent::Retry {
                after: None,
                reason: "busy".into(),
                maybe_processed: false,
            },
            Answer::Reject => Sent::Rejected {
                reason: "forbidden".into(),
            },
            Answer::Stall => std::future::pending().await,
        }
    }
}

impl ExporterConfig for Scripted {
    fn sending(&self) -> SendingSettings {
        SendingSettings {
            queue: self.sending_queue.clone(),
            retry: self.retry_on_failure.clone(),
            timeout: Duration::from_secs(60),
            max_request_bytes: None,
        }
    }
    fn build(&self, _: &BuildContext) -> Result<Arc<dyn Exporter>, BuildError> {
        Ok(Arc::new(ScriptedExporter(self.answer)))
    }
}

settings! {
    /// A connector that passes everything on.
    pub struct Through {
    }
}

impl ConnectorConfig for Through {
    const JOINS: &'static [(Signal, Signal)] = &[(Signal::Logs, Signal::Logs)];

    fn build(&self, _: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Through {}))
    }
}

impl Processor for Through {
    fn process(&mut self, batch: Batch, _: Now, out: &mut Out) {
        out.push(batch);
    }
}

settings! {
    /// A connector that makes one record of as many as came within ten seconds.
    pub struct Counting {
    }
}

impl ConnectorConfig for Counting {
    const JOINS: &'static [(Signal, Signal)] = &[(Signal::Logs, Signal::Logs)];

    fn acknowledgement(&self) -> AckBehaviour {
        AckBehaviour::Absorb
    }

    fn sharding(&self) -> Sharding {
        Sharding::Single
    }

    fn build(&self, _: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Counted { since: None }))
    }
}

struct Counted {
    since: Option<Instant>,
}

impl Processor for Counted {
    fn process(&mut self, batch: Batch, now: Now, out: &mut Out) {
        self.since.get_or_insert(now.instant);
        out.absorb(batch);
    }

    fn next_timer(&self) -> Option<Instant> {
        self.since.map(|since| since + Duration::from_secs(10))
    }

    fn on_timer(&mut self, now: Now, out: &mut Out) {
        self.flush(now, out);
    }

    fn flush(&mut self, _: Now, out: &mut Out) {
        if self.since.take().is_some() {
            out.create(Batch {
                signal: Signal::Logs,
                payload: payload(1),
                ack: Ack::unattended(),
                deadline: None,
            });
        }
    }
}

const fn about(name: &'static str) -> About {
    About {
        name,
        aliases: &[],
        signals: ALL_SIGNALS,
        readme: "",
    }
}

static RECEIVERS: &[ReceiverEntry] = &[ReceiverEntry::of::<Manual>(about("manual"))];
static CONNECTORS: &[ConnectorEntry] = &[
    ConnectorEntry::of::<Through>(about("through")),
    ConnectorEntry::of::<Counting>(about("counting")),
];
static EXPORTERS: &[ExporterEntry] = &[ExporterEntry::of::<Scripted>(about("scripted"))];
const CATALOG: Catalog = Catalog {
    receivers: RECEIVERS,
    processors: &[],
    connectors: CONNECTORS,
    exporters: EXPORTERS,
    extensions: &[],
};

async fn start(exporters: &str, pipelines: &str) -> Engine {
    let text = format!(
        "receivers:\n  manual:\nconnectors:\n  through:\n  counting:\nexporters:\n{exporters}\nservice:\n  sidelight: {{drain_timeout: 2s, unhealthy_after: 0s}}\n  pipelines:\n{pipelines}\n"
    );
    let (tree, mut mistakes) = load_str("test.yaml", &text, &FixedEnv::new());
    let plan = tree.and_then(|tree| document::read(&tree, CATALOG, &mut mistakes));
    let plan = plan.unwrap_or_else(|| panic!("{}", mistakes.render_plain()));
    Engine::start(plan, Registry::default())
        .await
        .unwrap_or_else(|e| panic!("{e}"))
}

fn payload(items: usize) -> Payload {
    let log_records = vec![
        LogRecord {
            time_unix_nano: 1,
            ..Default::default()
        };
        items
    ];
    let scope_logs = vec![ScopeLogs {
        log_records,
        ..Default::default()
    }];
    let resource_logs = vec![ResourceLogs {
        scope_logs,
        ..Default::default()
    }];
    let bytes: Bytes = ExportLogsServiceRequest { resource_logs }.encode_to_vec().into();
    Payload::new(Chunk { bytes, items })
}

async fn send(engine: &Engine, items: usize, patience: Duration) -> Outcome {
    let Ok(receiver) = "manual".parse() else {
        panic!("no id")
    };
    let Some(output) = engine.outputs(&receiver).get(Signal::Logs).cloned() else {
        panic!("no pipeline for logs")
    };
    output.send(payload(items), Some(Instant::now() + patience)).await
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn the_sender_hears_done_when_every_destination_has_taken_it() {
    let engine = start(
        "  scripted/a:\n  scripted/b:",
        "    logs: {receivers: [manual], exporters: [scripted/a, scripted/b]}",
    )
    .await;
    assert_eq!(send(&engine, 3, LONG).await, Outcome::Done);
    assert!(engine.host().ledger().balances().is_ok());
    assert_eq!(engine.host().health(), Health::Ok);
    assert!(engine.drain().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_worst_answer_of_two_pipelines_is_the_senders_answer() {
    let engine = start(
        "  scripted/a:\n  scripted/b: {answer: reject}",
        "    logs/a: {receivers: [manual], exporters: [scripted/a]}\n    logs/b: {receivers: [manual], exporters: [scripted/b]}",
    )
    .await;
    let outcome = send(&engine, 2, LONG).await;
    assert!(
        matches!(&outcome, Outcome::Rejected { reason } if reason.contains("forbidden")),
        "{outcome:?}"
    );
    assert!(engine.host().ledger().balances().is_ok());
    // One refusal can be the data's fault; a destination that refuses everything is in bad health.
    for _ in 0..2 {
        send(&engine, 2, LONG).await;
    }
    let Health::Unhealthy(reasons) = engine.host().health() else {
        panic!("everything is rejected")
    };
    assert!(
        reasons.iter().any(|reason| reason.contains("scripted/b")),
        "{reasons:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_sender_is_told_to_repeat_at_its_own_deadline_and_our_copy_is_withdrawn() {
    let engine = start(
        "  scripted: {answer: refuse}",
        "    logs: {receivers: [manual], exporters: [scripted]}",
    )
    .await;
    let outcome = send(&engine, 5, Duration::from_secs(3)).await;
    assert!(outcome.is_retryable(), "{outcome:?}");
    let ledger = engine.host().ledger();
    let row = ledger
        .rows
        .iter()
        .find(|row| row.edge.to_string().starts_with("exporter"))
        .expect("a row");
    assert_eq!((row.withdrawn, row.queued), (5, 0));
    assert!(ledger.balances().is_ok());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_anywhere_when_one_of_two_destinations_has_no_room() {
    let engine = start(
        "  scripted/a:\n  scripted/full: {answer: stall, sending_queue: {queue_size: 4, sizer: items, ack: memory}}",
        "    logs: {receivers: [manual], exporters: [scripted/a, scripted/full]}",
    )
    .await;
    assert_eq!(send(&engine, 4, LONG).await, Outcome::Done);
    let refused = send(&engine, 1, LONG).await;
    assert!(
        matches!(refused, Outcome::Retry { after: Some(_), .. }),
        "{refused:?}"
    );
    let ledger = engine.host().ledger();
    let accepted_by_a = ledger
        .rows
        .iter()
        .find(|row| row.edge.to_string().contains("scripted/a"))
        .expect("a row");
    assert_eq!(
        accepted_by_a.delivered, 4,
        "the refused item must not have reached the other destination"
    );
    assert!(ledger.balances().is_ok());
}

#[tokio::test]
async fn a_batch_over_two_pipelines_gets_into_the_queue_that_both_lead_to() {
    let engine = start(
        "  scripted: {sending_queue: {sizer: requests, queue_size: 1}}",
        "    logs: {receivers: [manual], exporters: [scripted]}\n    logs/again: {receivers: [manual], exporters: [scripted]}",
    )
    .await;
    for _ in 0..3 {
        assert_eq!(send(&engine, 2, Duration::from_secs(5)).await, Outcome::Done);
    }
    let ledger = engine.host().ledger();
    assert_eq!(ledger.rows.iter().map(|row| row.refused).sum::<u64>(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_drain_cannot_deliver_is_reported_and_within_the_deadline() {
    let engine = start(
        "  scripted: {answer: stall, sending_queue: {ack: memory}}",
        "    logs: {receivers: [manual], exporters: [scripted]}",
    )
    .await;
    assert_eq!(send(&engine, 7, LONG).await, Outcome::Done);
    let started = tokio::time::Instant::now();
    let leftover = engine.drain().await;
    assert_eq!(leftover.0.iter().map(|(_, _, items)| items).sum::<usize>(), 7);
    assert!(
        started.elapsed() <= Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
}

/// The figures of one row of the ledger.
fn row(engine: &Engine, edge: &str) -> Row {
    let ledger = engine.host().ledger();
    assert_eq!(ledger.balances(), Ok(()));
    let row = ledger.rows.iter().find(|row| row.edge.to_string() == edge);
    row.unwrap_or_else(|| panic!("no {edge} in\n{ledger}")).clone()
}

#[tokio::test(start_paused = true)]
async fn a_sender_hears_from_what_is_behind_a_connector_and_nothing_goes_anywhere_without_room_there() {
    let engine = start(
        "  scripted/a:\n  scripted/full: {answer: stall, sending_queue: {queue_size: 4, sizer: items, ack: memory}}\n  scripted/no: {answer: reject}",
        "    logs: {receivers: [manual], exporters: [scripted/a, through]}\n    logs/full: {receivers: [through], exporters: [scripted/full]}\n    logs/no: {receivers: [through], exporters: [scripted/no]}",
    )
    .await;
    let outcome = send(&engine, 4, LONG).await;
    assert!(
        matches!(&outcome, Outcome::Rejected { reason } if reason.contains("forbidden")),
        "{outcome:?}"
    );
    assert!(send(&engine, 1, LONG).await.is_retryable());
    assert_eq!(row(&engine, "exporter/scripted/a/logs").delivered, 4);
    let connector = row(&engine, "connector/through/logs/logs");
    assert_eq!(
        (connector.accepted, connector.delivered, connector.refused),
        (5, 4, 1)
    );
    assert_eq!(row(&engine, "pipeline/logs/no").delivered, 4);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_reached_directly_and_through_a_connector_has_room_for_both() {
    let engine = start(
        "  scripted: {sending_queue: {sizer: requests, queue_size: 1}}",
        "    logs: {receivers: [manual], exporters: [scripted, through]}\n    logs/again: {receivers: [through], exporters: [scripted]}",
    )
    .await;
    assert_eq!(send(&engine, 2, LONG).await, Outcome::Done);
    assert_eq!(row(&engine, "exporter/scripted/logs").delivered, 4);
}

#[tokio::test(start_paused = true)]
async fn what_a_connector_absorbs_needs_no_room_and_what_it_makes_waits_for_it_and_for_the_drain() {
    let engine = start(
        "  scripted: {answer: stall, sending_queue: {queue_size: 1, sizer: items, ack: memory}}\n  scripted/behind:",
        "    logs: {receivers: [manual], exporters: [counting]}\n    logs/counts: {receivers: [counting], exporters: [through, scripted]}\n    logs/behind: {receivers: [through], exporters: [scripted/behind]}",
    )
    .await;
    for _ in 0..2 {
        assert_eq!(send(&engine, 3, LONG).await, Outcome::Done);
    }
    let connector = row(&engine, "connector/counting/logs/logs");
    assert_eq!(
        (connector.accepted, connector.merged, connector.created),
        (6, 6, 0)
    );
    // The engine's clock is the real one: it is asked to give out by the drain.
    let host = engine.host();
    let leftover = engine.drain().await;
    assert_eq!(leftover.0.iter().map(|(_, _, items)| items).sum::<usize>(), 1);
    let ledger = host.ledger();
    let behind = ledger
        .rows
        .iter()
        .find(|row| row.edge.to_string() == "exporter/scripted/behind/logs");
    assert_eq!(behind.map(|row| row.delivered), Some(1), "{ledger}");
}

#[tokio::test(start_paused = true)]
async fn an_empty_request_is_a_success_and_goes_nowhere() {
    let engine = start(
        "  scripted: {answer: stall}",
        "    logs: {receivers: [manual], exporters: [scripted]}",
    )
    .await;
    assert_eq!(send(&engine, 0, LONG).await, Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_panics_is_reported_and_started_again() {
    let text = "receivers:\n  manual: {panics: 1000}\nexporters:\n  scripted:\nservice:\n  sidelight: {unhealthy_after: 0s}\n  pipelines:\n    logs: {receivers: [manual], exporters: [scripted]}\n";
    let (tree, mut mistakes) = load_str("test.yaml", text, &FixedEnv::new());
    let plan = tree
        .and_then(|tree| document::read(&tree, CATALOG, &mut mistakes))
        .expect("a plan");
    let engine = Engine::start(plan, Registry::default()).await.expect("started");
    let before = RUNS.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(
        RUNS.load(Ordering::SeqCst) > before + 1,
        "it was not started again"
    );
    let Health::Unhealthy(reasons) = engine.host().health() else {
        panic!("a receiver is down")
    };
    assert!(
        reasons.iter().any(|reason| reason.contains("panicked")),
        "{reasons:?}"
    );
    assert!(engine.drain().await.is_empty());
}
