//! Histograms with explicit bounds, and summaries: a series for each bucket or quantile, for the count and the sum.

use std::borrow::Cow;

use sidelight_proto::views::{HistogramPointView, HistogramView, SummaryPointView, SummaryView};

use super::{NO_RECORDED_VALUE, STALE, Walk, milliseconds};
use crate::prometheus_remote_write::series::SeriesIndex;
use crate::prometheus_remote_write::symbols::Symbol;

/// What every series of a point has in common.
#[derive(Clone, Copy)]
struct Times {
    time_ms: i64,
    start_ms: i64,
    is_stale: bool,
}

/// Names of the series of one metric.
struct Names {
    bucket: Symbol,
    count: Symbol,
    sum: Symbol,
}

impl<'a> Walk<'a> {
    pub(super) fn histograms(&mut self, name: &str, histogram: HistogramView<'a>) {
        let names = self.names(name);
        let le = self.set.symbols.intern("le");
        for point in histogram.data_points() {
            self.histogram(&names, le, point);
        }
    }

    pub(super) fn summaries(&mut self, name: &str, summary: SummaryView<'a>) {
        let names = self.names(name);
        let quantile = self.set.symbols.intern("quantile");
        for point in summary.data_points() {
            self.summary(&names, quantile, point);
        }
    }

    fn names(&mut self, name: &str) -> Names {
        let mut with = |suffix: &str| self.set.symbols.intern(format!("{name}{suffix}"));
        Names {
            bucket: with("_bucket"),
            count: with("_count"),
            sum: with("_sum"),
        }
    }

    /// Buckets count what they hold and all below; the last one holds everything.
    fn histogram(&mut self, names: &Names, le: Symbol, point: HistogramPointView<'a>) {
        let Some(times) = self.times(
            point.time_unix_nano(),
            point.start_time_unix_nano(),
            point.flags(),
        ) else {
            return;
        };
        let series = point.explicit_bounds().len() + 3;
        if !self.point_labels(point.attributes(), series) {
            return;
        }
        self.one(names.count, None, times, point.count() as f64);
        // A point that ends its series often has no sum any more.
        if point.sum().is_some() || times.is_stale {
            self.one(names.sum, None, times, point.sum().unwrap_or_default());
        }
        let mut buckets: Vec<(f64, SeriesIndex)> = Vec::new();
        let mut up_to = 0_u64;
        for (bound, count) in point.explicit_bounds().zip(point.bucket_counts()) {
            up_to = up_to.saturating_add(count);
            if bound < f64::INFINITY {
                let label = (le, self.number_symbol(bound));
                buckets.push((bound, self.one(names.bucket, Some(label), times, up_to as f64)));
            }
        }
        let label = (le, self.set.symbols.intern("+Inf"));
        let last = self.one(names.bucket, Some(label), times, point.count() as f64);
        for exemplar in point.exemplars() {
            let value = exemplar.value().map_or(f64::NAN, |value| value.as_f64());
            let nth = buckets.partition_point(|(bound, _)| *bound < value);
            let series = buckets.get(nth).map_or(last, |(_, series)| *series);
            self.exemplar(series, exemplar, times.time_ms);
        }
    }

    fn summary(&mut self, names: &Names, quantile: Symbol, point: SummaryPointView<'a>) {
        let Some(times) = self.times(
            point.time_unix_nano(),
            point.start_time_unix_nano(),
            point.flags(),
        ) else {
            return;
        };
        let series = point.quantile_values().count() + 2;
        if !self.point_labels(point.attributes(), series) {
            return;
        }
        self.one(names.count, None, times, point.count() as f64);
        self.one(names.sum, None, times, point.sum());
        let name = self.family_name();
        for value in point.quantile_values() {
            let label = (quantile, self.number_symbol(value.quantile()));
            self.one(name, Some(label), times, value.value());
        }
    }

    fn times(&mut self, time: u64, start: u64, flags: u32) -> Option<Times> {
        Some(Times {
            time_ms: self.time_of(time)?,
            start_ms: milliseconds(start),
            is_stale: flags & NO_RECORDED_VALUE != 0,
        })
    }

    /// A sample of one of the point's series.
    fn one(
        &mut self,
        name: Symbol,
        label: Option<(Symbol, Symbol)>,
        times: Times,
        value: f64,
    ) -> SeriesIndex {
        let family = self.family();
        let name = (self.metric_name, name);
        // `__name__` is before `le` and `quantile`.
        let both;
        let extras = match label {
            Some(label) => {
                both = [name, label];
                &both[..]
            }
            None => &[name],
        };
        let series = self.set.series(family, self.labels.current(), extras);
        let value = if times.is_stale { STALE } else { value };
        self.set.push(series, times.time_ms, times.start_ms, value);
        series
    }

    /// A number as the text of a label: without an exponent, the shortest that reads back as the same.
    fn number_symbol(&mut self, value: f64) -> Symbol {
        let text = match value {
            f64::INFINITY => Cow::Borrowed("+Inf"),
            f64::NEG_INFINITY => Cow::Borrowed("-Inf"),
            _ => Cow::Owned(value.to_string()),
        };
        self.set.symbols.intern(text)
    }
}
