//! Settings in the Collector's words.

use std::time::Duration;

use sidelight_component::sending::Sizer;
use sidelight_component::{ExporterConfig, Role};
use sidelight_testkit::component::settings;

use super::Config;

fn read(yaml: &str) -> Result<Config, String> {
    settings(Role::Exporter, "prometheus_remote_write", yaml)
}

#[test]
fn defaults_are_the_collectors_but_for_the_size_of_the_queue() {
    let sending = read("endpoint: http://h/w").expect("valid").sending();
    assert_eq!(sending.timeout, Duration::from_secs(5));
    assert_eq!(sending.retry.initial_interval, Duration::from_millis(50));
    assert!(sending.queue.enabled);
    assert_eq!(sending.queue.capacity(), None);
}

#[test]
fn the_collectors_words_for_the_queue_mean_the_queue() {
    let of = |yaml: &str| {
        let queue = read(&format!("endpoint: http://h/w\n{yaml}"))
            .expect("valid")
            .sending()
            .queue;
        (queue.enabled, queue.capacity())
    };
    assert_eq!(of("remote_write_queue: {enabled: false}"), (false, None));
    assert_eq!(of("sending_queue: {enabled: false}"), (false, None));
    let of_size = (true, Some((50, Sizer::Requests)));
    assert_eq!(
        of("remote_write_queue: {queue_size: 50, num_consumers: 3}"),
        of_size
    );
    assert_eq!(
        of("sending_queue: {sizer: bytes}\nremote_write_queue: {queue_size: 50}"),
        of_size
    );
}

#[test]
fn mistakes_are_named_with_their_place() {
    for (yaml, problem) in [
        ("timeout: 1s", "`endpoint`"),
        (
            "endpoint: h:9090",
            "`endpoint` of exporter `prometheus_remote_write` has no scheme",
        ),
        ("endpoint: http://u:p@h/w", "headers or auth"),
        (
            "endpoint: \"http://h/w?a b\"",
            "has a path or query that no request can have",
        ),
        (
            "endpoint: http://h/w\ntranslation_strategy: NoTranslation",
            "needs remote write 2.0",
        ),
        (
            "endpoint: http://h/w\ntranslation_strategy: NoTranslation\nadd_metric_suffixes: true",
            "has no effect beside `translation_strategy`",
        ),
        (
            "endpoint: http://h/w\nheaders: {User-Agent: me}",
            "is set by the protocol",
        ),
        (
            "endpoint: http://h/w\nexternal_labels: {a: \"\"}",
            "`external_labels.a`",
        ),
        (
            "endpoint: http://h/w\nexternal_labels: {_: b}",
            "has a name that no label can have",
        ),
        (
            "endpoint: http://h/w\nremote_write_queue: {queue_size: 0}",
            "must be greater than 0",
        ),
        (
            "endpoint: http://h/w\nremote_write_queue: {queue_size: 5}\nsending_queue: {queue_size: 5}",
            "gives `queue_size` a second time",
        ),
        ("endpoint: http://h/w\ncompression: gzip", "`compression`"),
        (
            "endpoint: http://h/w\nwal: {directory: d}",
            "the durable queue is not built yet",
        ),
        (
            "endpoint: http://h/w\nmax_batch_request_parallelism: 5",
            "requests leave one at a time",
        ),
    ] {
        let mistakes = read(yaml).err().unwrap_or_default();
        assert!(mistakes.contains(problem), "{yaml}: {mistakes}");
    }
}

#[test]
fn what_the_query_of_the_endpoint_says_is_not_shown() {
    let mistakes = read("endpoint: \"http://h/w?token=se cret\"").expect_err("a mistake");
    let told = mistakes.lines().next().unwrap_or_default();
    assert!(!told.contains("cret"), "{told}");
}
