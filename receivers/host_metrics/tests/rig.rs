//! A receiver at work.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use sidelight_component::metrics::Registry;
use sidelight_component::{
    Ack, Intake, Outcome, Output, Outputs, Payload, Receipt, ReceiverConfig, Signal, StatusBoard,
    drain_signal,
};
use sidelight_config::{FixedEnv, Owner, load_str, read};
use sidelight_proto::views::{DataView, MetricsView, NumberPointView, ResourceMetricsView, ValueView};
use tokio::sync::Notify;

use super::super::Config;
use super::context;

/// The points of one metric, by their attributes as text: `cpu.mode=user`, `a=1 b=2`, sorted.
pub(super) type Points = BTreeMap<String, f64>;

/// A sample as it was received.
#[derive(Debug, Default)]
pub(super) struct Sample {
    pub(super) metrics: BTreeMap<String, Points>,
    /// `counter`, `up-down`, `gauge`, with the unit.
    pub(super) kinds: BTreeMap<String, String>,
    pub(super) resource: BTreeMap<String, String>,
    /// The start times of all sums.
    pub(super) starts: std::collections::BTreeSet<u64>,
}

impl Sample {
    /// The resources of a request, the host's first.
    fn all_of(payload: &Payload) -> Vec<Self> {
        let mut samples = Vec::new();
        let mut items = 0;
        for chunk in payload.chunks() {
            for resource in MetricsView::new(&chunk.bytes).resource_metrics() {
                let sample = Self::of(resource);
                items += sample.metrics.values().map(BTreeMap::len).sum::<usize>();
                samples.push(sample);
            }
        }
        assert_eq!(items, payload.items());
        samples
    }

    fn of(metrics: ResourceMetricsView<'_>) -> Self {
        let mut sample = Self::default();
        for attribute in metrics.resource().attributes() {
            sample
                .resource
                .insert(attribute.key().to_owned(), text(attribute.value()));
        }
        let scopes = metrics.scope_metrics();
        for metric in scopes.flat_map(|scope| scope.metrics()) {
            let (kind, points): (_, Vec<NumberPointView<'_>>) = match metric.data() {
                DataView::Gauge(gauge) => ("gauge", gauge.data_points().collect()),
                DataView::Sum(sum) => {
                    let kind = if sum.is_monotonic() { "counter" } else { "up-down" };
                    sample
                        .starts
                        .extend(sum.data_points().map(|point| point.start_time_unix_nano()));
                    (kind, sum.data_points().collect())
                }
                other => panic!("{other:?}"),
            };
            let name = metric.name().to_owned();
            sample
                .kinds
                .insert(name.clone(), format!("{kind} {}", metric.unit()));
            let values: Points = points
                .iter()
                .map(|point| (attributes(point), point.value().expect("a value").as_f64()))
                .collect();
            assert_eq!(
                values.len(),
                points.len(),
                "{name}: two points have the same attributes"
            );
            assert!(
                sample.metrics.insert(name.clone(), values).is_none(),
                "{name} is there twice"
            );
        }
        sample
    }
}

fn attributes(point: &NumberPointView<'_>) -> String {
    let mut words: Vec<String> = point
        .attributes()
        .map(|attribute| format!("{}={}", attribute.key(), text(attribute.value())))
        .collect();
    words.sort();
    words.join(" ")
}

fn text(value: ValueView<'_>) -> String {
    match value {
        ValueView::String(text) => text.to_owned(),
        ValueView::Int(number) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Takes samples.
#[derive(Default)]
struct Taking {
    taken: Mutex<Vec<Payload>>,
    changed: Notify,
}

impl Intake for Taking {
    fn submit(&self, payload: Payload, _: Option<Instant>) -> Result<Receipt, Outcome> {
        self.taken.lock().expect("no panic").push(payload);
        self.changed.notify_one();
        let (ack, receipt) = Ack::new();
        ack.resolve(Outcome::Done);
        Ok(receipt)
    }
}

/// Reads settings; what is wrong with them, as the user sees it.
pub(super) fn parse(text: &str) -> Result<Config, String> {
    let (tree, mut mistakes) = load_str("pipeline.yaml", text, &FixedEnv::new());
    let root = tree.expect("it is YAML").root;
    let owner = Owner {
        label: "receiver `host_metrics`".into(),
        readme: None,
        place: root.span,
    };
    let read = read::<Config>(&root, owner, &mut mistakes);
    read.map(|read| read.config)
        .ok_or_else(|| mistakes.render_plain())
}

/// Runs the receiver with these settings until it gave so many samples of the host.
pub(super) async fn sampled(settings: &str, samples: usize) -> (Vec<Sample>, Registry, String) {
    let (taken, metrics, headline) = sampled_all(settings, samples).await;
    let hosts = taken
        .into_iter()
        .filter_map(|resources| resources.into_iter().next());
    (hosts.collect(), metrics, headline)
}

/// Runs the receiver with these settings until it gave so many samples, of as many resources as there are.
pub(super) async fn sampled_all(settings: &str, samples: usize) -> (Vec<Vec<Sample>>, Registry, String) {
    let config = parse(&format!(
        "collection_interval: 30ms\ninitial_delay: 0s\n{settings}"
    ))
    .expect("no mistake");
    let board = StatusBoard::default();
    let cx = context(board.clone());
    let receiver = config.build(&cx).expect("built");
    let taking = Arc::new(Taking::default());
    let output = Output::new(taking.clone(), Signal::Metrics, &cx.id, &cx.metrics);
    let (drain, signal) = drain_signal();
    let mut running = tokio::spawn(receiver.run(Outputs::default().with(Signal::Metrics, output), signal));
    while taking.taken.lock().expect("no panic").len() < samples {
        tokio::select! {
            () = taking.changed.notified() => {}
            ended = &mut running => panic!("the receiver ended: {ended:?}"),
        }
    }
    drain.request(Instant::now());
    running.await.expect("no panic").expect("ended well");
    let taken = taking.taken.lock().expect("no panic");
    let samples = taken.iter().take(samples).map(Sample::all_of).collect();
    let headline = board.snapshot()[0].2.headlines.concat();
    (samples, cx.metrics.clone(), headline)
}
