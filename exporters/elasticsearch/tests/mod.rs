//! The exporter's documents beside those of the Collector, and a server that answers whatever the test says.

mod answers;
mod documents;
mod settings;

use std::sync::Arc;

use bytes::Bytes;
use sidelight_component::{Chunk, Exporter, ExporterConfig, Payload, Role, Signal};
use sidelight_proto::{admit, json};
use sidelight_testkit::component::{context, settings};

use super::Config;

/// An exporter with these settings.
fn exporter(yaml: &str) -> Arc<dyn Exporter> {
    let name = "elasticsearch";
    let config =
        settings::<Config>(Role::Exporter, name, yaml).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    config.build(&context(Role::Exporter, name)).expect("built")
}

/// A request of OTLP/JSON.
fn payload(signal: Signal, text: &str) -> Payload {
    let protobuf = json::to_protobuf(signal, text.as_bytes(), usize::MAX).expect("OTLP/JSON");
    let admitted = admit(signal, Bytes::from(protobuf.protobuf)).expect("valid");
    Payload::new(Chunk {
        bytes: admitted.bytes,
        items: admitted.items,
    })
}

/// A log record for each text of its body.
fn logs(bodies: &[&str]) -> Payload {
    let records: Vec<String> = bodies
        .iter()
        .map(|body| format!(r#"{{"timeUnixNano":"1760000000000000000","body":{{"stringValue":"{body}"}}}}"#))
        .collect();
    let text = format!(
        r#"{{"resourceLogs":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"Shop"}}}}]}},
            "scopeLogs":[{{"logRecords":[{}]}}]}}]}}"#,
        records.join(",")
    );
    payload(Signal::Logs, &text)
}
