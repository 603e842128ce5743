//! Arbitrary protobuf that passes the door, to JSON and back: the same request but for unknown fields. The first byte
//! chooses the signal.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use sidelight_proto::json::{from_protobuf, to_protobuf};
use sidelight_proto::{Signal, admit};

fn check<M: Message + Default + PartialEq + Debug>(signal: Signal, request: &[u8]) {
    let Ok(admitted) = admit(signal, request.to_vec().into()) else {
        return;
    };
    let mut json = Vec::new();
    from_protobuf(signal, &admitted.bytes, &mut json);
    assert!(std::str::from_utf8(&json).is_ok_and(|text| !text.chars().any(|c| c < ' ')));

    let again = to_protobuf(signal, &json, usize::MAX)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&json)));
    assert_eq!(again.replaced_strings, 0);
    let decode = |protobuf: &[u8]| M::decode(protobuf).expect("prost reads it");
    let (before, after) = (decode(&admitted.bytes), decode(&again.protobuf));
    // NaN does not equal itself, but its text does.
    assert!(
        before == after || format!("{before:?}") == format!("{after:?}"),
        "{before:#?}\n{after:#?}"
    );
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, request)) = data.split_first() else {
        return;
    };
    match choice % 3 {
        0 => check::<ExportTraceServiceRequest>(Signal::Traces, request),
        1 => check::<ExportMetricsServiceRequest>(Signal::Metrics, request),
        _ => check::<ExportLogsServiceRequest>(Signal::Logs, request),
    }
});
