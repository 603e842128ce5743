//! Booleans, numbers, text, and raw YAML.

use super::{Reader, Setting};
use crate::mistake::{Mistake, code};
use crate::settings::reader::shown;
use crate::table::Kind;
use crate::tree::{Node, Value};

impl Setting for bool {
    fn kind() -> Kind {
        Kind::Bool
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        // YAML 1.1 read these words as booleans; 1.2 does not.
        let hint = match node.as_str().map(str::to_ascii_lowercase).as_deref() {
            _ if node.is_expanded() => None,
            Some("yes" | "on" | "y" | "true") => Some("write `true`".to_owned()),
            Some("no" | "off" | "n" | "false") => Some("write `false`".to_owned()),
            _ => None,
        };
        cx.wrong_type_hint(node, "`true` or `false`", hint)
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

macro_rules! integer_settings {
    ($($ty:ty)*) => {$(
        impl Setting for $ty {
            fn kind() -> Kind {
                Kind::Int { min: <$ty>::MIN as i128, max: <$ty>::MAX as i128 }
            }

            fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
                let value = read_integer(node, <$ty>::MIN as i128, <$ty>::MAX as i128, cx)?;
                <$ty>::try_from(value).ok()
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

integer_settings! { u8 u16 u32 u64 usize i8 i16 i32 i64 }

fn read_integer(node: &Node, min: i128, max: i128, cx: &mut Reader<'_>) -> Option<i128> {
    let value = match &node.value {
        Value::Int(value) => i128::from(*value),
        // Whole numbers beyond 64 signed bits are floats to YAML; their text is exact.
        Value::Float(_) => match node.text().and_then(|text| text.parse().ok()) {
            Some(value) => value,
            None => return cx.wrong_type(node, "a whole number"),
        },
        Value::String(text) => {
            let quoted = !node.is_expanded() && text.parse::<i128>().is_ok();
            let hint = quoted.then(|| "remove the quotes".to_owned());
            return cx.wrong_type_hint(node, "a whole number", hint);
        }
        _ => return cx.wrong_type(node, "a whole number"),
    };
    if (min..=max).contains(&value) {
        return Some(value);
    }
    let message = format!("{} must be {min} to {max}, not {}", cx.subject(), shown(node));
    cx.push(Mistake::error(node.span, code::OUT_OF_RANGE, message));
    None
}

impl Setting for f64 {
    fn kind() -> Kind {
        Kind::Float
    }

    /// Finite numbers only.
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match node.value {
            // Settings are small numbers; one beyond 2^53 is rounded.
            Value::Int(value) => Some(value as f64),
            Value::Float(value) if value.is_finite() => Some(value),
            _ => cx.wrong_type(node, "a number"),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for String {
    const KEEPS_EMPTY_TEXT: bool = true;

    fn kind() -> Kind {
        Kind::String
    }

    /// Numbers and booleans are taken as written: `version: 1.10` is the text `1.10`.
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match read_text(node) {
            Some(text) => Some(text.to_owned()),
            None => cx.wrong_type(node, "text"),
        }
    }

    fn show(&self) -> String {
        if self.is_empty() {
            "\"\"".to_owned()
        } else {
            self.clone()
        }
    }
}

/// The text of a scalar; `None` for lists, maps and a literal `null`.
pub(super) fn read_text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Null if !node.is_expanded() => None,
        _ => node.text(),
    }
}

/// Any YAML, for a component that looks at it itself.
impl Setting for Node {
    const READS_NULL: bool = true;

    fn kind() -> Kind {
        Kind::Any
    }

    fn read(node: &Node, _cx: &mut Reader<'_>) -> Option<Self> {
        Some(node.clone())
    }

    fn show(&self) -> String {
        shown(self)
    }
}
