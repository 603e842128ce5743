//! Requests that were not acknowledged: how long the refusal took, and what it said.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::histogram::Histogram;

/// Different answers that are told apart; the rest is counted as `other`.
const KINDS_MAX: usize = 32;

/// What the collector answered instead of an acknowledgement.
#[derive(Debug)]
pub(super) struct Refused {
    /// As in `grpc 14, retry info` or `http 503, retry-after`: may the sender come back?
    pub(super) kind: String,
    pub(super) message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for Refused {}

#[derive(Default)]
pub(super) struct Refusals {
    /// Of refusals that the collector gave itself; a connection that is gone has no latency worth telling.
    latencies: Histogram,
    by_kind: BTreeMap<String, u64>,
}

impl Refusals {
    pub(super) fn record(&mut self, took: Duration, error: &anyhow::Error) {
        let kind = match error.downcast_ref::<Refused>() {
            Some(refused) => {
                self.latencies.record(took);
                refused.kind.as_str()
            }
            None => "no answer",
        };
        let known = self.by_kind.len() < KINDS_MAX || self.by_kind.contains_key(kind);
        let kind = if known { kind } else { "other" };
        *self.by_kind.entry(kind.to_owned()).or_default() += 1;
    }

    pub(super) fn summary(&self) -> serde_json::Value {
        serde_json::json!({"by": self.by_kind, "ms": self.latencies.summary()})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_kind_up_to_a_bound() {
        let mut refusals = Refusals::default();
        for n in 0..100 {
            let refused = Refused {
                kind: format!("http {n}"),
                message: String::new(),
            };
            refusals.record(Duration::from_millis(3), &refused.into());
        }
        refusals.record(Duration::ZERO, &anyhow::anyhow!("connection reset"));
        let told = refusals.summary();
        assert_eq!(told["by"].as_object().unwrap().len(), KINDS_MAX + 1);
        assert_eq!(
            (&told["by"]["http 0"], &told["by"]["other"], &told["ms"]["count"]),
            (&1.into(), &69.into(), &100.into())
        );
    }
}
