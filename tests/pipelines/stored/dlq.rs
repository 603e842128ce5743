//! `sidelight dlq`.

use serde_json::Value;
use sidelight_component::Signal;
use sidelight_dead_letters::{Why, list};
use sidelight_testkit::requests::protobuf;
use sidelight_testkit::scripted_http1::{Script, Server, answer};

use super::{NOW, Said, Storage, damage, say};
use crate::clients::export;
use crate::program::{Config, PATIENCE, Program};

const PROTOBUF: (&str, &str) = ("Content-Type", "application/x-protobuf");

/// Three letters of two signals, the second of which is a partial success.
fn example() -> (Storage, [String; 3]) {
    let storage = Storage::new();
    storage.letter("otlp_http", Signal::Traces, 2, NOW, |_| {});
    storage.letter("otlp_http", Signal::Logs, 5, NOW + 1, |letter| {
        letter.why = Why::Partial;
        letter.refused = 3;
        letter.reason = "too\u{1b}[31m old\n";
    });
    storage.letter("otlp_http", Signal::Traces, 1, NOW + 2, |_| {});
    let id = |ms: u64, number: u32| format!("{ms}-{number:08}");
    (storage, [id(NOW, 0), id(NOW + 1, 0), id(NOW + 2, 1)])
}

async fn server(answers: Vec<Vec<u8>>) -> (Server, String) {
    let server = Server::start(Script::WriteInTurn(answers)).await;
    let settings = format!(
        "endpoint: 'http://{}', compression: none, timeout: 5s",
        server.address
    );
    (server, settings)
}

fn partial(rejected: u8, reason: &str) -> Vec<u8> {
    // ExportTracePartialSuccess: rejected_spans, error_message.
    let inner = [&[0x08, rejected, 0x12, reason.len() as u8], reason.as_bytes()].concat();
    answer(
        200,
        &[PROTOBUF],
        &[&[0x0a, inner.len() as u8], &inner[..]].concat(),
    )
}

fn left(storage: &Storage, signal: Signal) -> usize {
    list(&storage.folder("otlp_http", signal).dead_letters())
        .expect("a folder")
        .len()
}

async fn dlq(storage: &Storage, arguments: &[&str]) -> Said {
    say(&[&["dlq"], arguments, &["--directory", storage.text()]].concat()).await
}

async fn replay(config: &Config, arguments: &[&str]) -> Said {
    say(&[&["dlq", "replay", "--config", config.path()], arguments].concat()).await
}

#[tokio::test]
async fn letters_are_listed_by_age_with_their_reasons() {
    let (storage, ids) = example();
    damage(
        &list(&storage.folder("otlp_http", Signal::Traces).dead_letters()).expect("listed")[1].path,
        60,
    );
    let config = storage.config("otlp_http", "endpoint: 'http://localhost:1'");
    let by_config = say(&["dlq", "ls", "--config", config.path()]).await;
    let said = dlq(&storage, &["ls"]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert_eq!(by_config.out, said.out);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", said.out);
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        [
            "id", "when", "exporter", "signal", "why", "items", "bytes", "reason"
        ]
    );
    for ((line, id), rest) in
        lines[1..]
            .iter()
            .zip(&ids)
            .zip(["destination  2 ", "partial      3 of 5 ", "damaged  "])
    {
        assert!(
            line.starts_with(&format!("{id}  2025-11-25T04:00:00Z  otlp_http  ")),
            "{line}"
        );
        assert!(line.contains(rest), "{rest:?} is not in {line}");
    }
    assert!(
        lines[1].ends_with("  no such tenant") && lines[2].ends_with("  too\\u{1b}[31m old\\n"),
        "{}",
        said.out
    );
    assert!(lines[3].ends_with("  its checksum is wrong"), "{}", said.out);

    let said = dlq(&storage, &["ls", "--signal", "logs", "--format", "json"]).await;
    let told: Value = serde_json::from_str(&said.out).expect("one document");
    let [letter] = told["letters"].as_array().expect("letters").as_slice() else {
        panic!("{told}")
    };
    assert_eq!(
        (&letter["id"], &letter["why"]),
        (&ids[1].as_str().into(), &"partial".into())
    );
    assert_eq!(
        (&letter["items"], &letter["refused_items"]),
        (&5.into(), &3.into())
    );
    assert_eq!(letter["reason"], "too\u{1b}[31m old\n");
    let said = dlq(&storage, &["ls", "--exporter", "nop"]).await;
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "there are no dead letters\n")
    );
}

#[tokio::test]
async fn a_letter_is_shown_with_what_is_in_it() {
    let (storage, ids) = example();
    let said = dlq(&storage, &["show", &ids[1]]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let (head, payload) = said.out.split_once("\n\n").expect("an empty line");
    for expected in [
        format!("id:        {}\n", ids[1]),
        "items:     3 of 5 were refused".to_owned(),
        "why:       partial\n".to_owned(),
        "reason:    too\\u{1b}[31m old\\n\n".to_owned(),
    ] {
        assert!(head.contains(&expected), "{expected:?} is not in\n{head}");
    }
    let shown: Value = serde_json::from_str(payload).expect("JSON");
    let expected = sidelight_testkit::requests::json(Signal::Logs, 5);
    assert_eq!(shown, serde_json::from_slice::<Value>(&expected).expect("JSON"));

    storage.letter("otlp_http", Signal::Metrics, 10_000, NOW + 9, |_| {});
    let id = format!("{}-00000000", NOW + 9);
    let cut = dlq(&storage, &["show", &id]).await;
    assert!(
        cut.out.ends_with("… the rest is shown with --full\n"),
        "{}",
        cut.out.len()
    );
    let full = dlq(&storage, &["show", &id, "--full"]).await;
    assert!(
        full.out.len() > 10 * cut.out.len() / 2 && full.out.ends_with("}\n"),
        "{}",
        full.out.len()
    );
}

#[tokio::test]
async fn what_is_no_letter_is_said_in_a_sentence() {
    let (storage, ids) = example();
    storage.letter("otlp_http/b", Signal::Traces, 1, NOW, |_| {});
    let garbage = storage
        .folder("otlp_http", Signal::Logs)
        .dead_letters()
        .join("1764043200005-00000000.letter");
    std::fs::write(&garbage, b"garbage").expect("written");
    storage.letter("otlp_http", Signal::Logs, 1, NOW + 6, |letter| {
        letter.payload = &[b"\xff\xff"]
    });
    let not_otlp = format!("{}-00000001", NOW + 6);
    for (arguments, code, expected) in [
        (vec!["show", "x"], 2, "`x` is no id"),
        (vec!["show", "../../etc/passwd"], 2, "is no id"),
        (
            vec!["purge", "1764043200000-00000077"],
            2,
            "there is no dead letter 1764043200000-00000077",
        ),
        (
            vec!["show", &ids[0]],
            2,
            "is a letter of otlp_http traces and of otlp_http/b traces: say which",
        ),
        (vec!["show", &ids[0], "--exporter", "otlp_http/b"], 0, ""),
        (
            vec!["show", "1764043200005-00000000"],
            1,
            "is damaged: this is no dead letter",
        ),
        (vec!["show", &not_otlp], 0, ""),
        (vec!["purge"], 2, "<ID|--all|--older-than <DURATION>>"),
        (vec!["purge", "--older-than", "7x"], 2, "has an unknown unit"),
        (vec!["replay"], 2, "<ID|--all>"),
    ] {
        let said = dlq(&storage, &arguments).await;
        assert_eq!(said.code, Some(code), "{arguments:?}: {}", said.err);
        assert!(said.err.contains(expected), "{arguments:?}: {}", said.err);
    }
    let said = dlq(&storage, &["show", &not_otlp]).await;
    assert!(said.out.contains("the payload is not OTLP: "), "{}", said.out);
    let said = say(&["dlq", "ls", "--directory", "/nowhere"]).await;
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("/nowhere is no folder"), "{}", said.err);
}

#[tokio::test]
async fn letters_are_removed_by_id_by_age_and_all() {
    let (storage, ids) = example();
    let long_ago = dlq(&storage, &["purge", "--older-than", "999999d"]).await;
    assert_eq!(
        (long_ago.code, long_ago.out.as_str()),
        (Some(0), "0 letters with 0 items were removed\n")
    );
    let one = dlq(&storage, &["purge", &ids[0]]).await;
    assert_eq!(one.out, "1 letters with 2 items were removed\n");
    let logs = dlq(&storage, &["purge", "--older-than", "1h", "--signal", "logs"]).await;
    assert_eq!(logs.out, "1 letters with 3 items were removed\n");
    assert_eq!(
        (left(&storage, Signal::Traces), left(&storage, Signal::Logs)),
        (1, 0)
    );
    let all = dlq(&storage, &["purge", "--all"]).await;
    assert_eq!(
        (all.code, all.out.as_str()),
        (Some(0), "1 letters with 1 items were removed\n")
    );
    assert_eq!(left(&storage, Signal::Traces), 0);
}

#[tokio::test]
async fn a_letter_that_is_taken_is_removed_and_one_of_a_partial_success_only_on_request() {
    let (storage, ids) = example();
    let (server, settings) = server(vec![answer(200, &[PROTOBUF], b"")]).await;
    let config = storage.config("otlp_http", &settings);
    let said = replay(&config, &["--all"]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""));
    let told: Vec<&str> = said.out.lines().collect();
    assert_eq!(
        told,
        [
            format!("{} otlp_http traces: taken, 2 items", ids[0]),
            format!(
                "{} otlp_http logs: stays: 2 of its items were taken before: with --include-partial they are sent twice",
                ids[1]
            ),
            format!("{} otlp_http traces: taken, 1 items", ids[2]),
            "2 letters were taken and removed, 1 stayed".to_owned(),
        ]
    );
    let got: Vec<Vec<u8>> = server.take().into_iter().map(|got| got.body).collect();
    assert_eq!(got, [protobuf(Signal::Traces, 2), protobuf(Signal::Traces, 1)]);

    let said = replay(&config, &["--include-partial", &ids[1]]).await;
    assert_eq!(said.code, Some(0), "{}", said.out);
    assert_eq!(server.take()[0].body, protobuf(Signal::Logs, 5));
    assert_eq!(
        (left(&storage, Signal::Traces), left(&storage, Signal::Logs)),
        (0, 0)
    );
}

#[tokio::test]
async fn a_letter_that_is_not_taken_stays_and_it_is_said_why() {
    for (script, expected) in [
        (
            answer(400, &[("Content-Type", "text/plain")], b"bad"),
            "refused for good: ",
        ),
        (answer(503, &[], b""), "not taken now: "),
        (answer(413, &[], b""), "too large: "),
    ] {
        let (storage, ids) = example();
        let (_server, settings) = server(vec![script]).await;
        let said = replay(&storage.config("otlp_http", &settings), &[&ids[0]]).await;
        assert_eq!(said.code, Some(1));
        assert!(
            said.out
                .contains(&format!("{} otlp_http traces: stays: {expected}", ids[0])),
            "{}",
            said.out
        );
        assert_eq!(left(&storage, Signal::Traces), 2);
    }
    let (storage, ids) = example();
    for (exporter, expected) in [
        ("otlp_http", "not taken now: cannot connect"),
        (
            "otlp_http/other",
            "no pipeline of the configuration has an exporter `otlp_http`",
        ),
    ] {
        let config = storage.config(exporter, "endpoint: 'http://127.0.0.1:1'");
        let said = replay(&config, &[&ids[0]]).await;
        assert_eq!(said.code, Some(1));
        assert!(said.out.contains(expected), "{}", said.out);
    }
    assert_eq!(left(&storage, Signal::Traces), 2);
}

#[tokio::test]
async fn a_destination_that_takes_nothing_now_is_left_alone_after_three_letters() {
    let storage = Storage::new();
    for time in 0..5 {
        storage.letter("otlp_http", Signal::Traces, 1, NOW + time, |_| {});
    }
    let (server, settings) = server(vec![answer(503, &[], b"")]).await;
    let said = replay(&storage.config("otlp_http", &settings), &["--all"]).await;
    assert_eq!((said.code, server.take().len()), (Some(1), 3), "{}", said.out);
    assert!(
        said.out.contains("not tried: its destination takes nothing now"),
        "{}",
        said.out
    );
    assert!(
        said.out.ends_with("0 letters were taken and removed, 5 stayed\n"),
        "{}",
        said.out
    );
}

#[tokio::test]
async fn a_letter_that_is_taken_in_part_is_one_of_a_partial_success_from_then_on() {
    let (storage, ids) = example();
    let (server, settings) = server(vec![partial(1, "stale"), answer(200, &[PROTOBUF], b"")]).await;
    let config = storage.config("otlp_http", &settings);
    let said = replay(&config, &[&ids[0]]).await;
    assert_eq!(said.code, Some(1));
    assert!(
        said.out.contains("stays: taken without 1 of its items: stale"),
        "{}",
        said.out
    );
    let ls = dlq(&storage, &["ls", "--signal", "traces"]).await;
    assert!(
        ls.out.contains("partial      1 of 2 ") && ls.out.contains("  stale\n"),
        "{}",
        ls.out
    );
    let said = replay(&config, &[&ids[0]]).await;
    assert!(
        said.out.contains("stays: 1 of its items were taken before"),
        "{}",
        said.out
    );
    assert_eq!(server.take().len(), 1);
}

#[tokio::test]
async fn a_damaged_letter_and_one_that_is_not_otlp_stop_no_other() {
    let (storage, ids) = example();
    let paths = list(&storage.folder("otlp_http", Signal::Traces).dead_letters()).expect("listed");
    damage(&paths[0].path, 60);
    storage.letter("otlp_http", Signal::Traces, 1, NOW + 1, |letter| {
        letter.payload = &[b"\xff\xff"]
    });
    let (server, settings) = server(vec![answer(200, &[PROTOBUF], b"")]).await;
    let said = replay(
        &storage.config("otlp_http", &settings),
        &["--all", "--signal", "traces"],
    )
    .await;
    assert_eq!(said.code, Some(1));
    assert!(
        said.out.contains("stays: it is damaged: its checksum is wrong"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("stays: its payload is not OTLP: "),
        "{}",
        said.out
    );
    assert!(
        said.out
            .contains(&format!("{} otlp_http traces: taken, 1 items", ids[2])),
        "{}",
        said.out
    );
    assert_eq!(server.take().len(), 1);
}

#[tokio::test]
async fn what_a_running_program_was_refused_is_sent_again_beside_it() {
    let storage = Storage::new();
    let refused = answer(400, &[("Content-Type", "text/plain")], b"no such tenant");
    let (server, settings) = server(vec![refused, answer(200, &[PROTOBUF], b"")]).await;
    let config = storage.config("otlp_http", &settings);
    let text = std::fs::read_to_string(&config.path).expect("read");
    let text = text.replace(
        "telemetry: {metrics",
        "telemetry: {logs: {encoding: json}, metrics",
    );
    let mut program = Program::start(&text).await;
    export(program.grpc().await, Signal::Traces, 3)
        .await
        .expect("taken");
    let listed = async {
        loop {
            let said = say(&["dlq", "ls", "--config", config.path()]).await;
            if said.out.contains("  destination  3 ") {
                return said;
            }
        }
    };
    let listed = tokio::time::timeout(PATIENCE, listed).await.expect("a letter");
    assert_eq!((listed.code, listed.err.as_str()), (Some(0), ""));

    let said = replay(&config, &["--all"]).await;
    assert_eq!(said.code, Some(0), "{}", said.out);
    let got: Vec<Vec<u8>> = server.take().into_iter().map(|got| got.body).collect();
    assert_eq!(got, [protobuf(Signal::Traces, 3), protobuf(Signal::Traces, 3)]);
    program.signal("TERM").await;
    assert_eq!(program.exit_code().await, 0);
    let said = say(&["queue", "inspect", "--config", config.path()]).await;
    assert!(said.out.contains("ended: 3 destination\n"), "{}", said.out);
}
