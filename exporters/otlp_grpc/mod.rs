#![doc = include_str!("README.md")]

mod config;
#[cfg(test)]
mod tests;
mod verdict;

use std::time::Instant;

use http::{HeaderMap, Uri};
use sidelight_component::{ALL_SIGNALS, About, Exporter, Payload, Request, Sent, Signal, async_trait};
use sidelight_net::client::Client;
use sidelight_net::grpc::unary_request;
use sidelight_transport::{Compressor, unsent};

pub use config::Config;

/// What the list of exporters says about this one.
pub const ABOUT: About = About {
    name: "otlp_grpc",
    aliases: &["otlp"],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};

/// The method that takes a signal (opentelemetry-proto, `collector/*/v1/*_service.proto`).
fn method(signal: Signal) -> Uri {
    Uri::from_static(match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    })
}

/// Sends OTLP over gRPC to one destination.
struct OtlpGrpc {
    id: String,
    client: Client,
    metadata: HeaderMap,
    compressor: Compressor,
}

#[async_trait]
impl Exporter for OtlpGrpc {
    fn encode(&self, signal: Signal, payload: &Payload) -> Result<Request, String> {
        let mut request = Request::verbatim(signal, payload);
        if self.compressor.compresses() {
            let compressed = self.compressor.compress(&request.body)?;
            request.body = std::iter::once(compressed).collect();
        }
        Ok(request)
    }

    fn encodes(&self) -> bool {
        self.compressor.compresses()
    }

    async fn send(&self, request: &Request, deadline: Instant) -> Sent {
        let timeout = deadline.saturating_duration_since(Instant::now());
        let encoding = self.compressor.encoding();
        let call = unary_request(
            method(request.signal),
            &self.metadata,
            timeout,
            encoding,
            &request.body,
        );
        let answer = match call {
            Ok(call) => self.client.send(call, timeout).await,
            Err(status) => return verdict::of_status(&status),
        };
        match answer {
            Ok(answer) => verdict::of_answer(&self.id, request.signal, &answer),
            Err(error) => unsent(&error),
        }
    }
}
