//! The sink's listener: open, or away as if its host were down.

use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{Inner, Mood, receive};

/// How often a port that is still taken is asked for again.
const AGAIN: Duration = Duration::from_millis(5);

/// Serves, but while the sink is away: then the port is closed and every connection is cut.
pub(super) async fn open(address: String, mut listener: TcpListener, inner: Arc<Inner>, frame: u32) {
    let mut mood = inner.mood.subscribe();
    loop {
        let mut connections = JoinSet::new();
        tokio::select! {
            () = accept(&listener, &mut connections, &inner, frame) => {}
            // The sender lives in `inner`, so waiting cannot fail.
            _ = mood.wait_for(|m| *m == Mood::Away) => {}
        }
        drop(listener);
        connections.shutdown().await;
        let _ = mood.wait_for(|m| *m != Mood::Away).await;
        listener = loop {
            match TcpListener::bind(&address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
        };
    }
}

/// Serves until the listener fails.
async fn accept(listener: &TcpListener, connections: &mut JoinSet<()>, inner: &Arc<Inner>, frame: u32) {
    while let Ok((tcp, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(serve(tcp, inner.clone(), frame));
    }
}

async fn serve(tcp: TcpStream, inner: Arc<Inner>, frame: u32) {
    // A socket that cannot be set up is one that has gone: serving it fails too.
    let _ = tcp.set_nodelay(true);
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http2()
        .initial_stream_window_size(4 << 20)
        .initial_connection_window_size(16 << 20)
        .max_concurrent_streams(4096)
        .max_frame_size(frame);
    let service = service_fn(move |request| receive::handle(inner.clone(), request));
    let _ = server.serve_connection(TokioIo::new(tcp), service).await;
}
