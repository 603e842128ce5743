use std::io::{self, Write};
use std::sync::Arc;

use parking_lot::Mutex;
use proptest::prelude::*;
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::settings::{LogEncoding, LogLevel};

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the log holds after `events`.
fn logged(settings: &LogSettings, override_filter: Option<&str>, events: impl FnOnce()) -> String {
    let memory = Memory::default();
    let layer = layer_into(settings, override_filter, memory.clone()).expect("a filter");
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), events);
    let bytes = std::mem::take(&mut *memory.0.lock());
    String::from_utf8(bytes).expect("UTF-8")
}

fn settings(encoding: LogEncoding) -> LogSettings {
    LogSettings {
        encoding,
        ..LogSettings::default()
    }
}

/// The line without its time stamp.
fn behind_time(line: &str) -> &str {
    let (time, rest) = line.split_once(' ').expect("a time stamp");
    assert!(
        time.parse::<jiff::Timestamp>().is_ok() && time.ends_with('Z'),
        "{time}"
    );
    rest
}

#[derive(Debug, thiserror::Error)]
#[error("cannot send")]
struct CannotSend(#[source] io::Error);

#[test]
fn an_event_is_one_readable_line() {
    let log = logged(&settings(LogEncoding::Console), None, || {
        let cause = CannotSend(io::Error::other("refused\nagain"));
        tracing::warn!(
            target: "sidelight_net", endpoint = "localhost:4317", path = "a b=\"c\"", items = 3, error = &cause as &dyn std::error::Error,
            "cannot {}", "send"
        );
    });
    assert_eq!(
        behind_time(&log),
        "warn  sidelight_net: cannot send endpoint=localhost:4317 path=\"a b=\\\"c\\\"\" items=3 \
         error=\"cannot send: refused\\nagain\"\n"
    );
}

#[test]
fn an_event_is_one_json_object() {
    let log = logged(&settings(LogEncoding::Json), None, || {
        tracing::error!(target: "sidelight", level = "x", items = 3_u64, share = 0.5, none = f64::NAN, ok = true, "a \"quoted\"\\ line\u{202e}");
    });
    let value: serde_json::Value = serde_json::from_str(&log).expect("one JSON object");
    let ts = value["ts"].as_str().expect("a time").parse::<jiff::Timestamp>();
    assert!(ts.is_ok());
    for (key, expected) in [
        ("level", serde_json::json!("error")),
        ("logger", serde_json::json!("sidelight")),
        ("msg", serde_json::json!("a \"quoted\"\\ line\u{202e}")),
        ("field.level", serde_json::json!("x")),
        ("items", serde_json::json!(3)),
        ("share", serde_json::json!(0.5)),
        ("none", serde_json::json!("NaN")),
        ("ok", serde_json::json!(true)),
    ] {
        assert_eq!(value[key], expected, "{key} in {log}");
    }
    assert!(log.contains("line\\u202e\""), "{log}");
}

#[test]
fn hostile_text_stays_on_its_line_and_is_seen_as_it_is() {
    let hostile = "x\n2026-01-01T00:00:00Z error forged: all lost\r\u{1b}[2J\u{202e}\u{2066}\u{61c}\u{2028}\u{85}\u{7f}\0";
    for encoding in [LogEncoding::Console, LogEncoding::Json] {
        let log = logged(&settings(encoding), None, || {
            tracing::info!(text = hostile, debug = ?hostile, display = %hostile, "{hostile}");
        });
        assert_eq!(log.matches('\n').count(), 1, "{log:?}");
        let (line, _) = log.split_at(log.len() - 1);
        let bad = line
            .chars()
            .find(|c| c.is_control() || "\u{202e}\u{2066}\u{61c}\u{2028}".contains(*c));
        assert_eq!(bad, None, "{log:?}");
    }
    let log = logged(&settings(LogEncoding::Console), None, || {
        tracing::info!("a\n\u{1b}[31mb\u{202e}c")
    });
    assert!(log.ends_with(": a\\n\\u{1b}[31mb\\u{202e}c\n"), "{log}");
}

#[test]
fn a_line_has_an_end() {
    let long = "ü".repeat(MAX_LINE_BYTES);
    for encoding in [LogEncoding::Console, LogEncoding::Json] {
        let log = logged(&settings(encoding), None, || {
            tracing::info!(long = long.as_str(), later = 1, "begin");
        });
        assert!(log.len() <= MAX_LINE_BYTES + 64, "{}", log.len());
        assert!(log.contains("cut") && !log.contains("later"));
        if encoding == LogEncoding::Json {
            let value: serde_json::Value = serde_json::from_str(&log).expect("one JSON object");
            assert_eq!(value["cut"], true);
        }
    }
}

/// One event per target and level.
fn everybody() {
    tracing::error!(target: "h2", "h2-error");
    tracing::warn!(target: "hyper::proto", "hyper-warn");
    tracing::info!(target: "rustls", "rustls-info");
    tracing::debug!(target: "tonic", "tonic-debug");
    tracing::info!(target: "opentelemetry_sdk", "sdk-info");
    tracing::error!(target: "sidelight", "own-error");
    tracing::info!(target: "sidelight", "own-info");
    tracing::debug!(target: "sidelight_net", "net-debug");
}

fn heard(level: LogLevel, override_filter: Option<&str>) -> Vec<String> {
    let settings = LogSettings {
        level,
        ..LogSettings::default()
    };
    let log = logged(&settings, override_filter, everybody);
    log.lines()
        .map(|line| line.rsplit(' ').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn talkative_libraries_are_muted_and_can_be_asked_for_by_name() {
    for (level, override_filter, expected) in [
        (
            LogLevel::Info,
            None,
            vec!["h2-error", "hyper-warn", "own-error", "own-info"],
        ),
        (
            LogLevel::Debug,
            None,
            vec!["h2-error", "hyper-warn", "own-error", "own-info", "net-debug"],
        ),
        (LogLevel::Error, None, vec!["h2-error", "own-error"]),
        (
            LogLevel::Error,
            Some("debug"),
            vec!["h2-error", "hyper-warn", "own-error", "own-info", "net-debug"],
        ),
        (
            LogLevel::Info,
            Some(" "),
            vec!["h2-error", "hyper-warn", "own-error", "own-info"],
        ),
        (
            LogLevel::Info,
            Some("error,tonic=debug"),
            vec!["h2-error", "tonic-debug", "own-error"],
        ),
        (LogLevel::Info, Some("off,sidelight_net=trace"), vec!["net-debug"]),
    ] {
        assert_eq!(
            heard(level, override_filter),
            expected,
            "{level:?} {override_filter:?}"
        );
    }
}

#[test]
fn an_override_that_is_not_understood_is_refused_with_an_example() {
    let error = layer::<tracing_subscriber::Registry>(&LogSettings::default(), Some("sidelight=loud\n"))
        .err()
        .expect("refused")
        .to_string();
    assert!(
        error.starts_with("SIDELIGHT_LOG is not understood") && error.contains("info,sidelight_net=debug")
    );
}

#[test]
fn files_are_appended_to_and_readable_by_their_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("own.log");
    let text = path.to_str().expect("UTF-8").to_owned();
    for message in ["first", "second"] {
        let settings = LogSettings {
            output_paths: vec![text.clone()],
            ..LogSettings::default()
        };
        let layer = layer(&settings, None).expect("the file opens");
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!("{message}")
        });
    }
    let log = std::fs::read_to_string(&path).expect("a file");
    assert!(
        log.lines().count() == 2 && log.contains("first") && log.ends_with("second\n"),
        "{log}"
    );
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let nowhere = vec!["/nonexistent/x.log".to_owned()];
    assert!(
        Output::open(&nowhere)
            .err()
            .expect("refused")
            .to_string()
            .contains("`/nonexistent/x.log`")
    );
}

proptest! {
    #[test]
    fn no_text_makes_two_lines_or_bad_json(text in "\\PC{0,40}|.{0,40}|[\\x00-\\x20\u{80}-\u{9f}\"\\\\]{0,40}") {
        let log = logged(&settings(LogEncoding::Json), None, || tracing::info!(text = text.as_str(), "{text}"));
        let value: serde_json::Value = serde_json::from_str(&log).expect("one JSON object");
        prop_assert_eq!(value["msg"].as_str(), Some(text.as_str()));
        prop_assert_eq!(value["text"].as_str(), Some(text.as_str()));
        let log = logged(&settings(LogEncoding::Console), None, || tracing::info!(text = text.as_str(), "{text}"));
        prop_assert_eq!(log.matches('\n').count(), 1);
    }
}

/// Otherwise every `trace!` of the libraries on the way of the data is looked at.
#[test]
fn the_level_of_the_log_bounds_what_is_looked_at_in_the_whole_program() {
    let layer = layer::<tracing_subscriber::Registry>(&LogSettings::default(), None).expect("a layer");
    let hint = tracing_subscriber::Layer::<tracing_subscriber::Registry>::max_level_hint(&layer);
    assert_eq!(hint, Some(tracing_subscriber::filter::LevelFilter::INFO));
}
