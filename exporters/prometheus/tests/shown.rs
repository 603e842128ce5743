//! What is shown of each type, and under which labels.

use super::*;

/// One metric of every type, from a named resource and scope.
fn every_type() -> Vec<u8> {
    from_resource(
        |resource| {
            let mut resource = resource.resource();
            resource
                .attribute("service.name", "api")
                .attribute("service.namespace", "shop")
                .attribute("service.instance.id", "i-1")
                .attribute("host.name", "h");
        },
        |scope| {
            scope
                .scope()
                .name("meter")
                .version("1.2")
                .attribute("color", "red")
                .attribute("name", "lost");
            {
                let mut metric = scope.metric();
                metric.name("cpu.time").unit("s").description("Time.");
                let mut sum = metric.sum();
                sum.aggregation_temporality(CUMULATIVE).is_monotonic(true);
                let mut point = sum.data_point();
                point
                    .start_time_unix_nano(START)
                    .time_unix_nano(START + SECOND)
                    .value(NumberValue::Double(1.5));
                point.attribute("cpu.mode", "user");
                let mut exemplar = point.exemplar();
                exemplar
                    .time_unix_nano(START)
                    .value(NumberValue::Double(0.5))
                    .trace_id(&[0xab; 16])
                    .span_id(&[1; 8]);
                exemplar
                    .filtered_attribute("user", "ann")
                    .filtered_attribute("long", "x".repeat(200).as_str());
            }
            gauge(scope, "heat", &[("", At(1, -3))]);
            {
                let mut metric = scope.metric();
                metric.name("latency").unit("ms");
                let mut histogram = metric.histogram();
                histogram.aggregation_temporality(CUMULATIVE);
                let mut point = histogram.data_point();
                point
                    .start_time_unix_nano(START)
                    .time_unix_nano(START + SECOND)
                    .count(3)
                    .sum(30.5);
                point
                    .explicit_bounds([10.0].into_iter())
                    .bucket_counts([1, 2].into_iter());
                point
                    .exemplar()
                    .time_unix_nano(START)
                    .value(NumberValue::Double(12.0))
                    .trace_id(&[0xcd; 16]);
            }
            {
                let mut metric = scope.metric();
                metric.name("size");
                let mut histogram = metric.exponential_histogram();
                histogram.aggregation_temporality(CUMULATIVE);
                let mut point = histogram.data_point();
                point
                    .time_unix_nano(START + SECOND)
                    .count(4)
                    .sum(7.0)
                    .scale(0)
                    .zero_count(1);
                point.positive().offset(0).bucket_counts([1, 2].into_iter());
            }
            let mut metric = scope.metric();
            metric.name("quality");
            let mut summary = metric.summary();
            let mut point = summary.data_point();
            point.time_unix_nano(START + SECOND).count(2).sum(1.25);
            point.quantile_value().quantile(0.5).value(0.6);
        },
    )
}

#[tokio::test]
async fn every_type_is_shown_in_text() {
    let rig = Rig::start("without_scope_info: true").await;
    assert_eq!(rig.send(every_type()).await, Sent::Accepted);
    let labels = r#"instance="i-1",job="shop/api""#;
    let expected = r#"# HELP target_info Target metadata
# TYPE target_info gauge
target_info{host_name="h",@} 1
# HELP cpu_time_seconds_total Time.
# TYPE cpu_time_seconds_total counter
cpu_time_seconds_total{@,cpu_mode="user"} 1.5
# TYPE heat gauge
heat{@} -3
# TYPE latency_milliseconds histogram
latency_milliseconds_bucket{@,le="10"} 1
latency_milliseconds_bucket{@,le="+Inf"} 3
latency_milliseconds_sum{@} 30.5
latency_milliseconds_count{@} 3
# TYPE quality summary
quality{@,quantile="0.5"} 0.6
quality_sum{@} 1.25
quality_count{@} 2
# TYPE size histogram
size_bucket{@,le="0"} 1
size_bucket{@,le="1"} 1
size_bucket{@,le="2"} 2
size_bucket{@,le="4"} 4
size_bucket{@,le="+Inf"} 4
size_sum{@} 7
size_count{@} 4
"#;
    assert_eq!(rig.page_with("").await, expected.replace('@', labels));
}

#[tokio::test]
async fn open_metrics_has_exemplars_units_and_an_end() {
    let rig = Rig::start("enable_open_metrics: true\nwithout_scope_info: true\nsend_timestamps: true").await;
    rig.send(every_type()).await;
    let page = rig
        .page_with("accept: application/openmetrics-text;version=1.0.0\r\n")
        .await;
    let trace = "ab".repeat(16);
    for part in [
        "# TYPE target info\ntarget_info{".to_owned(),
        "# TYPE cpu_time_seconds counter\n# UNIT cpu_time_seconds seconds\n".to_owned(),
        format!(
            "cpu_time_seconds_total{{instance=\"i-1\",job=\"shop/api\",cpu_mode=\"user\"}} 1.5 1800000001 \
             # {{span_id=\"{}\",trace_id=\"{trace}\",user=\"ann\"}} 0.5 1800000000\n",
            "01".repeat(8)
        ),
        format!(
            "le=\"+Inf\"}} 3 1800000001 # {{trace_id=\"{}\"}} 12 1800000000\n",
            "cd".repeat(16)
        ),
        "le=\"10.0\"} 1 1800000001\n".to_owned(),
    ] {
        assert!(page.contains(&part), "{part}\nin\n{page}");
    }
    assert!(page.ends_with("# EOF\n"));
}

#[tokio::test]
async fn the_scope_is_in_labels_of_its_own() {
    let rig = Rig::start("").await;
    rig.send(every_type()).await;
    let scope = r#"otel_scope_color="red",otel_scope_name="meter",otel_scope_version="1.2""#;
    let line = format!("heat{{instance=\"i-1\",job=\"shop/api\",{scope}}} -3");
    assert!(rig.lines().await.contains(&line), "{line}");
}

#[tokio::test]
async fn the_settings_of_names_and_labels_do_what_they_say() {
    for (settings, line) in [
        (
            "namespace: my-app",
            "my_app_cpu_time_seconds_total{instance=\"i-1\",job=\"shop/api\",cpu_mode=\"user\"} 1.5",
        ),
        (
            "add_metric_suffixes: false",
            "cpu_time{instance=\"i-1\",job=\"shop/api\",cpu_mode=\"user\"} 1.5",
        ),
        (
            "const_labels: {\"a zone\": north}",
            "cpu_time_seconds_total{a_zone=\"north\",instance=\"i-1\",job=\"shop/api\",cpu_mode=\"user\"} 1.5",
        ),
        (
            "send_timestamps: true",
            "cpu_time_seconds_total{instance=\"i-1\",job=\"shop/api\",cpu_mode=\"user\"} 1.5 1800000001000",
        ),
        (
            "resource_to_telemetry_conversion: {enabled: true, exclude_service_attributes: true}",
            "cpu_time_seconds_total{host_name=\"h\",instance=\"i-1\",job=\"shop/api\",cpu_mode=\"user\"} 1.5",
        ),
    ] {
        let rig = Rig::start(&format!("without_scope_info: true\n{settings}")).await;
        rig.send(every_type()).await;
        let lines = rig.lines().await;
        assert!(
            lines.iter().any(|shown| shown == line),
            "{settings}: {line}\nin {lines:#?}"
        );
    }
}

#[tokio::test]
async fn an_up_down_counter_is_a_gauge_also_of_deltas() {
    let rig = Rig::start("").await;
    for (from, value) in [(0, 5), (10, -2)] {
        rig.take(|scope| {
            let mut metric = scope.metric();
            metric.name("open");
            let mut sum = metric.sum();
            sum.aggregation_temporality(DELTA);
            sum.data_point()
                .start_time_unix_nano(START + from * SECOND)
                .time_unix_nano(START + (from + 10) * SECOND)
                .value(NumberValue::Int(value));
        })
        .await;
    }
    assert_eq!(rig.page_with("").await, "# TYPE open gauge\nopen 3\n");
}
