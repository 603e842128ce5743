//! A request cut into single items. Also part of the fuzz targets.

use bytes::Bytes;
use sidelight_proto::{Signal, count_items, split};

/// Each item with everything above it, one request per item: the meaning of a request, whatever it is cut into.
pub(crate) fn one_by_one(signal: Signal, request: &Bytes) -> Vec<Vec<u8>> {
    let mut rest = request.clone();
    let mut all = Vec::new();
    while count_items(signal, &rest) > 0 {
        let (first, second) = split(signal, &rest, 1);
        assert_eq!(count_items(signal, &first), 1);
        all.push(without_empty(signal, &first));
        rest = second;
    }
    all
}

/// Drops resources, scopes and metrics without items, which may fall on either side of a cut.
fn without_empty(signal: Signal, request: &[u8]) -> Vec<u8> {
    use opentelemetry_proto::tonic::collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    };
    use prost::Message;
    match signal {
        Signal::Traces => {
            let mut request = ExportTraceServiceRequest::decode(request).expect("decodes");
            for resource in &mut request.resource_spans {
                resource.scope_spans.retain(|scope| !scope.spans.is_empty());
            }
            request
                .resource_spans
                .retain(|resource| !resource.scope_spans.is_empty());
            request.encode_to_vec()
        }
        Signal::Logs => {
            let mut request = ExportLogsServiceRequest::decode(request).expect("decodes");
            for resource in &mut request.resource_logs {
                resource.scope_logs.retain(|scope| !scope.log_records.is_empty());
            }
            request
                .resource_logs
                .retain(|resource| !resource.scope_logs.is_empty());
            request.encode_to_vec()
        }
        Signal::Metrics => {
            let mut request = ExportMetricsServiceRequest::decode(request).expect("decodes");
            for resource in &mut request.resource_metrics {
                for scope in &mut resource.scope_metrics {
                    let points = |metric: &_| {
                        use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data};
                        match &<Metric as Clone>::clone(metric).data {
                            None => 0,
                            Some(Data::Gauge(data)) => data.data_points.len(),
                            Some(Data::Sum(data)) => data.data_points.len(),
                            Some(Data::Histogram(data)) => data.data_points.len(),
                            Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
                            Some(Data::Summary(data)) => data.data_points.len(),
                        }
                    };
                    scope.metrics.retain(|metric| points(metric) > 0);
                }
                resource.scope_metrics.retain(|scope| !scope.metrics.is_empty());
            }
            request
                .resource_metrics
                .retain(|resource| !resource.scope_metrics.is_empty());
            request.encode_to_vec()
        }
    }
}
