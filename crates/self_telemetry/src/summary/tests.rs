use std::time::Instant;

use sidelight_component::metrics::Registry;

use super::numbers::*;
use super::*;
use crate::ledger::Row;

fn registry() -> Registry {
    let registry = Registry::default();
    for transport in ["grpc", "http"] {
        let labels = [("receiver", "otlp"), ("transport", transport)];
        registry
            .counter("otelcol_receiver_accepted_spans", "", &labels)
            .add(1000);
        registry.counter("otelcol_receiver_accepted_log_records", "", &labels);
    }
    registry.counter(
        "otelcol_receiver_accepted_spans",
        "",
        &[("receiver", "otlp/second")],
    );
    registry
        .counter(
            "otelcol_exporter_sent_spans",
            "",
            &[("exporter", "otlp_grpc/main")],
        )
        .add(500);
    for (signal, size) in [("traces", 10), ("logs", 30)] {
        let labels = [("exporter", "otlp_grpc/main"), ("data_type", signal)];
        registry
            .gauge("otelcol_exporter_queue_size", "", &labels)
            .set(size);
        registry
            .gauge("otelcol_exporter_queue_capacity", "", &labels)
            .set(120);
    }
    registry
}

fn snapshot(registry: &Registry, at: Instant, seconds: u64, health: Health) -> Snapshot {
    let mut into = Row::new(Edge::Pipeline("traces".parse().expect("an id")));
    (into.accepted, into.delivered) = (8000, 8000);
    let mut out = Row::new(Edge::Exporter(
        "otlp_grpc/main".parse().expect("an id"),
        sidelight_component::Signal::Traces,
    ));
    (out.accepted, out.delivered, out.queued) = (8000, 7960, 40);
    Snapshot {
        now: Now {
            instant: at + Duration::from_secs(seconds),
            unix_nanos: 1_795_183_080_000_000_000 + seconds * 1_000_000_000,
        },
        families: registry.snapshot(),
        ledger: Ledger {
            rows: vec![into, out],
            lost_branches: 0,
        },
        process: ProcessUsage {
            cpu_seconds: 1.0 + 0.031 * seconds as f64,
            rss_bytes: 14_210_000,
            uptime: Duration::from_secs(60 + seconds),
        },
        health,
        headlines: Vec::new(),
    }
}

/// Five seconds in which 6,020 spans came, 5,000 left, and some of each failed.
fn five_seconds(health: Health) -> (Snapshot, Snapshot) {
    let (registry, at) = (registry(), Instant::now());
    let before = snapshot(&registry, at, 0, Health::Ok);
    let labels = [("receiver", "otlp"), ("transport", "grpc")];
    registry
        .counter("otelcol_receiver_accepted_spans", "", &labels)
        .add(6020);
    registry
        .counter("otelcol_receiver_accepted_log_records", "", &labels)
        .add(2);
    registry
        .counter("otelcol_receiver_refused_spans", "", &labels)
        .add(50);
    let labels = [("exporter", "otlp_grpc/main")];
    registry
        .counter("otelcol_exporter_sent_spans", "", &labels)
        .add(5000);
    registry
        .counter("otelcol_exporter_send_failed_log_records", "", &labels)
        .add(1);
    let now = snapshot(&registry, at, 5, health);
    (before, now)
}

#[test]
fn the_summary_says_what_flowed_between_two_readings() {
    let (before, now) = five_seconds(Health::Ok);
    assert_eq!(
        render(&before, &now, false),
        "\
13:58:05Z  sidelight healthy  up 1m05s  cpu 3.1 %  rss 14.2 MB
  in   otlp             traces 1,204/s  logs 0.4/s  refused 10/s
  in   otlp/second      nothing yet
  out  otlp_grpc/main   traces 1,000/s  failed 0.2/s  queue 25 %
  8,000 accepted, 7,960 delivered, 40 queued: every item is accounted for
"
    );
}

#[test]
fn what_components_see_stands_below_the_head_in_their_own_words() {
    let (before, mut now) = five_seconds(Health::Ok);
    let of = |component: &str, lines: Vec<String>| Headlines {
        component: component.to_owned(),
        lines: lines.into(),
    };
    now.headlines = vec![
        of("host_metrics", vec!["cpu 12.3 %".to_owned()]),
        of("process", (0..12).map(|n| format!("app{n}\n  up 1s")).collect()),
    ];
    let text = render(&before, &now, false);
    let seen: Vec<&str> = text.lines().skip(1).take(12).collect();
    assert_eq!(seen[0], "  see  host_metrics   cpu 12.3 %");
    assert_eq!(seen[1], "  see  process        app0\\n  up 1s");
    assert_eq!(seen[2], "  see                 app1\\n  up 1s");
    assert_eq!(seen[11], "                      and 2 more");
}

#[test]
fn bad_health_and_a_bad_ledger_are_seen_with_their_reasons() {
    let reasons = (0..7)
        .map(|n| format!("exporter `e{n}`: refused\n\u{1b}[2J"))
        .collect();
    let (before, mut now) = five_seconds(Health::Unhealthy(reasons));
    now.ledger.rows[1].queued = 0;
    let text = render(&before, &now, false);
    assert!(text.starts_with("13:58:05Z  sidelight UNHEALTHY  up"), "{text}");
    assert!(
        text.contains("\n  !    exporter `e0`: refused\\n\\u{1b}[2J\n"),
        "{text}"
    );
    assert!(text.contains("\n  !    and 2 more\n"), "{text}");
    assert!(
        text.contains("DOES NOT BALANCE: exporter/otlp_grpc/main/traces: 40 items are not accounted"),
        "{text}"
    );
}

#[test]
fn only_a_terminal_gets_colors() {
    let (before, now) = five_seconds(Health::Ok);
    assert!(!render(&before, &now, false).contains('\u{1b}'));
    assert!(render(&before, &now, true).contains("\u{1b}[32mhealthy\u{1b}[0m"));
}

#[test]
fn a_counter_that_began_again_is_counted_from_zero() {
    let (before, now) = five_seconds(Health::Ok);
    // Read the wrong way round, the counters fall.
    let flows = flow::flows(&now.families, &before.families);
    assert_eq!(flows[0].passed, [("traces", 2000.0)]);
}

#[test]
fn figures_are_written_for_people() {
    for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_600, "1,234,600")] {
        assert_eq!(grouped(number), text);
    }
    let second = Duration::from_secs(1);
    for (count, text) in [
        (0.0, "0/s"),
        (0.44, "0.4/s"),
        (9.94, "9.9/s"),
        (9.96, "10/s"),
        (12_345.4, "12,345/s"),
    ] {
        assert_eq!(rate(count, second), text);
    }
    assert_eq!(rate(5.0, Duration::ZERO), "5");
    for (seconds, text) in [(0, "0s"), (65, "1m05s"), (11_220, "3h07m"), (187_200, "2d04h")] {
        assert_eq!(span(Duration::from_secs(seconds)), text);
    }
}
