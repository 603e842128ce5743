//! Handles for the program's own metrics.
//!
//! A component asks its [`crate::BuildContext`] for a counter or gauge once, keeps the handle and adds to it;
//! that is one relaxed atomic addition. The registry is read by whoever shows the metrics. Names are the
//! Collector's (`otelcol_receiver_accepted_spans`), so that existing dashboards work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use parking_lot::Mutex;

/// A count that only grows. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A value that goes up and down. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

impl Gauge {
    /// Sets the value.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Adds `n`, which may be negative.
    pub fn add(&self, n: i64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The value now.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Label names and values of one series, sorted by name.
pub type Labels = Vec<(String, String)>;

#[derive(Clone, Debug)]
enum Handle {
    Counter(Counter),
    Gauge(Gauge),
}

#[derive(Debug)]
struct Family {
    help: &'static str,
    series: BTreeMap<Labels, Handle>,
}

/// All metrics of the program. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Registry(Arc<Mutex<BTreeMap<String, Family>>>);

/// Counter or gauge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// One metric as it is read out.
#[derive(Clone, Debug)]
pub struct FamilySnapshot {
    /// Name without a suffix that an exposition format adds.
    pub name: String,
    /// One line that says what is counted.
    pub help: &'static str,
    /// Counter or gauge.
    pub kind: Kind,
    /// Labels and value of every series.
    pub series: Vec<(Labels, f64)>,
}

impl Registry {
    /// The counter with this name and these labels; the same handle when asked again.
    pub fn counter(&self, name: &str, help: &'static str, labels: &[(&str, &str)]) -> Counter {
        match self.handle(name, help, labels, || Handle::Counter(Counter::default())) {
            Handle::Counter(counter) => counter,
            // A name used for both kinds is a mistake in the program; the second use is not shown.
            Handle::Gauge(_) => Counter::default(),
        }
    }

    /// The gauge with this name and these labels; the same handle when asked again.
    pub fn gauge(&self, name: &str, help: &'static str, labels: &[(&str, &str)]) -> Gauge {
        match self.handle(name, help, labels, || Handle::Gauge(Gauge::default())) {
            Handle::Gauge(gauge) => gauge,
            Handle::Counter(_) => Gauge::default(),
        }
    }

    fn handle(
        &self,
        name: &str,
        help: &'static str,
        labels: &[(&str, &str)],
        make: impl FnOnce() -> Handle,
    ) -> Handle {
        let mut sorted: Labels = labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        sorted.sort();
        let mut families = self.0.lock();
        let family = families.entry(name.to_owned()).or_insert_with(|| Family {
            help,
            series: BTreeMap::new(),
        });
        family.series.entry(sorted).or_insert_with(make).clone()
    }

    /// Everything, ordered by name and labels.
    pub fn snapshot(&self) -> Vec<FamilySnapshot> {
        let families = self.0.lock();
        families
            .iter()
            .map(|(name, family)| FamilySnapshot {
                name: name.clone(),
                help: family.help,
                kind: match family.series.values().next() {
                    Some(Handle::Gauge(_)) => Kind::Gauge,
                    _ => Kind::Counter,
                },
                series: family
                    .series
                    .iter()
                    .map(|(labels, handle)| {
                        let value = match handle {
                            Handle::Counter(c) => c.get() as f64,
                            Handle::Gauge(g) => g.get() as f64,
                        };
                        (labels.clone(), value)
                    })
                    .collect(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_and_labels_in_any_order_are_the_same_series() {
        let registry = Registry::default();
        registry
            .counter("a_total", "help", &[("x", "1"), ("y", "2")])
            .add(2);
        registry
            .counter("a_total", "help", &[("y", "2"), ("x", "1")])
            .add(3);
        registry.gauge("b", "help", &[]).set(-4);
        let snapshot = registry.snapshot();
        assert_eq!(snapshot[0].series[0].1, 5.0);
        assert_eq!((snapshot[1].kind, snapshot[1].series[0].1), (Kind::Gauge, -4.0));
    }
}
