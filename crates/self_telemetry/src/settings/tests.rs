use sidelight_config::{FixedEnv, Owner, Settings, load_str, markdown_table};

use super::*;

/// The settings under `service: telemetry:` of a text and the warnings, or all mistakes.
fn read(text: &str) -> Result<(TelemetrySettings, String), String> {
    let (tree, mut mistakes) = load_str("pipeline.yaml", text, &FixedEnv::default());
    let tree = tree.expect("YAML");
    let node = tree.at("service.telemetry").expect("the block");
    let owner = Owner {
        label: "service.telemetry".to_owned(),
        readme: None,
        place: node.span,
    };
    let read = sidelight_config::read::<TelemetrySettings>(node, owner, &mut mistakes);
    let shown = mistakes.render_plain();
    match read {
        Some(read) if !mistakes.has_errors() => Ok((read.config, shown)),
        _ => Err(shown),
    }
}

/// One line below `service: telemetry:`, in flow style.
fn telemetry(line: &str) -> Result<(TelemetrySettings, String), String> {
    read(&format!("service:\n  telemetry:\n    {line}\n"))
}

fn pages(line: &str) -> Vec<String> {
    let (settings, _) = telemetry(line).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    settings
        .metrics
        .pages()
        .iter()
        .map(|(endpoint, style)| format!("{endpoint} {}", style.type_suffix))
        .collect()
}

#[test]
fn the_page_is_found_in_both_forms_of_the_collector() {
    let reader =
        "{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 9999, without_type_suffix: false}}}}";
    for (line, expected) in [
        ("metrics: {}", vec!["localhost:8888 false"]),
        ("metrics: {level: detailed}", vec!["localhost:8888 false"]),
        ("metrics: {level: none}", vec![]),
        (
            "metrics: {address: 'localhost:6666'}",
            vec!["localhost:6666 false"],
        ),
        (
            &format!("metrics: {{readers: [{reader}]}}"),
            vec!["127.0.0.1:9999 true"],
        ),
        (
            "metrics: {readers: [{pull: {exporter: {prometheus: {}}}}]}",
            vec!["localhost:8888 false"],
        ),
        (
            &format!("metrics: {{address: 'localhost:6666', readers: [{reader}]}}"),
            vec!["localhost:6666 false", "127.0.0.1:9999 true"],
        ),
        (
            "metrics: {insecure: true, readers: [{pull: {exporter: {prometheus: {host: '[::0]'}}}}]}",
            vec!["[::0]:8888 false"],
        ),
    ] {
        assert_eq!(pages(line), expected, "{line}");
    }
}

#[test]
fn a_mistake_is_named_with_its_place_and_what_to_do() {
    for (line, place, sentence) in [
        (
            "metrics: {address: '0.0.0.0:8888'}",
            "3:24",
            "say that it is meant with `insecure: true`",
        ),
        (
            "metrics: {readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0}}}}]}",
            "3:24",
            "other machines",
        ),
        (
            "metrics: {readers: [{pull: {exporter: {prometheus: {host: 'a b'}}}}]}",
            "3:63",
            "address of a host",
        ),
        (
            "metrics: {readers: []}",
            "3:24",
            "to show nothing, set `level: none`",
        ),
        ("metrics: {readers: [{periodic: {}}]}", "3:26", "are not pushed"),
        (
            "metrics: {level: verbose}",
            "3:22",
            "`none`, `basic`, `normal` or `detailed`",
        ),
        ("logs: {level: inf}", "3:19", "did you mean `info`?"),
        ("logs: {output_paths: []}", "3:26", "must name at least one place"),
        ("logs: {processors: []}", "3:12", "is not exported"),
        ("traces: {processors: [{simple: {}}]}", "3:28", "use `batch`"),
        (
            "traces: {processors: [{batch: {exporter: {otlp: {endpoint: 'x:1'}}}}]}",
            "3:64",
            "set `insecure: true`",
        ),
        (
            "traces: {processors: [{batch: {exporter: {otlp: {endpoint: 'https://x'}}}}]}",
            "3:64",
            "without TLS",
        ),
        (
            "traces: {processors: [{batch: {exporter: {otlp: {endpoint: 'http://'}}}}]}",
            "3:64",
            "be an address",
        ),
        ("resource: {service.name: [a]}", "3:30", "must be text"),
    ] {
        let mistakes = telemetry(line).expect_err(line);
        assert!(mistakes.contains(sentence), "{line}\n{mistakes}");
        assert!(
            mistakes.contains(&format!("pipeline.yaml:{place}")),
            "{line} {place}\n{mistakes}"
        );
    }
}

#[test]
fn what_the_collector_has_and_does_not_matter_here_is_a_warning() {
    let line = "logs: {level: INFO, encoding: json, development: true, sampling: {enabled: false}, \
                initial_fields: {a: b}, disable_caller: true}";
    let (settings, warnings) = telemetry(line).expect("readable");
    assert_eq!(
        (settings.logs.level, settings.logs.encoding),
        (LogLevel::Info, LogEncoding::Json)
    );
    for name in ["development", "sampling", "initial_fields", "disable_caller"] {
        assert!(
            warnings.contains(&format!("setting `{name}` is not supported")),
            "{name}\n{warnings}"
        );
    }
}

#[test]
fn the_resource_is_read_in_both_forms() {
    let map =
        "resource: {service.name: edge, service.version: null, deployment.environment.name: production}";
    let list = "resource: {attributes: [{name: service.name, value: edge}, {name: service.version, value: null}, \
                {name: deployment.environment.name, value: production}]}";
    let [map, list] = [map, list].map(|line| telemetry(line).expect("readable").0.resource);
    assert_eq!(map, list);
    assert_eq!(map.attributes["service.version"], None);
    assert_eq!(map.attributes["service.name"].as_deref(), Some("edge"));
}

#[test]
fn spans_are_off_unless_a_processor_is_given_and_headers_are_never_shown() {
    assert!(!telemetry("traces: {}").expect("readable").0.traces.is_on());
    let with = |level: &str| {
        let otlp =
            "{protocol: grpc, endpoint: 'localhost:4317', insecure: true, headers: {authorization: hunter2}}";
        let line =
            format!("traces: {{level: {level}, processors: [{{batch: {{exporter: {{otlp: {otlp}}}}}}}]}}");
        telemetry(&line).expect("readable").0.traces
    };
    assert!(!with("none").is_on());
    let on = with("normal");
    assert!(on.is_on() && !format!("{on:?}").contains("hunter2"));
    assert_eq!(
        on.processors[0].batch.exporter.otlp.uri(),
        "http://localhost:4317"
    );
}

const README: &str = include_str!("../../README.md");

#[test]
fn the_example_of_the_readme_is_valid() {
    let (_, rest) = README.split_once("```yaml\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let (settings, warnings) = read(example).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(warnings, "");
    assert!(settings.traces.is_on() && settings.metrics.pages().len() == 1);
}

#[test]
fn the_table_of_the_readme_is_that_of_the_code() {
    let (_, rest) = README.split_once("<!-- settings -->\n").expect("the mark");
    let (written, _) = rest
        .split_once("<!-- /settings -->")
        .expect("the mark of its end");
    let table = markdown_table(&TelemetrySettings::table());
    assert!(
        written == table,
        "put this between the marks in crates/self_telemetry/README.md:\n{table}"
    );
}
