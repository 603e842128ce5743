//! Start times, order and resets. Source: OpenTelemetry metrics data model, "Resets and Gaps", "Sums: Delta-to-Cumulative".

/// What the next point of a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It goes on from the one before, or is the first.
    Next,
    /// The sender began anew: the value counts from a later start.
    Reset,
    /// It is older than what is known already, and to be ignored.
    Late,
}

/// Since when and until when a series is known, in Unix nanoseconds; 0 is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// When it began to count.
    pub start: u64,
    /// The time of its last point.
    pub time: u64,
}

impl Timeline {
    /// A cumulative point, or one of a gauge. One with the time of the last is taken in its place: senders repeat what was
    /// not acknowledged.
    pub fn cumulative(&mut self, start: u64, time: u64) -> Step {
        if time < self.time {
            return Step::Late;
        }
        let is_reset = self.start != 0 && start > self.start;
        *self = Self { start, time };
        if is_reset { Step::Reset } else { Step::Next }
    }

    /// A delta point, to be added. One that was added already is late; a gap before it loses nothing more than what
    /// was not sent. The start stays that of the first point.
    pub fn delta(&mut self, start: u64, time: u64) -> Step {
        if time <= self.time && self.time != 0 {
            return Step::Late;
        }
        self.time = time;
        if self.start == 0 {
            self.start = start;
        }
        Step::Next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cumulative_points_go_on_begin_anew_or_come_late() {
        let mut timeline = Timeline::default();
        for (start, time, step) in [
            (10, 20, Step::Next),
            (10, 30, Step::Next),
            (10, 30, Step::Next),
            (10, 29, Step::Late),
            (35, 40, Step::Reset),
            (0, 50, Step::Next),
            (45, 60, Step::Next),
            (70, 55, Step::Late),
        ] {
            assert_eq!(timeline.cumulative(start, time), step, "{start} {time}");
        }
        assert_eq!(timeline, Timeline { start: 45, time: 60 });
    }

    #[test]
    fn a_delta_is_added_once() {
        let mut timeline = Timeline::default();
        for (start, time, step) in [
            (10, 20, Step::Next),
            (10, 20, Step::Late),
            (20, 30, Step::Next),
            (40, 50, Step::Next),
            (20, 30, Step::Late),
        ] {
            assert_eq!(timeline.delta(start, time), step, "{start} {time}");
        }
        assert_eq!(timeline, Timeline { start: 10, time: 50 });
    }
}
