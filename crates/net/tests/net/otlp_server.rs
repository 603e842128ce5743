//! A small OTLP server made of this crate: what the receiver does, without a pipeline.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use parking_lot::Mutex;
use sidelight_net::admission::FixedBudget;
use sidelight_net::grpc::{self, ReadLimits};
use sidelight_net::listener::{BoundListener, Endpoint, bind};
use sidelight_net::server::{ConnInfo, Drained, Server, ServerSettings, Shutdown};
use sidelight_net::tls::ServerTls;
use sidelight_net::{Incoming, ReplyBody, http_body};
use tokio::task::JoinHandle;

/// What one server got and how it is stopped.
pub(crate) struct OtlpServer {
    pub(crate) listener: BoundListener,
    pub(crate) budget: FixedBudget,
    pub(crate) received: Arc<Mutex<Vec<Bytes>>>,
    /// The client's side of every connection that brought a request.
    pub(crate) peers: Arc<Mutex<HashSet<SocketAddr>>>,
    /// What the service was doing when it panicked.
    pub(crate) panics: Arc<Mutex<Vec<String>>>,
    pub(crate) shutdown: Shutdown,
    pub(crate) task: JoinHandle<std::io::Result<Drained>>,
}

#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) endpoint: String,
    pub(crate) settings: ServerSettings,
    pub(crate) limits: ReadLimits,
    pub(crate) budget: usize,
    pub(crate) tls: Option<ServerTls>,
    /// Keep what was received.
    pub(crate) keep: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            endpoint: "127.0.0.1:0".to_owned(),
            settings: ServerSettings::default(),
            limits: ReadLimits::default(),
            budget: 64 << 20,
            tls: None,
            keep: true,
        }
    }
}

impl OtlpServer {
    pub(crate) async fn start(options: Options) -> Self {
        let endpoint: Endpoint = options.endpoint.parse().expect("endpoint");
        let listener = bind(&endpoint).await.expect("bound");
        let budget = FixedBudget::new(options.budget);
        let received = Arc::new(Mutex::new(Vec::new()));
        let sink = options.keep.then(|| received.clone());
        let peers = Arc::new(Mutex::new(HashSet::new()));
        let work = {
            let (budget, peers) = (budget.clone(), peers.clone());
            move |request: Request<Incoming>, info: Arc<ConnInfo>| {
                peers.lock().extend(info.peer);
                serve(request, options.limits, budget.clone(), sink.clone())
            }
        };
        let mut server = Server::new(listener.clone(), options.settings, work);
        if let Some(tls) = options.tls {
            server = server.with_tls(tls);
        }
        let panics = Arc::new(Mutex::new(Vec::new()));
        let told = panics.clone();
        server = server.on_panic(move |doing, panic| {
            let message = panic.downcast_ref::<&str>().copied().unwrap_or_default();
            told.lock().push(format!("{doing}: {message}"));
        });
        let shutdown = server.shutdown();
        let task = tokio::spawn(server.serve());
        Self {
            listener,
            budget,
            received,
            peers,
            panics,
            shutdown,
            task,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.tcp_address().expect("tcp")
    }

    pub(crate) async fn stop(self, grace: Duration) -> Drained {
        self.shutdown.begin(tokio::time::Instant::now() + grace);
        self.task.await.expect("no panic").expect("served")
    }
}

async fn serve(
    request: Request<Incoming>,
    limits: ReadLimits,
    budget: FixedBudget,
    sink: Option<Arc<Mutex<Vec<Bytes>>>>,
) -> Response<ReplyBody> {
    let keep = |message: Bytes| {
        if let Some(sink) = &sink {
            sink.lock().push(message);
        }
    };
    match request.uri().path() {
        "/panic" => panic!("asked to"),
        "/never" => std::future::pending().await,
        "/stream" => {
            let pieces = futures_util::stream::iter(["one ", "two ", "three"].map(Bytes::from));
            return Response::new(ReplyBody::stream(pieces));
        }
        _ => {}
    }
    if request.uri().path().starts_with("/v1/") {
        let (parts, body) = request.into_parts();
        return match http_body::read_body(&parts, body, limits, &budget).await {
            Ok(body) => {
                keep(body);
                Response::new(ReplyBody::empty())
            }
            Err(error) => {
                let mut response = Response::new(ReplyBody::full(format!("{error}\n")));
                *response.status_mut() = error.status();
                error.write_headers(response.headers_mut());
                response
            }
        };
    }
    let encoding = match grpc::check_request(&request) {
        Ok(encoding) => encoding,
        Err(response) => return *response,
    };
    match grpc::read_message(request.into_body(), encoding, limits, &budget).await {
        Ok(message) => {
            keep(message);
            grpc::reply_empty()
        }
        Err(status) => status.into_response(),
    }
}
