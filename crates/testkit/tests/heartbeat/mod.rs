#![doc = include_str!("README.md")]

#[cfg(test)]
mod tests;

use std::time::Duration;

use sidelight_component::{
    About, Budget, BuildContext, BuildError, Chunk, Clock, DrainSignal, Outcome, Output, Outputs, Overloaded,
    Payload, Receiver, ReceiverConfig, ReceiverError, Signal, async_trait,
};
use sidelight_config::settings;
use sidelight_proto::encode::LogsEncoder;
use tokio::time::{MissedTickBehavior, interval};

/// What the list of receivers says about this one.
pub const ABOUT: About = About {
    name: "heartbeat",
    aliases: &[],
    signals: &[Signal::Logs],
    readme: include_str!("README.md"),
};

settings! {
    /// Settings of the `heartbeat` receiver.
    pub struct Config {
        /// Time between two beats.
        interval: Duration [Duration::from_millis(1)..] = Duration::from_secs(5),
    }
}

impl ReceiverConfig for Config {
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Receiver>, BuildError> {
        Ok(Box::new(Heartbeat {
            interval: self.interval,
            clock: cx.clock.clone(),
            budget: cx.budget.clone(),
        }))
    }
}

/// Room for one record. The encoder grows beyond it where it must, and the charge with it.
const BEAT_BYTES: usize = 64;

struct Heartbeat {
    interval: Duration,
    clock: Clock,
    budget: Budget,
}

#[async_trait]
impl Receiver for Heartbeat {
    /// Beats until told to drain; a beat that is under way then still gets its answer.
    async fn run(self: Box<Self>, outputs: Outputs, mut drain: DrainSignal) -> Result<(), ReceiverError> {
        // A receiver is only started with the signals that a pipeline takes from it.
        let Some(output) = outputs.get(Signal::Logs) else {
            return Ok(());
        };
        let mut ticks = interval(self.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = drain.requested() => return Ok(()),
                _ = ticks.tick() => self.beat(output).await,
            }
        }
    }
}

impl Heartbeat {
    /// Sends one beat. One that is refused is counted and not repeated.
    async fn beat(&self, output: &Output) {
        match self.record() {
            Ok(payload) => {
                let next_beat = self.clock.now().instant + self.interval;
                output.send(payload, Some(next_beat)).await;
            }
            Err(full) => output.count(1, &Outcome::retry(full.to_string())),
        }
    }

    /// A request of one log record, charged to the budget before it is written.
    fn record(&self) -> Result<Payload, Overloaded> {
        let permit = self.budget.charge(BEAT_BYTES)?;
        let mut logs = LogsEncoder::with_capacity(BEAT_BYTES);
        {
            let mut resource_logs = logs.resource_logs();
            let mut scope_logs = resource_logs.scope_logs();
            scope_logs.scope().name("heartbeat");
            scope_logs
                .log_record()
                .time_unix_nano(self.clock.now().unix_nanos)
                .body("beat");
        }
        Ok(Payload::new(Chunk {
            bytes: permit.own(logs.finish().into()),
            items: 1,
        }))
    }
}
