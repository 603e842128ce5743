#![doc = include_str!("README.md")]

mod basic;
mod config;
mod detailed;
mod normal;
mod output;
mod printer;
mod sampling;
#[cfg(test)]
mod tests;
mod text;
mod value;

use std::sync::Arc;
use std::time::Instant;

use output::{Output, Target};
use parking_lot::{Mutex, RwLock};
use printer::Printer;
use sampling::Sampler;
use sidelight_component::metrics::Registry;
use sidelight_component::{
    ALL_SIGNALS, About, BuildContext, BuildError, Clock, Exporter, Panics, Request, Sent, async_trait,
};

pub use config::{Config, Verbosity};

/// What the list of exporters says about this one.
pub const ABOUT: About = About {
    name: "debug",
    aliases: &[],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};

/// Shows batches to people.
struct Debug {
    id: String,
    verbosity: Verbosity,
    targets: Vec<Target>,
    sampler: Mutex<Sampler>,
    clock: Clock,
    metrics: Registry,
    panics: Panics,
    /// There from start to stop.
    printer: RwLock<Option<Arc<Printer>>>,
}

impl Debug {
    fn new(config: &Config, targets: Vec<Target>, cx: &BuildContext) -> Self {
        Self {
            id: cx.id.to_string(),
            verbosity: config.verbosity,
            targets,
            sampler: Mutex::new(Sampler::new(config.sampling_initial, config.sampling_thereafter)),
            clock: cx.clock.clone(),
            metrics: cx.metrics.clone(),
            panics: cx.panics(),
            printer: RwLock::new(None),
        }
    }

    fn start_with(&self, outputs: Vec<Output>) -> Result<(), BuildError> {
        let printer = Printer::start(
            self.id.clone(),
            self.verbosity,
            outputs,
            &self.metrics,
            self.panics.clone(),
        )
        .map_err(|e| BuildError::new(format!("cannot start the thread that writes: {e}")))?;
        *self.printer.write() = Some(Arc::new(printer));
        Ok(())
    }
}

#[async_trait]
impl Exporter for Debug {
    async fn start(&self) -> Result<(), BuildError> {
        let open = |target: &Target| {
            target.open(&self.id).map_err(|e| {
                let Target::File(path) = target else {
                    return BuildError::new(e.to_string());
                };
                BuildError::at(
                    "output_paths",
                    format!("cannot write to `{}`: {e}", path.display()),
                )
            })
        };
        self.start_with(self.targets.iter().map(open).collect::<Result<_, _>>()?)
    }

    /// Takes every batch: showing is no delivery, and nothing is held up because nobody looks.
    async fn send(&self, request: &Request, _: Instant) -> Sent {
        let now = self.clock.now();
        let is_shown = self.sampler.lock().shows(request.signal, now.instant);
        let printer = self.printer.read().clone();
        if let Some(printer) = printer.filter(|_| is_shown) {
            printer.show(now.unix_nanos, request.clone()).await;
        }
        Sent::Accepted
    }

    async fn stop(&self) {
        // The thread ends by itself; whoever waited for it above has waited.
        self.printer.write().take();
    }
}
