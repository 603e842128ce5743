#![doc = include_str!("README.md")]

mod answer;
mod config;
mod page;
mod scrape;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use sidelight_component::metrics::{Counter, Gauge};
use sidelight_component::{
    About, Budget, BuildContext, BuildError, Exporter, Panics, Payload, Request as Sending, Sent, Signal,
    async_trait, beside_the_workers,
};
use sidelight_exposition::names::MetricNamer;
use sidelight_exposition::{Escaping, Format};
use sidelight_net::Incoming;
use sidelight_net::listener::bind;
use sidelight_net::server::{Server, Shutdown};
use sidelight_net::tls::ServerTls;
use sidelight_proto::views::MetricsView;
use sidelight_transport::{bind_error, net_endpoint};
use tokio::task::JoinHandle;
use tracing::{error, info};

use page::Page;
use scrape::Scraped;
use state::{Reason, Recorder, Refused, Rules, State};

pub use config::{Config, ResourceToTelemetry};

/// What the list of exporters says about this one.
pub const ABOUT: About = About {
    name: "prometheus",
    aliases: &[],
    signals: &[Signal::Metrics],
    readme: include_str!("README.md"),
};

/// Requests up to this size are recorded where they arrive: about a quarter of a millisecond.
const INLINE_BYTES: usize = 64 << 10;
/// How often it is looked for series that are over, at the most.
const SWEEP_INTERVAL: Duration = Duration::from_secs(15);
/// How long scrapes that are under way may take at the end.
const STOP_TIME: Duration = Duration::from_secs(1);

/// Shows the last points of all series to who scrapes them.
struct PrometheusExporter {
    config: Config,
    id: Arc<str>,
    panics: Panics,
    budget: usize,
    tls: parking_lot::Mutex<Option<ServerTls>>,
    scraped: Arc<Scraped>,
    counts: Arc<Counts>,
    serving: parking_lot::Mutex<Option<Serving>>,
}

/// What runs between start and stop.
struct Serving {
    shutdown: Shutdown,
    server: JoinHandle<()>,
    sweeping: JoinHandle<()>,
    #[cfg(test)]
    address: Option<std::net::SocketAddr>,
}

/// What the exporter tells about itself.
struct Counts {
    refused: [Counter; Reason::ALL.len()],
    overflowed: Counter,
    series: Gauge,
    bytes: Gauge,
}

impl PrometheusExporter {
    fn new(config: Config, cx: &BuildContext) -> Result<Self, BuildError> {
        let tls = config.server.tls.as_ref();
        let tls = tls.map(|tls| tls.load("tls")).transpose()?;
        let counts = Counts::new(cx);
        let state = State::new(
            rules(&config),
            config.max_series as usize,
            &cx.budget,
            counts.overflowed.clone(),
        );
        Ok(Self {
            id: cx.id.as_str().into(),
            panics: cx.panics(),
            budget: cx.budget.limit(),
            tls: parking_lot::Mutex::new(tls),
            scraped: Arc::new(Scraped::new(
                Arc::new(state),
                config.offers(),
                config.send_timestamps,
                cx,
            )),
            counts: Arc::new(counts),
            serving: parking_lot::Mutex::new(None),
            config,
        })
    }

    /// Where it listens once it has been started.
    #[cfg(test)]
    fn address(&self) -> Option<std::net::SocketAddr> {
        self.serving.lock().as_ref()?.address
    }
}

fn rules(config: &Config) -> Rules {
    let strategy = config.strategy();
    let namer = MetricNamer::new(&config.namespace, strategy);
    let const_labels = config.const_labels.iter().filter_map(|(key, value)| {
        let name = config::const_label_name(key, strategy).ok()?;
        Some((name, value.clone()))
    });
    let resource = &config.resource_to_telemetry_conversion;
    Rules {
        strategy,
        target_info: namer.prefixed("target_info").into(),
        namer,
        const_labels: const_labels.collect(),
        scope_labels: !config.without_scope_info,
        resource_labels: resource.enabled,
        service_labels: !resource.exclude_service_attributes,
        max_series_per_metric: config.max_series_per_metric as usize,
        expiration: u32::try_from(config.metric_expiration.as_secs()).unwrap_or(u32::MAX),
    }
}

impl Counts {
    fn new(cx: &BuildContext) -> Self {
        let id = cx.id.as_str();
        let gauge = |name: &str, help| cx.metrics.gauge(name, help, &[("exporter", id)]);
        Self {
            refused: Reason::ALL.map(|reason| {
                let help = "Data points that are not shown to Prometheus, by reason.";
                let labels = [("exporter", id), ("reason", reason.word())];
                cx.metrics
                    .counter("sidelight_prometheus_refused_points", help, &labels)
            }),
            overflowed: cx.metrics.counter(
                "sidelight_prometheus_overflowed_points",
                "Data points added up in a series with otel_metric_overflow=\"true\".",
                &[("exporter", id)],
            ),
            series: gauge(
                "sidelight_prometheus_series",
                "Series that are shown to Prometheus.",
            ),
            bytes: gauge(
                "sidelight_prometheus_series_bytes",
                "What they take of the memory budget.",
            ),
        }
    }

    fn note(&self, refused: &Refused, state: &State) {
        for reason in Reason::ALL {
            self.refused[reason as usize].add(refused.of(reason));
        }
        self.note_size(state);
    }

    fn note_size(&self, state: &State) {
        let (series, bytes) = state.size();
        self.series.set(i64::try_from(series).unwrap_or(i64::MAX));
        self.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

/// Records requests one after the other.
fn record(state: &State, requests: &[Bytes], now: u32, component: &str) -> Refused {
    let mut refused = Refused::default();
    for request in requests {
        refused += Recorder::new(state, now).record(MetricsView::new(request), component);
    }
    refused
}

#[async_trait]
impl Exporter for PrometheusExporter {
    async fn start(&self) -> Result<(), BuildError> {
        let listener = bind(&net_endpoint(&self.config.server.endpoint))
            .await
            .map_err(|error| bind_error("endpoint", &error))?;
        info!(component = %self.id, endpoint = %listener.local_address(), "showing metrics to Prometheus at /metrics");
        #[cfg(test)]
        let address = listener.tcp_address();
        let scraped = self.scraped.clone();
        let service = move |request: Request<Incoming>, _| {
            let scraped = scraped.clone();
            async move { scraped.answer(request).await }
        };
        let settings = self.config.server.server_settings(self.budget);
        let panics = self.panics.clone();
        let mut server = Server::new(listener, settings, service)
            .on_panic(move |doing, panic| drop(panics.note(doing, panic)));
        if let Some(tls) = self.tls.lock().take() {
            server = server.with_tls(tls);
        }
        let (shutdown, id) = (server.shutdown(), self.id.clone());
        let server = tokio::spawn(async move {
            if let Err(problem) = server.serve().await {
                error!(component = %id, %problem, "cannot show metrics to Prometheus");
            }
        });
        let interval = (self.config.metric_expiration / 4).clamp(Duration::from_secs(1), SWEEP_INTERVAL);
        let sweeping = tokio::spawn(sweep(
            self.scraped.clone(),
            self.counts.clone(),
            self.panics.clone(),
            interval,
        ));
        *self.serving.lock() = Some(Serving {
            shutdown,
            server,
            sweeping,
            #[cfg(test)]
            address,
        });
        Ok(())
    }

    /// The series as a scrape shows them, `target_info` aside.
    fn explain(&self, _: Signal, payload: &Payload) -> Vec<String> {
        let alone = Budget::new(self.budget);
        let max_series = self.config.max_series as usize;
        let state = State::new(rules(&self.config), max_series, &alone, Counter::default());
        let requests: Vec<Bytes> = payload.chunks().iter().map(|chunk| chunk.bytes.clone()).collect();
        let refused = record(&state, &requests, 0, &self.id);
        let info = rules(&self.config).target_info;
        let mut page = Page::new(Arc::new(state), Format::Text, Escaping::default(), 0, false);
        let mut said = Vec::new();
        loop {
            let (piece, is_last) = page.piece();
            let text = String::from_utf8_lossy(&piece);
            let series = text
                .lines()
                .filter(|line| !line.starts_with('#') && !line.starts_with(&*info));
            said.extend(series.map(str::to_owned));
            if is_last {
                break;
            }
        }
        if refused.total() > 0 {
            said.push(format!("not shown: {refused}"));
        }
        said
    }

    /// Takes the points in: they are in the next scrape. A large request is recorded beside the workers, and to its end
    /// even when this is dropped: what is repeated then is told by its time.
    async fn send(&self, request: &Sending, _: Instant) -> Sent {
        let now = self.scraped.now();
        let refused = if request.len() <= INLINE_BYTES {
            record(&self.scraped.state, &request.body, now, &self.id)
        } else {
            let (scraped, body, id) = (self.scraped.clone(), request.body.clone(), self.id.clone());
            beside_the_workers(move || record(&scraped.state, &body, now, &id)).await
        };
        self.counts.note(&refused, &self.scraped.state);
        match refused.total() {
            0 => Sent::Accepted,
            rejected => Sent::Partial {
                rejected,
                reason: format!("data points not shown: {refused}").into(),
            },
        }
    }

    async fn stop(&self) {
        let serving = self.serving.lock().take();
        let Some(serving) = serving else {
            return;
        };
        serving.sweeping.abort();
        serving.shutdown.begin(tokio::time::Instant::now() + STOP_TIME);
        // It ends at the deadline at the latest.
        let _ = serving.server.await;
    }
}

/// Forgets series that are over, until it is aborted.
async fn sweep(scraped: Arc<Scraped>, counts: Arc<Counts>, panics: Panics, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        let now = scraped.now();
        let state = scraped.state.clone();
        let work = beside_the_workers(move || state.sweep(now));
        // The next time is another try.
        let _ = panics.contain_async("forgetting old series", work).await;
        counts.note_size(&scraped.state);
    }
}
