//! The next piece of a body, with a bound on the wait for it.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;

/// Why there is no next piece.
pub(crate) enum NextDataError {
    /// Nothing came for this long.
    Idle(Duration),
    /// The connection or the stream broke.
    Broken(String),
}

/// Waits for the next piece that is not empty; `None` at the end. Trailers are skipped.
///
/// The limit counts from the call, so that empty pieces do not extend it. The timer is only made when the data is not
/// there yet. Cancel safe: a piece is returned or still in the body.
pub(crate) async fn next_data<B>(body: &mut B, idle_timeout: Duration) -> Result<Option<Bytes>, NextDataError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let mut next = data(body);
    let at_once = std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut next).poll(context))).await;
    if let Poll::Ready(result) = at_once {
        return result;
    }
    tokio::time::timeout(idle_timeout, next)
        .await
        .unwrap_or(Err(NextDataError::Idle(idle_timeout)))
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
