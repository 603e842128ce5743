//! Fields of a record as the settings name them: `body`, `attributes.key`, `attributes["a.b"].c`, `resource.key`.

use std::fmt;

use sidelight_log_formats::{Map, Value};

use crate::entry::Entry;

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    root: Root,
    keys: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    Body,
    Attributes,
    Resource,
}

impl Field {
    /// Reads a field.
    ///
    /// # Errors
    /// What to write instead.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        // `$body` and `$attributes.x` are how fields were written once.
        let text = text.trim();
        let plain = text.strip_prefix('$').unwrap_or(text);
        let root_end = plain.find(['.', '[']).unwrap_or(plain.len());
        let root = match &plain[..root_end] {
            "body" | "record" => Root::Body,
            "attributes" | "labels" => Root::Attributes,
            "resource" => Root::Resource,
            _ => {
                return Err(format!(
                    "`{text}` must begin with `body`, `attributes` or `resource`"
                ));
            }
        };
        let keys = keys(&plain[root_end..])
            .ok_or_else(|| format!("`{text}` must be like `attributes.key` or `attributes[\"a.b\"]`"))?;
        Ok(Self { root, keys })
    }

    /// The value, where there is one.
    pub(crate) fn get<'e, 'a>(&self, entry: &'e Entry<'a>) -> Option<&'e Value<'a>> {
        let map = match self.root {
            Root::Body => {
                return self
                    .keys
                    .iter()
                    .try_fold(&entry.body, |value, key| as_map(value)?.get(key));
            }
            Root::Attributes => &entry.attributes,
            Root::Resource => &entry.resource,
        };
        let (first, rest) = self.keys.split_first()?;
        rest.iter()
            .try_fold(map.get(first)?, |value, key| as_map(value)?.get(key))
    }

    /// All attributes or the whole resource, where that is the field.
    pub(crate) fn map<'e, 'a>(&self, entry: &'e mut Entry<'a>) -> Option<&'e mut Map<'a>> {
        match self.root {
            Root::Attributes if self.keys.is_empty() => Some(&mut entry.attributes),
            Root::Resource if self.keys.is_empty() => Some(&mut entry.resource),
            _ => None,
        }
    }

    /// Puts a value there; maps on the way are made. A map is merged into attributes or a resource.
    pub(crate) fn set<'a>(&self, entry: &mut Entry<'a>, value: Value<'a>) {
        if let Some(whole) = self.map(entry) {
            if let Value::Map(map) = value {
                merge(whole, map);
            }
            return;
        }
        let (map, keys) = match self.root {
            Root::Body if self.keys.is_empty() => {
                entry.body = value;
                return;
            }
            Root::Body => (map_in(&mut entry.body), &self.keys[..]),
            Root::Attributes => (&mut entry.attributes, &self.keys[..]),
            Root::Resource => (&mut entry.resource, &self.keys[..]),
        };
        put(map, keys, value);
    }

    /// Takes the value out.
    pub(crate) fn remove<'a>(&self, entry: &mut Entry<'a>) -> Option<Value<'a>> {
        if let Some(whole) = self.map(entry) {
            return Some(Value::Map(std::mem::take(whole)));
        }
        let Some((last, path)) = self.keys.split_last() else {
            return Some(std::mem::take(&mut entry.body));
        };
        let map = match self.root {
            Root::Body => as_map_mut(&mut entry.body)?,
            Root::Attributes => &mut entry.attributes,
            Root::Resource => &mut entry.resource,
        };
        path.iter()
            .try_fold(map, |map, key| as_map_mut(map.get_mut(key)?))?
            .remove(last)
    }

    /// True for the body and what is in it.
    pub(crate) fn is_in_body(&self) -> bool {
        self.root == Root::Body
    }

    /// Whether it is an attribute.
    pub(crate) fn is_attribute(&self) -> bool {
        self.root == Root::Attributes
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.root {
            Root::Body => "body",
            Root::Attributes => "attributes",
            Root::Resource => "resource",
        })?;
        self.keys
            .iter()
            .try_for_each(|key| match key.contains(['.', '[', ' ']) {
                true => write!(f, "[{key:?}]"),
                false => write!(f, ".{key}"),
            })
    }
}

/// `.a["b.c"].d`
fn keys(text: &str) -> Option<Vec<String>> {
    let mut keys = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let (key, after) = after[1..].split_once(quote)?;
            keys.push(key.to_owned());
            rest = after.strip_prefix(']')?;
            continue;
        }
        let after = rest.strip_prefix('.')?;
        let end = after.find(['.', '[']).unwrap_or(after.len());
        keys.push(
            Some(&after[..end])
                .filter(|key| !key.is_empty() && !key.contains(']'))?
                .to_owned(),
        );
        rest = &after[end..];
    }
    Some(keys)
}

fn as_map<'v, 'a>(value: &'v Value<'a>) -> Option<&'v Map<'a>> {
    match value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

fn as_map_mut<'v, 'a>(value: &'v mut Value<'a>) -> Option<&'v mut Map<'a>> {
    match value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

/// The value as a map; what is none is replaced by an empty one.
fn map_in<'v, 'a>(value: &'v mut Value<'a>) -> &'v mut Map<'a> {
    if !matches!(value, Value::Map(_)) {
        *value = Value::Map(Map::new());
    }
    match value {
        Value::Map(map) => map,
        _ => unreachable!("it was made a map"),
    }
}

fn put<'a>(map: &mut Map<'a>, keys: &[String], value: Value<'a>) {
    let Some((first, rest)) = keys.split_first() else {
        return;
    };
    if rest.is_empty() {
        map.insert(first.clone(), value);
        return;
    }
    if map.get(first).is_none() {
        map.push(first.clone(), Value::Map(Map::new()));
    }
    if let Some(inner) = map.get_mut(first) {
        put(map_in(inner), rest, value);
    }
}

/// Puts what is in the second map into the first.
pub(crate) fn merge<'a>(into: &mut Map<'a>, from: Map<'a>) {
    if into.is_empty() {
        *into = from;
        return;
    }
    into.merge(from);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_written() {
        for (text, shown) in [
            ("body", "body"),
            ("$body.a", "body.a"),
            ("attributes[\"a.b\"].c", "attributes[\"a.b\"].c"),
            ("resource['x']", "resource.x"),
            ("attributes", "attributes"),
        ] {
            assert_eq!(Field::parse(text).expect(text).to_string(), shown);
        }
        for bad in ["", "foo", "body..a", "attributes[a]", "attributes[\"a", "body.a]"] {
            assert!(Field::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_are_put_found_and_taken() {
        let mut entry = Entry::default();
        let field = Field::parse("attributes.a.b").expect("good");
        field.set(&mut entry, Value::Int(1));
        assert_eq!(field.get(&entry), Some(&Value::Int(1)));
        assert_eq!(field.remove(&mut entry), Some(Value::Int(1)));
        assert_eq!(field.get(&entry), None);
        let body = Field::parse("body.x").expect("good");
        entry.body = Value::Text("line".into());
        body.set(&mut entry, Value::Bool(true));
        assert_eq!(body.get(&entry), Some(&Value::Bool(true)));
        assert_eq!(Field::parse("resource.y").expect("good").get(&entry), None);
    }
}
