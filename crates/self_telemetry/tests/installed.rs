//! The log of a whole process; alone in its file because a process has one.

use std::time::Duration;

use sidelight_self_telemetry::settings::LogSettings;
use sidelight_self_telemetry::{InstallError, TelemetrySettings, install};

#[test]
fn the_log_is_in_place_for_every_thread_and_only_once() {
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
    assert!(matches!(
        install(&settings, &Vec::new()),
        Err(InstallError::Twice)
    ));
    let threads: Vec<_> = (0..4)
        .map(|n| std::thread::spawn(move || (0..50).for_each(|m| tracing::info!(n, m, "line\nof a thread"))))
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().expect("no panic"));
    installed.stop(Duration::from_secs(1)).expect("nothing to send");
    let log = std::fs::read_to_string(&path).expect("a file");
    assert_eq!(log.lines().count(), 200);
    assert!(
        log.lines()
            .all(|line| line.contains(" info  installed: line\\nof a thread n=")),
        "{log}"
    );
}
