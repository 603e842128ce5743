//! The relay over hyper, with gRPC framing of its own.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use anyhow::{Result, ensure};
use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http2 as client;
use hyper::rt::Executor;
use hyper::server::conn::http2 as server;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::payload::{Answer, Outgoing, Payload};
use crate::pool::Pool;
use crate::socket::{CorkedExecutor, Socket};
use crate::{Args, Collect};

struct Upstream {
    address: String,
    connections: Vec<client::SendRequest<Outgoing>>,
    turn: AtomicUsize,
    pool: Pool,
}

pub(crate) async fn run(args: &Args, listen: &str, next: String) -> Result<()> {
    let mut connections = Vec::new();
    for _ in 0..args.upstream.max(1) {
        connections.push(connect(args, &next).await?);
    }
    let upstream = Arc::new(Upstream {
        address: next,
        connections,
        turn: AtomicUsize::new(0),
        pool: Pool::default(),
    });
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (tcp, _) = listener.accept().await?;
        let socket = Socket::new(tcp, args)?;
        let mut builder = server::Builder::new(CorkedExecutor(socket.clone()));
        builder.max_frame_size(args.frame).auto_date_header(false);
        if args.adaptive {
            builder.adaptive_window(true);
        } else {
            builder
                .initial_stream_window_size(kib(args.stream_window))
                .initial_connection_window_size(kib(args.connection_window));
        }
        if args.send_buffer > 0 {
            builder.max_send_buf_size(args.send_buffer << 10);
        }
        let (upstream, collect) = (upstream.clone(), args.collect);
        let service = service_fn(move |request| relay(upstream.clone(), collect, request));
        let connection = builder.serve_connection(TokioIo::new(socket.clone()), service);
        CorkedExecutor(socket).execute(connection);
    }
}

fn kib(n: u32) -> Option<u32> {
    (n > 0).then_some(n << 10)
}

async fn connect(args: &Args, next: &str) -> Result<client::SendRequest<Outgoing>> {
    let socket = Socket::new(TcpStream::connect(next).await?, args)?;
    let mut builder = client::Builder::new(CorkedExecutor(socket.clone()));
    if args.adaptive {
        builder.adaptive_window(true);
    }
    if args.send_buffer > 0 {
        builder.max_send_buf_size(args.send_buffer << 10);
    }
    let (sender, connection) = builder.handshake(TokioIo::new(socket.clone())).await?;
    CorkedExecutor(socket).execute(connection);
    Ok(sender)
}

async fn relay(
    upstream: Arc<Upstream>,
    collect: Collect,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    Ok(match forward(&upstream, collect, request).await {
        Ok((message, trailers)) => respond(Some(message), trailers),
        Err(_) => respond(
            None,
            HeaderMap::from_iter([(GRPC_STATUS, HeaderValue::from_static("14"))]),
        ),
    })
}

const GRPC_STATUS: http::HeaderName = http::HeaderName::from_static("grpc-status");

async fn forward(
    upstream: &Upstream,
    collect: Collect,
    request: Request<Incoming>,
) -> Result<(Bytes, HeaderMap)> {
    let (head, body) = request.into_parts();
    let body = match collect {
        Collect::Stream => Outgoing::Streamed(body),
        Collect::Exact => Outgoing::Whole(Some(Payload::One(exact(body, None).await?))),
        Collect::Pool => Outgoing::Whole(Some(Payload::One(exact(body, Some(&upstream.pool)).await?))),
        Collect::Frames => Outgoing::Whole(Some(frames(body).await?)),
    };
    let mut out = Request::post(format!("http://{}{}", upstream.address, head.uri.path()))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    if let Some(encoding) = head.headers.get("grpc-encoding") {
        out = out.header("grpc-encoding", encoding);
    }
    let turn = upstream.turn.fetch_add(1, Relaxed) % upstream.connections.len();
    let mut connection = upstream.connections[turn].clone();
    connection.ready().await?;
    let response = connection.send_request(out.body(body)?).await?;
    let (head, body) = response.into_parts();
    let body = body.collect().await?;
    let mut trailers = HeaderMap::with_capacity(1);
    let status = body
        .trailers()
        .and_then(|t| t.get(GRPC_STATUS))
        .or(head.headers.get(GRPC_STATUS));
    trailers.insert(
        GRPC_STATUS,
        status.cloned().unwrap_or(HeaderValue::from_static("2")),
    );
    Ok((body.to_bytes(), trailers))
}

/// Reads the one message of a unary call, prefix included, into a buffer of its stated size.
///
/// A message that came in a single frame is taken as it is, without a copy. At most 64 MiB.
async fn exact(mut body: Incoming, pool: Option<&Pool>) -> Result<Bytes> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if whole.is_empty() && data.len() >= 5 {
            let stated = 5 + (&data[1..5]).get_u32() as usize;
            ensure!(stated <= 64 << 20, "a message of {stated} bytes");
            if stated == data.len() {
                return Ok(data);
            }
            whole = pool.map(Pool::take).unwrap_or_default();
            whole.reserve_exact(stated);
        }
        ensure!(
            whole.len() + data.len() <= 64 << 20,
            "a body larger than its prefix states"
        );
        whole.extend_from_slice(&data);
    }
    Ok(match pool {
        Some(pool) => pool.lend(whole),
        None => whole.into(),
    })
}

async fn frames(mut body: Incoming) -> Result<Payload> {
    let mut pieces = std::collections::VecDeque::new();
    let mut left = 0;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            left += data.len();
            ensure!(left <= 64 << 20, "a body of more than 64 MiB");
            pieces.push_back(data);
        }
    }
    Ok(Payload::Many { pieces, left })
}

fn respond(message: Option<Bytes>, trailers: HeaderMap) -> Response<Answer> {
    let mut response = Response::new(Answer {
        message,
        trailers: Some(trailers),
    });
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("application/grpc"));
    response
}
