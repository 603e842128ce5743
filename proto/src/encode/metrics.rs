use super::{
    ExpHistogramPointEncoder, HistogramPointEncoder, NumberPointEncoder, ResourceEncoder, ScopeEncoder,
    SummaryPointEncoder, encoder, request_encoder,
};

request_encoder! {
    /// Writes a metrics request.
    MetricsEncoder,
    /// Opens the metrics of one resource.
    resource_metrics -> ResourceMetricsEncoder
}

encoder! {
    /// Writes the metrics of one resource.
    ResourceMetricsEncoder {
        set {
            /// Schema of the resource's attributes.
            schema_url: text(3) <- &str,
        }
        open {
            /// Opens the resource.
            resource: nested_once(1, 1) -> ResourceEncoder,
            /// Opens the metrics of one scope.
            scope_metrics: nested(2, 3) -> ScopeMetricsEncoder,
        }
        attributes {}
    }
}

encoder! {
    /// Writes the metrics of one scope.
    ScopeMetricsEncoder {
        set {
            /// Schema of the points' attributes.
            schema_url: text(3) <- &str,
        }
        open {
            /// Opens the scope.
            scope: nested_once(1, 1) -> ScopeEncoder,
            /// Opens a metric.
            metric: nested(2, 2) -> MetricEncoder,
        }
        attributes {}
    }
}

encoder! {
    /// Writes a metric. It has one type: of several the first stays.
    MetricEncoder {
        set {
            /// Its name.
            name: text(1) <- &str,
            /// What it measures.
            description: text(2) <- &str,
            /// Its unit, in UCUM.
            unit: text(3) <- &str,
        }
        open {
            /// Opens the points of a gauge.
            gauge: nested_once(5, 5) -> GaugeEncoder,
            /// Opens the points of a sum.
            sum: nested_once(7, 5) -> SumEncoder,
            /// Opens the points of a histogram.
            histogram: nested_once(9, 5) -> HistogramEncoder,
            /// Opens the points of an exponential histogram.
            exponential_histogram: nested_once(10, 5) -> ExpHistogramEncoder,
            /// Opens the points of a summary.
            summary: nested_once(11, 5) -> SummaryEncoder,
        }
        attributes {
            /// Appends an entry of the metric's metadata.
            metadata(12)
        }
    }
}

encoder! {
    /// Writes a gauge.
    GaugeEncoder {
        set {}
        open {
            /// Opens a point.
            data_point: nested(1, 1) -> NumberPointEncoder,
        }
        attributes {}
    }
}

encoder! {
    /// Writes a sum.
    SumEncoder {
        set {
            /// 1 delta, 2 cumulative.
            aggregation_temporality: int32(2) <- i32,
            /// Whether it never decreases.
            is_monotonic: boolean(3) <- bool,
        }
        open {
            /// Opens a point.
            data_point: nested(1, 1) -> NumberPointEncoder,
        }
        attributes {}
    }
}

encoder! {
    /// Writes a histogram.
    HistogramEncoder {
        set {
            /// 1 delta, 2 cumulative.
            aggregation_temporality: int32(2) <- i32,
        }
        open {
            /// Opens a point.
            data_point: nested(1, 2) -> HistogramPointEncoder,
        }
        attributes {}
    }
}

encoder! {
    /// Writes an exponential histogram.
    ExpHistogramEncoder {
        set {
            /// 1 delta, 2 cumulative.
            aggregation_temporality: int32(2) <- i32,
        }
        open {
            /// Opens a point.
            data_point: nested(1, 2) -> ExpHistogramPointEncoder,
        }
        attributes {}
    }
}

encoder! {
    /// Writes a summary.
    SummaryEncoder {
        set {}
        open {
            /// Opens a point.
            data_point: nested(1, 1) -> SummaryPointEncoder,
        }
        attributes {}
    }
}

impl ResourceMetricsEncoder<'_> {
    /// Bytes of the request so far, with what stands before this resource.
    pub fn written(&self) -> usize {
        self.0.writer.len()
    }

    /// Takes the resource back, as if it had not been opened: all that was to be measured of it was missing.
    pub fn cancel(mut self) {
        self.0.void = true;
    }
}

impl MetricEncoder<'_> {
    /// Takes the metric back, as if it had not been opened: it turned out to have no point.
    pub fn cancel(mut self) {
        self.0.void = true;
    }
}
