//! The relay over tonic's server and channel, with a codec that leaves messages as bytes.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use anyhow::Result;
use bytes::{Buf, BufMut, Bytes};
use http::uri::PathAndQuery;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::NamedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

use crate::Args;

const LIMIT: usize = 64 << 20;

#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, dst: &mut EncodeBuf<'_>) -> Result<(), Status> {
        dst.reserve(item.len());
        dst.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, src: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(src.copy_to_bytes(src.remaining())))
    }
}

#[derive(Clone)]
struct Relay {
    channels: Arc<Vec<Channel>>,
    turn: Arc<AtomicUsize>,
}

impl tonic::server::UnaryService<Bytes> for Call {
    type Response = Bytes;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Status>> + Send>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let (channel, path) = (self.channel.clone(), self.path.clone());
        Box::pin(async move {
            let mut client = tonic::client::Grpc::new(channel).max_decoding_message_size(LIMIT);
            client
                .ready()
                .await
                .map_err(|e| Status::unavailable(e.to_string()))?;
            client.unary(Request::new(request.into_inner()), path, Raw).await
        })
    }
}

struct Call {
    channel: Channel,
    path: PathAndQuery,
}

impl tower_service::Service<http::Request<Body>> for Relay {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let turn = self.turn.fetch_add(1, Relaxed) % self.channels.len();
        let channel = self.channels[turn].clone();
        Box::pin(async move {
            let path = request.uri().path_and_query().cloned();
            let call = Call {
                channel,
                path: path.unwrap_or(PathAndQuery::from_static("/")),
            };
            let mut grpc = tonic::server::Grpc::new(Raw).max_decoding_message_size(LIMIT);
            Ok(grpc.unary(call, request).await)
        })
    }
}

/// tonic routes by service name: one wrapper for each of the three.
#[derive(Clone)]
struct Traces(Relay);

impl NamedService for Traces {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

impl tower_service::Service<http::Request<Body>> for Traces {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = <Relay as tower_service::Service<http::Request<Body>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        self.0.call(request)
    }
}

pub(crate) async fn run(args: &Args, listen: &str, next: &str) -> Result<()> {
    let mut channels = Vec::new();
    for _ in 0..args.upstream.max(1) {
        let mut endpoint = Endpoint::from_shared(format!("http://{next}"))?
            .tcp_nodelay(!args.nagle)
            .http2_adaptive_window(args.adaptive);
        if args.stream_window > 0 {
            endpoint = endpoint.initial_stream_window_size(args.stream_window << 10);
        }
        channels.push(endpoint.connect().await?);
    }
    let relay = Relay {
        channels: Arc::new(channels),
        turn: Arc::default(),
    };
    let incoming = TcpIncoming::bind(listen.parse()?)?.with_nodelay(Some(!args.nagle));
    let mut server = Server::builder()
        .max_frame_size(args.frame)
        .http2_adaptive_window(Some(args.adaptive));
    if !args.adaptive {
        server = server
            .initial_stream_window_size((args.stream_window > 0).then_some(args.stream_window << 10))
            .initial_connection_window_size(
                (args.connection_window > 0).then_some(args.connection_window << 10),
            );
    }
    server
        .add_service(Traces(relay))
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}
