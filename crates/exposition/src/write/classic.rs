//! An exponential histogram as a classic one, for formats that have no native histograms.

use super::{Buckets, Exponential};

/// A bound and the number of values up to it.
pub(super) type Cumulative = (f64, u64);

/// Puts the bounds and cumulative counts into `out`, without the infinite one.
///
/// The bounds are powers of two and the zero threshold, whatever the histogram's scale: they stay the same when a
/// sender changes its scale. Each bucket that holds something has its lower and its upper bound among them, so that
/// quantiles are looked for in the right bucket; at most two bounds for each bucket there was.
pub(super) fn classic_buckets(histogram: &Exponential<'_>, out: &mut Vec<Cumulative>) {
    out.clear();
    let mut up_to = 0;
    let negative = by_power_of_two(histogram.negative, histogram.scale);
    for (exponent, count) in negative.rev() {
        push(out, -power(exponent + 1), up_to);
        up_to += count;
        push(out, -power(exponent), up_to);
    }
    if histogram.zero_count > 0 || up_to > 0 {
        push(out, -histogram.zero_threshold, up_to);
        up_to += histogram.zero_count;
        push(out, histogram.zero_threshold, up_to);
    }
    for (exponent, count) in by_power_of_two(histogram.positive, histogram.scale) {
        push(out, power(exponent), up_to);
        up_to += count;
        push(out, power(exponent + 1), up_to);
    }
}

/// Bounds rise; of equal ones the later count is the one. Infinite bounds are the last bucket's.
fn push(out: &mut Vec<Cumulative>, bound: f64, up_to: u64) {
    if !bound.is_finite() {
        return;
    }
    // No negative zero: it would be another label.
    let bound = bound + 0.0;
    match out.last_mut() {
        Some(last) if bound <= last.0 => last.1 = up_to,
        _ => out.push((bound, up_to)),
    }
}

fn power(exponent: i32) -> f64 {
    f64::from(exponent).exp2()
}

/// The buckets that hold something, by the power of two at their lower end: those of a finer scale that lie between
/// two powers are one; one of a coarser scale counts as its last part.
fn by_power_of_two(buckets: Buckets<'_>, scale: i32) -> std::vec::IntoIter<(i32, u64)> {
    let mut powers: Vec<(i32, u64)> = Vec::new();
    for (nth, count) in (0_i64..).zip(buckets.counts).filter(|(_, count)| **count > 0) {
        let index = i64::from(buckets.offset) + nth;
        let exponent = if scale >= 0 {
            index >> scale.min(62)
        } else {
            ((index + 1) << -scale.max(-11)) - 1
        };
        // Beyond, every double is 0 or infinite.
        let exponent = exponent.clamp(-1100, 1100) as i32;
        match powers.last_mut() {
            Some(last) if last.0 == exponent => last.1 += count,
            _ => powers.push((exponent, *count)),
        }
    }
    powers.into_iter()
}
