//! The nodes of a cluster: they take turns, and where one cannot be reached the next one is asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use sidelight_component::Sent;
use sidelight_net::ChunkedBody;
use sidelight_net::client::{Answer, Client, ClientSettings, Protocol, Target};
use sidelight_net::tls::ClientTls;
use sidelight_transport::unsent;

struct Node {
    client: Client,
    path: Uri,
}

/// All of them.
pub(super) struct Nodes {
    nodes: Vec<Node>,
    /// Who is asked first, counted on.
    next: AtomicUsize,
}

impl Nodes {
    /// Nodes by URL, target, encryption and path.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub(super) fn new(nodes: Vec<(String, Target, Option<ClientTls>, Uri)>) -> Result<Self, String> {
        let node = |(url, target, tls, path): (String, Target, _, _)| {
            let settings = ClientSettings::new(Protocol::Http1OrNegotiated);
            let client = Client::new(&target, settings, tls).map_err(|error| format!("{url}: {error}"))?;
            Ok(Node { client, path })
        };
        Ok(Self {
            nodes: nodes.into_iter().map(node).collect::<Result<_, String>>()?,
            next: AtomicUsize::new(0),
        })
    }

    /// Sends a bulk request to the first node that can be reached. What a node may have acted on is not sent to another
    /// one: whether it is sent again is the queue's to say. Cancel safe.
    pub(super) async fn send(
        &self,
        headers: &HeaderMap,
        body: &[Bytes],
        deadline: Instant,
    ) -> Result<Answer, Sent> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let mut unreachable = None;
        for nth in 0..self.nodes.len() {
            let Some(node) = self.nodes.get((first.wrapping_add(nth)) % self.nodes.len()) else {
                break;
            };
            let mut call = http::Request::new(ChunkedBody::new(body.iter().cloned()));
            *call.method_mut() = Method::POST;
            *call.uri_mut() = node.path.clone();
            *call.headers_mut() = headers.clone();
            let timeout = deadline.saturating_duration_since(Instant::now());
            match node.client.send(call, timeout).await {
                Ok(answer) => return Ok(answer),
                Err(error) if error.maybe_processed => return Err(unsent(&error)),
                // The shortest wait of all that are away.
                Err(error) => {
                    let sent = unsent(&error);
                    let is_sooner = wait(&sent) < unreachable.as_ref().map_or(u128::MAX, wait);
                    if is_sooner || unreachable.is_none() {
                        unreachable = Some(sent);
                    }
                }
            }
        }
        Err(unreachable.unwrap_or(Sent::Rejected {
            reason: "there is no node".into(),
        }))
    }
}

fn wait(sent: &Sent) -> u128 {
    match sent {
        Sent::Retry { after, .. } => after.map_or(0, |after| after.as_nanos()),
        _ => u128::MAX,
    }
}
