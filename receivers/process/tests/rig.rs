//! Processes to look at, and the receiver's samples in plain form.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{NumberDataPoint, metric, number_data_point};
use prost::Message;
use sidelight_component::{BuildContext, Clock, Now, Payload, Role, StatusBoard};
use sidelight_testkit::component::{context, settings};

use crate::process::Config;
use crate::process::watch::Watch;
use crate::sampling::{Sampled, Sampler};

/// A point in plain form.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) resource: BTreeMap<String, String>,
    pub(super) metric: String,
    pub(super) attributes: BTreeMap<String, String>,
    /// `None`: the series ends here.
    pub(super) value: Option<f64>,
    pub(super) start: u64,
    pub(super) time: u64,
    pub(super) is_monotonic: bool,
}

/// The receiver without its loop: a sample is taken when the test says so.
pub(super) struct Rig {
    pub(super) watch: Watch,
    pub(super) cx: BuildContext,
    pub(super) board: StatusBoard,
    rounds: u32,
}

impl Rig {
    pub(super) fn new(yaml: &str) -> Self {
        let config: Config = settings(Role::Receiver, "process", yaml).expect("settings");
        let board = StatusBoard::default();
        let mut cx = context(Role::Receiver, "process");
        cx.status = board.reporter(Role::Receiver, cx.id.clone());
        cx.clock = Clock::system();
        Self {
            watch: Watch::open(&config, &cx).expect("opened"),
            cx,
            board,
            rounds: 0,
        }
    }

    /// A sample of what is now, at the time of the next round of the default interval.
    pub(super) fn sample(&mut self) -> Points {
        let now = later(self.cx.clock.now(), self.rounds * Duration::from_secs(10));
        self.rounds += 1;
        self.sample_at(now)
    }

    /// A sample at a time that the test chooses: by it only metrics are due.
    pub(super) fn sample_at(&mut self, now: Now) -> Points {
        Points::of(&self.watch.sample(now))
    }

    pub(super) fn headline(&self) -> String {
        let (_, _, status) = self.board.snapshot().remove(0);
        status.headlines.join("\n")
    }
}

/// `now`, so much later.
pub(super) fn later(now: Now, by: Duration) -> Now {
    Now {
        instant: now.instant + by,
        unix_nanos: now.unix_nanos + by.as_nanos() as u64,
    }
}

/// The points of a sample.
#[derive(Clone, Debug, Default)]
pub(super) struct Points(pub(super) Vec<Point>);

impl Points {
    pub(super) fn of(sampled: &Sampled) -> Self {
        assert_eq!(sampled.refused, 0);
        Self::of_payload(&sampled.payload)
    }

    pub(super) fn of_payload(payload: &Payload) -> Self {
        let bytes = payload.to_contiguous();
        let request = ExportMetricsServiceRequest::decode(bytes).expect("a request");
        let mut points = Vec::new();
        for resource_metrics in request.resource_metrics {
            assert_eq!(
                resource_metrics.schema_url,
                "https://opentelemetry.io/schemas/1.44.0"
            );
            let resource = plain(&resource_metrics.resource.expect("a resource").attributes);
            for metric in resource_metrics
                .scope_metrics
                .into_iter()
                .flat_map(|scope| scope.metrics)
            {
                let (data, is_monotonic) = match metric.data.expect("data") {
                    metric::Data::Gauge(gauge) => (gauge.data_points, false),
                    metric::Data::Sum(sum) => {
                        assert_eq!(sum.aggregation_temporality, 2, "{}", metric.name);
                        (sum.data_points, sum.is_monotonic)
                    }
                    other => panic!("{}: {other:?}", metric.name),
                };
                assert!(!data.is_empty(), "{} without points", metric.name);
                points.extend(data.into_iter().map(|point| Point {
                    resource: resource.clone(),
                    metric: metric.name.clone(),
                    attributes: plain(&point.attributes),
                    value: value(&point),
                    start: point.start_time_unix_nano,
                    time: point.time_unix_nano,
                    is_monotonic,
                }));
            }
        }
        assert_eq!(points.len(), payload.items(), "points are counted right");
        Self(points)
    }

    /// The points of a metric.
    pub(super) fn metric<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p Point> {
        self.0.iter().filter(move |point| point.metric == name)
    }

    /// The only point of a metric with these values among its attributes.
    pub(super) fn point<'p>(&'p self, name: &'p str, values: &[&str]) -> &'p Point {
        let has = |point: &&Point| {
            let own = |value: &&str| point.attributes.values().any(|other| other == value);
            values.iter().all(own)
        };
        let found: Vec<&Point> = self.metric(name).filter(has).collect();
        assert_eq!(found.len(), 1, "{name} {values:?}: {found:?}");
        found[0]
    }

    pub(super) fn value(&self, name: &str, values: &[&str]) -> f64 {
        let value = self.point(name, values).value;
        value.unwrap_or_else(|| panic!("{name} {values:?} has ended"))
    }

    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|point| point.metric.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn value(point: &NumberDataPoint) -> Option<f64> {
    let value = point.value.as_ref().map(|value| match value {
        number_data_point::Value::AsDouble(value) => *value,
        number_data_point::Value::AsInt(value) => *value as f64,
    });
    assert_eq!(value.is_none(), point.flags == 1, "without a value, and said so");
    value
}

fn plain(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &Option<AnyValue>| text_of(value.as_ref().expect("a value"));
    let plain: BTreeMap<_, _> = attributes
        .iter()
        .map(|attribute| (attribute.key.clone(), text(&attribute.value)))
        .collect();
    assert_eq!(plain.len(), attributes.len(), "keys do not repeat");
    plain
}

fn text_of(value: &AnyValue) -> String {
    match value.value.as_ref().expect("a value") {
        any_value::Value::StringValue(text) => text.clone(),
        any_value::Value::IntValue(number) => number.to_string(),
        any_value::Value::ArrayValue(array) => array.values.iter().map(text_of).collect::<Vec<_>>().join(" "),
        other => panic!("{other:?}"),
    }
}

/// A Python process that does what it is told, found by a word in its command line that no other has.
pub(super) struct Python {
    pub(super) child: Child,
    pub(super) word: String,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

pub(super) const OBEYS: &str =
    "import sys\nfor line in sys.stdin:\n    exec(line.strip(), globals())\n    print('done', flush=True)\n";

impl Python {
    pub(super) fn start() -> Self {
        Self::with(&unique_word(), |command| command)
    }

    /// With this word, and what else the test does to the command.
    pub(super) fn with(word: &str, change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut command = Command::new(interpreter());
        command
            .args(["-c", OBEYS, word])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = change(&mut command).spawn().expect("python3");
        let mut python = Self {
            word: word.to_owned(),
            to: child.stdin.take().expect("its input"),
            from: BufReader::new(child.stdout.take().expect("its output")),
            child,
        };
        python.does("import os, threading, time, socket, signal, subprocess");
        python
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets it run a line of Python and waits until it has.
    pub(super) fn does(&mut self, line: &str) {
        writeln!(self.to, "{line}").expect("it listens");
        let mut answer = String::new();
        self.from.read_line(&mut answer).expect("it answers");
        assert_eq!(answer, "done\n", "{line}");
    }

    pub(super) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Python itself, where `python3` may be a script that looks for it.
pub(super) fn interpreter() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let asked = Command::new("python3")
            .args(["-c", "import sys; print(sys.executable)"])
            .output();
        let path = String::from_utf8(asked.expect("python3").stdout).expect("a path");
        path.trim().to_owned()
    })
}

/// A process that sleeps under this name.
pub(super) struct Sleeper(Child);

impl Sleeper {
    pub(super) fn start(word: &str) -> Self {
        let mut command = Command::new("sleep");
        let child = command.arg0(word).arg("600").spawn().expect("started");
        // For a moment after `exec` there is no command line.
        let line = format!("/proc/{}/cmdline", child.id());
        while std::fs::read(&line).expect("it runs").is_empty() {}
        Self(child)
    }

    pub(super) fn pid(&self) -> u32 {
        self.0.id()
    }

    pub(super) fn kill(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("ended");
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A word that no other process on this machine has.
pub(super) fn unique_word() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    // With an end, so that no word is the beginning of another.
    format!("sidelight-test-{}-{number}-end", std::process::id())
}
