//! Arbitrary bytes as OTLP/JSON. What is accepted has to pass the door as it is, and to come back the same after it was
//! written as JSON again. The first byte chooses the signal.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use sidelight_proto::json::{from_protobuf, to_protobuf};
use sidelight_proto::{Signal, admit};

const LIMIT: usize = 1 << 20;

fn check<M: Message + Default + PartialEq + Debug>(signal: Signal, json: &[u8]) {
    let transcoded = match to_protobuf(signal, json, LIMIT) {
        Ok(transcoded) => transcoded,
        Err(error) => {
            let message = error.to_string();
            assert!(
                error.offset <= json.len() && !message.chars().any(char::is_control),
                "{message:?}"
            );
            return;
        }
    };
    let first = transcoded.protobuf;
    let admitted = admit(signal, first.clone().into()).expect("the result is well-formed");
    assert!(!admitted.recoded, "the result is canonical");

    let mut written = Vec::new();
    from_protobuf(signal, &first, &mut written);
    let second = to_protobuf(signal, &written, LIMIT).expect("our own JSON is good");
    assert_eq!(second.replaced_strings, 0);
    let decode = |protobuf: &[u8]| M::decode(protobuf).expect("prost reads it");
    let (before, after) = (decode(&first), decode(&second.protobuf));
    // NaN does not equal itself, but its text does.
    assert!(
        before == after || format!("{before:?}") == format!("{after:?}"),
        "{before:#?}\n{after:#?}"
    );
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, json)) = data.split_first() else {
        return;
    };
    match choice % 3 {
        0 => check::<ExportTraceServiceRequest>(Signal::Traces, json),
        1 => check::<ExportMetricsServiceRequest>(Signal::Metrics, json),
        _ => check::<ExportLogsServiceRequest>(Signal::Logs, json),
    }
});
