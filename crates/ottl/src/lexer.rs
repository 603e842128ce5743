//! A text to words.

use crate::error::ParseError;

/// A word of a condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Name(String),
    Text(String),
    Int(i64),
    Double(f64),
    Symbol(&'static str),
    End,
}

/// Symbols; of those with a common beginning the longer one first.
const SYMBOLS: [&str; 20] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "(", ")", "[", "]", ",", ".", "!", "?.",
];

/// The words with their places. The last one is [`Token::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ParseError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (token, len) = if c.is_alphabetic() || matches!(c, '_' | '$') {
            let len = rest
                .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))
                .unwrap_or(rest.len());
            (Token::Name(rest[..len].to_owned()), len)
        } else if c.is_ascii_digit() {
            number(rest, at)?
        } else if matches!(c, '"' | '\'' | '`') {
            quoted(rest, c, at)?
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            (Token::Symbol(symbol), symbol.len())
        } else {
            let message = format!("`{c}` has no meaning here");
            return Err(ParseError { at, message });
        };
        tokens.push((at, token));
        at += len;
    }
    tokens.push((text.len(), Token::End));
    Ok(tokens)
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), ParseError> {
    let len = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
        .unwrap_or(rest.len());
    let text = &rest[..len];
    if let Some(digits) = text.strip_prefix("0x")
        && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    {
        return Ok((Token::Text(digits.to_lowercase()), len));
    }
    let token = text
        .parse()
        .map(Token::Int)
        .or_else(|_| text.parse().map(Token::Double));
    match token {
        Ok(token) => Ok((token, len)),
        Err(_) => Err(ParseError {
            at,
            message: format!("`{text}` is no number"),
        }),
    }
}

/// A text as conditions have it: in quotes, with what ends or escapes them escaped.
pub fn quoted_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

fn quoted(rest: &str, quote: char, at: usize) -> Result<(Token, usize), ParseError> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((place, c)) = chars.next() {
        match c {
            c if c == quote => return Ok((Token::Text(text), place + 1)),
            '\\' if quote != '`' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, c @ ('\\' | '"' | '\''))) => text.push(c),
                // As in a regular expression: `"\d"` is what is meant.
                Some((_, c)) => text.extend(['\\', c]),
                None => break,
            },
            c => text.push(c),
        }
    }
    Err(ParseError {
        at,
        message: "a quote is not closed".to_owned(),
    })
}
