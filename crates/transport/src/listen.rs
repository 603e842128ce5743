//! Settings of listeners, as `configgrpc` and `confighttp` have them.

use std::time::Duration;

use sidelight_component::BuildError;
use sidelight_config::{ByteSize, Check, Endpoint, setting_enum, settings};
use sidelight_net::grpc::ReadLimits;
use sidelight_net::listener;
use sidelight_net::server::{ServerKeepalive, ServerSettings};

use crate::tls::TlsServer;

setting_enum! {
    /// What kind of socket an endpoint is.
    pub enum Transport {
        /// TCP over IPv4 or IPv6.
        Tcp = "tcp" | "tcp4" | "tcp6",
        /// A unix socket; the endpoint must be its path.
        Unix = "unix",
    }
}

settings! {
    /// Upkeep of HTTP/2 connections (gRPC's server parameters).
    pub struct ServerParameters {
        /// A connection without calls is closed after this time. 0 means never.
        max_connection_idle: Duration = Duration::ZERO,
        /// A connection is asked to go at this age. 0 means never.
        max_connection_age: Duration = Duration::ZERO,
        /// From then on calls have this long to finish. 0 means for ever.
        max_connection_age_grace: Duration = Duration::ZERO,
        /// A ping after this time without data. 0 means the default.
        time: Duration = Duration::from_secs(2 * 3600),
        /// The connection is dead when a ping is not answered for this long. 0 means the default.
        timeout: Duration = Duration::from_secs(20),
    }
}

settings! {
    /// Upkeep of connections.
    pub struct KeepaliveServer {
        /// Upkeep of HTTP/2 connections.
        server_parameters: ServerParameters,
    }
    unsupported {
        harmless "enforcement_policy" => "pings of clients are limited by HTTP/2's own bounds; remove it",
    }
}

settings! {
    /// A gRPC listener.
    pub struct GrpcServer {
        /// Where to listen: `host:port`, or `/path` of a unix socket, with or without `unix://` in front.
        endpoint: Endpoint = Endpoint::tcp("localhost", 4317),
        /// What kind of socket `endpoint` must be; a path says by itself that it is a unix socket.
        transport: Transport = Transport::Tcp,
        /// Encryption; without it the listener talks cleartext.
        tls: Option<TlsServer>,
        /// The largest message in MiB, before and after decompression.
        max_recv_msg_size_mib: u32 [1..=1024] = 16,
        /// Requests at once on one connection.
        max_concurrent_streams: u32 [1..=100_000] = 100,
        /// The largest HTTP/2 frame that clients are offered to send, 16 KiB to 16 MiB.
        max_frame_size: ByteSize [ByteSize::kib(16)..ByteSize::mib(16)] = ByteSize::mib(1),
        /// Upkeep of connections.
        keepalive: KeepaliveServer,
        /// True: listens beyond this machine without authentication all the same.
        insecure: bool = false,
    }
    unsupported {
        harmless "read_buffer_size" => "buffers are sized by what arrives; remove it",
        harmless "write_buffer_size" => "buffers are sized by what leaves; remove it",
        harmless "include_metadata" => "request metadata is not passed on; remove it",
        "auth" => "authentication of senders is not built yet; listen on loopback, or ask for client certificates with `tls: client_ca_file`",
        "middlewares" => "there are no middleware extensions; remove it",
    }
    validate GrpcServer::check;
}

settings! {
    /// An HTTP listener.
    pub struct HttpServer {
        /// Where to listen: `host:port`, or `/path` of a unix socket, with or without `unix://` in front.
        endpoint: Endpoint = Endpoint::tcp("localhost", 4318),
        /// What kind of socket `endpoint` must be; a path says by itself that it is a unix socket.
        transport: Transport = Transport::Tcp,
        /// Encryption; without it the listener talks cleartext.
        tls: Option<TlsServer>,
        /// The largest body in bytes, before and after decompression; 0 means the default of 16 MiB.
        max_request_body_size: ByteSize = ByteSize::mib(16),
        /// The longest time from the first byte of a request to the end of its headers. 0 means no limit.
        read_header_timeout: Duration = Duration::from_secs(10),
        /// A connection without requests is closed after this time. 0 means never.
        idle_timeout: Duration = Duration::from_secs(60),
        /// True: listens beyond this machine without authentication all the same.
        insecure: bool = false,
    }
    unsupported {
        "cors" => "browsers cannot send to Sidelight directly yet; put a proxy before it",
        "auth" => "authentication of senders is not built yet; listen on loopback, or ask for client certificates with `tls: client_ca_file`",
        "middlewares" => "there are no middleware extensions; remove it",
        harmless "include_metadata" => "request metadata is not passed on; remove it",
        harmless "response_headers" => "no headers are added to answers; remove it",
        harmless "compression_algorithms" => "gzip, zstd and deflate are always understood; remove it",
        harmless "read_timeout" => "a request's body may pause for at most 30 s; remove it",
        harmless "write_timeout" => "answers are a few bytes; remove it",
        harmless "keep_alives_enabled" => "connections are always reused; remove it",
    }
    validate HttpServer::check;
}

/// The endpoint is of the kind that `transport` says. What is listened on depends on the endpoint alone.
fn check_transport(endpoint: &Endpoint, transport: Transport, check: &mut Check<'_, '_>) {
    match (endpoint, transport) {
        (Endpoint::Tcp { .. }, Transport::Unix) => check.error_hint(
            "endpoint",
            "is no path, but `transport` is `unix`",
            "write the path of the socket, `/run/sidelight/otlp.sock`, or remove `transport`",
        ),
        (Endpoint::Unix(_), Transport::Tcp) if check.is_given("transport") => check.error_hint(
            "endpoint",
            "is the path of a unix socket, but `transport` is `tcp`",
            "write `host:port`, or remove `transport`",
        ),
        _ => {}
    }
}

/// Beyond loopback there must be somebody who decides who may send.
fn check_reach(endpoint: &Endpoint, tls: Option<&TlsServer>, insecure: bool, check: &mut Check<'_, '_>) {
    let checks_clients = tls.is_some_and(|tls| tls.client_ca_file.is_some());
    if !endpoint.is_loopback() && !checks_clients && !insecure {
        check.error_hint(
            "endpoint",
            "listens beyond this machine without authentication",
            "use `localhost`, or ask for client certificates with `tls: client_ca_file`, or say `insecure: true` where the network is trusted",
        );
    }
}

impl GrpcServer {
    fn check(&self, check: &mut Check<'_, '_>) {
        check_transport(&self.endpoint, self.transport, check);
        check_reach(&self.endpoint, self.tls.as_ref(), self.insecure, check);
    }

    /// How messages are read.
    pub fn limits(&self) -> ReadLimits {
        ReadLimits {
            max_size: (self.max_recv_msg_size_mib as usize) << 20,
            ..ReadLimits::default()
        }
    }

    /// The server's bounds; `budget` is the memory budget, of which connection windows take an eighth.
    pub fn server_settings(&self, budget: usize) -> ServerSettings {
        let parameters = &self.keepalive.server_parameters;
        let defaults = ServerParameters::default();
        ServerSettings {
            max_concurrent_streams: self.max_concurrent_streams,
            max_frame_size: u32::try_from(self.max_frame_size.bytes())
                .unwrap_or(u32::MAX)
                .min((16 << 20) - 1),
            keepalive: ServerKeepalive {
                time: unless_zero(parameters.time).unwrap_or(defaults.time),
                timeout: unless_zero(parameters.timeout).unwrap_or(defaults.timeout),
                max_connection_idle: unless_zero(parameters.max_connection_idle),
                max_connection_age: unless_zero(parameters.max_connection_age),
                max_connection_age_grace: unless_zero(parameters.max_connection_age_grace),
            },
            ..with_windows(budget)
        }
    }
}

impl HttpServer {
    fn check(&self, check: &mut Check<'_, '_>) {
        check_transport(&self.endpoint, self.transport, check);
        check_reach(&self.endpoint, self.tls.as_ref(), self.insecure, check);
    }

    /// How bodies are read.
    pub fn limits(&self) -> ReadLimits {
        match self.max_request_body_size.as_usize() {
            0 => ReadLimits::default(),
            max_size => ReadLimits {
                max_size,
                ..ReadLimits::default()
            },
        }
    }

    /// The server's bounds; `budget` is the memory budget, of which connection windows take an eighth.
    pub fn server_settings(&self, budget: usize) -> ServerSettings {
        ServerSettings {
            header_timeout: unless_zero(self.read_header_timeout),
            http1_idle_timeout: unless_zero(self.idle_timeout),
            ..with_windows(budget)
        }
    }
}

/// Go's servers take 0 for "not set".
fn unless_zero(duration: Duration) -> Option<Duration> {
    (!duration.is_zero()).then_some(duration)
}

fn with_windows(budget: usize) -> ServerSettings {
    ServerSettings {
        shared_connection_window: u32::try_from(budget / 8).unwrap_or(u32::MAX),
        ..ServerSettings::default()
    }
}

/// The endpoint as the net library has it.
pub fn net_endpoint(endpoint: &Endpoint) -> listener::Endpoint {
    /// Owner and group may connect.
    const SOCKET_MODE: u32 = 0o660;
    match endpoint {
        Endpoint::Unix(path) => listener::Endpoint::unix(path, SOCKET_MODE),
        Endpoint::Tcp { host, port } => listener::Endpoint::Tcp {
            host: host.clone(),
            port: *port,
        },
    }
}

/// A failed bind as an error of the setting that names the endpoint.
pub fn bind_error(setting: &str, error: &listener::BindError) -> BuildError {
    BuildError::at(setting, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_means_what_it_means_in_the_collector() {
        let http = HttpServer {
            read_header_timeout: Duration::ZERO,
            idle_timeout: Duration::ZERO,
            ..HttpServer::default()
        };
        let settings = http.server_settings(1 << 20);
        assert_eq!(
            (settings.header_timeout, settings.http1_idle_timeout),
            (None, None)
        );
        let mut grpc = GrpcServer::default();
        grpc.keepalive.server_parameters = ServerParameters {
            time: Duration::ZERO,
            timeout: Duration::ZERO,
            ..ServerParameters::default()
        };
        let keepalive = grpc.server_settings(1 << 20).keepalive;
        let defaults = ServerKeepalive::default();
        assert_eq!(
            (keepalive.time, keepalive.timeout),
            (defaults.time, defaults.timeout)
        );
        assert_eq!(keepalive.max_connection_idle, None);
    }
}
