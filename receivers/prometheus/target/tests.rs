//! From discovered labels to a page.

use sidelight_component::Role;
use sidelight_testkit::component;

use super::*;
use crate::prometheus::Config;

fn job(yaml: &str) -> Job {
    let text = format!("config: {{scrape_configs: [{{job_name: j, static_configs: [{{}}], {yaml}}}]}}");
    let config: Config = component::settings(Role::Receiver, "x", &text).unwrap_or_else(|e| panic!("{e}"));
    Job::new(&config, &config.config.scrape_configs[0])
}

fn discovered(address: &str, job: &Job) -> Result<Option<Target>, TargetProblem> {
    let labels = vec![
        ("__address__".to_owned(), address.to_owned()),
        ("__meta_x".to_owned(), "m".to_owned()),
        ("zone".to_owned(), "a".to_owned()),
    ];
    Target::discover(Labels::from_unsorted(labels).expect("unique"), job)
}

#[test]
fn a_target_has_the_labels_and_the_page_that_its_job_says() {
    let job = job(
        "scheme: https, metrics_path: /a b, params: {module: [x y, z], 'n&': ['1']}, scrape_interval: 5s",
    );
    let target = discovered("h:1", &job).expect("good").expect("kept");
    let labels: Vec<_> = target.labels.iter().collect();
    assert_eq!(labels, [("instance", "h:1"), ("job", "j"), ("zone", "a")]);
    assert_eq!(target.path, "/a%20b?module=x%20y&module=z&n%26=1");
    assert_eq!(target.shown(), "https://h:1/a%20b");
    assert_eq!(
        (target.interval, target.timeout),
        (Duration::from_secs(5), Duration::from_secs(5))
    );
    assert!(target.offset() < target.interval);
    assert_eq!(target.offset(), target.clone().offset());
}

#[test]
fn relabelling_can_move_rename_and_drop_a_target() {
    let moved = job(
        "relabel_configs: [{target_label: __address__, replacement: 'proxy:9'}, \
         {source_labels: [__meta_x], target_label: __param_target}, {target_label: instance, replacement: i}, \
         {target_label: __scrape_interval__, replacement: 30s}, {target_label: __metrics_path__, replacement: probe}]",
    );
    let target = discovered("h:1", &moved).expect("good").expect("kept");
    assert_eq!(
        (target.address.as_str(), target.path.as_str()),
        ("proxy:9", "/probe?target=m")
    );
    assert_eq!(target.labels.get("instance"), "i");
    assert_eq!(target.interval, Duration::from_secs(30));
    let dropping = job("relabel_configs: [{source_labels: [zone], regex: a, action: drop}]");
    assert_eq!(discovered("h:1", &dropping), Ok(None));
}

#[test]
fn an_exporter_that_is_asked_about_others_has_their_addresses_as_targets() {
    let text = "config:\n  scrape_configs:\n  - job_name: redis\n    metrics_path: /scrape\n    static_configs: [{targets: \
                ['redis://r:6379']}]\n    relabel_configs:\n    - {source_labels: [__address__], target_label: \
                __param_target}\n    - {source_labels: [__param_target], target_label: instance}\n    - {target_label: \
                __address__, replacement: 'exporter:9121'}\n";
    let config: Config =
        component::settings(Role::Receiver, "x", text).unwrap_or_else(|error| panic!("{error}"));
    let job = Job::new(&config, &config.config.scrape_configs[0]);
    let target = discovered("redis://r:6379", &job).expect("good").expect("kept");
    assert_eq!(
        (target.address.as_str(), target.labels.get("instance")),
        ("exporter:9121", "redis://r:6379")
    );
    assert_eq!(target.path, "/scrape?target=redis%3A%2F%2Fr%3A6379");
}

#[test]
fn relabelling_sees_times_as_prometheus_writes_them_and_parameters_that_discovery_gave() {
    let job = job("scrape_interval: 90s, scrape_timeout: 1500ms, params: {a: [b]}, \
         relabel_configs: [{regex: '__(scrape_.*|param_.*)__?', action: labelmap}]");
    let labels = vec![
        ("__address__".to_owned(), "h:1".to_owned()),
        ("__param_a".to_owned(), "c".to_owned()),
    ];
    let target = Target::discover(Labels::from_unsorted(labels).expect("unique"), &job);
    let target = target.expect("good").expect("kept");
    assert_eq!(target.labels.get("scrape_interval_"), "1m30s");
    assert_eq!(target.labels.get("scrape_timeout_"), "1s500ms");
    assert_eq!(target.path, "/metrics?a=c");
}

#[test]
fn labels_that_make_no_target_say_why() {
    let plain = job("scrape_interval: 1m");
    for address in ["", "http://h:1", "h:1/metrics", "u@h"] {
        assert_eq!(
            discovered(address, &plain),
            Err(TargetProblem::Address),
            "{address}"
        );
    }
    let relabelled = |label: &str, value: &str| {
        let job = job(&format!(
            "relabel_configs: [{{target_label: {label}, replacement: '{value}'}}]"
        ));
        discovered("h:1", &job)
    };
    assert_eq!(relabelled("__scheme__", "ftp"), Err(TargetProblem::Scheme));
    assert_eq!(relabelled("__scrape_interval__", "x"), Err(TargetProblem::Times));
    assert_eq!(relabelled("__scrape_interval__", "1s"), Err(TargetProblem::Times));
}
