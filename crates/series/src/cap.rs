//! How many series there may be.

/// The key of the attribute, with the value `true`, of the series that stands for all those beyond the cap.
/// Source: OpenTelemetry metrics SDK, "Overflow attribute".
pub const OVERFLOW_KEY: &str = "otel.metric.overflow";

/// Counts series in one or several tables up to a limit.
#[derive(Clone, Copy, Debug)]
pub struct Cap {
    max: usize,
    series: usize,
}

impl Cap {
    /// Room for `max` series.
    pub fn new(max: usize) -> Self {
        Self { max, series: 0 }
    }

    /// Takes room for one more, where there is any.
    pub fn take(&mut self) -> bool {
        let has_room = self.series < self.max;
        self.series += usize::from(has_room);
        has_room
    }

    /// Whether there is no room for one more.
    pub fn is_full(&self) -> bool {
        self.series >= self.max
    }

    /// Takes room even past the limit: for the series of what overflows.
    pub fn take_anyway(&mut self) {
        self.series += 1;
    }

    /// Gives back the room of so many series.
    pub fn give_back(&mut self, series: usize) {
        self.series = self.series.saturating_sub(series);
    }

    /// Series there are.
    pub fn series(&self) -> usize {
        self.series
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_makes_room() {
        let mut cap = Cap::new(1);
        assert!(cap.take());
        assert!(cap.is_full() && !cap.take());
        cap.take_anyway();
        assert_eq!(cap.series(), 2);
        cap.give_back(2);
        assert!(cap.take());
    }
}
