//! What a connection is doing, for the one timer that watches it.
//!
//! hyper's own header timer also runs while a kept-alive connection waits for its next request, so it cannot have
//! both a short header limit and a longer idle limit. Here the clock of the header starts with the first byte read
//! while no request is open.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use crate::reply_body::ReplyBody;

/// Times are milliseconds since the connection began, plus one; 0 means "not".
#[derive(Debug)]
pub(super) struct Activity {
    began: Instant,
    open_requests: AtomicUsize,
    head_since: AtomicU64,
    idle_since: AtomicU64,
    /// Since when a piece of an answer was given and the next one not asked for.
    unsent_since: AtomicU64,
    /// Counted up to [`GREETING_BYTES`] only.
    bytes: AtomicUsize,
}

/// An HTTP/2 client's preface and the header of its SETTINGS frame.
const GREETING_BYTES: usize = 24 + 9;

/// What the connection is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// Requests are open.
    Working,
    /// Headers have begun to arrive.
    ReadingHead { since: Instant },
    /// Nothing is open.
    Idle { since: Instant },
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            open_requests: AtomicUsize::new(0),
            head_since: AtomicU64::new(0),
            idle_since: AtomicU64::new(1),
            unsent_since: AtomicU64::new(0),
            bytes: AtomicUsize::new(0),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    /// Bytes were read.
    pub(super) fn bytes_read(&self, count: usize) {
        if self.bytes.load(Ordering::Relaxed) < GREETING_BYTES {
            self.bytes.fetch_add(count, Ordering::Relaxed);
        }
        if self.open_requests.load(Ordering::Relaxed) == 0 && self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// A request's headers are complete; it is open until the guard goes.
    pub(super) fn request_began(self: &Arc<Self>) -> OpenRequest {
        self.open_requests.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
        OpenRequest(self.clone())
    }

    /// When the connection began, if its peer has not even greeted as HTTP/2 wants it.
    pub(super) fn not_greeted_since(&self) -> Option<Instant> {
        (self.bytes.load(Ordering::Relaxed) < GREETING_BYTES).then_some(self.began)
    }

    /// Since when the peer has not taken what it was given of an answer. The last piece of an answer does not count: the
    /// request is over then, and the connection idle.
    pub(super) fn unsent_since(&self) -> Option<Instant> {
        match self.unsent_since.load(Ordering::Relaxed) {
            0 => None,
            since => Some(self.at(since)),
        }
    }

    fn at(&self, millis: u64) -> Instant {
        self.began + Duration::from_millis(millis.saturating_sub(1))
    }

    pub(super) fn doing(&self) -> Doing {
        if self.open_requests.load(Ordering::Relaxed) > 0 {
            return Doing::Working;
        }
        match self.head_since.load(Ordering::Relaxed) {
            0 => Doing::Idle {
                since: self.at(self.idle_since.load(Ordering::Relaxed)),
            },
            since => Doing::ReadingHead {
                since: self.at(since),
            },
        }
    }
}

/// A request that is not yet answered to the end.
pub(super) struct OpenRequest(Arc<Activity>);

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Ordering::Relaxed);
        self.0.unsent_since.store(0, Ordering::Relaxed);
        self.0.open_requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer that keeps its request open until it is sent.
pub(super) struct TrackedBody {
    pub(super) body: ReplyBody,
    pub(super) open: OpenRequest,
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let activity = &this.open.0;
        activity.unsent_since.store(0, Ordering::Relaxed);
        let frame = Pin::new(&mut this.body).poll_frame(context);
        if matches!(frame, Poll::Ready(Some(_))) {
            activity.unsent_since.store(activity.now(), Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
