mod answers;
mod conflicts;
mod lifetimes;
mod limits;
mod shown;

use std::time::{Duration, Instant};

use sidelight_component::metrics::Registry;
use sidelight_component::{BuildContext, Clock, Exporter, Request, Role, Sent, Signal};
use sidelight_proto::encode::{MetricsEncoder, ResourceMetricsEncoder, ScopeMetricsEncoder};
use sidelight_proto::views::NumberValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Config, PrometheusExporter};

pub(super) const SECOND: u64 = 1_000_000_000;
/// When the senders began.
pub(super) const START: u64 = 1_800_000_000 * SECOND;

/// Reads settings as `pipeline.yaml` gives them; the mistakes as text where there are any.
fn read(yaml: &str) -> Result<Config, String> {
    sidelight_testkit::component::settings(Role::Exporter, "prometheus", yaml)
}

/// An exporter at work.
struct Rig {
    exporter: PrometheusExporter,
    clock: Clock,
    metrics: Registry,
    budget: sidelight_component::Budget,
}

impl Rig {
    /// Listening, with these settings besides the endpoint.
    async fn start(yaml: &str) -> Self {
        Self::with_budget(yaml, sidelight_component::Budget::default()).await
    }

    async fn with_budget(yaml: &str, budget: sidelight_component::Budget) -> Self {
        let config = read(&format!("endpoint: 127.0.0.1:0\n{yaml}")).unwrap();
        let (clock, metrics) = (Clock::virtual_at(START), Registry::default());
        let context = BuildContext {
            clock: clock.clone(),
            metrics: metrics.clone(),
            budget: budget.clone(),
            ..sidelight_testkit::component::context(Role::Exporter, "prometheus")
        };
        let exporter = PrometheusExporter::new(config, &context).unwrap();
        exporter.start().await.unwrap();
        Self {
            exporter,
            clock,
            metrics,
            budget,
        }
    }

    async fn send(&self, bytes: Vec<u8>) -> Sent {
        let request = Request {
            signal: Signal::Metrics,
            items: 0,
            body: [bytes.into()].into_iter().collect(),
            note: None,
        };
        self.exporter.send(&request, Instant::now()).await
    }

    /// Sends points of one resource and scope, which are all taken.
    async fn take(&self, metrics: impl FnOnce(&mut ScopeMetricsEncoder<'_>)) {
        assert_eq!(self.send(request(metrics)).await, Sent::Accepted);
    }

    /// The same, and how many are not.
    async fn refused(&self, metrics: impl FnOnce(&mut ScopeMetricsEncoder<'_>)) -> u64 {
        rejected(&self.send(request(metrics)).await)
    }

    /// Head and body of an answer.
    async fn ask(&self, method: &str, path: &str, headers: &str) -> (String, Vec<u8>) {
        let address = self.exporter.address().unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        // Without chunks, and closed at the end.
        let request = format!("{method} {path} HTTP/1.0\r\nhost: localhost\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let end = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap();
        let body = answer.split_off(end + 4);
        (String::from_utf8(answer).unwrap().to_lowercase(), body)
    }

    async fn page_with(&self, headers: &str) -> String {
        let (head, body) = self.ask("GET", "/metrics", headers).await;
        assert!(head.starts_with("http/1.0 200"), "{head}");
        String::from_utf8(body).unwrap()
    }

    /// The text page without the heads of families.
    async fn lines(&self) -> Vec<String> {
        let page = self.page_with("").await;
        page.lines()
            .filter(|line| !line.starts_with('#') && !line.starts_with("target_info"))
            .map(str::to_owned)
            .collect()
    }

    fn counter(&self, name: &str, reason: &str) -> f64 {
        let families = self.metrics.snapshot();
        let family = families.iter().find(|family| family.name == name).unwrap();
        let has_reason = |labels: &Vec<(String, String)>| labels.iter().any(|(_, value)| value == reason);
        family
            .series
            .iter()
            .find(|(labels, _)| has_reason(labels))
            .unwrap()
            .1
    }
}

fn rejected(sent: &Sent) -> u64 {
    match sent {
        Sent::Accepted => 0,
        Sent::Partial { rejected, .. } => *rejected,
        other => panic!("{other:?}"),
    }
}

/// A request of one resource without attributes and a scope without a name.
fn request(metrics: impl FnOnce(&mut ScopeMetricsEncoder<'_>)) -> Vec<u8> {
    from_resource(|_| {}, metrics)
}

fn from_resource(
    resource: impl FnOnce(&mut ResourceMetricsEncoder<'_>),
    metrics: impl FnOnce(&mut ScopeMetricsEncoder<'_>),
) -> Vec<u8> {
    let mut request = MetricsEncoder::with_capacity(256);
    {
        let mut of_resource = request.resource_metrics();
        resource(&mut of_resource);
        metrics(&mut of_resource.scope_metrics());
    }
    request.finish().into()
}

/// What one number point says besides its attributes.
#[derive(Clone, Copy)]
struct At(u64, i64);

/// A gauge with one point per label value.
fn gauge(scope: &mut ScopeMetricsEncoder<'_>, name: &str, points: &[(&str, At)]) {
    let mut metric = scope.metric();
    metric.name(name);
    let mut gauge = metric.gauge();
    for (label, At(seconds, value)) in points {
        let mut point = gauge.data_point();
        point
            .time_unix_nano(START + seconds * SECOND)
            .value(NumberValue::Int(*value));
        if !label.is_empty() {
            point.attribute("label", *label);
        }
    }
}

/// A monotonic sum that began `start` seconds after the senders did.
fn sum(scope: &mut ScopeMetricsEncoder<'_>, name: &str, temporality: i32, start: u64, at: At) {
    let mut metric = scope.metric();
    metric.name(name);
    let mut sum = metric.sum();
    sum.aggregation_temporality(temporality).is_monotonic(true);
    sum.data_point()
        .start_time_unix_nano(START + start * SECOND)
        .time_unix_nano(START + at.0 * SECOND)
        .value(NumberValue::Int(at.1));
}

const DELTA: i32 = 1;
const CUMULATIVE: i32 = 2;
const PATIENCE: Duration = Duration::from_secs(30);
