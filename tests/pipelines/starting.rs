//! Starts that cannot be.

use crate::program::{Config, Program, run};

fn config(grpc: &str, http: &str, health: &str) -> Config {
    Config::new(&format!(
        "
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: {grpc}
      http:
        endpoint: {http}
exporters:
  nop:
extensions:
  health_check:
    endpoint: {health}
service:
  extensions: [health_check]
  telemetry:
    metrics:
      level: none
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [nop]
"
    ))
}

/// A second instance must not take anything in before it finds that it cannot stay.
#[tokio::test]
async fn a_metrics_port_in_use_is_found_before_anything_is_taken_in() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let taken = holder.local_addr().expect("bound");
    let config = Config::new(&format!(
        "
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:0'}}}}}}}}
exporters: {{nop: }}
service:
  telemetry: {{metrics: {{address: '{taken}'}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [nop]}}}}
"
    ));
    let output = run(&["--config", config.path()]).await;
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(
        err.contains(&taken.to_string()) && !err.contains("everything is ready"),
        "{err}"
    );
}

#[tokio::test]
async fn a_port_in_use_is_told_at_the_line_that_names_it() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let taken = holder.local_addr().expect("bound").to_string();
    let free = "127.0.0.1:0";
    let table = [
        (config(&taken, free, free), "pipeline.yaml:6:"),
        (config(free, &taken, free), "pipeline.yaml:8:"),
        (config(free, free, &taken), "pipeline.yaml:13:"),
    ];
    for (config, place) in table {
        let output = run(&["--config", config.path()]).await;
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{err}");
        assert!(
            err.contains(place) && err.contains(&taken),
            "{place} or {taken} is not in\n{err}"
        );
        assert!(!err.contains("everything is ready"), "{err}");
    }
}

#[tokio::test]
async fn it_may_have_as_many_open_files_as_the_system_lets_it() {
    let config = "
receivers: {otlp: {protocols: {grpc: {endpoint: 127.0.0.1:0}}}}
exporters: {nop: }
service:
  telemetry: {logs: {encoding: json}, metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}
";
    let program = Program::start_by(&["prlimit", "--nofile=256:300"], config).await;
    assert_eq!(program.open_files_limits(), ["300", "300"]);
}
