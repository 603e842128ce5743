use std::collections::HashSet;

use opentelemetry_proto::tonic::collector::{
    logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse},
    metrics::v1::{ExportMetricsPartialSuccess, ExportMetricsServiceResponse},
    trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse},
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use prost::Message;
use sidelight_proto::{
    Signal,
    schema::{Kind, MESSAGES, MessageDescriptor, WireType, response, root},
    wire::{Fields, Value},
};

use crate::payloads::request;

/// Walks a message by the table and notes each field that was seen.
fn walk(message: &'static MessageDescriptor, bytes: &[u8], seen: &mut HashSet<(&'static str, u32)>) {
    let mut fields = Fields::new(bytes);
    for field in fields.by_ref() {
        let known = message
            .field(field.number)
            .unwrap_or_else(|| panic!("{} has no {}", message.name, field.number));
        let expected = if known.is_packed() {
            WireType::Len
        } else {
            known.kind.wire_type()
        };
        let found = match field.value {
            Value::Varint(_) => WireType::Varint,
            Value::Fixed64(_) => WireType::Fixed64,
            Value::Fixed32(_) => WireType::Fixed32,
            _ => WireType::Len,
        };
        assert_eq!(found, expected, "{}.{}", message.name, known.name);
        seen.insert((message.name, field.number));
        if let (Kind::Message(nested), Value::Len(content)) = (known.kind, field.value) {
            walk(nested, content, seen);
        }
    }
    assert_eq!(
        fields.offset(),
        bytes.len(),
        "{} is read to its end",
        message.name
    );
}

#[test]
fn the_table_knows_every_field_that_prost_writes_and_no_other() {
    let mut seen = HashSet::new();
    let mut runner = TestRunner::new_with_rng(
        ProptestConfig::default(),
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    for _ in 0..600 {
        let (signal, bytes) = request().new_tree(&mut runner).expect("a request").current();
        walk(root(signal), &bytes, &mut seen);
    }
    let (rejected, error_message) = (3, "full".to_owned());
    let traces = ExportTracePartialSuccess {
        rejected_spans: rejected,
        error_message: error_message.clone(),
    };
    let traces = ExportTraceServiceResponse {
        partial_success: Some(traces),
    };
    walk(response(Signal::Traces), &traces.encode_to_vec(), &mut seen);
    let metrics = ExportMetricsPartialSuccess {
        rejected_data_points: rejected,
        error_message: error_message.clone(),
    };
    let metrics = ExportMetricsServiceResponse {
        partial_success: Some(metrics),
    };
    walk(response(Signal::Metrics), &metrics.encode_to_vec(), &mut seen);
    let logs = ExportLogsPartialSuccess {
        rejected_log_records: rejected,
        error_message,
    };
    let logs = ExportLogsServiceResponse {
        partial_success: Some(logs),
    };
    walk(response(Signal::Logs), &logs.encode_to_vec(), &mut seen);

    for message in MESSAGES {
        for field in message.fields {
            // Only profiles may set the index of a string; the payloads here do not.
            if field.name != "string_value_strindex" {
                assert!(
                    seen.contains(&(message.name, field.number)),
                    "{}.{}",
                    message.name,
                    field.name
                );
            }
        }
    }
}

#[test]
fn names_and_numbers_of_the_table_are_consistent() {
    for (nth, message) in MESSAGES.into_iter().enumerate() {
        assert_eq!(message.id as usize, nth, "{}", message.name);
        assert!(message.fields.len() <= 16 && message.fields.is_sorted_by_key(|field| field.number));
        for field in message.fields {
            let mut camel = String::new();
            let mut upper = false;
            for letter in field.name.chars() {
                match letter {
                    '_' => upper = true,
                    letter if std::mem::take(&mut upper) => camel.extend(letter.to_uppercase()),
                    letter => camel.push(letter),
                }
            }
            assert_eq!(camel, field.json_name);
        }
    }
}
