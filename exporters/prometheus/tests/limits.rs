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
    let rig = Rig::with_budget("", Budget::new(1 << 30)).await;
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
