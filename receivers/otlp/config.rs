//! Settings, as the Collector's `otlp` receiver has them.

use sidelight_component::{BuildContext, BuildError, Receiver, ReceiverConfig, Resource};
use sidelight_config::{Check, Endpoint, settings};
use sidelight_transport::{GrpcServer, HttpServer};

use super::service::OtlpReceiver;

settings! {
    /// OTLP over HTTP.
    pub struct Http {
        /// The listener.
        flatten server: HttpServer,
        /// The path that takes traces. A `/` in front is put there where it is missing.
        traces_url_path: String = "/v1/traces",
        /// The path that takes metrics.
        metrics_url_path: String = "/v1/metrics",
        /// The path that takes logs.
        logs_url_path: String = "/v1/logs",
    }
    validate Http::check;
}

settings! {
    /// The protocols to listen for; at least one.
    pub struct Protocols {
        /// OTLP over gRPC.
        grpc: Option<GrpcServer>,
        /// OTLP over HTTP, protobuf and JSON. With the same endpoint as `grpc` both share one port.
        http: Option<Http>,
    }
    validate Protocols::check;
}

settings! {
    /// Settings of the `otlp` receiver.
    pub struct Config {
        /// The protocols to listen for; at least one.
        required protocols: Protocols,
    }
}

impl Http {
    /// The paths in the order of the signals, with the `/` that every path of a request begins with.
    pub(super) fn paths(&self) -> [String; 3] {
        [&self.traces_url_path, &self.metrics_url_path, &self.logs_url_path].map(|path| {
            let path = path.strip_prefix('/').unwrap_or(path);
            format!("/{path}")
        })
    }

    /// A path says which signal a request carries.
    fn check(&self, check: &mut Check<'_, '_>) {
        const SETTINGS: [&str; 3] = ["traces_url_path", "metrics_url_path", "logs_url_path"];
        let paths = self.paths();
        for (i, j) in [(1, 0), (2, 0), (2, 1)] {
            if paths[i] == paths[j] {
                // One of them may be the default, which has no line.
                let (i, j) = if check.is_given(SETTINGS[i]) {
                    (i, j)
                } else {
                    (j, i)
                };
                let problem = format!("is the path of `{}` as well", SETTINGS[j]);
                check.conflict(SETTINGS[i], SETTINGS[j], &problem);
            }
        }
    }
}

impl Protocols {
    fn check(&self, check: &mut Check<'_, '_>) {
        match (&self.grpc, &self.http) {
            (None, None) => check.error_hint(
                "grpc",
                "and `http` are both missing: nothing would be listened for",
                "add `grpc:` or `http:`; with nothing below it the defaults are used",
            ),
            (Some(grpc), Some(http)) if self.share_a_port() && grpc.tls != http.server.tls => {
                check.conflict(
                    "http",
                    "grpc",
                    "shares a port with `grpc` and must have the same `tls`",
                );
            }
            _ => {}
        }
    }

    /// True where gRPC and HTTP are served on one port.
    pub(super) fn share_a_port(&self) -> bool {
        match (&self.grpc, &self.http) {
            (Some(grpc), Some(http)) => grpc.endpoint == http.server.endpoint && !is_any_port(&grpc.endpoint),
            _ => false,
        }
    }
}

fn is_any_port(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Tcp { port: 0, .. })
}

impl ReceiverConfig for Config {
    fn resources(&self) -> Vec<Resource> {
        let listen = |endpoint: &Endpoint, setting: &str| Resource::Listen {
            endpoint: endpoint.to_string(),
            setting: setting.to_owned(),
        };
        let grpc = self
            .protocols
            .grpc
            .iter()
            .map(|g| listen(&g.endpoint, "protocols.grpc.endpoint"));
        let http = self
            .protocols
            .http
            .iter()
            .filter(|_| !self.protocols.share_a_port());
        grpc.chain(http.map(|h| listen(&h.server.endpoint, "protocols.http.endpoint")))
            .collect()
    }

    fn request_limits(&self) -> Vec<(usize, &'static str)> {
        let grpc = self.protocols.grpc.iter();
        let http = self.protocols.http.iter();
        grpc.map(|g| (g.limits().max_size, "protocols.grpc.max_recv_msg_size_mib"))
            .chain(http.map(|h| (h.server.limits().max_size, "protocols.http.max_request_body_size")))
            .collect()
    }

    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Receiver>, BuildError> {
        Ok(Box::new(OtlpReceiver::new(self.clone(), cx)?))
    }
}
