//! The client against peers that come, go, refuse and lie.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{Request, StatusCode};
use parking_lot::Mutex;
use sidelight_net::ChunkedBody;
use sidelight_net::client::{
    Answer, Client, ClientSettings, Keepalive, Protocol, Resolve, SendError, SendErrorKind, Target,
};
use sidelight_net::grpc::{self, Code};
use sidelight_testkit::scripted_http2::{Script, ScriptedServer};
use tokio::io::AsyncWriteExt;

use crate::otlp_server::{Options, OtlpServer};

const TIMEOUT: Duration = Duration::from_secs(20);

fn client(address: SocketAddr, protocol: Protocol) -> Client {
    let target = match protocol {
        Protocol::Http2 => address.to_string(),
        Protocol::Http1OrNegotiated => format!("http://{address}"),
    };
    Client::new(
        &target.parse().expect("target"),
        ClientSettings::new(protocol),
        None,
    )
    .expect("client")
}

async fn post(client: &Client) -> Result<Answer, SendError> {
    let request = Request::post("/v1/traces")
        .body(ChunkedBody::from(Bytes::from_static(b"hello")))
        .expect("request");
    client.send(request, TIMEOUT).await
}

async fn post_to(scripts: &[Script]) -> (Result<Answer, SendError>, (usize, usize)) {
    let server = ScriptedServer::start(scripts).await;
    let result = post(&client(server.address, Protocol::Http2)).await;
    (result, server.counts())
}

#[tokio::test]
async fn what_the_peer_surely_did_not_process_is_sent_once_more() {
    for scripts in [
        &[Script::GoAwayUnprocessed, Script::Answer][..],
        &[Script::RefuseFirst],
    ] {
        let (result, (_, requests)) = post_to(scripts).await;
        assert_eq!(result.expect("answered").status, StatusCode::OK, "{scripts:?}");
        assert_eq!(requests, 2, "{scripts:?}");
    }
    let (result, (_, requests)) = post_to(&[Script::GoAwayUnprocessed]).await;
    let error = result.expect_err("refused twice");
    assert_eq!(
        (error.kind, error.maybe_processed, requests),
        (SendErrorKind::Broken, false, 2),
        "{error}"
    );
}

#[tokio::test]
async fn what_the_peer_may_have_processed_is_not_repeated() {
    for script in [
        &[Script::CloseUnanswered],
        &[Script::HalfAnswer],
        &[Script::Reset],
    ] {
        let (result, (_, requests)) = post_to(script).await;
        let error = result.expect_err("no answer");
        assert_eq!(
            (error.kind, error.maybe_processed, requests),
            (SendErrorKind::Broken, true, 1),
            "{script:?}: {error}"
        );
    }
}

#[tokio::test]
async fn a_call_that_goaway_does_not_touch_is_answered() {
    let (result, counts) = post_to(&[Script::GoAwayThenAnswer]).await;
    assert_eq!(result.expect("answered").status, StatusCode::OK);
    assert_eq!(counts, (1, 1));
}

#[tokio::test]
async fn connections_that_end_are_replaced_without_an_error() {
    let server = ScriptedServer::start(&[Script::AnswerOnce]).await;
    let client = client(server.address, Protocol::Http2);
    for number in 1..=5 {
        post(&client).await.expect("answered");
        assert_eq!(server.counts().1, number);
    }
}

#[tokio::test]
async fn one_connection_carries_concurrent_requests() {
    let server = ScriptedServer::start(&[Script::Answer]).await;
    let client = client(server.address, Protocol::Http2);
    let results = futures_util::future::join_all((0..20).map(|_| post(&client))).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(server.counts(), (1, 20));
}

#[tokio::test]
async fn answers_that_are_no_success_are_returned_as_they_are() {
    let (result, _) = post_to(&[Script::Status(302)]).await;
    assert_eq!(
        result.expect("an answer").status,
        StatusCode::FOUND,
        "redirects are not followed"
    );
    let (result, _) = post_to(&[Script::Status(502)]).await;
    let status = grpc::read_response(&result.expect("an answer")).expect_err("no success");
    assert_eq!(status.code, Code::Unavailable);
    let (result, _) = post_to(&[Script::Endless]).await;
    let error = result.expect_err("too large");
    assert_eq!(
        (error.kind, error.maybe_processed),
        (SendErrorKind::AnswerTooLarge, true)
    );
}

#[tokio::test]
async fn silence_ends_with_the_timeout_or_with_the_unanswered_ping() {
    let server = ScriptedServer::start(&[Script::Silence]).await;
    let request = || {
        Request::post("/")
            .body(ChunkedBody::from(Bytes::from_static(b"x")))
            .expect("request")
    };
    let error = client(server.address, Protocol::Http2)
        .send(request(), Duration::from_millis(300))
        .await;
    let error = error.expect_err("silence");
    assert_eq!(
        (error.kind, error.maybe_processed),
        (SendErrorKind::Timeout, true)
    );

    let keepalive = Keepalive {
        time: Duration::from_millis(50),
        timeout: Duration::from_millis(50),
        permit_without_stream: false,
    };
    let settings = ClientSettings {
        keepalive: Some(keepalive),
        ..ClientSettings::new(Protocol::Http2)
    };
    let target = server.address.to_string().parse().expect("target");
    let client = Client::new(&target, settings, None).expect("client");
    let error = client.send(request(), TIMEOUT).await.expect_err("dead");
    assert_eq!(
        (error.kind, error.maybe_processed),
        (SendErrorKind::Broken, true),
        "{error}"
    );
}

#[tokio::test]
async fn a_peer_that_speaks_only_http1_is_named_as_what_it_is() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.expect("written");
            // Until the client leaves: closing first could reset the connection under its feet.
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        }
    });
    let error = post(&client(address, Protocol::Http2))
        .await
        .expect_err("no HTTP/2");
    assert_eq!(error.kind, SendErrorKind::Broken);
    assert!(error.to_string().contains("does not speak HTTP/2"), "{error}");
}

/// An address of a port that nobody listens on.
async fn closed_port() -> SocketAddr {
    tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("bound")
        .local_addr()
        .expect("address")
}

#[tokio::test]
async fn a_refused_connection_is_unsent_and_the_address_rests() {
    for protocol in [Protocol::Http2, Protocol::Http1OrNegotiated] {
        let client = client(closed_port().await, protocol);
        for _ in 0..3 {
            let error = post(&client).await.expect_err("refused");
            assert_eq!(
                (error.kind, error.maybe_processed),
                (SendErrorKind::Connect, false),
                "{error}"
            );
            assert!(
                error
                    .retry_after
                    .is_some_and(|delay| delay < Duration::from_secs(6)),
                "{error:?}"
            );
        }
    }
}

/// A resolver whose answer can be changed.
#[derive(Clone, Default)]
struct FakeResolver(Arc<Mutex<Vec<SocketAddr>>>);

/// A resolver that answers once and then says nothing.
#[derive(Clone)]
struct SilentResolver(Arc<Mutex<Option<SocketAddr>>>);

impl Resolve for SilentResolver {
    fn resolve<'a>(&'a self, _host: &'a str, _port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let address = self.0.lock().take();
        async move {
            match address {
                Some(address) => Ok(vec![address]),
                None => std::future::pending().await,
            }
        }
        .boxed()
    }
}

impl Resolve for FakeResolver {
    fn resolve<'a>(&'a self, _host: &'a str, _port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let addresses = self.0.lock().clone();
        async move {
            if addresses.is_empty() {
                Err(io::ErrorKind::NotFound.into())
            } else {
                Ok(addresses)
            }
        }
        .boxed()
    }
}

fn named_client(resolver: &FakeResolver) -> Client {
    let target: Target = "backend.example:4317".parse().expect("target");
    let settings = ClientSettings::new(Protocol::Http2);
    Client::with_resolver(&target, settings, None, Arc::new(resolver.clone())).expect("client")
}

#[tokio::test]
async fn addresses_take_turns_and_the_living_serve_for_the_dead() {
    let resolver = FakeResolver::default();
    let client = named_client(&resolver);
    let error = post(&client).await.expect_err("no address");
    assert_eq!(
        (error.kind, error.maybe_processed),
        (SendErrorKind::Resolve, false)
    );

    let (one, two) = (
        ScriptedServer::start(&[Script::Answer]).await,
        ScriptedServer::start(&[Script::Answer]).await,
    );
    *resolver.0.lock() = vec![one.address, closed_port().await, two.address, one.address];
    for _ in 0..30 {
        post(&client).await.expect("answered");
    }
    let (a, b) = (one.counts(), two.counts());
    assert_eq!((a.0, b.0, a.1 + b.1), (1, 1, 30));
    assert!(a.1 >= 8 && b.1 >= 8, "{a:?} {b:?}");
}

#[tokio::test]
async fn a_name_server_that_says_nothing_does_not_hold_up_what_has_a_connection() {
    let server = ScriptedServer::start(&[Script::Answer]).await;
    let resolver = SilentResolver(Arc::new(Mutex::new(Some(server.address))));
    let target: Target = "backend.example:4317".parse().expect("target");
    let settings = ClientSettings::new(Protocol::Http2);
    let client = Client::with_resolver(&target, settings, None, Arc::new(resolver)).expect("client");
    post(&client).await.expect("answered");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    // Well within the time that a look-up is waited for.
    let in_time = tokio::time::timeout(Duration::from_secs(3), post(&client)).await;
    in_time.expect("not held up").expect("answered");
}

#[tokio::test]
async fn a_backend_that_moved_is_found_again() {
    let resolver = FakeResolver::default();
    let client = named_client(&resolver);
    let old = ScriptedServer::start(&[Script::CloseUnanswered]).await;
    *resolver.0.lock() = vec![old.address];
    post(&client).await.expect_err("it breaks");
    let new = ScriptedServer::start(&[Script::Answer]).await;
    *resolver.0.lock() = vec![new.address];
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(6)).await;
    tokio::time::resume();
    post(&client).await.expect("answered");
    assert_eq!(new.counts(), (1, 1));
}

#[tokio::test]
async fn http1_connections_are_used_again_and_replaced_when_closed() {
    let server = OtlpServer::start(Options::default()).await;
    let address = server.address();
    let client = client(address, Protocol::Http1OrNegotiated);
    for _ in 0..10 {
        assert_eq!(post(&client).await.expect("answered").status, StatusCode::OK);
    }
    assert_eq!((server.received.lock().len(), server.peers.lock().len()), (10, 1));
    server.stop(Duration::from_secs(5)).await;
    // Same port, new process: the pooled connection is dead.
    let options = Options {
        endpoint: address.to_string(),
        ..Options::default()
    };
    let server = OtlpServer::start(options).await;
    assert_eq!(post(&client).await.expect("answered").status, StatusCode::OK);
    assert_eq!(server.received.lock().len(), 1);
}

#[tokio::test]
async fn dropping_a_call_leaves_the_client_usable() {
    let server = OtlpServer::start(Options::default()).await;
    for protocol in [Protocol::Http2, Protocol::Http1OrNegotiated] {
        let client = client(server.address(), protocol);
        for _ in 0..20 {
            let request = Request::post("/never")
                .body(ChunkedBody::default())
                .expect("request");
            let call = client.send(request, TIMEOUT);
            assert!(
                tokio::time::timeout(Duration::from_millis(5), call)
                    .await
                    .is_err()
            );
        }
        post(&client).await.expect("answered");
    }
}

#[tokio::test]
async fn unix_sockets_carry_both_protocols() {
    let folder = tempfile::tempdir().expect("folder");
    let endpoint = format!("unix://{}", folder.path().join("s.sock").display());
    let server = OtlpServer::start(Options {
        endpoint: endpoint.clone(),
        ..Options::default()
    })
    .await;
    for protocol in [Protocol::Http2, Protocol::Http1OrNegotiated] {
        let target = endpoint.parse().expect("target");
        let client = Client::new(&target, ClientSettings::new(protocol), None).expect("client");
        assert_eq!(post(&client).await.expect("answered").status, StatusCode::OK);
    }
    assert_eq!(server.received.lock().len(), 2);
    server.stop(Duration::from_secs(5)).await;
    assert!(!folder.path().join("s.sock").exists());
}
