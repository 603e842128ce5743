//! Two that want the same name or the same labels.

use super::*;

fn of_service(pid: i64, value: i64, seconds: u64) -> Vec<u8> {
    from_resource(
        |resource| {
            let mut resource = resource.resource();
            resource
                .attribute("service.name", "api")
                .attribute("process.pid", pid);
        },
        |scope| sum(scope, "jobs", CUMULATIVE, 0, At(seconds, value)),
    )
}

#[tokio::test]
async fn of_two_resources_with_the_same_labels_the_later_one_is_shown() {
    let rig = Rig::start("").await;
    rig.send(of_service(1, 900, 10)).await;
    // Restarted: another pid, and a count that began anew.
    assert_eq!(rig.send(of_service(2, 3, 20)).await, Sent::Accepted);
    assert_eq!(rejected(&rig.send(of_service(1, 901, 30)).await), 1);
    assert_eq!(rig.lines().await, ["jobs_total{job=\"api\"} 3"]);
    assert_eq!(
        rig.counter("sidelight_prometheus_refused_points", "duplicate_series"),
        1.0
    );
    let page = rig.page_with("").await;
    assert!(
        page.contains("target_info{job=\"api\",process_pid=\"2\"} 1\n"),
        "{page}"
    );
    assert_eq!(page.matches("\ntarget_info").count(), 1);
}

#[tokio::test]
async fn resources_that_are_told_apart_are_both_shown() {
    let rig = Rig::start("resource_to_telemetry_conversion: {enabled: true}").await;
    rig.send(of_service(1, 900, 10)).await;
    rig.send(of_service(2, 3, 20)).await;
    let labels = |pid| format!("jobs_total{{job=\"api\",process_pid=\"{pid}\",service_name=\"api\"}}");
    assert_eq!(
        rig.lines().await,
        [format!("{} 900", labels(1)), format!("{} 3", labels(2))]
    );
}

#[tokio::test]
async fn of_two_types_of_one_name_the_first_is_shown_until_it_is_gone() {
    let rig = Rig::start("translation_strategy: UnderscoreEscapingWithoutSuffixes").await;
    rig.take(|scope| gauge(scope, "heat", &[("a", At(10, 1))])).await;
    assert_eq!(
        rig.refused(|scope| sum(scope, "heat", CUMULATIVE, 0, At(20, 5)))
            .await,
        1
    );
    assert_eq!(
        rig.page_with("").await,
        "# TYPE heat gauge\nheat{label=\"a\"} 1\n"
    );
    assert_eq!(
        rig.counter("sidelight_prometheus_refused_points", "type_conflict"),
        1.0
    );
    rig.clock.advance(Duration::from_secs(1000));
    rig.exporter.scraped.state.sweep(rig.exporter.scraped.now());
    rig.take(|scope| sum(scope, "heat", CUMULATIVE, 0, At(1020, 5)))
        .await;
    assert_eq!(rig.page_with("").await, "# TYPE heat counter\nheat 5\n");
}

#[tokio::test]
async fn of_two_descriptions_the_first_is_shown_and_no_point_is_lost() {
    let rig = Rig::start("").await;
    for (description, label, unit) in [("First.", "a", "By"), ("Second.", "b", "bytes")] {
        rig.take(|scope| {
            let mut metric = scope.metric();
            metric.name("size").description(description).unit(unit);
            let mut gauge = metric.gauge();
            let mut point = gauge.data_point();
            point
                .time_unix_nano(START)
                .value(NumberValue::Int(1))
                .attribute("label", label);
        })
        .await;
    }
    assert_eq!(
        rig.page_with("").await,
        "# HELP size_bytes First.\n# TYPE size_bytes gauge\nsize_bytes{label=\"a\"} 1\nsize_bytes{label=\"b\"} 1\n"
    );
}

#[tokio::test]
async fn the_name_of_target_info_is_taken() {
    let rig = Rig::start("").await;
    rig.send(of_service(1, 1, 10)).await;
    assert_eq!(
        rig.refused(|scope| gauge(scope, "target.info", &[("", At(0, 1))]))
            .await,
        1
    );
}

#[tokio::test]
async fn attributes_that_meet_other_labels_are_joined_or_set_aside() {
    let rig = Rig::start("const_labels: {zone: north}").await;
    rig.send(from_resource(
        |resource| {
            resource.resource().attribute("service.name", "api");
        },
        |scope| {
            let mut metric = scope.metric();
            metric.name("heat");
            let mut gauge = metric.gauge();
            let mut point = gauge.data_point();
            point.time_unix_nano(START).value(NumberValue::Int(1));
            point
                .attribute("job", "mail")
                .attribute("__name__", "evil")
                .attribute("http.route", "/");
        },
    ))
    .await;
    assert_eq!(
        rig.lines().await,
        [
            "heat{job=\"api\",zone=\"north\",exported___name__=\"evil\",exported_job=\"mail\",http_route=\"/\"} 1"
        ]
    );
}
