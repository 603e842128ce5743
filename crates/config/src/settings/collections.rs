//! Lists, maps, and values that may be absent.

use std::collections::BTreeMap;

use super::reader::NOTHING;
use super::{Reader, Setting};
use crate::table::Kind;
use crate::tree::{Node, Value};

/// The hint when a variable should become a list or a block.
const EXPANDED_IS_TEXT: &str = "an expanded value is text, not YAML; write the structure in the file";

impl<T: Setting> Setting for Vec<T> {
    fn kind() -> Kind {
        Kind::List(Box::new(T::kind()))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let Some(items) = node.as_list() else {
            let hint = match &node.value {
                _ if node.is_expanded() => EXPANDED_IS_TEXT,
                Value::Map(_) => "begin each item with `- `",
                _ => "write `- value`, one per line, or `[value]`",
            };
            return cx.wrong_type_hint(node, "a list", Some(hint.to_owned()));
        };
        let mut out = Some(Vec::with_capacity(items.len()));
        for (index, item) in items.iter().enumerate() {
            let value = cx.part(&index.to_string(), item.span, item);
            out = out.zip(value).map(|(mut values, value)| {
                values.push(value);
                values
            });
        }
        out
    }

    fn show(&self) -> String {
        let items: Vec<String> = self.iter().map(Setting::show).collect();
        format!("[{}]", items.join(", "))
    }
}

impl<T: Setting> Setting for BTreeMap<String, T> {
    fn kind() -> Kind {
        Kind::Map(Box::new(T::kind()))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let Some(entries) = node.as_map() else {
            let hint = match &node.value {
                _ if node.is_expanded() => EXPANDED_IS_TEXT,
                Value::List(_) => "write `name: value` without the `-`",
                _ => "write `name: value`, one per line, further to the right",
            };
            return cx.wrong_type_hint(node, "a map of names to values", Some(hint.to_owned()));
        };
        let mut out = Some(BTreeMap::new());
        for (key, item) in entries {
            let value = cx.part(&key.name, key.span, item);
            out = out.zip(value).map(|(mut values, value)| {
                values.insert(key.name.clone(), value);
                values
            });
        }
        out
    }

    fn show(&self) -> String {
        let entries: Vec<String> = self
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.show()))
            .collect();
        format!("{{{}}}", entries.join(", "))
    }
}

/// `null` is `None`, but for a block: `grpc:` with nothing under it is the block with its defaults, as in
/// the Collector.
impl<T: Setting> Setting for Option<T> {
    const IS_BLOCK: bool = T::IS_BLOCK;
    const READS_NULL: bool = !T::IS_BLOCK;

    fn kind() -> Kind {
        Kind::Optional(Box::new(T::kind()))
    }

    fn kind_over(base: &Self) -> Kind {
        Kind::Optional(Box::new(base.as_ref().map_or_else(T::kind, T::kind_over)))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        if node.is_null() && !T::IS_BLOCK {
            return Some(None);
        }
        T::read(node, cx).map(Some)
    }

    fn read_over(base: &Self, node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match base {
            Some(base) if !node.is_null() || T::IS_BLOCK => T::read_over(base, node, cx).map(Some),
            _ => Self::read(node, cx),
        }
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| NOTHING.to_owned(), Setting::show)
    }
}
