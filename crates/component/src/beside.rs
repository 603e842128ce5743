//! Work that would hold a worker for too long.
//!
//! A worker carries many connections: whatever takes more than half a millisecond in one piece keeps all the others
//! waiting. Such work goes to one of a few threads beside the workers.

use std::cell::Cell;

thread_local! {
    static IS_BESIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` on a thread beside the workers and waits for it. A few such threads serve the whole program; what
/// finds none free waits in line.
///
/// Not cancel safe in that work which has begun goes on to its end when the future is dropped; its result is then
/// dropped.
///
/// # Panics
/// Where `work` panics.
pub async fn beside_the_workers<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let handle = tokio::task::spawn_blocking(move || {
        // For good: threads of this kind never become workers.
        IS_BESIDE.set(true);
        work()
    });
    match handle.await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going down, and the caller with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// True on the threads of [`beside_the_workers`].
pub fn is_beside_the_workers() -> bool {
    IS_BESIDE.get()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn work_runs_on_another_thread_and_knows_it() {
        assert!(beside_the_workers(is_beside_the_workers).await);
        assert!(!is_beside_the_workers());
    }

    #[tokio::test]
    async fn a_panic_comes_back_to_the_caller() {
        let work = beside_the_workers(|| panic!("broken"));
        let panic = std::panic::AssertUnwindSafe(work).catch_unwind().await;
        let message = panic.expect_err("panicked").downcast::<&str>();
        assert_eq!(*message.expect("text"), "broken");
    }
}
