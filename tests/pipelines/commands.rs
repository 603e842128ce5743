//! What the program says about itself and about configurations.

use std::process::Output;

use crate::program::{Config, Program, free_port, run};

const GOOD: &str = "
receivers:
  otlp:
    protocols:
      grpc:
exporters:
  otlp_grpc:
    endpoint: ${env:SIDELIGHT_TEST_NOWHERE:-http://localhost:4317}
    timeout: 5s
service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [otlp_grpc]
";

/// Three mistakes, in lines 7, 8 and 13.
const BAD: &str = "
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: localhost:4317
        max_concurent_streams: 7
    intervall: 5s
exporters:
  nop:
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [nop, nopp]}
";

fn texts(output: &Output) -> (String, String) {
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[tokio::test]
async fn the_version_is_the_packages() {
    let output = run(&["--version"]).await;
    assert_eq!(
        texts(&output).0,
        format!("sidelight {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn components_are_listed_by_role_with_their_signals_and_old_names() {
    let output = run(&["components"]).await;
    let (out, err) = texts(&output);
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""));
    for section in [
        "receivers:\n  file_log ",
        "\nprocessors:\n",
        "\nexporters:\n",
        "\nextensions:\n  file_storage ",
    ] {
        assert!(out.contains(section), "{section:?} is not in\n{out}");
    }
    let line = out
        .lines()
        .find(|line| line.contains("otlp_grpc"))
        .expect("otlp_grpc");
    assert!(line.ends_with("traces, metrics, logs  (also: otlp)"), "{line}");
}

#[tokio::test]
async fn a_good_configuration_is_called_good() {
    let config = Config::new(GOOD);
    let output = run(&["validate", "--config", config.path()]).await;
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert_eq!(
        (out.as_str(), err.as_str()),
        ("the configuration is good: 0 errors, 0 warnings\n", "")
    );
}

#[tokio::test]
async fn health_is_asked_for_by_exit_code() {
    let port = free_port();
    let endpoint = format!("127.0.0.1:{port}");
    let asked = run(&["health", "--endpoint", &endpoint]).await;
    let (out, err) = texts(&asked);
    assert_eq!((asked.status.code(), out.as_str()), (Some(1), ""));
    assert!(err.contains(&endpoint) && err.contains("health_check"), "{err}");

    let config = format!(
        "
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: 127.0.0.1:0}}}}}}}}
exporters: {{nop: }}
extensions: {{health_check: {{endpoint: {endpoint:?}, path: /health}}}}
service:
  telemetry: {{logs: {{encoding: json}}, metrics: {{level: none}}}}
  extensions: [health_check]
  pipelines: {{traces: {{receivers: [otlp], exporters: [nop]}}}}
"
    );
    let _program = Program::start(&config).await;
    let asked = run(&["health", "--endpoint", &format!("{endpoint}/health")]).await;
    let (out, err) = texts(&asked);
    assert_eq!((asked.status.code(), err.as_str()), (Some(0), ""));
    assert!(out.contains("Server available"), "{out}");
    let elsewhere = run(&["health", "--endpoint", &format!("{endpoint}/elsewhere")]).await;
    assert_eq!(elsewhere.status.code(), Some(1));
}

#[tokio::test]
async fn every_mistake_is_shown_at_once_with_its_place_and_what_was_meant() {
    let config = Config::new(BAD);
    // The same mistakes, whether they are asked for or met.
    let asked = run(&["validate", "--config", config.path()]).await;
    let met = run(&["--config", config.path()]).await;
    assert_eq!((asked.status.code(), met.status.code()), (Some(2), Some(2)));
    let (out, err) = texts(&asked);
    assert_eq!(err, texts(&met).1);
    assert_eq!(out, "the configuration cannot be used: 3 errors, 0 warnings\n");
    for expected in [
        "pipeline.yaml:7:9: ",
        "max_concurent_streams",
        "did you mean `max_concurrent_streams`?",
        "pipeline.yaml:8:5: ",
        "intervall",
        "pipeline.yaml:13:50: ",
        "nopp",
        "did you mean `nop`?",
    ] {
        assert!(err.contains(expected), "{expected:?} is not in\n{err}");
    }
}

#[tokio::test]
async fn mistakes_are_told_as_json_where_that_is_asked_for() {
    let config = Config::new(BAD);
    let output = run(&["validate", "--format", "json", "--config", config.path()]).await;
    let (out, err) = texts(&output);
    assert_eq!((output.status.code(), err.as_str()), (Some(2), ""));
    let told: serde_json::Value = serde_json::from_str(&out).expect("one JSON document");
    assert_eq!((&told["errors"], &told["warnings"]), (&3.into(), &0.into()));
    let lines: Vec<u64> = told["mistakes"]
        .as_array()
        .expect("mistakes")
        .iter()
        .map(|mistake| {
            mistake["start"]["line"]
                .as_u64()
                .unwrap_or_else(|| panic!("no line: {mistake}"))
        })
        .collect();
    assert_eq!(lines, [7, 8, 13]);
}

#[tokio::test]
async fn a_variable_without_a_value_is_a_mistake_at_its_place() {
    let config = Config::new(&GOOD.replace("NOWHERE:-http://localhost:4317", "NOWHERE"));
    let output = run(&["validate", "--config", config.path()]).await;
    let (_, err) = texts(&output);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err.contains("pipeline.yaml:8:") && err.contains("SIDELIGHT_TEST_NOWHERE"),
        "{err}"
    );
}

#[tokio::test]
async fn own_telemetrys_mistakes_are_found_by_validate_as_well() {
    let config = Config::new(&format!("{GOOD}  telemetry:\n    logs:\n      levle: debug\n"));
    let met = run(&["--config", config.path()]).await;
    let asked = run(&["validate", "--config", config.path()]).await;
    assert_eq!((met.status.code(), asked.status.code()), (Some(2), Some(2)));
    assert_eq!(texts(&met).1, texts(&asked).1);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_mistake_and_no_panic() {
    let table = [
        ("\t\u{1}\u{0}", "pipeline.yaml"),
        ("", "pipeline.yaml"),
        ("a: &a [*a, *a]", "pipeline.yaml"),
        ("- 1\n- 2\n", "pipeline.yaml"),
        (
            "receivers: {otlp: {protocols: {grpc: {endpoint: 'localhost:99999'}}}}",
            "pipeline.yaml:1:",
        ),
    ];
    for (text, expected) in table {
        let config = Config::new(text);
        let output = run(&["validate", "--config", config.path()]).await;
        let (_, err) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{text:?}: {err}");
        assert!(
            err.contains(expected) && !err.contains("panicked"),
            "{text:?}: {err}"
        );
        let raw = err.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(raw, None, "{text:?}: {err:?}");
    }
    let output = run(&["--config", "/nowhere/pipeline.yaml"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(
        texts(&output).1.contains("/nowhere/pipeline.yaml"),
        "{:?}",
        texts(&output)
    );
}

#[tokio::test]
async fn a_mistake_on_the_command_line_is_exit_code_2() {
    let output = run(&["--configg", "x"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(texts(&output).1.contains("--config"), "{:?}", texts(&output));
}

const SMALL: &str = "
receivers: {otlp: {protocols: {grpc: {endpoint: 127.0.0.1:0}}}}
exporters: {nop: }
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}
";

#[tokio::test]
async fn a_configuration_that_everybody_can_write_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let config = Config::new(SMALL);
    let quiet = run(&["validate", "--config", config.path()]).await;
    assert!(quiet.status.success() && quiet.stderr.is_empty(), "{quiet:?}");
    std::fs::set_permissions(&config.path, std::fs::Permissions::from_mode(0o666)).expect("allowed");
    let warned = run(&["validate", "--config", config.path()]).await;
    let text = String::from_utf8_lossy(&warned.stderr).into_owned();
    assert!(warned.status.success(), "{text}");
    assert!(
        text.contains("everybody on this machine can write") && text.contains("chmod o-w"),
        "{text}"
    );
}

#[tokio::test]
async fn a_state_directory_that_is_a_link_is_refused_before_anything_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("state");
    std::os::unix::fs::symlink(folder.path(), &link).expect("made");
    let config = Config::new(&SMALL.replace(
        "service:",
        &format!("service:\n  sidelight: {{state_directory: {}}}", link.display()),
    ));
    let refused = run(&["--config", config.path()]).await;
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{text}");
    assert!(
        text.contains("state_directory") && text.contains("is a symbolic link"),
        "{text}"
    );
}
