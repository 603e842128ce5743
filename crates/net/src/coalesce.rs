//! Fewer, larger system calls under HTTP/2.
//!
//! h2 writes every DATA frame with a call of its own and reads 8 to 16 KiB at a time, which is most of what a relay of
//! 16 KiB frames costs. Here small writes gather in a buffer that is written when the connection's task has done all it
//! can ([`CoalescedConnection`]), and small reads are served from one large read. Large ones go straight through.
//!
//! Buffers belong to the thread and are lent while they hold data: an idle connection has none.

use std::cell::RefCell;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// Size of a buffer, for reading and for writing.
const BUFFER_BYTES: usize = 256 * 1024;
/// Reads and writes of this size gain nothing from a buffer.
const LARGE_BYTES: usize = 64 * 1024;
/// Buffers that a thread keeps; more are freed.
const KEPT_BUFFERS: usize = 4;

thread_local! {
    static BUFFERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

fn lend_buffer() -> Vec<u8> {
    BUFFERS
        .with_borrow_mut(Vec::pop)
        .unwrap_or_else(|| vec![0; BUFFER_BYTES])
}

fn give_back(buffer: &mut Vec<u8>) {
    let buffer = std::mem::take(buffer);
    BUFFERS.with_borrow_mut(|kept| {
        if kept.len() < KEPT_BUFFERS && buffer.len() == BUFFER_BYTES {
            kept.push(buffer);
        }
    });
}

/// Bytes between two positions of a lent buffer; without a buffer when there are none.
#[derive(Default)]
struct Pending {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Pending {
    fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            give_back(&mut self.buffer);
        }
    }

    /// Takes over as much as there is room for.
    fn take_in(&mut self, data: &[u8]) -> usize {
        if self.buffer.is_empty() && !data.is_empty() {
            self.buffer = lend_buffer();
        }
        let count = data.len().min(self.buffer.len() - self.end);
        self.buffer[self.end..self.end + count].copy_from_slice(&data[..count]);
        self.end += count;
        count
    }
}

struct Shared<T> {
    io: T,
    read: Pending,
    write: Pending,
    /// An error of a write that nobody was there to see.
    failed: Option<io::Error>,
    /// When something last came in.
    last_read: Instant,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Shared<T> {
    /// Writes what has gathered.
    fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Err(error));
        }
        while !self.write.bytes().is_empty() {
            let count = ready!(Pin::new(&mut self.io).poll_write(cx, self.write.bytes()))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.write.consume(count);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.read.bytes().is_empty() {
            if buf.remaining() >= LARGE_BYTES {
                let result = Pin::new(&mut self.io).poll_read(cx, buf);
                if result.is_ready() {
                    self.last_read = Instant::now();
                }
                return result;
            }
            let mut buffer = lend_buffer();
            let mut into = ReadBuf::new(&mut buffer);
            let result = Pin::new(&mut self.io).poll_read(cx, &mut into);
            let end = into.filled().len();
            if end == 0 {
                give_back(&mut buffer);
                return result;
            }
            self.last_read = Instant::now();
            self.read = Pending {
                buffer,
                start: 0,
                end,
            };
        }
        let count = self.read.bytes().len().min(buf.remaining());
        buf.put_slice(&self.read.bytes()[..count]);
        self.read.consume(count);
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let total: usize = slices.iter().map(|slice| slice.len()).sum();
        if total >= LARGE_BYTES || self.write.end == BUFFER_BYTES {
            ready!(self.poll_write_out(cx))?;
        }
        if total >= LARGE_BYTES {
            return Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        }
        let mut taken = 0;
        for slice in slices {
            let count = self.write.take_in(slice);
            taken += count;
            if count < slice.len() {
                break;
            }
        }
        Poll::Ready(Ok(taken))
    }
}

/// The stream to hand to h2. Nothing small is written before [`CoalescedConnection`] says so.
pub(crate) struct Coalesced<T>(Arc<Mutex<Shared<T>>>);

/// Writes what gathered in a [`Coalesced`] stream.
pub(crate) struct WriteOut<T>(Arc<Mutex<Shared<T>>>);

impl<T> Clone for WriteOut<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> WriteOut<T> {
    /// When something last came in, or the connection began.
    pub(crate) fn last_read(&self) -> Instant {
        self.0.lock().last_read
    }
}

/// Splits a stream into what h2 uses and what writes out.
pub(crate) fn coalesce<T>(io: T) -> (Coalesced<T>, WriteOut<T>) {
    let shared = Shared {
        io,
        read: Pending::default(),
        write: Pending::default(),
        failed: None,
        last_read: Instant::now(),
    };
    let shared = Arc::new(Mutex::new(shared));
    (Coalesced(shared.clone()), WriteOut(shared))
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Coalesced<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.lock().poll_read(cx, buf)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Coalesced<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.0.lock().poll_write(cx, &[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.lock().poll_write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Does nothing: h2 flushes after every frame. [`CoalescedConnection`] flushes.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut shared = self.0.lock();
        ready!(shared.poll_write_out(cx))?;
        Pin::new(&mut shared.io).poll_shutdown(cx)
    }
}

pin_project! {
    /// The task of a connection over a [`Coalesced`] stream: after each of its turns, what gathered is written.
    pub(crate) struct CoalescedConnection<C, T> {
        #[pin]
        pub(crate) connection: C,
        pub(crate) write_out: WriteOut<T>,
    }
}

impl<C: Future, T: AsyncRead + AsyncWrite + Unpin> Future for CoalescedConnection<C, T> {
    type Output = C::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C::Output> {
        let this = self.project();
        let result = this.connection.poll(cx);
        let mut shared = this.write_out.0.lock();
        let written = match shared.poll_write_out(cx) {
            Poll::Ready(Ok(())) => Pin::new(&mut shared.io).poll_flush(cx),
            other => other,
        };
        if let (Poll::Ready(Err(error)), Poll::Pending) = (written, &result) {
            // The connection learns of it with its next write; a broken socket also wakes its read.
            shared.failed = Some(error);
            cx.waker().wake_by_ref();
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Writes pieces through one side, as a connection's task would, and reads them in other pieces on the other.
    async fn through(pieces: Vec<Vec<u8>>, read_size: usize, capacity: usize) -> Vec<u8> {
        let (near, far) = tokio::io::duplex(capacity);
        let (mut near, write_out) = coalesce(near);
        let (mut far, _far_write_out) = coalesce(far);
        let writer = async move {
            for piece in pieces {
                near.write_all(&piece).await.expect("written");
            }
            near.shutdown().await.expect("closed");
        };
        let writer = CoalescedConnection {
            connection: Box::pin(writer),
            write_out,
        };
        let reader = async {
            let mut all = Vec::new();
            let mut buffer = vec![0; read_size];
            loop {
                let count = far.read(&mut buffer).await.expect("read");
                if count == 0 {
                    return all;
                }
                all.extend_from_slice(&buffer[..count]);
            }
        };
        tokio::join!(writer, reader).1
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn bytes_arrive_whole_and_in_order(
            sizes in prop::collection::vec(prop_oneof![0..50_usize, 10_000..70_000_usize, Just(300_000)], 0..20),
            read_size in prop_oneof![1..100_usize, 60_000..70_000_usize],
            capacity in prop_oneof![1..100_usize, Just(1_000_000)],
        ) {
            // Tiny pipes with large bodies are all polling and no insight.
            let scale = if capacity < 100 || read_size < 100 { 100 } else { 1 };
            let pieces: Vec<Vec<u8>> = sizes
                .iter()
                .enumerate()
                .map(|(number, size)| (0..size / scale).map(|at| (number + at) as u8).collect())
                .collect();
            let whole = pieces.concat();
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
            let got = runtime.block_on(through(pieces, read_size, capacity));
            prop_assert!(got == whole);
        }
    }

    #[tokio::test]
    async fn small_writes_leave_in_one_piece_after_the_turn() {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let (mut near, write_out) = coalesce(near);
        let turn = async {
            for _ in 0..3 {
                near.write_all(&[7; 100]).await.expect("written");
                near.flush()
                    .await
                    .expect("a flush that waits for the end of the turn");
            }
            std::future::pending::<()>().await;
        };
        let mut connection = Box::pin(CoalescedConnection {
            connection: Box::pin(turn),
            write_out,
        });
        assert!(futures_util::FutureExt::now_or_never(&mut connection).is_none());
        let mut got = [0; 1000];
        assert_eq!(far.read(&mut got).await.expect("read"), 300);
    }

    #[tokio::test]
    async fn a_write_that_fails_reaches_the_connection() {
        let (near, far) = tokio::io::duplex(100);
        drop(far);
        let (mut near, write_out) = coalesce(near);
        let connection = async move {
            loop {
                near.write_all(&[7; 100_000]).await?;
                tokio::task::yield_now().await;
            }
        };
        let connection = CoalescedConnection {
            connection: Box::pin(connection),
            write_out,
        };
        let result: io::Result<()> = connection.await;
        assert_eq!(result.expect_err("broken").kind(), io::ErrorKind::BrokenPipe);
    }
}
