use std::time::Duration;

use sidelight_config::{FixedEnv, Owner, load_str, read, settings};

use super::*;
use crate::sampling::{MetricSettings, MetricTable, Timing, readme_table};

settings! {
    /// A receiver's settings.
    pub struct Config {
        /// When.
        flatten timing: Timing,
        /// What.
        metrics: MetricSettings<Heart>,
    }
}

fn parse(text: &str) -> Result<Config, String> {
    let (tree, mut mistakes) = load_str("pipeline.yaml", text, &FixedEnv::new());
    let root = tree.expect("it is YAML").root;
    let owner = Owner {
        label: "receiver `heart`".into(),
        readme: None,
        place: root.span,
    };
    read::<Config>(&root, owner, &mut mistakes)
        .map(|read| read.config)
        .ok_or_else(|| mistakes.render_plain())
}

#[test]
fn metrics_are_switched_by_either_name_and_the_table_says_the_rest() {
    let enabled = |text: &str| {
        let set = parse(text).expect("no mistake").metrics.enabled();
        [Heart::Beats, Heart::Volume, Heart::Pressure].map(|metric| set.contains(metric))
    };
    assert_eq!(enabled("{}"), [true, true, false]);
    assert_eq!(
        enabled("metrics: {heart.pressure: {enabled: true}}"),
        [true, true, true]
    );
    assert_eq!(
        enabled("metrics: {heart.volume: {enabled: false}}"),
        [true, false, false]
    );
    assert_eq!(
        enabled("metrics: {heart.content: {enabled: false}, heart.beats: }"),
        [true, false, false]
    );
}

#[test]
fn an_unknown_metric_is_shown_with_what_was_meant() {
    let mistakes = parse("metrics:\n  heart.pressur: {enabled: true}\n  heart.beats: {enable: true}\n");
    let mistakes = mistakes.expect_err("mistakes");
    for part in [
        "pipeline.yaml:2:3: unknown metric `heart.pressur` in `metrics` of receiver `heart`",
        "did you mean `heart.pressure`?",
        "metrics: heart.beats, heart.volume, heart.pressure",
        "did you mean `enabled`?",
    ] {
        assert!(mistakes.contains(part), "{part} is not in\n{mistakes}");
    }
    assert!(parse("metrics: [heart.beats]").is_err());
}

#[test]
fn timing_has_the_collectors_defaults_and_no_interval_of_nothing() {
    let timing = parse("{}").expect("no mistake").timing;
    assert_eq!(timing.collection_interval, Duration::from_secs(60));
    assert_eq!(
        (timing.initial_delay, timing.timeout),
        (Duration::from_secs(1), Duration::ZERO)
    );
    assert!(parse("collection_interval: 0s").is_err());
    assert!(parse("collection_interval: 1s\ninitial_delay: 0s").is_ok());
}

#[test]
fn the_readme_has_both_names() {
    let table = readme_table(Heart::METRICS);
    let line = "| `heart.volume` (`heart.content`) | up-down counter, `By` |  | on | Blood in it. |";
    assert!(table.contains(line), "{table}");
}
