//! Time is an input: components get it from the engine and never ask the system for it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

/// A moment: on the monotonic clock for timers and durations, on the wall clock for time stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Monotonic; never jumps.
    pub instant: Instant,
    /// Nanoseconds since the Unix epoch; jumps when somebody sets the clock.
    pub unix_nanos: u64,
}

/// The engine's clock. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Virtual(Arc<Mutex<Now>>),
}

impl Clock {
    /// The system's clocks.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until [`Clock::advance`] is called: for tests and for replays.
    pub fn virtual_at(unix_nanos: u64) -> Self {
        Self(Source::Virtual(Arc::new(Mutex::new(Now {
            instant: Instant::now(),
            unix_nanos,
        }))))
    }

    /// The moment it is.
    pub fn now(&self) -> Now {
        match &self.0 {
            Source::System => Now {
                instant: Instant::now(),
                // Before 1970 the clock is wrong anyway; past 2554 the 64 bits are.
                unix_nanos: SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)),
            },
            Source::Virtual(now) => *now.lock(),
        }
    }

    /// Moves a virtual clock on; without effect on the system's.
    pub fn advance(&self, by: Duration) {
        if let Source::Virtual(now) = &self.0 {
            let mut now = now.lock();
            now.instant += by;
            now.unix_nanos = now
                .unix_nanos
                .saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_clock_moves_only_when_told() {
        let clock = Clock::virtual_at(5);
        let (first, second) = (clock.now(), clock.now());
        assert_eq!(first, second);
        clock.advance(Duration::from_nanos(7));
        assert_eq!(clock.now().unix_nanos, 12);
        assert_eq!(clock.now().instant - first.instant, Duration::from_nanos(7));
    }
}
