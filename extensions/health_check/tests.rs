use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sidelight_component::metrics::Registry;
use sidelight_component::{
    Budget, BuildContext, Clock, DrainTrigger, Extension, ExtensionConfig, Health, Host, Resource, Role,
    State, StatusBoard, drain_signal,
};
use sidelight_config::{Endpoint, FixedEnv, Owner, load_str};

use super::answer::go_duration;
use super::extension::HealthCheck;
use super::*;

/// So that a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// A host whose verdict the test gives.
#[derive(Clone)]
struct Verdict(Arc<Mutex<Health>>);

impl Host for Verdict {
    fn health(&self) -> Health {
        self.0.lock().clone()
    }
}

fn any_port() -> Config {
    Config {
        endpoint: Endpoint::tcp("localhost", 0),
        ..Config::default()
    }
}

fn context(board: &StatusBoard, clock: &Clock) -> BuildContext {
    let id: sidelight_component::ComponentId = "health_check".parse().expect("an id");
    BuildContext {
        id: id.clone(),
        pipeline: None,
        budget: Budget::new(1 << 20),
        clock: clock.clone(),
        metrics: Registry::default(),
        status: board.reporter(Role::Extension, id),
        state_dir: PathBuf::from("/nonexistent"),
        workers: 1,
    }
}

/// The extension at work, from `open` on.
struct Running {
    address: SocketAddr,
    verdict: Verdict,
    clock: Clock,
    board: StatusBoard,
    trigger: DrainTrigger,
    task: tokio::task::JoinHandle<()>,
}

async fn opened(config: Config) -> (HealthCheck, StatusBoard, Clock) {
    let (board, clock) = (
        StatusBoard::default(),
        Clock::virtual_at(1_795_183_200_500_000_000),
    );
    let mut extension = HealthCheck::new(config, &context(&board, &clock));
    extension.open().await.expect("a free port");
    (extension, board, clock)
}

async fn running(config: Config, health: Health) -> Running {
    let (extension, board, clock) = opened(config).await;
    let address = extension.local_addr().expect("it is open");
    let verdict = Verdict(Arc::new(Mutex::new(health)));
    let (trigger, drain) = drain_signal();
    let run = Box::new(extension).run(Arc::new(verdict.clone()), drain);
    let task = tokio::spawn(async move { run.await.expect("it ends well") });
    while board.snapshot()[0].2.state != State::Ok {
        tokio::task::yield_now().await;
    }
    Running {
        address,
        verdict,
        clock,
        board,
        trigger,
        task,
    }
}

/// Status and body. On a thread for waiting: the answer comes from another one.
async fn ask(address: SocketAddr, path: &str) -> (u16, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:13133\r\n\r\n");
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream.write_all(request.as_bytes()).expect("a socket");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    });
    let answer = answer.await.expect("no panic");
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("a status");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    (status, body.to_owned())
}

async fn ask_json(address: SocketAddr) -> (u16, serde_json::Value) {
    let (status, body) = ask(address, "/").await;
    (status, serde_json::from_str(&body).expect("JSON"))
}

#[tokio::test]
async fn it_is_503_from_opening_on_and_200_when_all_is_well() {
    let (extension, ..) = opened(any_port()).await;
    let (status, body) = ask_json(extension.local_addr().expect("it is open")).await;
    assert_eq!(status, 503);
    let expected = serde_json::json!({
        "status": "Server not available", "upSince": "0001-01-01T00:00:00Z", "uptime": "",
        "reasons": ["the program starts"],
    });
    assert_eq!(body, expected);

    let running = running(any_port(), Health::Ok).await;
    assert_eq!(ask_json(running.address).await.0, 200);
    running.clock.advance(Duration::from_millis(3_600_250));
    let (status, body) = ask_json(running.address).await;
    assert_eq!(status, 200);
    let expected = serde_json::json!({
        "status": "Server available", "upSince": "2026-11-20T14:00:00.5Z", "uptime": "1h0m0.25s",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn the_reasons_are_in_the_answer_and_the_way_back_is_seen() {
    let running = running(any_port(), Health::Ok).await;
    assert_eq!(ask_json(running.address).await.0, 200);
    let mut reasons: Vec<String> = (0..40)
        .map(|n| format!("exporter `e{n}`: \"refused\"\n"))
        .collect();
    *running.verdict.0.lock() = Health::Unhealthy(reasons.clone());
    let (status, body) = ask_json(running.address).await;
    reasons.truncate(32);
    reasons.push("and 8 more".to_owned());
    assert_eq!((status, &body["reasons"]), (503, &serde_json::json!(reasons)));
    assert_eq!(body["upSince"], "2026-11-20T14:00:00.5Z");
    *running.verdict.0.lock() = Health::Ok;
    assert_eq!(ask_json(running.address).await.0, 200);
    *running.verdict.0.lock() = Health::Stopping;
    let (status, body) = ask_json(running.address).await;
    assert_eq!(
        (status, &body["reasons"]),
        (503, &serde_json::json!(["the program stops"]))
    );
}

#[tokio::test]
async fn it_ends_when_told_and_gives_its_address_back() {
    let running = running(any_port(), Health::Starting).await;
    assert_eq!(ask_json(running.address).await.0, 503);
    running.trigger.request(Instant::now() + PATIENCE);
    running.task.await.expect("no panic");
    assert_eq!(running.board.snapshot()[0].2.state, State::Stopped);
    // The admin thread lets go of the socket at its next turn.
    tokio::task::spawn_blocking(move || {
        let begun = Instant::now();
        while TcpListener::bind(running.address).is_err() {
            assert!(begun.elapsed() < PATIENCE, "the address is still taken");
            std::thread::yield_now();
        }
    })
    .await
    .expect("no panic");
}

#[tokio::test]
async fn it_answers_while_the_thread_that_runs_it_is_busy() {
    // This test's runtime has one thread, and `ask` below blocks it.
    let running = running(any_port(), Health::Ok).await;
    let mut stream = TcpStream::connect(running.address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("a socket");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("content-type: application/json\r\n")
    );
}

#[tokio::test]
async fn paths_and_bodies_are_those_of_the_settings() {
    let body = ResponseBody {
        healthy: "fine".to_owned(),
        unhealthy: "not fine".to_owned(),
    };
    let exact = Config {
        path: "/health".to_owned(),
        response_body: Some(body),
        ..any_port()
    };
    let one = running(exact, Health::Ok).await;
    assert_eq!(ask(one.address, "/health").await, (200, "fine".to_owned()));
    assert_eq!(ask(one.address, "/health?verbose").await.0, 200);
    *one.verdict.0.lock() = Health::Unhealthy(vec!["secret reason".to_owned()]);
    assert_eq!(ask(one.address, "/health").await, (503, "not fine".to_owned()));
    for path in ["/", "/health/", "/healthy"] {
        assert_eq!(ask(one.address, path).await.0, 404, "{path}");
    }
    let below = Config {
        path: "/h/".to_owned(),
        ..any_port()
    };
    let other = running(below, Health::Ok).await;
    for (path, status) in [("/h/", 200), ("/h/x", 200), ("/h", 404), ("/", 404)] {
        assert_eq!(ask(other.address, path).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn an_address_in_use_is_an_error_of_the_endpoint() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port();
    let config = Config {
        endpoint: Endpoint::tcp("127.0.0.1", port),
        ..Config::default()
    };
    let (board, clock) = (StatusBoard::default(), Clock::system());
    let error = HealthCheck::new(config, &context(&board, &clock))
        .open()
        .await
        .expect_err("in use");
    assert_eq!(error.setting.as_deref(), Some("endpoint"));
    assert!(
        error.message.contains("another program listens there already"),
        "{error}"
    );
}

#[test]
fn the_address_is_claimed_before_anything_starts() {
    let claimed = Resource::Listen {
        endpoint: "localhost:13133".to_owned(),
        setting: "endpoint".to_owned(),
    };
    assert_eq!(Config::default().resources(), [claimed]);
}

#[test]
fn a_mistake_says_what_to_do() {
    for (settings, sentence, is_error) in [
        (
            "endpoint: 0.0.0.0:13133",
            "say that it is meant with `insecure: true`",
            true,
        ),
        ("endpoint: unix:///run/x.sock", "must not be a unix socket", true),
        ("path: health", "write `/health`", true),
        ("tls: {cert_file: x}", "health is answered without TLS", true),
        (
            "check_collector_pipeline: {enabled: true}",
            "exporters are part of the answer anyway",
            false,
        ),
        ("response_body: {helthy: x}", "did you mean `healthy`?", true),
        ("{endpoint: '0.0.0.0:13133', insecure: true}", "", false),
    ] {
        let text = format!("health_check:\n  {settings}\n");
        let (tree, mut mistakes) = load_str("pipeline.yaml", &text, &FixedEnv::default());
        let tree = tree.expect("YAML");
        let node = tree.root.get("health_check").expect("the block");
        let owner = Owner {
            label: "extension `health_check`".to_owned(),
            readme: None,
            place: node.span,
        };
        let read = sidelight_config::read::<Config>(node, owner, &mut mistakes);
        assert_eq!(read.is_none() || mistakes.has_errors(), is_error, "{settings}");
        assert!(
            mistakes.render_plain().contains(sentence),
            "{settings}\n{}",
            mistakes.render_plain()
        );
    }
}

#[test]
fn durations_are_written_as_go_writes_them() {
    for (nanos, text) in [
        (0, "0s"),
        (1, "1ns"),
        (1_100, "1.1µs"),
        (250_000_000, "250ms"),
        (2_200_000, "2.2ms"),
        (1_000_000_000, "1s"),
        (984_684_476_004, "16m24.684476004s"),
        (3_600_000_000_000, "1h0m0s"),
        (90_061_500_000_000, "25h1m1.5s"),
    ] {
        assert_eq!(go_duration(Duration::from_nanos(nanos)), text);
    }
}
