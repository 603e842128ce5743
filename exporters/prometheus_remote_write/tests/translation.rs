//! What becomes of data points.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1::{Metric, NumberDataPoint};
use proptest::prelude::*;
use sidelight_component::{Request, Signal};

use super::messages::{Histogram, Sample, Series, Span, read_v1, read_v2};
use super::otlp::*;
use super::rig;

const V2: &str = "protobuf_message: io.prometheus.write.v2.Request\n";
const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;

fn encode(settings: &str, requests: &[ExportMetricsServiceRequest]) -> Request {
    let rig = rig(&format!("endpoint: http://localhost:9\n{settings}"));
    rig.exporter
        .encode(Signal::Metrics, &payload(requests))
        .expect("encoded")
}

/// The series that become of it in both versions, which must be the same but for metadata and start times.
fn series(settings: &str, requests: &[ExportMetricsServiceRequest]) -> Vec<Series> {
    let first = read_v1(&encode(settings, requests));
    let first: Vec<Series> = first.into_iter().flat_map(|(series, _)| series).collect();
    let second: Vec<Series> = read_v2(&encode(&format!("{settings}{V2}"), requests)).concat();
    let without = |series: &Series| {
        let mut series = series.clone();
        series.metadata = None;
        series
            .samples
            .iter_mut()
            .for_each(|sample| sample.start_timestamp = 0);
        series
            .histograms
            .iter_mut()
            .for_each(|histogram| histogram.start_timestamp = 0);
        series
    };
    let as_first: Vec<Series> = second.iter().map(without).collect();
    // By text: a NaN is not equal to itself.
    assert_eq!(format!("{first:?}"), format!("{as_first:?}"));
    second
}

/// `name{labels} value@ms …`, ordered.
fn lines(series: &[Series]) -> Vec<String> {
    let value = |sample: &Sample| {
        let ms = sample.timestamp - T0_MS;
        match sample.value.to_bits() {
            STALE_BITS => format!(" stale@{ms}"),
            _ => format!(" {}@{ms}", sample.value),
        }
    };
    let line = |series: &Series| {
        let values: String = series.samples.iter().map(value).collect();
        let native = series.histograms.iter();
        let native: String = native
            .map(|histogram| format!(" native@{}", histogram.timestamp - T0_MS))
            .collect();
        format!("{}{values}{native}", series.key())
    };
    let mut lines: Vec<String> = series.iter().map(line).collect();
    lines.sort();
    lines
}

fn translated(settings: &str, resource: &[(&str, &str)], metrics: Vec<Metric>) -> Vec<String> {
    lines(&series(settings, &[request(resource, metrics)]))
}

#[test]
fn every_type_becomes_the_series_that_prometheus_knows_it_by() {
    let metrics = vec![
        gauge("queue.length", vec![number(&[("q", "a")], 0, 1.5)]),
        sum("sent", 2, vec![number(&[], 0, 7.0)]),
        histogram(
            "took",
            2,
            vec![histogram_point(0, &[0.5, 1.0], &[3, 2, 1], Some(4.25))],
        ),
        exponential("size", 2, vec![exponential_point(0, -2, &[1, 0, 3])]),
        summary("old", 0, &[(0.5, 0.1), (0.99, 0.7), (1.0, 2.0)]),
    ];
    assert_eq!(
        translated("", &[], metrics),
        [
            "old_seconds_count{} 9@0",
            "old_seconds_sum{} 4.5@0",
            "old_seconds{quantile=\"0.5\"} 0.1@0",
            "old_seconds{quantile=\"0.99\"} 0.7@0",
            "old_seconds{quantile=\"1\"} 2@0",
            "queue_length{q=\"a\"} 1.5@0",
            "sent_bytes_total{} 7@0",
            "size_seconds{} native@0",
            "took_seconds_bucket{le=\"+Inf\",route=\"/\"} 6@0",
            "took_seconds_bucket{le=\"0.5\",route=\"/\"} 3@0",
            "took_seconds_bucket{le=\"1\",route=\"/\"} 5@0",
            "took_seconds_count{route=\"/\"} 6@0",
            "took_seconds_sum{route=\"/\"} 4.25@0",
        ]
    );
}

#[test]
fn an_exponential_histogram_is_a_native_one() {
    let made = series(
        "",
        &[request(
            &[],
            vec![exponential("size", 2, vec![exponential_point(5, -2, &[1, 0, 3])])],
        )],
    );
    let expected = Histogram {
        count_int: Some(6),
        sum: 12.5,
        schema: 3,
        zero_threshold: 1e-128,
        zero_count_int: Some(2),
        positive_spans: vec![Span {
            offset: -1,
            length: 3,
        }],
        positive_deltas: vec![1, -1, 3],
        timestamp: T0_MS + 5,
        start_timestamp: T0_MS - 1_000,
        ..Histogram::default()
    };
    assert_eq!(made[0].histograms, [expected]);
}

#[test]
fn the_flag_of_a_series_that_has_ended_becomes_the_staleness_marker() {
    let mut point = number(&[], 0, 1.0);
    (point.flags, point.value) = (1, None);
    let mut of_histogram = histogram_point(0, &[0.5], &[0, 0], None);
    of_histogram.flags = 1;
    let mut of_exponential = exponential_point(0, 0, &[]);
    (
        of_exponential.flags,
        of_exponential.count,
        of_exponential.zero_count,
    ) = (1, 0, 0);
    let metrics = vec![
        gauge("up", vec![point]),
        histogram("took", 2, vec![of_histogram]),
        exponential("size", 2, vec![of_exponential]),
    ];
    let made = series("", &[request(&[], metrics)]);
    let native = made
        .iter()
        .flat_map(|series| &series.histograms)
        .next()
        .expect("one");
    assert_eq!(
        (native.count_int, native.sum.to_bits()),
        (Some(STALE_BITS), STALE_BITS)
    );
    assert_eq!(
        lines(&made),
        [
            "size_seconds{} native@0",
            "took_seconds_bucket{le=\"+Inf\",route=\"/\"} stale@0",
            "took_seconds_bucket{le=\"0.5\",route=\"/\"} stale@0",
            "took_seconds_count{route=\"/\"} stale@0",
            "took_seconds_sum{route=\"/\"} stale@0",
            "up{} stale@0",
        ]
    );
}

#[test]
fn a_resource_is_job_and_instance_and_target_info_at_its_latest_time() {
    let resource = [
        ("service.namespace", "shop"),
        ("service.name", "api"),
        ("service.instance.id", "i-1"),
        ("host.name", "h"),
    ];
    let gauges = || {
        vec![gauge(
            "up",
            vec![number(&[("job", "own")], 0, 1.0), number(&[("k", "")], 9, 2.0)],
        )]
    };
    let ups = [
        "up{instance=\"i-1\",job=\"shop/api\"} 1@0 2@9",
        "target_info{host_name=\"h\",instance=\"i-1\",job=\"shop/api\"} 1@9",
    ];
    assert_eq!(translated("", &resource, gauges()), [ups[1], ups[0]]);
    assert_eq!(
        translated("target_info: {enabled: false}\n", &resource, gauges()),
        [ups[0]]
    );
    // Nobody could join it, or it would say nothing.
    for resource in [&resource[..3], &resource[3..]] {
        let made = translated("", resource, gauges());
        assert!(made.iter().all(|line| line.starts_with("up")), "{made:?}");
    }
    assert_eq!(
        translated("namespace: n\n", &resource, gauges())[0],
        "n_target_info{host_name=\"h\",instance=\"i-1\",job=\"shop/api\"} 1@9"
    );
}

#[test]
fn resource_attributes_become_labels_where_that_is_set() {
    let resource = [("service.name", "api"), ("k", "of resource"), ("host.name", "h")];
    let gauges = || vec![gauge("up", vec![number(&[("k", "of point")], 0, 1.0)])];
    let conversion = |settings: &str| {
        let settings =
            format!("target_info: {{enabled: false}}\nresource_to_telemetry_conversion: {settings}\n");
        translated(&settings, &resource, gauges()).remove(0)
    };
    assert_eq!(
        conversion("{enabled: false}"),
        "up{job=\"api\",k=\"of point\"} 1@0"
    );
    assert_eq!(
        conversion("{enabled: true}"),
        "up{host_name=\"h\",job=\"api\",k=\"of resource\",service_name=\"api\"} 1@0"
    );
    assert_eq!(
        conversion("{enabled: true, exclude_service_attributes: true}"),
        "up{host_name=\"h\",job=\"api\",k=\"of resource\"} 1@0"
    );
}

#[test]
fn a_scope_becomes_labels_unless_it_must_not() {
    let scope = InstrumentationScope {
        name: "lib".to_owned(),
        version: "1.2".to_owned(),
        attributes: attributes(&[("library.mascot", "fox"), ("name", "not this")]),
        ..InstrumentationScope::default()
    };
    let mut request = scoped(&[], Some(scope), vec![gauge("up", vec![number(&[], 0, 1.0)])]);
    request.resource_metrics[0].scope_metrics[0].schema_url = "http://s/1".to_owned();
    let made = |settings: &str| lines(&series(settings, std::slice::from_ref(&request)));
    assert_eq!(
        made(""),
        [
            "up{otel_scope_library_mascot=\"fox\",otel_scope_name=\"lib\",otel_scope_schema_url=\"http://s/1\",otel_scope_version=\"1.2\"} 1@0"
        ]
    );
    assert_eq!(made("disable_scope_info: true\n"), ["up{} 1@0"]);
}

#[test]
fn external_labels_give_way_and_what_the_format_needs_itself_does_not() {
    let point = number(
        &[
            ("region", "own"),
            ("__name__", "other"),
            ("a.b", "2"),
            ("a_b", "3"),
        ],
        0,
        1.0,
    );
    let settings = "external_labels: {region: eu, data.center: d1}\n";
    assert_eq!(
        translated(settings, &[], vec![gauge("up", vec![point])]),
        ["up{a_b=\"2;3\",data_center=\"d1\",region=\"own\"} 1@0"]
    );
    let mut point = histogram_point(0, &[], &[4], None);
    point.attributes = attributes(&[("le", "own")]);
    assert_eq!(
        translated("", &[], vec![histogram("took", 2, vec![point])]),
        [
            "took_seconds_bucket{le=\"+Inf\"} 4@0",
            "took_seconds_count{le=\"own\"} 4@0"
        ]
    );
}

#[test]
fn names_follow_the_strategy() {
    let metrics = || vec![sum("http.sent", 2, vec![number(&[("http.route", "/")], 0, 1.0)])];
    for (settings, expected) in [
        ("", "http_sent_bytes_total{http_route=\"/\"} 1@0"),
        ("add_metric_suffixes: false\n", "http_sent{http_route=\"/\"} 1@0"),
        (
            "translation_strategy: UnderscoreEscapingWithoutSuffixes\n",
            "http_sent{http_route=\"/\"} 1@0",
        ),
        (
            "namespace: shop\n",
            "shop_http_sent_bytes_total{http_route=\"/\"} 1@0",
        ),
    ] {
        assert_eq!(translated(settings, &[], metrics()), [expected], "{settings}");
    }
    let untranslated = encode(
        &format!("{V2}translation_strategy: NoTranslation\n"),
        &[request(&[], metrics())],
    );
    assert_eq!(
        lines(&read_v2(&untranslated).concat()),
        ["http.sent{http.route=\"/\"} 1@0"]
    );
}

#[test]
fn samples_of_a_series_are_in_order_whatever_request_they_came_in_and_one_at_a_time() {
    let of = |ms: i64, value: f64| request(&[], vec![gauge("up", vec![number(&[], ms, value)])]);
    let made = series("", &[of(9, 1.0), of(3, 2.0), of(9, 3.0), of(5, 4.0)]);
    assert_eq!(lines(&made), ["up{} 2@3 4@5 3@9"]);
}

#[test]
fn exemplars_go_to_the_bucket_that_their_value_is_in() {
    let mut point = histogram_point(10, &[0.5, 1.0], &[3, 2, 1], Some(4.25));
    point.exemplars = vec![
        exemplar(7, 2.0, &[("user.id", "u")]),
        exemplar(6, 0.5, &[]),
        exemplar(5, 0.1, &[]),
        exemplar(i64::MIN, 0.7, &[("long", &"x".repeat(100))]),
    ];
    let made = series("", &[request(&[], vec![histogram("took", 2, vec![point])])]);
    let of = |key: &str| {
        let series = made
            .iter()
            .find(|series| series.key().contains(key))
            .expect("there");
        let exemplars = series.exemplars.iter();
        exemplars
            .map(|(labels, value, ms)| (labels.len(), *value, ms - T0_MS))
            .collect::<Vec<_>>()
    };
    assert_eq!(of("le=\"0.5\""), [(2, 0.1, 5), (2, 0.5, 6)]);
    assert_eq!(of("le=\"1\""), [(2, 0.7, 10)]);
    assert_eq!(of("le=\"+Inf\""), [(3, 2.0, 7)]);
    let labels = made
        .iter()
        .flat_map(|series| &series.exemplars)
        .find(|(_, value, _)| *value == 2.0);
    let texts: Vec<String> = labels
        .expect("there")
        .0
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        texts,
        [
            "span_id=0102030405060708",
            "trace_id=0102030405060708090a0b0c0d0e0f10",
            "user_id=u"
        ]
    );
}

#[test]
fn two_point_zero_says_type_help_unit_and_start_and_one_point_zero_where_it_is_set() {
    let metrics = vec![
        sum("sent", 2, vec![number(&[], 0, 7.0)]),
        gauge("up", vec![number(&[], 0, 1.0)]),
        histogram("took", 2, vec![histogram_point(0, &[], &[4], None)]),
    ];
    let requests = [request(&[], metrics)];
    for series in series("", &requests) {
        let (metric_type, help, unit, start) = match &*series.labels[0].1 {
            "sent_bytes_total" => (1, "about sent", "bytes", T0_MS - 1_000),
            "up" => (2, "about up", "", 0),
            _ => (3, "about took", "seconds", T0_MS - 1_000),
        };
        assert_eq!(
            series.metadata,
            Some((metric_type, help.to_owned(), unit.to_owned()))
        );
        assert_eq!(series.samples[0].start_timestamp, start, "{series:?}");
    }
    let metadata = |settings: &str| {
        let (_, metadata) = read_v1(&encode(settings, &requests)).remove(0);
        let metadata = metadata.into_iter();
        metadata
            .map(|meta| (meta.metric_type, meta.metric_family_name, meta.help, meta.unit))
            .collect::<Vec<_>>()
    };
    let text = |text: &str| text.to_owned();
    assert_eq!(metadata(""), []);
    assert_eq!(
        metadata("send_metadata: true\n"),
        [
            (1, text("sent_bytes_total"), text("about sent"), text("bytes")),
            (2, text("up"), text("about up"), text("")),
            (3, text("took_seconds"), text("about took"), text("seconds")),
        ]
    );
}

#[test]
fn a_type_that_prometheus_gave_is_given_back() {
    let with = |mut metric: Metric, was: &str| {
        metric.metadata = attributes(&[("prometheus.type", was)]);
        metric
    };
    let mut sums = ["info", "stateset"].map(|was| with(sum(was, 2, vec![number(&[], 0, 1.0)]), was));
    for metric in &mut sums {
        if let Some(opentelemetry_proto::tonic::metrics::v1::metric::Data::Sum(sum)) = &mut metric.data {
            sum.is_monotonic = false;
        }
    }
    let mut metrics = vec![with(gauge("what", vec![number(&[], 0, 1.0)]), "unknown")];
    metrics.extend(sums);
    let types: Vec<i32> = series("", &[request(&[], metrics)])
        .iter()
        .map(|series| series.metadata.as_ref().expect("there").0)
        .collect();
    assert_eq!(types, [0, 6, 7]);
}

/// One metric of some points, of few names and labels so that they meet.
fn any_metric() -> impl Strategy<Value = Metric> {
    let point = (0..3_u8, 0..6_i64, -2.0..2.0_f64)
        .prop_map(|(label, ms, value)| number(&[("k", &label.to_string())], ms, value));
    let points = prop::collection::vec(point, 0..5);
    let buckets = prop::collection::vec(0..9_u64, 3);
    prop_oneof![
        (0..3_u8, points.clone()).prop_map(|(name, points)| gauge(&format!("g{name}"), points)),
        (0..3_u8, points).prop_map(|(name, points)| sum(&format!("s{name}"), 2, points)),
        (0..6_i64, buckets.clone()).prop_map(|(ms, counts)| histogram(
            "h",
            2,
            vec![histogram_point(ms, &[1.0, 2.0], &counts, Some(1.0))]
        )),
        (0..6_i64, buckets).prop_map(|(ms, counts)| exponential(
            "e",
            2,
            vec![exponential_point(ms, 0, &counts)]
        )),
    ]
}

/// Series and times of the points of gauges and sums.
fn expected(requests: &[ExportMetricsServiceRequest]) -> std::collections::BTreeMap<(String, i64), f64> {
    use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point::Value};
    let metrics = requests
        .iter()
        .flat_map(|request| &request.resource_metrics[0].scope_metrics[0].metrics);
    let mut out = std::collections::BTreeMap::new();
    for metric in metrics {
        let (suffix, points): (&str, &[NumberDataPoint]) = match &metric.data {
            Some(Data::Gauge(gauge)) => ("", &gauge.data_points),
            Some(Data::Sum(sum)) => ("_bytes_total", &sum.data_points),
            _ => continue,
        };
        for point in points {
            let Some(Value::AsDouble(value)) = point.value else {
                continue;
            };
            let label = format!("{:?}", point.attributes[0].value).replace(|c: char| !c.is_ascii_digit(), "");
            let key = format!("{}{suffix}{{k={label:?}}}", metric.name);
            out.insert((key, (point.time_unix_nano / 1_000_000) as i64), value);
        }
    }
    out
}

proptest! {
    #[test]
    fn every_point_arrives_once_in_order_in_both_versions_however_small_the_requests(
        requests in prop::collection::vec(prop::collection::vec(any_metric(), 0..4), 1..4),
        max_bytes in 1..2_000_usize,
    ) {
        let requests: Vec<_> = requests.into_iter().map(|metrics| request(&[], metrics)).collect();
        let settings = format!("max_batch_size_bytes: {max_bytes}\n");
        let made = series(&settings, &requests);
        let mut keys: Vec<String> = made.iter().map(Series::key).collect();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), made.len(), "a series stands once");
        for series in &made {
            let times: Vec<i64> = series.samples.iter().map(|sample| sample.timestamp)
                .chain(series.histograms.iter().map(|histogram| histogram.timestamp)).collect();
            prop_assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
        }
        let got: std::collections::BTreeMap<_, _> = made.iter()
            .filter(|series| series.key().starts_with(['g', 's']))
            .flat_map(|series| series.samples.iter().map(|sample| ((series.key(), sample.timestamp), sample.value)))
            .collect();
        prop_assert_eq!(got, expected(&requests));
    }
}
