//! Programs that a test runs beside itself, each ended with it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The longest wait for anything that is bound to come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A program at work; killed on drop.
pub(crate) struct Process(Child);

impl Process {
    /// Starts it; its output is the test's.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().expect("it starts"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where a backend was installed.
pub(crate) fn backend(name: &str) -> PathBuf {
    let base = std::env::var_os("SIDELIGHT_BACKENDS_DIR").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cache/backends"),
        PathBuf::from,
    );
    base.join("bin").join(name)
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}

/// Looks until it is there.
#[expect(clippy::disallowed_methods, reason = "a plain test waits on its own thread")]
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(100));
    }
}
