//! Which worker thread this is: pipelines keep one chain of processors for each, so that workers do not wait
//! for one another, and one more for large batches, which are processed beside the workers.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

thread_local! {
    static INDEX: Cell<usize> = const { Cell::new(usize::MAX) };
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The number of this thread: 0, 1, … in the order in which threads first asked.
pub(crate) fn index() -> usize {
    INDEX.with(|index| {
        if index.get() == usize::MAX {
            index.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        index.get()
    })
}

/// How many workers fit the processor time this process may use: its CPU affinity and cgroup quota, at most
/// two. A sidecar is a guest on its machine.
pub(crate) fn default_workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_keeps_its_number_and_shares_it_with_nobody() {
        let mine = index();
        assert_eq!(index(), mine);
        let other = std::thread::spawn(index).join().expect("no panic");
        assert_ne!(other, mine);
    }
}
