//! `sidelight ledger`.

use sidelight_component::Signal;
use sidelight_testkit::scripted_http1::answer;
use sidelight_wal::Outcome;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{Storage, say};
use crate::clients::export;
use crate::program::{Config, Program, free_port};

const CONFIG: &str = "
receivers: {otlp: {protocols: {grpc: {endpoint: 127.0.0.1:0}}}}
exporters: {nop: }
service:
  telemetry: {logs: {encoding: json}, metrics: {address: 127.0.0.1:PORT}}
  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}
";

/// A server that gives these answers, the last one again and again, each on a connection of its own.
async fn server(answers: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("bound").to_string();
    tokio::spawn(async move {
        let last = answers.last().cloned().expect("an answer");
        for answer in answers.into_iter().chain(std::iter::repeat(last)) {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                stream.read_buf(&mut request).await.expect("a request");
            }
            stream.write_all(&answer).await.expect("written");
        }
    });
    address
}

fn page(delivered: u64) -> Vec<u8> {
    let line = |kind: &str, items: u64| {
        format!("sidelight_ledger_items{{edge=\"pipeline/traces\",kind=\"{kind}\"}} {items}\n")
    };
    let body = line("accepted", 3) + &line("delivered", delivered) + "sidelight_ledger_lost_batches 0\n";
    answer(
        200,
        &[("Content-Type", "text/plain"), ("Connection", "close")],
        body.as_bytes(),
    )
}

#[tokio::test]
async fn a_running_program_shows_where_its_items_are() {
    let text = CONFIG.replace("PORT", &free_port().to_string());
    let mut program = Program::start(&text).await;
    let grpc = program.grpc().await;
    export(grpc, Signal::Traces, 3).await.expect("taken");
    let config = Config::new(&text);
    let metrics = program.metrics().await.to_string();
    for place in [["--config", config.path()], ["--endpoint", &metrics]] {
        let said = say(&[&["ledger"], &place[..]].concat()).await;
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{place:?}");
        let lines: Vec<&str> = said.out.lines().collect();
        assert_eq!(
            lines[1].split_whitespace().collect::<Vec<_>>(),
            ["pipeline/traces", "3", "3", "0"]
        );
        assert_eq!(
            lines[2].split_whitespace().collect::<Vec<_>>(),
            ["exporter/nop/traces", "3", "3", "0"]
        );
        assert_eq!(lines[3..], ["every item is accounted for"]);
    }
}

#[tokio::test]
async fn what_does_not_balance_in_every_reading_is_exit_code_1() {
    for (pages, code) in [
        (vec![page(2)], 1),
        // Off for a moment.
        (vec![page(2), page(3)], 0),
    ] {
        let said = say(&["ledger", "--endpoint", &server(pages).await]).await;
        assert_eq!(said.code, Some(code), "{}{}", said.out, said.err);
        assert_eq!(
            said.out
                .contains("DOES NOT BALANCE pipeline/traces: 1 items are not accounted for"),
            code == 1
        );
    }
}

#[tokio::test]
async fn where_nobody_answers_the_queues_on_disk_do() {
    let storage = Storage::new();
    let mut queue = storage.queue("otlp_http", Signal::Logs, &[5, 4]);
    queue.end(0..3, Outcome::Delivered);
    queue.end(3..4, Outcome::TooLarge);
    queue.end(4..5, Outcome::Refused);
    let config = storage.config("otlp_http", "endpoint: 'http://localhost:1'");
    let endpoint = format!("127.0.0.1:{}", free_port());
    let said = say(&["ledger", "--endpoint", &endpoint, "--config", config.path()]).await;
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains(&format!("cannot ask {endpoint}: ")),
        "{}",
        said.err
    );
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(
        lines[0].starts_with("nobody answers; this is what the queues on disk hold"),
        "{}",
        said.out
    );
    assert_eq!(
        lines[2].split_whitespace().collect::<Vec<_>>(),
        ["exporter/otlp_http/logs", "8", "3", "4", "1"]
    );
    assert_eq!(
        lines[3..],
        [
            "exporter/otlp_http/logs: 1 dropped: rejected: too_large",
            "every item is accounted for"
        ]
    );
    // The configuration's metrics are off.
    let said = say(&["ledger", "--config", config.path()]).await;
    assert!(
        said.err.contains("opens no page of metrics") && said.out.contains("nobody answers"),
        "{}",
        said.err
    );
    assert_eq!(said.code, Some(1));
}

#[tokio::test]
async fn who_answers_something_else_is_said() {
    for (script, expected) in [
        (
            answer(200, &[("Connection", "close")], b"<html>"),
            "this is no page of metrics",
        ),
        (
            answer(200, &[("Connection", "close")], b"up 1\n"),
            "it is not Sidelight's",
        ),
        (
            answer(404, &[("Connection", "close")], b"not \x1b here"),
            "it answers with an error: not \\u{1b} here",
        ),
        (b"SSH-2.0\r\n".to_vec(), "the answer is not HTTP"),
    ] {
        let said = say(&["ledger", "--endpoint", &server(vec![script]).await]).await;
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{}", said.err);
        assert!(said.err.contains(expected), "{expected}: {}", said.err);
    }
    let bad = Config::new("exporters: {nopp: }");
    let said = say(&["ledger", "--config", bad.path()]).await;
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("nopp"), "{}", said.err);
}
