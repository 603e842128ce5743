//! The page as a scraper sees it.

#![expect(clippy::expect_used, reason = "what is not as expected fails the test")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use sidelight_component::metrics::Registry;
use sidelight_config::Endpoint;
use sidelight_self_telemetry::ledger::{Edge, Ledger, Row};
use sidelight_self_telemetry::process::ProcessSampler;
use sidelight_self_telemetry::settings::{MetricLevel, MetricSettings, ResourceSettings};
use sidelight_self_telemetry::{MetricSources, resource, serve_metrics};

fn get(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a socket");
    stream
        .write_all(format!("{head}\r\n\r\n").as_bytes())
        .expect("a socket");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn sources(registry: &Registry) -> MetricSources {
    MetricSources {
        registry: registry.clone(),
        ledger: Arc::new(|| {
            let row = Row {
                accepted: 3,
                delivered: 3,
                ..Row::new(Edge::Pipeline("traces".parse().expect("an id")))
            };
            Ledger {
                rows: vec![row],
                lost_branches: 0,
            }
        }),
        process: ProcessSampler::new(),
        resource: resource(&ResourceSettings::default(), "1.2.3"),
    }
}

fn any_port() -> MetricSettings {
    MetricSettings {
        address: Some(Endpoint::tcp("localhost", 0)),
        ..MetricSettings::default()
    }
}

#[test]
fn a_scrape_sees_registry_process_ledger_and_resource_as_they_are_now() {
    let registry = Registry::default();
    let servers = serve_metrics(&any_port(), &sources(&registry)).expect("a page");
    let accepted = registry.counter(
        "otelcol_receiver_accepted_spans",
        "Spans.",
        &[("receiver", "otlp")],
    );
    accepted.add(41);
    accepted.add(1);
    let answer = get(
        servers[0].local_addr(),
        "GET /metrics HTTP/1.1\r\nHost: localhost:8888",
    );
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"),
        "{answer}"
    );
    for line in [
        "# TYPE otelcol_receiver_accepted_spans counter\notelcol_receiver_accepted_spans{receiver=\"otlp\"} 42\n",
        "# TYPE otelcol_process_memory_rss gauge\notelcol_process_memory_rss ",
        "# TYPE otelcol_process_cpu_seconds counter\n",
        "# TYPE otelcol_process_uptime counter\n",
        "sidelight_ledger_items{edge=\"pipeline/traces\",kind=\"delivered\"} 3\n",
        "service_name=\"sidelight\",service_version=\"1.2.3\"} 1\n",
    ] {
        assert!(answer.contains(line), "{line} in\n{answer}");
    }
    let other = get(servers[0].local_addr(), "GET / HTTP/1.1\r\nHost: localhost");
    assert!(other.starts_with("HTTP/1.1 404 "), "{other}");
}

#[test]
fn who_takes_open_metrics_alone_gets_it() {
    let servers = serve_metrics(&any_port(), &sources(&Registry::default())).expect("a page");
    let head =
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: application/openmetrics-text;version=1.0.0";
    let answer = get(servers[0].local_addr(), head);
    assert!(answer.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"));
    assert!(answer.ends_with("# EOF\n"), "{answer}");
}

#[test]
fn level_none_opens_nothing_and_a_taken_address_is_an_error() {
    let sources = sources(&Registry::default());
    let none = MetricSettings {
        level: MetricLevel::None,
        ..any_port()
    };
    assert!(
        serve_metrics(&none, &sources)
            .expect("nothing to open")
            .is_empty()
    );
    let servers = serve_metrics(&any_port(), &sources).expect("a page");
    let taken = Endpoint::tcp("127.0.0.1", servers[0].local_addr().port());
    let again = MetricSettings {
        address: Some(taken),
        ..MetricSettings::default()
    };
    let error = serve_metrics(&again, &sources).expect_err("taken").to_string();
    assert!(
        error.starts_with("service.telemetry.metrics: cannot listen on `127.0.0.1:"),
        "{error}"
    );
}
