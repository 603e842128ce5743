//! A backend: tonic's server with the generated services, which keeps what it gets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;
use sidelight_component::Signal;
use tokio::sync::watch;
use tonic::codec::CompressionEncoding;

/// A signal and its request, serialized again.
pub(crate) type Request = (Signal, Vec<u8>);

/// Clones share what they got.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    got: Arc<Mutex<Vec<Request>>>,
    arrived: Arc<watch::Sender<usize>>,
    /// Answers are held back while this is false.
    answers: Arc<watch::Sender<bool>>,
}

impl Sink {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("bound");
        let (arrived, answers) = (watch::Sender::new(0), watch::Sender::new(true));
        let sink = Self {
            address,
            got: Arc::default(),
            arrived: Arc::new(arrived),
            answers: Arc::new(answers),
        };
        const LIMIT: usize = 64 << 20;
        let traces = TraceServiceServer::new(sink.clone()).max_decoding_message_size(LIMIT);
        let metrics = MetricsServiceServer::new(sink.clone()).max_decoding_message_size(LIMIT);
        let logs = LogsServiceServer::new(sink.clone()).max_decoding_message_size(LIMIT);
        let router = tonic::transport::Server::builder()
            .add_service(traces.accept_compressed(CompressionEncoding::Gzip))
            .add_service(metrics.accept_compressed(CompressionEncoding::Gzip))
            .add_service(logs.accept_compressed(CompressionEncoding::Gzip));
        tokio::spawn(router.serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener)));
        sink
    }

    /// Holds answers back, or lets them go.
    pub(crate) fn answer(&self, answers: bool) {
        self.answers.send_replace(answers);
    }

    /// Waits until something arrives that was not taken yet.
    pub(crate) async fn arrival(&self) {
        let mut arrived = self.arrived.subscribe();
        arrived
            .wait_for(|count| *count > 0)
            .await
            .expect("the sink lives");
    }

    /// What arrived since the last call.
    pub(crate) fn take(&self) -> Vec<Request> {
        self.arrived.send_replace(0);
        std::mem::take(&mut *self.got.lock().expect("no panic"))
    }

    async fn keep(&self, signal: Signal, request: Vec<u8>) {
        self.got.lock().expect("no panic").push((signal, request));
        self.arrived.send_modify(|count| *count += 1);
        let mut answers = self.answers.subscribe();
        answers
            .wait_for(|answers| *answers)
            .await
            .expect("the sink lives");
    }
}

#[tonic::async_trait]
impl TraceService for Sink {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        self.keep(Signal::Traces, request.get_ref().encode_to_vec()).await;
        Ok(tonic::Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Sink {
    async fn export(
        &self,
        request: tonic::Request<ExportMetricsServiceRequest>,
    ) -> Result<tonic::Response<ExportMetricsServiceResponse>, tonic::Status> {
        self.keep(Signal::Metrics, request.get_ref().encode_to_vec())
            .await;
        Ok(tonic::Response::new(ExportMetricsServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Sink {
    async fn export(
        &self,
        request: tonic::Request<ExportLogsServiceRequest>,
    ) -> Result<tonic::Response<ExportLogsServiceResponse>, tonic::Status> {
        self.keep(Signal::Logs, request.get_ref().encode_to_vec()).await;
        Ok(tonic::Response::new(ExportLogsServiceResponse::default()))
    }
}
