//! `include` and `exclude`, done naively on decoded messages.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::Value as Json;

use crate::naive_actions::{as_text, get, otlp};

pub(crate) struct Item<'a> {
    pub(crate) resource: &'a Option<Resource>,
    pub(crate) scope: &'a Option<InstrumentationScope>,
    /// By the name of the property.
    pub(crate) names: Vec<(&'static str, String)>,
    pub(crate) severity: i32,
    pub(crate) attributes: &'a [KeyValue],
}

fn matches(block: &Json, item: &Item<'_>) -> bool {
    let strict = block["match_type"] == "strict";
    let same = |expected: &str, found: &str| match strict {
        true => expected == found,
        false => regex::Regex::new(expected).expect("compiles").is_match(found),
    };
    let names_match = item.names.iter().all(|(list, found)| {
        block.get(list).is_none_or(|list| {
            list.as_array()
                .expect("a list")
                .iter()
                .any(|name| same(name.as_str().expect("text"), found))
        })
    });
    let all = |list: &str, attributes: &[KeyValue]| {
        block.get(list).is_none_or(|list| {
            list.as_array().expect("a list").iter().all(|test| {
                let Some(found) = get(attributes, test["key"].as_str().expect("a key")) else {
                    return false;
                };
                match (test.get("value"), found) {
                    (None, _) => true,
                    (Some(expected), found) if strict => found == Some(otlp(expected)),
                    (Some(_), None | Some(Any::ArrayValue(_) | Any::KvlistValue(_) | Any::BytesValue(_))) => {
                        false
                    }
                    (Some(expected), Some(Any::DoubleValue(found))) if found.is_finite() => {
                        same(expected.as_str().expect("text"), &format!("{found}"))
                    }
                    (Some(expected), Some(found)) => same(expected.as_str().expect("text"), &as_text(&found)),
                }
            })
        })
    };
    let scope = item.scope.clone().unwrap_or_default();
    let libraries_match = block.get("libraries").is_none_or(|libraries| {
        libraries.as_array().expect("a list").iter().all(|library| {
            same(library["name"].as_str().expect("text"), &scope.name)
                && library
                    .get("version")
                    .is_none_or(|v| same(v.as_str().expect("text"), &scope.version))
        })
    });
    let severity_matches = block
        .get("log_severity_number")
        .is_none_or(|range| match item.severity {
            0 => range["match_undefined"] == true,
            number => i64::from(number) >= range["min"].as_i64().expect("a number"),
        });
    let resource = item.resource.clone().unwrap_or_default();
    names_match
        && libraries_match
        && severity_matches
        && all("resources", &resource.attributes)
        && all("attributes", item.attributes)
}

pub(crate) fn selected(config: &Json, item: &Item<'_>) -> bool {
    config.get("include").is_none_or(|block| matches(block, item))
        && !config.get("exclude").is_some_and(|block| matches(block, item))
}

pub(crate) fn service(resource: &Option<Resource>) -> String {
    let attributes = resource
        .as_ref()
        .map(|resource| &resource.attributes[..])
        .unwrap_or_default();
    match get(attributes, "service.name") {
        None => "<nil-service-name>".to_owned(),
        Some(None) => String::new(),
        Some(Some(value)) => as_text(&value),
    }
}

pub(crate) fn kind(number: i32) -> String {
    let kinds = [
        "UNSPECIFIED",
        "INTERNAL",
        "SERVER",
        "CLIENT",
        "PRODUCER",
        "CONSUMER",
    ];
    let name = usize::try_from(number).ok().and_then(|number| kinds.get(number));
    name.map(|name| format!("SPAN_KIND_{name}")).unwrap_or_default()
}
