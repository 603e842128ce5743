//! One request at the sink.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use anyhow::{Result, anyhow, ensure};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use super::answer::{Answer, answer};
use super::bulk;
use super::{Inner, Mood};
use crate::payload::{encode::decompress, wire};

/// Largest body the sink takes.
const BODY_MAX: usize = 256 << 20;

pub(super) async fn handle(
    inner: Arc<Inner>,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    let (head, body) = request.into_parts();
    let grpc = header(&head.headers, "content-type").starts_with("application/grpc");
    let mut mood = inner.mood.subscribe();
    // The sender lives in `inner`, so waiting cannot fail.
    let _ = mood.wait_for(|m| *m != Mood::Stall).await;
    let Ok(body) = read(&inner, body).await else {
        return Ok(answer(grpc, false));
    };
    if inner.bulk {
        return Ok(bulk::answer(&inner, &head, body));
    }
    let now = *mood.borrow();
    match now {
        Mood::Refuse | Mood::Away => return Ok(answer(grpc, false)),
        Mood::Fail(share) if inner.chosen(share) => return Ok(answer(grpc, false)),
        Mood::Lose(share) if inner.chosen(share) => return Ok(answer(grpc, true)),
        _ => {}
    }
    let taken = if grpc {
        inner.take_grpc(header(&head.headers, "grpc-encoding"), body)
    } else {
        decompress(header(&head.headers, "content-encoding"), body).and_then(|m| inner.take(&m))
    };
    if taken.is_err() {
        inner.counts.malformed.fetch_add(1, Relaxed);
    }
    Ok(answer(grpc, taken.is_ok()))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
}

/// Reads a body into one buffer, counting the frames it came in.
async fn read(inner: &Inner, mut body: Incoming) -> Result<Bytes> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        inner.counts.frames.fetch_add(1, Relaxed);
        inner.counts.largest_frame.fetch_max(data.len() as u64, Relaxed);
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        ensure!(
            whole.len() + data.len() <= BODY_MAX,
            "a body of more than 256 MiB"
        );
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

impl Inner {
    fn take_grpc(&self, encoding: &str, mut body: Bytes) -> Result<()> {
        while !body.is_empty() {
            ensure!(body.len() >= 5, "a gRPC prefix of {} bytes", body.len());
            let prefix = body.split_to(5);
            let len = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
            ensure!(
                len <= body.len(),
                "a gRPC message of {len} bytes in a body of {}",
                body.len()
            );
            let encoding = if prefix[0] == 1 { encoding } else { "" };
            self.take(&decompress(encoding, body.split_to(len))?)?;
        }
        Ok(())
    }

    fn take(&self, message: &Bytes) -> Result<()> {
        let mood = *self.mood.borrow();
        match mood {
            Mood::Mangle(share) if self.chosen(share) => self.note(&self.mangled(message)),
            _ => self.note(message),
        }
    }

    /// The message with a byte changed in what its first item says, where that can be done.
    fn mangled(&self, message: &Bytes) -> Bytes {
        let mut copy = message.to_vec();
        let mut first = None;
        // A message that cannot be walked is refused when it is noted.
        let _ = wire::items(message, self.signal, |kind, item| {
            first = first.or_else(|| wire::id_at(message, kind, item));
        });
        // Before the id of a span stands the end of its trace id, behind the tag and the length of the id.
        if let Some(byte) = first.and_then(|at: usize| copy.get_mut(at.checked_sub(3)?)) {
            *byte ^= 1;
        }
        copy.into()
    }

    fn note(&self, message: &Bytes) -> Result<()> {
        let mut n = 0;
        wire::items(message, self.signal, |_, _| n += 1).map_err(|_| anyhow!("malformed protobuf"))?;
        if let Some(seen) = &self.seen {
            seen.note(message, self.signal);
        }
        if let Some(comparison) = &self.comparison {
            if self.seen.is_some() {
                comparison.all(message);
            } else {
                comparison.sample(message, n);
            }
        }
        self.counts.requests.fetch_add(1, Relaxed);
        self.counts.bytes.fetch_add(message.len() as u64, Relaxed);
        self.counts.items.fetch_add(n, Relaxed);
        Ok(())
    }
}
