//! An exporter as the engine uses it: built from its settings, given a payload, asked for one attempt.

use std::sync::Arc;
use std::time::{Duration, Instant};

use prost::Message as _;
use sidelight_component::{
    Budget, BuildContext, Chunk, Exporter, ExporterConfig, Payload, Role, Sent, Signal,
};

use crate::component::{context, settings};
use crate::requests::traces;

/// An attempt's time in tests where an answer comes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An exporter with these settings, and the budget that it charges.
pub fn build<C: ExporterConfig>(name: &str, yaml: &str) -> (Arc<dyn Exporter>, Budget) {
    let config = settings::<C>(Role::Exporter, name, yaml).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let budget = Budget::new(64 << 20);
    let context = BuildContext {
        budget: budget.clone(),
        ..context(Role::Exporter, name)
    };
    (config.build(&context).expect("built"), budget)
}

/// A payload with one chunk for each number of spans.
pub fn payload(chunks: &[usize]) -> Payload {
    let mut payload = Payload::default();
    for items in chunks {
        payload.push(Chunk {
            bytes: traces(*items).encode_to_vec().into(),
            items: *items,
        });
    }
    payload
}

/// One attempt with two chunks of spans.
pub async fn send(exporter: &Arc<dyn Exporter>, timeout: Duration) -> Sent {
    let request = exporter
        .encode(Signal::Traces, &payload(&[2, 1]))
        .expect("encoded");
    exporter.send(&request, Instant::now() + timeout).await
}
