//! Gauges and sums.

use sidelight_proto::views::NumberPointView;

use super::{NO_RECORDED_VALUE, STALE, Walk, milliseconds};
use crate::prometheus_remote_write::left_out::Reason;
use crate::prometheus_remote_write::series::SeriesIndex;

impl<'a> Walk<'a> {
    pub(super) fn gauge(&mut self, point: NumberPointView<'a>) {
        self.number(point, 0);
    }

    pub(super) fn sum(&mut self, point: NumberPointView<'a>, is_counter: bool) {
        let start = if is_counter {
            milliseconds(point.start_time_unix_nano())
        } else {
            0
        };
        if let Some((series, time)) = self.number(point, start) {
            for exemplar in point.exemplars() {
                self.exemplar(series, exemplar, time);
            }
        }
    }

    fn number(&mut self, point: NumberPointView<'a>, start_ms: i64) -> Option<(SeriesIndex, i64)> {
        let value = match point.value() {
            _ if point.flags() & NO_RECORDED_VALUE != 0 => STALE,
            Some(value) => value.as_f64(),
            None => {
                self.left_out.add(Reason::Value, 1);
                return None;
            }
        };
        let time = self.time_of(point.time_unix_nano())?;
        if !self.point_labels(point.attributes(), 1) {
            return None;
        }
        let (family, name) = (self.family(), self.family_name());
        let labels = self.labels.current();
        let series = self.set.series(family, labels, &[(self.metric_name, name)]);
        self.set.push(series, time, start_ms, value);
        Some((series, time))
    }
}
