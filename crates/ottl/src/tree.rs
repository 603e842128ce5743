//! The tree, and what it says of a record.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::error::{EvalError, ParseError};
use crate::functions::Function;
use crate::parser;
use crate::value::{Fields, Root, Value};

/// A condition, parsed.
#[derive(Clone, Debug)]
pub struct Condition {
    text: String,
    root: Expression,
}

#[derive(Clone, Debug)]
pub(crate) enum Expression {
    Literal(Value<'static>),
    Path(Root, Vec<String>),
    Not(Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    Calculate(Operation, Box<Expression>, Box<Expression>),
    Call(Function, Vec<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Condition {
    /// Parses a condition about log records.
    ///
    /// # Errors
    /// [`ParseError`] with the place in the text.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Ok(Self {
            text: text.to_owned(),
            root: parser::parse(text)?,
        })
    }

    /// The text that it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True where the record meets the condition.
    ///
    /// # Errors
    /// [`EvalError`] where a function or a calculation has no answer for its values, or the whole is no boolean.
    pub fn matches(&self, record: &impl Fields) -> Result<bool, EvalError> {
        self.root.truth(record)
    }
}

impl Expression {
    fn truth(&self, record: &impl Fields) -> Result<bool, EvalError> {
        match self.value(record)? {
            Value::Bool(is) => Ok(is),
            // An attribute that is not there is not true.
            Value::Nil => Ok(false),
            other => Err(EvalError(format!("{} is neither true nor false", other.kind()))),
        }
    }

    fn value<'a>(&'a self, record: &'a impl Fields) -> Result<Value<'a>, EvalError> {
        Ok(match self {
            Self::Literal(Value::Text(text)) => Value::Text(Cow::Borrowed(text)),
            Self::Literal(value) => value.clone(),
            Self::Path(root, keys) => record.get(*root, keys),
            Self::Not(inner) => Value::Bool(!inner.truth(record)?),
            Self::And(a, b) => Value::Bool(a.truth(record)? && b.truth(record)?),
            Self::Or(a, b) => Value::Bool(a.truth(record)? || b.truth(record)?),
            Self::Compare(how, a, b) => Value::Bool(how.holds(&a.value(record)?, &b.value(record)?)),
            Self::Calculate(operation, a, b) => operation.of(&a.value(record)?, &b.value(record)?)?,
            Self::Call(function, arguments) => {
                let arguments = arguments.iter().map(|argument| argument.value(record));
                function.call(arguments.collect::<Result<Vec<_>, _>>()?)?
            }
        })
    }
}

impl Comparison {
    fn holds(self, a: &Value<'_>, b: &Value<'_>) -> bool {
        match self {
            Self::Equal => a.equals(b),
            Self::NotEqual => !a.equals(b),
            Self::Less => a.order(b) == Some(Ordering::Less),
            Self::LessOrEqual => a.order(b).is_some_and(Ordering::is_le),
            Self::Greater => a.order(b) == Some(Ordering::Greater),
            Self::GreaterOrEqual => a.order(b).is_some_and(Ordering::is_ge),
        }
    }
}

impl Operation {
    fn of(self, a: &Value<'_>, b: &Value<'_>) -> Result<Value<'static>, EvalError> {
        if let (Value::Int(a), Value::Int(b)) = (a, b) {
            let result = match self {
                Self::Add => a.checked_add(*b),
                Self::Subtract => a.checked_sub(*b),
                Self::Multiply => a.checked_mul(*b),
                Self::Divide => a.checked_div(*b),
            };
            return result
                .map(Value::Int)
                .ok_or_else(|| EvalError("a calculation has no integer as its result".to_owned()));
        }
        let (Some(x), Some(y)) = (a.number(), b.number()) else {
            return Err(EvalError(format!(
                "{} and {} cannot be calculated with",
                a.kind(),
                b.kind()
            )));
        };
        Ok(Value::Double(match self {
            Self::Add => x + y,
            Self::Subtract => x - y,
            Self::Multiply => x * y,
            Self::Divide => x / y,
        }))
    }
}
