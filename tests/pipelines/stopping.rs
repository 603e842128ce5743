//! The end of the program and its exit codes.

use sidelight_component::Signal;
use sidelight_testkit::requests::protobuf;

use crate::clients::export;
use crate::program::{Program, free_port};
use crate::sink::Sink;

fn config(backend: &str, queue: &str, drain: &str) -> String {
    format!(
        "
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:0
exporters:
  otlp_grpc:
    endpoint: http://{backend}
    sending_queue:
      {queue}
service:
  telemetry:
    logs: {{encoding: json}}
    metrics: {{level: none}}
  sidelight:
    drain_timeout: {drain}
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [otlp_grpc]
"
    )
}

#[tokio::test]
async fn a_signal_lets_what_is_under_way_be_delivered_and_answered() {
    for signal in ["TERM", "INT", "HUP"] {
        let sink = Sink::start().await;
        let config = config(&sink.address.to_string(), "ack: delivery", "30s");
        // These tests may run under nohup, which the program would inherit.
        let mut program = Program::start_by(&["env", "--default-signal=HUP"], &config).await;
        let grpc = program.grpc().await;
        sink.answer(false);
        let client = tokio::spawn(export(grpc, Signal::Traces, 3));
        sink.arrival().await;
        program.signal(signal).await;
        program.logged("delivering what is left").await;
        sink.answer(true);
        client.await.expect("no panic").expect("answered with success");
        assert_eq!(
            program.exit_code().await,
            0,
            "{signal}:\n{}",
            program.log().concat()
        );
        assert_eq!(sink.take(), [(Signal::Traces, protobuf(Signal::Traces, 3))]);
    }
}

#[tokio::test]
async fn under_nohup_it_outlives_its_terminal() {
    let sink = Sink::start().await;
    let config = config(&sink.address.to_string(), "ack: delivery", "30s");
    let mut program = Program::start_by(&["nohup"], &config).await;
    let grpc = program.grpc().await;
    program.signal("HUP").await;
    export(grpc, Signal::Traces, 3).await.expect("still at work");
    program.signal("TERM").await;
    let line = program.logged("delivering what is left").await;
    assert!(line.contains("SIGTERM"), "{line}");
    assert_eq!(program.exit_code().await, 0, "{}", program.log().concat());
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let sink = Sink::start().await;
    let mut program = Program::start(&config(&sink.address.to_string(), "ack: delivery", "10m")).await;
    let grpc = program.grpc().await;
    sink.answer(false);
    let client = tokio::spawn(export(grpc, Signal::Traces, 3));
    sink.arrival().await;
    program.signal("TERM").await;
    program.logged("delivering what is left").await;
    program.signal("TERM").await;
    assert_eq!(program.exit_code().await, 4, "{}", program.log().concat());
    // Nobody was told that it is safe.
    assert!(client.await.expect("no panic").is_err());
}

#[tokio::test]
async fn what_a_dead_backend_did_not_take_is_counted_in_the_exit_code_and_the_log() {
    let dead = format!("127.0.0.1:{}", free_port());
    let mut program = Program::start(&config(&dead, "ack: memory", "1s")).await;
    let grpc = program.grpc().await;
    export(grpc, Signal::Traces, 3)
        .await
        .expect("acknowledged in memory");
    program.signal("TERM").await;
    assert_eq!(program.exit_code().await, 3, "{}", program.log().concat());
    let line = program.logged("not delivered before the end of the drain").await;
    let line: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
    assert_eq!(
        (line["exporter"].as_str(), line["items"].as_u64()),
        (Some("otlp_grpc"), Some(3)),
        "{line}"
    );
}

#[tokio::test]
async fn without_work_it_ends_with_success() {
    let dead = format!("127.0.0.1:{}", free_port());
    let mut program = Program::start(&config(&dead, "ack: delivery", "10m")).await;
    program.signal("TERM").await;
    assert_eq!(program.exit_code().await, 0, "{}", program.log().concat());
}
