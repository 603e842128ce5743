//! `service: telemetry: traces:`.

use std::collections::BTreeMap;

use sidelight_config::{Check, Secret, setting_enum, settings};

setting_enum! {
    /// Whether own spans are made.
    pub enum TraceLevel {
        /// No, whatever the processors say.
        None = "none",
        /// Where there is a processor.
        Basic = "basic",
        /// Where there is a processor.
        Normal = "normal",
        /// Where there is a processor.
        Detailed = "detailed",
    }
}

setting_enum! {
    /// The protocol.
    pub enum OtlpProtocol {
        /// OTLP over gRPC.
        Grpc = "grpc" | "grpc/protobuf",
    }
}

settings! {
    /// Own spans sent over OTLP.
    pub struct OtlpTraces {
        /// The protocol.
        protocol: OtlpProtocol = OtlpProtocol::Grpc,
        /// Where to: `http://host:port`, or `host:port` with `insecure: true`.
        required endpoint: String,
        /// True: `host:port` without a scheme is reached without TLS, which is the only way here.
        insecure: bool = false,
        /// Headers of every request.
        headers: BTreeMap<String, Secret>,
        /// The longest time for one request, in milliseconds.
        timeout: u64 [1..=60_000] = 5000,
    }
    unsupported {
        "certificate" => "own spans are sent without TLS; send them to a local address",
        "client_certificate" => "own spans are sent without TLS; send them to a local address",
        "client_key" => "own spans are sent without TLS; send them to a local address",
        harmless "compression" => "own spans are few and are not compressed; remove it",
    }
    validate OtlpTraces::check;
}

impl OtlpTraces {
    /// The address with its scheme.
    pub fn uri(&self) -> String {
        if self.endpoint.contains("://") {
            self.endpoint.clone()
        } else {
            format!("http://{}", self.endpoint)
        }
    }

    fn check(&self, check: &mut Check<'_, '_>) {
        let has_scheme = self.endpoint.contains("://");
        if has_scheme && !self.endpoint.starts_with("http://") {
            check.error_hint(
                "endpoint",
                "must begin with `http://`",
                "own spans are sent without TLS",
            );
        } else if !has_scheme && !self.insecure {
            check.error_hint(
                "endpoint",
                "would be reached with TLS, which is not supported for own spans",
                "write `http://` before it, or set `insecure: true`",
            );
        } else if self
            .uri()
            .parse::<http::Uri>()
            .ok()
            .is_none_or(|uri| uri.host().is_none_or(str::is_empty))
        {
            check.error_hint("endpoint", "must be an address", "write `http://localhost:4317`");
        }
    }
}

settings! {
    /// Where own spans go.
    pub struct TraceExporter {
        /// Own spans sent over OTLP.
        required otlp: OtlpTraces,
    }
    unsupported {
        "console" => "own spans are not printed; use `otlp`",
    }
}

settings! {
    /// Own spans sent in batches.
    pub struct TraceBatch {
        /// Where they go.
        required exporter: TraceExporter,
        /// The longest wait for a batch to fill, in milliseconds.
        schedule_delay: u64 [10..=600_000] = 5000,
        /// Spans that wait to be sent; further ones are dropped.
        max_queue_size: usize [1..=65_536] = 2048,
        /// Spans of one request.
        max_export_batch_size: usize [1..=65_536] = 512,
    }
    unsupported {
        harmless "export_timeout" => "`timeout` of the exporter bounds a request; remove it",
    }
}

settings! {
    /// What is done with own spans.
    pub struct TraceProcessor {
        /// They are sent in batches.
        required batch: TraceBatch,
    }
    unsupported {
        "simple" => "a request per span would wait in the pipelines; use `batch`",
    }
}

settings! {
    /// The program's own spans.
    pub struct TraceSettings {
        /// `none` makes no spans, whatever the processors say.
        level: TraceLevel = TraceLevel::Normal,
        /// What is done with own spans; without one no spans are made.
        processors: Vec<TraceProcessor>,
    }
    unsupported {
        "sampler" => "own spans are few and all of them are kept; remove it",
        harmless "propagators" => "own spans are not connected to the traces that pass through; remove it",
        harmless "limits" => "own spans have a handful of attributes; remove it",
    }
    validate TraceSettings::check;
}

impl TraceSettings {
    /// Whether spans are made at all.
    pub fn is_on(&self) -> bool {
        self.level != TraceLevel::None && !self.processors.is_empty()
    }

    fn check(&self, check: &mut Check<'_, '_>) {
        if self.processors.len() > 4 {
            check.error("processors", "must be at most 4");
        }
    }
}
