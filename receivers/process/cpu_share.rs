//! Processor time between two samples.

use std::time::Instant;

use sidelight_procfs::host::ticks_per_second;

/// Billionths, in which shares are figures.
pub(super) const NANO: f64 = 1e9;

/// Remembers what had been used.
#[derive(Debug, Default)]
pub(super) struct CpuShare {
    /// At the last sample, in ticks.
    looked: Option<(Instant, u64)>,
    /// Of one processor, in per cent.
    percent: Option<f64>,
    /// When the metric was due last: user and system ticks.
    due: Option<(Instant, u64, u64)>,
}

impl CpuShare {
    /// A sample: user and system ticks so far.
    pub(super) fn look(&mut self, now: Instant, (user, system): (u64, u64)) {
        let used = user + system;
        let last = self.looked.replace((now, used));
        self.percent = last.and_then(|(at, before)| {
            let seconds = elapsed(at, now)?;
            Some(100.0 * seconds_of(used.saturating_sub(before)) / seconds)
        });
    }

    /// Share of one processor between the last two samples, in per cent.
    pub(super) fn percent(&self) -> Option<f64> {
        self.percent
    }

    /// Shares of `cpus` processors, user and system, since this was asked last, in billionths.
    pub(super) fn since_due(
        &mut self,
        now: Instant,
        (user, system): (u64, u64),
        cpus: Option<f64>,
    ) -> Option<(u64, u64)> {
        let (at, old_user, old_system) = self.due.replace((now, user, system))?;
        let capacity = elapsed(at, now)? * cpus?;
        let of = |now: u64, before| (seconds_of(now.saturating_sub(before)) / capacity * NANO) as u64;
        Some((of(user, old_user), of(system, old_system)))
    }
}

/// Ticks as seconds.
fn seconds_of(ticks: u64) -> f64 {
    ticks as f64 / ticks_per_second() as f64
}

fn elapsed(from: Instant, to: Instant) -> Option<f64> {
    let seconds = to.checked_duration_since(from)?.as_secs_f64();
    (seconds > 0.0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn shares_are_of_the_time_that_went_by_and_of_the_processors_there_are() {
        let (mut share, start, second) = (CpuShare::default(), Instant::now(), ticks_per_second());
        assert_eq!(
            share.since_due(start, (0, 0), Some(2.0)),
            None,
            "nothing to compare with"
        );
        let later = start + Duration::from_secs(10);
        share.look(start, (0, 0));
        share.look(later, (4 * second, second));
        assert_eq!(share.percent(), Some(50.0));
        let of_two = share.since_due(later, (4 * second, second), Some(2.0));
        assert_eq!(of_two, Some((200_000_000, 50_000_000)));
        // No time went by; a counter that fell is no use at all.
        assert_eq!(share.since_due(later, (4 * second, second), Some(2.0)), None);
        let end = later + Duration::from_secs(1);
        assert_eq!(share.since_due(end, (0, 0), Some(2.0)), Some((0, 0)));
        assert_eq!(share.since_due(end + Duration::from_secs(1), (1, 1), None), None);
    }
}
