//! What is shown.

use super::samples::{request, twice};
use super::*;

macro_rules! shows {
    ($($name:ident: $signal:ident, $verbosity:literal;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                let yaml = concat!("verbosity: ", $verbosity);
                let shown = Rig::show(yaml, &request(Signal::$signal, "text")).await;
                insta::assert_snapshot!(stringify!($name), shown);
            }
        )*
    };
}

shows! {
    basic_shows_one_line_for_a_batch_of_spans: Traces, "basic";
    basic_shows_one_line_for_a_batch_of_points: Metrics, "basic";
    basic_shows_one_line_for_a_batch_of_log_records: Logs, "basic";
    normal_shows_one_line_per_span: Traces, "normal";
    normal_shows_one_line_per_point: Metrics, "normal";
    normal_shows_one_line_per_log_record: Logs, "normal";
    detailed_shows_all_of_a_span: Traces, "detailed";
    detailed_shows_all_of_every_type_of_point: Metrics, "detailed";
    detailed_shows_all_of_a_log_record: Logs, "detailed";
}

/// Line breaks, colours, the C1 form of the escape sequence, and characters that reorder text.
const HOSTILE: &str = "a\n2026-11-20T10:15:30Z info forged\r\u{1b}[31m\u{9b}31m\u{85}\u{2028}\u{202e}b\"}\0";

#[tokio::test]
async fn no_text_of_a_sender_can_add_a_line_or_control_the_terminal() {
    for signal in Signal::ALL {
        for verbosity in ["basic", "normal", "detailed"] {
            let yaml = format!("verbosity: {verbosity}");
            let plain = Rig::show(&yaml, &request(signal, "text")).await;
            let hostile = Rig::show(&yaml, &request(signal, HOSTILE)).await;
            assert_eq!(
                hostile.lines().count(),
                plain.lines().count(),
                "{signal} {verbosity}"
            );
            let is_unsafe = |c: char| c != '\n' && (c.is_control() || "\u{2028}\u{202e}".contains(c));
            assert!(!hostile.contains(is_unsafe), "{signal} {verbosity}");
        }
    }
}

#[tokio::test]
async fn the_counts_are_of_all_chunks() {
    let shown = Rig::show("", &twice(&request(Signal::Metrics, "text"))).await;
    let expected = r#"Metrics {"otelcol.component.id": "debug/test", "resource metrics": 2, "metrics": 12, "data points": 14}"#;
    assert_eq!(shown, format!("2026-11-20T10:15:30.123Z info {expected}\n"));
    let detailed = Rig::show("verbosity: detailed", &twice(&request(Signal::Logs, "text"))).await;
    assert!(detailed.contains("\nResourceLog #1\n"), "{detailed}");
}

#[tokio::test]
async fn an_empty_request_is_shown_as_empty() {
    let empty = Request {
        signal: Signal::Traces,
        items: 0,
        body: [].into_iter().collect(),
        note: None,
    };
    let shown = Rig::show("verbosity: detailed", &empty).await;
    assert!(shown.ends_with(
        "Traces {\"otelcol.component.id\": \"debug/test\", \"resource spans\": 0, \"spans\": 0}\n"
    ));
}

#[test]
fn every_line_becomes_an_event_of_the_log() {
    let log = Listener::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .without_time()
        .with_ansi(false)
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let mut output = Output::Log {
            id: "debug".to_owned(),
        };
        let mut pages = vec![output.begin()];
        for piece in ["one\ntw", "o\nthree", &"x".repeat(9_000), "\n"] {
            crate::debug::text::Sink::take(&mut pages, piece);
        }
        assert!(pages.pop().unwrap().end().is_none());
    });
    let text = log.text();
    let messages: Vec<&str> = text
        .lines()
        .map(|line| {
            line.strip_prefix(" INFO sidelight_exporters::debug::output: ")
                .unwrap()
        })
        .map(|line| line.strip_suffix(" component=\"debug\"").unwrap())
        .collect();
    assert_eq!(messages.len(), 4, "{text}");
    assert_eq!(messages[..2], ["one", "two"]);
    assert_eq!(messages[2..].concat(), format!("three{}", "x".repeat(9_000)));
}
