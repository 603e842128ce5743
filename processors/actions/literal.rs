use std::fmt;

use sidelight_config::{Kind, Node, Reader, Setting, Value};
use sidelight_proto::views::ValueView;
use sidelight_proto::wire::Writer;

/// Depth to which the lists and maps of a value may nest: what comes in nests at most 64 messages, each level
/// is two, and peers refuse more.
const MAX_DEPTH: usize = 16;

/// A value in the configuration, with the type that it has in YAML: text, whole number, number, boolean, or a
/// list or map of them. `Debug` shows the type alone: a value may be a secret.
#[derive(Clone, PartialEq)]
pub struct Literal(Typed);

#[derive(Clone, PartialEq)]
enum Typed {
    Text(String),
    Bool(bool),
    Int(i64),
    Double(f64),
    /// A list or map as a serialized `AnyValue`.
    Nested(Vec<u8>),
}

impl Literal {
    /// The value as it goes into data.
    pub fn view(&self) -> ValueView<'_> {
        match &self.0 {
            Typed::Text(text) => ValueView::String(text),
            Typed::Bool(value) => ValueView::Bool(*value),
            Typed::Int(value) => ValueView::Int(*value),
            Typed::Double(value) => ValueView::Double(*value),
            Typed::Nested(any_value) => ValueView::new(any_value),
        }
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Typed::Text(_) => "text",
            Typed::Bool(_) => "boolean",
            Typed::Int(_) => "whole number",
            Typed::Double(_) => "number",
            Typed::Nested(_) => "list or map",
        })
    }
}

impl Setting for Literal {
    fn kind() -> Kind {
        Kind::Any
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        Some(Literal(match &node.value {
            Value::String(text) => Typed::Text(text.clone()),
            Value::Bool(value) => Typed::Bool(*value),
            Value::Int(value) => Typed::Int(*value),
            Value::Float(value) => Typed::Double(*value),
            Value::Null => return cx.wrong_type(node, "a value"),
            Value::List(_) | Value::Map(_) => {
                let mut writer = Writer::default();
                if !write_any_value(&mut writer, node, MAX_DEPTH) {
                    return cx.invalid(node, "nests deeper than 16 levels", None);
                }
                Typed::Nested(writer.into_bytes())
            }
        }))
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

/// Writes the content of an `AnyValue` (`opentelemetry/proto/common/v1/common.proto`); false when it nests too
/// deep.
fn write_any_value(writer: &mut Writer, node: &Node, depth: usize) -> bool {
    match &node.value {
        Value::Null => {}
        Value::String(text) => writer.bytes_field(1, text.as_bytes()),
        Value::Bool(value) => writer.varint_field(2, u64::from(*value)),
        Value::Int(value) => writer.varint_field(3, value.cast_unsigned()),
        Value::Float(value) => writer.double_field(4, *value),
        Value::List(_) | Value::Map(_) if depth == 0 => return false,
        Value::List(items) => {
            let array = writer.begin(5, 1);
            let fits = items.iter().all(|item| write_message(writer, 1, item, depth - 1));
            writer.end(array);
            return fits;
        }
        Value::Map(entries) => {
            let list = writer.begin(6, 1);
            let fits = entries.iter().all(|(key, item)| {
                let entry = writer.begin(1, 1);
                writer.bytes_field(1, key.name.as_bytes());
                let fits = write_message(writer, 2, item, depth - 1);
                writer.end(entry);
                fits
            });
            writer.end(list);
            return fits;
        }
    }
    true
}

fn write_message(writer: &mut Writer, number: u32, node: &Node, depth: usize) -> bool {
    let message = writer.begin(number, 1);
    let fits = write_any_value(writer, node, depth);
    writer.end(message);
    fits
}
