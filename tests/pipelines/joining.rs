//! Pipelines that are joined by connectors.

use crate::program::{Config, run};

const TWO: &str = "
receivers: {otlp: {protocols: {grpc: {endpoint: 127.0.0.1:0}}}}
processors:
  attributes/app: {actions: [{key: from, value: app, action: insert}]}
  attributes/all: {actions: [{key: env, value: test, action: insert}]}
connectors: {forward: }
exporters: {debug: , debug/app: }
service:
  pipelines:
    logs/app: {receivers: [otlp], processors: [attributes/app], exporters: [debug/app, forward]}
    logs: {receivers: [forward], processors: [attributes/all], exporters: [debug]}
";

#[tokio::test]
async fn a_sample_is_explained_through_connectors() {
    let config = Config::new(TWO);
    let sample = config.path.with_file_name("sample");
    let record = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hi"}}]}]}]}"#;
    std::fs::write(&sample, record).expect("written");
    let sample = sample.to_str().expect("UTF-8");
    let output = run(&["explain", "--config", config.path(), "--in", sample]).await;
    let out = String::from_utf8_lossy(&output.stdout);
    let attribute =
        |key: &str, value: &str| format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#);
    let sent = |attributes: &str| {
        format!(
            r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{{"stringValue":"hi"}},"attributes":[{attributes}]}}]}}]}}]}}"#
        )
    };
    let (app, all) = (attribute("from", "app"), attribute("env", "test"));
    let expected = format!(
        "request 1: 1 items of logs\n  pipeline logs/app\n    attributes/app: changed\n    → debug/app\n        {}\n    \
         → forward: as it was\n  pipeline logs\n    attributes/all: changed\n    → debug\n        {}\n",
        sent(&app),
        sent(&format!("{app},{all}"))
    );
    assert_eq!(out, expected);
}
