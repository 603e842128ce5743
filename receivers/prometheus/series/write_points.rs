//! Data points on the wire.
//!
//! Numbers of fields are those of `opentelemetry/proto/metrics/v1/metrics.proto`. Values are doubles throughout, which is
//! what Prometheus has.

use sidelight_proto::wire::Writer;

use super::attributes;
use super::exemplar::Exemplars;
use super::metrics::Kind;
use super::native::whole;
use super::point::{Point, has};

/// Bit 0 of a point's flags: it has no value, its series has ended.
const NO_RECORDED_VALUE: u64 = 1;

/// What points of a scrape need to be written.
pub(super) struct Page<'a> {
    pub(super) scrape: u32,
    /// Unix nanoseconds.
    pub(super) now: u64,
    /// The ends of series with times of their own are marked as well.
    pub(super) tracks_own_times: bool,
    pub(super) exemplars: &'a Exemplars,
    pub(super) native: &'a [u8],
}

/// Buffers for the buckets of one point, kept from one to the next.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    order: Vec<u32>,
    bounds: Vec<f64>,
    counts: Vec<u64>,
}

/// What is to be written of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Value,
    /// The mark of its end.
    End,
    Nothing,
    /// It came in parts, and one is missing without which it cannot be written.
    Incomplete,
}

impl Page<'_> {
    /// What is to be written of a point now; notes that it is.
    pub(super) fn due(&self, point: &mut Point, kind: Kind) -> Due {
        if point.begun != self.scrape {
            let has_ended = std::mem::replace(&mut point.is_live, false);
            return match has_ended && (!point.own_time || self.tracks_own_times) {
                true => Due::End,
                false => Due::Nothing,
            };
        }
        if point.has & (has::REFUSED | has::UNCHANGED) != 0 {
            return Due::Nothing;
        }
        if kind == Kind::Histogram && point.has & has::VALUE == 0 {
            let last = point.bounds.iter().find(|bound| bound.bound == f64::INFINITY);
            if let Some(last) = last.filter(|last| last.seen == self.scrape) {
                point.value = last.value;
                point.has |= has::VALUE;
            }
        }
        match point.has & has::VALUE != 0 {
            true => Due::Value,
            false => Due::Incomplete,
        }
    }

    /// Writes a point as field 1 of its metric's data.
    pub(super) fn write(
        &self,
        point: &mut Point,
        kind: Kind,
        due: Due,
        scratch: &mut Scratch,
        writer: &mut Writer,
    ) {
        let is_value = due == Due::Value;
        let message = writer.begin(1, if point.attributes.len() > 90 { 2 } else { 1 });
        if is_value && kind != Kind::Gauge {
            point.settle_start();
        }
        let (start, time) = match is_value {
            true => (point.start, point.time),
            false => (0, self.now),
        };
        match kind {
            Kind::Gauge => put_number(writer, 0, time, is_value.then_some(point.value)),
            Kind::Sum { .. } => put_number(writer, start, time, is_value.then_some(point.value)),
            Kind::Histogram => {
                put_times(writer, start, time);
                self.put_histogram(point, is_value, scratch, writer);
            }
            Kind::Exponential => {
                put_times(writer, start, time);
                match is_value {
                    true => writer.raw(self.native.get(point.native.clone()).unwrap_or_default()),
                    false => writer.varint_field(10, NO_RECORDED_VALUE),
                }
            }
            Kind::Summary => {
                put_times(writer, start, time);
                self.put_summary(point, is_value, scratch, writer);
            }
        }
        writer.raw(&point.attributes);
        if is_value {
            if point.exemplars != 0
                && let Some(field) = exemplars_field(kind)
            {
                self.exemplars.write(point.exemplars, field, writer);
            }
            (point.last_value, point.last_time, point.is_live) = (point.value, point.time, true);
        }
        writer.end(message);
    }

    /// Cumulative buckets as counts of each. A bucket that is lower than the one before it, which targets show that count
    /// while they write, counts as that one, and a count below the buckets as theirs.
    fn put_histogram(&self, point: &Point, is_value: bool, scratch: &mut Scratch, writer: &mut Writer) {
        scratch.sort(point);
        scratch.bounds.clear();
        scratch.counts.clear();
        let mut below = 0;
        for number in &scratch.order {
            let bound = &point.bounds[*number as usize];
            if bound.bound == f64::INFINITY || is_value && bound.seen != self.scrape {
                continue;
            }
            let cumulative = if is_value {
                whole(bound.value).max(below)
            } else {
                0
            };
            scratch.bounds.push(bound.bound);
            scratch.counts.push(cumulative - below);
            below = cumulative;
        }
        let count = if is_value {
            whole(point.value).max(below)
        } else {
            0
        };
        scratch.counts.push(count - below);
        if is_value {
            writer.fixed64_field(4, count);
            if point.has & has::SUM != 0 {
                writer.double_field(5, point.sum);
            }
        } else {
            writer.varint_field(10, NO_RECORDED_VALUE);
        }
        writer.len_header(6, scratch.counts.len() * 8);
        scratch
            .counts
            .iter()
            .for_each(|count| writer.raw(&count.to_le_bytes()));
        if !scratch.bounds.is_empty() {
            writer.len_header(7, scratch.bounds.len() * 8);
            scratch
                .bounds
                .iter()
                .for_each(|bound| writer.raw(&bound.to_le_bytes()));
        }
    }

    fn put_summary(&self, point: &Point, is_value: bool, scratch: &mut Scratch, writer: &mut Writer) {
        if is_value {
            writer.fixed64_field(4, whole(point.value));
            if point.has & has::SUM != 0 {
                writer.double_field(5, point.sum);
            }
        } else {
            writer.varint_field(8, NO_RECORDED_VALUE);
        }
        scratch.sort(point);
        for number in &scratch.order {
            let bound = &point.bounds[*number as usize];
            if is_value && bound.seen != self.scrape {
                continue;
            }
            let quantile = writer.begin(6, 1);
            writer.double_field(1, bound.bound);
            if is_value {
                writer.double_field(2, bound.value);
            }
            writer.end(quantile);
        }
    }
}

impl Scratch {
    /// The numbers of a point's bounds by rising bound.
    fn sort(&mut self, point: &Point) {
        self.order.clear();
        self.order.extend(0..point.bounds.len() as u32);
        if !point.rising {
            let bound = |number: &u32| point.bounds[*number as usize].bound;
            self.order.sort_unstable_by(|a, b| bound(a).total_cmp(&bound(b)));
        }
    }
}

fn exemplars_field(kind: Kind) -> Option<u32> {
    match kind {
        Kind::Gauge | Kind::Sum { .. } => Some(5),
        Kind::Histogram => Some(8),
        Kind::Exponential => Some(11),
        Kind::Summary => None,
    }
}

fn put_times(writer: &mut Writer, start: u64, time: u64) {
    if start != 0 {
        writer.fixed64_field(2, start);
    }
    writer.fixed64_field(3, time);
}

/// The fields of a `NumberDataPoint` but for its attributes; without a value, the mark of its end.
#[inline]
pub(super) fn put_number(writer: &mut Writer, start: u64, time: u64, value: Option<f64>) {
    put_times(writer, start, time);
    match value {
        Some(value) => writer.double_field(4, value),
        None => writer.varint_field(8, NO_RECORDED_VALUE),
    }
}

/// The type that Prometheus knows a metric by, for whoever writes it as Prometheus would.
pub(super) fn put_metadata(writer: &mut Writer, kind: &str) {
    attributes::write(writer, 12, "prometheus.type", kind);
}
