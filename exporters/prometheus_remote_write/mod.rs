#![doc = include_str!("README.md")]

mod answer;
mod config;
mod left_out;
mod meters;
mod series;
mod shipment;
mod symbols;
#[cfg(test)]
mod tests;
mod translate;
mod write;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use sidelight_component::{About, Budget, Exporter, Payload, Request, Sent, Signal, async_trait};
use sidelight_net::ChunkedBody;
use sidelight_net::client::Client;
use sidelight_transport::unsent;

use answer::Verdict;
pub use config::Config;
use left_out::LeftOutCounters;
use meters::Meters;
use shipment::Shipment;
use translate::{Translated, Translator};
use write::{Counts, RequestFormat};

/// What the list of exporters says about this one.
pub const ABOUT: About = About {
    name: "prometheus_remote_write",
    aliases: &["prometheusremotewrite"],
    signals: &[Signal::Metrics],
    readme: include_str!("README.md"),
};

/// Writes series to one destination.
struct RemoteWrite {
    client: Client,
    path: Uri,
    headers: HeaderMap,
    translator: Translator,
    format: RequestFormat,
    budget: Budget,
    left_out: LeftOutCounters,
    meters: Meters,
}

#[async_trait]
impl Exporter for RemoteWrite {
    /// Makes one or several requests of a batch: each is a piece of the body.
    fn encode(&self, signal: Signal, payload: &Payload) -> Result<Request, String> {
        if signal != Signal::Metrics {
            return Err(format!("{signal} are not metrics"));
        }
        let mut permit = self.budget.charge_anyway(0);
        let Translated {
            set,
            left_out,
            replaced,
        } = self.translator.translate(payload);
        permit.set(set.heap_bytes());
        let pieces = self.format.write(&set, &self.budget)?;
        let counts = pieces.iter().map(|piece| piece.counts).collect();
        let shipment = Shipment::new(payload.items(), left_out, replaced, counts);
        Ok(Request {
            signal,
            items: payload.items(),
            body: pieces.into_iter().map(|piece| piece.body).collect(),
            note: Some(Arc::new(shipment)),
        })
    }

    fn encodes(&self) -> bool {
        true
    }

    /// Sends the requests of a batch one after another, so that samples stay in order. Cancel safe: what was answered
    /// is noted, and only the request that was under way is sent again.
    async fn send(&self, request: &Request, deadline: Instant) -> Sent {
        let shipment = request.note.as_ref().and_then(|note| note.downcast_ref());
        let Some(shipment): Option<&Shipment> = shipment else {
            return Sent::Rejected {
                reason: "the request was not made by this exporter".into(),
            };
        };
        while let Some((nth, counts)) = shipment.next() {
            let body = request.body.get(nth).cloned().unwrap_or_default();
            match self.send_one(body, &counts, deadline).await {
                Verdict::Written(written) => {
                    self.meters.written(&counts, &written);
                    shipment.settle(&counts, &written, None);
                }
                Verdict::Refused { written, reason } => {
                    self.meters.written(&counts, &written);
                    shipment.settle(&counts, &written, Some(reason));
                }
                Verdict::NotNow(sent) => return sent,
            }
        }
        let sent = shipment.verdict();
        if !matches!(sent, Sent::Rejected { .. }) && shipment.is_first_end() {
            self.left_out.add(&shipment.left_out);
            self.meters.replaced(shipment.replaced);
        }
        sent
    }
}

impl RemoteWrite {
    async fn send_one(&self, body: Bytes, counts: &Counts, deadline: Instant) -> Verdict {
        let mut call = http::Request::new(ChunkedBody::new(std::iter::once(body)));
        *call.method_mut() = Method::POST;
        *call.uri_mut() = self.path.clone();
        *call.headers_mut() = self.headers.clone();
        self.meters.sending();
        let timeout = deadline.saturating_duration_since(Instant::now());
        match self.client.send(call, timeout).await {
            Ok(answer) => answer::of_answer(self.format.message, counts, &answer),
            Err(error) => answer::unanswered(unsent(&error)),
        }
    }
}
