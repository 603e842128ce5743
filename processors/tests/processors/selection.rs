//! `include` and `exclude`, row by row.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use sidelight_component::Signal;

use crate::actions::one_span;
use crate::generate::{attribute, text};
use crate::pipeline::{Rig, read};

const MARK: &str = "actions: [{key: marked, value: true, action: insert}]";

/// Whether the span `GET /orders` (server) of service `shop` and scope `flask 3.1` gets the mark.
fn marks_span(selection: &str) -> bool {
    let mut request = one_span(Span {
        name: "GET /orders".to_owned(),
        kind: 2,
        attributes: vec![
            attribute("env", text("dev")),
            attribute("status", Any::IntValue(200)),
            attribute("ratio", Any::DoubleValue(0.5)),
            attribute("cached", Any::BoolValue(false)),
        ],
        ..Span::default()
    });
    let attributes = vec![
        attribute("service.name", text("shop")),
        attribute("host.type", text("n1")),
    ];
    request.resource_spans[0].resource = Some(Resource {
        attributes,
        ..Resource::default()
    });
    request.resource_spans[0].scope_spans[0].scope = Some(InstrumentationScope {
        name: "flask".to_owned(),
        version: "3.1".to_owned(),
        ..InstrumentationScope::default()
    });
    let edited = Rig::new("attributes", Signal::Traces, &format!("{MARK}\n{selection}")).edit(&request);
    edited.resource_spans[0].scope_spans[0].spans[0]
        .attributes
        .iter()
        .any(|a| a.key == "marked")
}

fn marks_record(selection: &str, record: LogRecord) -> bool {
    let scope_logs = vec![ScopeLogs {
        log_records: vec![record],
        ..ScopeLogs::default()
    }];
    let resource_logs = vec![ResourceLogs {
        scope_logs,
        ..ResourceLogs::default()
    }];
    let edited = Rig::new("attributes", Signal::Logs, &format!("{MARK}\n{selection}"))
        .edit(&ExportLogsServiceRequest { resource_logs });
    !edited.resource_logs[0].scope_logs[0].log_records[0]
        .attributes
        .is_empty()
}

#[test]
fn spans_are_included_by_each_property() {
    let table = [
        ("strict, services: [cart, shop]", true),
        ("strict, services: [sho]", false),
        ("regexp, services: ['^sh']", true),
        ("strict, span_names: [GET /orders]", true),
        ("strict, span_names: [GET /]", false),
        ("regexp, span_names: [POST, orders$]", true),
        ("strict, span_kinds: [SPAN_KIND_SERVER]", true),
        ("strict, span_kinds: [SPAN_KIND_CLIENT]", false),
        ("regexp, span_kinds: [_SER]", true),
        ("strict, attributes: [{key: env}]", true),
        (
            "strict, attributes: [{key: env, value: dev}, {key: missing}]",
            false,
        ),
        ("strict, attributes: [{key: status, value: 200}]", true),
        ("strict, attributes: [{key: status, value: '200'}]", false),
        (
            "strict, attributes: [{key: ratio, value: 0.5}, {key: cached, value: false}]",
            true,
        ),
        (
            "regexp, attributes: [{key: status, value: '^2..$'}, {key: cached, value: false$}]",
            true,
        ),
        ("regexp, attributes: [{key: env, value: prod}]", false),
        ("strict, resources: [{key: host.type, value: n1}]", true),
        ("strict, resources: [{key: env}]", false),
        ("strict, libraries: [{name: flask}]", true),
        ("strict, libraries: [{name: flask, version: ''}]", false),
        ("regexp, libraries: [{name: ^fl, version: '^3'}]", true),
        // All that are given must match.
        (
            "strict, services: [shop], span_names: [GET /orders], attributes: [{key: env}]",
            true,
        ),
        (
            "strict, services: [shop], span_names: [other], attributes: [{key: env}]",
            false,
        ),
        ("strict, services: [other], span_names: [GET /orders]", false),
    ];
    for (properties, matches) in table {
        assert_eq!(
            marks_span(&format!("include: {{match_type: {properties}}}")),
            matches,
            "{properties}"
        );
        assert_eq!(
            marks_span(&format!("exclude: {{match_type: {properties}}}")),
            !matches,
            "{properties}"
        );
    }
}

#[test]
fn exclude_takes_away_from_what_is_included() {
    let include = |service: &str| format!("include: {{match_type: strict, services: [{service}]}}");
    let exclude = |name: &str| format!("exclude: {{match_type: regexp, span_names: ['{name}']}}");
    assert!(marks_span(&format!("{}\n{}", include("shop"), exclude("^POST"))));
    assert!(!marks_span(&format!("{}\n{}", include("shop"), exclude("^GET"))));
    assert!(!marks_span(&format!("{}\n{}", include("cart"), exclude("^POST"))));
}

#[test]
fn log_records_are_included_by_body_and_severity() {
    let record = || LogRecord {
        body: Some(AnyValue {
            value: Some(text("AUTH failed")),
        }),
        severity_text: "WARN".to_owned(),
        severity_number: 13,
        ..LogRecord::default()
    };
    let undefined = || LogRecord {
        severity_number: 0,
        ..record()
    };
    let table = [
        ("regexp, log_bodies: [^AUTH]", record(), true),
        ("strict, log_bodies: [AUTH]", record(), false),
        ("regexp, log_severity_texts: [WARN, ERROR]", record(), true),
        ("strict, log_severity_number: {min: 13}", record(), true),
        ("strict, log_severity_number: {min: 17}", record(), false),
        ("strict, log_severity_number: {min: 1}", undefined(), false),
        (
            "strict, log_severity_number: {min: 17, match_undefined: true}",
            undefined(),
            true,
        ),
    ];
    for (properties, record, matches) in table {
        let include = format!("include: {{match_type: {properties}}}");
        assert_eq!(marks_record(&include, record), matches, "{properties}");
    }
}

#[test]
fn a_service_without_a_name_has_the_collectors_name_for_it() {
    let settings = format!("{MARK}\ninclude: {{match_type: strict, services: [<nil-service-name>]}}");
    let edited = Rig::new("attributes", Signal::Traces, &settings).edit(&one_span(Span::default()));
    assert_eq!(
        edited.resource_spans[0].scope_spans[0].spans[0].attributes.len(),
        1
    );
}

#[test]
fn a_property_without_a_meaning_for_the_pipelines_signal_is_refused() {
    let table = [
        ("services: [a]", Some(Signal::Traces), "include.services"),
        (
            "span_kinds: [SPAN_KIND_SERVER]",
            Some(Signal::Traces),
            "include.span_kinds",
        ),
        ("log_bodies: [a]", Some(Signal::Logs), "include.log_bodies"),
        (
            "log_severity_number: {min: 9}",
            Some(Signal::Logs),
            "include.log_severity_number",
        ),
        ("metric_names: [a]", Some(Signal::Metrics), "include.metric_names"),
        ("resources: [{key: a}]", None, ""),
    ];
    for (property, only, setting) in table {
        let (config, mistakes) = read(
            "attributes",
            &format!("{MARK}\ninclude: {{match_type: strict, {property}}}"),
        );
        let config = config.unwrap_or_else(|| panic!("{}", mistakes.render_plain()));
        for signal in [Signal::Traces, Signal::Metrics, Signal::Logs] {
            match config.check_signal(signal) {
                Ok(()) => assert!(only.is_none_or(|only| only == signal), "{property} in {signal}"),
                Err(error) => {
                    assert_ne!(only, Some(signal), "{error}");
                    assert_eq!(error.setting.as_deref(), Some(setting));
                    assert!(error.message.contains(setting) && error.message.contains(signal.as_str()));
                }
            }
        }
    }
}
