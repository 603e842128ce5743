//! The program's own spans, for those who look into the program itself. Off unless configured.
//!
//! Spans whose target begins with `sidelight` go through the OpenTelemetry SDK to an OTLP endpoint. Network
//! work runs on the admin thread, batching on a thread of the SDK, so that no worker waits for either: a
//! full queue drops spans. Spans of the libraries below are not seen at all, and the SDK's own thread works
//! in a suppressed scope: sending spans makes no spans. (Sending them to a receiver of this very program is
//! another matter: do not.)

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use sidelight_component::metrics::Labels;
use tonic::metadata::{Ascii, MetadataKey, MetadataMap, MetadataValue};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

use crate::admin::AdminThread;
use crate::settings::{OtlpTraces, TraceBatch, TraceSettings};

/// Why own spans cannot be made or were not all sent.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// A header is no header.
    #[error("service.telemetry.traces: header `{0}` has a name or a value that gRPC does not take")]
    Header(String),
    /// The exporter does not take its settings.
    #[error("service.telemetry.traces: {0}")]
    Exporter(String),
    /// The system gives no thread.
    #[error("service.telemetry.traces: cannot start the thread for administration: {0}")]
    Thread(#[from] std::io::Error),
    /// Spans were left when the time was over.
    #[error("own spans could not all be sent: {0}")]
    NotFlushed(String),
}

/// The SDK at work.
#[derive(Debug)]
pub struct OwnTraces {
    provider: SdkTracerProvider,
    /// Network work of the exporter runs there.
    _thread: Arc<AdminThread>,
}

impl OwnTraces {
    /// Starts the SDK; `None` where the settings make no spans. Connects when the first spans are sent.
    ///
    /// # Errors
    /// [`TracesError`] where the settings cannot be used or there is no thread.
    pub fn start(settings: &TraceSettings, resource: &Labels) -> Result<Option<Self>, TracesError> {
        if !settings.is_on() {
            return Ok(None);
        }
        let thread = AdminThread::shared()?;
        // The exporter's connection belongs to the runtime that is entered here.
        let _entered = thread.handle().enter();
        let attributes = resource
            .iter()
            .map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
        let mut provider = SdkTracerProvider::builder()
            .with_resource(Resource::builder_empty().with_attributes(attributes).build());
        for processor in &settings.processors {
            provider = provider.with_span_processor(processor_of(&processor.batch)?);
        }
        Ok(Some(Self {
            provider: provider.build(),
            _thread: thread.clone(),
        }))
    }

    /// The layer that makes the spans.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let own = Targets::new().with_target("sidelight", LevelFilter::INFO);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("sidelight"))
            .with_filter(own)
    }

    /// Sends what is left and ends; waits at most `within` and blocks the caller meanwhile. Not to be called
    /// on the admin thread, which has to do the sending.
    ///
    /// # Errors
    /// [`TracesError::NotFlushed`] where the time was too short or the endpoint is away.
    pub fn stop(self, within: Duration) -> Result<(), TracesError> {
        match self.provider.shutdown_with_timeout(within) {
            Ok(()) => Ok(()),
            Err(OTelSdkError::Timeout(_)) => Err(TracesError::NotFlushed(format!(
                "the endpoint did not take them within {within:?}"
            ))),
            Err(other) => Err(TracesError::NotFlushed(other.to_string())),
        }
    }
}

fn processor_of(settings: &TraceBatch) -> Result<BatchSpanProcessor, TracesError> {
    let batch = BatchConfigBuilder::default()
        .with_max_queue_size(settings.max_queue_size)
        .with_max_export_batch_size(settings.max_export_batch_size)
        .with_scheduled_delay(Duration::from_millis(settings.schedule_delay))
        .build();
    let exporter = exporter_of(&settings.exporter.otlp)?;
    Ok(BatchSpanProcessor::builder(exporter)
        .with_batch_config(batch)
        .build())
}

fn exporter_of(settings: &OtlpTraces) -> Result<SpanExporter, TracesError> {
    let mut headers = MetadataMap::new();
    for (name, value) in &settings.headers {
        let header = (MetadataKey::from_bytes(name.as_bytes()).ok())
            .zip(MetadataValue::<Ascii>::try_from(value.expose()).ok());
        let (key, mut value) =
            header.ok_or_else(|| TracesError::Header(sidelight_config::shortened(name)))?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    SpanExporter::builder()
        .with_tonic()
        .with_endpoint(settings.uri())
        .with_timeout(Duration::from_millis(settings.timeout))
        .with_metadata(headers)
        .build()
        .map_err(|error| TracesError::Exporter(error.to_string()))
}
