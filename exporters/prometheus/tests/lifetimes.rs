//! Since when and until when a series is shown, and what it adds up to.

use super::*;

#[tokio::test]
async fn deltas_add_up_and_one_that_comes_twice_counts_once() {
    let rig = Rig::start("").await;
    rig.take(|scope| sum(scope, "jobs", DELTA, 0, At(10, 5))).await;
    rig.take(|scope| sum(scope, "jobs", DELTA, 10, At(20, 2))).await;
    assert_eq!(
        rig.refused(|scope| sum(scope, "jobs", DELTA, 10, At(20, 2)))
            .await,
        1
    );
    // Something between was lost on the way; what is known goes on.
    rig.take(|scope| sum(scope, "jobs", DELTA, 50, At(60, 1))).await;
    assert_eq!(rig.lines().await, ["jobs_total 8"]);
    assert_eq!(rig.counter("sidelight_prometheus_refused_points", "late"), 1.0);
}

#[tokio::test]
async fn a_sender_that_begins_anew_is_shown_as_it_is() {
    let rig = Rig::start("").await;
    rig.take(|scope| sum(scope, "jobs", CUMULATIVE, 0, At(10, 500)))
        .await;
    rig.take(|scope| sum(scope, "jobs", CUMULATIVE, 15, At(20, 3)))
        .await;
    assert_eq!(rig.lines().await, ["jobs_total 3"]);
}

#[tokio::test]
async fn a_point_older_than_the_last_is_refused_and_the_same_one_is_taken() {
    let rig = Rig::start("").await;
    rig.take(|scope| gauge(scope, "heat", &[("", At(20, 7))])).await;
    assert_eq!(
        rig.refused(|scope| gauge(scope, "heat", &[("", At(19, 6))]))
            .await,
        1
    );
    rig.take(|scope| gauge(scope, "heat", &[("", At(20, 8))])).await;
    assert_eq!(rig.lines().await, ["heat 8"]);
}

#[tokio::test]
async fn a_series_without_a_value_ends_and_its_family_with_the_last_one() {
    let rig = Rig::start("").await;
    rig.take(|scope| gauge(scope, "heat", &[("a", At(10, 1)), ("b", At(10, 2))]))
        .await;
    let end = |scope: &mut ScopeMetricsEncoder<'_>, label: &'static str, seconds| {
        let mut metric = scope.metric();
        metric.name("heat");
        let mut gauge = metric.gauge();
        let mut point = gauge.data_point();
        point
            .time_unix_nano(START + seconds * SECOND)
            .flags(1)
            .attribute("label", label);
    };
    assert_eq!(rig.refused(|scope| end(scope, "a", 9)).await, 1);
    rig.take(|scope| end(scope, "a", 20)).await;
    assert_eq!(rig.lines().await, ["heat{label=\"b\"} 2"]);
    rig.take(|scope| end(scope, "b", 20)).await;
    assert_eq!(rig.page_with("").await, "");
    // It never was.
    rig.take(|scope| end(scope, "c", 20)).await;
}

#[tokio::test]
async fn a_series_is_shown_as_long_as_it_may_and_then_forgotten() {
    let rig = Rig::start("metric_expiration: 1m").await;
    rig.take(|scope| gauge(scope, "heat", &[("a", At(0, 1))])).await;
    rig.clock.advance(Duration::from_secs(40));
    rig.take(|scope| gauge(scope, "heat", &[("b", At(40, 2))])).await;
    assert_eq!(rig.lines().await.len(), 2);
    rig.clock.advance(Duration::from_secs(40));
    assert_eq!(rig.lines().await, ["heat{label=\"b\"} 2"]);
    rig.clock.advance(Duration::from_secs(40));
    assert_eq!(rig.page_with("").await, "");
    let state = &rig.exporter.scraped.state;
    assert!(state.size().0 > 0);
    state.sweep(rig.exporter.scraped.now());
    assert_eq!(state.size(), (0, 0));
    assert!(state.lock().families.is_empty());
}

#[tokio::test]
async fn histograms_of_deltas_add_up_while_their_bounds_stay() {
    let rig = Rig::start("").await;
    let delta = |bounds: &'static [f64], counts: &'static [u64], from: u64| {
        request(|scope| {
            let mut metric = scope.metric();
            metric.name("t");
            let mut histogram = metric.histogram();
            histogram.aggregation_temporality(DELTA);
            histogram
                .data_point()
                .start_time_unix_nano(START + from * SECOND)
                .time_unix_nano(START + (from + 10) * SECOND)
                .count(counts.iter().sum())
                .sum(1.5)
                .explicit_bounds(bounds.iter().copied())
                .bucket_counts(counts.iter().copied());
        })
    };
    rig.send(delta(&[1.0], &[2, 1], 0)).await;
    rig.send(delta(&[1.0], &[1, 4], 10)).await;
    let shown = [
        "t_bucket{le=\"1\"} 3",
        "t_bucket{le=\"+Inf\"} 8",
        "t_sum 3",
        "t_count 8",
    ];
    assert_eq!(rig.lines().await, shown);
    rig.send(delta(&[5.0], &[1, 0], 20)).await;
    let shown = [
        "t_bucket{le=\"5\"} 1",
        "t_bucket{le=\"+Inf\"} 1",
        "t_sum 1.5",
        "t_count 1",
    ];
    assert_eq!(rig.lines().await, shown);
}
