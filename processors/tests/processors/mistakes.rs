//! What users see when settings are wrong. Snapshots: `INSTA_UPDATE=always cargo test`, then look at them.

use crate::pipeline::read;

fn shown(name: &str, settings: &str) -> String {
    let (config, mistakes) = read(name, settings);
    let shown = mistakes.render_plain();
    assert!(!shown.contains("p4ssw0rd"), "a secret is shown:\n{shown}");
    assert_eq!(config.is_none(), mistakes.has_errors(), "{shown}");
    shown
}

macro_rules! shown {
    ($($name:ident: $processor:literal, $settings:literal;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), shown($processor, $settings));
        }
    )*};
}

shown! {
    an_unknown_action_is_shown_with_the_one_that_was_meant: "attributes",
        "actions:\n  - key: a\n    action: upsrt\n    value: 1\n  - key: b\n    action: remove\n  - key: c\n    value: 1\n";
    a_write_without_a_value_names_what_can_be_written: "attributes",
        "actions:\n  - key: a\n    action: insert\n  - key: b\n    action: update\n    value:\n  - action: upsert\n    value: 1\n";
    a_value_from_two_places_is_refused: "attributes",
        "actions:\n  - key: a\n    action: insert\n    value: 1\n    from_attribute: b\n";
    metadata_of_clients_is_not_supported: "attributes",
        "actions:\n  - key: a\n    action: insert\n    from_context: metadata.tenant\n";
    a_setting_of_another_action_names_that_action: "attributes",
        "actions:\n  - {key: a, action: insert, value: 1, pattern: x}\n  - {key: a, action: upsert, value: 1, converted_type: int}\n  \
         - {key: a, action: delete, value: 1}\n  - {key: a, action: hash, from_attribute: b}\n  \
         - {key: a, action: convert, converted_type: int, pattern: x}\n  - {key: a, action: delete, default_value: 1}\n";
    what_to_delete_or_hash_is_missing: "attributes",
        "actions:\n  - action: delete\n  - action: hash\n    key: ''\n";
    a_pattern_that_extracts_needs_named_groups: "attributes",
        "actions:\n  - {key: a, action: extract}\n  - {key: a, action: extract, pattern: 'x(.*)'}\n  \
         - {key: a, action: extract, pattern: 'x'}\n  - {key: a, action: extract, pattern: '(?P<b>.)(.)'}\n";
    a_pattern_that_does_not_compile_is_shown_with_the_reason: "attributes",
        "actions:\n  - {key: a, action: extract, pattern: '(?P<b>.'}\n  - {action: delete, pattern: '(?!password)'}\n  \
         - {action: hash, pattern: \"${env:SECRET}\"}\n  - {action: hash, pattern: '((a{1000}){1000}){1000}'}\n";
    a_conversion_names_the_types: "attributes",
        "actions:\n  - {key: a, action: convert}\n  - {key: a, action: convert, converted_type: bool}\n";
    a_value_that_nests_too_deep_is_refused: "attributes",
        "actions:\n  - {key: a, action: insert, value: [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}\n";
    no_actions_are_refused: "attributes", "actions: []\n";
    missing_actions_are_refused: "attributes", "include:\n  match_type: strict\n  services: [a]\n";
    the_list_of_resource_is_called_attributes: "resource", "actions:\n  - {key: a, action: delete}\n";
    the_list_of_attributes_is_called_actions: "attributes", "attributes:\n  - {key: a, action: delete}\n";
    an_action_of_resource_is_checked_too: "resource", "attributes:\n  - {key: a, action: insert}\n";
    an_empty_list_of_resource_is_refused: "resource", "attributes: []\n";
    a_selection_without_properties_lists_them: "attributes",
        "actions: [{key: a, action: delete}]\ninclude:\n  match_type: strict\nexclude:\n";
    a_selection_without_its_type_is_refused: "attributes",
        "actions: [{key: a, action: delete}]\ninclude:\n  services: [a]\nexclude:\n  match_type: regex\n  services: [a]\n";
    expressions_of_a_selection_are_shown_at_their_place: "attributes",
        "actions: [{key: a, action: delete}]\ninclude:\n  match_type: regexp\n  services:\n    - a\n    - '*'\n  \
         attributes:\n    - {key: status, value: 200}\n    - {key: b, value: '('}\n  libraries:\n    - {name: '['}\n";
    a_kind_of_span_is_shown_with_its_full_name: "attributes",
        "actions: [{key: a, action: delete}]\ninclude:\n  match_type: strict\n  span_kinds: [server, web]\n";
    properties_of_different_signals_never_match_together: "attributes",
        "actions: [{key: a, action: delete}]\ninclude:\n  match_type: strict\n  span_names: [a]\n  metric_names: [b]\n";
    an_expression_that_is_compared_as_it_is_gets_a_warning: "attributes",
        "actions: [{key: a, action: delete}]\ninclude:\n  match_type: strict\n  services: [auth.*]\n";
    lists_are_not_compared: "attributes",
        "actions: [{key: a, action: delete}]\ninclude:\n  match_type: strict\n  resources: [{key: a, value: [1]}]\n";
    a_transformation_says_what_it_needs: "metrics_transform",
        "transforms:\n- {include: a, action: insert}\n- {include: a, action: combine, new_name: b}\n- {include: a, action: group}\n\
         - {include: '', action: update}\n- {include: '(', match_type: regexp, action: update, experimental_match_labels: {a: '['}}\n";
    an_operation_says_what_it_needs: "metrics_transform",
        "transforms:\n- include: a\n  action: update\n  operations:\n  - action: add_label\n  - action: update_label\n\
         \x20 - {action: delete_label_value, label: a}\n  - action: experimental_scale_value\n\
         \x20 - {action: experimental_scale_value, experimental_scale: 0}\n  - {action: aggregate_labels, label_set: [a]}\n\
         \x20 - action: aggregate_label_values\n  - {action: aggregate_labels, aggregation_type: average}\n  - action: scale_value\n";
    what_has_no_effect_is_said: "metrics_transform",
        "transforms:\n- {include: a, action: update, aggregation_type: sum, submatch_case: upper, group_resource_labels: {a: b}}\n\
         - {include: a, action: group, group_resource_labels: {a: b}, new_name: b, operations: [{action: toggle_scalar_data_type}]}\n";
    a_cache_of_results_is_not_needed: "attributes",
        "actions: [{key: a, action: delete}]\ninclude:\n  match_type: regexp\n  regexp: {cacheenabled: true}\n  services: [a]\n";
}

/// In the forms that the Collector's documentation shows.
#[test]
fn settings_written_for_the_collector_are_read() {
    let table = [
        r#"actions: [{key: "attribute1", value: 123, action: insert}, {key: "string key", from_attribute: "anotherkey", action: insert}]"#,
        r"actions: [{key: http.url, pattern: '^(?P<protocol>.*):\/\/(?P<domain>.*)\/(?P<path>.*)(?:\?|\&)(?P<params>.*)', action: extract}]",
        "actions: [{key: http.status_code, action: convert, converted_type: int}, {key: user.email, action: HASH}]",
        "exclude: {match_type: strict, services: [a, b], attributes: [{key: env, value: dev}, {key: test_request}]}",
        "include: {match_type: strict, resources: [{key: host.type, value: n1-standard-1}]}",
        "include: {match_type: strict, libraries: [{name: mongo-java-driver, version: 3.8.0}]}",
        "include: {match_type: regexp, services: ['auth.*']}\nexclude: {match_type: regexp, span_names: ['login.*']}",
        r"include: {match_type: regexp, attributes: [{key: env, value: 'SELECT \* FROM USERS.*'}]}",
        "include: {match_type: regexp, log_bodies: ['AUTH.*'], log_severity_texts: ['debug.*']}",
    ];
    for settings in table {
        let text = match settings.starts_with("actions") {
            true => settings.to_owned(),
            false => format!("{settings}\nactions: [{{key: a, action: delete}}]"),
        };
        assert_eq!(shown("attributes", &text), "", "{settings}");
    }
}
