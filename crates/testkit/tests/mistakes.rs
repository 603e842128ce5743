//! Mistakes between components: what a user sees for a whole configuration.

use sidelight_config::{FixedEnv, load_str};
use sidelight_pipeline::{Catalog, document};

const CATALOG: Catalog = Catalog {
    receivers: sidelight_receivers::COMPONENTS,
    processors: sidelight_processors::COMPONENTS,
    connectors: sidelight_connectors::COMPONENTS,
    exporters: sidelight_exporters::COMPONENTS,
    extensions: sidelight_extensions::COMPONENTS,
};

/// Everything that is said about a configuration, and whether it can be started.
fn shown(text: &str) -> String {
    let (tree, mut mistakes) = load_str("pipeline.yaml", text, &FixedEnv::new());
    let plan = tree.and_then(|tree| document::read(&tree, CATALOG, &mut mistakes));
    let verdict = if plan.is_some() {
        "can be started"
    } else {
        "cannot be started"
    };
    format!("{}{verdict}", mistakes.render_plain())
}

#[test]
fn names_that_are_unknown_misspelt_or_not_declared() {
    insta::assert_snapshot!(shown(
        "receivers:
  otpl:
  otlp:
    protocols:
      grpc:
exporters:
  otlp/jaeger:
    endpoint: localhost:14317
    tls: {insecure: true}
  nop/:
procesors:
service:
  pipelines:
    traces:
      receivers: [otlp]
      processors: [batch]
      exporters: [otlp/jeager, otlp/jaeger]
    trace:
      receivers: [otlp]
      exporters: [nop]
"
    ));
}

#[test]
fn pipelines_without_ends_and_components_twice_or_unused() {
    insta::assert_snapshot!(shown(
        "receivers:
  otlp:
    protocols:
      grpc:
  otlp/second:
    protocols:
      grpc:
        endpoint: localhost:4319
exporters:
  nop:
service:
  pipelines:
    traces:
      receivers: [otlp, otlp]
      exporters: []
    logs:
      exporters: [nop]
"
    ));
}

#[test]
fn two_components_on_one_port() {
    insta::assert_snapshot!(shown(
        "receivers:
  otlp:
    protocols:
      grpc:
      http:
        endpoint: localhost:4317
  otlp/second:
    protocols:
      http:
        endpoint: localhost:4317
exporters:
  nop:
service:
  pipelines:
    traces:
      receivers: [otlp, otlp/second]
      exporters: [nop]
"
    ));
}

#[test]
fn nothing_at_all_and_the_wrong_shape() {
    insta::assert_snapshot!(shown(""));
    insta::assert_snapshot!(shown("receivers: [otlp]\nservice:\n  pipelines: 5\n"));
}

#[test]
fn a_listener_beyond_this_machine_needs_authentication_or_a_word() {
    let with = |line: &str| {
        format!(
            "receivers:\n  otlp:\n    protocols:\n      grpc:\n        endpoint: 0.0.0.0:4317\n{line}exporters:\n  nop:\nservice:\n  pipelines:\n    traces:\n      receivers: [otlp]\n      exporters: [nop]\n"
        )
    };
    insta::assert_snapshot!(shown(&with("")));
    assert_eq!(shown(&with("        insecure: true\n")), "can be started");
    // The word `unix` does not make a socket of an address.
    insta::assert_snapshot!(shown(&with("        transport: unix\n")));
}

#[test]
fn requests_larger_than_the_memory_budget() {
    insta::assert_snapshot!(shown(
        "receivers:
  otlp:
    protocols:
      grpc:
        max_recv_msg_size_mib: 9
      http:
        max_request_body_size: 8MiB
exporters:
  nop:
service:
  sidelight: {memory_budget: 8MiB}
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [nop]
"
    ));
}

#[test]
fn headers_and_an_authority_that_no_request_can_have() {
    insta::assert_snapshot!(shown(
        "receivers:
  otlp:
    protocols:
      grpc:
exporters:
  otlp_grpc:
    endpoint: localhost:14317
    authority: a b
    headers:
      x tenant: a
      x-shop: \"a\\nb\"
  otlp_http:
    endpoint: http://localhost:14318
    logs_endpoint: http://localhost:14318/my logs
    headers:
      x(shop): a
service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [otlp_grpc, otlp_http]
"
    ));
}

#[test]
fn batches_without_a_meaning() {
    insta::assert_snapshot!(shown(
        "receivers:
  otlp:
    protocols:
      grpc:
exporters:
  otlp_grpc:
    endpoint: localhost:14317
    sending_queue:
      batch: {sizer: requests, min_size: 10, max_size: 9}
  otlp_http:
    endpoint: http://localhost:14318
    sending_queue:
      batch: {max_size: 1000}
service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [otlp_grpc, otlp_http]
"
    ));
}

#[test]
fn two_signals_on_one_path() {
    insta::assert_snapshot!(shown(
        "receivers:
  otlp:
    protocols:
      http:
        traces_url_path: v1/logs
  otlp/all:
    protocols:
      http:
        endpoint: localhost:4319
        traces_url_path: /all
        metrics_url_path: all
exporters:
  nop:
service:
  pipelines:
    traces:
      receivers: [otlp, otlp/all]
      exporters: [nop]
"
    ));
}

#[test]
fn a_collector_configuration_runs_unchanged() {
    let shown = shown(
        "receivers:
  otlp:
    protocols:
      grpc:
        endpoint: localhost:4317
        max_recv_msg_size_mib: 8
        keepalive:
          server_parameters:
            max_connection_age: 60s
      http:
        endpoint: localhost:4318
processors:
  memory_limiter:
    check_interval: 1s
    limit_percentage: 80
    spike_limit_percentage: 20
  batch:
    send_batch_size: 1000
    timeout: 5s
exporters:
  debug:
    verbosity: detailed
  otlphttp:
    endpoint: http://localhost:9090/api/v1/otlp
    compression: none
  otlp:
    endpoint: localhost:14317
    tls:
      insecure: true
    headers:
      x-tenant: a
    sending_queue:
      queue_size: 5000
      num_consumers: 4
    retry_on_failure:
      initial_interval: 1s
      max_elapsed_time: 600s
extensions:
  health_check:
    endpoint: localhost:13133
service:
  extensions: [health_check]
  telemetry:
    logs: {level: info}
  pipelines:
    traces:
      receivers: [otlp]
      processors: [memory_limiter, batch]
      exporters: [otlp, debug]
    metrics:
      receivers: [otlp]
      processors: [memory_limiter, batch]
      exporters: [otlphttp]
",
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn one_queue_cannot_batch_in_two_ways() {
    insta::assert_snapshot!(shown(
        "receivers:
  otlp:
    protocols:
      grpc:
processors:
  batch:
  batch/large:
    send_batch_size: 100000
exporters:
  otlp_http:
    endpoint: http://localhost:4318
    sending_queue: {ack: memory}
service:
  pipelines:
    traces/a:
      receivers: [otlp]
      processors: [batch]
      exporters: [otlp_http]
    traces/b:
      receivers: [otlp]
      processors: [batch/large]
      exporters: [otlp_http]
"
    ));
}

#[test]
fn a_property_without_meaning_for_the_signal_of_the_pipeline() {
    insta::assert_snapshot!(shown(
        "receivers:
  otlp:
    protocols:
      grpc:
processors:
  attributes:
    include:
      match_type: strict
      span_names: [login]
    actions:
      - {key: user, action: delete}
exporters:
  nop:
service:
  pipelines:
    logs:
      receivers: [otlp]
      processors: [attributes]
      exporters: [nop]
"
    ));
}

#[test]
fn a_queue_is_kept_in_a_storage_that_runs() {
    insta::assert_snapshot!(shown(
        "receivers:
  otlp:
    protocols:
      grpc:
exporters:
  otlp_grpc/1: {endpoint: \"localhost:4317\", tls: {insecure: true}, sending_queue: {storage: file_storage}}
  otlp_grpc/2: {endpoint: \"localhost:4317\", tls: {insecure: true}, sending_queue: {storage: health_check}}
  otlp_grpc/3: {endpoint: \"localhost:4317\", tls: {insecure: true}, sending_queue: {storage: file_storage/idle}}
  otlp_grpc/4: {endpoint: \"localhost:4317\", tls: {insecure: true}, sending_queue: {storage: file_storage/good, ack: delivery}}
  otlp_grpc/5: {endpoint: \"localhost:4317\", tls: {insecure: true}, sending_queue: {ack: queue}}
  otlp_grpc/6: {endpoint: \"localhost:4317\", tls: {insecure: true}, sending_queue: {storage: file_storage/good, enabled: false}}
  otlp_grpc/7: {endpoint: \"localhost:4317\", tls: {insecure: true}, sending_queue: {storage: file_storage/good, wait_for_result: true}}
extensions:
  health_check:
  file_storage/idle:
  file_storage/good: {fsync: true}
service:
  extensions: [health_check, file_storage/good]
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [otlp_grpc/1, otlp_grpc/2, otlp_grpc/3, otlp_grpc/4, otlp_grpc/5, otlp_grpc/6, otlp_grpc/7]
"
    ));
}

#[test]
fn a_receiver_that_cannot_hold_back_makes_a_promise_empty() {
    insta::assert_snapshot!(shown(
        "receivers:
  host_metrics:
    scrapers: {cpu: }
  otlp:
    protocols:
      grpc:
exporters:
  otlp_grpc:
    endpoint: localhost:4317
    tls: {insecure: true}
    sending_queue: {wait_for_result: true}
  nop:
service:
  pipelines:
    metrics:
      receivers: [otlp, host_metrics]
      exporters: [nop, otlp_grpc]
    metrics/quiet:
      receivers: [host_metrics]
      exporters: [nop]
"
    ));
}

/// A configuration with the pipelines given, a connector `forward` and one `forward/2`.
fn joined(pipelines: &str) -> String {
    shown(&format!(
        "receivers:
  otlp:
    protocols:
      grpc:
connectors:
  forward:
  forward/2:
exporters:
  nop:
service:
  pipelines:
{pipelines}"
    ))
}

#[test]
fn connectors_join_a_pipeline_with_another_of_a_signal_that_fits() {
    let good = "    logs/in: {receivers: [otlp], exporters: [forward, nop]}
    logs/between: {receivers: [forward, otlp], exporters: [forward/2]}
    logs/out: {receivers: [forward/2], exporters: [nop]}
";
    assert_eq!(joined(good), "can be started");
    insta::assert_snapshot!(joined(
        "    logs/in: {receivers: [otlp], exporters: [forward]}
    traces: {receivers: [forward], exporters: [nop]}
    metrics: {receivers: [forward/2, otlp], exporters: [nop, forward/3]}
"
    ));
}

#[test]
fn pipelines_must_not_feed_each_other_in_a_circle() {
    insta::assert_snapshot!(joined(
        "    logs/first: {receivers: [otlp], exporters: [forward]}
    logs/a: {receivers: [forward], exporters: [forward/2]}
    logs/b: {receivers: [forward/2], exporters: [forward]}
"
    ));
}
