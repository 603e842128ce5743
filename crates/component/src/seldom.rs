//! Saying the same thing not too often.

use std::time::{Duration, Instant};

/// What goes wrong with data goes wrong often: it is said at most so often.
const EVERY: Duration = Duration::from_secs(60);

/// Lets a message through once a minute, the first one at once.
#[derive(Debug, Default)]
pub struct Seldom {
    last: Option<Instant>,
    withheld: u64,
}

impl Seldom {
    /// Whether it may be said now, and then how often it was not since it was last.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use sidelight_component::Seldom;
    /// let (mut seldom, now) = (Seldom::default(), Instant::now());
    /// assert_eq!(seldom.may_say(now), Some(0));
    /// assert_eq!(seldom.may_say(now + Duration::from_secs(59)), None);
    /// assert_eq!(seldom.may_say(now + Duration::from_secs(60)), Some(1));
    /// ```
    pub fn may_say(&mut self, now: Instant) -> Option<u64> {
        if self
            .last
            .is_some_and(|last| now.saturating_duration_since(last) < EVERY)
        {
            self.withheld += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.withheld))
    }
}
