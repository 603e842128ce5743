//! Settings: the Collector's, and mistakes.

use std::time::Duration;

use sidelight_component::sending::Sizer;
use sidelight_component::{ExporterConfig as _, Role};
use sidelight_testkit::component;

use super::Config;

fn read(settings: &str) -> Result<Config, String> {
    component::settings(Role::Exporter, "prometheus_remote_write", settings)
}

#[test]
fn the_collectors_words_for_the_queue_are_those_of_every_queue() {
    let config = read("endpoint: http://h/w\nremote_write_queue: {queue_size: 77, num_consumers: 3}")
        .expect("settings");
    let sending = config.sending();
    assert_eq!(sending.queue.capacity(), Some((77, Sizer::Requests)));
    assert_eq!((sending.queue.enabled, sending.queue.num_consumers), (true, 3));
    let defaults = read("endpoint: http://h/w").expect("settings").sending();
    assert_eq!(defaults.queue.capacity(), None);
    assert_eq!(
        (defaults.retry.initial_interval, defaults.timeout),
        (Duration::from_millis(50), Duration::from_secs(5))
    );
}

#[test]
fn mistakes_say_what_to_do() {
    for (settings, expected) in [
        ("namespace: a", "endpoint"),
        ("endpoint: prometheus:9090", "has no scheme"),
        ("endpoint: http://h/w\ncompression: gzip", "must be `snappy`"),
        (
            "endpoint: http://h/w\nprotobuf_message: v2",
            "must be `prometheus.WriteRequest` or `io.prometheus.write.v2.Request`",
        ),
        (
            "endpoint: http://h/w\ntranslation_strategy: NoTranslation",
            "needs remote write 2.0",
        ),
        (
            "endpoint: http://h/w\ntranslation_strategy: UnderscoreEscapingWithSuffixes\nadd_metric_suffixes: false",
            "contradicts `translation_strategy`",
        ),
        ("endpoint: http://h/w\nexternal_labels: {a: ''}", "is no label"),
        ("endpoint: http://h/w\nexternal_labels: {'__': x}", "is no label"),
        (
            "endpoint: http://h/w\nheaders: {Content-Type: a}",
            "cannot be changed",
        ),
        (
            "endpoint: http://h/w\nwal: {directory: /tmp}",
            "the durable queue is not built yet",
        ),
        (
            "endpoint: http://h/w\nremote_write_queue: {}\nsending_queue: {}",
            "is the same as `sending_queue`",
        ),
    ] {
        let error = read(settings).expect_err(settings);
        assert!(error.contains(expected), "{settings}: {error}");
    }
}
