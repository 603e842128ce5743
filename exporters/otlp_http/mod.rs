#![doc = include_str!("README.md")]

mod config;
#[cfg(test)]
mod tests;
mod verdict;

use std::time::Instant;

use http::{HeaderMap, HeaderValue, Method, Uri, header};
use sidelight_component::{
    ALL_SIGNALS, About, Budget, Exporter, Payload, Request, Sent, Signal, async_trait,
};
use sidelight_net::ChunkedBody;
use sidelight_net::client::Client;
use sidelight_proto::json;
use sidelight_transport::{Compressor, USER_AGENT, unsent};

pub use config::Config;

/// What the list of exporters says about this one.
pub const ABOUT: About = About {
    name: "otlp_http",
    aliases: &["otlphttp"],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};

/// Where one signal goes.
struct Route {
    client: Client,
    path: Uri,
}

/// Sends OTLP over HTTP to one destination.
struct OtlpHttp {
    id: String,
    /// In the order of [`Signal`].
    routes: [Option<Route>; 3],
    /// Headers of every request.
    headers: HeaderMap,
    encoding: config::Encoding,
    budget: Budget,
    compressor: Compressor,
}

#[async_trait]
impl Exporter for OtlpHttp {
    fn encode(&self, signal: Signal, payload: &Payload) -> Result<Request, String> {
        let mut request = Request::verbatim(signal, payload);
        if self.encoding == config::Encoding::Json {
            let mut text = Vec::with_capacity(payload.len() * 2);
            json::from_protobuf(signal, &payload.to_contiguous(), &mut text);
            // Of data that was let in, so there must be room for it.
            request.body = std::iter::once(self.budget.charge_anyway(0).own(text)).collect();
        }
        if self.compressor.compresses() {
            let compressed = self.compressor.compress(&request.body)?;
            request.body = std::iter::once(compressed).collect();
        }
        Ok(request)
    }

    fn encodes(&self) -> bool {
        self.compressor.compresses() || self.encoding == config::Encoding::Json
    }

    async fn send(&self, request: &Request, deadline: Instant) -> Sent {
        let Some(route) = &self.routes[request.signal as usize] else {
            return Sent::Rejected {
                reason: format!("there is no endpoint for {}", request.signal).into(),
            };
        };
        let mut call = http::Request::new(ChunkedBody::new(request.body.iter().cloned()));
        *call.method_mut() = Method::POST;
        *call.uri_mut() = route.path.clone();
        *call.headers_mut() = self.headers.clone();
        let timeout = deadline.saturating_duration_since(Instant::now());
        match route.client.send(call, timeout).await {
            Ok(answer) => verdict::of_answer(&self.id, request.signal, &answer),
            Err(error) => unsent(&error),
        }
    }
}

/// The headers that say how the body is encoded, on top of the user's.
fn with_body_headers(
    mut headers: HeaderMap,
    encoding: config::Encoding,
    compressor: &Compressor,
) -> HeaderMap {
    let content_type = match encoding {
        config::Encoding::Proto => "application/x-protobuf",
        config::Encoding::Json => "application/json",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if compressor.compresses() {
        headers.insert(
            header::CONTENT_ENCODING,
            HeaderValue::from_static(compressor.encoding().name()),
        );
    }
    headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
    headers
}
