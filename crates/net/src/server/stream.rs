//! The stream that hyper reads: bytes looked at beforehand come first, and reading is noted.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::activity::Activity;
use crate::socket::Transport;

/// How an HTTP/2 client without TLS begins (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A transport whose first bytes were already read.
pub(super) struct WatchedStream {
    transport: Transport,
    first: [u8; PREFACE.len()],
    /// The part of `first` that is still to be handed out.
    pending: std::ops::Range<usize>,
    activity: Arc<Activity>,
}

impl WatchedStream {
    pub(super) fn new(transport: Transport, activity: Arc<Activity>) -> Self {
        Self {
            transport,
            first: [0; PREFACE.len()],
            pending: 0..0,
            activity,
        }
    }

    /// Reads until it is clear whether this is HTTP/2. The bytes stay readable. `None` when the peer left without a
    /// byte. The caller limits the time.
    pub(super) async fn speaks_http2(&mut self) -> io::Result<Option<bool>> {
        let mut length = 0;
        while length < PREFACE.len() && self.first[..length] == PREFACE[..length] {
            let count = self.transport.read(&mut self.first[length..]).await?;
            if count == 0 {
                break;
            }
            length += count;
        }
        self.pending = 0..length;
        if length > 0 {
            self.activity.bytes_read(length);
        }
        Ok(Some(self.first == *PREFACE).filter(|_| length > 0))
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.pending.is_empty() {
            let count = this.pending.len().min(buf.remaining());
            buf.put_slice(&this.first[this.pending.start..this.pending.start + count]);
            this.pending.start += count;
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let result = Pin::new(&mut this.transport).poll_read(cx, buf);
        let count = buf.filled().len() - before;
        if count > 0 {
            this.activity.bytes_read(count);
        }
        result
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.transport).poll_write(cx, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.transport).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}
