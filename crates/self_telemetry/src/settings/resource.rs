//! `service: telemetry: resource:`.

use std::collections::BTreeMap;

use sidelight_config::{Kind, Node, Reader, Setting, Value, settings};

settings! {
    /// One attribute in the list form.
    struct Attribute {
        /// Its name.
        required name: String,
        /// Its value; nothing takes the attribute away.
        value: Option<String>,
        /// Its type; values are texts.
        r#type: String = "string",
    }
}

/// Attributes of the program itself, by name; `None` takes a default attribute away.
///
/// Both of the Collector's forms are read: names to values, and `attributes:` with a list of `name` and
/// `value`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceSettings {
    /// Names to values.
    pub attributes: BTreeMap<String, Option<String>>,
}

impl Setting for ResourceSettings {
    fn kind() -> Kind {
        Kind::Map(Box::new(Kind::String))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let list = node
            .entry("attributes")
            .filter(|(_, value)| matches!(value.value, Value::List(_)));
        let Some((key, list)) = list else {
            return BTreeMap::read(node, cx).map(|attributes| Self { attributes });
        };
        let attributes = cx.part::<Vec<Attribute>>("attributes", key.span, list)?;
        Some(Self {
            attributes: attributes.into_iter().map(|a| (a.name, a.value)).collect(),
        })
    }

    fn show(&self) -> String {
        self.attributes.show()
    }
}
