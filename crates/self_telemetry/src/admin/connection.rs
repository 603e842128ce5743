//! Accepting connections and answering them.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use sidelight_component::Panics;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::places::Places;
use super::{AdminThread, AllowedHosts, Listener, Page, PageRequest, Pages};

/// Longest wait for a request's head.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest life of a connection: one request and its answer.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a request's head.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// Wait after a failed accept (no file descriptor left), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server at work. Dropping it closes the address and ends its connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    accepting: AbortHandle,
    _thread: Arc<AdminThread>,
}

impl Server {
    /// Answers on the address from now on, on the given thread. Panics of pages are counted in `panics`.
    ///
    /// # Errors
    /// Where the socket cannot be taken over by the runtime.
    pub fn start(
        listener: Listener,
        thread: Arc<AdminThread>,
        pages: Arc<dyn Pages>,
        panics: Panics,
    ) -> io::Result<Self> {
        let address = listener.local_addr();
        let socket = {
            let _entered = thread.handle().enter();
            TcpListener::from_std(listener.socket)?
        };
        let answering = Arc::new(Answering {
            hosts: listener.hosts,
            pages,
            panics,
        });
        let accepting = thread.handle().spawn(accept(socket, answering)).abort_handle();
        Ok(Self {
            address,
            accepting,
            _thread: thread,
        })
    }

    /// The address in use.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// The accept loop on the caller's own runtime, whose clock a test can hold.
#[cfg(test)]
pub(super) async fn accept_on(listener: Listener, pages: Arc<dyn Pages>, panics: Panics) {
    if let Ok(socket) = TcpListener::from_std(listener.socket) {
        accept(
            socket,
            Arc::new(Answering {
                hosts: listener.hosts,
                pages,
                panics,
            }),
        )
        .await;
    }
}

/// Accepts until aborted; the connections are children of this task and end with it.
async fn accept(socket: TcpListener, answering: Arc<Answering>) {
    let mut places = Places::default();
    loop {
        match socket.accept().await {
            Ok((stream, _)) => {
                places.one_is_free().await;
                places.take(serve(stream, answering.clone()));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn serve(stream: TcpStream, answering: Arc<Answering>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answering.answer(&request);
        async move { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .keep_alive(false)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    // Neither a client that went away nor one that is too slow is worth a line.
    let _ = tokio::time::timeout(CONNECTION_TIMEOUT, connection).await;
}

struct Answering {
    hosts: AllowedHosts,
    pages: Arc<dyn Pages>,
    panics: Panics,
}

impl Answering {
    fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let page = if !self.host_is_allowed(request.uri(), request.headers()) {
            Page::text(
                StatusCode::FORBIDDEN,
                "this server is not known by that name; call it by its address, or add the name to \
                 `allowed_hosts`",
            )
        } else if request.method() != Method::GET && request.method() != Method::HEAD {
            Page::text(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here")
        } else {
            self.page(request.uri().path(), request.headers())
        };
        respond(page)
    }

    /// Exactly one `Host`, and an absolute URI must agree.
    fn host_is_allowed(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return false;
        };
        let authority_is_allowed = uri.authority().is_none_or(|a| self.hosts.allow(a.as_str()));
        authority_is_allowed && host.to_str().is_ok_and(|host| self.hosts.allow(host))
    }

    fn page(&self, path: &str, headers: &HeaderMap) -> Page {
        let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
        let page = || self.pages.page(PageRequest { path, accept });
        self.panics
            .contain("making a page", page)
            .unwrap_or_else(|_| Page::text(StatusCode::INTERNAL_SERVER_ERROR, "the page could not be made"))
    }
}

fn respond(page: Page) -> Response<Full<Bytes>> {
    let not_allowed = page.status == StatusCode::METHOD_NOT_ALLOWED;
    let mut response = Response::new(Full::new(page.body));
    *response.status_mut() = page.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(page.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'"),
    );
    if not_allowed {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
