//! One row for every answer that a destination can give, and for every way of giving none.

use std::time::{Duration, Instant};

use sidelight_component::{Sent, Signal};
use sidelight_testkit::answers::{Want, check};
use sidelight_testkit::exporter::PATIENCE;
use sidelight_testkit::scripted_http1::{Script, Server, answer};

use super::otlp::*;
use super::rig;

/// Version, and what the destination does.
type Case = (u8, Script);

/// Sends four numbers, a native histogram and an exemplar.
async fn attempt((version, script): &Case) -> Sent {
    let server = Server::start(script.clone()).await;
    let message = if *version == 1 {
        "prometheus.WriteRequest"
    } else {
        "io.prometheus.write.v2.Request"
    };
    let rig = rig(&format!(
        "endpoint: http://{}/w\nprotobuf_message: {message}\n",
        server.address
    ));
    let mut first = number(&[], 0, 1.0);
    first.exemplars = vec![exemplar(0, 1.0, &[])];
    let points = vec![
        first,
        number(&[], 1, 1.0),
        number(&[], 2, 1.0),
        number(&[], 3, 1.0),
    ];
    let metrics = vec![
        sum("sent", 2, points),
        exponential("size", 2, vec![exponential_point(0, 0, &[1])]),
    ];
    let payload = payload(&[request(&[], metrics)]);
    let request = rig.exporter.encode(Signal::Metrics, &payload).expect("encoded");
    let patience = if *script == Script::Silence {
        Duration::from_millis(50)
    } else {
        PATIENCE
    };
    rig.exporter.send(&request, Instant::now() + patience).await
}

fn says(status: u16, headers: &[(&str, &str)], body: &str) -> Script {
    Script::Write(answer(status, headers, body.as_bytes()))
}

const SAMPLES: &str = "X-Prometheus-Remote-Write-Samples-Written";
const HISTOGRAMS: &str = "X-Prometheus-Remote-Write-Histograms-Written";
const EXEMPLARS: &str = "X-Prometheus-Remote-Write-Exemplars-Written";

#[tokio::test]
async fn an_answer_means_what_the_specification_says() {
    let all = [(SAMPLES, "4"), (HISTOGRAMS, "1"), (EXEMPLARS, "1")];
    let mut rows: Vec<(Case, Want)> = vec![
        ((1, says(200, &[], "")), Want::Accepted),
        ((1, says(204, &[], "")), Want::Accepted),
        // In 1.0 the headers say nothing.
        ((1, says(204, &[(SAMPLES, "0")], "")), Want::Accepted),
        ((2, says(204, &all, "")), Want::Accepted),
        (
            (2, says(200, &[(SAMPLES, "4"), (HISTOGRAMS, "1")], "")),
            Want::Accepted,
        ),
        (
            (2, says(200, &[(SAMPLES, "2"), (HISTOGRAMS, "1")], "")),
            Want::Partial(2, "HTTP 200 OK, but only 3 of 5 samples were written"),
        ),
        ((2, says(200, &[(SAMPLES, "0")], "")), Want::Rejected),
        // It knows 1.0 alone, and took it for an empty request.
        ((2, says(204, &[], "")), Want::Rejected),
        ((2, says(204, &[(SAMPLES, "many")], "")), Want::Rejected),
        ((2, says(400, &[], "bad")), Want::Rejected),
        (
            (
                2,
                says(400, &[(SAMPLES, "3"), (HISTOGRAMS, "0")], "out of order sample"),
            ),
            Want::Partial(2, "HTTP 400 Bad Request: out of order sample"),
        ),
        // Everything is there but an exemplar.
        (
            (
                2,
                says(400, &[(SAMPLES, "4"), (HISTOGRAMS, "1")], "out of order exemplar"),
            ),
            Want::Partial(0, "HTTP 400 Bad Request: out of order exemplar"),
        ),
        ((2, says(415, &[], "")), Want::Rejected),
    ];
    for version in [1, 2] {
        for status in [300, 301, 302, 307, 400, 401, 403, 404, 405, 408, 409, 415, 422] {
            rows.push(((version, says(status, &[], "no")), Want::Rejected));
        }
        for status in [429, 500, 501, 502, 503, 504, 505, 599] {
            let maybe = status == 504;
            let after = Some(Duration::from_secs(7));
            rows.push(((version, says(status, &all, "later")), Want::Retry(None, maybe)));
            rows.push((
                (version, says(status, &[("Retry-After", "7")], "")),
                Want::Retry(after, maybe),
            ));
        }
        rows.push(((version, says(413, &[], "")), Want::TooLarge));
        rows.push(((version, Script::CloseAtOnce), Want::RetryRaced));
        rows.push((
            (version, Script::WriteAndClose(b"HTTP/1.1 2".to_vec())),
            Want::Retry(None, true),
        ));
        rows.push(((version, Script::Silence), Want::Retry(None, true)));
        let huge = answer(200, &all, &vec![b'x'; 5 << 20]);
        rows.push(((version, Script::Write(huge)), Want::Rejected));
    }
    check(&rows, attempt).await;
}

#[tokio::test]
async fn whoever_does_not_know_two_point_zero_is_told_what_to_set() {
    for script in [says(204, &[], ""), says(415, &[], "")] {
        match attempt(&(2, script)).await {
            Sent::Rejected { reason } => {
                assert!(
                    reason.contains("set `protobuf_message: prometheus.WriteRequest`"),
                    "{reason}"
                );
            }
            other => panic!("{other:?}"),
        }
    }
}
