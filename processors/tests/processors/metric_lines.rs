//! Metrics as lines of text, in and out: `requests{code="200"} 5`.

use std::fmt::Write as _;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValueKind;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

pub(crate) const TIME: u64 = 1_800_000_000_000_000_000;

/// A metric from lines: `type name unit`, then a line per point, `{a=1,b=x} 5 @3` with labels, value (`5` an integer,
/// `5.0` a double, `-` none) and start time.
pub(crate) fn metric(text: &str) -> Metric {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let head: Vec<&str> = lines.next().expect("a head").split(' ').collect();
    let data_points = lines.map(point).collect();
    let sum = |aggregation_temporality, is_monotonic, data_points| {
        Data::Sum(Sum {
            data_points,
            aggregation_temporality,
            is_monotonic,
        })
    };
    Metric {
        name: head[1].to_owned(),
        description: "described".to_owned(),
        unit: (*head.get(2).unwrap_or(&"")).to_owned(),
        data: Some(match head[0] {
            "gauge" => Data::Gauge(Gauge { data_points }),
            "counter" => sum(2, true, data_points),
            "updown" => sum(2, false, data_points),
            "delta" => sum(1, true, data_points),
            other => panic!("{other}"),
        }),
        ..Metric::default()
    }
}

fn point(line: &str) -> NumberDataPoint {
    let (labels, rest) = line.trim_start_matches('{').split_once('}').expect("labels");
    let (value, start) = rest.trim().split_once(" @").unwrap_or((rest.trim(), "1"));
    NumberDataPoint {
        attributes: labels
            .split(',')
            .filter(|label| !label.is_empty())
            .map(label)
            .collect(),
        start_time_unix_nano: start.parse().expect("a time"),
        time_unix_nano: TIME,
        flags: u32::from(value == "-"),
        value: match value {
            "-" => None,
            value if value.contains('.') => Some(Value::AsDouble(value.parse().expect("a double"))),
            value => Some(Value::AsInt(value.parse().expect("an integer"))),
        },
        ..NumberDataPoint::default()
    }
}

/// `a=x`; `a:=5` is an integer.
fn label(text: &str) -> KeyValue {
    let (key, value) = text.split_once('=').expect("a label");
    let kind = match key.strip_suffix(':') {
        Some(_) => AnyValueKind::IntValue(value.parse().expect("an integer")),
        None => AnyValueKind::StringValue(value.to_owned()),
    };
    KeyValue {
        key: key.trim_end_matches(':').to_owned(),
        value: Some(AnyValue { value: Some(kind) }),
        ..KeyValue::default()
    }
}

/// A request of one resource and scope.
pub(crate) fn request(metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource {
                attributes: vec![label("service.name=shop")],
                ..Resource::default()
            }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(InstrumentationScope {
                    name: "lib".to_owned(),
                    ..InstrumentationScope::default()
                }),
                metrics,
                schema_url: "https://schema".to_owned(),
            }],
            schema_url: "https://resource".to_owned(),
        }],
    }
}

/// All of it as lines, a resource before its metrics where it is not the common one.
pub(crate) fn shown(request: &ExportMetricsServiceRequest) -> String {
    let mut out = String::new();
    for resource in &request.resource_metrics {
        assert_eq!(resource.schema_url, "https://resource");
        let attributes = &resource.resource.as_ref().expect("a resource").attributes;
        if attributes.len() > 1 {
            writeln!(out, "{}", labels(attributes)).expect("written");
        }
        for scope in &resource.scope_metrics {
            assert_eq!(scope.schema_url, "https://schema");
            scope.metrics.iter().for_each(|metric| show(&mut out, metric));
        }
    }
    out
}

fn show(out: &mut String, metric: &Metric) {
    let (kind, points) = match metric.data.as_ref().expect("data") {
        Data::Gauge(gauge) => ("gauge", &gauge.data_points),
        Data::Sum(sum) => match (sum.aggregation_temporality, sum.is_monotonic) {
            (2, true) => ("counter", &sum.data_points),
            (2, false) => ("updown", &sum.data_points),
            _ => ("delta", &sum.data_points),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(metric.description, "described");
    writeln!(
        out,
        "{}",
        format!("{kind} {} {}", metric.name, metric.unit).trim()
    )
    .expect("written");
    for point in points {
        let value = match point.value {
            None => "-".to_owned(),
            Some(Value::AsInt(value)) => value.to_string(),
            Some(Value::AsDouble(value)) => format!("{value:?}"),
        };
        let start = match point.start_time_unix_nano {
            1 => String::new(),
            other => format!(" @{other}"),
        };
        writeln!(out, "  {} {value}{start}", labels(&point.attributes)).expect("written");
    }
}

fn labels(attributes: &[KeyValue]) -> String {
    let mut shown: Vec<String> = attributes
        .iter()
        .map(
            |attribute| match &attribute.value.as_ref().expect("a value").value {
                Some(AnyValueKind::StringValue(text)) => format!("{}={text}", attribute.key),
                Some(AnyValueKind::IntValue(value)) => format!("{}:={value}", attribute.key),
                other => panic!("{other:?}"),
            },
        )
        .collect();
    shown.sort();
    format!("{{{}}}", shown.join(","))
}
