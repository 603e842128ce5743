#![doc = include_str!("README.md")]

mod config;
mod dropped;
mod labels;
mod native;
mod points;
mod series;
mod tally;
#[cfg(test)]
mod tests;
mod translate;
mod value;
mod verdict;
mod wire;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use sidelight_component::metrics::Registry;
use sidelight_component::{About, Budget, Exporter, Payload, Request, Sent, Signal, async_trait};
use sidelight_net::ChunkedBody;
use sidelight_net::client::Client;
use sidelight_proto::views::MetricsView;
use sidelight_transport::unsent;
use tracing::warn;

pub use config::{Config, Message, RemoteWriteQueue, ResourceToTelemetryConversion, TargetInfo};
use dropped::Dropped;
use series::SeriesSet;
use tally::Tally;
use translate::{Rules, Translated};
use verdict::Written;

/// What the list of exporters says about this one.
pub const ABOUT: About = About {
    name: "prometheus_remote_write",
    aliases: &["prometheusremotewrite"],
    signals: &[Signal::Metrics],
    readme: include_str!("README.md"),
};

/// Sends series to one receiver of remote write.
struct RemoteWrite {
    id: String,
    client: Client,
    path: Uri,
    /// Headers of every request.
    headers: HeaderMap,
    rules: Rules,
    message: Message,
    send_metadata: bool,
    max_batch_bytes: usize,
    budget: Budget,
    metrics: Registry,
    /// Whether it was said that the receiver does not say what it has written.
    said_silent: AtomicBool,
}

#[async_trait]
impl Exporter for RemoteWrite {
    fn encode(&self, signal: Signal, payload: &Payload) -> Result<Request, String> {
        let items = payload.items();
        // A single point goes out whatever its size.
        let max_size = if items > 1 {
            self.max_batch_bytes
        } else {
            usize::MAX
        };
        let mut translated = Translated::default();
        for chunk in payload.chunks() {
            if !translated.is_too_large {
                self.rules
                    .translate(MetricsView::new(&chunk.bytes), max_size, &mut translated);
            }
        }
        let mut tally = Tally {
            dropped: translated.dropped,
            is_too_large: translated.is_too_large,
            ..Tally::default()
        };
        let body = if tally.is_too_large || translated.series.is_empty() {
            Bytes::new()
        } else {
            self.body(&translated.series, &mut tally)?
        };
        Ok(Request {
            signal,
            items,
            body: [body, tally.to_bytes()].into_iter().collect(),
        })
    }

    fn encodes(&self) -> bool {
        true
    }

    async fn send(&self, request: &Request, deadline: Instant) -> Sent {
        let (Some(body), Some(tally)) = (
            request.body.first(),
            request.body.get(1).and_then(|t| Tally::read(t)),
        ) else {
            return Sent::Rejected {
                reason: "the request was not made by this exporter".into(),
            };
        };
        if tally.is_too_large {
            return Sent::TooLarge {
                reason: format!(
                    "more than {} bytes of series (`max_batch_size_bytes`)",
                    self.max_batch_bytes
                )
                .into(),
            };
        }
        let items = request.items as u64;
        if body.is_empty() {
            return self.settled(verdict::taken(tally, 0, ""), tally.dropped, items);
        }
        let mut call = http::Request::new(ChunkedBody::new([body.clone()]));
        *call.method_mut() = Method::POST;
        *call.uri_mut() = self.path.clone();
        *call.headers_mut() = self.headers.clone();
        let timeout = deadline.saturating_duration_since(Instant::now());
        match self.client.send(call, timeout).await {
            Ok(answer) => {
                if self.message == Message::V2 && answer.status.is_success() {
                    self.check_written(Written::of(&answer.headers));
                }
                let sent = verdict::of_answer(&answer, self.message, tally, items);
                self.settled(sent, tally.dropped, items)
            }
            Err(error) => unsent(&error),
        }
    }
}

impl RemoteWrite {
    /// The compressed body.
    fn body(&self, series: &SeriesSet, tally: &mut Tally) -> Result<Bytes, String> {
        let plain = match self.message {
            Message::V1 => wire::version_1(series, self.send_metadata, tally),
            Message::V2 => wire::version_2(series, tally),
        };
        // Of data that was let in, so there must be room for it.
        let _plain = self.budget.charge_anyway(plain.capacity());
        let mut compressed = snap::raw::Encoder::new()
            .compress_vec(&plain)
            .map_err(|error| format!("cannot be compressed: {error}"))?;
        compressed.shrink_to_fit();
        Ok(self.budget.charge_anyway(0).own(compressed))
    }

    /// Counts what has no form in Prometheus once its request is over. A request of nothing else is refused.
    fn settled(&self, sent: Sent, dropped: Dropped, items: u64) -> Sent {
        if !matches!(sent, Sent::Accepted | Sent::Partial { .. }) {
            return sent;
        }
        for (reason, points) in dropped.iter() {
            let labels = [("exporter", self.id.as_str()), ("reason", reason.label())];
            let help = "Data points that have no form in Prometheus";
            self.metrics
                .counter("sidelight_prometheus_remote_write_dropped_points", help, &labels)
                .add(points);
        }
        match sent {
            Sent::Partial { rejected, reason } if rejected >= items => Sent::Rejected { reason },
            other => other,
        }
    }

    fn check_written(&self, written: Written) {
        if !written.is_said() && !self.said_silent.swap(true, Ordering::Relaxed) {
            warn!(
                component = self.id,
                "the receiver does not say what it has written: it may not know remote write 2.0 and drop everything"
            );
        }
    }
}
