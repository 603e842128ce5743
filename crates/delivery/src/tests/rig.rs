//! A queue before an exporter that answers as its script says, and data that can be told apart.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric, number_data_point,
};
use parking_lot::Mutex;
use prost::Message;
use sidelight_component::metrics::Registry;
use sidelight_component::sending::SendingSettings;
use sidelight_component::{
    Ack, Batch, Budget, Chunk, Durability, Exporter, Outcome, Payload, Receipt, Request, Role, Sent, Signal,
    State, StatusBoard, StorageSettings, async_trait,
};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::{ExporterStatus, Queue, QueueConfig, QueueLedger, Storage, Undelivered, queue};

/// What the exporter does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Answer(Sent),
    /// Takes the data, but the answer is lost.
    TakeAndFail,
    /// Answers after a while.
    After(Duration, Box<Act>),
    /// Never answers.
    Stall,
    Panic,
}

pub(crate) fn retry() -> Act {
    Act::Answer(Sent::Retry {
        after: None,
        reason: "busy".into(),
        maybe_processed: false,
    })
}

pub(crate) fn retry_after(seconds: u64) -> Act {
    let after = Some(Duration::from_secs(seconds));
    Act::Answer(Sent::Retry {
        after,
        reason: "busy".into(),
        maybe_processed: false,
    })
}

pub(crate) fn accept() -> Act {
    Act::Answer(Sent::Accepted)
}

pub(crate) fn reject() -> Act {
    Act::Answer(Sent::Rejected { reason: "bad".into() })
}

pub(crate) fn too_large() -> Act {
    Act::Answer(Sent::TooLarge {
        reason: "too much".into(),
    })
}

pub(crate) fn partial(rejected: u64) -> Act {
    Act::Answer(Sent::Partial {
        rejected,
        reason: "some".into(),
    })
}

pub(crate) fn after_ms(ms: u64, act: Act) -> Act {
    Act::After(Duration::from_millis(ms), Box::new(act))
}

/// One request as the destination saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(crate) ids: Vec<u64>,
    pub(crate) bytes: usize,
}

type Rule = Box<dyn Fn(&[u64]) -> Option<Act> + Send + Sync>;
type EncodeRule = Box<dyn Fn(&[u64]) -> Result<(), String> + Send + Sync>;

/// Answers by rule where one speaks, then from the script, then takes everything.
#[derive(Default)]
pub(crate) struct Scripted {
    pub(crate) script: Mutex<VecDeque<Act>>,
    pub(crate) rule: Option<Rule>,
    pub(crate) encode_rule: Option<EncodeRule>,
    pub(crate) encodes: bool,
    /// Bytes that encoding adds to a request.
    pub(crate) encoding_adds: usize,
    pub(crate) seen: Mutex<Vec<Seen>>,
    pub(crate) taken: Mutex<Vec<u64>>,
    pub(crate) encoded: Mutex<u64>,
    pub(crate) encoder_threads: Mutex<Vec<std::thread::ThreadId>>,
    pub(crate) now_open: Mutex<usize>,
    pub(crate) most_open: Mutex<usize>,
}

impl Scripted {
    pub(crate) fn acting(script: impl IntoIterator<Item = Act>) -> Self {
        Self {
            script: Mutex::new(script.into_iter().collect()),
            ..Self::default()
        }
    }
}

#[async_trait]
impl Exporter for Scripted {
    fn encode(&self, signal: Signal, payload: &Payload) -> Result<Request, String> {
        *self.encoded.lock() += 1;
        self.encoder_threads.lock().push(std::thread::current().id());
        if let Some(rule) = &self.encode_rule {
            rule(&ids(signal, &payload.to_contiguous()))?;
        }
        let mut request = Request::verbatim(signal, payload);
        if self.encoding_adds > 0 {
            request.body.push(vec![0; self.encoding_adds].into());
        }
        Ok(request)
    }

    fn encodes(&self) -> bool {
        self.encodes
    }

    async fn send(&self, request: &Request, _deadline: std::time::Instant) -> Sent {
        let mut joined: Vec<u8> = request.body.iter().flatten().copied().collect();
        joined.truncate(joined.len() - self.encoding_adds);
        let ids = ids(request.signal, &joined);
        assert_eq!(ids.len(), request.items);
        self.seen.lock().push(Seen {
            at: Instant::now(),
            ids: ids.clone(),
            bytes: request.len(),
        });
        let by_rule = self.rule.as_ref().and_then(|rule| rule(&ids));
        let mut act = by_rule
            .or_else(|| self.script.lock().pop_front())
            .unwrap_or_else(accept);
        let _open = Open::new(self);
        loop {
            match act {
                Act::Answer(sent) => {
                    let rejected = match &sent {
                        Sent::Accepted => 0,
                        Sent::Partial { rejected, .. } => *rejected as usize,
                        _ => ids.len(),
                    };
                    self.taken.lock().extend(&ids[rejected.min(ids.len())..]);
                    return sent;
                }
                Act::TakeAndFail => {
                    self.taken.lock().extend(&ids);
                    return Sent::Retry {
                        after: None,
                        reason: "no answer".into(),
                        maybe_processed: true,
                    };
                }
                Act::After(wait, then) => {
                    tokio::time::sleep(wait).await;
                    act = *then;
                }
                Act::Stall => std::future::pending().await,
                Act::Panic => panic!("on purpose"),
            }
        }
    }
}

/// Counts the requests that are on their way, also when they are dropped.
struct Open<'a>(&'a Scripted);

impl<'a> Open<'a> {
    fn new(exporter: &'a Scripted) -> Self {
        let mut open = exporter.now_open.lock();
        *open += 1;
        let mut most = exporter.most_open.lock();
        *most = (*most).max(*open);
        Self(exporter)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        *self.0.now_open.lock() -= 1;
    }
}

/// A queue at work.
pub(crate) struct Rig {
    pub(crate) queue: Queue,
    pub(crate) exporter: Arc<Scripted>,
    pub(crate) signal: Signal,
    pub(crate) metrics: Registry,
    pub(crate) board: StatusBoard,
    pub(crate) budget: Budget,
    pub(crate) task: JoinHandle<()>,
    storage: Option<Storage>,
    next_id: Mutex<u64>,
}

/// A folder for queues.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    pub(crate) fn open(&self, board: &StatusBoard) -> Storage {
        let settings = StorageSettings {
            directory: Some(self.path().to_owned()),
            create_directory: true,
            lock_timeout: Duration::from_secs(5),
            durability: Durability::Write,
            flush_interval: Duration::from_millis(20),
            dead_letter_bytes: 1 << 20,
        };
        let status = board.reporter(Role::Extension, "file_storage".parse().expect("id"));
        Storage::open(&settings, "/nowhere".into(), status).expect("a storage")
    }
}

/// Settings as the tests start from: the defaults, with a timeout and without jitter.
pub(crate) fn settings() -> SendingSettings {
    let mut settings = SendingSettings {
        timeout: Duration::from_secs(5),
        ..SendingSettings::default()
    };
    settings.retry.randomization_factor = 0.0;
    settings
}

impl Rig {
    pub(crate) fn new(settings: SendingSettings, script: impl IntoIterator<Item = Act>) -> Self {
        Self::with(Signal::Logs, settings, Scripted::acting(script))
    }

    pub(crate) fn by_rule(
        settings: SendingSettings,
        rule: impl Fn(&[u64]) -> Option<Act> + Send + Sync + 'static,
    ) -> Self {
        Self::with(
            Signal::Logs,
            settings,
            Scripted {
                rule: Some(Box::new(rule)),
                ..Scripted::default()
            },
        )
    }

    pub(crate) fn with(signal: Signal, settings: SendingSettings, exporter: Scripted) -> Self {
        Self::kept(None, signal, settings, exporter)
    }

    /// A queue that is kept in a folder, as it was left there.
    pub(crate) fn on_disk(
        folder: &Folder,
        signal: Signal,
        mut settings: SendingSettings,
        exporter: Scripted,
    ) -> Self {
        settings.queue.storage = Some("file_storage".parse().expect("id"));
        Self::kept(Some(folder), signal, settings, exporter)
    }

    fn kept(folder: Option<&Folder>, signal: Signal, settings: SendingSettings, exporter: Scripted) -> Self {
        let exporter = Arc::new(exporter);
        let (metrics, board, budget) = (Registry::default(), StatusBoard::default(), Budget::default());
        let id: sidelight_component::ComponentId = "otlp_grpc/test".parse().expect("id");
        let storage = folder.map(|folder| folder.open(&board));
        let on_disk = storage
            .as_ref()
            .map(|storage| storage.queue(&id, signal, &settings.queue).expect("a log"));
        let (queue, task) = queue(QueueConfig {
            status: ExporterStatus::new(board.reporter(Role::Exporter, id.clone())),
            id,
            signal,
            exporter: exporter.clone(),
            settings,
            default_quota_bytes: 1 << 20,
            budget: budget.clone(),
            metrics: metrics.clone(),
            storage: on_disk,
        });
        let task = tokio::spawn(task);
        Self {
            storage,
            queue,
            exporter,
            signal,
            metrics,
            board,
            budget,
            task,
            next_id: Mutex::new(0),
        }
    }

    /// A batch of so many items with the next ids, and its receipt.
    pub(crate) fn batch(&self, items: usize) -> (Batch, Receipt) {
        let mut next = self.next_id.lock();
        let first = *next;
        *next += items as u64;
        let (ack, receipt) = Ack::new();
        let chunk = Chunk {
            bytes: encode(self.signal, first..*next, 0).into(),
            items,
        };
        (
            Batch {
                signal: self.signal,
                payload: Payload::new(chunk),
                ack,
                deadline: None,
            },
            receipt,
        )
    }

    /// Puts a batch of so many items into the queue.
    pub(crate) fn put(&self, items: usize) -> Receipt {
        let (batch, receipt) = self.batch(items);
        self.put_batch(batch);
        receipt
    }

    /// The same with a sender that waits for so long.
    pub(crate) fn put_for(&self, items: usize, patience: Duration) -> Receipt {
        let (mut batch, receipt) = self.batch(items);
        batch.deadline = Some((Instant::now() + patience).into_std());
        self.put_batch(batch);
        receipt
    }

    pub(crate) fn put_batch(&self, batch: Batch) {
        let room = self
            .queue
            .reserve(batch.payload.len(), batch.items())
            .expect("room");
        room.enqueue([batch]);
    }

    pub(crate) fn ledger(&self) -> QueueLedger {
        let ledger = self.queue.ledger();
        assert!(ledger.balances(), "{ledger:?}");
        ledger
    }

    /// The ids of every request, in the order in which they were sent.
    pub(crate) fn requests(&self) -> Vec<Vec<u64>> {
        self.exporter
            .seen
            .lock()
            .iter()
            .map(|seen| seen.ids.clone())
            .collect()
    }

    /// Seconds since `start` at which each request was sent.
    pub(crate) fn times(&self, start: Instant) -> Vec<f64> {
        self.exporter
            .seen
            .lock()
            .iter()
            .map(|seen| (seen.at - start).as_secs_f64())
            .collect()
    }

    pub(crate) fn taken(&self) -> Vec<u64> {
        self.exporter.taken.lock().clone()
    }

    pub(crate) fn metric(&self, name: &str) -> f64 {
        let snapshot = self.metrics.snapshot();
        let family = snapshot.iter().find(|family| family.name == name);
        family.map_or(f64::NAN, |family| {
            family.series.iter().map(|(_, value)| value).sum()
        })
    }

    pub(crate) fn state(&self) -> State {
        self.board.snapshot()[0].2.state.clone()
    }

    /// Stops as the program does, within so much time; the storage is free for the next one then.
    pub(crate) async fn stop(self, within: Duration) -> (Undelivered, QueueLedger) {
        let left = self.queue.drain((Instant::now() + within).into_std()).await;
        let ledger = self.ledger();
        self.task.await.expect("the task");
        drop(self.storage);
        (left, ledger)
    }

    /// Waits until something is so, in real time.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let patience = Instant::now() + Duration::from_secs(20);
        while !is_so(self) {
            assert!(Instant::now() < patience, "{what}: {:?}", self.queue.ledger());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Lets everything happen that can happen without time passing.
    pub(crate) async fn settle(&self) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    /// Lets time pass, in small steps so that everything happens at its time.
    pub(crate) async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
        self.settle().await;
    }
}

pub(crate) fn is_retry(outcome: &Outcome) -> bool {
    outcome.is_retryable()
}

/// A request whose items carry ids. `padding` bytes are added to every item.
pub(crate) fn encode(signal: Signal, ids: std::ops::Range<u64>, padding: usize) -> Vec<u8> {
    match signal {
        Signal::Metrics => encode_metrics(ids),
        _ => encode_logs(ids, padding),
    }
}

fn encode_logs(ids: std::ops::Range<u64>, padding: usize) -> Vec<u8> {
    let log_records = ids.map(|id| LogRecord {
        time_unix_nano: id + 1,
        body: Some(AnyValue {
            value: Some(Value::StringValue("x".repeat(padding))),
        }),
        ..LogRecord::default()
    });
    let scope = ScopeLogs {
        log_records: log_records.collect(),
        ..ScopeLogs::default()
    };
    let resource = ResourceLogs {
        scope_logs: vec![scope],
        ..ResourceLogs::default()
    };
    ExportLogsServiceRequest {
        resource_logs: vec![resource],
    }
    .encode_to_vec()
}

fn encode_metrics(ids: std::ops::Range<u64>) -> Vec<u8> {
    let data_points = ids.map(|id| NumberDataPoint {
        time_unix_nano: id + 1,
        value: Some(number_data_point::Value::AsInt(1)),
        ..NumberDataPoint::default()
    });
    let gauge = Gauge {
        data_points: data_points.collect(),
    };
    let metric = Metric {
        name: "m".into(),
        data: Some(metric::Data::Gauge(gauge)),
        ..Metric::default()
    };
    let scope = ScopeMetrics {
        metrics: vec![metric],
        ..ScopeMetrics::default()
    };
    let resource = ResourceMetrics {
        scope_metrics: vec![scope],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![resource],
    }
    .encode_to_vec()
}

/// The ids in a request.
pub(crate) fn ids(signal: Signal, request: &[u8]) -> Vec<u64> {
    let times: Vec<u64> = match signal {
        Signal::Metrics => ExportMetricsServiceRequest::decode(request)
            .expect("a request")
            .resource_metrics
            .into_iter()
            .flat_map(|resource| resource.scope_metrics)
            .flat_map(|scope| scope.metrics)
            .flat_map(|metric| match metric.data {
                Some(metric::Data::Gauge(gauge)) => gauge.data_points,
                _ => Vec::new(),
            })
            .map(|point| point.time_unix_nano)
            .collect(),
        _ => ExportLogsServiceRequest::decode(request)
            .expect("a request")
            .resource_logs
            .into_iter()
            .flat_map(|resource| resource.scope_logs)
            .flat_map(|scope| scope.log_records)
            .map(|record| record.time_unix_nano)
            .collect(),
    };
    times.into_iter().map(|time| time - 1).collect()
}
