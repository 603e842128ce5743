//! Components that panic, in every role: the panic is counted under their id, they are built anew, and the rest goes on.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use parking_lot::Mutex;
use prost::Message as _;
use sidelight_component::metrics::Registry;
use sidelight_component::registry::{ExporterEntry, ExtensionEntry, ProcessorEntry, ReceiverEntry};
use sidelight_component::sending::SendingSettings;
use sidelight_component::{
    ALL_SIGNALS, About, Batch, BuildContext, BuildError, Chunk, DrainSignal, Exporter, ExporterConfig,
    Extension, ExtensionConfig, Health, Host, Load, Now, Out, Outcome, Outputs, Overloaded, Payload,
    Processor, ProcessorConfig, Receiver, ReceiverConfig, ReceiverError, Request, Sent, Signal, async_trait,
};
use sidelight_config::{FixedEnv, load_str, settings};
use sidelight_pipeline::{Catalog, Engine, document};

/// How often each component was built, by role and id. Tests give theirs different ids.
static BUILT: Mutex<Option<HashMap<String, u64>>> = Mutex::new(None);

fn built(role: &str, id: &str) -> u64 {
    let key = format!("{role} {id}");
    let mut built = BUILT.lock();
    built
        .get_or_insert_default()
        .get(&key)
        .copied()
        .unwrap_or_default()
}

settings! {
    /// A component of any role.
    pub struct Panicking {
        /// So many of its builds panic where `at` says.
        builds: u64 = 0,
        /// `send`, `encode`, `admit`, `next_timer`, `run`.
        at: String = "",
    }
}

/// What was built.
struct Part {
    at: String,
}

impl Panicking {
    fn part(&self, cx: &BuildContext) -> Part {
        let mut built = BUILT.lock();
        let count = built
            .get_or_insert_default()
            .entry(format!("{} {}", cx.status.role(), cx.id))
            .or_default();
        *count += 1;
        let panics = *count <= self.builds;
        Part {
            at: if panics { self.at.clone() } else { String::new() },
        }
    }
}

impl Part {
    fn come_to(&self, place: &str) {
        assert!(self.at != place, "on purpose");
    }
}

impl ReceiverConfig for Panicking {
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Receiver>, BuildError> {
        Ok(Box::new(self.part(cx)))
    }
}

#[async_trait]
impl Receiver for Part {
    async fn run(self: Box<Self>, _: Outputs, mut drain: DrainSignal) -> Result<(), ReceiverError> {
        self.come_to("run");
        drain.requested().await;
        Ok(())
    }
}

impl ExtensionConfig for Panicking {
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Extension>, BuildError> {
        Ok(Box::new(self.part(cx)))
    }
}

#[async_trait]
impl Extension for Part {
    async fn run(self: Box<Self>, _: Arc<dyn Host>, mut drain: DrainSignal) -> Result<(), ReceiverError> {
        tokio::task::yield_now().await;
        self.come_to("run");
        drain.requested().await;
        Ok(())
    }
}

impl ProcessorConfig for Panicking {
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(self.part(cx)))
    }
}

impl Processor for Part {
    fn admit(&mut self, _: Load, _: Now) -> Result<(), Overloaded> {
        self.come_to("admit");
        Ok(())
    }

    fn process(&mut self, batch: Batch, _: Now, out: &mut Out) {
        out.push(batch);
    }

    fn next_timer(&self) -> Option<Instant> {
        self.come_to("next_timer");
        None
    }
}

impl ExporterConfig for Panicking {
    fn sending(&self) -> SendingSettings {
        SendingSettings::default()
    }
    fn build(&self, cx: &BuildContext) -> Result<Arc<dyn Exporter>, BuildError> {
        Ok(Arc::new(self.part(cx)))
    }
}

#[async_trait]
impl Exporter for Part {
    fn encode(&self, signal: Signal, payload: &Payload) -> Result<Request, String> {
        self.come_to("encode");
        Ok(Request::verbatim(signal, payload))
    }

    async fn send(&self, _: &Request, _: Instant) -> Sent {
        self.come_to("send");
        Sent::Accepted
    }
}

const ABOUT: About = About {
    name: "panicking",
    aliases: &[],
    signals: ALL_SIGNALS,
    readme: "",
};
static RECEIVERS: &[ReceiverEntry] = &[ReceiverEntry::of::<Panicking>(ABOUT)];
static PROCESSORS: &[ProcessorEntry] = &[ProcessorEntry::of::<Panicking>(ABOUT)];
static EXPORTERS: &[ExporterEntry] = &[ExporterEntry::of::<Panicking>(ABOUT)];
static EXTENSIONS: &[ExtensionEntry] = &[ExtensionEntry::of::<Panicking>(ABOUT)];
const CATALOG: Catalog = Catalog {
    receivers: RECEIVERS,
    processors: PROCESSORS,
    connectors: &[],
    exporters: EXPORTERS,
    extensions: EXTENSIONS,
};

struct Rig {
    engine: Engine,
    metrics: Registry,
    name: &'static str,
}

impl Rig {
    /// One component of each role, with ids that end in `name`; `role` has these settings.
    async fn start(name: &'static str, role: &str, settings: &str) -> Self {
        let mut text = String::new();
        for section in ["receivers", "processors", "exporters", "extensions"] {
            let settings = if section == role { settings } else { "" };
            text += &format!("{section}:\n  panicking/{name}: {{{settings}}}\n");
        }
        let all = format!("[panicking/{name}]");
        text += &format!(
            "service:\n  extensions: {all}\n  sidelight: {{unhealthy_after: 0s}}\n  pipelines:\n    logs: {{receivers: {all}, processors: {all}, exporters: {all}}}\n"
        );
        let (tree, mut mistakes) = load_str("test.yaml", &text, &FixedEnv::new());
        let plan = tree.and_then(|tree| document::read(&tree, CATALOG, &mut mistakes));
        let plan = plan.unwrap_or_else(|| panic!("{}", mistakes.render_plain()));
        let metrics = Registry::default();
        let engine = Engine::start(plan, metrics.clone())
            .await
            .unwrap_or_else(|e| panic!("{e}"));
        Self {
            engine,
            metrics,
            name,
        }
    }

    fn id(&self) -> String {
        format!("panicking/{}", self.name)
    }

    async fn send(&self, items: usize) -> Outcome {
        let receiver = self.id().parse().expect("an id");
        let outputs = self.engine.outputs(&receiver);
        let output = outputs.get(Signal::Logs).expect("a pipeline for logs").clone();
        output
            .send(payload(items), Some(Instant::now() + Duration::from_secs(60)))
            .await
    }

    /// Panics counted under the role.
    fn panics(&self, role: &str) -> f64 {
        let snapshot = self.metrics.snapshot();
        let mut families = snapshot.iter();
        let family = families
            .find(|family| family.name == "sidelight_component_panics")
            .expect("panics are counted");
        let labels = [
            ("component".to_owned(), self.id()),
            ("role".to_owned(), role.to_owned()),
        ];
        let series = family.series.iter().find(|(of, _)| *of == labels);
        series.map_or(0.0, |(_, count)| *count)
    }

    async fn end(self) {
        assert!(self.engine.host().ledger().balances().is_ok());
        assert!(self.engine.drain().await.is_empty());
    }
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

/// Waits for something that is bound to come.
async fn until(mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(300), wait)
        .await
        .expect("in time");
}

#[tokio::test(start_paused = true)]
async fn an_exporter_that_panics_on_everything_is_built_anew_and_nothing_is_lost() {
    for (name, at) in [("sending", "send"), ("encoding", "encode")] {
        let rig = Rig::start(name, "exporters", &format!("builds: 1, at: {at}")).await;
        assert_eq!(rig.send(8).await, Outcome::Done, "{at}");
        assert_eq!(built("exporter", &rig.id()), 2);
        assert_eq!((rig.panics("exporter"), rig.panics("processor")), (1.0, 0.0));
        rig.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_exporter_that_panics_for_good_is_not_built_anew_for_every_item() {
    let rig = Rig::start("forever", "exporters", "builds: 1000, at: send").await;
    let outcome = rig.send(64).await;
    assert!(
        matches!(&outcome, Outcome::Rejected { reason } if reason.contains("on purpose")),
        "{outcome:?}"
    );
    assert!(rig.panics("exporter") >= 64.0);
    assert!(
        built("exporter", &rig.id()) <= 3,
        "{}",
        built("exporter", &rig.id())
    );
    rig.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_processor_that_panics_where_it_is_asked_is_built_anew_and_the_batch_goes_on() {
    for (name, at) in [("admitting", "admit"), ("timing", "next_timer")] {
        // Each worker has a processor of its own, and the threads beside them one more.
        let rig = Rig::start(name, "processors", &format!("builds: 3, at: {at}")).await;
        assert_eq!(rig.send(3).await, Outcome::Done, "{at}");
        assert!(rig.panics("processor") >= 1.0);
        rig.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_sends_to_a_processor_that_panics_for_good_is_told_to_come_back() {
    let rig = Rig::start("refusing", "processors", "builds: 1000, at: admit").await;
    let outcome = rig.send(3).await;
    assert!(
        matches!(outcome, Outcome::Retry { after: Some(_), .. }),
        "{outcome:?}"
    );
    rig.end().await;
}

#[tokio::test(start_paused = true)]
async fn receivers_and_extensions_that_panic_are_started_again_and_health_is_well_again() {
    for (name, role, one) in [
        ("receiving", "receivers", "receiver"),
        ("extending", "extensions", "extension"),
    ] {
        let rig = Rig::start(name, role, "builds: 2, at: run").await;
        let host = rig.engine.host();
        until(|| rig.panics(one) == 1.0).await;
        let Health::Unhealthy(reasons) = host.health() else {
            panic!("a {one} is down")
        };
        assert!(
            reasons
                .iter()
                .any(|reason| reason.contains("it panicked: on purpose")),
            "{reasons:?}"
        );
        assert_eq!(rig.send(1).await, Outcome::Done, "the rest goes on");
        until(|| host.health() == Health::Ok).await;
        assert_eq!(rig.panics(one), 2.0);
        rig.end().await;
    }
}
