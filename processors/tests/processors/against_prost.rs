//! The processors do what is done naively on decoded messages.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use proptest::{collection::vec, prelude::*};
use serde_json::{Value as Json, json};
use sidelight_component::Signal;

use crate::generate;
use crate::generate_settings::{action, config};
use crate::naive_actions::{apply, as_text, canonical};
use crate::naive_selection::{Item, kind, selected, service};
use crate::pipeline::Rig;

fn actions_of(config: &Json) -> &[Json] {
    config["actions"].as_array().expect("a list")
}

proptest! {
    #[test]
    fn attributes_of_spans(config in config(Signal::Traces), request in generate::traces()) {
        let mut edited = Rig::new("attributes", Signal::Traces, &config.to_string()).edit(&request);
        let mut expected = request;
        for resource in &mut expected.resource_spans {
            for scope in &mut resource.scope_spans {
                for span in &mut scope.spans {
                    let item = Item {
                        resource: &resource.resource,
                        scope: &scope.scope,
                        names: vec![
                            ("services", service(&resource.resource)),
                            ("span_names", span.name.clone()),
                            ("span_kinds", kind(span.kind)),
                        ],
                        severity: 0,
                        attributes: &span.attributes,
                    };
                    if selected(&config, &item) {
                        apply(actions_of(&config), &mut span.attributes);
                    }
                }
            }
        }
        for request in [&mut edited, &mut expected] {
            let spans = request.resource_spans.iter_mut().flat_map(|r| &mut r.scope_spans).flat_map(|s| &mut s.spans);
            spans.for_each(|span| canonical(&mut span.attributes));
        }
        // As text, in which NaN equals itself.
        prop_assert_eq!(format!("{edited:#?}"), format!("{expected:#?}"));
    }

    #[test]
    fn attributes_of_log_records(config in config(Signal::Logs), request in generate::logs()) {
        let mut edited = Rig::new("attributes", Signal::Logs, &config.to_string()).edit(&request);
        let mut expected = request;
        for resource in &mut expected.resource_logs {
            for scope in &mut resource.scope_logs {
                for record in &mut scope.log_records {
                    let body = record.body.as_ref().and_then(|body| body.value.as_ref());
                    let item = Item {
                        resource: &resource.resource,
                        scope: &scope.scope,
                        names: vec![
                            ("log_bodies", body.map(as_text).unwrap_or_default()),
                            ("log_severity_texts", record.severity_text.clone()),
                        ],
                        severity: record.severity_number,
                        attributes: &record.attributes,
                    };
                    if selected(&config, &item) {
                        apply(actions_of(&config), &mut record.attributes);
                    }
                }
            }
        }
        for request in [&mut edited, &mut expected] {
            let scopes = request.resource_logs.iter_mut().flat_map(|r| &mut r.scope_logs);
            scopes.flat_map(|s| &mut s.log_records).for_each(|record| canonical(&mut record.attributes));
        }
        prop_assert_eq!(format!("{edited:#?}"), format!("{expected:#?}"));
    }

    #[test]
    fn attributes_of_data_points(config in config(Signal::Metrics), request in generate::metrics()) {
        fn each(data: &mut Option<Data>, mut act: impl FnMut(&mut Vec<KeyValue>)) {
            macro_rules! points {
                ($data:expr) => { $data.data_points.iter_mut().for_each(|point| act(&mut point.attributes)) };
            }
            match data {
                None => {}
                Some(Data::Gauge(data)) => points!(data),
                Some(Data::Sum(data)) => points!(data),
                Some(Data::Histogram(data)) => points!(data),
                Some(Data::ExponentialHistogram(data)) => points!(data),
                Some(Data::Summary(data)) => points!(data),
            }
        }
        let mut edited = Rig::new("attributes", Signal::Metrics, &config.to_string()).edit(&request);
        let mut expected = request;
        for resource in &mut expected.resource_metrics {
            for scope in &mut resource.scope_metrics {
                for metric in &mut scope.metrics {
                    let item = Item {
                        resource: &resource.resource,
                        scope: &scope.scope,
                        names: vec![("metric_names", metric.name.clone())],
                        severity: 0,
                        attributes: &[],
                    };
                    if selected(&config, &item) {
                        each(&mut metric.data, |attributes| apply(actions_of(&config), attributes));
                    }
                }
            }
        }
        for request in [&mut edited, &mut expected] {
            let scopes = request.resource_metrics.iter_mut().flat_map(|r| &mut r.scope_metrics);
            scopes.flat_map(|s| &mut s.metrics).for_each(|m| each(&mut m.data, |a| canonical(a)));
        }
        prop_assert_eq!(format!("{edited:#?}"), format!("{expected:#?}"));
    }

    #[test]
    fn attributes_of_resources(actions in vec(action(), 1..6), request in generate::logs()) {
        let config = json!({"attributes": actions}).to_string();
        let mut edited = Rig::new("resource", Signal::Logs, &config).edit(&request);
        let mut expected = request;
        for logs in &mut expected.resource_logs {
            let mut resource = logs.resource.clone().unwrap_or_default();
            apply(&actions, &mut resource.attributes);
            // A resource that is absent comes into being with its first attribute.
            if logs.resource.is_some() || !resource.attributes.is_empty() {
                logs.resource = Some(resource);
            }
        }
        for request in [&mut edited, &mut expected] {
            let resources = request.resource_logs.iter_mut().filter_map(|logs| logs.resource.as_mut());
            resources.for_each(|resource| canonical(&mut resource.attributes));
        }
        prop_assert_eq!(format!("{edited:#?}"), format!("{expected:#?}"));
    }
}
