//! The lock and the bell of the mailbox: real ones, or those of a scheduler that tries every order (feature `shuttle`).

use std::time::Instant;

#[cfg(not(feature = "shuttle"))]
pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
#[cfg(feature = "shuttle")]
pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard};

#[cfg(not(feature = "shuttle"))]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock()
}

/// Waits for the bell, or until then.
#[cfg(not(feature = "shuttle"))]
pub(crate) fn wait<'a, T>(
    bell: &Condvar,
    mut guard: MutexGuard<'a, T>,
    until: Option<Instant>,
) -> MutexGuard<'a, T> {
    match until {
        Some(at) => drop(bell.wait_until(&mut guard, at)),
        None => bell.wait(&mut guard),
    }
    guard
}

#[cfg(feature = "shuttle")]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Waits for the bell alone: what only a timeout would mend shows as a deadlock.
#[cfg(feature = "shuttle")]
pub(crate) fn wait<'a, T>(
    bell: &Condvar,
    guard: MutexGuard<'a, T>,
    _until: Option<Instant>,
) -> MutexGuard<'a, T> {
    bell.wait(guard)
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
