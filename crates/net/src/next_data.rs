//! The next piece of a body, with a bound on the wait for it.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use tokio::time::Instant;

/// A body must come at this rate at least, on the whole: it is charged to the budget from its first byte on, and whoever
/// sends a byte now and then must not hold that for ever.
const LEAST_BYTES_PER_SECOND: usize = 256 << 10;

/// How long the pieces of one body may take.
pub(crate) struct Patience {
    idle: Duration,
    whole: Duration,
    /// When a piece had to be waited for first.
    since: Option<Instant>,
}

impl Patience {
    /// `idle` for each piece, and `idle` and the time for `length` bytes for all of them.
    pub(crate) fn new(idle: Duration, length: usize) -> Self {
        let transfer = Duration::from_secs((length / LEAST_BYTES_PER_SECOND) as u64);
        Self {
            idle,
            whole: idle.saturating_add(transfer),
            since: None,
        }
    }

    /// How long to wait for the next piece, and what is told when it did not come.
    fn next(&mut self) -> (Duration, NextDataError) {
        let spent = self.since.get_or_insert_with(Instant::now).elapsed();
        let left = self.whole.saturating_sub(spent);
        match left < self.idle {
            true => (left, NextDataError::Idle(self.whole)),
            false => (self.idle, NextDataError::Idle(self.idle)),
        }
    }
}

/// Why there is no next piece.
pub(crate) enum NextDataError {
    /// It, or all of the body, did not come in this time.
    Idle(Duration),
    /// The connection or the stream broke.
    Broken(String),
}

/// Waits for the next piece that is not empty; `None` at the end. Trailers are skipped.
///
/// The limit counts from the call, so that empty pieces do not extend it. The timer is only made when the data is not
/// there yet. Cancel safe: a piece is returned or still in the body.
pub(crate) async fn next_data<B>(
    body: &mut B,
    patience: &mut Patience,
) -> Result<Option<Bytes>, NextDataError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let mut next = data(body);
    let at_once = std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut next).poll(context))).await;
    if let Poll::Ready(result) = at_once {
        return result;
    }
    let (limit, late) = patience.next();
    tokio::time::timeout(limit, next).await.unwrap_or(Err(late))
}

/// A future that is ready as soon as the body has data, an error or an end.
fn data<B>(body: &mut B) -> impl Future<Output = Result<Option<Bytes>, NextDataError>> + Unpin
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    std::future::poll_fn(move |context| {
        loop {
            // Saves a turn where the last piece said that it was the last.
            if body.is_end_stream() {
                return Poll::Ready(Ok(None));
            }
            let frame = match std::task::ready!(Pin::new(&mut *body).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Err(NextDataError::Broken(error.to_string()))),
                None => return Poll::Ready(Ok(None)),
            };
            match frame.into_data() {
                Ok(data) if !data.is_empty() => return Poll::Ready(Ok(Some(data))),
                _ => {}
            }
        }
    })
}
