//! What transformations make of metrics, in lines of text.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Histogram, HistogramDataPoint, Metric, Summary, SummaryDataPoint,
};
use prost::Message;
use sidelight_component::{Payload, Signal};

use crate::metric_lines::{metric, request, shown};
use crate::pipeline::{Rig, chunk};

const CPU: &str = "counter system.cpu.time s
    {cpu=0,state=user} 10
    {cpu=0,state=idle} 20
    {cpu=1,state=user} 30 @5
    {cpu=1,state=idle} 40";
const MEMORY: &str = "updown process.memory.usage By
    {} 104857600";

/// The request that comes out, and how many points were created and filtered.
fn run(transforms: &str, metrics: Vec<Metric>) -> (ExportMetricsServiceRequest, (u64, u64)) {
    let mut rig = Rig::new("metrics_transform", Signal::Metrics, transforms);
    let input = request(metrics).encode_to_vec();
    let items = sidelight_proto::count_items(Signal::Metrics, &input) as u64;
    let (batch, out, _receipt) = rig.run(Payload::new(chunk(Signal::Metrics, input)));
    let batch = batch.expect("something is left");
    let bytes = batch.payload.to_contiguous();
    let admitted = sidelight_proto::admit(Signal::Metrics, bytes.clone()).expect("valid");
    assert!(!admitted.recoded, "canonical");
    assert_eq!(admitted.items, batch.items());
    assert_eq!(
        items + out.created,
        batch.items() as u64 + out.filtered,
        "the ledger"
    );
    let output = ExportMetricsServiceRequest::decode(bytes).expect("decodes");
    (output, (out.created, out.filtered))
}

/// What comes out of these metrics, as lines.
fn transformed(transforms: &str, metrics: &[&str]) -> String {
    let metrics = metrics.iter().map(|text| metric(text)).collect();
    shown(&run(transforms, metrics).0)
}

/// The skipped metrics that were counted, by reason.
fn skipped(rig: &Rig) -> Vec<(String, f64)> {
    let families = rig.metrics.snapshot();
    let family = families
        .iter()
        .find(|family| family.name == "sidelight_metrics_transform_skipped");
    family
        .into_iter()
        .flat_map(|family| &family.series)
        .map(|(labels, value)| (labels[1].1.clone(), *value))
        .collect()
}

macro_rules! transforms {
    ($($name:ident: $metrics:expr, $settings:literal => $expected:literal;)*) => {$(
        #[test]
        fn $name() {
            let settings = format!("transforms:\n{}", $settings);
            let expected: String = $expected.lines().map(|line| format!("{}\n", line.strip_prefix("|").unwrap_or(line))).collect();
            assert_eq!(transformed(&settings, &$metrics), expected);
        }
    )*};
}

transforms! {
    a_metric_gets_a_new_name_and_the_others_stay: [CPU, MEMORY],
        "- {include: process.memory.usage, action: update, new_name: rss}"
        => "counter system.cpu.time s
|  {cpu=0,state=user} 10
|  {cpu=0,state=idle} 20
|  {cpu=1,state=user} 30 @5
|  {cpu=1,state=idle} 40
|updown rss By
|  {} 104857600";
    bytes_become_megabytes_under_a_name_and_unit_of_their_own: [MEMORY],
        "- include: process.memory.usage
  action: update
  new_name: app_memory_usage_mb
  new_unit: ''
  operations: [{action: experimental_scale_value, experimental_scale: 0.00000095367431640625}]"
        => "updown app_memory_usage_mb
|  {} 100.0";
    a_share_of_the_cpu_becomes_percent_of_all_modes:
        ["gauge process.cpu.utilization 1\n{cpu.mode=user} 0.25\n{cpu.mode=system} 0.125"],
        "- include: process.cpu.utilization
  action: update
  new_name: app_cpu_usage_percent
  new_unit: '%'
  operations:
  - {action: aggregate_labels, label_set: [], aggregation_type: sum}
  - {action: experimental_scale_value, experimental_scale: 100}"
        => "gauge app_cpu_usage_percent %
|  {} 37.5";
    groups_of_the_expression_are_put_into_the_new_name: ["gauge http.server.active 1\n{} 1", "gauge other\n{} 2"],
        "- {include: '^http[.]server[.](?P<what>.*)$$', match_type: regexp, action: update, new_name: 'mystocks_http_$${1}_$${what}'}"
        => "gauge mystocks_http_active_active 1
|  {} 1
|gauge other
|  {} 2";
    a_name_without_groups_is_taken_as_it_is: ["gauge a\n{} 1"],
        "- {include: a, action: update, new_name: 'b$$1'}"
        => "gauge b$1
|  {} 1";
    a_later_transformation_sees_the_new_name: ["gauge a\n{} 1"],
        "- {include: a, action: update, new_name: b}
- {include: b, action: update, new_name: c}"
        => "gauge c
|  {} 1";
    a_copy_is_added_and_the_metric_stays: [MEMORY],
        "- {include: process.memory.usage, action: insert, new_name: copy}"
        => "updown process.memory.usage By
|  {} 104857600
|updown copy By
|  {} 104857600";
    a_copy_has_only_the_points_that_are_selected: [CPU],
        "- {include: system.cpu.time, action: insert, new_name: user, experimental_match_labels: {state: user}}"
        => "counter system.cpu.time s
|  {cpu=0,state=user} 10
|  {cpu=0,state=idle} 20
|  {cpu=1,state=user} 30 @5
|  {cpu=1,state=idle} 40
|counter user s
|  {cpu=0,state=user} 10
|  {cpu=1,state=user} 30 @5";
    no_copy_is_made_of_no_points: ["gauge a\n{x=1} 1"],
        "- {include: a, action: insert, new_name: b, experimental_match_labels: {x: '2'}}"
        => "gauge a
|  {x=1} 1";
    the_empty_value_matches_a_label_that_is_not_there: ["gauge a\n{} 1", "gauge a\n{x=1} 1"],
        "- {include: a, action: update, new_name: b, experimental_match_labels: {x: ''}}"
        => "gauge b
|  {} 1
|gauge a
|  {x=1} 1";
    a_label_that_is_a_number_is_compared_as_text: ["gauge a\n{code:=200} 1"],
        "- {include: a, match_type: regexp, action: update, new_name: b, experimental_match_labels: {code: '^2..$$'}}"
        => "gauge b
|  {code:=200} 1";
    of_a_metric_in_part_only_what_concerns_points_is_changed: ["gauge a By\n{x=1} 1\n{x=2} 2"],
        "- include: a
  action: update
  new_name: b
  new_unit: s
  experimental_match_labels: {x: '1'}
  operations:
  - {action: add_label, new_label: l, new_value: v}
  - {action: experimental_scale_value, experimental_scale: 10}
  - {action: toggle_scalar_data_type}
  - {action: update_label, label: x, new_label: y}
  - {action: delete_label_value, label: x, label_value: '2'}
  - {action: aggregate_labels, label_set: [], aggregation_type: sum}"
        => "gauge a By
|  {y=1} 10.0
|  {x=2} 2";
    a_label_is_added_where_there_is_none: ["gauge a\n{} 1\n{l=old} 2"],
        "- {include: a, action: update, operations: [{action: add_label, new_label: l, new_value: new}]}"
        => "gauge a
|  {l=new} 1
|  {l=old} 2";
    labels_and_values_are_renamed: ["gauge a\n{x=1} 1\n{x=2,y=z} 2\n{z=3} 3"],
        "- include: a
  action: update
  operations: [{action: update_label, label: x, new_label: y, value_actions: [{value: '1', new_value: one}]}]"
        => "gauge a
|  {y=one} 1
|  {y=2} 2
|  {z=3} 3";
    values_alone_are_renamed: ["gauge a\n{x=1} 1\n{x=2} 2"],
        "- {include: a, action: update, operations: [{action: update_label, label: x, value_actions: [{value: '1', new_value: one}]}]}"
        => "gauge a
|  {x=one} 1
|  {x=2} 2";
    points_with_a_value_are_deleted: [CPU],
        "- {include: system.cpu.time, action: update, operations: [{action: delete_label_value, label: state, label_value: idle}]}"
        => "counter system.cpu.time s
|  {cpu=0,state=user} 10
|  {cpu=1,state=user} 30 @5";
    a_metric_without_points_goes: ["gauge a\n{x=1} 1", "gauge b\n{} 2"],
        "- {include: a, action: update, operations: [{action: delete_label_value, label: x, label_value: '1'}]}"
        => "gauge b
|  {} 2";
    a_metric_that_had_no_points_stays: ["gauge a"],
        "- {include: a, action: update, new_name: b}"
        => "gauge b";
    integers_and_doubles_change_places: ["gauge a\n{x=1} 1\n{x=2} 2.5\n{x=3} -"],
        "- {include: a, action: update, operations: [{action: toggle_scalar_data_type}]}"
        => "gauge a
|  {x=1} 1.0
|  {x=2} 2
|  {x=3} -";
    labels_are_summed_away_and_the_earliest_start_counts: [CPU],
        "- {include: system.cpu.time, action: update, operations: [{action: aggregate_labels, label_set: [state], aggregation_type: sum}]}"
        => "counter system.cpu.time s
|  {state=user} 40
|  {state=idle} 60";
    values_are_joined_to_one: ["updown m By\n{state=a} 1\n{state=b} 2\n{state=c} 4\n{} 8"],
        "- include: m
  action: update
  operations: [{action: aggregate_label_values, label: state, aggregated_values: [a, b], new_value: ab, aggregation_type: sum}]"
        => "updown m By
|  {state=ab} 3
|  {state=c} 4
|  {} 8";
    points_of_delta_are_joined_where_they_start_at_one_time: ["delta m\n{x=1} 1 @7\n{x=2} 2 @7\n{x=3} 4 @8"],
        "- {include: m, action: update, operations: [{action: aggregate_labels, label_set: [], aggregation_type: sum}]}"
        => "delta m
|  {} 3 @7
|  {} 4 @8";
    points_without_a_value_take_no_part: ["gauge m\n{x=1,g=a} -\n{x=2,g=a} 2\n{x=3,g=b} -\n{x=4,g=b} -"],
        "- {include: m, action: update, operations: [{action: aggregate_labels, label_set: [g], aggregation_type: mean}]}"
        => "gauge m
|  {g=a} 2.0
|  {g=b} -";
    a_count_is_one_where_there_is_one: ["gauge m\n{x=1} 17"],
        "- {include: m, action: update, operations: [{action: aggregate_labels, aggregation_type: count}]}"
        => "gauge m
|  {} 1";
    metrics_are_combined_and_their_names_become_labels:
        ["counter iis.GET.total\n{} 1", "counter iis.POST.total\n{} 2", "gauge other\n{} 3"],
        "- include: '^iis[.](?P<http_method>.*)[.](total)$$'
  match_type: regexp
  action: combine
  new_name: iis.requests
  aggregation_type: sum
  submatch_case: lower
  operations: [{action: update_label, label: $$2, new_label: kind}]"
        => "gauge other
|  {} 3
|counter iis.requests
|  {http_method=get,kind=total} 1
|  {http_method=post,kind=total} 2";
    combined_points_of_one_series_are_joined: ["gauge a\n{x=1} 1", "gauge b\n{x=1} 5"],
        "- {include: '^[ab]$$', match_type: regexp, action: combine, new_name: c, aggregation_type: max}"
        => "gauge c
|  {x=1} 5";
    what_combine_does_not_select_stays: ["gauge a\n{x=1} 1\n{x=2} 2", "gauge b\n{x=1} 5"],
        "- {include: '^[ab]$$', match_type: regexp, action: combine, new_name: c, aggregation_type: sum, experimental_match_labels: {x: '1'}}"
        => "gauge a
|  {x=2} 2
|gauge c
|  {x=1} 6";
    a_group_moves_to_a_resource_of_its_own: ["gauge k8s.pod.a\n{} 1", "gauge container.a\n{} 2", "gauge other\n{} 3"],
        "- {include: '^k8s[.]pod', match_type: regexp, action: group, group_resource_labels: {kind: pod}}
- {include: '^container', match_type: regexp, action: group, group_resource_labels: {kind: container, service.name: c}}"
        => "gauge other
|  {} 3
|{kind=pod,service.name=shop}
|gauge k8s.pod.a
|  {} 1
|{kind=container,service.name=c}
|gauge container.a
|  {} 2";
    a_resource_without_metrics_goes_with_its_group: ["gauge a\n{} 1"],
        "- {include: a, action: group, group_resource_labels: {kind: pod}}"
        => "{kind=pod,service.name=shop}
|gauge a
|  {} 1";
}

#[test]
fn a_request_that_no_transformation_is_about_goes_on_as_the_same_bytes() {
    let settings = "transforms: [{include: absent, action: update, new_name: b}]";
    let mut rig = Rig::new("metrics_transform", Signal::Metrics, settings);
    let payload = Payload::new(chunk(Signal::Metrics, request(vec![metric(CPU)]).encode_to_vec()));
    let before = payload.chunks()[0].bytes.as_ptr();
    let (batch, ..) = rig.run(payload);
    assert_eq!(batch.expect("one").payload.chunks()[0].bytes.as_ptr(), before);
    assert_eq!(rig.budget.used(), 0);
}

#[tokio::test]
async fn a_batch_of_which_nothing_is_left_is_filtered_and_its_sender_is_told_that_all_is_well() {
    let settings = "transforms: [{include: a, action: update, operations: [{action: delete_label_value, label: x, label_value: '1'}]}]";
    let mut rig = Rig::new("metrics_transform", Signal::Metrics, settings);
    let input = request(vec![metric("gauge a\n{x=1} 1\n{x=1,y=2} 2")]);
    let (batch, out, receipt) = rig.run(Payload::new(chunk(Signal::Metrics, input.encode_to_vec())));
    assert!(batch.is_none());
    assert_eq!((out.filtered, out.created), (2, 0));
    assert_eq!(receipt.await, sidelight_component::Outcome::Done);
}

#[test]
fn copies_and_joined_points_are_in_the_ledger() {
    let transforms = "transforms:
- {include: system.cpu.time, action: insert, new_name: copy, operations: [{action: aggregate_labels, label_set: [cpu], aggregation_type: mean}]}";
    let (_, counts) = run(transforms, vec![metric(CPU)]);
    assert_eq!(counts, (4, 2));
}

fn histogram(name: &str, bounds: &[f64], labels: &str) -> Metric {
    let attributes = match metric(&format!("gauge x\n{labels} 1")).data {
        Some(Data::Gauge(gauge)) => gauge.data_points[0].attributes.clone(),
        _ => Vec::new(),
    };
    Metric {
        name: name.to_owned(),
        unit: "ms".to_owned(),
        data: Some(Data::Histogram(Histogram {
            aggregation_temporality: 2,
            data_points: vec![HistogramDataPoint {
                attributes,
                time_unix_nano: 9,
                count: bounds.len() as u64 + 1,
                sum: Some(10.0),
                min: Some(1.0),
                bucket_counts: vec![1; bounds.len() + 1],
                explicit_bounds: bounds.to_vec(),
                ..HistogramDataPoint::default()
            }],
        })),
        ..Metric::default()
    }
}

fn points(request: &ExportMetricsServiceRequest) -> Vec<HistogramDataPoint> {
    let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
    let points = metrics.iter().flat_map(|metric| match &metric.data {
        Some(Data::Histogram(histogram)) => histogram.data_points.clone(),
        _ => Vec::new(),
    });
    points.collect()
}

#[test]
fn histograms_are_scaled_and_summed_up() {
    let transforms = "transforms:
- include: '^d'
  match_type: regexp
  action: combine
  new_name: all
  new_unit: s
  aggregation_type: sum
  operations: [{action: experimental_scale_value, experimental_scale: 0.001}]";
    let input = vec![
        histogram("d1", &[100.0, 500.0], "{}"),
        histogram("d2", &[100.0, 500.0], "{}"),
    ];
    let (output, _) = run(transforms, input);
    let points = points(&output);
    let [point] = &points[..] else {
        panic!("{points:?}")
    };
    assert_eq!((point.count, point.sum, point.min), (6, Some(0.02), Some(0.001)));
    assert_eq!(point.explicit_bounds, [0.1, 0.5]);
    assert_eq!(point.bucket_counts, [2, 2, 2]);
    assert_eq!(output.resource_metrics[0].scope_metrics[0].metrics[0].unit, "s");
}

#[test]
fn what_has_no_meaning_for_a_type_is_left_out_and_counted() {
    let summary = Metric {
        name: "quantiles".to_owned(),
        data: Some(Data::Summary(Summary {
            data_points: vec![SummaryDataPoint::default(); 2],
        })),
        ..Metric::default()
    };
    let aggregate = |include: &str, kind: &str| {
        format!(
            "- {{include: {include}, action: update, operations: [{{action: aggregate_labels, label_set: [], aggregation_type: {kind}}}]}}"
        )
    };
    let combine = |include: &str| {
        format!(
            "- {{include: '{include}', match_type: regexp, action: combine, new_name: c, aggregation_type: sum}}"
        )
    };
    let table = [
        (aggregate("quantiles", "sum"), "summary_aggregated"),
        (aggregate("h", "max"), "histogram_takes_sum"),
        (
            "- {include: h, action: update, operations: [{action: experimental_scale_value, experimental_scale: -1}]}"
                .to_owned(),
            "negative_scale",
        ),
        (combine("."), "different"),
        (combine("quantiles"), "different"),
    ];
    let input = request(vec![
        summary,
        histogram("h", &[1.0], "{x=1}"),
        metric("gauge g By\n{} 1"),
    ]);
    for (transform, reason) in table {
        let mut rig = Rig::new(
            "metrics_transform",
            Signal::Metrics,
            &format!("transforms:\n{transform}"),
        );
        for _ in 0..2 {
            let (batch, out, _) = rig.run(Payload::new(chunk(Signal::Metrics, input.encode_to_vec())));
            let bytes = batch.expect("one").payload.to_contiguous();
            let output = ExportMetricsServiceRequest::decode(bytes).expect("decodes");
            assert_eq!(output, input, "{transform}");
            assert_eq!((out.created, out.filtered), (0, 0));
        }
        assert_eq!(skipped(&rig), [(reason.to_owned(), 2.0)], "{transform}");
    }
}

#[test]
fn copies_of_copies_do_not_fill_the_memory() {
    let transform = "- {include: '.', match_type: regexp, action: insert, new_name: again}\n";
    let settings = format!("transforms:\n{}", transform.repeat(30));
    let mut rig = Rig::new("metrics_transform", Signal::Metrics, &settings);
    let input = request(vec![metric(CPU); 20]).encode_to_vec();
    let size = input.len();
    let (batch, ..) = rig.run(Payload::new(chunk(Signal::Metrics, input)));
    let grown = batch.expect("one").payload.len();
    assert!(
        (8 * size..12 * size + (1 << 17)).contains(&grown),
        "{size} became {grown}"
    );
    let skipped = skipped(&rig);
    assert!(
        skipped
            .iter()
            .any(|(reason, count)| reason == "too_large" && *count > 0.0),
        "{skipped:?}"
    );
}
