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
    let (json, _, told) = filtered("logs: {log_record: ['body + 1 == 2']}");
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

#[test]
fn mistakes_are_named() {
    for (yaml, expected) in [
        ("logs: {log_record: ['bdy == 1']}", "no field `bdy`"),
        ("{}", "has no condition"),
        ("traces: {span: ['name == \"x\"']}", "not there yet"),
        ("logs: {include: {match_type: strict}}", "log_record"),
    ] {
        let mistakes = settings::<Config>(Role::Processor, "filter", yaml).expect_err(yaml);
        assert!(mistakes.contains(expected), "{yaml}: {mistakes}");
    }
}
