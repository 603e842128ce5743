//! Panics of a component's code, contained: the caller goes on, the panic is counted and said with the component's id.
//!
//! Whoever calls a component wraps the call and decides what becomes of the component and of the data at hand.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use tracing::error;

use crate::metrics::{Counter, Registry};

/// One line in this time for each component: what panics on every item must not fill the log.
const QUIET: Duration = Duration::from_secs(10);
/// Characters of a panic's message that are shown.
const SHOWN_CHARS: usize = 200;

/// Where the panics of one component are counted. Clones share it.
#[derive(Clone, Debug)]
pub struct Panics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    role: String,
    component: String,
    count: Counter,
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    last: Option<Instant>,
    unreported: u64,
}

/// The component's code panicked; it was counted and said already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it panicked: {message}")]
pub struct Panicked {
    /// The panic's words.
    pub message: String,
}

impl Panics {
    /// Panics of `component`, which is a `role`, are counted as `sidelight_component_panics`.
    pub fn new(role: &str, component: &str, metrics: &Registry) -> Self {
        let labels = [("role", role), ("component", component)];
        let help = "Panics of a component that were contained";
        Self(Arc::new(Inner {
            role: role.to_owned(),
            component: component.to_owned(),
            count: metrics.counter("sidelight_component_panics", help, &labels),
            log: Mutex::default(),
        }))
    }

    /// Does `work` of the component. `doing` is what it was called for, for the log.
    ///
    /// # Errors
    /// [`Panicked`] where it panicked. What it had in its hands is then in no state to be used again.
    pub fn contain<T>(&self, doing: &str, work: impl FnOnce() -> T) -> Result<T, Panicked> {
        catch_unwind(AssertUnwindSafe(work)).map_err(|panic| self.note(doing, &*panic))
    }

    /// The same for a future. Cancel safe where `work` is.
    ///
    /// # Errors
    /// [`Panicked`] where it panicked.
    pub async fn contain_async<F: Future>(&self, doing: &str, work: F) -> Result<F::Output, Panicked> {
        let ended = AssertUnwindSafe(work).catch_unwind().await;
        ended.map_err(|panic| self.note(doing, &*panic))
    }

    /// Counts and says a panic that was caught elsewhere.
    pub fn note(&self, doing: &str, panic: &(dyn Any + Send)) -> Panicked {
        let message = panic_message(panic);
        self.0.count.add(1);
        if let Some(unreported) = self.0.log.lock().pass() {
            let (role, component) = (&self.0.role, &self.0.component);
            error!(%role, %component, doing, reason = message, unreported, "a component panicked; the rest goes on");
        }
        Panicked { message }
    }

    /// Panics so far.
    pub fn count(&self) -> u64 {
        self.0.count.get()
    }
}

impl Log {
    /// Lines that were kept back, where it is time for one.
    fn pass(&mut self) -> Option<u64> {
        if self.last.is_some_and(|last| last.elapsed() < QUIET) {
            self.unreported += 1;
            return None;
        }
        self.last = Some(Instant::now());
        Some(std::mem::take(&mut self.unreported))
    }
}

/// A panic's words, cut. The standard library's errors about pieces of a text quote the text, which is somebody's data:
/// the quotation is left out.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("without a message");
    let text = text.split(" of `").next().unwrap_or_default();
    text.chars().take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_counted_under_the_component_and_its_caller_goes_on() {
        let metrics = Registry::default();
        let panics = Panics::new("exporter", "otlp_grpc/a", &metrics);
        assert_eq!(panics.contain("adding", || 1 + 1), Ok(2));
        let panicked = panics
            .contain("breaking", || panic!("on purpose"))
            .map(|()| "no panic");
        assert_eq!(
            panicked.expect_err("it panicked").to_string(),
            "it panicked: on purpose"
        );
        let later = async {
            tokio::task::yield_now().await;
            panic!("later")
        };
        let panicked = panics.contain_async("waiting", later).await.map(|()| "no panic");
        assert_eq!(panicked.expect_err("it panicked").message, "later");
        // Whoever asks for the same component has the same count.
        assert_eq!(Panics::new("exporter", "otlp_grpc/a", &metrics).count(), 2);
    }

    #[test]
    fn a_text_that_was_cut_wrongly_is_not_quoted() {
        let text = String::from("pässword");
        let panic = catch_unwind(|| text[..2].len()).expect_err("it panicked");
        let message = panic_message(&*panic);
        assert!(!message.contains("ssword"), "{message}");
        let long = catch_unwind(|| panic!("{}", "x".repeat(1000))).expect_err("it panicked");
        assert_eq!(panic_message(&*long).len(), SHOWN_CHARS);
        let odd = catch_unwind(|| std::panic::panic_any(7)).expect_err("it panicked");
        assert_eq!(panic_message(&*odd), "without a message");
    }

    #[test]
    fn a_component_that_panics_all_the_time_is_said_once_in_a_while() {
        let mut log = Log::default();
        assert_eq!(log.pass(), Some(0));
        assert_eq!((log.pass(), log.pass()), (None, None));
        log.last = Instant::now().checked_sub(QUIET);
        assert_eq!(log.pass(), Some(2));
    }
}
