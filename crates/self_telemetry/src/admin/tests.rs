use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use sidelight_component::Panics;
use sidelight_component::metrics::Registry;
use sidelight_config::Endpoint;

use super::*;

/// So that a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

struct Echo;

impl Pages for Echo {
    fn page(&self, request: PageRequest<'_>) -> Page {
        match request.path {
            "/panic" => panic!("on purpose"),
            "/missing" => Page::not_found(),
            path => Page::text(StatusCode::OK, format!("{path} {:?}", request.accept)),
        }
    }
}

fn endpoint(text: &str) -> Endpoint {
    Endpoint::parse(text).expect("an endpoint")
}

fn panics() -> Panics {
    Panics::new("extension", "echo", &Registry::default())
}

fn server() -> Server {
    server_on(AdminThread::start().expect("a thread"), panics())
}

fn server_on(thread: Arc<AdminThread>, panics: Panics) -> Server {
    let listener = Listener::bind(&endpoint("localhost:0"), false, &[]).expect("a free port");
    Server::start(listener, thread, Arc::new(Echo), panics).expect("a server")
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream
}

/// The whole answer to a request as it is written.
fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = connect(address);
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[test]
fn a_page_is_answered_with_headers_that_keep_browsers_out() {
    let server = server();
    let answer = exchange(
        server.local_addr(),
        b"GET /metrics?x=1 HTTP/1.1\r\nHost: localhost:8888\r\nAccept: text/plain\r\n\r\n",
    );
    assert_eq!(status(&answer), "200");
    assert!(
        answer.ends_with("\r\n\r\n/metrics Some(\"text/plain\")\n"),
        "{answer}"
    );
    for header in [
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "content-security-policy: default-src 'none'",
        "content-type: text/plain; charset=utf-8",
    ] {
        assert!(answer.contains(&format!("{header}\r\n")), "{header} in {answer}");
    }
}

#[test]
fn every_trick_with_host_and_method_has_its_status() {
    let panics = panics();
    let server = server_on(AdminThread::start().expect("a thread"), panics.clone());
    for (request, expected) in [
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "200"),
        ("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"),
        ("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "403"),
        (
            "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "403",
        ),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
            "403",
        ),
        ("GET / HTTP/1.1\r\n\r\n", "403"),
        ("GET / HTTP/1.0\r\n\r\n", "403"),
        ("GET / HTTP/1.1\r\nHost: \r\n\r\n", "403"),
        ("GET / HTTP/1.1\r\nHost: localh\u{f6}st\r\n\r\n", "403"),
        // The host comes before everything else.
        (
            "POST /panic HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n",
            "403",
        ),
        (
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
            "405",
        ),
        ("DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"),
        ("GET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
        ("GET /panic HTTP/1.1\r\nHost: localhost\r\n\r\n", "500"),
        ("\r\n\r\nnonsense\r\n\r\n", "400"),
    ] {
        assert_eq!(
            status(&exchange(server.local_addr(), request.as_bytes())),
            expected,
            "{request:?}"
        );
    }
    let still = exchange(server.local_addr(), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(status(&still), "200");
    assert_eq!(panics.count(), 1);
}

#[test]
fn an_endless_head_is_refused() {
    let server = server();
    let mut request = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ".to_vec();
    request.resize(1 << 20, b'a');
    let answer = exchange(server.local_addr(), &request);
    assert!(matches!(status(&answer), "431" | "400" | "none"), "{answer}");
}

#[test]
fn beyond_the_cap_a_connection_waits_until_another_one_ends() {
    let server = server();
    let mut idle: Vec<TcpStream> = (0..MAX_CONNECTIONS)
        .map(|_| connect(server.local_addr()))
        .collect();
    let mut late = connect(server.local_addr());
    late.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("a socket");
    late.set_read_timeout(Some(Duration::from_millis(300)))
        .expect("a socket");
    let mut first = [0; 1];
    assert!(
        late.read(&mut first).is_err(),
        "answered although all places are taken"
    );
    idle.pop();
    late.set_read_timeout(Some(PATIENCE)).expect("a socket");
    assert_eq!(late.read(&mut first).expect("an answer"), 1);
}

#[test]
fn who_takes_all_places_and_says_nothing_keeps_nobody_out() {
    let server = server();
    let idle: Vec<TcpStream> = (0..2 * MAX_CONNECTIONS)
        .map(|_| connect(server.local_addr()))
        .collect();
    let answer = exchange(server.local_addr(), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(status(&answer), "200");
    drop(idle);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_no_head_is_cut_off() {
    use tokio::io::AsyncReadExt;
    // The accept loop runs on this test's runtime, whose clock jumps to the next timer.
    let listener = Listener::bind(&endpoint("127.0.0.1:0"), false, &[]).expect("a free port");
    let address = listener.local_addr();
    let accepting = tokio::spawn(connection::accept_on(listener, Arc::new(Echo), panics()));
    let begun = tokio::time::Instant::now();
    let mut client = tokio::net::TcpStream::connect(address)
        .await
        .expect("the server listens");
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest).await;
    let waited = begun.elapsed();
    assert!(
        waited >= Duration::from_secs(10) && waited < Duration::from_secs(11),
        "{waited:?}"
    );
    accepting.abort();
}

#[test]
fn a_dropped_server_gives_its_address_back_though_its_thread_works_on() {
    let thread = AdminThread::start().expect("a thread");
    let server = server_on(thread.clone(), panics());
    let address = server.local_addr();
    let mut idle = connect(address);
    drop(server);
    assert_eq!(idle.read(&mut [0; 1]).unwrap_or(0), 0, "the connection ends");
    // The listener is closed in the same turn of the thread, right after the connection.
    let begun = std::time::Instant::now();
    while TcpListener::bind(address).is_err() {
        assert!(begun.elapsed() < PATIENCE, "the address is still taken");
        std::thread::yield_now();
    }
    drop(thread);
}

#[test]
fn the_shared_thread_is_one_for_all_and_ends_with_its_last_user() {
    let one = AdminThread::shared().expect("a thread");
    let two = AdminThread::shared().expect("a thread");
    assert!(Arc::ptr_eq(&one, &two));
    let (ended, wait) = std::sync::mpsc::channel::<()>();
    // A task holds the sender for as long as the runtime lives.
    one.handle().spawn(async move {
        let _held = ended;
        std::future::pending::<()>().await;
    });
    drop((one, two));
    assert_eq!(
        wait.recv_timeout(PATIENCE),
        Err(std::sync::mpsc::RecvTimeoutError::Disconnected)
    );
}

#[test]
fn an_address_that_cannot_be_used_is_refused_with_advice() {
    for (text, insecure, sentence) in [
        (
            "0.0.0.0:8888",
            false,
            "say that it is meant with `insecure: true`",
        ),
        (":13133", false, "use `localhost:13133`"),
        ("unix:///run/x.sock", false, "unix socket is not supported"),
        ("192.0.2.1:1", true, "this machine does not have that address"),
    ] {
        let error = Listener::bind(&endpoint(text), insecure, &[])
            .expect_err(text)
            .to_string();
        assert!(error.contains(sentence), "{error}");
    }
    let held = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let held_at = held.local_addr().map(|a| a.to_string()).expect("an address");
    let error = Listener::bind(&endpoint(&held_at), false, &[])
        .expect_err("in use")
        .to_string();
    assert!(error.contains("another program listens there"), "{error}");
    assert!(Listener::bind(&endpoint("0.0.0.0:0"), true, &[]).is_ok());
}
