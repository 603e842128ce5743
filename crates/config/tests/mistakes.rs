//! What users see when `pipeline.yaml` is wrong. Snapshots: `INSTA_UPDATE=always cargo test`, then look at them.

mod example;

use example::check;
use sidelight_config::{Severity, Style};

/// One snapshot per row: name, files.
fn assert_shown(name: &str, texts: &[(&str, &str)]) {
    let shown = check(texts).render(Style::Plain);
    assert!(!shown.contains("p4ssw0rd"), "a secret is shown:\n{shown}");
    insta::assert_snapshot!(name, shown);
}

macro_rules! shown {
    ($($(#[$doc:meta])* $name:ident: $text:expr;)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            assert_shown(stringify!($name), &[("pipeline.yaml", $text)]);
        }
    )*};
}

shown! {
    unknown_setting_is_shown_with_a_suggestion:
        "exporters:\n  shipper:\n    endpoint: jaeger:4317\n    timeot: 5s\n";
    unknown_setting_without_a_similar_one_lists_all:
        "exporters:\n  shipper:\n    endpoint: jaeger:4317\n    colour: blue\n";
    setting_of_a_deeper_block_names_its_path:
        "receivers:\n  listener:\n    protocols:\n      grpc:\n    endpoint: localhost:4317\n";
    block_at_the_level_of_its_parent_names_its_path:
        "receivers:\n  listener:\n    protocols:\n    grpc:\n";
    setting_of_an_outer_block_names_its_path:
        "exporters:\n  shipper:\n    endpoint: jaeger:4317\n    batch:\n      headers: {}\n";
    wrong_type_is_shown:
        "exporters:\n  shipper:\n    endpoint: 4317\n    insecure: yes\n    tags: a\n    headers: [x]\n    batch: 5\n    \
         targets:\n      - name: [a]\n      - b\n";
    bad_duration_is_shown:
        "exporters:\n  a:\n    endpoint: j:1\n    timeout: 5\n  b:\n    endpoint: j:1\n    timeout: 5 sec\n  \
         c:\n    endpoint: j:1\n    timeout: 1d\n  d:\n    endpoint: j:1\n    timeout: 0\n";
    missing_required_setting_is_shown_at_its_component:
        "exporters:\n  shipper:\n    timeout: 5s\n    targets:\n      - weight: 2\n  other:\n";
    required_setting_without_a_value_is_missing:
        "exporters:\n  shipper:\n    endpoint:\n";
    duplicate_key_is_shown_at_both_places:
        "exporters:\n  shipper:\n    endpoint: a:1\n    timeout: 1s\n    endpoint: b:1\n";
    tab_is_named_as_such:
        "exporters:\n  shipper:\n\t\tendpoint: a:1\n";
    tab_after_spaces_is_found_on_its_line:
        "exporters:\n  shipper:\n    timeout: 1s\n    \tendpoint: a:1\n";
    indentation_that_fits_nothing_names_the_columns_above:
        "exporters:\n    shipper:\n      endpoint: a:1\n   other:\n      endpoint: b:1\n";
    line_below_a_value_must_not_be_deeper:
        "exporters:\n  shipper:\n    endpoint: a:1\n      timeout: 1s\n";
    key_among_list_items_is_shown:
        "exporters:\n  shipper:\n    tags:\n      - a\n      timeout: 1s\n";
    unset_variable_is_shown_with_a_similar_name:
        "exporters:\n  shipper:\n    endpoint: jaeger:${env:PROT}\n    token: ${env:TRADING_PASSWORD}\n";
    value_of_a_variable_is_never_shown:
        "exporters:\n  shipper:\n    endpoint: jaeger:${env:BAD_PORT}\n    timeout: ${env:BAD_PORT}\n    \
         compression: ${env:BAD_PORT}\n    insecure: ${file:/run/secrets/token}\n    batch: ${env:BAD_PORT}\n    \
         tags: ${env:BAD_PORT}\n    targets:\n      - {name: x, weight: \"${env:API_TOKEN}\"}\n";
    value_inside_an_anchor_is_shown_where_it_stands:
        "x: &base\n  timeout: 5 seconds\n  insecure: true\nexporters:\n  shipper:\n    <<: *base\n    endpoint: a:1\n";
    several_mistakes_are_shown_at_once:
        "receivers:\n  listener:\n    protocol:\n      grpc:\nexporters:\n  shipper:\n    timeout: -1s\n    \
         compresion: gzip\n    token: ${env:NONE}\n    endpoint: a:99999\n";
    unknown_word_is_shown_with_a_suggestion:
        "exporters:\n  shipper:\n    endpoint: a:1\n    compression: gzpi\n";
    number_out_of_range_is_shown_with_its_bounds:
        "receivers:\n  listener:\n    protocols:\n      grpc:\n        max_concurrent_streams: 0\n        \
         max_message_size: 2GiB\n      http:\n        max_message_size: -1\n";
    number_too_large_for_its_type_is_shown:
        "receivers:\n  listener:\n    protocols:\n      grpc:\n        max_concurrent_streams: 99999999999\n";
    contradiction_shows_both_places:
        "exporters:\n  shipper:\n    endpoint: a:1\n    batch:\n      min_size: 50\n      max_size: 20\n";
    contradiction_with_a_default_shows_the_given_place:
        "exporters:\n  shipper:\n    endpoint: a:1\n    batch:\n      min_size: 500\n";
    renamed_and_unsupported_settings_say_what_to_do:
        "receivers:\n  listener:\n    protocols:\n      grpc:\n        max_streams: 5\n        middlewares: []\n        \
         read_buffer_size: 5\n";
    former_and_new_name_together_are_refused:
        "receivers:\n  listener:\n    protocols:\n      grpc:\n        max_streams: 5\n        \
         max_concurrent_streams: 5\n";
    relation_of_a_block_is_shown_at_its_key:
        "receivers:\n  listener:\n    protocols:\n";
    setting_without_a_value_is_a_warning:
        "exporters:\n  shipper:\n    endpoint: a:1\n    timeout:\n";
    unknown_alias_is_shown_with_a_similar_one:
        "x: &defaults {}\nexporters:\n  shipper:\n    <<: *default\n    endpoint: a:1\n";
    merge_of_a_scalar_is_refused:
        "exporters:\n  shipper:\n    <<: 5\n    endpoint: a:1\n";
    alias_inside_its_own_anchor_is_refused:
        "x: &a\n  b: *a\n";
    variable_in_brackets_needs_quotes:
        "exporters:\n  shipper: {endpoint: a:1, token: ${env:API_TOKEN}}\n";
    second_colon_needs_quotes:
        "exporters:\n  shipper:\n    type: a: b\n";
    forgotten_quote_is_shown:
        "exporters:\n  shipper:\n    type: \"abc\n    endpoint: a:1\n";
    forgotten_colon_is_shown:
        "exporters:\n  shipper:\n    endpoint: a:1\n    insecure\n    timeout: 1s\n";
    foreign_tag_is_refused:
        "exporters:\n  shipper:\n    endpoint: !url a:1\n";
    second_document_is_refused:
        "exporters: {}\n---\nreceivers: {}\n";
    list_at_the_top_is_refused:
        "- exporters\n";
    control_characters_are_escaped:
        "exporters:\n  shipper:\n    endpoint: a:1\n    \"x\\e[31m\\u202ey\": \"\\u0007\"\n    timeout: \"\\e[2J\"\n";
}

#[test]
fn mistakes_of_merged_files_name_their_own_file() {
    assert_shown(
        "merged_files",
        &[
            (
                "base.yaml",
                "exporters:\n  shipper:\n    endpoint: a:1\n    timeout: 5\n    insecure: maybe\n",
            ),
            (
                "conf.d/local.yaml",
                "exporters:\n  shipper:\n    timeout: 6\n    batch:\n      min_size: 9999\n",
            ),
        ],
    );
}

#[test]
fn one_file_that_is_no_yaml_does_not_hide_the_mistakes_of_another() {
    let mistakes = check(&[
        ("a.yaml", "x: 1\nx: 2\n"),
        ("b.yaml", "y: [\n"),
        ("c.yaml", "\u{0}"),
    ]);
    let files: Vec<String> = mistakes
        .lines()
        .iter()
        .map(|line| line.split(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(files, ["a.yaml", "b.yaml", "c.yaml"]);
}

#[test]
fn long_lines_are_cut_around_the_place() {
    let text = format!(
        "exporters: {{shipper: {{endpoint: 'a:1', tags: [{}], timeot: 1s}}}}\n",
        "ü, ".repeat(3_000)
    );
    let shown = check(&[("pipeline.yaml", &text)]).render(Style::Plain);
    assert!(shown.contains("did you mean `timeout`?"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() < 500), "{shown}");
}

#[test]
fn a_warning_alone_is_no_error() {
    let mistakes = check(&[(
        "p.yaml",
        "exporters:\n  shipper:\n    endpoint: a:1\n    timeout:\n",
    )]);
    assert_eq!(
        mistakes
            .iter()
            .map(|mistake| mistake.severity)
            .collect::<Vec<_>>(),
        [Severity::Warning]
    );
    assert!(!mistakes.has_errors());
}

#[test]
fn machine_forms_carry_place_code_and_hint() {
    let mistakes = check(&[(
        "p.yaml",
        "exporters:\n  shipper:\n    endpoint: a:1\n    timeot: 1s\n    batch: {min_size: 5, max_size: 4}\n",
    )]);
    insta::assert_snapshot!("machine_lines", mistakes.lines().join("\n"));
    insta::assert_snapshot!("machine_json", format!("{:#}", mistakes.to_json()));
}

#[test]
fn colours_are_given_only_when_asked_for() {
    let mistakes = check(&[("p.yaml", "exporters:\n  shipper:\n    timeot: 1s\n")]);
    assert!(!mistakes.render(Style::Plain).contains('\u{1b}'));
    assert!(mistakes.render(Style::Coloured).contains('\u{1b}'));
}
