//! Taking the metrics of a protobuf page: as the samples that the text formats would have, and native histograms.

use std::borrow::Cow;

use sidelight_exposition::parse::protobuf::{
    Exemplar, Families, Family, Histogram, Metric, MetricValue, Summary,
};
use sidelight_exposition::parse::{LabelSet, MetricType};

use super::native;
use super::point::has;
use super::record::RecordError;
use super::resolve::Sort;
use super::state::SeriesState;

/// A sample that a metric stands for: its name is the family's and a suffix, one label may come on top.
struct Series<'a> {
    family: &'a str,
    suffix: &'static str,
    metric: &'a Metric<'a>,
    bound: Option<(&'static str, f64)>,
}

impl LabelSet for Series<'_> {
    fn for_each(&self, each: &mut dyn FnMut(Cow<'_, str>, Cow<'_, str>)) {
        each(
            "__name__".into(),
            format!("{}{}", self.family, self.suffix).into(),
        );
        for (name, value) in self.metric.labels() {
            each(name.into(), value.into());
        }
        if let Some((label, bound)) = self.bound {
            each(label.into(), shown(bound).into());
        }
    }
}

/// A bound as the text formats write it.
fn shown(bound: f64) -> String {
    match bound {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        other => format!("{other:?}"),
    }
}

impl Series<'_> {
    /// What tells this sample from all others of the page. No series of a text page begins with a NUL.
    fn append_key(&self, key: &mut Vec<u8>) {
        key.clear();
        key.push(0);
        key.extend_from_slice(self.family.as_bytes());
        key.push(0);
        key.extend_from_slice(self.suffix.as_bytes());
        key.push(0);
        if let Some((_, bound)) = self.bound {
            key.extend_from_slice(&bound.to_bits().to_le_bytes());
        }
        self.metric.append_identity(key);
    }
}

impl SeriesState {
    pub(super) fn record_protobuf(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        let mut families = Families::new(bytes);
        let mut key = Vec::new();
        while let Some(family) = families.next()? {
            let grown = self.metadata.set_type(family.name, family.kind)
                + self.metadata.set_help(family.name, family.help)
                + self.metadata.set_unit(family.name, family.unit);
            self.keep(grown)?;
            for metric in family.metrics() {
                self.take_metric(&family, &metric?, &mut key)?;
            }
        }
        Ok(())
    }

    fn take_metric(
        &mut self,
        family: &Family<'_>,
        metric: &Metric<'_>,
        key: &mut Vec<u8>,
    ) -> Result<(), RecordError> {
        let plain = Series {
            family: family.name,
            suffix: "",
            metric,
            bound: None,
        };
        match &metric.value {
            MetricValue::Number(value) => {
                self.take_series(&plain, *value, key)?;
            }
            MetricValue::Counter {
                value,
                exemplar,
                created,
            } => {
                if let Some(point) = self.take_series(&plain, *value, key)? {
                    self.metrics.points[point as usize].created = created.unwrap_or(0);
                    exemplar
                        .iter()
                        .for_each(|exemplar| self.take_proto_exemplar(point, exemplar));
                }
            }
            MetricValue::Summary(summary) => self.take_summary(&plain, summary, key)?,
            MetricValue::Histogram(histogram) => {
                let rules = &self.job.samples;
                let is_native = histogram.is_native() && rules.native_histograms;
                let has_buckets = || histogram.buckets().next().is_some();
                let is_classic = !is_native || rules.classic_histograms && has_buckets();
                if is_native {
                    self.take_native(&plain, histogram, key)?;
                }
                if is_classic {
                    let is_gauge = family.kind == MetricType::GaugeHistogram;
                    self.take_classic(&plain, histogram, is_gauge, key)?;
                }
            }
        }
        Ok(())
    }

    fn take_series(
        &mut self,
        series: &Series<'_>,
        value: f64,
        key: &mut Vec<u8>,
    ) -> Result<Option<u32>, RecordError> {
        series.append_key(key);
        let entry = self.entry(key, series, Sort::ByName)?;
        self.take(entry, value, series.metric.timestamp_ms)
    }

    fn take_summary(
        &mut self,
        plain: &Series<'_>,
        summary: &Summary<'_>,
        key: &mut Vec<u8>,
    ) -> Result<(), RecordError> {
        for (quantile, value) in summary.quantiles() {
            let bound = Some(("quantile", quantile));
            self.take_series(&Series { bound, ..*plain }, value, key)?;
        }
        let with = |suffix| Series { suffix, ..*plain };
        self.take_series(&with("_sum"), summary.sum, key)?;
        let point = self.take_series(&with("_count"), summary.count as f64, key)?;
        self.set_created(point, summary.created);
        Ok(())
    }

    fn take_classic(
        &mut self,
        plain: &Series<'_>,
        histogram: &Histogram<'_>,
        is_gauge: bool,
        key: &mut Vec<u8>,
    ) -> Result<(), RecordError> {
        let of_bound = |bound| Series {
            suffix: "_bucket",
            bound: Some(("le", bound)),
            ..*plain
        };
        let mut has_last = false;
        for bucket in histogram.buckets() {
            has_last |= bucket.upper_bound == f64::INFINITY;
            let point = self.take_series(&of_bound(bucket.upper_bound), bucket.cumulative_count, key)?;
            if let (Some(point), Some(exemplar)) = (point, &bucket.exemplar) {
                self.take_proto_exemplar(point, exemplar);
            }
        }
        // Libraries leave it out in protobuf; the text formats have it.
        if !has_last {
            self.take_series(&of_bound(f64::INFINITY), histogram.count, key)?;
        }
        let with = |suffix| Series { suffix, ..*plain };
        self.take_series(&with(if is_gauge { "_gsum" } else { "_sum" }), histogram.sum, key)?;
        let count = if is_gauge { "_gcount" } else { "_count" };
        let point = self.take_series(&with(count), histogram.count, key)?;
        self.set_created(point, histogram.created);
        Ok(())
    }

    fn take_native(
        &mut self,
        plain: &Series<'_>,
        histogram: &Histogram<'_>,
        key: &mut Vec<u8>,
    ) -> Result<(), RecordError> {
        plain.append_key(key);
        key.push(1);
        let entry = self.entry(key, plain, Sort::Native)?;
        let Some(point) = self.take(entry, histogram.count, plain.metric.timestamp_ms)? else {
            return Ok(());
        };
        let start = self.native.len();
        if native::write(histogram, &mut self.native).is_none() {
            self.native.truncate(start);
            self.metrics.points[point as usize].has &= !has::VALUE;
            return Ok(());
        }
        let target = &mut self.metrics.points[point as usize];
        target.native = start..self.native.len();
        target.created = histogram.created.unwrap_or(0);
        for exemplar in histogram.exemplars() {
            self.take_proto_exemplar(point, &exemplar);
        }
        Ok(())
    }

    fn set_created(&mut self, point: Option<u32>, created: Option<u64>) {
        if let Some(point) = point {
            self.metrics.points[point as usize].created = created.unwrap_or(0);
        }
    }

    fn take_proto_exemplar(&mut self, point: u32, exemplar: &Exemplar<'_>) {
        let point = &mut self.metrics.points[point as usize];
        let time = exemplar.time.unwrap_or(point.time);
        point.exemplars = self.exemplars.push(point.exemplars, |writer| {
            writer.measured(time, exemplar.value);
            exemplar
                .labels()
                .for_each(|(name, value)| writer.label(name, value));
        });
    }
}
