//! Items on the wire, as conditions ask for them.

mod log;
mod metric;
mod span;

pub use self::log::LogRecord;
pub use self::metric::{DataPoint, Metric};
pub use self::span::{Span, SpanEvent};

use sidelight_proto::json::write::hexadecimal;
use sidelight_proto::rewrite::Context;
use sidelight_proto::views::{Attributes, ResourceView, ScopeView, ValueView};

use crate::path::{Field, Item, Path};
use crate::value::{Fields, Value};

/// A resource.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'r>(pub ResourceView<'r>);

/// A scope with its resource.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'r>(pub Context<'r>);

impl Fields for Resource<'_> {
    fn get<'a>(&'a self, path: Path, keys: &[String]) -> Value<'a> {
        of_resource(self.0, path.field, keys)
    }
}

impl Fields for Scope<'_> {
    fn get<'a>(&'a self, path: Path, keys: &[String]) -> Value<'a> {
        of_context(self.0, path, keys)
    }
}

/// A field of the resource or of the scope of an item.
fn of_context<'a>(at: Context<'a>, path: Path, keys: &[String]) -> Value<'a> {
    match path.item {
        Item::Resource => of_resource(at.resource, path.field, keys),
        Item::Scope => of_scope(at.scope, path.field, keys),
        _ => Value::Nil,
    }
}

fn of_resource<'a>(resource: ResourceView<'a>, field: Field, keys: &[String]) -> Value<'a> {
    match field {
        Field::Attributes => of_attributes(resource.attributes(), keys),
        Field::DroppedAttributes => Value::Int(resource.dropped_attributes_count().into()),
        _ => Value::Nil,
    }
}

fn of_scope<'a>(scope: ScopeView<'a>, field: Field, keys: &[String]) -> Value<'a> {
    match field {
        Field::Name => Value::Text(scope.name().into()),
        Field::Version => Value::Text(scope.version().into()),
        Field::Attributes => of_attributes(scope.attributes(), keys),
        Field::DroppedAttributes => Value::Int(scope.dropped_attributes_count().into()),
        _ => Value::Nil,
    }
}

fn of_attributes<'a>(attributes: Attributes<'a>, keys: &[String]) -> Value<'a> {
    match keys.split_first() {
        Some((first, rest)) => attributes
            .get(first)
            .map_or(Value::Nil, |value| within(value, rest)),
        None => Value::Map(
            attributes
                .map(|attribute| (attribute.key().into(), within(attribute.value(), &[])))
                .collect(),
        ),
    }
}

fn within<'a>(value: ValueView<'a>, keys: &[String]) -> Value<'a> {
    match (value, keys) {
        (ValueView::KvList(list), keys) => of_attributes(list.entries(), keys),
        (_, [_, ..]) | (ValueView::Empty, _) => Value::Nil,
        (ValueView::String(text), _) => Value::Text(text.into()),
        (ValueView::Bool(is), _) => Value::Bool(is),
        (ValueView::Int(number), _) => Value::Int(number),
        (ValueView::Double(number), _) => Value::Double(number),
        (ValueView::Bytes(bytes), _) => Value::Text(hexadecimal(bytes).into()),
        (ValueView::Array(array), _) => Value::List(array.values().map(|value| within(value, &[])).collect()),
    }
}

/// Hexadecimal digits; nil where there is nothing or only zeros.
fn id<'a>(bytes: &[u8]) -> Value<'a> {
    match bytes.iter().all(|byte| *byte == 0) {
        true => Value::Nil,
        false => Value::Text(hexadecimal(bytes).into()),
    }
}

fn unsigned<'a>(number: u64) -> Value<'a> {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
