//! Series that there is no room for: those that stand for them, and whose they are.

use std::collections::BTreeMap;

use sidelight_component::metrics::Counter;
use sidelight_series::Cap;
use tracing::warn;

/// Series that stand for others, one for each metric and source that overflows. Points beyond are refused.
const MAX_SERIES: usize = 1_000;
/// Metrics that are told apart between two lines of the log; the others are counted together.
const MAX_METRICS: usize = 32;
/// Seconds between two lines.
const QUIET: u32 = 60;

/// What overflows.
#[derive(Debug)]
pub(super) struct Overflow {
    /// Room for the series that stand for others.
    pub(super) cap: Cap,
    added_up: Counter,
    /// Second of the last line.
    said: Option<u32>,
    /// Points without room since then.
    points: u64,
    /// The same by metric, with who sent the first of them.
    by_metric: BTreeMap<Box<str>, (u64, Box<str>)>,
}

/// What is said of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Overflowing {
    points: u64,
    metrics: usize,
    /// The metric with the most of these points, and its sender.
    metric: Box<str>,
    service: Box<str>,
}

impl Overflow {
    pub(super) fn new(added_up: Counter) -> Self {
        Self {
            cap: Cap::new(MAX_SERIES),
            added_up,
            said: None,
            points: 0,
            by_metric: BTreeMap::new(),
        }
    }

    /// A point without room, of this metric and service.
    pub(super) fn note(&mut self, metric: &str, service: &str) {
        self.points += 1;
        if let Some((points, _)) = self.by_metric.get_mut(metric) {
            *points += 1;
        } else if self.by_metric.len() < MAX_METRICS {
            self.by_metric.insert(metric.into(), (1, service.into()));
        }
    }

    /// A point was added to the series that stands for others.
    pub(super) fn added_up(&self) {
        self.added_up.add(1);
    }

    /// What is to be said now: once a minute where anything overflows.
    pub(super) fn news(&mut self, now: u32) -> Option<Overflowing> {
        if self.points == 0 || self.said.is_some_and(|said| now.saturating_sub(said) < QUIET) {
            return None;
        }
        self.said = Some(now);
        let by_metric = std::mem::take(&mut self.by_metric);
        let (points, metrics) = (std::mem::take(&mut self.points), by_metric.len());
        let (metric, (_, service)) = by_metric.into_iter().max_by_key(|(_, (points, _))| *points)?;
        Some(Overflowing {
            points,
            metrics,
            metric,
            service,
        })
    }
}

impl Overflowing {
    /// One line. `component` stands in it.
    pub(super) fn say(&self, component: &str) {
        let (points, metrics) = (self.points, self.metrics);
        let (metric, service) = (&self.metric, &self.service);
        warn!(
            component,
            %metric,
            %service,
            metrics,
            points,
            "there is no room for more series: deltas are added up in one with otel_metric_overflow=\"true\", other \
             points are refused; `metric` and `service` are whose most of them are. Leave labels out before, or raise \
             `max_series_per_metric` or `max_series`"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_overflows_most_is_named_once_a_minute() {
        let mut overflow = Overflow::new(Counter::default());
        assert_eq!(overflow.news(0), None);
        for nth in 0..1000 {
            overflow.note(&format!("m{nth}"), "other");
            overflow.note("m7", "api");
        }
        let news = overflow.news(100).expect("news");
        assert_eq!(
            (news.points, news.metrics, &*news.metric),
            (2000, MAX_METRICS, "m7")
        );
        overflow.note("calls", "api");
        assert_eq!(overflow.news(100 + QUIET - 1), None);
        let expected = Overflowing {
            points: 1,
            metrics: 1,
            metric: "calls".into(),
            service: "api".into(),
        };
        assert_eq!(overflow.news(100 + QUIET), Some(expected));
        assert_eq!(overflow.news(1000), None);
    }
}
