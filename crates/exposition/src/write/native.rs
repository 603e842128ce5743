//! Exponential buckets as native histograms have them: spans of buckets, and counts as differences.

use super::Buckets;

/// A run of buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Buckets between the end of the run before and this one; for the first its index.
    pub(super) offset: i32,
    /// Buckets in it.
    pub(super) length: u32,
}

/// So many empty buckets are written between two that hold something rather than beginning another span, which
/// takes as many bytes.
const MAX_BRIDGED: usize = 2;

/// Spans and differences. Prometheus numbers buckets by their upper bound, OpenTelemetry by the lower: one more.
pub(super) fn spans(buckets: Buckets<'_>) -> (Vec<Span>, Vec<i64>) {
    let (mut spans, mut deltas) = (Vec::<Span>::new(), Vec::new());
    let mut last_count = 0_u64;
    // Index behind the last bucket that was written.
    let mut end: Option<usize> = None;
    let mut write = |count: u64, deltas: &mut Vec<i64>| {
        deltas.push(count.wrapping_sub(last_count) as i64);
        last_count = count;
    };
    for (nth, count) in buckets.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let gap = end.map(|end| nth - end);
        match (gap, spans.last_mut()) {
            (Some(gap), Some(span)) if gap <= MAX_BRIDGED => {
                span.length += gap as u32 + 1;
                (0..gap).for_each(|_| write(0, &mut deltas));
            }
            (gap, _) => spans.push(Span {
                offset: match gap {
                    Some(gap) => i32::try_from(gap).unwrap_or(i32::MAX),
                    None => i32::try_from(i64::from(buckets.offset) + nth as i64 + 1).unwrap_or(i32::MAX),
                },
                length: 1,
            }),
        }
        write(*count, &mut deltas);
        end = Some(nth + 1);
    }
    (spans, deltas)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_become_spans_and_differences() {
        let span = |offset, length| Span { offset, length };
        for (offset, counts, expected, deltas) in [
            (0, &[][..], vec![], vec![]),
            (3, &[0, 0, 0], vec![], vec![]),
            (
                3,
                &[10, 0, 0, 20, 5, 2],
                vec![span(4, 6)],
                vec![10, -10, 0, 20, -15, -3],
            ),
            (3, &[10, 0, 0, 0, 20], vec![span(4, 1), span(3, 1)], vec![10, 10]),
            (-5, &[0, 7], vec![span(-3, 1)], vec![7]),
            (i32::MAX, &[1], vec![span(i32::MAX, 1)], vec![1]),
        ] {
            assert_eq!(
                spans(Buckets { offset, counts }),
                (expected, deltas),
                "{counts:?}"
            );
        }
    }
}
