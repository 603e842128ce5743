//! The tree, and what it says of an item.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::error::{EvalError, ParseError};
use crate::functions::Function;
use crate::parser;
use crate::path::{Context, Item, Path};
use crate::value::{Fields, Value};

/// A condition, parsed.
#[derive(Clone, Debug)]
pub struct Condition(Parsed);

/// An expression with a value, parsed.
#[derive(Clone, Debug)]
pub struct Expression(Parsed);

#[derive(Clone, Debug)]
struct Parsed {
    text: String,
    context: Context,
    root: Node,
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Literal(Value<'static>),
    List(Vec<Node>),
    Path(Path, Vec<String>),
    Key(Box<Node>, String),
    Nth(Box<Node>, i64),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    Calculate(Operation, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
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

impl Parsed {
    fn of(context: Context, text: &str) -> Result<Self, ParseError> {
        Ok(Self {
            text: text.to_owned(),
            context,
            root: parser::parse(context, text)?,
        })
    }
}

impl Condition {
    /// Parses a condition that is asked of items of the context.
    ///
    /// # Errors
    /// [`ParseError`] with the place in the text.
    pub fn parse(context: Context, text: &str) -> Result<Self, ParseError> {
        Parsed::of(context, text).map(Self)
    }

    /// Parses a condition in the first of the contexts, from the highest to the lowest, that has all fields it names; each
    /// of them says whose it is.
    ///
    /// # Errors
    /// [`ParseError`] with the place in the text, as the last context has it.
    pub fn infer(contexts: &[Context], text: &str) -> Result<Self, ParseError> {
        let mut failed = ParseError {
            at: 0,
            message: "there is nothing that it could be asked of".to_owned(),
        };
        for context in contexts {
            match Self::parse(context.qualified(), text) {
                Ok(condition) => return Ok(condition),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// The text that it was parsed from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// What it is asked of.
    pub fn item(&self) -> Item {
        self.0.context.item()
    }

    /// True where the item meets the condition.
    ///
    /// # Errors
    /// [`EvalError`] where a function or a calculation has no answer for its values, or the whole is no boolean.
    pub fn matches(&self, item: &impl Fields) -> Result<bool, EvalError> {
        self.0.root.truth(item)
    }
}

impl Expression {
    /// Parses an expression that is asked of items of the context.
    ///
    /// # Errors
    /// [`ParseError`] with the place in the text.
    pub fn parse(context: Context, text: &str) -> Result<Self, ParseError> {
        Parsed::of(context, text).map(Self)
    }

    /// The text that it was parsed from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Its value for an item.
    ///
    /// # Errors
    /// [`EvalError`] where a function or a calculation has no answer for its values.
    pub fn value<'a>(&'a self, item: &'a impl Fields) -> Result<Value<'a>, EvalError> {
        self.0.root.value(item)
    }
}

impl Node {
    fn truth(&self, item: &impl Fields) -> Result<bool, EvalError> {
        match self.value(item)? {
            Value::Bool(is) => Ok(is),
            // An attribute that is not there is not true.
            Value::Nil => Ok(false),
            other => Err(EvalError(format!("{} is neither true nor false", other.kind()))),
        }
    }

    fn value<'a>(&'a self, item: &'a impl Fields) -> Result<Value<'a>, EvalError> {
        let all = |nodes: &'a [Node]| {
            let values = nodes.iter().map(|node| node.value(item));
            values.collect::<Result<Vec<_>, _>>()
        };
        Ok(match self {
            Self::Literal(Value::Text(text)) => Value::Text(Cow::Borrowed(text)),
            Self::Literal(value) => value.clone(),
            Self::List(values) => Value::List(all(values)?),
            Self::Path(path, keys) => item.get(*path, keys),
            Self::Key(whole, key) => whole.value(item)?.under(key),
            Self::Nth(whole, place) => whole.value(item)?.nth(*place),
            Self::Not(inner) => Value::Bool(!inner.truth(item)?),
            Self::And(a, b) => Value::Bool(a.truth(item)? && b.truth(item)?),
            Self::Or(a, b) => Value::Bool(a.truth(item)? || b.truth(item)?),
            Self::Compare(how, a, b) => Value::Bool(how.holds(&a.value(item)?, &b.value(item)?)),
            Self::Calculate(operation, a, b) => operation.of(&a.value(item)?, &b.value(item)?)?,
            Self::Call(function, arguments) => function.call(all(arguments)?)?,
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
