//! The loop: bytes to requests, requests on their way.

use std::time::{Duration, Instant};

use sidelight_component::{
    BuildContext, BuildError, Clock, DrainSignal, Outputs, Receiver, ReceiverError, Signal, async_trait,
};
use sidelight_log_formats::Map;
use tokio::time::{sleep, sleep_until, timeout_at};

use super::Config;
use super::input::Input;
use crate::log_lines::{Deliveries, LineSource, LogLines};

/// The wait for room in the memory budget.
const NO_ROOM_WAIT: Duration = Duration::from_millis(50);

/// The receiver.
pub(super) struct Stdin {
    lines: LogLines,
    flush_after: Duration,
    clock: Clock,
}

impl Stdin {
    pub(super) fn new(config: &Config, cx: &BuildContext) -> Result<Self, BuildError> {
        Ok(Self {
            lines: config.lines.build(cx)?,
            flush_after: config.lines.framing.force_flush_period,
            clock: cx.clock.clone(),
        })
    }
}

#[async_trait]
impl Receiver for Stdin {
    /// Reads until the input ends or it is told to drain; then what was read gets its answers, as long as the deadline
    /// allows.
    async fn run(self: Box<Self>, outputs: Outputs, mut drain: DrainSignal) -> Result<(), ReceiverError> {
        // A receiver is only started with the signals that a pipeline takes from it.
        let Some(output) = outputs.get(Signal::Logs) else {
            return Ok(());
        };
        let mut reading = Reading {
            source: self.lines.source(0, Map::new(), 0),
            lines: self.lines,
            deliveries: Deliveries::new(output.clone()),
            input: Input::open()?,
            waiting: Vec::new(),
            flush_after: self.flush_after,
            flush_at: None,
            clock: self.clock,
        };
        tokio::select! {
            () = reading.read_on() => {
                reading.end().await;
                Ok(())
            }
            deadline = drain.requested() => {
                reading.input.stop();
                let ending = async {
                    reading.read_on().await;
                    reading.end().await;
                };
                timeout_at(deadline.into(), ending)
                    .await
                    .map_err(|_| ReceiverError("the last lines had no answer in time".to_owned()))
            }
        }
    }
}

struct Reading {
    lines: LogLines,
    source: LineSource,
    deliveries: Deliveries<()>,
    input: Input,
    /// What was read last and has not become records.
    waiting: Vec<u8>,
    /// How long the beginning of a line waits for its end; zero: for ever.
    flush_after: Duration,
    flush_at: Option<Instant>,
    clock: Clock,
}

impl Reading {
    /// Reads to the end of the input. Cancel safe: what was read is in `lines` or on its way.
    async fn read_on(&mut self) {
        loop {
            let has_space = self.take_waiting();
            let has_room = self.deliveries.room() > 0;
            let timer = self.flush_at.into_iter().chain(self.lines.next_timer()).min();
            let far = self.clock.now().instant + Duration::from_secs(3600);
            tokio::select! {
                bytes = self.input.next(), if has_room && has_space => match bytes {
                    Some(bytes) => self.waiting = bytes,
                    None => return,
                },
                () = sleep(NO_ROOM_WAIT), if !has_space => {}
                () = self.deliveries.next() => {}
                () = sleep_until(timer.unwrap_or(far).into()), if timer.is_some() && has_room => self.on_timer(),
            }
        }
    }

    /// Makes records of what was read last; false while the memory budget has no room for it.
    fn take_waiting(&mut self) -> bool {
        if self.waiting.is_empty() {
            return true;
        }
        if self.lines.reserve(self.waiting.len()).is_err() {
            return false;
        }
        let (bytes, now) = (std::mem::take(&mut self.waiting), self.clock.now());
        self.lines.feed(&mut self.source, &bytes, now);
        let waits = self.source.pending_bytes() > 0 && !self.flush_after.is_zero();
        self.flush_at = waits.then(|| now.instant + self.flush_after);
        self.hand_over();
        true
    }

    fn on_timer(&mut self) {
        let now = self.clock.now();
        if self.flush_at.is_some_and(|at| at <= now.instant) {
            self.flush_at = None;
            self.lines.flush(&mut self.source, now);
        }
        self.lines.on_timer(now);
        self.hand_over();
    }

    fn hand_over(&mut self) {
        if let Some(payload) = self.lines.take() {
            self.deliveries.push(Some(payload), ());
        }
    }

    /// The rest, and the answers to all of it.
    async fn end(&mut self) {
        let now = self.clock.now();
        self.lines.end(&mut self.source, now);
        self.hand_over();
        while !self.deliveries.is_empty() {
            self.deliveries.next().await;
        }
    }
}
