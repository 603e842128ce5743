//! A receiver at work, with a scripted engine behind it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Instant;

use sidelight_component::metrics::Registry;
use sidelight_component::{
    Ack, Budget, BuildContext, DrainTrigger, Intake, Outcome, Output, Outputs, Payload, Permit, Receipt,
    Receiver, ReceiverError, Role, Signal, drain_signal,
};
use sidelight_testkit::component::{self, settings};
use tokio::task::JoinHandle;

use crate::otlp::config::Config;
use crate::otlp::service::OtlpReceiver;

/// The usual limit on requests, in bytes: the least that gRPC's setting can say.
pub(super) const MAX_SIZE: usize = 1 << 20;

/// What the receiver was given: the payload and when its sender stops waiting.
pub(super) type Seen = (Signal, Payload, Option<Instant>);

/// The engine's side: answers every payload with the same outcome and keeps it.
pub(super) struct Engine {
    outcome: Outcome,
    /// True: submitting is refused at once; false: the answer comes through the receipt.
    refuses: bool,
    signal: Signal,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Held back until something is sent here.
    gate: Option<tokio::sync::watch::Receiver<bool>>,
}

impl Intake for Engine {
    fn submit(&self, payload: Payload, deadline: Option<Instant>) -> Result<Receipt, Outcome> {
        self.seen
            .lock()
            .expect("no panic")
            .push((self.signal, payload, deadline));
        if self.refuses {
            return Err(self.outcome.clone());
        }
        let (ack, receipt) = Ack::new();
        let outcome = self.outcome.clone();
        match self.gate.clone() {
            None => ack.resolve(outcome),
            Some(mut gate) => {
                tokio::spawn(async move {
                    let _ = gate.wait_for(|open| *open).await;
                    ack.resolve(outcome);
                });
            }
        }
        Ok(receipt)
    }
}

/// How a rig differs from the usual one.
pub(super) struct Options {
    /// What becomes of every payload.
    pub(super) outcome: Outcome,
    /// See [`Engine::refuses`].
    pub(super) refuses: bool,
    /// The memory budget in bytes.
    pub(super) budget: usize,
    /// What other requests hold of it.
    pub(super) held: usize,
    /// The signals that a pipeline takes.
    pub(super) signals: &'static [Signal],
    /// One port for both protocols.
    pub(super) shared_port: bool,
    /// Answers are held back until [`Rig::open_gate`].
    pub(super) gated: bool,
    /// The limit on requests in MiB.
    pub(super) max_mib: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            outcome: Outcome::Done,
            refuses: false,
            budget: 64 << 20,
            held: 0,
            signals: &Signal::ALL,
            shared_port: false,
            gated: false,
            max_mib: MAX_SIZE >> 20,
        }
    }
}

/// A receiver at work.
pub(super) struct Rig {
    pub(super) grpc: SocketAddr,
    pub(super) http: SocketAddr,
    pub(super) budget: Budget,
    /// What other requests hold of the budget.
    pub(super) others: Option<Permit>,
    pub(super) metrics: Registry,
    pub(super) drain: DrainTrigger,
    pub(super) running: JoinHandle<Result<(), ReceiverError>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    gate: tokio::sync::watch::Sender<bool>,
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}

fn config(shared_port: bool, max_mib: usize) -> Config {
    // A shared port has to be named: port 0 twice is two ports.
    let port = if shared_port { free_port() } else { 0 };
    let text = format!(
        "protocols:\n  grpc:\n    endpoint: 127.0.0.1:{port}\n    max_recv_msg_size_mib: {max_mib}\n  http:\n    \
         endpoint: 127.0.0.1:{port}\n    max_request_body_size: {max_mib}MiB\n"
    );
    read_config(&text)
}

/// Settings from their text, which has no mistake.
pub(super) fn read_config(text: &str) -> Config {
    settings(Role::Receiver, "otlp", text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// What a receiver is built in.
pub(super) fn context(budget: Budget) -> BuildContext {
    BuildContext {
        budget,
        ..component::context(Role::Receiver, "otlp")
    }
}

impl Rig {
    pub(super) async fn start(options: Options) -> Self {
        let context = context(Budget::new(options.budget));
        let (budget, metrics) = (context.budget.clone(), context.metrics.clone());
        let mut receiver = Box::new(
            OtlpReceiver::new(config(options.shared_port, options.max_mib), &context).expect("built"),
        );
        receiver.open().await.expect("open");
        let [grpc, http] = receiver.addresses();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (gate, opened) = tokio::sync::watch::channel(false);
        let mut outputs = Outputs::default();
        for signal in options.signals.iter().copied() {
            let engine = Engine {
                outcome: options.outcome.clone(),
                refuses: options.refuses,
                signal,
                seen: seen.clone(),
                gate: options.gated.then(|| opened.clone()),
            };
            outputs = outputs.with(
                signal,
                Output::new(Arc::new(engine), signal, &context.id, &metrics),
            );
        }
        let (drain, signal) = drain_signal();
        let grpc = grpc.expect("a gRPC listener");
        let http = if options.shared_port {
            grpc
        } else {
            http.expect("an HTTP listener")
        };
        Self {
            grpc,
            http,
            others: Some(budget.charge_anyway(options.held)),
            budget,
            metrics,
            drain,
            running: tokio::spawn(receiver.run(outputs, signal)),
            seen,
            gate,
        }
    }

    /// What went into the pipelines since the last call.
    pub(super) fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().expect("no panic"))
    }

    /// Lets the answers out that are held back.
    pub(super) fn open_gate(&self) {
        self.gate.send_replace(true);
    }

    /// The sum of a metric over its series; 0 where it does not exist.
    pub(super) fn metric(&self, name: &str) -> i64 {
        let families = self.metrics.snapshot();
        let found = families.iter().filter(|family| family.name == name);
        found
            .flat_map(|family| &family.series)
            .map(|(_, value)| *value as i64)
            .sum()
    }
}
