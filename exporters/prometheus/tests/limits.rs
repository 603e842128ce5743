//! What happens at the bounds.

use sidelight_component::Budget;

use super::*;

fn many(from: usize, to: usize, temporality: Option<i32>) -> Vec<u8> {
    request(|scope| {
        let mut metric = scope.metric();
        metric.name("calls");
        let mut sum = metric.sum();
        sum.is_monotonic(true)
            .aggregation_temporality(temporality.unwrap_or(CUMULATIVE));
        for nth in from..to {
            let mut point = sum.data_point();
            point.time_unix_nano(START + SECOND).value(NumberValue::Int(1));
            point.attribute("http.route", format!("/a/path/of/usual/length/{nth:06}").as_str());
            point
                .attribute("http.request.method", "GET")
                .attribute("http.response.status_code", 200_i64);
        }
    })
}

#[tokio::test]
async fn deltas_beyond_the_cap_are_added_up_and_other_points_refused() {
    let rig = Rig::start("max_series: 2").await;
    assert_eq!(rig.send(many(0, 5, Some(DELTA))).await, Sent::Accepted);
    let lines = rig.lines().await;
    assert_eq!(lines.len(), 3);
    assert!(
        lines.contains(&"calls_total{otel_metric_overflow=\"true\"} 3".to_owned()),
        "{lines:?}"
    );
    assert_eq!(rejected(&rig.send(many(7, 9, None)).await), 2);
    assert_eq!(rig.counter("sidelight_prometheus_refused_points", "no_room"), 2.0);
    // Those that are there go on.
    assert_eq!(rejected(&rig.send(many(0, 2, None)).await), 0);
}

#[tokio::test]
async fn one_metric_with_too_many_labels_leaves_room_for_the_others() {
    let rig = Rig::start("max_series_per_metric: 3").await;
    assert_eq!(rig.send(many(0, 10, Some(DELTA))).await, Sent::Accepted);
    assert_eq!(rejected(&rig.send(many(20, 25, None)).await), 5);
    assert_eq!(
        rig.refused(|scope| gauge(scope, "other", &[("a", At(0, 1)), ("b", At(0, 1))]))
            .await,
        0
    );
    let lines = rig.lines().await;
    assert_eq!(lines.len(), 3 + 1 + 2, "{lines:?}");
    assert!(
        lines.contains(&"calls_total{otel_metric_overflow=\"true\"} 7".to_owned()),
        "{lines:?}"
    );
    assert_eq!(
        rig.counter("sidelight_prometheus_overflowed_points", "prometheus"),
        7.0
    );
}

/// As labels of one metric, as many metrics, and from many resources.
#[tokio::test]
async fn hundreds_of_thousands_of_label_sets_stay_within_the_defaults() {
    let budget = Budget::new(64 << 20);
    let rig = Rig::with_budget("", budget.clone()).await;
    let by_name = |from: usize, to: usize, temporality: i32| {
        request(|scope| {
            for nth in from..to {
                sum(scope, &format!("metric_{nth}"), temporality, 0, At(1, 1));
            }
        })
    };
    let by_resource = |nth: usize| {
        from_resource(
            |resource| {
                resource
                    .resource()
                    .attribute("service.name", format!("service-{nth}").as_str());
            },
            |scope| sum(scope, "jobs", DELTA, 0, At(1, 1)),
        )
    };
    for nth in 0..100 {
        rig.send(many(nth * 1000, nth * 1000 + 1000, Some(DELTA))).await;
    }
    for nth in 0..60 {
        rig.send(by_name(
            nth * 1000,
            nth * 1000 + 1000,
            if nth % 2 == 0 { DELTA } else { CUMULATIVE },
        ))
        .await;
        rig.send(many(nth * 1000, nth * 1000 + 1000, None)).await;
    }
    for nth in 0..11_000 {
        rig.send(by_resource(nth)).await;
    }
    let (series, _) = rig.exporter.scraped.state.size();
    assert!((10_000..=101_000).contains(&series), "{series}");
    // The budget's half, and what stands for others.
    assert!(budget.peak() < 40 << 20, "{}", budget.peak());
    assert!(rig.exporter.scraped.state.lock().families.len() <= series);
    let lines = rig.lines().await;
    let calls = lines
        .iter()
        .filter(|line| line.starts_with("calls_total"))
        .count();
    assert_eq!(calls, 10_000 + 1, "the cap of one metric, and what overflows");
}

#[tokio::test]
async fn series_take_half_of_the_budget_and_leave_the_rest_to_what_flows() {
    let budget = Budget::new(4 << 20);
    let rig = Rig::with_budget("", budget.clone()).await;
    let refused = rejected(&rig.send(many(0, 20_000, None)).await);
    assert!((5_000..19_000).contains(&refused), "{refused}");
    assert!(budget.used() <= 2 << 20, "{}", budget.used());
    assert!(budget.charge(1 << 20).is_ok());
    rig.clock.advance(Duration::from_secs(1000));
    rig.exporter.scraped.state.sweep(rig.exporter.scraped.now());
    assert!(budget.used() <= 512 << 10, "{}", budget.used());
}

#[tokio::test]
async fn a_series_takes_little() {
    let rig = Rig::with_budget("", Budget::new(1 << 30)).await;
    rig.send(many(0, 10_000, None)).await;
    let (series, bytes) = rig.exporter.scraped.state.size();
    assert_eq!(series, 10_000);
    assert!(bytes / series < 300, "{}", bytes / series);
}

#[tokio::test]
async fn a_page_of_many_pieces_has_every_series_once() {
    let rig = Rig::with_budget("max_series_per_metric: 30000", Budget::new(1 << 30)).await;
    rig.send(many(0, 30_000, None)).await;
    for accept in ["", "accept-encoding: gzip\r\n", "accept-encoding: zstd\r\n"] {
        let (head, body) = rig.ask("GET", "/metrics", accept).await;
        let text = match accept {
            "" => body,
            gzip if gzip.contains("gzip") => {
                let mut text = Vec::new();
                std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&body[..]), &mut text).unwrap();
                text
            }
            _ => zstd::decode_all(&body[..]).unwrap(),
        };
        assert_eq!(head.contains("content-encoding"), !accept.is_empty(), "{head}");
        let text = String::from_utf8(text).unwrap();
        let mut lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(text.lines().count(), lines.len() + 1);
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), 30_000);
    }
    assert!(rig.budget.used() < 16 << 20);
}

#[tokio::test]
async fn malformed_points_are_refused_alone() {
    let rig = Rig::start("").await;
    let refused = rig
        .refused(|scope| {
            gauge(scope, "good", &[("", At(0, 1))]);
            gauge(scope, "数", &[("", At(0, 1))]);
            scope.metric().name("no_data");
            scope
                .metric()
                .name("no_value")
                .gauge()
                .data_point()
                .time_unix_nano(START);
            let mut metric = scope.metric();
            metric.name("histogram");
            let mut histogram = metric.histogram();
            histogram.aggregation_temporality(CUMULATIVE);
            histogram
                .data_point()
                .explicit_bounds([2.0, 1.0].into_iter())
                .bucket_counts([1, 1, 1].into_iter());
            drop(histogram);
            drop(metric);
            sum(scope, "no_temporality", 0, 0, At(0, 1));
            let long = "x".repeat(70_000);
            gauge(scope, "long", &[(&long, At(0, 1)), ("short", At(0, 1))]);
        })
        .await;
    assert_eq!(refused, 5);
    assert_eq!(rig.lines().await, ["good 1", "long{label=\"short\"} 1"]);
    assert_eq!(
        rig.counter("sidelight_prometheus_refused_points", "unusable_name"),
        1.0
    );
    assert_eq!(
        rig.counter("sidelight_prometheus_refused_points", "malformed"),
        4.0
    );
}
