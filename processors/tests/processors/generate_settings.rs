//! Random settings, as JSON, which is YAML.

use proptest::{collection::vec, option, prelude::*};
use serde_json::{Value as Json, json};
use sidelight_component::Signal;

use crate::generate::{key, name};

fn literal() -> impl Strategy<Value = Json> {
    prop_oneof![
        "[w-z]{0,3}".prop_map(|text| json!(text)),
        (-3i64..4).prop_map(|number| json!(number)),
        (-3i32..4).prop_map(|number| json!(f64::from(number) + 0.5)),
        any::<bool>().prop_map(|value| json!(value)),
        Just(json!(["x", 1, [true]])),
        Just(json!({"k": {"x": 1.5}, "l": []})),
    ]
}

pub(crate) fn action() -> impl Strategy<Value = Json> {
    let write = || prop_oneof![Just("insert"), Just("update"), Just("upsert")];
    let keys = || {
        prop_oneof![
            Just("^[ab]$"),
            Just("b"),
            Just("^z"),
            Just("^(ab|service).*"),
            Just("")
        ]
    };
    let extract = prop_oneof![
        Just("(?P<a>[xyz])(?P<b>[xyz])?"),
        Just("^(?P<d>[0-9]+)(?:[.](?P<c>[0-9]))?$"),
        Just("(?P<a>.*)"),
    ];
    let chosen = prop_oneof![Just("delete"), Just("hash")];
    let to = prop_oneof![Just("int"), Just("double"), Just("string")];
    prop_oneof![
        4 => (key(), write(), literal())
            .prop_map(|(key, action, value)| json!({"key": key, "action": action, "value": value})),
        4 => (key(), write(), key(), option::of(literal())).prop_map(|(key, action, from, default)| {
            let mut action = json!({"key": key, "action": action, "from_attribute": from});
            if let Some(default) = default {
                action["default_value"] = default;
            }
            action
        }),
        4 => (chosen, key(), keys())
            .prop_map(|(action, key, pattern)| json!({"key": key, "action": action, "pattern": pattern})),
        2 => (key(), extract)
            .prop_map(|(key, pattern)| json!({"key": key, "action": "extract", "pattern": pattern})),
        3 => (key(), to).prop_map(|(key, to)| json!({"key": key, "action": "convert", "converted_type": to})),
    ]
}

fn some_names(names: &'static [&'static str]) -> impl Strategy<Value = (&'static str, Json)> {
    let list =
        vec(prop_oneof![1 => Just("".to_owned()), 6 => "[xyz]{1,2}"], 1..4).prop_map(|list| json!(list));
    (prop::sample::select(names), list)
}

/// A block of properties of the signal.
fn block(signal: Signal) -> impl Strategy<Value = Json> {
    const TRACES: &[&str] = &["services", "span_names", "span_kinds"];
    const LOGS: &[&str] = &["log_bodies", "log_severity_texts"];
    let names = match signal {
        Signal::Traces => TRACES,
        Signal::Logs => LOGS,
        Signal::Metrics => &["metric_names"],
    };
    let attribute = |strict: bool| {
        let value = if strict {
            (-2i64..3).prop_map(|n| json!(n)).boxed()
        } else {
            "[xyz012]".prop_map(|t| json!(t)).boxed()
        };
        (key(), option::of(value)).prop_map(|(key, value)| match value {
            Some(value) => json!({"key": key, "value": value}),
            None => json!({"key": key}),
        })
    };
    let library = || {
        (name(), option::of(name())).prop_map(|(name, version)| match version {
            Some(version) => json!({"name": name, "version": version}),
            None => json!({"name": name}),
        })
    };
    any::<bool>().prop_flat_map(move |strict| {
        let parts = (
            vec(some_names(names), 1..3),
            vec(attribute(strict), 0..2),
            vec(attribute(strict), 0..2),
            vec(library(), 0..2),
            option::of((0..25, any::<bool>())),
        );
        parts.prop_map(move |(names, attributes, resources, libraries, severity)| {
            let mut block = json!({"match_type": if strict { "strict" } else { "regexp" }});
            for (list, mut values) in names {
                if list == "span_kinds" {
                    values = json!(["SPAN_KIND_SERVER", "SPAN_KIND_CLIENT"]);
                }
                block[list] = values;
            }
            let mut list = |name: &str, values: Vec<Json>| {
                if !values.is_empty() {
                    block[name] = json!(values);
                }
            };
            list("resources", resources);
            if signal != Signal::Metrics {
                list("attributes", attributes);
                list("libraries", libraries);
            }
            if let (Signal::Logs, Some((min, undefined))) = (signal, severity) {
                block["log_severity_number"] = json!({"min": min, "match_undefined": undefined});
            }
            block
        })
    })
}

pub(crate) fn config(signal: Signal) -> impl Strategy<Value = Json> {
    let block = || option::weighted(0.4, block(signal));
    (vec(action(), 1..6), block(), block()).prop_map(|(actions, include, exclude)| {
        let mut config = json!({"actions": actions});
        for (name, block) in [("include", include), ("exclude", exclude)] {
            if let Some(block) = block {
                config[name] = block;
            }
        }
        config
    })
}
