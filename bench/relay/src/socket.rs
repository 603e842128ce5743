//! A TCP stream that can gather writes and read ahead, so that HTTP/2 frames of 16 KiB do not cost a
//! system call each.
//!
//! The HTTP/2 codec writes one DATA frame, flushes, writes the next. A [`Socket`] with a cork keeps the
//! bytes instead and reports the flush as done; [`Corked`] then writes them out once the connection's
//! task has nothing more to say. What is kept is bounded by the cork's size.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::Args;

/// One end of a connection; clones share it.
#[derive(Clone)]
pub(crate) struct Socket(Arc<Mutex<Inner>>);

struct Inner {
    tcp: TcpStream,
    cork: usize,
    out: Vec<u8>,
    written: usize,
    ahead: Vec<u8>,
    at: usize,
    filled: usize,
}

impl Socket {
    pub(crate) fn new(tcp: TcpStream, args: &Args) -> Result<Self> {
        tcp.set_nodelay(!args.nagle)?;
        if args.socket_buffer > 0 {
            let raw = socket2::SockRef::from(&tcp);
            raw.set_send_buffer_size(args.socket_buffer << 10)?;
            raw.set_recv_buffer_size(args.socket_buffer << 10)?;
        }
        Ok(Self(Arc::new(Mutex::new(Inner {
            tcp,
            cork: args.cork << 10,
            out: Vec::with_capacity((args.cork << 10) + (32 << 10)),
            written: 0,
            ahead: vec![0; args.read_ahead << 10],
            at: 0,
            filled: 0,
        }))))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn flush_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.out.len() {
            let n = ready!(Pin::new(&mut self.tcp).poll_write(cx, &self.out[self.written..]))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += n;
        }
        self.out.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.inner();
        let inner = &mut *inner;
        if inner.ahead.is_empty() {
            return Pin::new(&mut inner.tcp).poll_read(cx, buf);
        }
        if inner.at == inner.filled {
            let mut ahead = ReadBuf::new(&mut inner.ahead);
            ready!(Pin::new(&mut inner.tcp).poll_read(cx, &mut ahead))?;
            (inner.at, inner.filled) = (0, ahead.filled().len());
        }
        let n = buf.remaining().min(inner.filled - inner.at);
        buf.put_slice(&inner.ahead[inner.at..inner.at + n]);
        inner.at += n;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.inner();
        if inner.cork == 0 {
            return Pin::new(&mut inner.tcp).poll_write_vectored(cx, pieces);
        }
        if inner.out.len() >= inner.cork {
            ready!(inner.flush_out(cx))?;
        }
        let mut room = inner.cork + (32 << 10) - inner.out.len();
        let mut taken = 0;
        for piece in pieces {
            let n = piece.len().min(room);
            inner.out.extend_from_slice(&piece[..n]);
            room -= n;
            taken += n;
        }
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.inner();
        ready!(inner.flush_out(cx))?;
        Pin::new(&mut inner.tcp).poll_shutdown(cx)
    }
}

/// Runs the tasks of a connection, and writes out what its socket gathered each time one pauses.
///
/// hyper drives a client connection in a task of its own, so wrapping the future that its handshake
/// returns would not be enough: every task goes through this executor.
#[derive(Clone)]
pub(crate) struct CorkedExecutor(pub(crate) Socket);

impl<F> hyper::rt::Executor<F> for CorkedExecutor
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, task: F) {
        tokio::spawn(Corked {
            task: Some(Box::pin(task)),
            socket: self.0.clone(),
        });
    }
}

/// A task that ends when it is ready and everything it wrote has left.
struct Corked<F> {
    task: Option<Pin<Box<F>>>,
    socket: Socket,
}

impl<F: Future> Future for Corked<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(task) = &mut self.task
            && task.as_mut().poll(cx).is_ready()
        {
            self.task = None;
        }
        let flushed = self.socket.inner().flush_out(cx);
        match flushed {
            Poll::Ready(Err(_)) => Poll::Ready(()),
            Poll::Ready(Ok(())) if self.task.is_none() => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }
}
