//! Lines of files and of a pipe become records.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use crate::program::{BINARY, Config, run};

/// What the program wrote into its output file.
fn written(config: &Config) -> String {
    std::fs::read_to_string(config.path.with_file_name("out.json")).unwrap_or_default()
}

fn piped(operators: &str) -> Config {
    let config = Config::new("");
    let folder = config.path.parent().expect("a folder").display().to_string();
    let text = format!(
        "
receivers:
  stdin: {{resource: {{service.name: piped}}, operators: {operators}}}
  host_metrics: {{scrapers: {{load: }}}}
exporters: {{file: {{path: {folder}/out.json}}, nop: }}
service:
  telemetry: {{metrics: {{level: none}}}}
  sidelight: {{state_directory: {folder}/state}}
  pipelines:
    logs: {{receivers: [stdin], exporters: [file]}}
    metrics: {{receivers: [host_metrics], exporters: [nop]}}
"
    );
    std::fs::write(&config.path, text).expect("written");
    config
}

#[tokio::test]
async fn the_end_of_a_pipe_delivers_every_line_and_ends_the_program() {
    let config = piped("[]");
    let mut program = tokio::process::Command::new(BINARY)
        .args(["--config", config.path()])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("started");
    let mut pipe = program.stdin.take().expect("a pipe");
    let lines: String = (0..50_000)
        .map(|number| format!("line {number} of the pipe\n"))
        .collect();
    pipe.write_all(lines.as_bytes()).await.expect("written");
    pipe.write_all(b"the last one has no end").await.expect("written");
    drop(pipe);
    let ended = tokio::time::timeout(Duration::from_secs(60), program.wait_with_output()).await;
    let ended = ended.expect("it ends").expect("it ran");
    assert_eq!(
        ended.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    let written = written(&config);
    let numbers: Vec<u32> = written
        .split("\"line ")
        .skip(1)
        .filter_map(|rest| rest.split_once(" of the pipe\"")?.0.parse().ok())
        .collect();
    assert_eq!(numbers, (0..50_000).collect::<Vec<_>>());
    assert!(written.contains("\"the last one has no end\"") && written.contains("\"piped\""));
    assert_eq!(written.matches("observedTimeUnixNano").count(), 50_001);
}

#[tokio::test]
async fn samples_of_lines_are_explained_step_by_step() {
    let config = piped(
        "[{type: grok_parser, pattern: '%{TIMESTAMP_ISO8601:timestamp} - %{WORD:logger} - %{WORD:level} - %{GREEDYDATA:message}'},
          {type: severity_parser, parse_from: attributes.level, on_error: drop_quiet}]",
    );
    let sample = config.path.with_file_name("sample.log");
    let lines = "2026-11-20 10:15:01,123 - trading - ERROR - order failed\n2026-11-20 10:15:01,123 - trading.engine - INFO - x\n";
    std::fs::write(&sample, lines).expect("written");
    let sample = sample.to_str().expect("UTF-8");
    let output = run(&["explain", "--config", config.path(), "--in", sample]).await;
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert_eq!((output.status.code(), err.as_ref()), (Some(0), ""));
    for expected in [
        "1: 2026-11-20 10:15:01,123 - trading - ERROR - order failed\n",
        "stdin ▸ grok_parser: timestamp=\"2026-11-20 10:15:01,123\", logger=\"trading\", level=\"ERROR\", message=\"order failed\"\n",
        "stdin ▸ severity_parser: \"ERROR\" is 17\n",
        "pipeline logs\n    → file\n",
        "matched up to `%{WORD:logger}`",
        "then wanted ` - `",
        "severity_parser: not done: there is no attributes.level; the record is left out\n",
        "nothing is handed over",
    ] {
        assert!(out.contains(expected), "{expected:?} is not in\n{out}");
    }
    assert!(
        !config.path.with_file_name("out.json").exists(),
        "nothing was sent"
    );
}
