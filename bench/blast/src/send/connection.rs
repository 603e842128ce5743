//! Connections to the collector: one over HTTP/2 is shared by several workers, over HTTP/1.1 each has its own.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::body::Pieces;
use super::refusals::Refused;
use crate::args::{Args, Compression, Protocol, Signal};

/// The HTTP/2 connection of a group of workers, made anew when it is gone.
pub(crate) type Shared = Arc<tokio::sync::Mutex<Option<http2::SendRequest<Pieces>>>>;

/// What one worker sends over.
pub(crate) struct Connection {
    address: String,
    path: &'static str,
    protocol: Protocol,
    compression: Compression,
    send_frame: usize,
    timeout: Duration,
    shared: Shared,
    own: Option<http1::SendRequest<Pieces>>,
}

impl Connection {
    pub(crate) fn new(args: &Args, shared: Shared) -> Self {
        Self {
            address: args.sends_to().to_owned(),
            path: path(args.protocol, args.signal),
            protocol: args.protocol,
            compression: args.compression,
            send_frame: args.send_frame,
            timeout: Duration::from_secs_f64(args.timeout),
            shared,
            own: None,
        }
    }

    /// Sends one request and waits for its answer, at most the timeout.
    ///
    /// # Errors
    /// When the collector cannot be reached, does not answer in time or refuses.
    pub(crate) async fn send(&mut self, body: Bytes) -> Result<()> {
        let timeout = self.timeout;
        let answer = async {
            match self.protocol {
                Protocol::Grpc => self.grpc(body).await,
                Protocol::Http | Protocol::Json => self.http(body).await,
            }
        };
        match tokio::time::timeout(timeout, answer).await {
            Ok(answer) => answer,
            Err(_) => {
                self.own = None;
                bail!("no answer in time");
            }
        }
    }

    async fn grpc(&mut self, body: Bytes) -> Result<()> {
        let mut connection = self.http2().await?;
        let mut request = Request::post(format!("http://{}{}", self.address, self.path))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        if let Some(name) = self.compression.name() {
            request = request.header("grpc-encoding", name);
        }
        connection.ready().await?;
        let response = connection
            .send_request(request.body(Pieces::new(body, self.send_frame))?)
            .await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?;
        let field = |name: &str| {
            let value = body
                .trailers()
                .and_then(|t| t.get(name))
                .or(head.headers.get(name))?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        match field("grpc-status").as_deref() {
            Some("0") => Ok(()),
            Some(status) => {
                // Only a status with RetryInfo has details.
                let told = field("grpc-status-details-bin").map_or("", |_| ", retry info");
                bail!(Refused {
                    kind: format!("grpc {status}{told}"),
                    message: field("grpc-message").unwrap_or_default(),
                })
            }
            None => bail!(Refused {
                kind: format!("http {} without a grpc-status", head.status.as_u16()),
                message: String::new(),
            }),
        }
    }

    async fn http2(&self) -> Result<http2::SendRequest<Pieces>> {
        let mut slot = self.shared.lock().await;
        if let Some(connection) = slot.as_ref().filter(|c| !c.is_closed()) {
            return Ok(connection.clone());
        }
        let tcp = TcpStream::connect(&self.address).await?;
        tcp.set_nodelay(true)?;
        let (connection, driver) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(4 << 20)
            .initial_connection_window_size(16 << 20)
            .max_send_buf_size(4 << 20)
            .handshake(TokioIo::new(tcp))
            .await?;
        tokio::spawn(driver);
        *slot = Some(connection.clone());
        Ok(connection)
    }

    async fn http(&mut self, body: Bytes) -> Result<()> {
        let mut connection = match self.own.take().filter(|c| !c.is_closed()) {
            Some(connection) => connection,
            None => {
                let tcp = TcpStream::connect(&self.address).await?;
                tcp.set_nodelay(true)?;
                let (connection, driver) = http1::handshake(TokioIo::new(tcp)).await?;
                tokio::spawn(driver);
                connection
            }
        };
        connection.ready().await?;
        let content_type = if self.protocol == Protocol::Json {
            "application/json"
        } else {
            "application/x-protobuf"
        };
        let mut request = Request::post(self.path)
            .header("host", &self.address)
            .header("content-type", content_type);
        if let Some(name) = self.compression.name() {
            request = request.header("content-encoding", name);
        }
        let response = connection
            .send_request(request.body(Pieces::new(body, 0))?)
            .await?;
        let status = response.status();
        let retry_after = response.headers().contains_key("retry-after");
        let answer = response.into_body().collect().await?.to_bytes();
        self.own = Some(connection);
        if !status.is_success() {
            bail!(Refused {
                kind: format!(
                    "http {}{}",
                    status.as_u16(),
                    if retry_after { ", retry-after" } else { "" }
                ),
                message: String::from_utf8_lossy(&answer[..answer.len().min(200)]).into_owned(),
            });
        }
        Ok(())
    }
}

fn path(protocol: Protocol, signal: Signal) -> &'static str {
    match (protocol, signal) {
        (Protocol::Grpc, Signal::Traces) => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        (Protocol::Grpc, Signal::Logs) => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        (Protocol::Grpc, Signal::Metrics) => {
            "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
        }
        (_, Signal::Traces) => "/v1/traces",
        (_, Signal::Logs) => "/v1/logs",
        (_, Signal::Metrics) => "/v1/metrics",
    }
}
