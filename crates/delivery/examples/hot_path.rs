//! What a request costs in the queue: reserve, enqueue, one batch, an exporter that answers at once,
//! acknowledgement. One thread; CPU time, so that a busy machine does not matter much.
//!
//! `cargo run --release -p sidelight-delivery --example hot_path`
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a measurement, not product code"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use sidelight_component::metrics::Registry;
use sidelight_component::sending::SendingSettings;
use sidelight_component::{
    Ack, Batch, Budget, Chunk, ComponentId, Exporter, Payload, Request, Role, Sent, Signal, StatusBoard,
    async_trait,
};
use sidelight_delivery::{ExporterStatus, QueueConfig, queue};

struct AnswersAtOnce {
    yields: bool,
}

#[async_trait]
impl Exporter for AnswersAtOnce {
    async fn send(&self, _request: &Request, _deadline: Instant) -> Sent {
        if self.yields {
            tokio::task::yield_now().await;
        }
        Sent::Accepted
    }
}

const REQUESTS: u32 = 300_000;

/// What the main thread, the only one here, has used of its CPU (`/proc/<pid>/schedstat`, first field).
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux");
    let nanos = text
        .split(' ')
        .next()
        .and_then(|field| field.parse().ok())
        .expect("a number");
    Duration::from_nanos(nanos)
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for yields in [false, true] {
        for senders in [1, 16] {
            let best = (0..5)
                .map(|_| runtime.block_on(run(yields, senders)))
                .min()
                .expect("a figure");
            println!("answer after a yield: {yields:5}  senders: {senders:2}  {best:?} of CPU per request");
        }
    }
}

async fn run(yields: bool, senders: u32) -> Duration {
    let id: ComponentId = "nop".parse().expect("an id");
    let status = ExporterStatus::new(StatusBoard::default().reporter(Role::Exporter, id.clone()));
    let (queue, task) = queue(QueueConfig {
        id,
        signal: Signal::Traces,
        exporter: Arc::new(AnswersAtOnce { yields }),
        settings: SendingSettings {
            timeout: Duration::from_secs(5),
            ..SendingSettings::default()
        },
        default_quota_bytes: 64 << 20,
        budget: Budget::default(),
        metrics: Registry::default(),
        status,
        storage: None,
    });
    let task = tokio::spawn(task);
    let bytes = bytes::Bytes::from(vec![0; 54_000]);
    let start = cpu_time();
    let all: Vec<_> = (0..senders)
        .map(|_| {
            let (queue, bytes) = (queue.clone(), bytes.clone());
            tokio::spawn(async move {
                for _ in 0..REQUESTS / senders {
                    let (ack, receipt) = Ack::new();
                    let payload = Payload::new(Chunk {
                        bytes: bytes.clone(),
                        items: 100,
                    });
                    let room = queue.reserve(payload.len(), 100).expect("room");
                    let deadline = Some(Instant::now() + Duration::from_secs(8));
                    room.enqueue([Batch {
                        signal: Signal::Traces,
                        payload,
                        ack,
                        deadline,
                    }]);
                    receipt.await;
                }
            })
        })
        .collect();
    for sender in all {
        sender.await.expect("a sender");
    }
    let each = (cpu_time() - start) / REQUESTS;
    queue.drain(Instant::now() + Duration::from_secs(1)).await;
    task.await.expect("the task");
    each
}
