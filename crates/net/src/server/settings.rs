//! The bounds of a server.

use std::time::Duration;

/// Bounds of one listener. Every field has a safe default.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// From the first byte of a request to the end of its headers, and from connecting to the first request's first
    /// bytes. 10 s; `None` means no limit.
    pub header_timeout: Option<Duration>,
    /// For the TLS handshake. 10 s.
    pub handshake_timeout: Duration,
    /// An HTTP/1 connection without a request is closed after this. 60 s; `None` means never.
    pub http1_idle_timeout: Option<Duration>,
    /// A client that does not take the next piece of an answer for this long is cut. 30 s; `None` means no limit. What
    /// is at most as large as the socket's buffers is always taken.
    pub send_timeout: Option<Duration>,
    /// Connections at once; more are closed on arrival. 1,024.
    pub max_connections: usize,
    /// Connections at once from one address; loopback and Unix sockets are not limited so. 256.
    pub max_connections_per_ip: usize,
    /// Header fields of one request in bytes. 16 KiB.
    pub max_header_bytes: u32,
    /// Streams at once on one HTTP/2 connection. 100.
    pub max_concurrent_streams: u32,
    /// Largest HTTP/2 frame that peers may send, 16 KiB to 16 MiB. 1 MiB: fewer frames, and whole messages in one.
    pub max_frame_size: u32,
    /// HTTP/2 flow-control window of a stream in bytes. 1 MiB.
    pub stream_window: u32,
    /// What the HTTP/2 connection windows of this listener have together: each new connection takes a quarter of what
    /// is left, 64 KiB at least (HTTP/2 allows no less). 8 MiB (an eighth of the default budget).
    pub shared_connection_window: u32,
    /// HTTP/2 pings.
    pub keepalive: ServerKeepalive,
    /// HTTP/1 is accepted.
    pub http1: bool,
    /// HTTP/2 is accepted (in cleartext with prior knowledge).
    pub http2: bool,
}

/// HTTP/2 connection upkeep, with the names and defaults of gRPC's server parameters.
#[derive(Debug, Clone)]
pub struct ServerKeepalive {
    /// A ping after this time without data. 2 h.
    pub time: Duration,
    /// The connection is dead when a ping is not answered for this long. 20 s.
    pub timeout: Duration,
    /// A connection without calls is closed after this. Endless by default.
    pub max_connection_idle: Option<Duration>,
    /// A connection is asked to go (GOAWAY) at this age, give or take a tenth. Endless by default.
    pub max_connection_age: Option<Duration>,
    /// From then on, calls have this long to finish. Endless by default.
    pub max_connection_age_grace: Option<Duration>,
}

impl Default for ServerKeepalive {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(2 * 3600),
            timeout: Duration::from_secs(20),
            max_connection_idle: None,
            max_connection_age: None,
            max_connection_age_grace: None,
        }
    }
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            header_timeout: Some(Duration::from_secs(10)),
            handshake_timeout: Duration::from_secs(10),
            http1_idle_timeout: Some(Duration::from_secs(60)),
            send_timeout: Some(Duration::from_secs(30)),
            max_connections: 1024,
            max_connections_per_ip: 256,
            max_header_bytes: 16 * 1024,
            max_concurrent_streams: 100,
            max_frame_size: 1 << 20,
            stream_window: 1 << 20,
            shared_connection_window: 8 << 20,
            keepalive: ServerKeepalive::default(),
            http1: true,
            http2: true,
        }
    }
}
