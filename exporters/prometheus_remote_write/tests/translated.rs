//! What becomes of metrics.

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Histogram, HistogramDataPoint, Metric,
    Summary, SummaryDataPoint, exemplar, exponential_histogram_data_point::Buckets,
};
use prost::Message as _;

use super::messages::{WriteRequest, lines};
use super::{SHOP, TIME, attributes, encoded, gauge, metric, point, request, sum};

fn written(settings: &str, resource: &[(&str, &str)], metrics: Vec<Metric>) -> WriteRequest {
    WriteRequest::decode(&encoded(settings, &request(resource, metrics))[..]).expect("protobuf")
}

fn shown(settings: &str, resource: &[(&str, &str)], metrics: Vec<Metric>) -> String {
    lines(&written(settings, resource, metrics))
}

fn histogram(data: HistogramDataPoint) -> Metric {
    let data = Histogram {
        data_points: vec![HistogramDataPoint {
            time_unix_nano: TIME,
            start_time_unix_nano: TIME - 5_000_000_000,
            ..data
        }],
        aggregation_temporality: 2,
    };
    metric("http.server.request.duration", "s", Data::Histogram(data))
}

fn exponential(data: ExponentialHistogramDataPoint) -> Metric {
    let data = ExponentialHistogram {
        data_points: vec![ExponentialHistogramDataPoint {
            time_unix_nano: TIME,
            start_time_unix_nano: TIME - 5_000_000_000,
            ..data
        }],
        aggregation_temporality: 2,
    };
    metric("latency", "ms", Data::ExponentialHistogram(data))
}

fn trace_exemplar(value: f64) -> Exemplar {
    Exemplar {
        filtered_attributes: attributes(&[("user", "u1")]),
        time_unix_nano: TIME,
        span_id: vec![2; 8],
        trace_id: vec![1; 16],
        value: Some(exemplar::Value::AsDouble(value)),
    }
}

const SCOPE: &str = "otel_scope_name=lib otel_scope_version=1.0";

#[test]
fn numbers_get_the_names_and_labels_that_prometheus_gives_them() {
    let metrics = vec![
        gauge(
            "process.memory.usage",
            "By",
            vec![point(&[("a.b", "1"), ("a-b", "2")], 5.0)],
        ),
        sum("orders", "1", 2, vec![point(&[], 7.0)]),
    ];
    let expected = format!(
        "__name__=process_memory_usage_bytes a_b=2;1 instance=i1 job=shop/api {SCOPE} -> 5\n\
         __name__=orders_total instance=i1 job=shop/api {SCOPE} -> 7\n"
    );
    assert_eq!(shown("", SHOP, metrics), expected);
}

#[test]
fn settings_change_names_and_labels() {
    let metrics = || vec![gauge("cpu.share", "1", vec![point(&[("zone", "own")], 1.0)])];
    let table = [
        (
            "disable_scope_info: true",
            "__name__=cpu_share_ratio instance=i1 job=shop/api zone=own -> 1\n",
        ),
        (
            "disable_scope_info: true\nadd_metric_suffixes: false",
            "__name__=cpu_share instance=i1 job=shop/api zone=own -> 1\n",
        ),
        (
            "disable_scope_info: true\nnamespace: shop\nexternal_labels: {zone: other, data.center: fra}",
            "__name__=shop_cpu_share_ratio data_center=fra instance=i1 job=shop/api zone=own -> 1\n",
        ),
        (
            "disable_scope_info: true\nresource_to_telemetry_conversion: {enabled: true}",
            "__name__=cpu_share_ratio instance=i1 job=shop/api service_instance_id=i1 service_name=api \
             service_namespace=shop zone=own -> 1\n",
        ),
        (
            "disable_scope_info: true\nresource_to_telemetry_conversion: {enabled: true, exclude_service_attributes: true}",
            "__name__=cpu_share_ratio instance=i1 job=shop/api zone=own -> 1\n",
        ),
    ];
    for (settings, expected) in table {
        assert_eq!(shown(settings, SHOP, metrics()), expected, "{settings}");
    }
}

#[test]
fn target_info_says_what_else_is_known_of_the_resource() {
    let known = [SHOP, &[("host.name", "web1")]].concat();
    let metrics = || vec![gauge("up", "", vec![point(&[], 1.0)])];
    let info = "__name__=target_info host_name=web1 instance=i1 job=shop/api -> 1\n";
    let all = shown("", &known, metrics());
    assert!(all.ends_with(info), "{all}");
    assert!(shown("namespace: shop", &known, metrics()).contains("__name__=shop_target_info"));
    for (settings, resource) in [
        ("target_info: {enabled: false}", &known[..]),
        ("", SHOP),
        ("", &[("host.name", "web1")]),
    ] {
        let all = shown(settings, resource, metrics());
        assert!(!all.contains("target_info"), "{settings} {resource:?}: {all}");
    }
}

#[test]
fn a_histogram_is_a_count_a_sum_and_buckets_that_add_up() {
    let metrics = vec![histogram(HistogramDataPoint {
        attributes: attributes(&[("le", "mine")]),
        count: 6,
        sum: Some(2.5),
        explicit_bounds: vec![0.005, 1.0],
        bucket_counts: vec![1, 2, 3],
        exemplars: vec![trace_exemplar(9.0), trace_exemplar(0.5)],
        ..HistogramDataPoint::default()
    })];
    let written = written("disable_scope_info: true", &[], metrics);
    let name = "http_server_request_duration_seconds";
    let expected = format!(
        "__name__={name}_sum le=mine -> 2.5\n__name__={name}_count le=mine -> 6\n\
         __name__={name}_bucket le=0.005 -> 1\n__name__={name}_bucket le=1 -> 3\n__name__={name}_bucket le=+Inf -> 6\n"
    );
    assert_eq!(lines(&written), expected);
    let exemplars: Vec<Vec<f64>> = written
        .timeseries
        .iter()
        .map(|series| series.exemplars.iter().map(|exemplar| exemplar.value).collect())
        .collect();
    assert_eq!(exemplars, [vec![], vec![], vec![], vec![0.5], vec![9.0]]);
    let labels = &written.timeseries[3].exemplars[0].labels;
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|label| (label.name.as_str(), label.value.as_str()))
        .collect();
    assert_eq!(
        labels,
        [
            ("span_id", "0202020202020202"),
            ("trace_id", "01".repeat(16).as_str()),
            ("user", "u1")
        ]
    );
}

#[test]
fn an_exponential_histogram_is_native() {
    let buckets = |offset, bucket_counts: &[u64]| {
        Some(Buckets {
            offset,
            bucket_counts: bucket_counts.to_vec(),
        })
    };
    let metrics = vec![exponential(ExponentialHistogramDataPoint {
        count: 10,
        sum: Some(20.0),
        scale: 1,
        zero_count: 1,
        positive: buckets(2, &[3, 0, 0, 0, 4]),
        negative: buckets(-1, &[2]),
        exemplars: vec![trace_exemplar(1.0)],
        ..ExponentialHistogramDataPoint::default()
    })];
    let written = written("disable_scope_info: true", &[], metrics);
    let series = &written.timeseries[0];
    assert_eq!(lines(&written), "__name__=latency_milliseconds -> histogram\n");
    let histogram = &series.histograms[0];
    let span = |offset, length| super::messages::BucketSpan { offset, length };
    assert_eq!(
        (histogram.count_int, histogram.sum, histogram.schema),
        (10, 20.0, 1)
    );
    assert_eq!((histogram.zero_count_int, histogram.zero_threshold), (1, 1e-128));
    assert_eq!(histogram.positive_spans, [span(3, 1), span(3, 1)]);
    assert_eq!(histogram.positive_deltas, [3, 1]);
    assert_eq!(
        (&histogram.negative_spans[..], &histogram.negative_deltas[..]),
        (&[span(0, 1)][..], &[2][..])
    );
    assert_eq!(histogram.timestamp, 1_800_000_000_000);
    assert_eq!(series.exemplars.len(), 1);
}

#[test]
fn a_summary_is_a_count_a_sum_and_quantiles() {
    let data = Summary {
        data_points: vec![SummaryDataPoint {
            time_unix_nano: TIME,
            count: 4,
            sum: 8.0,
            quantile_values: vec![ValueAtQuantile {
                quantile: 0.99,
                value: 3.0,
            }],
            ..SummaryDataPoint::default()
        }],
    };
    let shown = shown(
        "disable_scope_info: true",
        &[],
        vec![metric("rpc", "", Data::Summary(data))],
    );
    assert_eq!(
        shown,
        "__name__=rpc_sum -> 8\n__name__=rpc_count -> 4\n__name__=rpc quantile=0.99 -> 3\n"
    );
}

#[test]
fn a_point_without_a_value_is_the_marker_of_a_series_that_ended() {
    let mut ended = point(&[], 0.0);
    (ended.value, ended.flags) = (None, 1);
    let metrics = vec![
        gauge("up", "", vec![ended]),
        histogram(HistogramDataPoint {
            flags: 1,
            ..HistogramDataPoint::default()
        }),
        exponential(ExponentialHistogramDataPoint {
            flags: 1,
            ..ExponentialHistogramDataPoint::default()
        }),
    ];
    let written = written("", &[], metrics);
    let mut numbers = 0;
    for sample in written.timeseries.iter().flat_map(|series| &series.samples) {
        assert_eq!(sample.value.to_bits(), 0x7ff0_0000_0000_0002);
        numbers += 1;
    }
    assert_eq!(
        numbers, 4,
        "the gauge; sum, count and the last bucket of the histogram"
    );
    let histogram = &written.timeseries[4].histograms[0];
    assert_eq!(histogram.sum.to_bits(), 0x7ff0_0000_0000_0002);
}

#[test]
fn samples_of_a_series_are_together_in_the_order_of_time_each_time_once() {
    let at = |seconds: u64, value: f64| {
        let mut point = point(&[("a", "1")], value);
        point.time_unix_nano = TIME + seconds * 1_000_000_000;
        point
    };
    let metrics = vec![
        gauge("g", "", vec![at(2, 2.0), at(1, 1.0)]),
        gauge("g", "", vec![at(3, 3.0), at(1, 1.5)]),
    ];
    let written = written("disable_scope_info: true", &[], metrics);
    assert_eq!(lines(&written), "__name__=g a=1 -> 1.5 2 3\n");
    let times: Vec<i64> = written.timeseries[0]
        .samples
        .iter()
        .map(|sample| sample.timestamp)
        .collect();
    assert_eq!(times, [1_800_000_001_000, 1_800_000_002_000, 1_800_000_003_000]);
}
