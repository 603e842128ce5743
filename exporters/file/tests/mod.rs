mod failing;
mod killed;
mod outside;
mod rotating;
mod settings;
mod written;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use sidelight_component::{
    BuildContext, BuildError, Chunk, Clock, Exporter, ExporterConfig, Payload, Role, Sent, Signal,
};
use sidelight_proto::encode::{LogsEncoder, MetricsEncoder, TracesEncoder};
use sidelight_proto::views::NumberValue;
use tempfile::TempDir;

use super::config::Config;

/// 2026-11-20T10:15:30.123Z
const NOW: u64 = 1_795_169_730_123_000_000;

/// Reads settings as `pipeline.yaml` gives them; the mistakes as text where there are any.
fn read(yaml: &str) -> Result<Config, String> {
    sidelight_testkit::component::settings(Role::Exporter, "file", yaml)
}

fn context(clock: &Clock) -> BuildContext {
    BuildContext {
        clock: clock.clone(),
        ..sidelight_testkit::component::context(Role::Exporter, "file/test")
    }
}

/// An exporter and the folder it writes in.
struct Rig {
    folder: TempDir,
    clock: Clock,
}

impl Rig {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Clock::virtual_at(NOW),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("out.json")
    }

    /// An exporter that was started, writing to [`Rig::path`].
    async fn start(&self, yaml: &str) -> Arc<dyn Exporter> {
        start(&self.path(), yaml, &self.clock).await.unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    /// The names in the folder, sorted.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

async fn start(path: &Path, yaml: &str, clock: &Clock) -> Result<Arc<dyn Exporter>, BuildError> {
    let config = read(&format!("path: {}\n{yaml}", path.display())).unwrap();
    let exporter = config.build(&context(clock))?;
    exporter.start().await?;
    Ok(exporter)
}

async fn send(exporter: &dyn Exporter, signal: Signal, payload: &Payload) -> Sent {
    let request = exporter.encode(signal, payload).unwrap();
    exporter.send(&request, Instant::now()).await
}

/// A payload of one chunk with one item of this name.
fn payload(signal: Signal, name: &str) -> Payload {
    let bytes = match signal {
        Signal::Traces => {
            let mut request = TracesEncoder::default();
            let mut group = request.resource_spans();
            group.resource().attribute("service.name", "shop");
            let mut spans = group.scope_spans();
            spans
                .span()
                .trace_id(&[7; 16])
                .span_id(&[8; 8])
                .name(name)
                .kind(2)
                .end_time_unix_nano(5);
            drop(spans);
            drop(group);
            request.finish()
        }
        Signal::Metrics => {
            let mut request = MetricsEncoder::default();
            let mut group = request.resource_metrics();
            group
                .scope_metrics()
                .metric()
                .name(name)
                .gauge()
                .data_point()
                .value(NumberValue::Double(f64::NAN));
            drop(group);
            request.finish()
        }
        Signal::Logs => {
            let mut request = LogsEncoder::default();
            request
                .resource_logs()
                .scope_logs()
                .log_record()
                .body(name)
                .time_unix_nano(9);
            request.finish()
        }
    };
    Payload::new(chunk(signal, bytes))
}

fn chunk(signal: Signal, bytes: Bytes) -> Chunk {
    let admitted = sidelight_proto::admit(signal, bytes).unwrap();
    Chunk {
        bytes: admitted.bytes,
        items: admitted.items,
    }
}

/// The lines of a file, each of which must be a whole request of the signal that its key names.
fn requests(text: &str) -> Vec<(Signal, Vec<u8>)> {
    assert!(
        text.is_empty() || text.ends_with('\n'),
        "the last line is not whole"
    );
    let decoded = text.lines().map(|line| {
        let signals = [
            ("resourceSpans", Signal::Traces),
            ("resourceMetrics", Signal::Metrics),
            ("resourceLogs", Signal::Logs),
        ];
        let named = signals
            .into_iter()
            .find(|(key, _)| line.starts_with(&format!("{{\"{key}\"")));
        let (_, signal) = named.unwrap_or_else(|| panic!("no request: {line}"));
        let transcoded = sidelight_proto::json::to_protobuf(signal, line.as_bytes(), 1 << 24).unwrap();
        (signal, transcoded.protobuf)
    });
    decoded.collect()
}
