//! What a sample of the `process` receiver costs: `process_cost <samples> <settings>`.
//!
//! ```text
//! cargo run --release -p sidelight-receivers --example process_cost -- 1000 'targets: [{cmdline: ., match: all}]'
//! ```
//!
//! Takes samples as fast as its settings allow (100 ms) and says what each took of the processor, this program whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sidelight_component::{
    Ack, Intake, Outcome, Output, Outputs, Payload, Receipt, ReceiverConfig, Role, Signal, drain_signal,
};
use sidelight_receivers::process::Config;
use sidelight_testkit::component::{context, settings};

/// Counts what it is given.
#[derive(Clone, Default)]
struct Counted(Arc<[AtomicUsize; 3]>);

impl Intake for Counted {
    fn submit(&self, payload: Payload, _: Option<Instant>) -> Result<Receipt, Outcome> {
        for (count, more) in self.0.iter().zip([1, payload.items(), payload.len()]) {
            count.fetch_add(more, Ordering::Relaxed);
        }
        let (ack, receipt) = Ack::new();
        ack.resolve(Outcome::Done);
        Ok(receipt)
    }
}

impl Counted {
    fn get(&self) -> [usize; 3] {
        [0, 1, 2].map(|place| self.0[place].load(Ordering::Relaxed))
    }
}

/// Processor time of this program so far, in nanoseconds: all threads that run.
fn used_nanos() -> std::io::Result<u64> {
    let threads = std::fs::read_dir("/proc/self/task")?;
    let of = |path: std::path::PathBuf| -> Option<u64> {
        let text = std::fs::read_to_string(path.join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    Ok(threads.filter_map(|thread| of(thread.ok()?.path())).sum())
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "what it found out is for the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let samples: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(300);
    let yaml = arguments
        .next()
        .unwrap_or_else(|| "targets: [{parent: true}]".to_owned());
    let yaml = format!("collection_interval: 100ms\ninitial_delay: 0s\n{yaml}");
    let config: Config = settings(Role::Receiver, "process", &yaml)?;
    let cx = context(Role::Receiver, "process");
    let mut receiver = config.build(&cx)?;
    receiver.open().await?;
    let (counted, (drain, signal)) = (Counted::default(), drain_signal());
    let output = Output::new(Arc::new(counted.clone()), Signal::Metrics, &cx.id, &cx.metrics);
    let running = tokio::spawn(receiver.run(Outputs::default().with(Signal::Metrics, output), signal));

    // The first samples find the processes and make the buffers.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (before, used) = (counted.get(), used_nanos()?);
    tokio::time::sleep(Duration::from_millis(100) * samples as u32).await;
    let (after, used) = (counted.get(), used_nanos()? - used);
    let taken = (after[0] - before[0]).max(1);
    println!(
        "{taken} samples of {} points ({} bytes): {} µs of the processor each",
        (after[1] - before[1]) / taken,
        (after[2] - before[2]) / taken,
        used / 1000 / taken as u64
    );
    drain.request(Instant::now() + Duration::from_secs(1));
    running.await??;
    Ok(())
}
