//! The loop: turns of the [`Tailer`] on a thread beside the workers, and requests on their way.

use std::future::Future;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sidelight_component::{
    BuildContext, BuildError, Clock, DrainSignal, Outputs, Receiver, ReceiverError, Signal, async_trait,
    beside_the_workers,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{sleep, timeout_at};

use super::config::Config;
use super::tailer::{Progress, Tailer, Turn, Turned};
use crate::log_lines::{Deliveries, LogLines};

/// Time between two turns that the system calls for: writers tell of every write.
const BREATH: Duration = Duration::from_millis(10);

/// What is left of the deadline for the checkpoints when the program ends.
const FINISHING: Duration = Duration::from_millis(100);

/// The receiver.
pub(super) struct FileLog {
    config: Config,
    cx: BuildContext,
    lines: Option<LogLines>,
    tailer: Option<Box<Tailer>>,
}

impl FileLog {
    pub(super) fn new(config: &Config, cx: &BuildContext) -> Result<Self, BuildError> {
        Ok(Self {
            config: config.clone(),
            cx: cx.clone(),
            lines: Some(config.lines.build(cx)?),
            tailer: None,
        })
    }
}

#[async_trait]
impl Receiver for FileLog {
    async fn open(&mut self) -> Result<(), BuildError> {
        let Some(lines) = self.lines.take() else {
            return Ok(());
        };
        let (config, cx) = (self.config.clone(), self.cx.clone());
        let opened = beside_the_workers(move || Tailer::open(&config, lines, &cx)).await?;
        self.tailer = Some(Box::new(opened));
        Ok(())
    }

    /// Follows the files until told to drain. What is on its way then gets its answer, as long as the deadline allows;
    /// what does not is read again after the next start.
    async fn run(self: Box<Self>, outputs: Outputs, mut drain: DrainSignal) -> Result<(), ReceiverError> {
        // A receiver is only started with the signals that a pipeline takes from it.
        let (Some(output), Some(tailer)) = (outputs.get(Signal::Logs), self.tailer) else {
            return Ok(());
        };
        let clock = self.cx.clock.clone();
        let mut following = Following {
            changes: changes(&tailer)?,
            deliveries: Deliveries::new(output.clone()),
            settled: Vec::new(),
            next: clock.now().instant,
            rested: true,
            place: Whereabouts::Home(tailer),
            clock,
        };
        loop {
            tokio::select! {
                deadline = drain.requested() => {
                    following.finish(deadline).await;
                    return Ok(());
                }
                () = following.go_on() => {}
            }
        }
    }
}

fn changes(tailer: &Tailer) -> Result<Option<AsyncFd<Arc<OwnedFd>>>, ReceiverError> {
    let Some(watcher) = &tailer.watcher else {
        return Ok(None);
    };
    #[expect(
        deprecated,
        reason = "its successor is unsafe code; an `Arc<OwnedFd>` keeps the same descriptor open, which is all that asks for"
    )]
    let changes = AsyncFd::with_interest(watcher.descriptor(), Interest::READABLE);
    changes
        .map(Some)
        .map_err(|error| ReceiverError(format!("cannot wait for changes of files: {error}")))
}

type Away = Pin<Box<dyn Future<Output = (Box<Tailer>, Turned)> + Send>>;

/// Where the tailer is.
enum Whereabouts {
    Home(Box<Tailer>),
    /// At its turn, on another thread.
    Away(Away),
    /// It never came back: a panic took it.
    Lost,
}

struct Following {
    /// Readable when the system tells of a change.
    changes: Option<AsyncFd<Arc<OwnedFd>>>,
    deliveries: Deliveries<Vec<Progress>>,
    /// Settled since the last turn began.
    settled: Vec<Progress>,
    /// When the next turn is due.
    next: Instant,
    /// The last turn that the system called for is some time ago.
    rested: bool,
    place: Whereabouts,
    clock: Clock,
}

impl Following {
    /// Waits for the next thing to happen and deals with it. Cancel safe.
    async fn go_on(&mut self) {
        let is_home = matches!(self.place, Whereabouts::Home(_));
        let has_room = self.deliveries.room() > 0;
        if is_home && !self.settled.is_empty() {
            return self.begin_turn();
        }
        let wait = self.next.saturating_duration_since(self.clock.now().instant);
        tokio::select! {
            settled = self.deliveries.next() => self.settled.extend(settled),
            (tailer, turned) = turned(&mut self.place) => self.end_turn(tailer, turned),
            () = sleep(wait), if is_home && has_room => self.begin_turn(),
            () = told(&self.changes, self.rested), if is_home && has_room => {
                self.rested = false;
                self.begin_turn();
            }
            () = sleep(BREATH), if !self.rested => self.rested = true,
        }
    }

    fn begin_turn(&mut self) {
        let Whereabouts::Home(mut tailer) = std::mem::replace(&mut self.place, Whereabouts::Lost) else {
            return;
        };
        let turn = Turn {
            now: self.clock.now(),
            room: self.deliveries.room(),
            settled: std::mem::take(&mut self.settled),
        };
        self.place = Whereabouts::Away(Box::pin(beside_the_workers(move || {
            let turned = tailer.turn(turn);
            (tailer, turned)
        })));
    }

    fn end_turn(&mut self, tailer: Box<Tailer>, turned: Turned) {
        self.place = Whereabouts::Home(tailer);
        self.next = turned.next;
        for (payload, progress) in turned.requests {
            self.deliveries.push(payload, progress);
        }
    }

    /// Nothing more is read. What is on its way is waited for, then the places are kept.
    async fn finish(mut self, deadline: Instant) {
        let until = deadline.checked_sub(FINISHING).unwrap_or(deadline).into();
        let ending = async {
            if matches!(self.place, Whereabouts::Away(_)) {
                let (tailer, done) = turned(&mut self.place).await;
                self.end_turn(tailer, done);
            }
            while !self.deliveries.is_empty() {
                let settled = self.deliveries.next().await;
                self.settled.extend(settled);
            }
        };
        // What has no answer by then is read again.
        drop(timeout_at(until, ending).await);
        if let Whereabouts::Home(mut tailer) = self.place {
            let (settled, now) = (self.settled, self.clock.now().instant);
            let finish = beside_the_workers(move || tailer.finish(settled, now));
            drop(timeout_at(deadline.into(), finish).await);
        }
    }
}

/// The end of the turn; never without one. Cancel safe.
async fn turned(place: &mut Whereabouts) -> (Box<Tailer>, Turned) {
    match place {
        Whereabouts::Away(turn) => turn.await,
        Whereabouts::Home(_) | Whereabouts::Lost => std::future::pending().await,
    }
}

/// The system tells of a change. Cancel safe.
async fn told(changes: &Option<AsyncFd<Arc<OwnedFd>>>, rested: bool) {
    match changes.as_ref().filter(|_| rested) {
        Some(changes) => match changes.readable().await {
            // The turn reads all there is.
            Ok(mut ready) => ready.clear_ready(),
            Err(_) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}
