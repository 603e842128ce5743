//! What all targets share: the first byte of the input chooses the signal, and how `prost` sees a request.

use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use prost::Message;
use sidelight_proto::Signal;

pub(crate) fn signal(byte: u8) -> Signal {
    Signal::ALL[usize::from(byte) % Signal::ALL.len()]
}

/// Decodes and encodes again: equal requests give equal bytes.
#[allow(dead_code, reason = "some targets compare in another way")]
pub(crate) fn canonical(signal: Signal, request: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    match signal {
        Signal::Traces => ExportTraceServiceRequest::decode(request).map(|request| request.encode_to_vec()),
        Signal::Metrics => ExportMetricsServiceRequest::decode(request).map(|request| request.encode_to_vec()),
        Signal::Logs => ExportLogsServiceRequest::decode(request).map(|request| request.encode_to_vec()),
    }
}
