use bytes::Bytes;
use sidelight_component::{
    Ack, Batch, Chunk, Now, Out, Outcome, Payload, ProcessorConfig, Receipt, Role, Signal,
};
use sidelight_proto::json::{from_protobuf, to_protobuf};
use sidelight_testkit::component::{context, settings};

use super::Config;

const THREE: &str = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a"}}]},"scopeLogs":[{"logRecords":[{"severityNumber":9,"body":{"stringValue":"GET /health"}},{"severityNumber":17,"body":{"kvlistValue":{"values":[{"key":"k","value":{"intValue":"3"}}]}},"attributes":[{"key":"list","value":{"arrayValue":{"values":[{"boolValue":true}]}}}]}]}]},{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"b"}}]},"scopeLogs":[{"logRecords":[{"severityNumber":9,"traceId":"0af7651916cd43dd8448eb211c80319c","body":{"stringValue":"x"}}]}]}]}"#;

fn batch() -> (Batch, Receipt) {
    let bytes = to_protobuf(Signal::Logs, THREE.as_bytes(), 1 << 20)
        .expect("good")
        .protobuf;
    let (ack, receipt) = Ack::new();
    let payload = Payload::new(Chunk {
        bytes: Bytes::from(bytes),
        items: 3,
    });
    let batch = Batch {
        signal: Signal::Logs,
        payload,
        ack,
        deadline: None,
    };
    (batch, receipt)
}

/// What goes on as JSON, how many are left out, and what the sender is told of a batch that ends here.
fn filtered(yaml: &str) -> (String, u64, Option<Outcome>) {
    let config: Config = settings(Role::Processor, "filter", yaml).expect("good settings");
    let mut processor = config.build(&context(Role::Processor, "filter")).expect("built");
    let (batch, receipt) = batch();
    let before = batch.payload.chunks()[0].bytes.as_ptr();
    let mut out = Out::default();
    let now = Now {
        instant: std::time::Instant::now(),
        unix_nanos: 0,
    };
    processor.process(batch, now, &mut out);
    let filtered = out.filtered;
    let given = out.take();
    let mut json = Vec::new();
    for batch in &given {
        from_protobuf(Signal::Logs, &batch.payload.to_contiguous(), &mut json);
        if filtered == 0 {
            assert_eq!(batch.payload.chunks()[0].bytes.as_ptr(), before, "not copied");
        }
    }
    (
        String::from_utf8(json).expect("UTF-8"),
        filtered,
        receipt.settled(),
    )
}

#[test]
fn records_that_meet_a_condition_are_left_out_with_what_is_empty_then() {
    let (json, left_out, _) = filtered(
        "logs: {log_record: ['IsMatch(body, \"^GET /health\")', 'resource.attributes[\"service.name\"] == \"b\"']}",
    );
    assert_eq!(left_out, 2);
    assert!(
        json.contains("\"severityNumber\":17") && !json.contains("health") && !json.contains("\"b\""),
        "{json}"
    );
    let (json, left_out, _) =
        filtered("logs: {log_record: ['body[\"k\"] == 3 and Len(attributes[\"list\"]) == 1']}");
    assert!(left_out == 1 && !json.contains("kvlist"), "{json}");
    let (json, left_out, _) =
        filtered("logs: {log_record: ['trace_id == \"0af7651916cd43dd8448eb211c80319c\"']}");
    assert!(left_out == 1 && !json.contains("\"x\""), "{json}");
}

#[test]
fn nothing_or_everything_may_be_left_out() {
    let (json, left_out, _) = filtered("logs: {log_record: ['severity_number > 20']}");
    assert_eq!((json.as_str(), left_out), (THREE, 0));
    let (json, left_out, told) = filtered("logs: {log_record: ['severity_number > 0']}");
    assert_eq!((json.as_str(), left_out, told), ("", 3, Some(Outcome::Done)));
}

#[test]
fn a_condition_without_an_answer_costs_the_batch_or_is_false() {
    let (json, _, told) = filtered("{error_mode: propagate, logs: {log_record: ['body + 1 == 2']}}");
    assert!(
        json.is_empty() && matches!(told, Some(Outcome::Rejected { .. })),
        "{told:?}"
    );
    for mode in ["ignore", "silent"] {
        let (json, left_out, _) = filtered(&format!(
            "{{error_mode: {mode}, logs: {{log_record: ['body + 1 == 2']}}}}"
        ));
        assert_eq!((json.as_str(), left_out), (THREE, 0));
    }
}

/// What remains of a request in OTLP/JSON.
fn remaining(signal: Signal, request: &str, yaml: &str) -> String {
    let config: Config = settings(Role::Processor, "filter", yaml).unwrap_or_else(|e| panic!("{yaml}: {e}"));
    let mut cx = context(Role::Processor, "filter");
    cx.pipeline = signal.as_str().parse().ok();
    let mut processor = config.build(&cx).expect("built");
    let protobuf = to_protobuf(signal, request.as_bytes(), 1 << 20)
        .expect("good")
        .protobuf;
    let admitted = sidelight_proto::admit(signal, Bytes::from(protobuf)).expect("good");
    let batch = Batch {
        signal,
        payload: Payload::new(Chunk {
            bytes: admitted.bytes,
            items: admitted.items,
        }),
        ack: Ack::unattended(),
        deadline: None,
    };
    let mut out = Out::default();
    let now = Now {
        instant: std::time::Instant::now(),
        unix_nanos: 0,
    };
    processor.process(batch, now, &mut out);
    let mut json = Vec::new();
    for batch in out.take() {
        from_protobuf(signal, &batch.payload.to_contiguous(), &mut json);
    }
    String::from_utf8(json).expect("UTF-8")
}

const SPANS: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"scope":{"name":"lib"},"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7","name":"root","kind":2,"startTimeUnixNano":"1000000000","endTimeUnixNano":"3500000000","events":[{"name":"retry"},{"name":"exception"}],"status":{"code":2,"message":"no"}},{"spanId":"00f067aa0ba902b8","parentSpanId":"00f067aa0ba902b7","name":"child","kind":3,"startTimeUnixNano":"1000000000","endTimeUnixNano":"1000000001","attributes":[{"key":"tags","value":{"arrayValue":{"values":[{"stringValue":"a"},{"stringValue":"b"}]}}}]}]}]}]}"#;

#[test]
fn spans_and_their_events_are_left_out() {
    for (yaml, root, child) in [
        ("{traces: {span: ['IsRootSpan()']}}", false, true),
        (
            "{trace_conditions: ['span.status.code == STATUS_CODE_ERROR']}",
            false,
            true,
        ),
        (
            "{trace_conditions: ['span.end_time - span.start_time < Duration(\"1ms\")']}",
            true,
            false,
        ),
        (
            "{trace_conditions: ['span.kind.string == \"Client\" and ContainsValue(span.attributes[\"tags\"], \"b\")']}",
            true,
            false,
        ),
        (
            "{trace_conditions: ['span.attributes[\"tags\"][1] == \"b\"']}",
            true,
            false,
        ),
        (
            "{trace_conditions: ['resource.attributes[\"service.name\"] == \"shop\"']}",
            false,
            false,
        ),
        ("{trace_conditions: ['scope.name == \"other\"']}", true, true),
        (
            "{spans: {include: {match_type: strict, services: [shop], span_names: [child, x]}}}",
            false,
            true,
        ),
        (
            "{spans: {exclude: {match_type: regexp, span_names: ['^ch'], span_kinds: [SPAN_KIND_CLIENT]}}}",
            true,
            false,
        ),
        (
            "{trace_conditions: [{context: span, error_mode: silent, conditions: ['name + 1 == 2', 'name == \"child\"']}]}",
            true,
            false,
        ),
        ("{logs: {log_record: ['severity_number > 0']}}", true, true),
    ] {
        let left = remaining(Signal::Traces, SPANS, yaml);
        let found = (left.contains("\"root\""), left.contains("\"child\""));
        assert_eq!(found, (root, child), "{yaml}: {left}");
    }
    let left = remaining(
        Signal::Traces,
        SPANS,
        "{trace_conditions: ['spanevent.name == \"retry\" and span.name == \"root\"']}",
    );
    assert!(
        !left.contains("retry") && left.contains("exception") && left.contains("child"),
        "{left}"
    );
}

const POINTS: &str = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":"5","attributes":[{"key":"k","value":{"stringValue":"v"}}]},{"asDouble":0.5}]}},{"name":"b","histogram":{"aggregationTemporality":1,"dataPoints":[{"count":"3","sum":7.5,"bucketCounts":["1","2"],"explicitBounds":[1]}]}}]}]}]}"#;

#[test]
fn metrics_and_their_points_are_left_out() {
    for (yaml, five, half, histogram) in [
        ("{metrics: {metric: ['name == \"a\"']}}", false, false, true),
        (
            "{metric_conditions: ['metric.type == METRIC_DATA_TYPE_HISTOGRAM']}",
            true,
            true,
            false,
        ),
        ("{metric_conditions: ['metric.is_monotonic']}", false, false, true),
        (
            "{metric_conditions: ['metric.aggregation_temporality == AGGREGATION_TEMPORALITY_DELTA']}",
            true,
            true,
            false,
        ),
        (
            "{metric_conditions: ['datapoint.value_int > 4']}",
            false,
            true,
            true,
        ),
        (
            "{metrics: {datapoint: ['value_double < 1 or count > 2']}}",
            true,
            false,
            false,
        ),
        (
            "{metrics: {datapoint: ['HasAttrKeyOnDatapoint(\"k\")']}}",
            false,
            true,
            true,
        ),
        (
            "{metrics: {datapoint: ['HasAttrOnDatapoint(\"k\", \"other\")']}}",
            true,
            true,
            true,
        ),
        (
            "{metrics: {datapoint: ['sum == 7.5 and bucket_counts[1] == 2']}}",
            true,
            true,
            false,
        ),
        (
            "{metrics: {include: {match_type: strict, metric_names: [a]}}}",
            true,
            true,
            false,
        ),
        (
            "{metrics: {exclude: {match_type: regexp, metric_names: ['^[ab]$']}}}",
            false,
            false,
            false,
        ),
    ] {
        let left = remaining(Signal::Metrics, POINTS, yaml);
        let found = (
            left.contains("\"5\""),
            left.contains("0.5"),
            left.contains("histogram"),
        );
        assert_eq!(found, (five, half, histogram), "{yaml}: {left}");
    }
}

#[test]
fn the_older_blocks_for_logs_are_conditions_too() {
    for (yaml, left_out) in [
        (
            "{logs: {include: {match_type: strict, resource_attributes: [{key: service.name, value: a}]}}}",
            1,
        ),
        (
            "{logs: {exclude: {match_type: regexp, bodies: ['^GET ', 'x']}}}",
            2,
        ),
        ("{logs: {exclude: {severity_number: {min: WARN}}}}", 1),
        (
            "{logs: {include: {severity_number: {min: '9'}, record_attributes: [{key: list}]}}}",
            2,
        ),
        ("{log_conditions: ['log.severity_number in [9, 10]']}", 2),
        (
            "{log_conditions: ['resource.attributes[\"service.name\"] == \"b\"']}",
            1,
        ),
    ] {
        assert_eq!(filtered(yaml).1, left_out, "{yaml}");
    }
}

#[test]
fn mistakes_are_named() {
    for (yaml, expected) in [
        ("logs: {log_record: ['bdy == 1']}", "no field `bdy`"),
        ("{}", "holds no condition"),
        (
            "traces: {span: ['severity_number == 1']}",
            "no field `severity_number` in a span",
        ),
        ("trace_conditions: ['name == \"x\"']", "say whose it is"),
        (
            "trace_conditions: [{context: log, conditions: ['true']}]",
            "the context is one of resource, scope, span, spanevent",
        ),
        (
            "trace_conditions: [{conditions: ['span.nam == 1']}]",
            "no field `nam` in a span",
        ),
        (
            "logs: {include: {severity_number: {min: LOUD}}}",
            "no severity `LOUD`",
        ),
        (
            "metrics: {include: {match_type: expr, expressions: ['x']}}",
            "metric_conditions",
        ),
    ] {
        let mistakes = settings::<Config>(Role::Processor, "filter", yaml).expect_err(yaml);
        assert!(mistakes.contains(expected), "{yaml}: {mistakes}");
    }
}
