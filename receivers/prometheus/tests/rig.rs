//! A receiver at work with a scripted engine behind it, and targets that answer as a test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point::Value};
use prost::Message as _;
use sidelight_component::metrics::Registry;
use sidelight_component::{
    Ack, Budget, BuildContext, DrainTrigger, Intake, Outcome, Output, Outputs, Payload, Receipt,
    ReceiverConfig as _, ReceiverError, Role, Signal, StatusBoard, drain_signal,
};
use sidelight_testkit::component;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::prometheus::Config;

/// The longest wait for anything that is bound to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Requests that a test has not looked at yet; later ones are dropped.
const KEPT: usize = 10_000;

/// Hands every request to the test.
struct Taken(mpsc::Sender<Payload>);

impl Intake for Taken {
    fn submit(&self, payload: Payload, _: Option<Instant>) -> Result<Receipt, Outcome> {
        let (ack, receipt) = Ack::new();
        ack.resolve(Outcome::Done);
        let _ = self.0.try_send(payload);
        Ok(receipt)
    }
}

/// A receiver at work.
pub(super) struct Rig {
    pub(super) metrics: Registry,
    pub(super) budget: Budget,
    pub(super) board: StatusBoard,
    drain: DrainTrigger,
    running: JoinHandle<Result<(), ReceiverError>>,
    taken: mpsc::Receiver<Payload>,
}

impl Rig {
    /// Jobs as they stand below `scrape_configs`.
    pub(super) async fn start(jobs: &str) -> Self {
        Self::with_budget(jobs, 64 << 20).await
    }

    pub(super) async fn with_budget(jobs: &str, budget: usize) -> Self {
        let text = format!("config:\n  global: {{scrape_interval: 50ms}}\n  scrape_configs:\n{jobs}");
        let config: Config =
            component::settings(Role::Receiver, "prometheus", &text).unwrap_or_else(|e| panic!("{e}"));
        let board = StatusBoard::default();
        let context = BuildContext {
            budget: Budget::new(budget),
            status: board.reporter(Role::Receiver, "prometheus".parse().expect("an id")),
            ..component::context(Role::Receiver, "prometheus")
        };
        let mut receiver = config.build(&context).expect("built");
        receiver.open().await.expect("opened");
        let (sender, taken) = mpsc::channel(KEPT);
        let output = Output::new(
            Arc::new(Taken(sender)),
            Signal::Metrics,
            &context.id,
            &context.metrics,
        );
        let (drain, signal) = drain_signal();
        let running = tokio::spawn(receiver.run(Outputs::default().with(Signal::Metrics, output), signal));
        Self {
            metrics: context.metrics,
            budget: context.budget,
            board,
            drain,
            running,
            taken,
        }
    }

    /// The next request.
    pub(super) async fn next(&mut self) -> ExportMetricsServiceRequest {
        let payload = tokio::time::timeout(PATIENCE, self.taken.recv())
            .await
            .expect("it comes")
            .expect("it runs");
        ExportMetricsServiceRequest::decode(payload.to_contiguous()).expect("valid")
    }

    /// The next request of this target for which `wanted` holds.
    pub(super) async fn find(&mut self, wanted: impl Fn(&Scrape) -> bool) -> Scrape {
        loop {
            let scrape = Scrape(self.next().await);
            if wanted(&scrape) {
                return scrape;
            }
        }
    }

    /// The value of a counter of the receiver, over all its labels.
    pub(super) fn counted(&self, name: &str) -> f64 {
        let families = self.metrics.snapshot();
        let family = families.iter().find(|family| family.name == name);
        family.map_or(0.0, |family| family.series.iter().map(|(_, value)| value).sum())
    }

    /// Stops it; it ends within the deadline.
    pub(super) async fn stop(self) {
        self.drain.request(Instant::now() + Duration::from_secs(5));
        let ended = tokio::time::timeout(PATIENCE, self.running)
            .await
            .expect("it ends");
        ended.expect("no panic").expect("ended well");
    }
}

/// One request: the outcome of one scrape.
pub(super) struct Scrape(pub(super) ExportMetricsServiceRequest);

impl Scrape {
    /// The value of a gauge or sum without a look at its labels; `None` for the mark of an end.
    pub(super) fn value(&self, name: &str) -> Option<f64> {
        let resources = self.0.resource_metrics.iter();
        let metrics = resources
            .flat_map(|resource| &resource.scope_metrics)
            .flat_map(|scope| &scope.metrics);
        let metric = metrics.into_iter().find(|metric| metric.name == name)?;
        let points = match metric.data.as_ref()? {
            Data::Gauge(gauge) => &gauge.data_points,
            Data::Sum(sum) => &sum.data_points,
            other => panic!("{other:?}"),
        };
        match points.first()?.value? {
            Value::AsDouble(value) => Some(value),
            Value::AsInt(value) => Some(value as f64),
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.value("up") == Some(1.0)
    }

    /// `service.instance.id` of the resource.
    pub(super) fn instance(&self) -> String {
        let resource = self.0.resource_metrics[0].resource.as_ref().expect("there");
        let id = resource
            .attributes
            .iter()
            .find(|attribute| attribute.key == "service.instance.id");
        format!("{:?}", id.and_then(|id| id.value.clone()).expect("there"))
    }
}

/// A target: every request is answered by the function with what it returns, byte for byte.
pub(super) struct Target {
    pub(super) address: SocketAddr,
    pub(super) connections: Arc<Mutex<usize>>,
}

/// What a target writes.
pub(super) enum Answer {
    /// These bytes; the connection stays.
    Bytes(Vec<u8>),
    /// These bytes, then the end of the connection.
    Last(Vec<u8>),
    /// These bytes, then the second ones again and again with a wait in between, without end.
    Endless(Vec<u8>, Vec<u8>, Duration),
}

/// A page with the usual head.
pub(super) fn page(content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

pub(super) fn text(body: &str) -> Answer {
    Answer::Bytes(page("text/plain; version=0.0.4", body.as_bytes()))
}

impl Target {
    /// Answers by the head of the request, its lines joined by `\n`, and its number.
    pub(super) async fn start(answer: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("bound");
        let connections = Arc::new(Mutex::new(0));
        let (answer, requests) = (Arc::new(answer), Arc::new(Mutex::new(0)));
        let counted = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *counted.lock().expect("no panic") += 1;
                tokio::spawn(serve(stream, answer.clone(), requests.clone()));
            }
        });
        Self { address, connections }
    }

    /// A job of this target alone.
    pub(super) fn job(&self, name: &str, settings: &str) -> String {
        format!(
            "  - {{job_name: {name}, static_configs: [{{targets: ['{}']}}]{settings}}}\n",
            self.address
        )
    }
}

async fn serve<F: Fn(&str, usize) -> Answer>(stream: TcpStream, answer: Arc<F>, requests: Arc<Mutex<usize>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        loop {
            let mut line = String::new();
            match stream.read_line(&mut line).await {
                Ok(0) | Err(_) => return,
                Ok(_) if line == "\r\n" => break,
                Ok(_) => head += line.trim_end(),
            }
            head.push('\n');
        }
        let number = {
            let mut requests = requests.lock().expect("no panic");
            *requests += 1;
            *requests
        };
        let written = match answer(&head, number) {
            Answer::Bytes(bytes) => stream.write_all(&bytes).await.is_ok(),
            Answer::Last(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                false
            }
            Answer::Endless(first, again, wait) => {
                let mut goes_on = stream.write_all(&first).await.is_ok();
                while goes_on {
                    tokio::time::sleep(wait).await;
                    goes_on = stream.write_all(&again).await.is_ok();
                }
                false
            }
        };
        if !written {
            return;
        }
    }
}
