//! Prometheus scrapes the `prometheus` exporter in each of its formats, and has what was sent.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::http::{encoded, get, post_json};
use crate::processes::{Process, backend, free_port, wait_for};

/// The scrape protocols, by the name of the job that uses them.
const PROTOCOLS: [(&str, &str); 3] = [
    ("text", "PrometheusText1.0.0"),
    ("open_metrics", "OpenMetricsText1.0.0"),
    ("protobuf", "PrometheusProto"),
];

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

struct Rig {
    otlp: u16,
    exporter: u16,
    prometheus: u16,
    _folder: tempfile::TempDir,
    _processes: [Process; 2],
}

impl Rig {
    fn start() -> Self {
        let [otlp, exporter, prometheus] = std::array::from_fn(|_| free_port());
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let pipeline = write("pipeline.yaml", pipeline(otlp, exporter));
        let scrapes = write("prometheus.yml", scrapes(exporter));
        let sidelight = Process::start(
            Command::new(env!("CARGO_BIN_EXE_sidelight"))
                .arg("--config")
                .arg(pipeline),
        );
        let server = Process::start(
            Command::new(backend("prometheus"))
                .arg(format!("--config.file={}", scrapes.display()))
                .arg(format!(
                    "--storage.tsdb.path={}",
                    folder.path().join("tsdb").display()
                ))
                .arg(format!("--web.listen-address=127.0.0.1:{prometheus}"))
                .args(["--enable-feature=exemplar-storage", "--log.level=warn"]),
        );
        wait_for("Prometheus", || get(prometheus, "/-/ready"));
        wait_for("the exporter", || get(exporter, "/metrics"));
        Self {
            otlp,
            exporter,
            prometheus,
            _folder: folder,
            _processes: [sidelight, server],
        }
    }

    fn send(&self, request: &Value) {
        let answer = post_json(self.otlp, "/v1/metrics", &request.to_string());
        let answer = answer.expect("taken");
        assert!(!answer.contains("partialSuccess"), "{answer}");
    }

    fn api(&self, path: &str) -> Option<Value> {
        let answer: Value = serde_json::from_str(&get(self.prometheus, path)?).ok()?;
        answer.get("data").cloned()
    }

    /// The series that a job has scraped, by name and labels, with their values.
    fn scraped(&self, job: &str) -> Option<BTreeMap<String, Value>> {
        let query = encoded(&format!("{{job=\"{job}\",exported_job=\"shop/api\"}}"));
        let data = self.api(&format!("/api/v1/query?query={query}"))?;
        let series = data.get("result")?.as_array()?;
        let entry = |series: &Value| {
            let value = series.get("value").and_then(|value| value.get(1)).cloned();
            let histogram = || series.get("histogram").and_then(|value| value.get(1)).cloned();
            (
                name_and_labels(&series["metric"]),
                value.or_else(histogram).unwrap_or_default(),
            )
        };
        Some(series.iter().map(entry).collect())
    }
}

/// `name{label=value}` of what the sender knows: neither the target nor its job.
fn name_and_labels(metric: &Value) -> String {
    let labels = metric.as_object().expect("labels");
    let own = labels.iter().filter(|(name, _)| {
        !["__name__", "job", "instance", "exported_job", "exported_instance"].contains(&name.as_str())
    });
    let own: Vec<_> = own
        .map(|(name, value)| format!("{name}={}", value.as_str().expect("text")))
        .collect();
    format!(
        "{}{{{}}}",
        metric["__name__"].as_str().expect("a name"),
        own.join(",")
    )
}

fn pipeline(otlp: u16, exporter: u16) -> String {
    format!(
        "receivers: {{otlp: {{protocols: {{http: {{endpoint: 'localhost:{otlp}'}}}}}}}}
exporters:
  prometheus: {{endpoint: 'localhost:{exporter}', enable_open_metrics: true}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{metrics: {{receivers: [otlp], exporters: [prometheus]}}}}
"
    )
}

fn scrapes(exporter: u16) -> String {
    let mut text =
        "global: {scrape_interval: 1s, scrape_native_histograms: true}\nscrape_configs:\n".to_owned();
    for (job, protocol) in PROTOCOLS {
        text += &format!(
            "- {{job_name: {job}, scrape_protocols: [{protocol}], static_configs: [{{targets: ['localhost:{exporter}']}}]}}\n"
        );
    }
    text
}

/// One metric of every type, and a label that is hard to write.
fn every_type() -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let (time, start) = (
        now.as_nanos().to_string(),
        (now.as_nanos() - 60_000_000_000).to_string(),
    );
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let exemplar = |value: f64| {
        json!([{"timeUnixNano": time, "asDouble": value, "traceId": TRACE, "spanId": SPAN,
            "filteredAttributes": [text("user.name", "ann")]}])
    };
    let point = |more: Value| {
        let mut point = json!({"startTimeUnixNano": start, "timeUnixNano": time,
            "attributes": [text("http.route", "/a"), text("odd", "\"quoted\" \\ two\nlines ü")]});
        let fields = point.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("an object").clone());
        point
    };
    let metric = |name: &str, unit: &str, kind: &str, more: Value, at: Value| {
        let mut data = json!({"dataPoints": [point(at)]});
        data.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        json!({"name": name, "unit": unit, "description": "What it is.", kind: data})
    };
    let cumulative = json!({"aggregationTemporality": 2});
    json!({"resourceMetrics": [{
        "resource": {"attributes": [text("service.name", "api"), text("service.namespace", "shop"),
            text("service.instance.id", "i-1"), text("host.name", "h")]},
        "scopeMetrics": [{"scope": {"name": "meter", "version": "1.2"}, "metrics": [
            metric("heat", "Cel", "gauge", json!({}), json!({"asDouble": -3.25})),
            metric("io", "By", "sum", json!({"aggregationTemporality": 2, "isMonotonic": true}),
                json!({"asInt": "9007199254740991", "exemplars": exemplar(0.5)})),
            metric("open", "{connection}", "sum", cumulative.clone(), json!({"asInt": "7"})),
            metric("wait", "s", "histogram", cumulative.clone(), json!({"count": "6", "sum": 7.5,
                "explicitBounds": [0.5, 1.0], "bucketCounts": ["1", "2", "3"], "exemplars": exemplar(0.75)})),
            metric("size", "By", "exponentialHistogram", cumulative, json!({"count": "8", "sum": 40.0, "scale": 0,
                "zeroCount": "1", "positive": {"offset": 1, "bucketCounts": ["2", "0", "3"]},
                "negative": {"offset": 0, "bucketCounts": ["2"]}, "exemplars": exemplar(5.0)})),
            metric("quality", "1", "summary", json!({}), json!({"count": "4", "sum": 2.0,
                "quantileValues": [{"quantile": 0.5, "value": 0.4}, {"quantile": 0.99, "value": 0.9}]})),
        ]}]
    }]})
}

/// What every protocol has to give.
fn expected() -> BTreeMap<String, Value> {
    let common = "http_route=/a,odd=\"quoted\" \\ two\nlines ü,otel_scope_name=meter,otel_scope_version=1.2";
    let with_le = |name: &str, le: &str| {
        let common = common.replacen(",odd=", &format!(",le={le},odd="), 1);
        format!("{name}_bucket{{{common}}}")
    };
    let with_quantile = |quantile: &str| format!("quality{{{common},quantile={quantile}}}");
    let plain = |name: &str| format!("{name}{{{common}}}");
    [
        ("target_info{host_name=h}".to_owned(), "1"),
        (plain("heat_celsius"), "-3.25"),
        (plain("io_bytes_total"), "9007199254740991"),
        (plain("open"), "7"),
        (with_le("wait_seconds", "0.5"), "1"),
        (with_le("wait_seconds", "1.0"), "3"),
        (with_le("wait_seconds", "+Inf"), "6"),
        (plain("wait_seconds_sum"), "7.5"),
        (plain("wait_seconds_count"), "6"),
        (with_quantile("0.5"), "0.4"),
        (with_quantile("0.99"), "0.9"),
        (plain("quality_sum"), "2"),
        (plain("quality_count"), "4"),
    ]
    .into_iter()
    .map(|(series, value)| (series, json!(value)))
    .collect()
}

#[test]
fn prometheus_has_what_was_sent_by_every_protocol() {
    let rig = Rig::start();
    rig.send(&every_type());
    for (job, _) in PROTOCOLS {
        let scraped = wait_for(job, || rig.scraped(job).filter(|series| series.len() > 10));
        let (size, others): (BTreeMap<_, _>, BTreeMap<_, _>) = scraped
            .into_iter()
            .partition(|(name, _)| name.starts_with("size_bytes"));
        assert_eq!(others, expected(), "{job}");
        if job == "protobuf" {
            let [(_, native)] = &size.into_iter().collect::<Vec<_>>()[..] else {
                panic!("one native histogram")
            };
            assert_eq!((&native["count"], &native["sum"]), (&json!("8"), &json!("40")));
            let buckets = native["buckets"].as_array().expect("buckets").iter();
            let buckets: Vec<_> = buckets
                .map(|b| [1, 2, 3].map(|at| b[at].as_str().expect("text")))
                .collect();
            assert_eq!(
                buckets,
                [
                    ["-2", "-1", "2"],
                    ["-1e-128", "1e-128", "1"],
                    ["2", "4", "2"],
                    ["8", "16", "3"]
                ]
            );
        } else {
            let buckets: BTreeMap<_, _> = size
                .iter()
                .filter_map(|(name, value)| Some((le(name)?, value.as_str()?)))
                .collect();
            let expected = [
                ("+Inf", "8"),
                ("-1.0", "2"),
                ("-2.0", "0"),
                ("0.0", "3"),
                ("16.0", "8"),
                ("2.0", "3"),
                ("4.0", "5"),
                ("8.0", "5"),
            ];
            assert_eq!(buckets, expected.into_iter().collect(), "{job}");
        }
    }
}

fn le(name: &str) -> Option<&str> {
    name.split_once(",le=")?.1.split_once(',').map(|(le, _)| le)
}

#[test]
fn exemplars_and_metadata_arrive() {
    let rig = Rig::start();
    rig.send(&every_type());
    for (job, series, value) in [
        ("open_metrics", "io_bytes_total", "0.5"),
        ("open_metrics", "wait_seconds_bucket", "0.75"),
        ("open_metrics", "size_bytes_bucket", "5"),
        ("protobuf", "io_bytes_total", "0.5"),
        ("protobuf", "wait_seconds_bucket", "0.75"),
        ("protobuf", "size_bytes", "5"),
    ] {
        let query = encoded(&format!("{series}{{job=\"{job}\"}}"));
        let path = format!("/api/v1/query_exemplars?query={query}&start=0&end=4000000000");
        let found = wait_for(&format!("{series} by {job}"), || {
            let data = rig.api(&path)?;
            data.get(0)?.get("exemplars")?.get(0).cloned()
        });
        assert_eq!(found["value"], json!(value), "{series} by {job}");
        let labels = json!({"trace_id": TRACE, "span_id": SPAN, "user_name": "ann"});
        assert_eq!(found["labels"], labels, "{series} by {job}");
    }
    let metadata = wait_for("metadata", || rig.api("/api/v1/metadata?metric=io_bytes_total"));
    assert_eq!(metadata["io_bytes_total"][0]["type"], json!("counter"));
    assert_eq!(metadata["io_bytes_total"][0]["help"], json!("What it is."));
}

#[test]
fn promtool_finds_nothing_to_say_about_the_page() {
    let rig = Rig::start();
    rig.send(&every_type());
    let page = get(rig.exporter, "/metrics").expect("a page");
    let mut promtool = Command::new(backend("promtool"))
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = promtool.stdin.take().expect("piped");
    input.write_all(page.as_bytes()).expect("written");
    drop(input);
    let said = promtool.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&said.stderr).into_owned() + &String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success() && text.is_empty(), "{text}\nabout\n{page}");
}
