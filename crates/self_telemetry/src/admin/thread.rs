//! The thread for health and administration.

use std::io;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Stack of the thread: pages are made on the heap.
const STACK_BYTES: usize = 512 << 10;

/// A thread with a runtime of its own, so that health and metrics are answered while the workers are busy.
/// It ends, and with it everything that was started on it, when the last handle is dropped.
#[derive(Debug)]
pub struct AdminThread {
    handle: Handle,
    /// Dropped with the last handle, which ends the thread.
    _alive: oneshot::Sender<()>,
}

static SHARED: Mutex<Weak<AdminThread>> = Mutex::new(Weak::new());

impl AdminThread {
    /// The program's one thread of this kind; started by whoever asks first.
    ///
    /// # Errors
    /// Where the system gives no further thread.
    pub fn shared() -> io::Result<Arc<Self>> {
        let mut shared = SHARED.lock();
        if let Some(running) = shared.upgrade() {
            return Ok(running);
        }
        let started = Self::start()?;
        *shared = Arc::downgrade(&started);
        Ok(started)
    }

    /// A thread of the caller's own.
    ///
    /// # Errors
    /// Where the system gives no further thread.
    pub fn start() -> io::Result<Arc<Self>> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (alive, ended) = oneshot::channel::<()>();
        std::thread::Builder::new()
            .name("admin".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                // An error is the dropped sender: nobody needs the thread any more.
                let _ = runtime.block_on(ended);
                // Names under resolution must not hold up the end.
                runtime.shutdown_background();
            })?;
        Ok(Arc::new(Self {
            handle,
            _alive: alive,
        }))
    }

    /// For starting tasks on the thread, or for entering its runtime.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}
