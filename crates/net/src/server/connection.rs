//! One connection from its first byte to its last.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::Instant;
use tokio::time::error::Elapsed;

use super::activity::{Activity, Doing, TrackedBody};
use super::place::Place;
use super::quota::ConnectionSlot;
use super::shutdown::ShutdownSignal;
use super::stream::WatchedStream;
use super::{ConnInfo, OnPanic, ServerSettings};
use crate::coalesce::{Coalesced, CoalescedConnection, coalesce};
use crate::grpc;
use crate::listener::AcceptedSocket;
use crate::reply_body::ReplyBody;
use crate::socket::{Socket, Transport};
use crate::tls::ServerTls;

/// Header fields of an HTTP/1 request.
const HTTP1_HEADERS: usize = 100;
/// hyper's server may buffer this much of an answer per stream before it waits for the client; answers are small.
const SEND_BUFFER_BYTES: usize = 64 * 1024;

pub(super) struct Shared<S> {
    pub(super) service: Arc<S>,
    pub(super) settings: Arc<ServerSettings>,
    pub(super) tls: Option<ServerTls>,
    pub(super) on_panic: OnPanic,
    pub(super) shutdown: ShutdownSignal,
    pub(super) cut: Arc<AtomicUsize>,
}

/// Serves one connection to its end. A panic ends it and nothing else.
pub(super) async fn run<S, F>(shared: Arc<Shared<S>>, socket: AcceptedSocket, slot: ConnectionSlot)
where
    S: Fn(Request<Incoming>, Arc<ConnInfo>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<ReplyBody>> + Send + 'static,
{
    match AssertUnwindSafe(serve(&shared, socket, &slot))
        .catch_unwind()
        .await
    {
        Ok(Ok(())) => {}
        // The other side's doing in nearly all cases: worth a line only to who looks for it.
        Ok(Err(error)) => tracing::debug!(%error, "connection ended"),
        Err(panic) => (shared.on_panic)("serving a connection", &*panic),
    }
}

async fn serve<S, F>(shared: &Arc<Shared<S>>, socket: AcceptedSocket, slot: &ConnectionSlot) -> io::Result<()>
where
    S: Fn(Request<Incoming>, Arc<ConnInfo>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<ReplyBody>> + Send + 'static,
{
    let settings = &shared.settings;
    let (transport, info) = tokio::select! {
        shaken = handshake(shared, socket) => shaken?,
        () = slot.place.asked_to_leave() => return Ok(()),
    };
    let activity = Activity::new();
    slot.place.watch(&activity);
    let mut stream = WatchedStream::new(transport, activity.clone());
    let mut stopping = shared.shutdown.clone();
    let http2 = tokio::select! {
        http2 = within(settings.header_timeout, stream.speaks_http2()) => http2,
        // Nothing was asked yet, so there is nothing to finish.
        _ = stopping.begun() => return Ok(()),
        () = slot.place.asked_to_leave() => return Ok(()),
    };
    let Some(http2) = http2.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?? else {
        return Ok(());
    };
    if !(if http2 { settings.http2 } else { settings.http1 }) {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this HTTP version is not served here",
        ));
    }
    let info = Arc::new(info);
    let service = service_fn(|request| answer(shared.clone(), request, info.clone(), &activity));
    if http2 {
        let (stream, write_out) = coalesce(stream);
        let builder = http2_builder(settings, slot.window);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let connection = CoalescedConnection {
            connection,
            write_out,
        };
        drive(shared, connection, &activity, &slot.place, true).await
    } else {
        let connection = http1_builder(settings, slot.buffer).serve_connection(TokioIo::new(stream), service);
        drive(shared, connection, &activity, &slot.place, false).await
    }
    .map_err(io::Error::other)
}

/// Awaits the future for this long; without a limit for as long as it takes.
async fn within<F: Future>(limit: Option<Duration>, future: F) -> Result<F::Output, Elapsed> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, future).await,
        None => Ok(future.await),
    }
}

async fn handshake<S>(shared: &Shared<S>, socket: AcceptedSocket) -> io::Result<(Transport, ConnInfo)> {
    let (socket, peer) = match socket {
        AcceptedSocket::Tcp(stream, peer) => {
            stream.set_nodelay(true)?;
            (Socket::Tcp(tokio::net::TcpStream::from_std(stream)?), Some(peer))
        }
        AcceptedSocket::Unix(stream) => (Socket::Unix(tokio::net::UnixStream::from_std(stream)?), None),
    };
    let Some(tls) = &shared.tls else {
        return Ok((
            Transport::Plain(socket),
            ConnInfo {
                peer,
                tls: false,
                client_certificate: None,
            },
        ));
    };
    let mut stopping = shared.shutdown.clone();
    let stream = tokio::select! {
        stream = tokio::time::timeout(shared.settings.handshake_timeout, tls.acceptor().accept(socket)) => stream??,
        _ = stopping.begun() => return Err(io::ErrorKind::ConnectionAborted.into()),
    };
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let info = ConnInfo {
        peer,
        tls: true,
        client_certificate: certificate.map(|der| der.clone().into_owned()),
    };
    Ok((Transport::Tls(Box::new(stream.into())), info))
}

fn http1_builder(settings: &ServerSettings, buffer: usize) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(HTTP1_HEADERS)
        .max_header_size(settings.max_header_bytes as usize)
        .max_buf_size(buffer);
    builder
}

fn http2_builder(settings: &ServerSettings, window: u32) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    // Limits on resets and CONTINUATION frames stay at h2's defaults: they end a connection that opens and resets
    // streams without pause ("rapid reset") or never ends its headers.
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(settings.max_header_bytes)
        .max_concurrent_streams(settings.max_concurrent_streams)
        .max_frame_size(settings.max_frame_size)
        .initial_stream_window_size(settings.stream_window)
        .initial_connection_window_size(window)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .keep_alive_interval(settings.keepalive.time)
        .keep_alive_timeout(settings.keepalive.timeout);
    builder
}

/// Calls the service; a panic becomes an answer.
fn answer<S, F>(
    shared: Arc<Shared<S>>,
    request: Request<Incoming>,
    info: Arc<ConnInfo>,
    activity: &Arc<Activity>,
) -> impl Future<Output = Result<Response<TrackedBody>, Infallible>> + Send + use<S, F>
where
    S: Fn(Request<Incoming>, Arc<ConnInfo>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<ReplyBody>> + Send + 'static,
{
    let open = activity.request_began();
    let is_grpc = grpc::is_grpc_content_type(request.headers());
    async move {
        let work = AssertUnwindSafe(async { (shared.service)(request, info).await }).catch_unwind();
        let response = work.await.unwrap_or_else(|panic| {
            (shared.on_panic)("answering a request", &*panic);
            internal_error(is_grpc)
        });
        Ok(response.map(|body| TrackedBody { body, open }))
    }
}

fn internal_error(is_grpc: bool) -> Response<ReplyBody> {
    if is_grpc {
        return grpc::Status::new(grpc::Code::Internal, "internal error").into_response();
    }
    let mut response = Response::new(ReplyBody::full("internal error\n"));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// A connection of hyper's that can be asked to finish what is open and then end.
trait Graceful: Future<Output = hyper::Result<()>> {
    fn finish(self: Pin<&mut Self>);
}

impl<S, B> Graceful for http1::Connection<TokioIo<WatchedStream>, S>
where
    S: hyper::service::HttpService<Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: http_body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

type Http2Connection<S> = CoalescedConnection<
    http2::Connection<TokioIo<Coalesced<WatchedStream>>, S, TokioExecutor>,
    WatchedStream,
>;

impl<S, B> Graceful for Http2Connection<S>
where
    S: hyper::service::HttpService<Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Send + 'static,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn finish(self: Pin<&mut Self>) {
        self.project().connection.graceful_shutdown();
    }
}

/// Polls the connection and watches its clock until it ends.
async fn drive<S>(
    shared: &Shared<S>,
    connection: impl Graceful,
    activity: &Activity,
    place: &Place,
    http2: bool,
) -> hyper::Result<()> {
    let mut connection = pin!(connection);
    let mut watch = Watch::new(&shared.settings, http2);
    let mut stopping = shared.shutdown.clone();
    let mut over = shared.shutdown.clone();
    loop {
        let next = watch.next_look(activity);
        tokio::select! {
            result = connection.as_mut() => return result,
            () = over.over() => {
                shared.cut.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            _ = stopping.begun(), if !watch.finishing => {
                watch.finish();
                connection.as_mut().finish();
            }
            () = place.asked_to_leave() => {
                watch.leave();
                connection.as_mut().finish();
            }
            () = tokio::time::sleep_until(next) => match watch.look(activity) {
                Verdict::GoOn => {}
                Verdict::Finish => connection.as_mut().finish(),
                Verdict::Cut => return Ok(()),
            },
        }
    }
}

/// The limits in time of one connection.
struct Watch {
    header_timeout: Option<Duration>,
    idle_timeout: Option<Duration>,
    send_timeout: Option<Duration>,
    age_at: Option<Instant>,
    age_grace: Option<Duration>,
    http2: bool,
    finishing: bool,
    /// When to cut a connection that was asked to finish for its age.
    cut_at: Option<Instant>,
    /// When to cut one that was asked to finish because it was idle, if it still is.
    cut_idle_at: Option<Instant>,
    /// When to cut one that was asked to leave for another, unless it works.
    leave_at: Option<Instant>,
}

enum Verdict {
    GoOn,
    Finish,
    Cut,
}

/// How long an idle connection that was asked to finish may take, where nothing else limits it.
const LEAVING: Duration = Duration::from_secs(10);
/// The same where another connection waits for the place.
const LEAVING_FOR_ANOTHER: Duration = Duration::from_secs(1);
/// How often to look where nothing says when.
const LOOK_AT_LEAST: Duration = Duration::from_secs(5);

impl Watch {
    fn new(settings: &ServerSettings, http2: bool) -> Self {
        let keepalive = &settings.keepalive;
        let idle_timeout = if http2 {
            keepalive.max_connection_idle
        } else {
            settings.http1_idle_timeout
        };
        // Connections that came together must not all leave together.
        let age = keepalive
            .max_connection_age
            .map(|age| age.mul_f64(0.9 + 0.2 * fastrand::f64()));
        Self {
            header_timeout: settings.header_timeout,
            idle_timeout,
            send_timeout: settings.send_timeout,
            age_at: age.and_then(|age| Instant::now().checked_add(age)),
            age_grace: keepalive.max_connection_age_grace,
            http2,
            finishing: false,
            cut_at: None,
            cut_idle_at: None,
            leave_at: None,
        }
    }

    fn finish(&mut self) {
        self.finishing = true;
        self.age_at = None;
    }

    /// Another connection needs the place.
    fn leave(&mut self) {
        self.finish();
        self.leave_at = Some(Instant::now() + LEAVING_FOR_ANOTHER);
    }

    /// Asks an idle connection to finish. A peer that does not answer is not waited for long.
    fn finish_idle(&mut self, now: Instant) {
        self.finish();
        self.cut_idle_at = now.checked_add(self.header_timeout.unwrap_or(LEAVING));
    }

    /// When and how the present state ends the connection, if it lasts; `None` where it may last for ever.
    fn end_of_state(&self, activity: &Activity) -> Option<(Instant, Verdict)> {
        let (since, limit, verdict) = match activity.doing() {
            // In HTTP/2 bytes without a request are pings and settings, and h2 bounds unfinished headers.
            Doing::ReadingHead { since } if !self.http2 => (since, self.header_timeout, Verdict::Cut),
            Doing::ReadingHead { .. } | Doing::Idle { .. } if self.finishing => {
                return self.cut_idle_at.map(|at| (at, Verdict::Cut));
            }
            Doing::ReadingHead { since } | Doing::Idle { since } => {
                (since, self.idle_timeout, Verdict::Finish)
            }
            Doing::Working => (activity.unsent_since()?, self.send_timeout, Verdict::Cut),
        };
        Some((since.checked_add(limit?)?, verdict))
    }

    /// When the state can first be one that ends the connection.
    fn next_look(&self, activity: &Activity) -> Instant {
        let by_state = self.end_of_state(activity).map(|(at, _)| at);
        // A state that begins meanwhile is seen late by at most this much.
        let soon = self
            .header_timeout
            .map_or(LOOK_AT_LEAST, |limit| limit.min(LOOK_AT_LEAST));
        let at_least = Instant::now() + soon;
        // One that works is looked at again in a while.
        let leave_at = self.leave_at.filter(|at| *at > Instant::now());
        [by_state, self.age_at, self.cut_at, leave_at]
            .into_iter()
            .flatten()
            .fold(at_least, Instant::min)
    }

    fn look(&mut self, activity: &Activity) -> Verdict {
        let now = Instant::now();
        if self.cut_at.is_some_and(|at| at <= now) {
            return Verdict::Cut;
        }
        let works = matches!(activity.doing(), Doing::Working);
        if !works && self.leave_at.is_some_and(|at| at <= now) {
            return Verdict::Cut;
        }
        if self.age_at.is_some_and(|at| at <= now) {
            self.cut_at = self.age_grace.and_then(|grace| now.checked_add(grace));
            self.finish();
            return Verdict::Finish;
        }
        let greeting = self.header_timeout.zip(activity.not_greeted_since());
        if self.http2 && greeting.is_some_and(|(limit, since)| now.duration_since(since) >= limit) {
            return Verdict::Cut;
        }
        match self.end_of_state(activity) {
            Some((at, verdict)) if at <= now => {
                if matches!(verdict, Verdict::Finish) {
                    self.finish_idle(now);
                }
                verdict
            }
            _ => Verdict::GoOn,
        }
    }
}
