//! What stands in a `prometheus.yml`, and mistakes in it.

use sidelight_component::Role;
use sidelight_testkit::component;

use super::super::job::Job;
use super::*;

fn read(yaml: &str) -> Result<Config, String> {
    component::settings(Role::Receiver, "prometheus", yaml)
}

/// The mistakes of a job with these settings, one line each.
fn mistakes(settings: &str) -> String {
    let yaml = format!(
        "config:\n  scrape_configs:\n  - job_name: a\n    static_configs: [{{targets: ['h:1']}}]\n    {settings}\n"
    );
    read(&yaml).expect_err(settings)
}

#[test]
fn a_prometheus_yml_is_read_as_it_is() {
    let yaml = r#"
config:
  global:
    scrape_interval: 15s
    evaluation_interval: 15s
  scrape_configs:
    - job_name: 'myapp'
      metrics_path: '/api/metrics'
      scrape_interval: 5s
      static_configs:
        - targets: ['localhost:8000', "localhost:8001"]
    - job_name: blackbox
      scrape_timeout: 1m
      scrape_interval: 2m
      params:
        module: [http_2xx]
      file_sd_configs:
        - files: [/etc/prometheus/targets/*.json]
          refresh_interval: 1m
      relabel_configs:
        - source_labels: [__address__]
          target_label: __param_target
        - source_labels: [__address__]
          regex: '([^:]+)(?::\d+)?'
          replacement: '${1}:9115'
          target_label: __address__
        - regex: __meta_(.+)
          action: labelmap
"#;
    let refused = read(yaml).expect_err("one warning");
    assert!(
        refused.contains("`evaluation_interval` is not supported") && refused.contains("1 warning"),
        "{refused}"
    );
    let config = read(&yaml.replace("    evaluation_interval: 15s\n", "")).unwrap_or_else(|e| panic!("{e}"));
    let jobs: Vec<Job> = config
        .config
        .scrape_configs
        .iter()
        .map(|job| Job::new(&config, job))
        .collect();
    assert_eq!(
        (jobs[0].interval.as_secs(), jobs[0].timeout.as_secs()),
        (5, 5),
        "the timeout is cut to the interval"
    );
    assert_eq!((jobs[1].interval.as_secs(), jobs[1].timeout.as_secs()), (120, 60));
    assert_eq!(
        config.config.scrape_configs[1].relabel_configs[1].replacement,
        "${1}:9115"
    );
}

#[test]
fn a_limit_of_zero_is_that_of_global() {
    let yaml = "config:\n  global: {sample_limit: 7, label_limit: 5}\n  scrape_configs:\n  - {job_name: a, sample_limit: 0, \
                label_limit: 3, static_configs: [{}]}\n";
    let config = read(yaml).unwrap_or_else(|e| panic!("{e}"));
    let job = Job::new(&config, &config.config.scrape_configs[0]);
    assert_eq!(
        (
            job.samples.sample_limit,
            job.samples.label_limit,
            job.target_limit
        ),
        (7, 3, 0)
    );
}

#[test]
fn mistakes_have_their_place_and_say_what_to_do() {
    for (settings, place, expected) in [
        (
            "scrape_interval: 5",
            ":5:22:",
            "must be a duration such as `15s` or `1m30s`, not `5`",
        ),
        (
            "scrape_timeout: 20s\n    scrape_interval: 10s",
            ":5:21:",
            "must not be longer than `scrape_interval`",
        ),
        (
            "scrape_timeout: 2m",
            ":5:21:",
            "must not be longer than the interval between scrapes",
        ),
        (
            "kubernetes_sd_configs: [{role: pod}]",
            ":5:5:",
            "there are `static_configs` and `file_sd_configs`",
        ),
        (
            "proxy_url: http://p",
            ":5:5:",
            "scrapes go to the targets directly",
        ),
        (
            "metric_relabel_config: []",
            ":5:5:",
            "did you mean `metric_relabel_configs`?",
        ),
        (
            "metric_relabel_configs: [{regex: '*'}]",
            ":5:38:",
            "is no regular expression: repetition operator missing expression",
        ),
        (
            "scrape_protocols: [PrometheusText]",
            ":5:24:",
            "must be `PrometheusProto`",
        ),
        (
            "basic_auth: {username: a}\n    bearer_token: b",
            ":6:19:",
            "and `basic_auth` exclude each other",
        ),
        (
            "authorization: {type: Basic, credentials: x}",
            ":5:27:",
            "that is what `basic_auth` is for",
        ),
        (
            "http_headers: {Host: {values: [x]}}",
            ":5:26:",
            "is a header that the scraper writes itself",
        ),
        (
            "file_sd_configs: [{files: ['/a/*/b.json']}]",
            ":5:32:",
            "with `*` in its last part alone",
        ),
        ("tls_config: {cert_file: x}", ":5:29:", "give both or none"),
    ] {
        let found = mistakes(settings);
        assert!(
            found.contains(expected) && found.contains(place),
            "{settings}: {found}"
        );
    }
    let jobs = |jobs: &str| read(&format!("config: {{scrape_configs: [{jobs}]}}")).expect_err(jobs);
    let with_path = jobs("{job_name: a, static_configs: [{targets: ['http://h/x']}]}");
    assert!(
        with_path.contains("`host:port`, without a scheme or a path"),
        "{with_path}"
    );
    let twice = jobs("{job_name: a, static_configs: [{}]}, {job_name: a, static_configs: [{}]}");
    assert!(twice.contains("names a job that is there already"), "{twice}");
    assert!(
        read("config: {scrape_configs: [{job_name: a}]}")
            .expect_err("no targets")
            .contains("has no targets")
    );
}

#[test]
fn secrets_are_not_shown() {
    let yaml = "config: {scrape_configs: [{job_name: a, static_configs: [{}], basic_auth: {username: u, password: s3cret}}]}";
    let config = read(yaml).unwrap_or_else(|e| panic!("{e}"));
    assert!(!format!("{config:?}").contains("s3cret"));
}

fn job(global: &str, settings: &str) -> Job {
    let yaml = format!(
        "config: {{global: {{{global}}}, scrape_configs: [{{job_name: a, static_configs: [{{}}], {settings}}}]}}"
    );
    let config = read(&yaml).unwrap_or_else(|e| panic!("{e}"));
    Job::new(&config, &config.config.scrape_configs[0])
}

#[test]
fn times_come_from_the_job_then_from_global_then_from_prometheus_and_zero_is_no_time() {
    for (global, settings, expected) in [
        ("", "", (60, 10)),
        ("scrape_interval: 5s", "", (5, 5)),
        ("scrape_interval: 0, scrape_timeout: 0s", "", (60, 10)),
        ("scrape_interval: 90s, scrape_timeout: 30s", "", (90, 30)),
        (
            "scrape_interval: 90s, scrape_timeout: 30s",
            "scrape_interval: 20s",
            (20, 20),
        ),
        (
            "scrape_interval: 90s",
            "scrape_interval: 0s, scrape_timeout: 1m30s",
            (90, 90),
        ),
        (
            "scrape_interval: 90s",
            "scrape_interval: 1d, scrape_timeout: 0s",
            (86_400, 10),
        ),
    ] {
        let job = job(global, settings);
        let found = (job.interval.as_secs(), job.timeout.as_secs());
        assert_eq!(found, expected, "{global} / {settings}");
    }
}

#[test]
fn a_job_that_says_which_names_are_valid_also_says_how_they_are_written() {
    for (global, settings, expected) in [
        ("", "", Escaping::AllowUtf8),
        ("metric_name_validation_scheme: legacy", "", Escaping::Underscores),
        ("metric_name_escaping_scheme: dots", "", Escaping::Dots),
        (
            "metric_name_escaping_scheme: allow-utf-8",
            "metric_name_validation_scheme: legacy",
            Escaping::Underscores,
        ),
        (
            "metric_name_escaping_scheme: dots, metric_name_validation_scheme: legacy",
            "metric_name_validation_scheme: utf8",
            Escaping::AllowUtf8,
        ),
        ("", "metric_name_escaping_scheme: values", Escaping::Values),
    ] {
        assert_eq!(job(global, settings).escaping, expected, "{global} / {settings}");
    }
}

#[test]
fn extra_metrics_can_be_asked_for_with_prometheus_own_setting() {
    assert!(!job("", "").samples.extra_metrics);
    assert!(job("extra_scrape_metrics: true", "").samples.extra_metrics);
    assert!(
        !job("extra_scrape_metrics: true", "extra_scrape_metrics: false")
            .samples
            .extra_metrics
    );
    assert!(job("", "extra_scrape_metrics: true").samples.extra_metrics);
}

#[test]
fn mistakes_in_global_and_between_it_and_a_job_have_their_place() {
    for (global, settings, place, expected) in [
        (
            "scrape_interval: 10s, scrape_timeout: 20s",
            "",
            "global.scrape_timeout`",
            "must not be longer than `scrape_interval`",
        ),
        (
            "scrape_protocols: []",
            "",
            "global.scrape_protocols`",
            "must name a format",
        ),
        (
            "scrape_protocols: [PrometheusProto, PrometheusProto]",
            "",
            "global.scrape_protocols.1`",
            "is asked for already",
        ),
        (
            "external_labels: {a.b: c}, metric_name_validation_scheme: legacy",
            "",
            "global.external_labels.a.b`",
            "has a name that no label can have",
        ),
        (
            "metric_name_validation_scheme: legacy",
            "metric_name_escaping_scheme: allow-utf-8",
            "configs.0.metric_name_escaping_scheme`",
            "write `underscores`, `dots` or `values`",
        ),
        (
            "metric_name_validation_scheme: legacy",
            "relabel_configs: [{target_label: a.b}]",
            "configs.0.relabel_configs.0.target_label`",
            "is no name that a label can have",
        ),
        (
            "",
            "metric_relabel_configs: [{action: labelmap, replacement: ''}]",
            "configs.0.metric_relabel_configs.0.replacement`",
            "is no name that a label can have",
        ),
    ] {
        let yaml = format!(
            "config:\n  global: {{{global}}}\n  scrape_configs:\n  - {{job_name: a, static_configs: [{{}}], {settings}}}\n"
        );
        let mistake = read(&yaml).expect_err(global);
        assert!(
            mistake.contains(place) && mistake.contains(expected),
            "{place} {mistake}"
        );
    }
    let empty = read("config: {scrape_configs: []}").expect_err("no job");
    assert!(empty.contains("must have a job"), "{empty}");
}
