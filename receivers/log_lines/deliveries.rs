//! Requests on their way, several at once, settled in their order.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use sidelight_component::{Outcome, Output, Payload, Receipt};
use tokio::time::{Sleep, sleep};

/// Requests that may be on their way at once. With [`LogLines`](super::LogLines)'s size of a request it bounds what is
/// delivered twice when the program is killed.
const WINDOW: usize = 4;

/// The wait after a refusal. It doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest wait, also where the destination asks for more: it is asked again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Requests of one receiver that are on their way. `T` is what goes with a request: the places up to which its sources
/// are read.
///
/// A request that is refused for now is handed over again, the same bytes, after a wait that grows; nothing overtakes
/// it meanwhile, and a full window stops the reading. One that is refused for good is settled too: dead letters, where
/// there are some, have it.
pub(crate) struct Deliveries<T> {
    output: Output,
    window: VecDeque<Delivery<T>>,
    /// After a refusal: until then nothing is handed over.
    pause: Option<Pin<Box<Sleep>>>,
    next_wait: Duration,
}

struct Delivery<T> {
    payload: Payload,
    tag: T,
    stage: Stage,
}

enum Stage {
    /// To be handed over, for the first time or again.
    Waiting,
    /// Handed over.
    Away(Receipt),
    /// Settled for good.
    Settled,
}

impl<T> Deliveries<T> {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            output,
            window: VecDeque::with_capacity(WINDOW),
            pause: None,
            next_wait: FIRST_WAIT,
        }
    }

    /// Whether another request may be made. One that is pushed without room is taken all the same.
    pub(crate) fn room(&self) -> usize {
        WINDOW.saturating_sub(self.window.len())
    }

    /// True with nothing on its way.
    pub(crate) fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    /// Takes a request; without a payload it is only a place in the order: lines of which no record is left.
    /// It is handed over at once, unless one before it was refused and waits.
    pub(crate) fn push(&mut self, payload: Option<Payload>, tag: T) {
        let stage = if payload.is_some() {
            Stage::Waiting
        } else {
            Stage::Settled
        };
        self.window.push_back(Delivery {
            payload: payload.unwrap_or_default(),
            tag,
            stage,
        });
        if self.pause.is_none() {
            self.hand_over();
        }
    }

    /// What went with the oldest request, when that is settled. Waits for ever while there is none. Cancel safe.
    pub(crate) async fn next(&mut self) -> T {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        loop {
            self.poll_answers(cx);
            if self
                .window
                .front()
                .is_some_and(|oldest| matches!(oldest.stage, Stage::Settled))
                && let Some(settled) = self.window.pop_front()
            {
                return Poll::Ready(settled.tag);
            }
            // While there is a pause its end is what happens next, or an answer to what is away.
            let Some(pause) = &mut self.pause else {
                return Poll::Pending;
            };
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
            self.hand_over();
        }
    }

    /// Looks at everything that is away.
    fn poll_answers(&mut self, cx: &mut Context<'_>) {
        let mut refused = None;
        for delivery in &mut self.window {
            let Stage::Away(receipt) = &mut delivery.stage else {
                continue;
            };
            let Poll::Ready(outcome) = Pin::new(receipt).poll(cx) else {
                continue;
            };
            if let Outcome::Retry { after, .. } = outcome {
                delivery.stage = Stage::Waiting;
                refused = Some(after.max(refused.flatten()));
                continue;
            }
            self.next_wait = FIRST_WAIT;
            let items = delivery.payload.items();
            self.output.count(items, &outcome.of_items(items));
            delivery.payload = Payload::default();
            delivery.stage = Stage::Settled;
        }
        if let Some(asked) = refused
            && self.pause.is_none()
        {
            self.wait(asked);
        }
    }

    /// Hands over what waits, in order, up to the first refusal.
    fn hand_over(&mut self) {
        let mut refused = None;
        for delivery in &mut self.window {
            if !matches!(delivery.stage, Stage::Waiting) {
                continue;
            }
            match self.output.submit(delivery.payload.clone(), None) {
                Ok(receipt) => delivery.stage = Stage::Away(receipt),
                Err(Outcome::Retry { after, .. }) => {
                    refused = Some(after);
                    break;
                }
                Err(outcome) => {
                    self.output.count(delivery.payload.items(), &outcome);
                    delivery.payload = Payload::default();
                    delivery.stage = Stage::Settled;
                }
            }
        }
        if let Some(asked) = refused {
            self.wait(asked);
        }
    }

    fn wait(&mut self, asked: Option<Duration>) {
        let wait = self.next_wait.max(asked.unwrap_or_default()).min(LONGEST_WAIT);
        self.next_wait = (self.next_wait * 2).min(LONGEST_WAIT);
        self.pause = Some(Box::pin(sleep(wait)));
    }
}
