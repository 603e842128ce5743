use std::time::Duration;

use bytes::Bytes;
use sidelight_component::{
    Ack, Batch, Budget, BuildContext, Chunk, Clock, ConnectorConfig, Out, Outcome, Payload, Processor, Role,
    Signal,
};
use sidelight_proto::json::{from_protobuf, to_protobuf};
use sidelight_testkit::component::{context, settings};

use super::Config;

struct Rig {
    connector: Box<dyn Processor>,
    clock: Clock,
}

fn rig_in(yaml: &str, cx: BuildContext) -> Rig {
    let config: Config = settings(Role::Connector, "log_metrics", yaml).unwrap_or_else(|e| panic!("{e}"));
    let clock = Clock::virtual_at(1_000_000_000);
    let cx = BuildContext {
        clock: clock.clone(),
        ..cx
    };
    Rig {
        connector: config.build(&cx).expect("built"),
        clock,
    }
}

fn rig(yaml: &str) -> Rig {
    rig_in(yaml, context(Role::Connector, "log_metrics"))
}

impl Rig {
    /// Counts records, each a JSON object of OTLP.
    fn count(&mut self, records: &[&str]) {
        let request = format!(
            r#"{{"resourceLogs":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"app"}}}},{{"key":"host.name","value":{{"stringValue":"h"}}}}]}},"scopeLogs":[{{"logRecords":[{}]}}]}}]}}"#,
            records.join(",")
        );
        let bytes = to_protobuf(Signal::Logs, request.as_bytes(), 1 << 20)
            .expect("good")
            .protobuf;
        let (ack, receipt) = Ack::new();
        let batch = Batch {
            signal: Signal::Logs,
            payload: Payload::new(Chunk {
                bytes: Bytes::from(bytes),
                items: records.len(),
            }),
            ack,
            deadline: None,
        };
        let mut out = Out::default();
        self.connector.process(batch, self.clock.now(), &mut out);
        assert_eq!(receipt.settled(), Some(Outcome::Done));
        assert_eq!((out.merged, out.batches().len()), (records.len() as u64, 0));
    }

    fn bodies(&mut self, bodies: &[&str]) {
        let records: Vec<String> = bodies
            .iter()
            .map(|body| format!(r#"{{"body":{{"stringValue":"{body}"}}}}"#))
            .collect();
        self.count(&records.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// What it gives out after a time, as OTLP/JSON without resource and scope.
    fn after(&mut self, seconds: u64) -> String {
        self.clock.advance(Duration::from_secs(seconds));
        let now = self.clock.now();
        if self.connector.next_timer().is_none_or(|at| at > now.instant) {
            return "nothing".to_owned();
        }
        let mut out = Out::default();
        self.connector.on_timer(now, &mut out);
        let mut json = Vec::new();
        for batch in out.take() {
            assert_eq!(batch.items() as u64, out.created);
            from_protobuf(Signal::Metrics, &batch.payload.to_contiguous(), &mut json);
        }
        let json = String::from_utf8(json).expect("UTF-8");
        json.split_once(r#""metrics":"#)
            .map_or(json.clone(), |(_, metrics)| {
                metrics.trim_end_matches("}]}]}").to_owned()
            })
    }
}

#[test]
fn records_are_counted_and_given_out_again_and_again() {
    let mut rig = rig(
        "logs: [{name: errors, unit: '{error}', conditions: ['IsMatch(body, \"ERROR\")', 'severity_number >= 17']}]",
    );
    assert_eq!(rig.after(100), "nothing");
    rig.bodies(&["ERROR a", "fine"]);
    rig.count(&[r#"{"severityNumber":17}"#]);
    let point = |start: u64, time: u64, n: u64| {
        format!(
            r#"[{{"name":"errors","unit":"{{error}}","sum":{{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{{"startTimeUnixNano":"{start}000000000","timeUnixNano":"{time}000000000","asInt":"{n}"}}]}}}}]"#
        )
    };
    assert_eq!(rig.after(14), "nothing");
    assert_eq!(rig.after(1), point(101, 116, 2));
    assert_eq!(rig.after(15), point(101, 131, 2), "a series stays");
    rig.bodies(&["ERROR b"]);
    assert_eq!(rig.after(15), point(101, 146, 3));
}

#[test]
fn deltas_begin_where_the_last_ones_ended() {
    let mut rig = rig("{aggregation_temporality: delta, metrics_flush_interval: 5m, logs: [{name: lines}]}");
    rig.bodies(&["a", "b"]);
    let first = rig.after(300);
    assert!(
        first.contains(r#""startTimeUnixNano":"1000000000","timeUnixNano":"301000000000","asInt":"2""#),
        "{first}"
    );
    assert_eq!(rig.after(300), "nothing");
    rig.bodies(&["c"]);
    let second = rig.after(300);
    assert!(
        second.contains(r#""startTimeUnixNano":"301000000000","timeUnixNano":"901000000000","asInt":"1""#),
        "{second}"
    );
}

#[test]
fn values_are_taken_out_of_texts_with_either_colon_and_any_spacing() {
    let mut rig = rig(
        r#"logs: [{name: took, unit: s, histogram: {buckets: [0.25, 1], value: 'Double(ExtractPatterns(body, "耗时\\s*[::]\\s*(?P<s>[0-9.]+)\\s*秒")["s"])'}}]"#,
    );
    rig.bodies(&[
        "分析完成 耗时: 0.25 秒",
        "耗时:1.5秒",
        "耗时 : 0.75秒",
        "耗时: x 秒",
        "nothing",
    ]);
    let given = rig.after(15);
    assert!(
        given.contains(r#""count":"3","sum":2.5,"min":0.25,"max":1.5,"bucketCounts":["1","1","1"],"explicitBounds":[0.25,1]"#),
        "{given}"
    );
    assert!(given.contains(r#""min":0.25,"max":1.5"#), "{given}");
}

#[test]
fn attributes_make_series_up_to_a_limit() {
    let mut rig = rig(
        r#"{aggregation_cardinality_limit: 2, logs: [{name: n, attributes: [{key: kind, value: 'MessagePattern(body)'}, {key: side, optional: true}, {key: level, default_value: none}]}]}"#,
    );
    rig.bodies(&[
        "order 1 failed",
        "order 22 failed",
        "timeout",
        "one more",
        "yet another",
    ]);
    let given = rig.after(15);
    for (kind, n) in [("order <num> failed", 2), ("timeout", 1)] {
        let attributes = format!(
            r#""attributes":[{{"key":"kind","value":{{"stringValue":"{kind}"}}}},{{"key":"level","value":{{"stringValue":"none"}}}}]"#
        );
        assert!(
            given.contains(&attributes) && given.contains(&format!(r#""asInt":"{n}""#)),
            "{given}"
        );
    }
    assert!(
        given.contains(r#"{"key":"otel.metric.overflow","value":{"boolValue":true}}"#),
        "{given}"
    );
    assert_eq!(given.matches("asInt").count(), 3, "{given}");
}

#[test]
fn sums_gauges_and_ratios() {
    let mut rig = rig(
        r#"logs: [{name: amount, attributes: [{key: symbol}], sum: {value: 'attributes["amount"]', is_monotonic: false}},
                  {name: value, gauge: {value: 'attributes["amount"]'}},
                  {name: hits, conditions: ['IsMatch(body, "(?i)cache hit|缓存命中")']},
                  {name: misses, conditions: ['IsMatch(body, "(?i)cache miss|缓存未命中")']},
                  {name: ratio, ratio: {of: [hits], to: [hits, misses]}}]"#,
    );
    let trade = |amount: &str| {
        format!(
            r#"{{"attributes":[{{"key":"amount","value":{amount}}},{{"key":"symbol","value":{{"stringValue":"BTC"}}}}]}}"#
        )
    };
    rig.count(&[
        &trade(r#"{"intValue":"5"}"#),
        &trade(r#"{"doubleValue":-1.5}"#),
        &trade(r#"{"stringValue":"x"}"#),
    ]);
    rig.bodies(&["Cache HIT a", "缓存命中 b", "缓存未命中 c", "cache hit d"]);
    let given = rig.after(15);
    for expected in [
        r#""asDouble":3.5"#,
        r#""gauge":{"dataPoints":[{"timeUnixNano":"16000000000","asDouble":-1.5}]}"#,
        r#""name":"ratio","gauge":{"dataPoints":[{"timeUnixNano":"16000000000","asDouble":0.75}]}"#,
    ] {
        assert!(given.contains(expected), "{expected} is not in {given}");
    }
}

#[test]
fn a_point_names_a_record_of_a_trace() {
    let mut rig = rig("logs: [{name: n}]");
    rig.count(&[
        r#"{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7","timeUnixNano":"7"}"#,
        "{}",
    ]);
    let given = rig.after(15);
    assert!(given.contains(r#""exemplars":[{"timeUnixNano":"7","spanId":"00f067aa0ba902b7","traceId":"0af7651916cd43dd8448eb211c80319c","asInt":"1"}]"#), "{given}");
}

#[test]
fn a_series_that_nothing_comes_for_ends_and_begins_anew() {
    let mut rig = rig("{metrics_expiration: 20s, logs: [{name: n}]}");
    rig.bodies(&["a", "b"]);
    assert!(rig.after(15).contains(r#""asInt":"2""#));
    let ended = rig.after(15);
    assert!(
        ended.contains(r#""flags":1"#) && !ended.contains("asInt"),
        "{ended}"
    );
    assert_eq!(rig.after(15), "nothing");
    rig.bodies(&["c"]);
    assert!(
        rig.after(15)
            .contains(r#""startTimeUnixNano":"46000000000","timeUnixNano":"61000000000","asInt":"1""#)
    );
}

#[test]
fn the_resource_is_that_of_the_records_or_a_part_of_it() {
    let mut rig = rig("logs: [{name: a}, {name: b, include_resource_attributes: [{key: host.name}]}]");
    rig.bodies(&["x"]);
    let now = rig.clock.now();
    let (mut out, mut json) = (Out::default(), Vec::new());
    rig.connector.flush(now, &mut out);
    from_protobuf(Signal::Metrics, &out.take()[0].payload.to_contiguous(), &mut json);
    let json = String::from_utf8(json).expect("UTF-8");
    let host = r#"{"key":"host.name","value":{"stringValue":"h"}}"#;
    assert!(json.contains(&format!(r#"{{"attributes":[{host}]}}"#)), "{json}");
    assert!(
        json.contains(&format!(
            r#"{{"attributes":[{host},{{"key":"service.name","value":{{"stringValue":"app"}}}}]}}"#
        )),
        "{json}"
    );
}

#[test]
fn without_room_a_round_is_left_out_and_nothing_of_what_was_counted() {
    let mut cx = context(Role::Connector, "log_metrics");
    cx.budget = Budget::new(1 << 20);
    let held = cx.budget.charge_anyway(2 << 20);
    let mut rig = rig_in("logs: [{name: n}]", cx);
    rig.bodies(&["a"]);
    assert_eq!(rig.after(15), "");
    drop(held);
    assert!(rig.after(15).contains(r#""asInt":"1""#));
}

#[test]
fn mistakes_are_named() {
    for (yaml, expected) in [
        ("{}", "logs"),
        ("logs: [{name: a}, {name: a}]", "is the name of another metric"),
        ("logs: [{name: a, conditions: ['bdy == 1']}]", "no field `bdy`"),
        ("logs: [{name: a, sum: {value: '1 +'}}]", "is no expression"),
        (
            "logs: [{name: a, gauge: {value: '1'}, sum: {value: '1'}}]",
            "cannot stand beside another kind",
        ),
        (
            "logs: [{name: a, histogram: {value: '1', buckets: [1, 1]}}]",
            "numbers that rise",
        ),
        (
            "logs: [{name: a, ratio: {of: [b], to: [a]}}]",
            "names `b`, which is no count",
        ),
    ] {
        let mistakes = settings::<Config>(Role::Connector, "log_metrics", yaml).expect_err(yaml);
        assert!(mistakes.contains(expected), "{yaml}: {mistakes}");
    }
}
