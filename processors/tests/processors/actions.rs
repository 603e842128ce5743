//! What each action does, row by row.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use sidelight_component::Signal;

use crate::generate::{attribute, text};
use crate::pipeline::Rig;

/// A request with one span.
pub(crate) fn one_span(span: Span) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans {
        spans: vec![span],
        ..ScopeSpans::default()
    }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans,
            ..ResourceSpans::default()
        }],
    }
}

/// The attributes of a span behind the actions (items of a YAML list, in flow style), by key.
fn after(actions: &str, attributes: Vec<KeyValue>) -> Vec<(String, Any)> {
    let mut rig = Rig::new("attributes", Signal::Traces, &format!("actions: [{actions}]"));
    let edited = rig.edit(&one_span(Span {
        attributes,
        ..Span::default()
    }));
    let span = edited.resource_spans[0].scope_spans[0].spans[0].clone();
    let value = |a: KeyValue| (a.key, a.value.and_then(|value| value.value).expect("a value"));
    let mut after: Vec<_> = span.attributes.into_iter().map(value).collect();
    after.sort_by(|a, b| a.0.cmp(&b.0));
    after
}

fn expected(attributes: &[(&str, Any)]) -> Vec<(String, Any)> {
    attributes
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()))
        .collect()
}

macro_rules! table {
    ($($(#[$doc:meta])* $name:ident: $actions:literal, [$($key:literal = $before:expr),*] => [$($after_key:literal = $after:expr),*];)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            let before = vec![$(attribute($key, $before)),*];
            assert_eq!(after($actions, before), expected(&[$(($after_key, $after)),*]));
        }
    )*};
}

const SHA256_OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const SHA256_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SHA256_OF_BYTE_1: &str = "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a";

table! {
    insert_leaves_what_is_there:
        "{key: a, value: new, action: insert}, {key: b, value: new, action: insert}",
        ["a" = text("old")] => ["a" = text("old"), "b" = text("new")];
    update_writes_only_what_is_there:
        "{key: a, value: new, action: update}, {key: b, value: new, action: update}",
        ["a" = text("old")] => ["a" = text("new")];
    upsert_writes_in_either_case:
        "{key: a, value: new, action: upsert}, {key: b, value: new, action: UPSERT}",
        ["a" = Any::IntValue(1)] => ["a" = text("new"), "b" = text("new")];
    values_keep_the_type_they_have_in_yaml:
        "{key: a, value: 123, action: insert}, {key: b, value: '123', action: insert}, {key: c, value: 1.5, action: insert}, \
         {key: d, value: true, action: insert}, {key: e, value: '', action: insert}",
        [] => ["a" = Any::IntValue(123), "b" = text("123"), "c" = Any::DoubleValue(1.5), "d" = Any::BoolValue(true), "e" = text("")];
    value_of_another_attribute_keeps_its_type:
        "{key: b, from_attribute: a, action: insert}, {key: c, from_attribute: none, action: upsert}",
        ["a" = Any::DoubleValue(2.5)] => ["a" = Any::DoubleValue(2.5), "b" = Any::DoubleValue(2.5)];
    later_actions_see_what_earlier_ones_did:
        "{key: operation, value: default, action: insert}, {key: svc.operation, from_attribute: operation, action: upsert}, \
         {key: operation, action: delete}",
        ["svc.operation" = text("division")] => ["svc.operation" = text("default")];
    default_value_stands_in_for_a_missing_attribute:
        "{key: r, from_attribute: a, default_value: d, action: insert}, {key: s, from_attribute: b, default_value: d, action: insert}, \
         {key: t, default_value: 1, action: upsert}",
        ["a" = text("x")] => ["a" = text("x"), "r" = text("x"), "s" = text("d"), "t" = Any::IntValue(1)];
    delete_takes_a_key_and_a_pattern:
        "{key: a, pattern: '^secret[.]', action: delete}",
        ["a" = text("x"), "secret.a" = text("x"), "not.secret.a" = text("x"), "secret.b" = text("x")] => ["not.secret.a" = text("x")];
    hash_is_sha_256_in_hexadecimal:
        "{key: a, action: hash}, {key: b, action: hash}, {key: c, action: hash}, {key: d, action: hash}",
        ["a" = text("abc"), "b" = text(""), "c" = Any::BoolValue(true), "d" = Any::BytesValue(vec![1])] =>
        ["a" = text(SHA256_OF_ABC), "b" = text(SHA256_OF_NOTHING), "c" = text(SHA256_OF_BYTE_1), "d" = text("")];
    hash_by_pattern_leaves_an_empty_key_alone:
        "{pattern: '^user', action: hash}",
        ["" = text("x"), "user.name" = text("abc")] => ["" = text("x"), "user.name" = text(SHA256_OF_ABC)];
    extract_makes_attributes_of_named_groups:
        "{key: url, pattern: '^(?P<scheme>[^:]+)://(?P<host>[^/]+)/(?:(?P<rest>x))?', action: extract}",
        ["url" = text("https://a.b/c"), "host" = Any::IntValue(1)] =>
        ["host" = text("a.b"), "rest" = text(""), "scheme" = text("https"), "url" = text("https://a.b/c")];
    extract_may_replace_its_source:
        "{key: a, pattern: '(?P<b>.)(?P<a>.)', action: extract}",
        ["a" = text("xyz")] => ["a" = text("y"), "b" = text("x")];
    extract_needs_text_that_matches:
        "{key: a, pattern: '(?P<b>x)', action: extract}, {key: c, pattern: '(?P<d>1)', action: extract}",
        ["a" = text("y"), "c" = Any::IntValue(1)] => ["a" = text("y"), "c" = Any::IntValue(1)];
    convert_changes_the_type_where_it_can:
        "{key: a, action: convert, converted_type: int}, {key: b, action: convert, converted_type: int}, \
         {key: c, action: convert, converted_type: double}, {key: d, action: convert, converted_type: string}",
        ["a" = text("200"), "b" = text("ok"), "c" = Any::IntValue(2), "d" = Any::DoubleValue(2.0)] =>
        ["a" = Any::IntValue(200), "b" = text("ok"), "c" = Any::DoubleValue(2.0), "d" = text("2")];
    /// What was to be hidden is not left behind in a second copy.
    a_key_that_stands_twice_is_written_and_removed_as_one:
        "{key: a, value: '****', action: update}, {key: b, action: hash}, {key: c, action: delete}",
        ["a" = text("****"), "a" = text("secret"), "b" = text("abc"), "b" = text("secret"), "c" = text("x"), "c" = text("secret")] =>
        ["a" = text("****"), "b" = text(SHA256_OF_ABC)];
}

#[test]
fn beyond_a_thousand_keys_of_one_span_a_pattern_removes_what_it_would_hash() {
    let attributes = (0..1100)
        .map(|n| attribute(&format!("user.{n}"), text("abc")))
        .collect();
    let after = after("{pattern: '^user', action: hash}", attributes);
    assert_eq!(after.len(), 1024);
    assert!(after.iter().all(|(_, value)| *value == text(SHA256_OF_ABC)));
}
