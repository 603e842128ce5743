//! An exporter as the engine uses it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use sidelight_component::metrics::Registry;
use sidelight_component::{
    Budget, BuildContext, Chunk, Clock, ComponentId, Exporter, ExporterConfig as _, Payload, Role, Sent,
    Signal, StatusBoard,
};
use sidelight_config::{FixedEnv, Owner, load_str, read};

use crate::otlp_grpc::Config;

/// An attempt's time in tests where an answer comes.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// An exporter with these settings.
pub(super) fn exporter(settings: &str) -> (Arc<dyn Exporter>, Budget) {
    let (tree, mut mistakes) = load_str("test.yaml", settings, &FixedEnv::default());
    let tree = tree.expect("YAML");
    let owner = Owner {
        label: "exporter `otlp_grpc`".into(),
        readme: None,
        place: tree.root.span,
    };
    let config = read::<Config>(&tree.root, owner, &mut mistakes);
    assert!(mistakes.is_empty(), "{}", mistakes.render_plain());
    let id: ComponentId = "otlp_grpc".parse().expect("an id");
    let budget = Budget::new(64 << 20);
    let context = BuildContext {
        id: id.clone(),
        pipeline: None,
        budget: budget.clone(),
        clock: Clock::system(),
        metrics: Registry::default(),
        status: StatusBoard::default().reporter(Role::Exporter, id),
        state_dir: "unused".into(),
        workers: 1,
    };
    (
        config.expect("settings").config.build(&context).expect("built"),
        budget,
    )
}

/// An exporter to this address, without encryption or compression.
pub(super) fn exporter_to(address: SocketAddr) -> Arc<dyn Exporter> {
    exporter(&format!("endpoint: http://{address}\ncompression: none\n")).0
}

pub(super) fn spans(count: usize) -> ExportTraceServiceRequest {
    let span = |number: usize| Span {
        trace_id: vec![1; 16],
        span_id: (number as u64 + 1).to_be_bytes().to_vec(),
        name: format!("GET /orders/{number}"),
        ..Span::default()
    };
    let scope = ScopeSpans {
        spans: (0..count).map(span).collect(),
        ..ScopeSpans::default()
    };
    let resource = ResourceSpans {
        scope_spans: vec![scope],
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![resource],
    }
}

/// A payload with one chunk for each number of spans.
pub(super) fn payload(chunks: &[usize]) -> Payload {
    let mut payload = Payload::default();
    for items in chunks {
        payload.push(Chunk {
            bytes: Bytes::from(spans(*items).encode_to_vec()),
            items: *items,
        });
    }
    payload
}

/// One attempt with two chunks of spans.
pub(super) async fn send(exporter: &Arc<dyn Exporter>, timeout: Duration) -> Sent {
    let request = exporter
        .encode(Signal::Traces, &payload(&[2, 1]))
        .expect("encoded");
    exporter.send(&request, Instant::now() + timeout).await
}
