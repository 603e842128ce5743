//! Requests of a real SDK, and what another implementation of the JSON mapping writes for them
//! (`sdk_payloads/generate.py`).

use super::*;

const PAYLOADS: [(Signal, &[u8], &[u8]); 3] = [
    (
        Signal::Traces,
        include_bytes!("sdk_payloads/traces.pb"),
        include_bytes!("sdk_payloads/traces.json"),
    ),
    (
        Signal::Metrics,
        include_bytes!("sdk_payloads/metrics.pb"),
        include_bytes!("sdk_payloads/metrics.json"),
    ),
    (
        Signal::Logs,
        include_bytes!("sdk_payloads/logs.pb"),
        include_bytes!("sdk_payloads/logs.json"),
    ),
];

#[test]
fn json_of_another_implementation_is_read_as_the_same_request() {
    for (signal, protobuf, json) in PAYLOADS {
        let read = read(signal, json).unwrap_or_else(|error| panic!("{signal}: {error}"));
        assert_eq!(decoded(signal, &read), decoded(signal, protobuf));
    }
}

#[test]
fn the_same_values_are_written_as_by_another_implementation() {
    for (signal, protobuf, json) in PAYLOADS {
        let ours: serde_json::Value = serde_json::from_str(&write(signal, protobuf)).unwrap();
        let theirs: serde_json::Value = serde_json::from_slice(json).unwrap();
        assert_eq!(normal(ours), normal(theirs), "{signal}");
    }
}

/// The other implementation leaves out defaults, and it writes integral doubles as `1.0`.
fn normal(tree: serde_json::Value) -> serde_json::Value {
    use serde_json::Value::{Array, Number, Object};
    match tree {
        Object(members) => members
            .into_iter()
            .map(|(key, value)| (key, normal(value)))
            .collect(),
        Array(elements) => elements.into_iter().map(normal).collect(),
        Number(number) => number.as_f64().map_or(Number(number), serde_json::Value::from),
        other => other,
    }
}
