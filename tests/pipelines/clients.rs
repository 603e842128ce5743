//! Senders of good requests, and a client that writes any bytes.

use std::io::Write as _;
use std::net::SocketAddr;

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use sidelight_component::Signal;
use sidelight_testkit::requests::{gzip, logs, metrics, traces};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::program::PATIENCE;

/// Sends a good request as an SDK does.
pub(crate) async fn export(
    address: SocketAddr,
    signal: Signal,
    items: usize,
) -> Result<(), Box<tonic::Status>> {
    let endpoint = tonic::transport::Endpoint::try_from(format!("http://{address}")).expect("an endpoint");
    let channel = endpoint.timeout(PATIENCE).connect().await;
    let channel = channel.map_err(|e| Box::new(tonic::Status::unavailable(e.to_string())))?;
    let sent = match signal {
        Signal::Traces => TraceServiceClient::new(channel)
            .export(traces(items))
            .await
            .map(drop),
        Signal::Metrics => MetricsServiceClient::new(channel)
            .export(metrics(items))
            .await
            .map(drop),
        Signal::Logs => LogsServiceClient::new(channel)
            .export(logs(items))
            .await
            .map(drop),
    };
    sent.map_err(Box::new)
}

/// The head of an HTTP/1 request, up to the empty line.
pub(crate) fn head(method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    (text + &format!("Content-Length: {length}\r\n\r\n")).into_bytes()
}

/// Writes these bytes as far as they are taken and reads to the end of the connection, which the program has to
/// bring about. With `half_close` it is told that nothing more comes.
pub(crate) async fn talk(address: SocketAddr, pieces: Vec<Vec<u8>>, half_close: bool) -> Vec<u8> {
    let stream = TcpStream::connect(address).await.expect("connected");
    let (mut reading, mut writing) = stream.into_split();
    let writer = tokio::spawn(async move {
        for piece in &pieces {
            if writing.write_all(piece).await.is_err() {
                break;
            }
        }
        if half_close {
            let _ = writing.shutdown().await;
        }
        writing
    });
    let mut answer = Vec::new();
    // A reset after the answer is an end, too.
    let read = tokio::time::timeout(PATIENCE, reading.read_to_end(&mut answer)).await;
    writer.abort();
    assert!(
        read.is_ok(),
        "the connection goes on: {}",
        String::from_utf8_lossy(&answer)
    );
    answer
}

/// One HTTP/1 request; the answer as text.
pub(crate) async fn http(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> String {
    let request = vec![head(method, path, headers, body.len()), body.to_vec()];
    String::from_utf8_lossy(&talk(address, request, false).await).into_owned()
}

/// 1 GiB of zeros, compressed: many members, which are one stream.
pub(crate) fn gzip_bomb() -> Vec<u8> {
    gzip(&vec![0; 16 << 20]).repeat(64)
}

/// 1 GiB of zeros in one frame.
pub(crate) fn zstd_bomb() -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("an encoder");
    let zeros = vec![0; 1 << 20];
    for _ in 0..1024 {
        encoder.write_all(&zeros).expect("memory");
    }
    encoder.finish().expect("memory")
}
