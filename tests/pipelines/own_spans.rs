//! Spans about the program itself.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use sidelight_component::Signal;

use crate::clients::export;
use crate::program::Program;
use crate::sink::Sink;

#[tokio::test]
async fn requests_and_attempts_are_spans_where_they_are_wanted() {
    let (backend, spans) = (Sink::start().await, Sink::start().await);
    let config = format!(
        "
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:0'}}}}}}}}
exporters: {{otlp_grpc: {{endpoint: 'http://{}'}}}}
service:
  telemetry:
    metrics: {{level: none}}
    logs: {{encoding: json}}
    traces:
      processors:
        - batch: {{schedule_delay: 100, exporter: {{otlp: {{protocol: grpc, endpoint: 'http://{}'}}}}}}
  pipelines: {{logs: {{receivers: [otlp], exporters: [otlp_grpc]}}}}
",
        backend.address, spans.address
    );
    let mut program = Program::start(&config).await;
    let grpc = program.grpc().await;
    export(grpc, Signal::Logs, 7).await.expect("accepted");
    let mut seen = Vec::new();
    let both = async {
        while !["receive", "send"]
            .iter()
            .all(|name| seen.iter().any(|span: &Span| span.name == *name))
        {
            spans.arrival().await;
            for (_, request) in spans.take() {
                let request = ExportTraceServiceRequest::decode(&request[..]).expect("spans");
                let scopes = request
                    .resource_spans
                    .into_iter()
                    .flat_map(|resource| resource.scope_spans);
                seen.extend(scopes.flat_map(|scope| scope.spans));
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), both)
        .await
        .expect("both spans arrive");
    for span in &seen {
        let told = format!("{:?}", span.attributes);
        assert!(
            told.contains("items") && told.contains("logs") && told.contains("accepted"),
            "{told}"
        );
    }
}
