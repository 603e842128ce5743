#![doc = include_str!("README.md")]

mod answer;
mod bulk;
mod config;
mod documents;
mod fields;
mod id;
mod index;
mod json;
mod mapping;
mod metrics;
mod nodes;
mod pattern;
mod point_values;
mod shipment;
#[cfg(test)]
mod tests;
mod time;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use sidelight_component::{
    ALL_SIGNALS, About, Budget, Exporter, Payload, Request, Sent, Signal, async_trait, beside_the_workers,
};
use sidelight_net::compress::inflate;
use sidelight_transport::{BudgetAdmission, Compressor};

use answer::Verdict;
pub use config::Config;
use documents::DocumentSettings;
use nodes::Nodes;
use shipment::Shipment;

/// What the list of exporters says about this one.
pub const ABOUT: About = About {
    name: "elasticsearch",
    aliases: &[],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};

/// Sends documents to one cluster.
struct Elasticsearch {
    nodes: Nodes,
    headers: HeaderMap,
    documents: DocumentSettings,
    compressor: Compressor,
    budget: Budget,
    /// Statuses that mean "later".
    not_now: Vec<u16>,
}

#[async_trait]
impl Exporter for Elasticsearch {
    /// Makes the body of a bulk request.
    fn encode(&self, signal: Signal, payload: &Payload) -> Result<Request, String> {
        let mut bulk = documents::write(&self.documents, signal, payload);
        let body = std::mem::take(&mut bulk.body);
        // Of data that was let in, so there must be room for it.
        let mut body = self.budget.charge_anyway(0).own(body);
        if self.compressor.compresses() {
            body = self.compressor.compress(&[body])?;
        }
        Ok(Request {
            signal,
            items: payload.items(),
            body: std::iter::once(body).collect(),
            note: Some(Arc::new(Shipment::new(&mut bulk))),
        })
    }

    fn encodes(&self) -> bool {
        true
    }

    /// The lines of the bulk request, and what would be left out.
    fn explain(&self, signal: Signal, payload: &Payload) -> Vec<String> {
        let bulk = documents::write(&self.documents, signal, payload);
        let body = String::from_utf8_lossy(&bulk.body);
        let mut lines: Vec<String> = body.lines().map(str::to_owned).collect();
        if let Some(reason) = &bulk.left_out.reason {
            lines.push(format!(
                "not sent, {} of these items: {reason}",
                bulk.left_out.items
            ));
        }
        lines
    }

    /// Sends what has no answer yet. Cancel safe: what was answered for good is noted.
    async fn send(&self, request: &Request, deadline: Instant) -> Sent {
        let shipment = request.note.as_ref().and_then(|note| note.downcast_ref());
        let Some(shipment): Option<&Shipment> = shipment else {
            return Sent::Rejected {
                reason: "the request was not made by this exporter".into(),
            };
        };
        let documents = shipment.pending();
        if documents == 0 {
            return shipment.verdict();
        }
        let body = match self.body_of(shipment, &request.body).await {
            Ok(body) => body,
            Err(reason) => return Sent::Rejected { reason },
        };
        let answer = match self.nodes.send(&self.headers, &body, deadline).await {
            Ok(answer) => answer,
            Err(sent) => return sent,
        };
        let again = match answer::of_answer(&answer, documents, &self.not_now) {
            Verdict::AllTaken => {
                shipment.all_taken();
                None
            }
            Verdict::Each(fates) => shipment.settle(fates),
            Verdict::Whole(sent) => return sent,
        };
        match again {
            Some(reason) => Sent::Retry {
                after: None,
                reason,
                maybe_processed: false,
            },
            None => shipment.verdict(),
        }
    }
}

impl Elasticsearch {
    /// The body of the next attempt: all of it, or those documents that have no answer for good.
    async fn body_of(&self, shipment: &Shipment, whole: &[Bytes]) -> Result<Vec<Bytes>, Arc<str>> {
        let Some(ranges) = shipment.ranges() else {
            return Ok(whole.to_vec());
        };
        let (whole, compressor) = (whole.concat(), self.compressor.clone());
        let admission = BudgetAdmission::always(self.budget.clone());
        let made = beside_the_workers(move || {
            let plain = inflate(compressor.encoding(), &whole, usize::MAX, &admission)
                .map_err(|error| error.to_string())?;
            let lines = ranges.into_iter().filter_map(|range| plain.get(range));
            let body: Bytes = lines.collect::<Vec<_>>().concat().into();
            if compressor.compresses() {
                compressor.compress(&[body])
            } else {
                Ok(body)
            }
        })
        .await;
        made.map(|body| vec![body]).map_err(Arc::from)
    }
}
