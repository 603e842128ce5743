//! One series: what is shown of it.

use std::sync::Arc;

use sidelight_exposition::write::{Buckets, Exponential, Histogram, LabelTexts, Sample, Summary, Value};
use sidelight_proto::views::NumberValue;
use sidelight_series::{
    ExponentialBuckets, ExponentialState, HistogramState, Step, SummaryState, Timeline, sum_of,
};

use super::exemplars::Exemplars;
use super::refused::Reason;
use super::sources::SharedLabels;

/// Whose points a series takes. Two resources whose series have the same labels would otherwise take turns in it: the
/// one that came later has it, because it is most likely the other one after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Owner {
    /// Resource and scope, numbered in the order they came.
    pub(super) source: u32,
    /// A hash of name, unit and type: two metrics may have become one family.
    pub(super) metric: u32,
}

/// The value of a series. The large ones lie elsewhere, so that a number takes little.
#[derive(Debug)]
pub(super) enum SeriesValue {
    Number(NumberValue),
    Histogram(Box<HistogramState>),
    Exponential(Box<ExponentialState>),
    Summary(Box<SummaryState>),
}

/// One series.
#[derive(Debug)]
pub(in super::super) struct Series {
    /// The labels that all series of its source have; `None` where they are in its own text, because names met.
    pub(super) shared: Option<Arc<SharedLabels>>,
    pub(super) owner: Owner,
    pub(super) timeline: Timeline,
    pub(super) value: SeriesValue,
    /// Elsewhere: few have any.
    pub(super) exemplars: Option<Box<Exemplars>>,
    /// Second of its last point.
    pub(super) seen: u32,
    /// It adds up the points of series that there was no room for.
    pub(super) is_for_others: bool,
}

/// In the identity of a series: the number of its shared labels, before its own text.
pub(super) const SHARED_ID_BYTES: usize = 4;

impl SeriesValue {
    /// Adds what was counted since. False where it cannot be added: the value is then the new one.
    pub(super) fn add(&mut self, delta: SeriesValue) -> bool {
        let added = match (&mut *self, &delta) {
            (Self::Number(total), Self::Number(more)) => {
                *total = sum_of(*total, *more);
                true
            }
            (Self::Histogram(total), Self::Histogram(more)) => total.add(more),
            (Self::Exponential(total), Self::Exponential(more)) => total.add(more),
            _ => false,
        };
        if !added {
            *self = delta;
        }
        added
    }

    /// Bytes outside of the series itself.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Number(_) => 0,
            Self::Histogram(state) => size_of::<HistogramState>() + state.heap_bytes(),
            Self::Exponential(state) => size_of::<ExponentialState>() + state.heap_bytes(),
            Self::Summary(state) => size_of::<SummaryState>() + state.heap_bytes(),
        }
    }
}

impl Series {
    /// Bytes outside of the series itself.
    pub(super) fn heap_bytes(&self) -> usize {
        let exemplars = self.exemplars.as_ref().map_or(0, |kept| kept.heap_bytes());
        self.value.heap_bytes() + exemplars
    }

    /// Takes its next point in.
    ///
    /// A series belongs to one resource and metric. A later one takes it over, as another sender that begins anew.
    pub(super) fn take(
        &mut self,
        owner: Owner,
        is_delta: bool,
        point: Timeline,
        value: SeriesValue,
    ) -> Result<(), Reason> {
        if owner < self.owner {
            return Err(Reason::Duplicate);
        }
        if owner > self.owner {
            (self.owner, self.timeline, self.value) = (owner, point, value);
            self.exemplars = None;
            return Ok(());
        }
        let step = if is_delta {
            self.timeline.delta(point.start, point.time)
        } else {
            self.timeline.cumulative(point.start, point.time)
        };
        match step {
            Step::Late => return Err(Reason::Late),
            Step::Next if is_delta => {
                if !self.value.add(value) {
                    self.timeline.start = point.start;
                }
            }
            Step::Next | Step::Reset => self.value = value,
        }
        Ok(())
    }

    /// What a page says of it.
    pub(in super::super) fn sample<'a>(&'a self, identity: &'a [u8], with_time: bool) -> Sample<'a> {
        let shared = self.shared.as_ref().map_or("", |shared| &*shared.text);
        let own = identity.get(SHARED_ID_BYTES..).unwrap_or_default();
        Sample {
            // It was text when the series was made.
            labels: LabelTexts([shared, std::str::from_utf8(own).unwrap_or_default()]),
            value: self.shown(),
            start_unix_nano: self.timeline.start,
            time_unix_nano: Some(self.timeline.time).filter(|_| with_time),
            exemplars: self.exemplars.as_ref().map_or(&[], |kept| kept.as_slice()),
        }
    }

    /// Second of its last point.
    pub(in super::super) fn seen(&self) -> u32 {
        self.seen
    }

    fn shown(&self) -> Value<'_> {
        match &self.value {
            SeriesValue::Number(number) => Value::Number(*number),
            SeriesValue::Histogram(state) => Value::Histogram(Histogram {
                count: state.count,
                sum: state.sum,
                bounds: &state.bounds,
                counts: &state.counts,
            }),
            SeriesValue::Exponential(state) => Value::Exponential(Exponential {
                count: state.count,
                sum: state.sum,
                scale: state.scale,
                zero_count: state.zero_count,
                zero_threshold: state.zero_threshold,
                positive: buckets(&state.positive),
                negative: buckets(&state.negative),
            }),
            SeriesValue::Summary(state) => Value::Summary(Summary {
                count: state.count,
                sum: state.sum,
                quantiles: &state.quantiles,
            }),
        }
    }
}

fn buckets(buckets: &ExponentialBuckets) -> Buckets<'_> {
    Buckets {
        offset: buckets.offset,
        counts: &buckets.counts,
    }
}
