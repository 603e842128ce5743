//! The points of a metric, whatever its type.

use sidelight_proto::views::{
    Attributes, DataView, ExemplarView, ExpHistogramPointView, HistogramPointView, NumberPointView, Repeated,
    SummaryPointView,
};
use sidelight_series::{ExponentialState, HistogramState, MalformedPoint, SharedBounds, SummaryState};

use super::series::SeriesValue;

/// Bit of a point's flags: no recorded value. OTLP, `DataPointFlags`.
const NO_RECORDED_VALUE: u32 = 1;

/// Points that were not looked at yet.
pub(super) enum Points<'a> {
    Number(Repeated<'a, NumberPointView<'a>>),
    Histogram(Repeated<'a, HistogramPointView<'a>>),
    Exponential(Repeated<'a, ExpHistogramPointView<'a>>),
    Summary(Repeated<'a, SummaryPointView<'a>>),
}

/// One point.
pub(super) struct Point<'a> {
    pub(super) start: u64,
    pub(super) time: u64,
    pub(super) attributes: Attributes<'a>,
    /// `None`: the series has ended.
    pub(super) value: Option<Result<SeriesValue, MalformedPoint>>,
    pub(super) exemplars: Option<Repeated<'a, ExemplarView<'a>>>,
}

/// What all points have.
macro_rules! point {
    ($view:expr, $exemplars:expr, $value:expr) => {{
        let view = $view;
        let ended = view.flags() & NO_RECORDED_VALUE != 0;
        Point {
            start: view.start_time_unix_nano(),
            time: view.time_unix_nano(),
            attributes: view.attributes(),
            value: (!ended).then(|| $value),
            exemplars: $exemplars,
        }
    }};
}

impl<'a> Points<'a> {
    /// `None` for a metric without data.
    pub(super) fn of(data: DataView<'a>) -> Option<Self> {
        Some(match data {
            DataView::Gauge(gauge) => Self::Number(gauge.data_points()),
            DataView::Sum(sum) => Self::Number(sum.data_points()),
            DataView::Histogram(histogram) => Self::Histogram(histogram.data_points()),
            DataView::ExponentialHistogram(histogram) => Self::Exponential(histogram.data_points()),
            DataView::Summary(summary) => Self::Summary(summary.data_points()),
            DataView::Empty => return None,
        })
    }

    /// The next point. `bounds` are those of the family's histograms.
    pub(super) fn next(&mut self, bounds: &mut SharedBounds) -> Option<Point<'a>> {
        Some(match self {
            Self::Number(points) => {
                let view = points.next()?;
                let value = || {
                    view.value()
                        .map(SeriesValue::Number)
                        .ok_or(MalformedPoint::NoValue)
                };
                point!(view, Some(view.exemplars()), value())
            }
            Self::Histogram(points) => {
                let view = points.next()?;
                let mut value =
                    || HistogramState::of(&view, bounds).map(|state| SeriesValue::Histogram(Box::new(state)));
                point!(view, Some(view.exemplars()), value())
            }
            Self::Exponential(points) => {
                let view = points.next()?;
                let value =
                    || ExponentialState::of(&view).map(|state| SeriesValue::Exponential(Box::new(state)));
                point!(view, Some(view.exemplars()), value())
            }
            Self::Summary(points) => {
                let view = points.next()?;
                let value = || SummaryState::of(&view).map(|state| SeriesValue::Summary(Box::new(state)));
                point!(view, None, value())
            }
        })
    }
}
