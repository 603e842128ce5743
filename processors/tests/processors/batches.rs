//! What happens to the bytes, the budget and the acknowledgement of a batch.

use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use sidelight_component::{Outcome, Payload, Signal};

use crate::actions::one_span;
use crate::generate::{attribute, text};
use crate::pipeline::{Rig, chunk};

const UPSERT: &str = "{key: env, value: prod, action: upsert}";

fn span_with(env: Option<&str>) -> Vec<u8> {
    let attributes = env.into_iter().map(|env| attribute("env", text(env))).collect();
    one_span(Span {
        attributes,
        name: "a".repeat(100),
        ..Span::default()
    })
    .encode_to_vec()
}

#[test]
fn a_batch_in_which_nothing_changes_is_the_same_bytes() {
    for settings in [
        format!("actions: [{UPSERT}]"),
        "actions: [{key: none, action: delete}, {key: none, action: hash}, {pattern: '^none', action: hash}]"
            .to_owned(),
        "actions: [{key: env, value: x, action: insert}, {key: none, value: x, action: update}]".to_owned(),
        "actions: [{key: env, from_attribute: none, action: upsert}]".to_owned(),
        "actions: [{key: env, action: convert, converted_type: string}]".to_owned(),
        "actions: [{key: x, value: 1, action: insert}]\ninclude: {match_type: strict, span_names: [other]}"
            .to_owned(),
    ] {
        let mut rig = Rig::new("attributes", Signal::Traces, &settings);
        let payload = Payload::new(chunk(Signal::Traces, span_with(Some("prod"))));
        let before = payload.chunks()[0].bytes.as_ptr();
        let (batch, _receipt) = rig.process(payload);
        assert_eq!(batch.payload.chunks()[0].bytes.as_ptr(), before, "{settings}");
        assert_eq!(rig.budget.used(), 0, "{settings}");
    }
}

#[test]
fn only_chunks_that_change_are_new_and_charged() {
    let mut rig = Rig::new("attributes", Signal::Traces, &format!("actions: [{UPSERT}]"));
    let chunks = [Some("prod"), None, Some("prod"), Some("dev")];
    let payload: Payload = chunks
        .map(|env| chunk(Signal::Traces, span_with(env)))
        .into_iter()
        .collect();
    let before: Vec<_> = payload
        .chunks()
        .iter()
        .map(|chunk| chunk.bytes.as_ptr())
        .collect();
    let (batch, _receipt) = rig.process(payload);
    let same: Vec<bool> = batch
        .payload
        .chunks()
        .iter()
        .zip(before)
        .map(|(chunk, before)| chunk.bytes.as_ptr() == before)
        .collect();
    assert_eq!(same, [true, false, true, false]);
    assert_eq!(batch.items(), 4);
    let new: usize = [1, 3]
        .map(|nth: usize| batch.payload.chunks()[nth].bytes.len())
        .iter()
        .sum();
    let charged = rig.budget.used();
    assert!(
        (new..new * 2).contains(&charged),
        "{new} bytes, {charged} charged"
    );
    drop(batch);
    assert_eq!(rig.budget.used(), 0);
}

#[test]
fn a_buffer_that_is_mostly_unused_is_not_kept() {
    let settings = "actions: [{key: body, action: delete}]";
    let mut rig = Rig::new("attributes", Signal::Traces, settings);
    let attributes = vec![attribute("body", text(&"x".repeat(100_000)))];
    let request = one_span(Span {
        attributes,
        ..Span::default()
    });
    let (_batch, _receipt) = rig.process(Payload::new(chunk(Signal::Traces, request.encode_to_vec())));
    assert!(rig.budget.used() < 1000, "{}", rig.budget.used());
}

#[test]
fn the_acknowledgement_goes_along() {
    let mut rig = Rig::new("attributes", Signal::Traces, &format!("actions: [{UPSERT}]"));
    let (batch, receipt) = rig.process(Payload::new(chunk(Signal::Traces, span_with(None))));
    assert_eq!(receipt.settled(), None);
    batch.finish(Outcome::Done);
    assert_eq!(receipt.settled(), Some(Outcome::Done));
}

#[test]
fn resources_of_all_signals_change_and_their_items_do_not() {
    let mut rig = Rig::new("resource", Signal::Traces, &format!("attributes: [{UPSERT}]"));
    let mut request = one_span(Span {
        attributes: vec![attribute("env", text("dev"))],
        ..Span::default()
    });
    let mut expected = request.clone();
    expected.resource_spans[0].resource = Some(Resource {
        attributes: vec![attribute("env", text("prod"))],
        ..Resource::default()
    });
    assert_eq!(rig.edit(&request), expected);
    request.resource_spans[0].resource = Some(Resource {
        attributes: vec![attribute("env", text("dev"))],
        ..Resource::default()
    });
    assert_eq!(rig.edit(&request), expected);
    // And once more: it has what it would get.
    let payload = Payload::new(chunk(Signal::Traces, expected.encode_to_vec()));
    let before = payload.chunks()[0].bytes.as_ptr();
    assert_eq!(rig.process(payload).0.payload.chunks()[0].bytes.as_ptr(), before);
}
