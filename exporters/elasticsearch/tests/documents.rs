//! What OTLP becomes in each mode, beside what the Collector 0.157 made of the same requests (`collector/`).

use std::collections::BTreeMap;

use serde_json::Value;
use sidelight_component::Signal;

use super::{exporter, logs, payload};

/// Documents by their index and time, so that both sides can be compared one by one.
fn by_place<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<String, Vec<(Value, Value)>> {
    let lines: Vec<Value> = lines
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let mut places: BTreeMap<String, Vec<(Value, Value)>> = BTreeMap::new();
    for pair in lines.chunks(2) {
        let [action, document] = pair else {
            panic!("a line alone: {pair:?}")
        };
        let index = action["create"]["_index"].as_str().expect("an index");
        places
            .entry(index.to_owned())
            .or_default()
            .push((action.clone(), document.clone()));
    }
    places
}

/// Every member by its path.
fn flatten(value: &Value, path: &str, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                flatten(value, &format!("{path}/{name}"), into);
            }
        }
        // `1` and `1.0` differ, `1e-7` and `1.0e-07` do not.
        other => {
            into.insert(path.to_owned(), other.to_string());
        }
    }
}

/// What differs, a line each.
fn differences(mode: &str) -> String {
    let input: Value = serde_json::from_str(include_str!("collector/otlp.json")).expect("JSON");
    let theirs = match mode {
        "none" => include_str!("collector/none.ndjson"),
        "raw" => include_str!("collector/raw.ndjson"),
        "ecs" => include_str!("collector/ecs.ndjson"),
        "otel" => include_str!("collector/otel.ndjson"),
        _ => include_str!("collector/bodymap.ndjson"),
    };
    let exporter = exporter(&format!(
        "endpoint: http://localhost:9200\nlogs_dynamic_id: {{enabled: true}}\nmapping: {{mode: {mode}}}\n"
    ));
    let mut lines = Vec::new();
    let mut ours = Vec::new();
    for signal in [Signal::Traces, Signal::Metrics, Signal::Logs] {
        let payload = payload(signal, &input[signal.as_str()].to_string());
        ours.extend(exporter.explain(signal, &payload));
    }
    lines.extend(ours.iter().filter(|line| !line.starts_with('{')).cloned());
    let (mut theirs, ours) = (
        by_place(theirs.lines()),
        by_place(ours.iter().map(|line| &**line)),
    );
    for (index, ours) in ours {
        let mut theirs = theirs.remove(&index).unwrap_or_default();
        for (nth, (action, document)) in ours.into_iter().enumerate() {
            let at = format!("{index} {nth}");
            let (mut mine, mut other) = (BTreeMap::new(), BTreeMap::new());
            flatten(&action, "", &mut mine);
            flatten(&document, "", &mut mine);
            // The one that has most in common: the Collector's order is that of a map.
            let common = |(action, document): &(Value, Value)| {
                let mut members = BTreeMap::new();
                flatten(action, "", &mut members);
                flatten(document, "", &mut members);
                members
                    .iter()
                    .filter(|(path, value)| mine.get(*path) == Some(*value))
                    .count()
            };
            let Some(best) = (0..theirs.len()).max_by_key(|at| (common(&theirs[*at]), usize::MAX - at))
            else {
                lines.push(format!("{at}: not there in the Collector's: {document}"));
                continue;
            };
            let (action, document) = theirs.remove(best);
            flatten(&action, "", &mut other);
            flatten(&document, "", &mut other);
            for path in mine
                .keys()
                .chain(other.keys().filter(|path| !mine.contains_key(*path)))
            {
                let (left, right) = (mine.get(path), other.get(path));
                if left != right {
                    let show =
                        |value: Option<&String>| value.cloned().unwrap_or_else(|| "nothing".to_owned());
                    lines.push(format!(
                        "{at} {path}: {}, the Collector's: {}",
                        show(left),
                        show(right)
                    ));
                }
            }
        }
        lines.extend(
            theirs
                .iter()
                .map(|(_, document)| format!("{index}: the Collector's alone: {document}")),
        );
    }
    lines.extend(
        theirs
            .keys()
            .map(|index| format!("{index}: the Collector's alone")),
    );
    lines.join("\n")
}

#[test]
fn documents_differ_from_the_collectors_where_the_readme_says_so() {
    for mode in ["none", "raw", "ecs", "otel", "bodymap"] {
        insta::assert_snapshot!(format!("differences_{mode}"), differences(mode));
    }
}

#[test]
fn an_index_by_pattern_has_the_fields_and_the_date_of_the_event() {
    for (settings, index) in [
        ("logs_index: '%{service}-%{+YYYY.MM.dd}'", "shop-2025.10.09"),
        ("logs_index: plain", "plain"),
        (
            "logstash_format: {enabled: true}",
            "logs-generic.otel-default-2025.10.09",
        ),
        (
            "logs_index: x\nlogstash_format: {enabled: true, prefix_separator: '%', date_format: '%Y'}",
            "x%2025",
        ),
    ] {
        let exporter = exporter(&format!("endpoint: http://localhost:9200\n{settings}\n"));
        let lines = exporter.explain(Signal::Logs, &logs(&["one"]));
        let action: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(action["create"]["_index"], index, "{settings}");
    }
}

#[test]
fn an_id_by_hash_is_that_of_the_same_record_again_and_of_no_other() {
    let exporter = exporter("endpoint: http://localhost:9200\ndocument_id: hash\n");
    let ids = |bodies: &[&str]| -> Vec<String> {
        let lines = exporter.explain(Signal::Logs, &logs(bodies));
        let id = |line: &String| serde_json::from_str::<Value>(line).unwrap()["create"]["_id"].to_string();
        lines.iter().step_by(2).map(id).collect()
    };
    let first = ids(&["a", "b"]);
    assert_ne!(first[0], first[1]);
    assert_eq!(ids(&["b", "a"]), [first[1].clone(), first[0].clone()]);
}

#[test]
fn opensearch_is_told_nothing_that_it_does_not_know() {
    let exporter = exporter("endpoint: http://localhost:9200\nproduct: opensearch\n");
    let lines = exporter.explain(Signal::Logs, &logs(&["a"]));
    assert_eq!(lines[0], r#"{"create":{"_index":"logs-generic.otel-default"}}"#);
}
