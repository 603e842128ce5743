//! Words to a tree: `or` before `and` before `not` before comparisons before calculations.

use regex::{Regex, RegexBuilder};

use crate::error::ParseError;
use crate::functions::{FUNCTIONS, Function, shorthand, spelled_out};
use crate::lexer::{Token, tokens};
use crate::path::{Context, Field, Item, Path, named_number};
use crate::tree::{Comparison, Node, Operation};
use crate::value::Value;

/// Parentheses may be nested so deeply.
const MAX_DEPTH: usize = 64;

pub(crate) fn parse(context: Context, text: &str) -> Result<Node, ParseError> {
    let mut parser = Parser {
        context,
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
    context: Context,
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
}

type Parsed = Result<Node, ParseError>;

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
            left = Node::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.not()?;
        while self.is_word("and") || self.is_symbol("&&") {
            left = Node::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed {
        if self.is_word("not") || self.is_symbol("!") {
            self.deeper()?;
            let inner = self.not();
            self.depth -= 1;
            return Ok(Node::Not(Box::new(inner?)));
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
            return Ok(Node::Compare(*how, Box::new(left), Box::new(self.sum()?)));
        }
        // What `expr` has in their place.
        if self.is_word("matches") {
            let pattern = self.pattern()?;
            return Ok(Node::Call(Function::IsMatch(pattern), vec![left]));
        }
        if self.is_word("in") {
            let list = self.sum()?;
            return Ok(Node::Call(Function::Contains, vec![list, left]));
        }
        const WORDS: [(&str, Function); 3] = [
            ("contains", Function::Contains),
            ("startsWith", Function::HasPrefix),
            ("endsWith", Function::HasSuffix),
        ];
        if let Some((_, function)) = WORDS.iter().find(|(word, _)| self.is_word(word)) {
            return Ok(Node::Call(function.clone(), vec![left, self.sum()?]));
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
            left = Node::Calculate(operation, Box::new(left), Box::new(self.product()?));
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
            left = Node::Calculate(operation, Box::new(left), Box::new(self.operand()?));
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
            let zero = Node::Literal(Value::Int(0));
            self.deeper()?;
            let operand = self.operand();
            self.depth -= 1;
            return Ok(Node::Calculate(
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
            Token::Symbol("[") => return self.list(),
            _ => return Err(self.error("a value is expected")),
        };
        self.next += 1;
        Ok(Node::Literal(literal))
    }

    fn list(&mut self) -> Parsed {
        self.deeper()?;
        self.expect("[")?;
        let values = self.values("]");
        self.depth -= 1;
        values.map(Node::List)
    }

    /// What stands between commas, up to the symbol that closes it.
    fn values(&mut self, end: &str) -> Result<Vec<Node>, ParseError> {
        let mut values = Vec::new();
        while !self.is_symbol(end) {
            if !values.is_empty() {
                self.expect(",")?;
            }
            values.push(self.or()?);
        }
        Ok(values)
    }

    fn named(&mut self, name: &str) -> Parsed {
        let literal = match name {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "nil" => Some(Value::Nil),
            _ => match named_number(name) {
                Some(Err(message)) => return Err(self.error(message)),
                number => number.and_then(Result::ok).map(Value::Int),
            },
        };
        if let Some(literal) = literal {
            self.next += 1;
            return Ok(Node::Literal(literal));
        }
        if matches!(self.tokens.get(self.next + 1), Some((_, Token::Symbol("(")))) {
            let called = self.call(name)?;
            return self.keys_behind(called);
        }
        self.path()
    }

    fn call(&mut self, name: &str) -> Parsed {
        let place = self.at();
        let with_pattern: Option<fn(Regex) -> Function> = match name {
            "IsMatch" => Some(Function::IsMatch),
            "ExtractPatterns" => Some(Function::ExtractPatterns),
            _ => None,
        };
        if let Some(function) = with_pattern {
            self.next += 2;
            let text = self.or()?;
            self.expect(",")?;
            let pattern = self.pattern()?;
            self.expect(")")?;
            return Ok(Node::Call(function(pattern), vec![text]));
        }
        let known = FUNCTIONS.iter().find(|(known, ..)| *known == name);
        let short = shorthand(name).filter(|(item, _)| self.context.has(*item));
        let Some(wanted) = known
            .map(|(_, wanted, _)| *wanted)
            .or(short.map(|(_, wanted)| wanted))
        else {
            let near = FUNCTIONS
                .iter()
                .find(|(known, ..)| known.eq_ignore_ascii_case(name));
            return Err(self.error(match near {
                Some((known, ..)) => format!("there is no function `{name}`; did you mean `{known}`?"),
                None => format!("there is no function `{name}` here"),
            }));
        };
        self.next += 2;
        let arguments = self.values(")")?;
        if arguments.len() != wanted {
            let message = format!("`{name}` takes {wanted} arguments, not {}", arguments.len());
            return Err(ParseError { at: place, message });
        }
        Ok(match known {
            Some((_, _, function)) => Node::Call(function.clone(), arguments),
            None => spelled_out(name, arguments),
        })
    }

    fn pattern(&mut self) -> Result<Regex, ParseError> {
        let Token::Text(pattern) = self.peek() else {
            return Err(self.error("a regular expression in quotes is expected"));
        };
        let compiled = RegexBuilder::new(pattern).size_limit(1 << 20).build();
        let compiled =
            compiled.map_err(|error| self.error(format!("this is no regular expression: {error}")))?;
        self.next += 1;
        Ok(compiled)
    }

    fn path(&mut self) -> Parsed {
        let place = self.at();
        let first = self.name()?;
        let first = first.trim_start_matches('$');
        let item = Item::by_prefix(first).filter(|item| self.context.has(*item));
        // What the Collector's log operators have: `resource["x"]`, `resource.x`.
        let is_log = self.context.of == Item::Log;
        let (item, name) = match item {
            Some(Item::Resource) if is_log && !self.is_before_a_field(Item::Resource) => {
                (Item::Resource, "attributes".to_owned())
            }
            Some(item) => {
                self.expect(".")?;
                (item, self.name()?)
            }
            None if self.context.bare => (self.context.of, first.to_owned()),
            None => {
                let message = format!("say whose it is: `{}.{first}`", self.context.of.prefix());
                return Err(ParseError { at: place, message });
            }
        };
        let Some((field, is_text)) = self.field(item, &name) else {
            let message = format!("there is no field `{name}` in {}", item.noun());
            return Err(ParseError { at: place, message });
        };
        let path = Path { item, field };
        let keys = self.keys(is_log)?;
        if keys.iter().any(|key| matches!(key, Key::Name(_))) && !field.has_keys() {
            let message = "this field has no keys".to_owned();
            return Err(ParseError { at: place, message });
        }
        // A list has places: they and what is behind them are looked for in the value.
        let first_place = keys.iter().position(|key| matches!(key, Key::Place(_)));
        let mut keys = keys.into_iter();
        let names = keys.by_ref().take(first_place.unwrap_or(usize::MAX));
        let names = names.filter_map(|key| match key {
            Key::Name(name) => Some(name),
            Key::Place(_) => None,
        });
        let path = Node::Path(path, names.collect());
        let found = keys.fold(path, Key::of);
        Ok(if is_text {
            Node::Call(Function::String, vec![found])
        } else {
            found
        })
    }

    /// Whether `.` and the name of a field follow.
    fn is_before_a_field(&self, item: Item) -> bool {
        let follows = |nth: usize| self.tokens.get(self.next + nth).map(|(_, token)| token);
        matches!(follows(0), Some(Token::Symbol(".")))
            && matches!(follows(1), Some(Token::Name(name)) if item.field(name).is_some())
    }

    /// A field, whose name may have a second word (`status.code`), and whether its text is wanted (`body.string`).
    fn field(&mut self, item: Item, name: &str) -> Option<(Field, bool)> {
        let second = match (self.peek(), self.tokens.get(self.next + 1)) {
            (Token::Symbol("."), Some((_, Token::Name(second)))) => Some(second.clone()),
            _ => None,
        };
        let Some(second) = second else {
            return Some((item.field(name)?, false));
        };
        if let Some(field) = item.field(&format!("{name}.{second}")) {
            self.next += 2;
            return Some((field, false));
        }
        let field = item.field(name)?;
        let is_text = second == "string" && (field == Field::Body || field.is_text());
        self.next += if is_text { 2 } else { 0 };
        Some((field, is_text))
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

    /// `["key"]`, `[0]`, and in log operators `.key`.
    fn keys(&mut self, with_dots: bool) -> Result<Vec<Key>, ParseError> {
        let mut keys = Vec::new();
        loop {
            if self.is_symbol("[") {
                let key = match self.peek() {
                    Token::Text(key) => Key::Name(key.clone()),
                    Token::Int(place) => Key::Place(*place),
                    _ => return Err(self.error("a key in quotes is expected")),
                };
                self.next += 1;
                self.expect("]")?;
                keys.push(key);
            } else if with_dots && (self.is_symbol(".") || self.is_symbol("?.")) {
                keys.push(Key::Name(self.name()?));
            } else {
                return Ok(keys);
            }
        }
    }

    fn keys_behind(&mut self, node: Node) -> Parsed {
        Ok(self.keys(false)?.into_iter().fold(node, Key::of))
    }
}

/// What stands in brackets behind a value.
enum Key {
    Name(String),
    Place(i64),
}

impl Key {
    fn of(whole: Node, key: Self) -> Node {
        match key {
            Self::Name(name) => Node::Key(Box::new(whole), name),
            Self::Place(place) => Node::Nth(Box::new(whole), place),
        }
    }
}
