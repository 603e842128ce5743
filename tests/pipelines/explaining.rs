//! `sidelight explain`: what would become of samples.

use crate::program::{Config, run};

const OTLP: &str = "
receivers: {otlp: {protocols: {grpc: {endpoint: 127.0.0.1:0}}}}
processors:
  attributes: {actions: [{key: deployment.environment.name, value: test, action: insert}]}
exporters:
  debug:
  prometheus: {endpoint: 127.0.0.1:0}
service:
  pipelines:
    logs: {receivers: [otlp], processors: [attributes], exporters: [debug]}
    metrics: {receivers: [otlp], exporters: [prometheus]}
";

/// The exit code, standard output and standard error.
async fn explain(config: &Config, sample: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let path = config.path.with_file_name("sample");
    std::fs::write(&path, sample).expect("written");
    let path = path.to_str().expect("UTF-8");
    let output = run(&[&["explain", "--config", config.path(), "--in", path], more].concat()).await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn requests_in_otlp_json_go_through_their_pipelines() {
    let record = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hi"}}]}]}]}"#;
    let point = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a.b","unit":"s","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":"5","timeUnixNano":"1700000000000000000","attributes":[{"key":"x","value":{"stringValue":"y"}}]}]}}]}]}]}"#;
    let config = Config::new(OTLP);
    let (code, out, err) = explain(&config, &format!("{record}\n\n{point}\n"), &[]).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let sent = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hi"},"attributes":[{"key":"deployment.environment.name","value":{"stringValue":"test"}}]}]}]}]}"#;
    let expected = format!(
        "request 1: 1 items of logs\n  pipeline logs\n    attributes: changed\n    → debug\n        {sent}\n\
         request 2: 1 items of metrics\n  pipeline metrics\n    → prometheus\n        a_b_seconds_total{{x=\"y\"}} 5\n"
    );
    assert_eq!(out, expected);
}

#[tokio::test]
async fn samples_that_cannot_be_explained_say_why() {
    let config = Config::new(OTLP);
    for (sample, expected) in [
        ("{\"resourceLogs\":[]}\n{\"resourceLogs\":7}\n", "line 2: "),
        ("just a line\n", "no receiver of the configuration reads lines"),
    ] {
        let (code, out, err) = explain(&config, sample, &[]).await;
        assert_eq!((code, out.as_str()), (Some(1), ""), "{sample}");
        assert!(err.contains(expected), "{err}");
    }
    let broken = Config::new("receivers: {otlp: {protocolls: }}\n");
    assert_eq!(explain(&broken, "x", &[]).await.0, Some(2));
}
