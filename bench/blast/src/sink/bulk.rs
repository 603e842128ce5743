//! The sink as an Elasticsearch that takes every document of a bulk request.

use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::Inner;
use super::answer::{Answer, json};
use crate::payload::encode::decompress;

/// What a node says of itself.
const NODE: &str = r#"{"name":"sink","cluster_name":"sink","version":{"number":"8.19.0","build_flavor":"default"},"tagline":"You Know, for Search"}"#;

pub(super) fn answer(inner: &Inner, head: &Parts, body: Bytes) -> Response<Answer> {
    if !head.uri.path().ends_with("/_bulk") {
        return json(Bytes::from_static(NODE.as_bytes()));
    }
    let encoding = head.headers.get("content-encoding").and_then(|v| v.to_str().ok());
    let Ok(body) = decompress(encoding.unwrap_or(""), body) else {
        inner.counts.malformed.fetch_add(1, Relaxed);
        return json(Bytes::from_static(b"{}"));
    };
    // An action and a document, a line each.
    let documents = body.iter().filter(|byte| **byte == b'\n').count() / 2;
    inner.counts.requests.fetch_add(1, Relaxed);
    inner.counts.bytes.fetch_add(body.len() as u64, Relaxed);
    inner.counts.items.fetch_add(documents as u64, Relaxed);
    let taken = vec![r#"{"create":{"status":201}}"#; documents].join(",");
    json(format!(r#"{{"took":1,"errors":false,"items":[{taken}]}}"#).into())
}
