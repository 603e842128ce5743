//! An exporter as the engine runs it: one that panics is built and started anew.
//!
//! The panic itself goes on to the queue, which tries the request once more, then cuts it in halves until the item that
//! does it stands alone. Meanwhile other requests find a new exporter, or are told to come back while it starts.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sidelight_component::registry::BuildExporter;
use sidelight_component::{
    BuildContext, BuildError, Exporter, Panicked, Panics, Payload, Request, Sent, Signal, State, async_trait,
};
use tracing::{error, info};

use crate::supervision::Waits;

/// How long a request is held back that comes while the exporter is being started anew.
const WHILE_STARTING: Duration = Duration::from_millis(100);

/// An exporter that is built anew after a panic.
pub(crate) struct RestartedExporter(Arc<Inner>);

struct Inner {
    config: Arc<dyn BuildExporter>,
    context: BuildContext,
    panics: Panics,
    current: Mutex<Arc<dyn Exporter>>,
    /// The one that is current is not started yet: it encodes, and nothing is sent.
    is_restarting: AtomicBool,
    restarts: Mutex<Restarts>,
    /// Nothing is built anew any more.
    is_stopped: AtomicBool,
}

/// When it may be built anew again: what panics on many items in a row is not built anew for each.
#[derive(Default)]
struct Restarts {
    waits: Waits,
    last: Option<Instant>,
    not_before: Option<Instant>,
}

impl Restarts {
    fn is_time(&mut self, now: Instant) -> bool {
        if self.not_before.is_some_and(|at| now < at) {
            return false;
        }
        let run = self.last.map_or(Duration::MAX, |last| now.duration_since(last));
        self.not_before = now.checked_add(self.waits.after(run));
        self.last = Some(now);
        true
    }
}

impl RestartedExporter {
    /// Builds and starts the exporter for the first time.
    pub(crate) async fn start(
        config: Arc<dyn BuildExporter>,
        context: BuildContext,
    ) -> Result<Self, BuildError> {
        let exporter = config.build(&context)?;
        exporter.start().await?;
        Ok(Self(Arc::new(Inner {
            config,
            panics: context.panics(),
            context,
            current: Mutex::new(exporter),
            is_restarting: AtomicBool::new(false),
            restarts: Mutex::default(),
            is_stopped: AtomicBool::new(false),
        })))
    }

    fn current(&self) -> Arc<dyn Exporter> {
        self.0.current.lock().clone()
    }

    /// Lets the panic go on to the queue, and has the exporter built anew beside it.
    fn panicked(&self, exporter: &Arc<dyn Exporter>, panicked: Panicked) -> ! {
        self.0.clone().restart(exporter);
        resume_unwind(Box::new(panicked.message))
    }
}

impl Inner {
    /// Builds the exporter anew where it is still this one and it is time; it is started in a task of its own.
    fn restart(self: Arc<Self>, broken: &Arc<dyn Exporter>) {
        // Without a runtime nothing is sent either: the program is at its end.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let mut current = self.current.lock();
        let is_idle = !self.is_restarting.load(Ordering::Acquire) && !self.is_stopped.load(Ordering::Acquire);
        if !is_idle || !Arc::ptr_eq(&current, broken) || !self.restarts.lock().is_time(Instant::now()) {
            return;
        }
        let built = self
            .panics
            .contain("building it", || self.config.build(&self.context));
        match built.unwrap_or_else(|panicked| Err(BuildError::new(panicked.to_string()))) {
            Ok(exporter) => {
                self.is_restarting.store(true, Ordering::Release);
                *current = exporter.clone();
                drop(current);
                let broken = broken.clone();
                runtime.spawn(async move { self.replace(&*broken, &*exporter).await });
            }
            Err(e) => {
                let reason = format!("panicked and cannot be built anew: {e}");
                error!(component = %self.context.id, %reason, "the exporter goes on in the state that the panic left it in");
                self.context.status.report(State::Permanent(reason.into()));
            }
        }
    }

    /// The old one goes first: it may hold the port or file that the new one needs.
    async fn replace(&self, broken: &dyn Exporter, exporter: &dyn Exporter) {
        let id = &self.context.id;
        let _ = self.panics.contain_async("stopping it", broken.stop()).await;
        let mut waits = Waits::default();
        while let Err(reason) = self.start(exporter).await {
            let wait = waits.after(Duration::ZERO);
            error!(component = %id, %reason, next_start_ms = wait.as_millis() as u64, "the exporter does not start anew");
            self.context.status.report(State::Recoverable(reason.into()));
            tokio::time::sleep(wait).await;
            if self.is_stopped.load(Ordering::Acquire) {
                return;
            }
        }
        info!(component = %id, "the exporter was built and started anew");
        self.is_restarting.store(false, Ordering::Release);
        if self.is_stopped.load(Ordering::Acquire) {
            exporter.stop().await;
        }
    }

    async fn start(&self, exporter: &dyn Exporter) -> Result<(), String> {
        match self.panics.contain_async("starting it", exporter.start()).await {
            Ok(started) => started.map_err(|e| e.to_string()),
            Err(panicked) => Err(panicked.to_string()),
        }
    }
}

fn not_now() -> Sent {
    Sent::Retry {
        after: Some(WHILE_STARTING),
        reason: "the exporter is being started anew after a panic".into(),
        maybe_processed: false,
    }
}

#[async_trait]
impl Exporter for RestartedExporter {
    fn encode(&self, signal: Signal, payload: &Payload) -> Result<Request, String> {
        let exporter = self.current();
        let encoded = self
            .0
            .panics
            .contain("encoding a request", || exporter.encode(signal, payload));
        encoded.unwrap_or_else(|panicked| self.panicked(&exporter, panicked))
    }

    fn encodes(&self) -> bool {
        self.current().encodes()
    }

    async fn send(&self, request: &Request, deadline: Instant) -> Sent {
        if self.0.is_restarting.load(Ordering::Acquire) {
            return not_now();
        }
        let exporter = self.current();
        let sending = async { exporter.send(request, deadline).await };
        let sent = self.0.panics.contain_async("sending a request", sending).await;
        sent.unwrap_or_else(|panicked| self.panicked(&exporter, panicked))
    }

    async fn stop(&self) {
        self.0.is_stopped.store(true, Ordering::Release);
        let exporter = self.current();
        let _ = self.0.panics.contain_async("stopping it", exporter.stop()).await;
    }
}
