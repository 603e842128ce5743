//! JSON schema (draft 2020-12) of settings, for completion in editors.

use serde_json::{Map, Value as Json, json};

use crate::table::{Kind, MAX_BLOCK_DEPTH, Table};

/// The schema of a block. A `${…}` may stand for any scalar, and a block may be empty (`otlp:`), so every
/// schema allows for both. A block that contains itself is described down to a few levels, then taken as is.
pub fn schema(table: &Table) -> Json {
    block(table, MAX_BLOCK_DEPTH)
}

fn block(table: &Table, depth: usize) -> Json {
    let mut properties = Map::new();
    for row in &table.rows {
        let mut property = kind(&row.kind, depth.saturating_sub(1));
        let mut description = row.doc.clone();
        if let Some(bounds) = &row.bounds {
            description.push_str(&format!(" ({bounds})"));
        }
        property["description"] = json!(description);
        if let Some(default) = row
            .default
            .as_deref()
            .and_then(|text| default_value(text, &row.kind))
        {
            property["default"] = default;
        }
        properties.insert(row.name.to_owned(), property);
    }
    for alias in &table.aliases {
        properties.insert(
            alias.old.to_owned(),
            json!({"deprecated": true, "description": alias.reason}),
        );
    }
    for known in table
        .unsupported
        .iter()
        .filter(|unsupported| unsupported.harmless)
    {
        properties.insert(
            known.name.to_owned(),
            json!({"deprecated": true, "description": known.advice}),
        );
    }
    let required: Vec<&str> = table
        .rows
        .iter()
        .filter(|row| row.default.is_none())
        .map(|row| row.name)
        .collect();
    json!({
        "type": ["object", "null"],
        "description": table.doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// A default as a value; `None` where it is none, secret, or made of parts.
fn default_value(text: &str, of: &Kind) -> Option<Json> {
    match of {
        Kind::Bool | Kind::Int { .. } | Kind::Float => serde_json::from_str(text).ok(),
        Kind::List(_) if text == "[]" => Some(json!([])),
        Kind::Map(_) if text == "{}" => Some(json!({})),
        Kind::String | Kind::Duration | Kind::ByteSize | Kind::Endpoint | Kind::Enum(_) | Kind::Text(_) => {
            Some(json!(if text == "\"\"" { "" } else { text }))
        }
        _ => None,
    }
}

fn kind(of: &Kind, depth: usize) -> Json {
    let expanded = json!({"type": "string", "pattern": r"\$\{"});
    match of {
        Kind::Bool => json!({"anyOf": [{"type": "boolean"}, expanded]}),
        Kind::Int { min, max } => {
            let mut integer = json!({"type": "integer"});
            // JSON numbers beyond 64 bits are no use to anyone.
            if let Ok(min) = i64::try_from(*min) {
                integer["minimum"] = json!(min);
            }
            if let Ok(max) = u64::try_from(*max) {
                integer["maximum"] = json!(max);
            }
            json!({"anyOf": [integer, expanded]})
        }
        Kind::Float => json!({"anyOf": [{"type": "number"}, expanded]}),
        Kind::String | Kind::Secret => json!({"type": ["string", "number", "boolean"]}),
        Kind::Endpoint | Kind::Text(_) => json!({"type": "string"}),
        Kind::Duration => json!({"anyOf": [
            {"type": "string", "pattern": r"^(0|\+?((\d+\.?\d*|\.\d+)(h|m|s|ms|us|µs|μs|ns))+)$"},
            {"const": 0},
            expanded,
        ]}),
        Kind::ByteSize => json!({"type": ["string", "integer"]}),
        Kind::Enum(words) => json!({"anyOf": [{"enum": words}, expanded]}),
        Kind::List(inner) => json!({"type": "array", "items": kind(inner, depth)}),
        Kind::Map(inner) => json!({"type": "object", "additionalProperties": kind(inner, depth)}),
        Kind::Optional(inner) => json!({"anyOf": [kind(inner, depth), {"type": "null"}]}),
        Kind::Block(_) if depth == 0 => json!({}),
        Kind::Block(nested) => block(&nested.table(), depth),
        Kind::Any => json!({}),
    }
}
