//! What a scraper gets by what it asks.

use super::*;

#[tokio::test]
async fn only_one_page_is_there_and_it_can_only_be_read() {
    let rig = Rig::start("").await;
    rig.take(|scope| gauge(scope, "heat", &[("", At(0, 1))])).await;
    for (method, path, status) in [
        ("GET", "/", "404"),
        ("GET", "/metrics/", "404"),
        ("POST", "/metrics", "405"),
        ("GET", "/metrics?name=x", "200"),
        ("HEAD", "/metrics", "200"),
    ] {
        let (head, body) = rig.ask(method, path, "").await;
        assert!(
            head.starts_with(&format!("http/1.0 {status}")),
            "{method} {path}: {head}"
        );
        assert_eq!(body.is_empty(), method == "HEAD", "{method} {path}");
    }
}

#[tokio::test]
async fn the_format_is_what_the_scraper_asks_for() {
    let protobuf =
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
    for (settings, accept, content_type) in [
        (
            "",
            "",
            "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
        ),
        (
            "",
            "application/openmetrics-text;version=1.0.0, */*;q=0.1",
            "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
        ),
        (
            "enable_open_metrics: true",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
        ),
        (
            "",
            protobuf,
            "application/vnd.google.protobuf; proto=io.prometheus.client.metricfamily; encoding=delimited; escaping=underscores",
        ),
    ] {
        let rig = Rig::start(settings).await;
        rig.take(|scope| gauge(scope, "heat", &[("", At(0, 1))])).await;
        let (head, body) = rig.ask("GET", "/metrics", &format!("accept: {accept}\r\n")).await;
        assert!(
            head.contains(&format!("content-type: {content_type}\r\n")),
            "{head}"
        );
        assert_eq!(body.ends_with(b"# EOF\n"), content_type.contains("openmetrics"));
        assert_eq!(body.first() == Some(&b'#'), !content_type.contains("protobuf"));
    }
}

#[tokio::test]
async fn names_of_all_characters_are_given_to_who_reads_them() {
    let rig = Rig::start("translation_strategy: NoTranslation").await;
    rig.take(|scope| gauge(scope, "heat.pump", &[("", At(0, 1))]))
        .await;
    assert_eq!(rig.lines().await, ["heat_pump 1"]);
    let accept = "accept: text/plain;version=1.0.0;escaping=allow-utf-8\r\n";
    assert_eq!(
        rig.page_with(accept).await,
        "# TYPE \"heat.pump\" gauge\n{\"heat.pump\"} 1\n"
    );
}

#[tokio::test]
async fn a_stopped_exporter_answers_nobody_and_can_be_stopped_twice() {
    let rig = Rig::start("").await;
    let address = rig.exporter.address().unwrap();
    let stopped = async {
        rig.exporter.stop().await;
        rig.exporter.stop().await;
    };
    tokio::time::timeout(PATIENCE, stopped).await.expect("stopped");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_setting() {
    let rig = Rig::start("").await;
    let config = read(&format!("endpoint: {}", rig.exporter.address().unwrap())).unwrap();
    let context = sidelight_testkit::component::context(Role::Exporter, "prometheus");
    let error = PrometheusExporter::new(config, &context)
        .unwrap()
        .start()
        .await
        .unwrap_err();
    assert_eq!(error.setting.as_deref(), Some("endpoint"));
}

#[test]
fn settings_that_make_no_sense_are_named() {
    for (yaml, problem) in [
        (
            "endpoint: 0.0.0.0:8889",
            "listens beyond this machine without authentication",
        ),
        ("const_labels: {\"__x\": y}", "Prometheus' own"),
        ("const_labels: {\"数\": y}", "no label can be made"),
        (
            "translation_strategy: NoTranslation\nadd_metric_suffixes: false",
            "has no effect",
        ),
        ("resource_constant_labels: {included: [\"*\"]}", "not built"),
        ("metric_expiration: 0s", "at least 1s"),
    ] {
        let mistakes = read(yaml).err().unwrap_or_default();
        assert!(mistakes.contains(problem), "{yaml}: {mistakes}");
    }
}
