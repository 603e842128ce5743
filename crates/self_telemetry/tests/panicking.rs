//! Panics in the log of a whole process; alone in its file because a process has one.

use sidelight_component::Panics;
use sidelight_component::metrics::Registry;
use sidelight_self_telemetry::settings::LogSettings;
use sidelight_self_telemetry::{TelemetrySettings, install};

#[test]
fn a_panic_is_a_line_with_its_place_and_one_with_its_component_and_a_flood_is_few() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("own.log");
    let logs = LogSettings {
        output_paths: vec![path.display().to_string()],
        ..LogSettings::default()
    };
    let settings = TelemetrySettings {
        logs,
        ..TelemetrySettings::default()
    };
    let installed = install(&settings, &Vec::new()).expect("the first time");
    let panics = Panics::new("exporter", "otlp_grpc/a", &Registry::default());
    let break_it = || panics.contain("sending a request", || panic!("two\nlines"));
    break_it().expect_err("it panicked");
    let log = std::fs::read_to_string(&path).expect("a file");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(
        lines[0].contains("panicking.rs:") && lines[0].contains("two\\nlines"),
        "{log}"
    );
    assert!(
        lines[1].contains("otlp_grpc/a") && lines[1].contains("sending a request"),
        "{log}"
    );
    (0..1000).for_each(|_| drop(break_it()));
    assert_eq!(panics.count(), 1001);
    let log = std::fs::read_to_string(&path).expect("a file");
    assert!(log.lines().count() < 20, "{log}");
    drop(installed);
}
