//! An HTTP/2 connection of a client, on h2 itself.
//!
//! hyper's client runs a task for each request and another for each body, and hands both over channels; for a unary
//! call with its whole body at hand that is most of its cost, and the headers leave in a packet of their own. Here the
//! caller puts headers and body into the connection at once, which then writes them together.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{PingPong, RecvStream};
use http::{HeaderMap, HeaderValue, Request, header};
use http_body::{Body, Frame};
use tokio::time::{Instant, sleep_until, timeout};

use super::answer::{self, Answer};
use super::error::{SendError, SendErrorKind, surely_unprocessed, told};
use super::{Keepalive, error};
use crate::chunked_body::{ChunkedBody, ChunkedData};
use crate::coalesce::{CoalescedConnection, WriteOut, coalesce};
use crate::socket::Transport;

/// Answers are small, so windows are: what a peer can make us hold per connection.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1 << 20;
/// Largest frame that the peer may send us.
const MAX_FRAME_SIZE: u32 = 1 << 20;
/// Header fields of an answer.
const MAX_HEADER_BYTES: u32 = 16 * 1024;

/// A connection. Clones share it; it closes when the last one and the last open call are gone, or when it breaks.
#[derive(Clone)]
pub(super) struct Http2Connection {
    sender: SendRequest<ChunkedData>,
    open_calls: Arc<AtomicUsize>,
}

impl Http2Connection {
    /// Sends the preface over a fresh transport and spawns what reads and writes it.
    pub(super) async fn handshake(
        transport: Transport,
        keepalive: Option<Keepalive>,
    ) -> Result<Self, h2::Error> {
        let (stream, write_out) = coalesce(transport);
        let (sender, mut connection) = h2::client::Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(MAX_FRAME_SIZE)
            .max_header_list_size(MAX_HEADER_BYTES)
            .handshake(stream)
            .await?;
        let open_calls = Arc::<AtomicUsize>::default();
        let pings = keepalive
            .zip(connection.ping_pong())
            .map(|(settings, pings)| Pings {
                settings,
                pings,
                write_out: write_out.clone(),
                open_calls: open_calls.clone(),
            });
        let connection = CoalescedConnection {
            connection,
            write_out,
        };
        tokio::spawn(async move {
            let ended = match pings {
                None => connection.await.map_err(|error| error::chain(&error)),
                Some(pings) => tokio::select! {
                    ended = connection => ended.map_err(|error| error::chain(&error)),
                    // Dropping the connection ends its calls.
                    why = pings.until_unanswered() => Err(why.to_owned()),
                },
            };
            if let Err(error) = ended {
                tracing::debug!(error, "HTTP/2 connection ended");
            }
        });
        Ok(Self { sender, open_calls })
    }

    /// True when it takes no more calls: broken, closed, or told to go away.
    pub(super) fn is_closed(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        matches!(self.sender.poll_ready(&mut context), Poll::Ready(Err(_)))
    }

    /// Sends a request, whose URI is whole, and reads the answer. Cancel safe: dropping the call resets the stream.
    pub(super) async fn call(mut self, request: Request<ChunkedBody>) -> Result<Answer, SendError> {
        let _open = OpenCall::of(&self.open_calls);
        let (mut parts, body) = request.into_parts();
        parts
            .headers
            .entry(header::CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(body.len()));
        let request = Request::from_parts(parts, ());
        let data = body.into_data();
        let (response, mut stream) = self
            .sender
            .send_request(request, data.is_none())
            .map_err(unsent)?;
        if let Some(data) = data {
            // All at once, whatever the windows: the data is referenced, and cut as they open. A peer that has not
            // got the end of a request does not act on it.
            stream.send_data(data, true).map_err(unsent)?;
        }
        let response = response.await.map_err(|error| {
            let mut broken = SendError::sent(SendErrorKind::Broken, told(&error));
            broken.maybe_processed = !surely_unprocessed(&error);
            broken
        })?;
        answer::read(response.map(AnswerBody)).await
    }
}

fn unsent(error: h2::Error) -> SendError {
    SendError::unsent(SendErrorKind::Broken, told(&error))
}

struct OpenCall<'a>(&'a AtomicUsize);

impl<'a> OpenCall<'a> {
    fn of(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer; its window is opened again as it is read.
struct AnswerBody(RecvStream);

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        match ready!(self.0.poll_data(cx)) {
            Some(Ok(data)) => {
                // Fails only for more than was received.
                let _ = self.0.flow_control().release_capacity(data.len());
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            // The whole answer is there, and the peer wants no more of the request (RFC 9113, section 8.1).
            Some(Err(error)) if error.reason() == Some(h2::Reason::NO_ERROR) => Poll::Ready(None),
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => {
                let trailers: Option<HeaderMap> = ready!(self.0.poll_trailers(cx))?;
                Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
            }
        }
    }
}

/// Pings a quiet connection.
struct Pings {
    settings: Keepalive,
    pings: PingPong,
    write_out: WriteOut<Transport>,
    open_calls: Arc<AtomicUsize>,
}

impl Pings {
    /// Ends with the reason when a ping is not answered in time.
    async fn until_unanswered(mut self) -> &'static str {
        let mut quiet_since = Instant::now();
        loop {
            sleep_until(quiet_since + self.settings.time).await;
            let last_read = self.write_out.last_read();
            let is_idle = self.open_calls.load(Ordering::Relaxed) == 0;
            if last_read > quiet_since {
                quiet_since = last_read;
            } else if is_idle && !self.settings.permit_without_stream {
                quiet_since = Instant::now();
            } else {
                let pong = self.pings.ping(h2::Ping::opaque());
                match timeout(self.settings.timeout, pong).await {
                    Ok(Ok(_)) => quiet_since = Instant::now(),
                    Ok(Err(_)) => return "the connection broke under a ping",
                    Err(_) => return "a ping was not answered",
                }
            }
        }
    }
}
