//! Targets that lie, never end, or say nonsense: each fails alone, with its reason, and costs a bounded amount.

use std::io::Write as _;
use std::time::Duration;

use super::rig::{Answer, Rig, Target, page, text};

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}

fn gzipped_page(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A scrape of such a target is down, without samples, and the next target is up all the same.
async fn assert_down(settings: &str, answer: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) {
    let bad = Target::start(answer).await;
    let good = Target::start(|_, _| text("good 1\n")).await;
    let budget = 1 << 20;
    let jobs = bad.job("bad", settings) + &good.job("good", "");
    let mut rig = Rig::with_budget(&jobs, budget).await;
    let address = bad.address.to_string();
    let down = rig.find(|scrape| scrape.instance().contains(&address)).await;
    assert!(!down.is_up(), "{settings}");
    assert_eq!(
        down.value("scrape_samples_scraped").map(|count| count < 10.0),
        Some(true)
    );
    assert_eq!(down.value("a"), None);
    let up = rig.find(|scrape| scrape.value("good").is_some()).await;
    assert!(up.is_up());
    assert!(rig.budget.peak() <= budget, "{}", rig.budget.peak());
    rig.stop().await;
}

#[tokio::test]
async fn a_page_that_is_too_long_is_not_read() {
    // By its word, by its length, after inflating, and by what the whole budget could hold.
    assert_down("", |_, _| {
        Answer::Bytes(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000000000\r\n\r\n".to_vec(),
        )
    })
    .await;
    assert_down(", body_size_limit: 1KB", |_, _| text(&"# long\n".repeat(200))).await;
    assert_down(", body_size_limit: 1KB", |_, _| {
        Answer::Bytes(gzipped_page(&gzip("# long\n".repeat(500).as_bytes())))
    })
    .await;
    assert_down("", |_, _| {
        Answer::Bytes(gzipped_page(&gzip(&vec![b'\n'; 64 << 20])))
    })
    .await;
}

#[tokio::test]
async fn a_page_that_never_ends_or_trickles_ends_with_the_timeout() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let endless = head.clone();
    assert_down(", scrape_interval: 300ms, scrape_timeout: 200ms", move |_, _| {
        Answer::Endless(
            endless.clone(),
            b"4\r\na 1\n\r\n".to_vec(),
            Duration::from_millis(20),
        )
    })
    .await;
    assert_down(", scrape_interval: 300ms, scrape_timeout: 200ms", |_, _| {
        Answer::Endless(
            b"HTTP/1.1 200 OK\r\n".to_vec(),
            b"X: y\r\n".to_vec(),
            Duration::from_millis(20),
        )
    })
    .await;
    assert_down("", move |_, _| {
        let piece = [b"8000\r\n", &vec![b'\n'; 0x8000][..], b"\r\n"].concat();
        Answer::Endless(head.clone(), piece, Duration::ZERO)
    })
    .await;
}

#[tokio::test]
async fn a_page_that_breaks_off_or_is_none_fails_as_a_whole() {
    let cut = |body: &str| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n{body}")
            .into_bytes()
    };
    assert_down("", move |_, _| Answer::Last(cut("a 1\nb 2\n"))).await;
    assert_down("", |_, _| text("a 1\nb")).await;
    assert_down("", |_, _| {
        Answer::Bytes(page("application/openmetrics-text", b"a 1\n"))
    })
    .await;
    assert_down("", |_, _| {
        Answer::Bytes(page("text/plain", b"a{b=\"\xff\xfe\"} 1\n"))
    })
    .await;
    assert_down("", |_, _| Answer::Bytes(page("text/html", b"<html>a 1</html>"))).await;
    assert_down("", |_, _| Answer::Bytes(page("text/plain", b"<html>a 1</html>"))).await;
    assert_down("", |_, _| {
        Answer::Bytes(page("application/vnd.google.protobuf", b"a 1\n"))
    })
    .await;
    assert_down("", |_, _| Answer::Bytes(gzipped_page(b"a 1\n"))).await;
    assert_down("", |_, _| {
        Answer::Last(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: br\r\n\r\na 1\n".to_vec(),
        )
    })
    .await;
    assert_down("", |_, _| Answer::Last(b"SSH-2.0-OpenSSH\r\n".to_vec())).await;
    assert_down("", |_, _| Answer::Last(Vec::new())).await;
    assert_down("", |_, _| {
        Answer::Bytes(b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\na 1\n".to_vec())
    })
    .await;
    assert_down("", |_, _| Answer::Bytes(b"HTTP/1.1 204 No\r\n\r\n".to_vec())).await;
}

#[tokio::test]
async fn a_page_of_more_series_than_there_is_room_for_is_down_and_leaves_no_memory() {
    let many: String = (0..20_000)
        .map(|number| format!("a{{b=\"{number}\"}} 1\n"))
        .collect();
    let bad = Target::start(move |_, _| text(&many)).await;
    let mut rig = Rig::with_budget(&bad.job("bad", ""), 1 << 20).await;
    for _ in 0..15 {
        assert!(!rig.find(|_| true).await.is_up());
    }
    rig.stop().await;
}

#[tokio::test]
async fn repeated_series_are_counted_and_the_rest_is_taken() {
    let target = Target::start(|_, _| text("a 1\na 2\nb 3\n")).await;
    let mut rig = Rig::start(&target.job("j", "")).await;
    let scrape = rig.find(|_| true).await;
    assert_eq!(
        (scrape.value("up"), scrape.value("a"), scrape.value("b")),
        (Some(1.0), Some(1.0), Some(3.0))
    );
    assert!(rig.counted("sidelight_receiver_dropped_samples") >= 1.0);
    rig.stop().await;
}

#[tokio::test]
async fn a_page_on_which_the_scrape_panics_costs_its_own_target_alone() {
    // Twice, then a good page: the target begins anew each time and goes on in its own rhythm.
    let bad = Target::start(|_, nth| text(if nth < 3 { "# panic\n" } else { "fine 1\n" })).await;
    let good = Target::start(|_, _| text("good 1\n")).await;
    let mut rig = Rig::start(&(bad.job("bad", "") + &good.job("good", ""))).await;
    let address = bad.address.to_string();
    let down = rig.find(|scrape| scrape.instance().contains(&address)).await;
    assert!(!down.is_up());
    assert!(rig.find(|scrape| scrape.value("good").is_some()).await.is_up());
    assert!(rig.find(|scrape| scrape.value("fine").is_some()).await.is_up());
    assert_eq!(rig.counted("sidelight_component_panics"), 2.0);
    rig.stop().await;
}
