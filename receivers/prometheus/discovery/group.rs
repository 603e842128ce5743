//! Groups of targets: addresses with labels in common.

use std::collections::BTreeMap;

use serde::Deserialize;
use sidelight_config::{FixedEnv, Owner, load_str, read, settings};

use crate::prometheus::labels::Labels;

settings! {
    /// A group of targets.
    pub(super) struct Group {
        /// `host:port` of each target.
        targets: Vec<String>,
        /// Labels of all of them.
        labels: BTreeMap<String, String>,
    }
}

/// The same in JSON, where a file may be larger than what the reader of settings takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a group with `targets` and `labels`")]
struct JsonGroup {
    targets: Option<Vec<String>>,
    labels: Option<BTreeMap<String, String>>,
}

settings! {
    /// What a file holds, under a key of our own.
    struct Groups {
        /// The groups.
        groups: Vec<Group>,
    }
}

/// The labels of a group's targets; those of a file say where they come from.
pub(super) fn targets(
    addresses: &[String],
    common: &BTreeMap<String, String>,
    file: Option<&str>,
) -> Vec<Labels> {
    let of = |address: &String| {
        let mut labels = Labels::from(common);
        labels.set("__address__", address.as_str());
        labels.set("__meta_filepath", file.unwrap_or_default());
        labels
    };
    addresses.iter().map(of).collect()
}

/// The groups in a file: a list in JSON or YAML (Prometheus, `file_sd_config`).
///
/// # Errors
/// What is wrong, with its line.
pub(super) fn parse(name: &str, text: &str) -> Result<Vec<Group>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let groups = match is_json(name) {
        true => parse_json(text)?,
        false => parse_yaml(name, text)?,
    };
    if groups.iter().any(|group| group.labels.contains_key("")) {
        return Err("a label has no name".to_owned());
    }
    Ok(groups)
}

/// Whether a file is read as JSON, by its name.
pub(super) fn is_json(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".json")
}

fn parse_json(text: &str) -> Result<Vec<Group>, String> {
    let groups: Option<Vec<JsonGroup>> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let group = |group: JsonGroup| Group {
        targets: group.targets.unwrap_or_default(),
        labels: group.labels.unwrap_or_default(),
    };
    Ok(groups.unwrap_or_default().into_iter().map(group).collect())
}

fn parse_yaml(name: &str, text: &str) -> Result<Vec<Group>, String> {
    // The reader of settings wants a map at the top. A list with dashes may stand under its key without being further to
    // the right; one in brackets, which may span lines, is moved.
    let text = text.replace('$', "$$");
    let body = text.strip_prefix("---").unwrap_or(&text);
    let wrapped = match body.trim_start().starts_with('[') {
        true => format!("groups:\n {}\n", body.replace('\n', "\n ")),
        false => format!("groups:\n{body}"),
    };
    let (tree, mut mistakes) = load_str(name, &wrapped, &FixedEnv::new());
    let groups = tree.and_then(|tree| {
        let owner = Owner {
            label: "the file".to_owned(),
            readme: None,
            place: tree.root.span,
        };
        read::<Groups>(&tree.root, owner, &mut mistakes)
    });
    match groups {
        Some(groups) if !mistakes.has_errors() => Ok(groups.config.groups),
        _ => {
            let first = mistakes
                .iter()
                .find(|mistake| mistake.severity == sidelight_config::Severity::Error);
            Err(first.map_or_else(String::new, |mistake| {
                // The first line is ours.
                format!(
                    "line {}: {}",
                    mistake.span.start.line.saturating_sub(1),
                    mistake.message
                )
            }))
        }
    }
}
