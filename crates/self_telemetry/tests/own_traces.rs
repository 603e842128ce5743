//! Own spans against a real OTLP endpoint, and against one that does not answer.

#![expect(clippy::expect_used, reason = "what is not as expected fails the test")]

use std::net::TcpListener;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use sidelight_config::{Secret, Settings as _};
use sidelight_self_telemetry::resource;
use sidelight_self_telemetry::settings::{
    OtlpProtocol, OtlpTraces, ResourceSettings, TraceBatch, TraceExporter, TraceProcessor, TraceSettings,
};
use sidelight_self_telemetry::traces::{OwnTraces, TracesError};
use tonic::{Request, Response, Status};
use tracing_subscriber::layer::SubscriberExt;

const PATIENCE: Duration = Duration::from_secs(60);

struct Backend(Sender<(ExportTraceServiceRequest, Option<String>)>);

#[tonic::async_trait]
impl TraceService for Backend {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let token = request
            .metadata()
            .get("authorization")
            .and_then(|t| t.to_str().ok())
            .map(str::to_owned);
        let _ = self.0.send((request.into_inner(), token));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn settings(endpoint: String) -> TraceSettings {
    let otlp = OtlpTraces {
        protocol: OtlpProtocol::Grpc,
        endpoint,
        insecure: true,
        headers: [("authorization".to_owned(), Secret::new("hunter2"))].into(),
        timeout: 5000,
    };
    let batch = TraceBatch {
        exporter: TraceExporter { otlp },
        // Only the end sends, so that there is one request.
        schedule_delay: 600_000,
        max_queue_size: 2048,
        max_export_batch_size: 512,
    };
    TraceSettings {
        processors: vec![TraceProcessor { batch }],
        ..TraceSettings::default()
    }
}

fn started(settings: &TraceSettings) -> OwnTraces {
    let resource = resource(&ResourceSettings::default(), "1.2.3");
    OwnTraces::start(settings, &resource)
        .expect("it starts")
        .expect("spans are on")
}

fn make_spans(traces: &OwnTraces) {
    let subscriber = tracing_subscriber::registry().with(traces.layer());
    tracing::subscriber::with_default(subscriber, || {
        let outer = tracing::info_span!(target: "sidelight_pipeline", "reload", generation = 2);
        outer.in_scope(|| {
            tracing::info_span!(target: "sidelight_pipeline", "prepare").in_scope(|| {});
            // Neither the libraries below nor details are seen.
            tracing::info_span!(target: "h2", "send_headers").in_scope(|| {});
            tracing::debug_span!(target: "sidelight_pipeline", "detail").in_scope(|| {});
        });
    });
}

#[test]
fn own_spans_reach_an_otlp_endpoint_and_nothing_else_does() {
    let (sender, received) = channel();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let socket = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .expect("a free port");
    let address = socket.local_addr().expect("an address");
    runtime.spawn(async move {
        let incoming = tonic::transport::server::TcpIncoming::from(socket);
        let server =
            tonic::transport::Server::builder().add_service(TraceServiceServer::new(Backend(sender)));
        server.serve_with_incoming(incoming).await
    });
    let traces = started(&settings(address.to_string()));
    make_spans(&traces);
    traces.stop(PATIENCE).expect("all spans are sent");
    let (request, token) = received.recv_timeout(PATIENCE).expect("a request");
    assert_eq!(token.as_deref(), Some("hunter2"));
    let resource = request.resource_spans[0].resource.clone().expect("a resource");
    assert!(
        resource
            .attributes
            .iter()
            .any(|a| a.key == "service.name" && format!("{a:?}").contains("sidelight"))
    );
    let spans: Vec<_> = request
        .resource_spans
        .iter()
        .flat_map(|r| &r.scope_spans)
        .flat_map(|s| &s.spans)
        .collect();
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["prepare", "reload"]);
    assert_eq!(spans[0].parent_span_id, spans[1].span_id);
    assert!(
        received.try_recv().is_err(),
        "sending the spans made further spans"
    );
}

#[test]
fn an_endpoint_that_does_not_answer_cannot_hold_up_the_end() {
    // Accepts in the system's queue, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let traces = started(&settings(silent.local_addr().expect("an address").to_string()));
    make_spans(&traces);
    let ended = traces.stop(Duration::from_millis(50));
    assert!(matches!(ended, Err(TracesError::NotFlushed(_))), "{ended:?}");
}

#[test]
fn without_a_processor_nothing_is_started() {
    let resource = resource(&ResourceSettings::default(), "1.2.3");
    assert!(
        OwnTraces::start(&TraceSettings::default(), &resource)
            .expect("nothing to start")
            .is_none()
    );
    assert!(TraceSettings::table().row("processors").is_some());
}

#[test]
fn a_header_that_is_none_is_named_without_its_value() {
    let mut bad = settings("localhost:1".to_owned());
    bad.processors[0].batch.exporter.otlp.headers = [("x".to_owned(), Secret::new("hunter2\n"))].into();
    let resource = resource(&ResourceSettings::default(), "1.2.3");
    let error = OwnTraces::start(&bad, &resource)
        .expect_err("refused")
        .to_string();
    assert!(
        error.contains("header `x`") && !error.contains("hunter2"),
        "{error}"
    );
}
