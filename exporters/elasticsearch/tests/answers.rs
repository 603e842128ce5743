//! One row for every kind of answer; what a document was answered for good is not sent again.

use std::io::Read as _;
use std::time::{Duration, Instant};

use sidelight_component::{Sent, Signal};
use sidelight_testkit::scripted_http1::{Script, Server, answer};

use super::{exporter, logs};

fn says(status: u16, body: &str) -> Script {
    Script::Write(answer(status, &[], body.as_bytes()))
}

async fn attempt(script: Script, settings: &str) -> Sent {
    let server = Server::start(script).await;
    let exporter = exporter(&format!("endpoint: http://{}\n{settings}", server.address));
    let request = exporter
        .encode(Signal::Logs, &logs(&["a", "b"]))
        .expect("encoded");
    exporter
        .send(&request, Instant::now() + Duration::from_secs(10))
        .await
}

const FULL: &str = r#"{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"full"}}}]}"#;

#[tokio::test]
async fn an_answer_means_what_the_reference_says() {
    let both = r#"{"errors":true,"items":[{"create":{"status":400,"error":{"type":"t","reason":"bad"}}},{"create":{"status":400,"error":{"type":"t","reason":"bad"}}}]}"#;
    let one = r#"{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":400,"error":{"type":"t","reason":"bad"}}}]}"#;
    let taken = attempt(says(200, r#"{"errors":false,"took":1}"#), "").await;
    assert_eq!(taken, Sent::Accepted);
    let told = "HTTP 400 t: bad";
    let reason = told.into();
    assert_eq!(attempt(says(200, both), "").await, Sent::Rejected { reason });
    let partial = Sent::Partial {
        rejected: 1,
        reason: told.into(),
    };
    assert_eq!(attempt(says(200, one), "").await, partial);
    assert!(matches!(attempt(says(413, ""), "").await, Sent::TooLarge { .. }));
    assert!(matches!(attempt(says(503, ""), "").await, Sent::Retry { .. }));
    assert!(matches!(attempt(says(401, ""), "").await, Sent::Retry { .. }));
    assert!(matches!(
        attempt(says(400, "no"), "").await,
        Sent::Rejected { .. }
    ));
    assert!(matches!(
        attempt(Script::CloseAtOnce, "").await,
        Sent::Retry { .. }
    ));
}

#[tokio::test]
async fn only_what_was_refused_for_now_is_sent_again() {
    for compression in ["none", "gzip"] {
        let then = r#"{"errors":true,"items":[{"create":{"status":409}}]}"#;
        let answers = [FULL, then].map(|body| answer(200, &[], body.as_bytes()));
        let server = Server::start(Script::WriteInTurn(answers.to_vec())).await;
        let exporter = exporter(&format!(
            "endpoint: http://{}\ncompression: {compression}\n",
            server.address
        ));
        let request = exporter
            .encode(Signal::Logs, &logs(&["first", "second"]))
            .expect("encoded");
        let deadline = Instant::now() + Duration::from_secs(10);
        let Sent::Retry { reason, .. } = exporter.send(&request, deadline).await else {
            panic!("not to be sent again");
        };
        assert!(reason.contains("full"), "{reason}");
        assert_eq!(exporter.send(&request, deadline).await, Sent::Accepted);
        let bodies: Vec<String> = server
            .take()
            .iter()
            .map(|got| plain(compression, &got.body))
            .collect();
        let has = |body: &str| (body.contains("first"), body.contains("second"));
        assert_eq!([has(&bodies[0]), has(&bodies[1])], [(true, true), (false, true)]);
    }
}

fn plain(compression: &str, body: &[u8]) -> String {
    let mut text = String::new();
    match compression {
        "gzip" => flate2::read::GzDecoder::new(body)
            .read_to_string(&mut text)
            .expect("gzip"),
        _ => (&mut &body[..]).read_to_string(&mut text).expect("text"),
    };
    text
}

#[tokio::test]
async fn credentials_and_headers_are_on_the_wire() {
    for (settings, header, value) in [
        (
            "user: me\npassword: secret\n",
            "authorization",
            "Basic bWU6c2VjcmV0",
        ),
        ("api_key: abc==\n", "authorization", "ApiKey abc=="),
        ("headers: {x-found: shard}\n", "x-found", "shard"),
        ("", "content-type", "application/x-ndjson"),
        ("", "content-encoding", "gzip"),
    ] {
        let server = Server::start(says(200, r#"{"errors":false}"#)).await;
        let exporter = exporter(&format!("endpoint: http://{}/es/\n{settings}", server.address));
        let request = exporter.encode(Signal::Logs, &logs(&["a"])).expect("encoded");
        exporter
            .send(&request, Instant::now() + Duration::from_secs(10))
            .await;
        let got = server.take();
        assert_eq!(got[0].header(header), Some(value));
        assert!(
            got[0].head.starts_with("POST /es/_bulk?filter_path="),
            "{}",
            got[0].head
        );
    }
}

#[tokio::test]
async fn the_next_node_is_asked_where_one_cannot_be_reached() {
    let server = Server::start(says(200, r#"{"errors":false}"#)).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let away = free.local_addr().expect("its address");
    drop(free);
    let exporter = exporter(&format!(
        "endpoints: ['http://{away}', 'http://{}']\ntimeout: 5s\n",
        server.address
    ));
    for _ in 0..4 {
        let request = exporter.encode(Signal::Logs, &logs(&["a"])).expect("encoded");
        let sent = exporter
            .send(&request, Instant::now() + Duration::from_secs(5))
            .await;
        assert_eq!(sent, Sent::Accepted);
    }
}
