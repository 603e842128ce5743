mod behaviour;
mod samples;
mod shown;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use sidelight_component::metrics::Registry;
use sidelight_component::{BuildContext, Clock, Exporter, ExporterConfig, Request, Role, Sent, Signal};

use super::output::Output;
use super::{Config, Debug};

/// 2026-11-20T10:15:30.123Z
const NOW: u64 = 1_795_169_730_123_000_000;

/// A place to write to that a test looks at, closes or blocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Listener(Arc<Hearing>);

#[derive(Debug, Default)]
struct Hearing {
    heard: Mutex<Heard>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Heard {
    text: String,
    is_closed: bool,
    is_blocked: bool,
    writes: usize,
}

impl Listener {
    fn change(&self, change: impl FnOnce(&mut Heard)) {
        change(&mut self.0.heard.lock());
        self.0.changed.notify_all();
    }

    fn text(&self) -> String {
        self.0.heard.lock().text.clone()
    }

    fn wait_for(&self, mut condition: impl FnMut(&mut Heard) -> bool) {
        let mut heard = self.0.heard.lock();
        self.0.changed.wait_while(&mut heard, |heard| !condition(heard));
    }
}

impl Write for Listener {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut heard = self.0.heard.lock();
        heard.writes += 1;
        self.0.changed.notify_all();
        self.0.changed.wait_while(&mut heard, |heard| heard.is_blocked);
        if heard.is_closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        heard.text.push_str(std::str::from_utf8(bytes).expect("text"));
        self.0.changed.notify_all();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn context(clock: &Clock, metrics: &Registry) -> BuildContext {
    BuildContext {
        clock: clock.clone(),
        metrics: metrics.clone(),
        ..sidelight_testkit::component::context(Role::Exporter, "debug/test")
    }
}

/// Reads settings as `pipeline.yaml` gives them; the mistakes as text where there are any.
fn read(yaml: &str) -> Result<Config, String> {
    sidelight_testkit::component::settings(Role::Exporter, "debug", yaml)
}

/// A running exporter and what it writes to.
struct Rig {
    exporter: Debug,
    listener: Listener,
    clock: Clock,
    metrics: Registry,
}

impl Rig {
    fn start(yaml: &str) -> Self {
        let (clock, metrics, listener) = (Clock::virtual_at(NOW), Registry::default(), Listener::default());
        let config = read(yaml).unwrap();
        let exporter = Debug::new(&config, Vec::new(), &context(&clock, &metrics));
        exporter.start_with(vec![Output::Test(listener.clone())]).unwrap();
        Self {
            exporter,
            listener,
            clock,
            metrics,
        }
    }

    async fn send(&self, request: &Request) {
        assert_eq!(self.exporter.send(request, Instant::now()).await, Sent::Accepted);
    }

    /// What is shown of one request.
    async fn show(yaml: &str, request: &Request) -> String {
        let rig = Self::start(yaml);
        rig.send(request).await;
        rig.listener.text()
    }

    fn unshown(&self, reason: &str) -> f64 {
        let families = self.metrics.snapshot();
        let family = families
            .iter()
            .find(|family| family.name == "sidelight_debug_unshown_batches");
        let series = family.and_then(|f| {
            f.series
                .iter()
                .find(|(labels, _)| labels.iter().any(|(_, v)| v == reason))
        });
        series.map_or(0.0, |(_, value)| *value)
    }
}
