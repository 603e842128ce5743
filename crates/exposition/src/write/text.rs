//! Both text formats. They differ in a few words, in time stamps, and in the exemplars that only OpenMetrics has.

use super::classic::{Cumulative, classic_buckets};
use super::family::Family;
use super::{Exemplar, Exponential, FamilyHead, FamilyType, Histogram, LabelTexts, Sample, Summary, Value};
use crate::escape::{push_help, push_quoted};
use crate::number::{Number, push_double, push_fraction, push_int, push_number, push_seconds};

#[derive(Debug)]
pub(super) struct TextWriter {
    pub(super) out: Vec<u8>,
    open_metrics: bool,
    family: Option<Family>,
    /// The bounds that were written last, as text: those of the next series are nearly always the same.
    bounds: BoundTexts,
    classic: Vec<Cumulative>,
}

/// A label that only the lines of one kind have.
type Extra<'a> = Option<(&'static str, &'a [u8])>;

impl TextWriter {
    pub(super) fn new(open_metrics: bool) -> Self {
        Self {
            out: Vec::new(),
            open_metrics,
            family: None,
            bounds: BoundTexts::default(),
            classic: Vec::new(),
        }
    }

    pub(super) fn begin(&mut self, family: Family, head: &FamilyHead<'_>) {
        let type_word = self.type_word(family.family_type);
        let out = &mut self.out;
        if !head.help.is_empty() {
            out.extend_from_slice(b"# HELP ");
            family.push_meta_name(out);
            out.push(b' ');
            if self.open_metrics {
                push_quoted(out, head.help);
            } else {
                push_help(out, head.help);
            }
            out.push(b'\n');
        }
        out.extend_from_slice(b"# TYPE ");
        family.push_meta_name(out);
        out.push(b' ');
        out.extend_from_slice(type_word.as_bytes());
        out.push(b'\n');
        let has_unit = family
            .meta_name
            .strip_suffix(head.unit)
            .is_some_and(|name| name.ends_with('_'));
        if self.open_metrics && !head.unit.is_empty() && has_unit {
            self.out.extend_from_slice(b"# UNIT ");
            family.push_meta_name(&mut self.out);
            self.out.push(b' ');
            self.out.extend_from_slice(head.unit.as_bytes());
            self.out.push(b'\n');
        }
        self.family = Some(family);
    }

    pub(super) fn resume(&mut self, family: Family) {
        self.family = Some(family);
    }

    fn type_word(&self, family_type: FamilyType) -> &'static str {
        match family_type {
            FamilyType::Counter => "counter",
            FamilyType::Gauge => "gauge",
            FamilyType::Histogram => "histogram",
            FamilyType::Summary => "summary",
            FamilyType::Info => "info",
            FamilyType::Unknown if self.open_metrics => "unknown",
            FamilyType::Unknown => "untyped",
        }
    }

    pub(super) fn sample(&mut self, sample: &Sample<'_>) {
        let Some(mut family) = self.family.take() else {
            return;
        };
        // The labels borrow from the family when they had to be written anew.
        let (name, quoted, family_type) = (
            std::mem::take(&mut family.sample_name),
            family.quoted,
            family.family_type,
        );
        let mut lines = Lines {
            out: &mut self.out,
            open_metrics: self.open_metrics,
            name: &name,
            quoted,
            labels: family.labels(sample.labels),
            time: sample.time_unix_nano,
        };
        match (sample.value, family_type) {
            (Value::Number(number), FamilyType::Counter) => {
                lines.number("", None, number, sample.exemplars.last());
            }
            (Value::Number(number), FamilyType::Gauge | FamilyType::Unknown | FamilyType::Info) => {
                lines.number("", None, number, None)
            }
            (Value::Histogram(histogram), FamilyType::Histogram) => {
                self.bounds.set(histogram.bounds, self.open_metrics);
                lines.histogram(&histogram, &self.bounds, sample.exemplars);
            }
            (Value::Exponential(histogram), FamilyType::Histogram) => {
                classic_buckets(&histogram, &mut self.classic);
                lines.exponential(&histogram, &self.classic, sample.exemplars);
            }
            (Value::Summary(summary), FamilyType::Summary) => lines.summary(&summary),
            _ => {}
        }
        family.sample_name = name;
        self.family = Some(family);
    }

    pub(super) fn finish(&mut self) {
        if self.open_metrics {
            self.out.extend_from_slice(b"# EOF\n");
        }
    }
}

/// Upper bounds as the text of `le`, with `+Inf` behind them.
#[derive(Debug, Default)]
struct BoundTexts {
    bounds: Vec<f64>,
    text: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl BoundTexts {
    fn set(&mut self, bounds: &[f64], open_metrics: bool) {
        if self.bounds == bounds && !self.ends.is_empty() {
            return;
        }
        self.bounds.clear();
        self.bounds.extend_from_slice(bounds);
        self.text.clear();
        self.ends.clear();
        for bound in bounds.iter().chain([&f64::INFINITY]) {
            push_bound(&mut self.text, *bound, open_metrics);
            self.ends.push(self.text.len());
        }
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts
            .zip(&self.ends)
            .map(|(start, end)| &self.text[*start..*end])
    }
}

/// OpenMetrics wants bounds and quantiles to be seen as floating-point numbers; text had them as short as can be.
fn push_bound(out: &mut Vec<u8>, bound: f64, open_metrics: bool) {
    if open_metrics {
        push_fraction(out, bound);
    } else {
        push_double(out, bound);
    }
}

/// The lines of one series.
struct Lines<'a> {
    out: &'a mut Vec<u8>,
    open_metrics: bool,
    name: &'a str,
    quoted: bool,
    labels: LabelTexts<'a>,
    time: Option<u64>,
}

impl Lines<'_> {
    /// One line.
    fn number(&mut self, suffix: &str, extra: Extra<'_>, number: Number, exemplar: Option<&Exemplar>) {
        self.series(suffix, extra);
        push_number(self.out, number);
        self.end(exemplar);
    }

    fn count(&mut self, suffix: &str, extra: Extra<'_>, count: u64, exemplar: Option<&Exemplar>) {
        self.series(suffix, extra);
        push_int(self.out, count);
        self.end(exemplar);
    }

    /// Name and labels, up to the blank before the value.
    fn series(&mut self, suffix: &str, extra: Extra<'_>) {
        let out = &mut *self.out;
        let mut separator: &[u8] = b"{";
        if self.quoted {
            out.extend_from_slice(b"{\"");
            push_quoted(out, self.name);
            out.extend_from_slice(suffix.as_bytes());
            out.push(b'"');
            separator = b",";
        } else {
            out.extend_from_slice(self.name.as_bytes());
            out.extend_from_slice(suffix.as_bytes());
        }
        for text in self.labels.0.into_iter().filter(|text| !text.is_empty()) {
            out.extend_from_slice(separator);
            out.extend_from_slice(text.as_bytes());
            separator = b",";
        }
        if let Some((name, value)) = extra {
            out.extend_from_slice(separator);
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"=\"");
            out.extend_from_slice(value);
            out.push(b'"');
            separator = b",";
        }
        out.extend_from_slice(if separator == b"," { b"} " } else { b" " });
    }

    fn end(&mut self, exemplar: Option<&Exemplar>) {
        if let Some(time) = self.time {
            self.out.push(b' ');
            if self.open_metrics {
                push_seconds(self.out, time);
            } else {
                push_int(self.out, time / 1_000_000);
            }
        }
        if let Some(exemplar) = exemplar.filter(|_| self.open_metrics) {
            self.out.extend_from_slice(b" # {");
            self.out.extend_from_slice(exemplar.labels.as_bytes());
            self.out.extend_from_slice(b"} ");
            push_double(self.out, exemplar.value);
            if exemplar.time_unix_nano > 0 {
                self.out.push(b' ');
                push_seconds(self.out, exemplar.time_unix_nano);
            }
        }
        self.out.push(b'\n');
    }

    fn histogram(&mut self, histogram: &Histogram<'_>, bounds: &BoundTexts, exemplars: &[Exemplar]) {
        let mut up_to = 0;
        let mut lower = f64::NEG_INFINITY;
        let uppers = histogram.bounds.iter().copied().chain([f64::INFINITY]);
        for (nth, (bound, upper)) in bounds.iter().zip(uppers).enumerate() {
            up_to += histogram.counts.get(nth).copied().unwrap_or(0);
            // Every value is below infinity, whatever the buckets say.
            let count = if upper == f64::INFINITY {
                histogram.count
            } else {
                up_to
            };
            let exemplar = latest_between(exemplars, lower, upper);
            self.count("_bucket", Some(("le", bound)), count, exemplar);
            lower = upper;
        }
        self.sum_and_count(histogram.sum, histogram.count);
    }

    fn exponential(&mut self, histogram: &Exponential<'_>, buckets: &[Cumulative], exemplars: &[Exemplar]) {
        let mut lower = f64::NEG_INFINITY;
        let mut bound = Vec::new();
        for (upper, up_to) in buckets.iter().copied().chain([(f64::INFINITY, histogram.count)]) {
            bound.clear();
            push_bound(&mut bound, upper, self.open_metrics);
            let exemplar = latest_between(exemplars, lower, upper);
            self.count("_bucket", Some(("le", &bound)), up_to, exemplar);
            lower = upper;
        }
        self.sum_and_count(histogram.sum, histogram.count);
    }

    fn summary(&mut self, summary: &Summary<'_>) {
        let mut text = Vec::new();
        for (quantile, value) in summary.quantiles {
            text.clear();
            push_bound(&mut text, *quantile, self.open_metrics);
            self.number("", Some(("quantile", &text)), Number::Double(*value), None);
        }
        self.sum_and_count(Some(summary.sum), summary.count);
    }

    fn sum_and_count(&mut self, sum: Option<f64>, count: u64) {
        if let Some(sum) = sum {
            self.number("_sum", None, Number::Double(sum), None);
        }
        self.count("_count", None, count, None);
    }
}

/// The latest of the exemplars whose value lies in a bucket; a line has room for one.
pub(super) fn latest_between(exemplars: &[Exemplar], lower: f64, upper: f64) -> Option<&Exemplar> {
    let in_bucket = |exemplar: &&Exemplar| exemplar.value > lower && exemplar.value <= upper;
    exemplars
        .iter()
        .filter(in_bucket)
        .max_by_key(|exemplar| exemplar.time_unix_nano)
}
