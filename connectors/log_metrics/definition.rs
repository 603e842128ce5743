//! A metric, compiled: which records are counted, and what of them.

use sidelight_component::BuildError;
use sidelight_ottl::wire::LogRecord;
use sidelight_ottl::{Condition, Context, EvalError, Expression, Value};
use sidelight_proto::encode::write_attribute;
use sidelight_proto::views::{NumberValue, ResourceView, ValueView};
use sidelight_proto::wire::Writer;

use super::settings::{Config, Metric};

/// Field of the attributes of a number point, in which identities have them (opentelemetry-proto, `metrics.proto`).
const ATTRIBUTES: u32 = 7;
/// Field of the attributes of a resource (`resource.proto`).
const RESOURCE_ATTRIBUTES: u32 = 1;

/// A metric.
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) unit: String,
    pub(super) kind: Kind,
    conditions: Vec<Condition>,
    attributes: Vec<Attribute>,
    /// Keys of the resource's attributes that are kept; all where there is none.
    resource: Vec<String>,
}

/// What is made of the records.
pub(super) enum Kind {
    Count,
    Sum {
        value: Expression,
        is_monotonic: bool,
    },
    Gauge(Expression),
    Histogram {
        value: Expression,
        bounds: Box<[f64]>,
    },
    /// The metrics, by their places.
    Ratio {
        of: Vec<usize>,
        to: Vec<usize>,
    },
}

struct Attribute {
    key: String,
    value: Expression,
    default: Option<String>,
    is_optional: bool,
}

impl Definition {
    /// The metrics of a configuration.
    ///
    /// # Errors
    /// [`BuildError`] at an expression that cannot be read.
    pub(super) fn all(config: &Config) -> Result<Vec<Self>, BuildError> {
        let place = |name: &String| config.logs.iter().position(|metric| metric.name == *name);
        let each = config.logs.iter().map(|metric| {
            let wrong = |problem: sidelight_ottl::ParseError| {
                BuildError::at("logs", format!("`{}`: {problem}", metric.name))
            };
            let expression = |text: &str| Expression::parse(Context::LOG, text).map_err(wrong);
            let kind = match (&metric.sum, &metric.gauge, &metric.histogram, &metric.ratio) {
                (Some(sum), ..) => Kind::Sum {
                    value: expression(&sum.value)?,
                    is_monotonic: sum.is_monotonic,
                },
                (_, Some(gauge), ..) => Kind::Gauge(expression(&gauge.value)?),
                (_, _, Some(histogram), _) => Kind::Histogram {
                    value: expression(&histogram.value)?,
                    bounds: histogram.buckets.as_slice().into(),
                },
                (.., Some(ratio)) => Kind::Ratio {
                    of: ratio.of.iter().filter_map(place).collect(),
                    to: ratio.to.iter().filter_map(place).collect(),
                },
                _ => Kind::Count,
            };
            Self::of(metric, kind).map_err(wrong)
        });
        each.collect()
    }

    fn of(metric: &Metric, kind: Kind) -> Result<Self, sidelight_ottl::ParseError> {
        let conditions = metric
            .conditions
            .iter()
            .map(|text| Condition::parse(Context::LOG, text));
        let attributes = metric.attributes.iter().map(|attribute| {
            Ok(Attribute {
                key: attribute.key.clone(),
                value: Expression::parse(Context::LOG, &attribute.expression())?,
                default: attribute.default_value.clone(),
                is_optional: attribute.optional,
            })
        });
        Ok(Self {
            name: metric.name.clone(),
            description: metric.description.clone(),
            unit: metric.unit.clone(),
            kind,
            conditions: conditions.collect::<Result<_, _>>()?,
            attributes: attributes.collect::<Result<_, _>>()?,
            resource: metric
                .include_resource_attributes
                .iter()
                .map(|it| it.key.clone())
                .collect(),
        })
    }

    /// The value that a record is counted with; `None` where it is not counted.
    ///
    /// # Errors
    /// [`EvalError`] where a condition or the value has no answer.
    pub(super) fn value(&self, record: &LogRecord<'_>) -> Result<Option<NumberValue>, EvalError> {
        let expression = match &self.kind {
            Kind::Ratio { .. } => return Ok(None),
            Kind::Count => None,
            Kind::Sum { value, .. } | Kind::Gauge(value) | Kind::Histogram { value, .. } => Some(value),
        };
        let mut counts = self.conditions.is_empty();
        for condition in &self.conditions {
            counts = counts || condition.matches(record)?;
        }
        let Some(expression) = expression.filter(|_| counts) else {
            return Ok(counts.then_some(NumberValue::Int(1)));
        };
        let number = match expression.value(record)? {
            Value::Nil => return Ok(None),
            Value::Int(number) => NumberValue::Int(number),
            Value::Double(number) if number.is_finite() => NumberValue::Double(number),
            other => return Err(EvalError(format!("{} is no number", other.kind()))),
        };
        match self.kind {
            Kind::Sum {
                is_monotonic: true, ..
            } if number.as_f64() < 0.0 => Err(EvalError(
                "a sum that never decreases has a negative value".to_owned(),
            )),
            _ => Ok(Some(number)),
        }
    }

    /// Writes the attributes of a record's series; false where the record has not all that it must have.
    ///
    /// # Errors
    /// [`EvalError`] where an expression has no answer.
    pub(super) fn write_attributes(
        &self,
        record: &LogRecord<'_>,
        writer: &mut Writer,
    ) -> Result<bool, EvalError> {
        for attribute in &self.attributes {
            let value = attribute.value.value(record)?;
            let view = match &value {
                Value::Text(text) => ValueView::String(text),
                Value::Int(number) => ValueView::Int(*number),
                Value::Double(number) => ValueView::Double(*number),
                Value::Bool(is) => ValueView::Bool(*is),
                // Lists and maps do not tell series apart.
                Value::Nil | Value::List(_) | Value::Map(_) => match &attribute.default {
                    Some(default) => ValueView::String(default),
                    None if attribute.is_optional => continue,
                    None => return Ok(false),
                },
            };
            write_attribute(writer, ATTRIBUTES, attribute.key.as_bytes(), view);
        }
        Ok(true)
    }

    /// Writes the resource of its series, in the order of its keys: that of the record's resource does not matter.
    pub(super) fn write_resource(&self, resource: ResourceView<'_>, writer: &mut Writer) {
        let kept = |key: &str| self.resource.is_empty() || self.resource.iter().any(|wanted| wanted == key);
        let mut attributes: Vec<_> = resource
            .attributes()
            .filter(|attribute| kept(attribute.key()))
            .collect();
        attributes.sort_by_key(|attribute| attribute.key_bytes());
        for attribute in attributes {
            write_attribute(
                writer,
                RESOURCE_ATTRIBUTES,
                attribute.key_bytes(),
                attribute.value(),
            );
        }
    }
}

/// Writes the attributes of the series that stands for those beyond the limit.
pub(super) fn write_overflow(writer: &mut Writer) {
    write_attribute(
        writer,
        ATTRIBUTES,
        sidelight_series::OVERFLOW_KEY.as_bytes(),
        ValueView::Bool(true),
    );
}
