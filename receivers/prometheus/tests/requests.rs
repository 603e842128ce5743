//! What is asked for: headers, credentials, paths, redirects, formats.

use super::rig::{Answer, Rig, Target, page, text};

/// Puts the head of the request on the page: `head{line="…"} 1`.
fn echo(head: &str, _: usize) -> Answer {
    let lines = head.lines().map(|line| {
        let line = line.replace('\\', "\\\\").replace('"', "\\\"");
        format!("head{{line=\"{line}\"}} 1\n")
    });
    text(&lines.collect::<String>())
}

/// The lines of the request that such a page shows.
async fn asked(settings: &str) -> Vec<String> {
    let target = Target::start(echo).await;
    let mut rig = Rig::start(&target.job("j", settings)).await;
    let scrape = rig.find(|_| true).await;
    assert!(scrape.is_up());
    let scope = &scrape.0.resource_metrics[0].scope_metrics[0];
    let head = scope
        .metrics
        .iter()
        .find(|metric| metric.name == "head")
        .expect("there");
    let Some(opentelemetry_proto::tonic::metrics::v1::metric::Data::Gauge(gauge)) = &head.data else {
        panic!()
    };
    let line = |point: &opentelemetry_proto::tonic::metrics::v1::NumberDataPoint| {
        let value = point.attributes[0].value.clone().and_then(|value| value.value);
        match value {
            Some(opentelemetry_proto::tonic::common::v1::any_value::Value::StringValue(text)) => text,
            other => panic!("{other:?}"),
        }
    };
    let lines = gauge.data_points.iter().map(line).collect();
    rig.stop().await;
    lines
}

#[tokio::test]
async fn a_request_says_what_prometheus_says() {
    let lines =
        asked(", metrics_path: /m, params: {a: [b]}, scrape_interval: 2s, scrape_timeout: 1500ms").await;
    assert_eq!(lines[0], "GET /m?a=b HTTP/1.1");
    for expected in [
        "accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,\
         text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        "accept-encoding: gzip",
        "x-prometheus-scrape-timeout-seconds: 1.5",
    ] {
        assert!(
            lines.iter().any(|line| line == expected),
            "{expected} in {lines:?}"
        );
    }
    assert!(
        lines.iter().any(|line| line.starts_with("host: 127.0.0.1:")),
        "{lines:?}"
    );
    let plain = asked(", enable_compression: false, scrape_protocols: [PrometheusText0.0.4]").await;
    assert!(plain.contains(&"accept-encoding: identity".to_owned()));
    assert!(
        plain.contains(&"accept: text/plain;version=0.0.4;q=0.6,*/*;q=0.5".to_owned()),
        "{plain:?}"
    );
}

#[tokio::test]
async fn credentials_come_from_settings_and_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secret");
    std::fs::write(&file, "s3cret\n").expect("written");
    let file = file.display();
    for (settings, expected) in [
        (
            ", basic_auth: {username: u, password: p}".to_owned(),
            "authorization: Basic dTpw",
        ),
        (
            format!(", basic_auth: {{username: u, password_file: '{file}'}}"),
            "authorization: Basic dTpzM2NyZXQ=",
        ),
        (
            ", authorization: {credentials: t}".to_owned(),
            "authorization: Bearer t",
        ),
        (
            format!(", authorization: {{type: Token, credentials_file: '{file}'}}"),
            "authorization: Token s3cret",
        ),
        (", bearer_token: t".to_owned(), "authorization: Bearer t"),
        (", http_headers: {X-A: {values: [b]}}".to_owned(), "x-a: b"),
    ] {
        let lines = asked(&settings).await;
        assert!(
            lines.iter().any(|line| line == expected),
            "{expected} in {lines:?}"
        );
    }
    let target = Target::start(echo).await;
    let mut rig = Rig::start(&target.job("j", ", bearer_token_file: /no/such/file")).await;
    assert!(!rig.find(|_| true).await.is_up());
    rig.stop().await;
}

#[tokio::test]
async fn redirects_are_followed_without_the_credentials_of_the_target() {
    let other = Target::start(|head, _| {
        assert!(!head.contains("authorization"), "{head}");
        match head.starts_with("GET /here HTTP/1.1\n") {
            true => text("a 1\n"),
            false => {
                Answer::Bytes(b"HTTP/1.1 302 Found\r\nLocation: here\r\nContent-Length: 0\r\n\r\n".to_vec())
            }
        }
    })
    .await;
    let place = format!(
        "HTTP/1.1 301 Moved\r\nLocation: http://{}/there\r\nContent-Length: 0\r\n\r\n",
        other.address
    );
    let target = Target::start(move |_, _| Answer::Bytes(place.clone().into_bytes())).await;
    for (settings, up) in [(", bearer_token: t", true), (", follow_redirects: false", false)] {
        let mut rig = Rig::start(&target.job("j", settings)).await;
        let scrape = rig.find(|_| true).await;
        assert_eq!((scrape.is_up(), scrape.value("a").is_some()), (up, up));
        rig.stop().await;
    }
    let circle = Target::start(|_, _| {
        Answer::Bytes(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n".to_vec())
    })
    .await;
    let mut rig = Rig::start(&circle.job("j", "")).await;
    assert!(!rig.find(|_| true).await.is_up());
    rig.stop().await;
}

#[tokio::test]
async fn a_page_without_a_type_is_read_as_the_job_says() {
    let target = Target::start(|_, _| Answer::Last(b"HTTP/1.0 200 OK\r\n\r\na 1\n# EOF\n".to_vec())).await;
    for (settings, up) in [
        ("", false),
        (", fallback_scrape_protocol: OpenMetricsText1.0.0", true),
    ] {
        let mut rig = Rig::start(&target.job("j", settings)).await;
        assert_eq!(rig.find(|_| true).await.is_up(), up, "{settings}");
        rig.stop().await;
    }
    let html = Target::start(|_, _| Answer::Bytes(page("text/html", b"a 1\n"))).await;
    let mut rig = Rig::start(&html.job("j", ", fallback_scrape_protocol: PrometheusText0.0.4")).await;
    assert!(rig.find(|_| true).await.is_up());
    rig.stop().await;
}
