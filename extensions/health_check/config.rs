//! Settings, as the Collector's `health_check` extension has them.

use sidelight_component::{BuildContext, BuildError, Extension, ExtensionConfig, Resource};
use sidelight_config::{Check, Endpoint, settings};

use super::extension::HealthCheck;

settings! {
    /// Bodies that replace the usual ones.
    pub struct ResponseBody {
        /// The body when the program works.
        healthy: String,
        /// The body when it does not.
        unhealthy: String,
    }
}

settings! {
    /// Settings of the `health_check` extension.
    pub struct Config {
        /// The address to listen on.
        endpoint: Endpoint = Endpoint::tcp("localhost", 13133),
        /// The path that is answered.
        path: String = "/",
        /// Fixed bodies in place of the JSON with status and reasons.
        response_body: Option<ResponseBody>,
        /// Further names by which the program may be called in the `Host` header.
        allowed_hosts: Vec<String>,
        /// True: the address may be reached from other machines, without authentication.
        insecure: bool = false,
    }
    unsupported {
        "tls" => "health is answered without TLS; listen on `localhost`",
        "auth" => "health is answered without authentication; listen on `localhost`",
        "middlewares" => "there are no middleware extensions; remove it",
        "use_v2" => "the second version is not built; remove it",
        "http" => "it belongs to `use_v2`; give `endpoint` and `path` directly",
        "grpc" => "it belongs to `use_v2`; probe over HTTP",
        harmless "component_health" => "it belongs to `use_v2`; components are part of the answer anyway; remove it",
        harmless "check_collector_pipeline" => "exporters are part of the answer anyway; remove it",
        harmless "transport" => "it is TCP; remove it",
        harmless "cors" => "no other site may read the answer; remove it",
        harmless "response_headers" => "the headers are fixed; remove it",
        harmless "include_metadata" => "nothing reads it; remove it",
        harmless "max_request_body_size" => "no body is read; remove it",
        harmless "compression_algorithms" => "no body is read; remove it",
        harmless "read_timeout" => "10 s for a request's head, 30 s for a connection; remove it",
        harmless "read_header_timeout" => "it is 10 s; remove it",
        harmless "write_timeout" => "30 s for a connection; remove it",
        harmless "idle_timeout" => "a connection ends with its answer; remove it",
        harmless "keep_alives_enabled" => "a connection ends with its answer; remove it",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if !self.path.starts_with('/') {
            check.error_hint("path", "must begin with `/`", "write `/health`");
        }
        if matches!(self.endpoint, Endpoint::Unix(_)) {
            check.error_hint("endpoint", "must not be a unix socket", "use `localhost:13133`");
        } else if !self.insecure && !self.endpoint.is_loopback() {
            check.error_hint(
                "endpoint",
                "can be reached from other machines, and there is no authentication",
                "use `localhost`, or say that it is meant with `insecure: true`",
            );
        }
    }
}

impl ExtensionConfig for Config {
    fn resources(&self) -> Vec<Resource> {
        vec![Resource::Listen {
            endpoint: self.endpoint.to_string(),
            setting: "endpoint".to_owned(),
        }]
    }

    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Extension>, BuildError> {
        Ok(Box::new(HealthCheck::new(self.clone(), cx)))
    }
}
