//! view = decode: each view, field by field, turned into the `prost` type.

use bytes::Bytes;
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    trace::v1::Span,
};
use proptest::{collection::vec, prelude::*};
use prost::Message;
use sidelight_proto::{
    Signal, admit,
    schema::root,
    views::{LogsView, SpanView, TracesView, ValueView},
};

use crate::{
    payloads::request,
    scramble::{Dice, scramble},
    shown::{normal, through_views, value},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn views_show_what_prost_decodes((signal, bytes) in request()) {
        prop_assert_eq!(through_views(signal, &bytes), normal::request(signal, &bytes));
    }

    #[test]
    fn views_need_no_order_of_fields((signal, bytes) in request(), seed in any::<u64>()) {
        let odd = scramble(root(signal), &bytes, &mut Dice(seed));
        let admitted = admit(signal, odd.clone().into()).expect("admitted");
        prop_assert_eq!(through_views(signal, &admitted.bytes), normal::request(signal, &odd));
    }

    #[test]
    fn views_of_bytes_that_were_not_admitted_do_not_panic(
        (signal, mut bytes) in request(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        for (at, byte) in damage {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        for other in Signal::ALL {
            through_views(other, &bytes);
        }
        let _ = signal;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn fields_read_in_one_pass_are_those_of_the_accessors((signal, bytes) in request()) {
        let spans = TracesView::new(&bytes).resource_spans().flat_map(|r| r.scope_spans()).flat_map(|s| s.spans());
        for view in spans.filter(|_| signal == Signal::Traces) {
            let fields = view.fields();
            prop_assert_eq!((view.name(), view.trace_state()), (fields.name, fields.trace_state));
            prop_assert_eq!((view.trace_id(), view.span_id()), (fields.trace_id, fields.span_id));
            prop_assert_eq!((view.kind(), view.flags(), view.status()), (fields.kind, fields.flags, fields.status));
            prop_assert_eq!(view.parent_span_id(), fields.parent_span_id);
            prop_assert_eq!(view.end_time_unix_nano(), fields.end_time_unix_nano);
            let duration = fields.end_time_unix_nano.saturating_sub(fields.start_time_unix_nano);
            prop_assert_eq!(view.duration_nano(), duration);
        }
        let records = LogsView::new(&bytes).resource_logs().flat_map(|r| r.scope_logs()).flat_map(|s| s.log_records());
        for view in records.filter(|_| signal == Signal::Logs) {
            let fields = view.fields();
            prop_assert_eq!((view.severity_number(), view.severity_text()), (fields.severity_number, fields.severity_text));
            prop_assert_eq!((view.trace_id(), view.span_id()), (fields.trace_id, fields.span_id));
            prop_assert_eq!(view.time_unix_nano(), fields.time_unix_nano);
            prop_assert_eq!(value(view.body()).encode_to_vec(), value(fields.body).encode_to_vec());
            prop_assert_eq!((view.flags(), view.event_name()), (fields.flags, fields.event_name));
        }
    }
}

#[test]
fn one_attribute_is_found_by_its_key() {
    let span = Span {
        attributes: ["a", "b"]
            .map(|key| KeyValue {
                key: key.to_owned(),
                value: Some(AnyValue {
                    value: Some(Any::StringValue(key.repeat(2))),
                }),
                key_strindex: 0,
            })
            .to_vec(),
        ..Span::default()
    }
    .encode_to_vec();
    let view = SpanView::new(&span);
    assert_eq!(
        view.attributes().get("b").and_then(|value| value.as_str()),
        Some("bb")
    );
    assert_eq!(view.attributes().get("c"), None);
}

#[test]
fn views_can_be_sent_to_other_threads() {
    fn is_copy_and_send<T: Copy + Send + Sync>(_: T) {}
    let empty = Bytes::new();
    is_copy_and_send(TracesView::new(&empty).resource_spans());
    is_copy_and_send(SpanView::new(&empty));
    is_copy_and_send(ValueView::new(&empty));
}
