//! The transcoder as a whole, against `prost` and the door.

mod either_way;
mod merging;
mod reading;
mod refusing;
mod sdk_payloads;
mod spelling;
mod writing;

use std::fmt::Debug;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;

use super::{JsonError, from_protobuf, to_protobuf};
use crate::{Signal, admit};

const LIMIT: usize = 1 << 24;

/// What `prost` makes of a request, as text: NaN equals itself there.
fn decoded(signal: Signal, protobuf: &[u8]) -> String {
    fn show<M: Message + Default + Debug>(protobuf: &[u8]) -> String {
        format!("{:#?}", M::decode(protobuf).unwrap())
    }
    match signal {
        Signal::Traces => show::<ExportTraceServiceRequest>(protobuf),
        Signal::Metrics => show::<ExportMetricsServiceRequest>(protobuf),
        Signal::Logs => show::<ExportLogsServiceRequest>(protobuf),
    }
}

/// Reads a document and makes sure that the door takes the result as it is.
fn read(signal: Signal, json: &[u8]) -> Result<Vec<u8>, JsonError> {
    let protobuf = to_protobuf(signal, json, LIMIT)?.protobuf;
    let admitted = admit(signal, Bytes::from(protobuf.clone())).unwrap();
    assert!(
        !admitted.recoded,
        "not canonical: {}",
        String::from_utf8_lossy(json)
    );
    Ok(protobuf)
}

fn read_as<M: Message + Default>(signal: Signal, json: &str) -> M {
    let protobuf = read(signal, json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    M::decode(&*protobuf).unwrap()
}

fn write(signal: Signal, protobuf: &[u8]) -> String {
    let mut json = Vec::new();
    from_protobuf(signal, protobuf, &mut json);
    String::from_utf8(json).unwrap()
}

/// The body of the only log record of a document whose body is the given `AnyValue`.
fn body(any_value: &str) -> Option<Value> {
    let json = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{any_value}}}]}}]}}]}}"#);
    let request: ExportLogsServiceRequest = read_as(Signal::Logs, &json);
    request.resource_logs[0].scope_logs[0].log_records[0]
        .body
        .as_ref()
        .unwrap()
        .value
        .clone()
}
