//! What holds for all metrics and transformations.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use proptest::prelude::*;
use prost::Message;
use sidelight_component::{Payload, Signal};

use crate::metric_lines::{metric, request, shown};
use crate::pipeline::{Rig, chunk};

fn line() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        (-50_i64..50).prop_map(|value| value.to_string()),
        (-50_i64..50).prop_map(|value| format!("{}.5", value)),
        Just("-".to_owned()),
    ];
    (0..3_u8, 0..3_u8, value, 1..3_u8)
        .prop_map(|(a, b, value, start)| format!("{{a={a},b={b}}} {value} @{start}\n"))
}

fn metrics() -> impl Strategy<Value = Vec<String>> {
    let kind = prop::sample::select(vec!["gauge", "counter", "updown", "delta"]);
    let one = (kind, "[mn][12]", prop::collection::vec(line(), 0..8))
        .prop_map(|(kind, name, lines)| format!("{kind} {name} s\n{}", lines.concat()));
    prop::collection::vec(one, 1..5)
}

fn transform() -> impl Strategy<Value = String> {
    let selection = prop_oneof![
        Just("include: m1"),
        Just("include: '^m', match_type: regexp"),
        Just("include: '([mn])1', match_type: regexp, experimental_match_labels: {a: '[01]'}"),
        Just("include: n2, experimental_match_labels: {b: '1'}"),
    ];
    let action = prop_oneof![
        Just("action: update"),
        Just("action: update, new_name: m1, new_unit: By"),
        Just("action: insert, new_name: n1"),
        Just("action: combine, new_name: n2, aggregation_type: sum"),
        Just("action: combine, new_name: m2, aggregation_type: median"),
    ];
    let operation = prop_oneof![
        Just("{action: add_label, new_label: c, new_value: v}"),
        Just("{action: update_label, label: a, new_label: b}"),
        Just("{action: update_label, label: a, value_actions: [{value: '1', new_value: '0'}]}"),
        Just("{action: delete_label_value, label: b, label_value: '1'}"),
        Just("{action: toggle_scalar_data_type}"),
        Just("{action: experimental_scale_value, experimental_scale: 2}"),
        Just("{action: aggregate_labels, label_set: [a], aggregation_type: sum}"),
        Just("{action: aggregate_labels, label_set: [b], aggregation_type: count}"),
        Just(
            "{action: aggregate_label_values, label: a, aggregated_values: ['0', '1'], new_value: '2', aggregation_type: max}"
        ),
    ];
    (selection, action, prop::collection::vec(operation, 0..3)).prop_map(|(selection, action, operations)| {
        format!(
            "- {{{selection}, {action}, operations: [{}]}}\n",
            operations.join(", ")
        )
    })
}

/// Runs a request through; checks that what comes out is canonical and that the ledger balances.
fn through(settings: &str, input: &ExportMetricsServiceRequest) -> ExportMetricsServiceRequest {
    let mut rig = Rig::new("metrics_transform", Signal::Metrics, settings);
    let payload = Payload::new(chunk(Signal::Metrics, input.encode_to_vec()));
    let items = payload.items() as u64;
    let (batch, out, _receipt) = rig.run(payload);
    let (bytes, left) = match batch {
        Some(batch) => (batch.payload.to_contiguous(), batch.items() as u64),
        None => Default::default(),
    };
    assert_eq!(items + out.created, left + out.filtered, "the ledger");
    let admitted = sidelight_proto::admit(Signal::Metrics, bytes.clone()).expect("valid");
    assert!(!admitted.recoded && admitted.items as u64 == left, "canonical");
    ExportMetricsServiceRequest::decode(bytes).expect("decodes")
}

proptest! {
    #[test]
    fn whatever_is_done_the_result_is_valid_and_counted(
        metrics in metrics(),
        transforms in prop::collection::vec(transform(), 1..5),
    ) {
        let input = request(metrics.iter().map(|text| metric(text)).collect());
        through(&format!("transforms:\n{}", transforms.concat()), &input);
    }

    #[test]
    fn transformations_one_after_another_are_processors_one_after_another(
        metrics in metrics(),
        transforms in prop::collection::vec(transform(), 2..5),
    ) {
        let input = request(metrics.iter().map(|text| metric(text)).collect());
        let at_once = through(&format!("transforms:\n{}", transforms.concat()), &input);
        let in_steps = transforms
            .iter()
            .fold(input, |request, transform| through(&format!("transforms:\n{transform}"), &request));
        prop_assert_eq!(shown(&at_once), shown(&in_steps));
    }
}
