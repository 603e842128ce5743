//! The settings: mistakes, and what the README says of metrics.

use std::time::Duration;

use sidelight_component::Role;
use sidelight_testkit::component::settings;

use crate::process::{Config, Metric};
use crate::sampling::{MetricTable as _, readme_table};

fn mistakes(yaml: &str) -> String {
    settings::<Config>(Role::Receiver, "process", yaml).expect_err("a mistake")
}

#[test]
fn mistakes_name_their_place_and_what_to_do() {
    for (yaml, expected) in [
        ("targets: []", "must be 1 to 64 processes"),
        ("collection_interval: 5s", "missing setting `targets`"),
        ("targets: [{name: x}]", "does not say which process it is"),
        ("targets: [{pid: 1, cmdline: x}]", "remove `cmdline` or `pid`"),
        ("targets: [{pid: 0}]", "must be at least 1"),
        ("targets: [{cmdline: ''}]", "is empty"),
        (
            "targets: [{cmdline: '('}]",
            "is no regular expression: unclosed group",
        ),
        (
            "targets: [{executable: '(', match_type: regexp}]",
            "is no regular expression",
        ),
        (
            "targets: [{cmdline: x, match_type: regexp}]",
            "has no meaning without `executable`",
        ),
        (
            "targets: [{cmdline: x, open_files: {db: '['}}]",
            "`targets.0.open_files.db`",
        ),
        (
            "targets: [{cmdline: x, tree: true, match: all}]",
            "adds processes up",
        ),
        (
            "targets: [{cmdline: x}, {cmdline: x}]",
            "is the same process under the same name",
        ),
        ("targets: [{cgroup: a/../b}]", "has `..` in it"),
        ("targets: [{cmdline: x, match: first-of-all}]", "`oldest`"),
        (
            "targets: [{pid: 1}]\nmetrics: {process.cpu.tme: {enabled: true}}",
            "did you mean `process.cpu.time`?",
        ),
        (
            "targets: [{pid: 1}]\nmetrics: {process.threads: {collection_interval: 1ms}}",
            "is shorter than 100ms",
        ),
        (
            "collection_interval: 5s\ntargets: [{pid: 1}]\nmetrics: {process.uptime: {collection_interval: 5001ms}}",
            "make the longer ones multiples of the shorter ones",
        ),
    ] {
        let mistakes = mistakes(yaml);
        assert!(mistakes.contains(expected), "{yaml}\n{mistakes}");
        assert!(mistakes.starts_with("pipeline.yaml:"), "{mistakes}");
    }
}

#[test]
fn every_metric_has_its_own_interval() {
    let yaml = "collection_interval: 5s\ntargets: [{pid: 1}]\nmetrics:\n  process.memory.virtual: {collection_interval: 10s}\n  \
                process.thread.count: {collection_interval: 30s}\n  process.uptime: {enabled: false}\n";
    let config: Config = settings(Role::Receiver, "process", yaml).expect("settings");
    assert_eq!(config.tick(), Duration::from_secs(5));
    let enabled = config.schedule().enabled();
    assert!(enabled.contains(Metric::MemoryVirtual) && !enabled.contains(Metric::Uptime));
    assert!(!enabled.contains(Metric::CpuUtilization), "off unless asked for");
}

#[test]
fn the_readme_has_the_metrics_of_the_code() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("process/README.md");
    let found = std::fs::read_to_string(&path).expect("a README");
    let table = readme_table(Metric::METRICS);
    let expected =
        sidelight_testkit::readme::between(&found, "<!-- metrics -->", "<!-- /metrics -->", &table);
    let expected = expected.expect("markers");
    if std::env::var_os("UPDATE_READMES").is_some() {
        std::fs::write(&path, expected).expect("written");
    } else {
        let how = "run UPDATE_READMES=1 cargo test -p sidelight-receivers readme";
        assert!(found == expected, "{how}");
    }
}
