//! Words to a tree: `or` before `and` before `not` before comparisons before calculations.

use regex::RegexBuilder;

use crate::error::ParseError;
use crate::functions::{FUNCTIONS, Function};
use crate::lexer::{Token, tokens};
use crate::tree::{Comparison, Expression, Operation};
use crate::value::{Root, Value};

/// Parentheses may be nested so deeply.
const MAX_DEPTH: usize = 64;

/// Severities by name (logs data model, `SeverityNumber`), with the first number of their range.
const SEVERITIES: [(&str, i64); 6] = [
    ("TRACE", 1),
    ("DEBUG", 5),
    ("INFO", 9),
    ("WARN", 13),
    ("ERROR", 17),
    ("FATAL", 21),
];

pub(crate) fn parse(text: &str) -> Result<Expression, ParseError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
    };
    let expression = parser.or()?;
    match parser.peek() {
        Token::End => Ok(expression),
        _ => Err(parser.error("nothing more is expected")),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
}

type Parsed = Result<Expression, ParseError>;

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |(_, token)| token)
    }

    fn at(&self) -> usize {
        self.tokens
            .get(self.next)
            .or(self.tokens.last())
            .map_or(0, |(at, _)| *at)
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        ParseError {
            at: self.at(),
            message: message.into(),
        }
    }

    fn is_symbol(&mut self, wanted: &str) -> bool {
        let is = matches!(self.peek(), Token::Symbol(symbol) if *symbol == wanted);
        self.next += usize::from(is);
        is
    }

    fn is_word(&mut self, wanted: &str) -> bool {
        let is = matches!(self.peek(), Token::Name(name) if name == wanted);
        self.next += usize::from(is);
        is
    }

    fn expect(&mut self, symbol: &str) -> Result<(), ParseError> {
        match self.is_symbol(symbol) {
            true => Ok(()),
            false => Err(self.error(format!("`{symbol}` is expected"))),
        }
    }

    fn or(&mut self) -> Parsed {
        let mut left = self.and()?;
        while self.is_word("or") || self.is_symbol("||") {
            left = Expression::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.not()?;
        while self.is_word("and") || self.is_symbol("&&") {
            left = Expression::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed {
        if self.is_word("not") || self.is_symbol("!") {
            self.deeper()?;
            let inner = self.not();
            self.depth -= 1;
            return Ok(Expression::Not(Box::new(inner?)));
        }
        self.comparison()
    }

    fn deeper(&mut self) -> Result<(), ParseError> {
        self.depth += 1;
        match self.depth > MAX_DEPTH {
            true => Err(self.error("this is nested too deeply")),
            false => Ok(()),
        }
    }

    fn comparison(&mut self) -> Parsed {
        let left = self.sum()?;
        const SYMBOLS: [(&str, Comparison); 6] = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        if let Some((_, how)) = SYMBOLS.iter().find(|(symbol, _)| self.is_symbol(symbol)) {
            return Ok(Expression::Compare(*how, Box::new(left), Box::new(self.sum()?)));
        }
        // What `expr` has in their place.
        if self.is_word("matches") {
            let pattern = self.pattern()?;
            return Ok(Expression::Call(pattern, vec![left]));
        }
        const WORDS: [(&str, Function); 3] = [
            ("contains", Function::Contains),
            ("startsWith", Function::HasPrefix),
            ("endsWith", Function::HasSuffix),
        ];
        if let Some((_, function)) = WORDS.iter().find(|(word, _)| self.is_word(word)) {
            return Ok(Expression::Call(function.clone(), vec![left, self.sum()?]));
        }
        if matches!(self.peek(), Token::Name(name) if name == "in") {
            return Err(self.error("lists are not there yet: write `x == \"a\" or x == \"b\"`"));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        loop {
            let operation = if self.is_symbol("+") {
                Operation::Add
            } else if self.is_symbol("-") {
                Operation::Subtract
            } else {
                return Ok(left);
            };
            left = Expression::Calculate(operation, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.operand()?;
        loop {
            let operation = if self.is_symbol("*") {
                Operation::Multiply
            } else if self.is_symbol("/") {
                Operation::Divide
            } else {
                return Ok(left);
            };
            left = Expression::Calculate(operation, Box::new(left), Box::new(self.operand()?));
        }
    }

    fn operand(&mut self) -> Parsed {
        if self.is_symbol("(") {
            self.deeper()?;
            let inner = self.or();
            self.depth -= 1;
            let inner = inner?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.is_symbol("-") {
            let zero = Expression::Literal(Value::Int(0));
            self.deeper()?;
            let operand = self.operand();
            self.depth -= 1;
            return Ok(Expression::Calculate(
                Operation::Subtract,
                Box::new(zero),
                Box::new(operand?),
            ));
        }
        let literal = match self.peek() {
            Token::Text(text) => Value::Text(text.clone().into()),
            Token::Int(number) => Value::Int(*number),
            Token::Double(number) => Value::Double(*number),
            Token::Name(name) => {
                let name = name.clone();
                return self.named(&name);
            }
            Token::Symbol("[") => return Err(self.error("lists are not there yet")),
            _ => return Err(self.error("a value is expected")),
        };
        self.next += 1;
        Ok(Expression::Literal(literal))
    }

    fn named(&mut self, name: &str) -> Parsed {
        let literal = match name {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "nil" => Some(Value::Nil),
            _ => name
                .strip_prefix("SEVERITY_NUMBER_")
                .map(|level| self.severity(level))
                .transpose()?,
        };
        if let Some(literal) = literal {
            self.next += 1;
            return Ok(Expression::Literal(literal));
        }
        if matches!(self.tokens.get(self.next + 1), Some((_, Token::Symbol("(")))) {
            return self.call(name);
        }
        self.path()
    }

    fn severity(&self, level: &str) -> Result<Value<'static>, ParseError> {
        let (name, step) = match level.strip_suffix(['2', '3', '4']) {
            Some(name) => (name, i64::from(level.as_bytes()[level.len() - 1] - b'1')),
            None => (level, 0),
        };
        let known = SEVERITIES.iter().find(|(known, _)| *known == name);
        let first = if level == "UNSPECIFIED" {
            Some(0)
        } else {
            known.map(|(_, first)| *first)
        };
        first
            .map(|first| Value::Int(first + step))
            .ok_or_else(|| self.error(format!("there is no severity `{level}`")))
    }

    fn call(&mut self, name: &str) -> Parsed {
        if name == "IsMatch" {
            self.next += 2;
            let text = self.or()?;
            self.expect(",")?;
            let pattern = self.pattern()?;
            self.expect(")")?;
            return Ok(Expression::Call(pattern, vec![text]));
        }
        let Some((_, wanted, function)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
            let near = FUNCTIONS
                .iter()
                .find(|(known, ..)| known.eq_ignore_ascii_case(name));
            return Err(self.error(match near {
                Some((known, ..)) => format!("there is no function `{name}`; did you mean `{known}`?"),
                None => format!("there is no function `{name}` here"),
            }));
        };
        let place = self.at();
        self.next += 2;
        let mut arguments = Vec::new();
        while !self.is_symbol(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            arguments.push(self.or()?);
        }
        if arguments.len() != *wanted {
            let message = format!("`{name}` takes {wanted} arguments, not {}", arguments.len());
            return Err(ParseError { at: place, message });
        }
        Ok(Expression::Call(function.clone(), arguments))
    }

    fn pattern(&mut self) -> Result<Function, ParseError> {
        let Token::Text(pattern) = self.peek() else {
            return Err(self.error("a regular expression in quotes is expected"));
        };
        let compiled = RegexBuilder::new(pattern).size_limit(1 << 20).build();
        let compiled =
            compiled.map_err(|error| self.error(format!("this is no regular expression: {error}")))?;
        self.next += 1;
        Ok(Function::IsMatch(compiled))
    }

    fn path(&mut self) -> Parsed {
        let place = self.at();
        let mut names = vec![self.name()?];
        while matches!(names[..], [ref only] if only == "log") && self.is_symbol(".") {
            names = vec![self.name()?];
        }
        let wrong = |message: String| ParseError { at: place, message };
        let root = match names[0].trim_start_matches('$') {
            "body" => Root::Body,
            "attributes" => Root::Attributes,
            "severity_number" => Root::SeverityNumber,
            "severity_text" => Root::SeverityText,
            "event_name" => Root::EventName,
            "trace_id" => Root::TraceId,
            "span_id" => Root::SpanId,
            "flags" => Root::Flags,
            "time_unix_nano" => Root::Time,
            "observed_time_unix_nano" => Root::ObservedTime,
            "resource" => {
                // `resource.attributes["x"]`; `expr` has `resource["x"]` and `resource.x`.
                let before = self.next;
                if !(self.is_symbol(".") && self.is_word("attributes")) {
                    self.next = before;
                }
                Root::Resource
            }
            "scope" | "instrumentation_scope" => {
                self.expect(".")?;
                match self.is_word("name") {
                    true => Root::ScopeName,
                    false => return Err(self.error("of a scope there is its `name`")),
                }
            }
            other => return Err(wrong(format!("there is no field `{other}` in a log record"))),
        };
        let keys = self.keys()?;
        let has_keys = matches!(root, Root::Body | Root::Attributes | Root::Resource);
        if !keys.is_empty() && !has_keys {
            return Err(wrong("this field has no keys".to_owned()));
        }
        Ok(Expression::Path(root, keys))
    }

    fn name(&mut self) -> Result<String, ParseError> {
        match self.peek().clone() {
            Token::Name(name) => {
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.error("a name is expected")),
        }
    }

    fn keys(&mut self) -> Result<Vec<String>, ParseError> {
        let mut keys = Vec::new();
        loop {
            if self.is_symbol("[") {
                let Token::Text(key) = self.peek().clone() else {
                    return Err(self.error("a key in quotes is expected"));
                };
                self.next += 1;
                self.expect("]")?;
                keys.push(key);
            } else if self.is_symbol(".") || self.is_symbol("?.") {
                keys.push(self.name()?);
            } else {
                return Ok(keys);
            }
        }
    }
}
