//! `sidelight queue`.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use sidelight_component::Signal;
use sidelight_testkit::requests::{json, protobuf};
use sidelight_wal::Outcome;

use super::{Storage, damage, say};

fn lines(text: &str) -> Vec<Value> {
    let parsed = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"));
    parsed.collect()
}

fn document(signal: Signal, items: usize) -> Value {
    serde_json::from_slice(&json(signal, items)).expect("JSON")
}

#[tokio::test]
async fn a_queue_is_shown_with_what_waits_and_what_has_ended() {
    let storage = Storage::new();
    let mut traces = storage.queue("otlp_http/a b", Signal::Traces, &[3, 2, 4]);
    traces.end(0..3, Outcome::Delivered);
    traces.end(8..9, Outcome::RejectedByDestination);
    let _logs = storage.queue("debug", Signal::Logs, &[]);

    let said = say(&["queue", "inspect", storage.text()]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    for expected in [
        "otlp_http/a b traces: 5 items in 2 requests wait, ",
        ", the oldest since 2025-11-25T04:00:00Z (",
        "/otlp_http%2Fa%20b/traces/queue: 1 files, ",
        "  ended: 3 delivered, 1 destination\n",
        "  0..9  ",
        "debug logs: 0 items in 0 requests wait, 0 bytes\n",
        "  ended: nothing\n",
    ] {
        assert!(
            said.out.contains(expected),
            "{expected:?} is not in\n{}",
            said.out
        );
    }

    let said = say(&[
        "queue",
        "inspect",
        storage.text(),
        "--format",
        "json",
        "--signal",
        "traces",
    ])
    .await;
    let told: Value = serde_json::from_str(&said.out).expect("one document");
    let [log] = told["logs"].as_array().expect("logs").as_slice() else {
        panic!("{told}")
    };
    assert_eq!(
        (&log["exporter"], &log["signal"]),
        (&"otlp_http/a b".into(), &"traces".into())
    );
    assert_eq!(
        (&log["waiting"]["items"], &log["next_ordinal"]),
        (&5.into(), &9.into())
    );
    assert_eq!(
        (
            &log["ended_items"]["delivered"],
            &log["ended_items"]["destination"]
        ),
        (&3.into(), &1.into())
    );
    assert_eq!(
        (&log["intact"], &log["files"][0]["records"]),
        (&true.into(), &3.into())
    );
    assert_eq!(log["oldest_waiting_unix_ms"], super::NOW);
}

#[tokio::test]
async fn every_way_to_name_a_queue_finds_it() {
    let storage = Storage::new();
    let queue = storage.queue("otlp_http", Signal::Logs, &[2]);
    let config = storage.config("otlp_http", "endpoint: 'http://localhost:1'");
    let text = queue.path.to_str().expect("UTF-8");
    let (signal, _) = text.rsplit_once('/').expect("a parent");
    let (exporter, _) = signal.rsplit_once('/').expect("a parent");
    let config = ["--config", config.path()];
    for place in [&[storage.text()][..], &[exporter], &[signal], &[text], &config] {
        let said = say(&[&["queue", "verify"], place].concat()).await;
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{place:?}");
        assert_eq!(
            said.out,
            "otlp_http logs: intact: 1 files, 2 frames, 2 items wait\n"
        );
    }
}

#[tokio::test]
async fn damage_is_named_with_the_file_the_place_and_what_is_lost() {
    let storage = Storage::new();
    let mut queue = storage.queue("otlp_http", Signal::Traces, &[3, 2]);
    queue.end(0..1, Outcome::Delivered);
    let file = queue.file();
    let bytes = std::fs::read(&file).expect("read");
    let request = protobuf(Signal::Traces, 3);
    let at = bytes
        .windows(request.len())
        .position(|window| window == request)
        .expect("the request");
    damage(&file, at + 5);

    let said = say(&["queue", "verify", storage.text()]).await;
    let (from, to) = (at - 44, at + request.len());
    let name = file.file_name().expect("a name").to_string_lossy();
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""));
    assert!(
        said.out
            .starts_with("otlp_http traces: damaged, 2 items that waited are lost: 1 files, "),
        "{}",
        said.out
    );
    let expected = format!(
        "/otlp_http/traces/queue: DAMAGED {name} bytes {from}..{to}: the checksum of a record is wrong: 2 items that waited are lost\n"
    );
    assert!(
        said.out.ends_with(&expected),
        "{expected} is not in\n{}",
        said.out
    );

    // The rest is still there.
    let said = say(&["queue", "export", storage.text()]).await;
    assert_eq!(said.code, Some(0));
    assert_eq!(lines(&said.out), [document(Signal::Traces, 2)]);
    assert!(
        said.err.contains("2 items in 1 requests were written"),
        "{}",
        said.err
    );
    assert!(said.err.contains("2 items more are lost"), "{}", said.err);
}

#[tokio::test]
async fn a_copy_of_a_damaged_queue_is_looked_at_wherever_it_is_damaged() {
    let storage = Storage::new();
    let queue = storage.queue("otlp_http", Signal::Logs, &[2, 3]);
    let file = queue.file();
    let bytes = std::fs::read(&file).expect("read");
    let copy = tempfile::tempdir().expect("a folder");
    let copied = copy.path().join(file.file_name().expect("a name"));
    let text = copy.path().to_str().expect("UTF-8");
    for at in (0..bytes.len()).step_by(31) {
        std::fs::write(&copied, &bytes).expect("written");
        damage(&copied, at);
        let said = say(&["queue", "verify", text]).await;
        assert_eq!(
            (said.code, said.err.as_str()),
            (Some(1), ""),
            "byte {at}: {}",
            said.out
        );
        assert!(
            said.out.contains(&format!("{text}: damaged, ")),
            "byte {at}: {}",
            said.out
        );
        let before = std::fs::read(&copied).expect("read");
        let said = say(&["queue", "export", text, "--signal", "logs"]).await;
        assert_eq!(said.code, Some(0), "byte {at}: {}", said.err);
        assert_eq!(std::fs::read(&copied).expect("read"), before);
    }
    for garbage in [&b""[..], b"SLW1", &[0xff; 10_000], &b"SLW1\x02\x01".repeat(1000)] {
        std::fs::write(&copied, garbage).expect("written");
        let said = say(&["queue", "inspect", text]).await;
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    }
}

#[tokio::test]
async fn what_was_not_delivered_is_exported_in_parts_too() {
    let storage = Storage::new();
    let mut queue = storage.queue("otlp_http", Signal::Logs, &[5, 2]);
    queue.end(1..3, Outcome::Delivered);
    let said = say(&["queue", "export", storage.text()]).await;
    assert_eq!(said.code, Some(0), "{}", said.err);
    let times: Vec<Vec<String>> = lines(&said.out)
        .iter()
        .map(|line| {
            let records = line["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
                .as_array()
                .expect("records");
            records
                .iter()
                .map(|record| record["timeUnixNano"].as_str().expect("a time").to_owned())
                .collect()
        })
        .collect();
    assert_eq!(times, [vec!["1"], vec!["4", "5"], vec!["1", "2"]]);
}

#[tokio::test]
async fn an_export_goes_to_a_new_file_of_its_owner() {
    let storage = Storage::new();
    let _logs = storage.queue("otlp_http", Signal::Logs, &[2]);
    let _traces = storage.queue("otlp_http", Signal::Traces, &[3]);
    let file = storage.path().join("export");
    let output = ["--output", file.to_str().expect("UTF-8")];
    let export = ["queue", "export", storage.text()];

    let mixed = say(&[&export[..], &output, &["--format", "proto"]].concat()).await;
    assert_eq!(mixed.code, Some(2));
    assert!(
        mixed.err.contains("several signals") && !file.exists(),
        "{}",
        mixed.err
    );
    let said = say(&[&export[..], &output, &["--format", "proto", "--signal", "traces"]].concat()).await;
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{}", said.err);
    let request = protobuf(Signal::Traces, 3);
    let length = u32::try_from(request.len()).expect("short").to_be_bytes();
    assert_eq!(
        std::fs::read(&file).expect("read"),
        [&length[..], &request].concat()
    );
    assert_eq!(
        file.metadata().expect("there").permissions().mode() & 0o777,
        0o600
    );

    let again = say(&[&export[..], &output].concat()).await;
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("nothing is overwritten"), "{}", again.err);
    std::fs::remove_file(&file).expect("removed");
    let said = say(&[&export[..], &output].concat()).await;
    assert_eq!(said.code, Some(0), "{}", said.err);
    let mut expected = [Signal::Traces, Signal::Logs]
        .map(|signal| document(signal, if signal == Signal::Logs { 2 } else { 3 }));
    let mut found = lines(&std::fs::read_to_string(&file).expect("read"));
    let by_text = |a: &Value, b: &Value| a.to_string().cmp(&b.to_string());
    expected.sort_by(by_text);
    found.sort_by(by_text);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_record_that_is_not_what_it_should_be_is_left_out_and_said() {
    let storage = Storage::new();
    // Requests for logs under the name of traces.
    let queue = storage.queue("otlp_http", Signal::Logs, &[2]);
    let wrong = storage.folder("otlp_http", Signal::Traces).log();
    std::fs::create_dir_all(&wrong).expect("made");
    let file = queue.file();
    std::fs::copy(&file, wrong.join(file.file_name().expect("a name"))).expect("copied");
    let said = say(&["queue", "export", storage.text()]).await;
    assert_eq!(said.code, Some(1));
    assert_eq!(lines(&said.out), [document(Signal::Logs, 2)]);
    assert!(
        said.err.contains("otlp_http traces: the request of ordinal 0 "),
        "{}",
        said.err
    );
}

#[tokio::test]
async fn what_is_no_queue_is_said_in_a_sentence() {
    let storage = Storage::new();
    let _logs = storage.queue("otlp_http", Signal::Logs, &[2]);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let elsewhere = elsewhere.path().to_str().expect("UTF-8");
    let missing = format!("{elsewhere}/missing");
    let memory = crate::program::Config::new(
        "
receivers: {otlp: {protocols: {grpc: {endpoint: 127.0.0.1:0}}}}
exporters: {nop: }
service: {pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}
",
    );
    let bad = crate::program::Config::new("exporters: {nopp: }");
    let table = [
        (vec![missing.as_str()], "is no folder that can be seen"),
        (vec![elsewhere], "is neither a storage nor the folder of a queue"),
        (
            vec![storage.text(), "--exporter", "nop"],
            "there is no such queue in",
        ),
        (
            vec![storage.text(), "--signal", "metrics"],
            "there is no such queue in",
        ),
        (vec![storage.text(), "--signal", "profiles"], "unknown signal"),
        (
            vec![storage.text(), "--exporter", "a b"],
            "a component's type consists of",
        ),
        (vec![storage.text(), "--config", "x"], "cannot be used with"),
        (
            vec!["--config", memory.path()],
            "none has `sending_queue.storage`",
        ),
        (vec!["--config", bad.path()], "nopp"),
        (vec!["--config", "/nowhere/x.yaml"], "/nowhere/x.yaml"),
    ];
    for command in ["inspect", "verify", "export"] {
        for (place, expected) in &table {
            let said = say(&[&["queue", command], &place[..]].concat()).await;
            assert_eq!(
                (said.code, said.out.as_str()),
                (Some(2), ""),
                "{command} {place:?}"
            );
            assert!(said.err.contains(expected), "{command} {place:?}: {}", said.err);
        }
    }
}

#[tokio::test]
async fn a_queue_of_a_newer_version_is_not_looked_at_and_the_others_are() {
    let storage = Storage::new();
    let _logs = storage.queue("otlp_http", Signal::Logs, &[2]);
    let traces = storage.queue("otlp_http", Signal::Traces, &[2]);
    let file = traces.file();
    let mut bytes = std::fs::read(&file).expect("read");
    bytes[5] = 9;
    let crc = crc32c::crc32c(&bytes[..40]).to_le_bytes();
    bytes[40..44].copy_from_slice(&crc);
    std::fs::write(&file, bytes).expect("written");
    for command in ["inspect", "verify"] {
        let said = say(&["queue", command, storage.text()]).await;
        assert_eq!(said.code, Some(2));
        assert!(said.err.contains("has format 9"), "{}", said.err);
        assert!(said.out.contains("otlp_http logs: "), "{}", said.out);
    }
}
