//! A message without its variable parts: what makes two messages the same kind of message.
//!
//! One walk over the text, word by word, no regular expressions. Each of these becomes a placeholder: UUIDs `<uuid>`, IP addresses with or
//! without a port `<ip>`, dates and times `<time>`, amounts of time `<duration>`, hexadecimal `<hex>`, other words with digits `<id>`,
//! numbers `<num>`, quoted text `<str>`, paths of files `<path>`, URLs `<url>`. White space becomes one space. A pattern is its own
//! pattern.

/// Longest pattern in bytes; what is beyond it is left out.
pub const MAX_PATTERN: usize = 256;

/// So many bytes of a message are looked at.
const MAX_LOOKED_AT: usize = 2048;

/// The pattern of a message.
pub fn message_pattern(message: &str) -> String {
    let mut pattern = String::with_capacity(message.len().min(MAX_PATTERN));
    write_message_pattern(message, &mut pattern);
    pattern
}

/// As [`message_pattern`], into a buffer that is used again: what was in it is cleared.
pub fn write_message_pattern(message: &str, pattern: &mut String) {
    pattern.clear();
    let mut end = message.len().min(MAX_LOOKED_AT);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    let text = message.get(..end).unwrap_or_default().trim();
    let (mut at, mut quotes) = (0, Quotes::default());
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (length, placeholder) = token(text, at, pattern, &mut quotes);
        let shown = placeholder.unwrap_or_else(|| rest.get(..length).unwrap_or_default());
        let room = MAX_PATTERN - pattern.len();
        if shown.len() > room {
            // Of a word its beginning; a placeholder is whole or not there.
            let cut = if placeholder.is_none() { room } else { 0 };
            pattern.extend(
                shown
                    .char_indices()
                    .take_while(|(at, c)| at + c.len_utf8() <= cut)
                    .map(|(_, c)| c),
            );
            break;
        }
        pattern.push_str(shown);
        at += length;
    }
    pattern.truncate(pattern.trim_end().len());
}

/// The length of what stands there, and the placeholder that is shown for it.
fn token(text: &str, at: usize, before: &str, quotes: &mut Quotes) -> (usize, Option<&'static str>) {
    let rest = text.get(at..).unwrap_or_default();
    let c = rest.chars().next().unwrap_or_default();
    if c.is_whitespace() {
        return (rest.len() - rest.trim_start().len(), Some(" "));
    }
    if let Some(length) = placeholder(rest) {
        return (length, None);
    }
    // What goes on from a word or from a placeholder is not looked at as a whole: then a pattern is its own pattern.
    let begins = !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '>' | '_'));
    if begins && let Some(length) = quotes.length(text, at, c) {
        return (length, Some("<str>"));
    }
    if is_of_word(c) {
        return word(rest, begins);
    }
    (c.len_utf8(), None)
}

const PLACEHOLDERS: [&str; 10] = [
    "<uuid>",
    "<ip>",
    "<time>",
    "<duration>",
    "<hex>",
    "<id>",
    "<num>",
    "<str>",
    "<path>",
    "<url>",
];

/// One that is there already.
fn placeholder(rest: &str) -> Option<usize> {
    let known = PLACEHOLDERS.iter().find(|known| rest.starts_with(**known));
    known.map(|known| known.len())
}

/// Which quotes are known not to be closed any more: none is looked for twice.
#[derive(Default)]
struct Quotes {
    unclosed: [bool; 3],
}

impl Quotes {
    /// Length of the quoted text that begins here, with both quotes. A quote before a letter closes nothing: `it's`.
    fn length(&mut self, text: &str, at: usize, quote: char) -> Option<usize> {
        let kind = ['"', '\'', '`'].iter().position(|known| *known == quote)?;
        let unclosed = self.unclosed.get_mut(kind).filter(|unclosed| !**unclosed)?;
        let bytes = text.as_bytes();
        let closes = |found: usize| {
            let is_escaped = bytes.get(found.wrapping_sub(1)) == Some(&b'\\');
            let next = text.get(found + 1..).and_then(|rest| rest.chars().next());
            !is_escaped && !next.is_some_and(|next| next.is_alphanumeric() || matches!(next, '<' | '_'))
        };
        let mut from = at + 1;
        while let Some(found) = memchr::memchr(quote as u8, bytes.get(from..).unwrap_or_default()) {
            if closes(from + found) {
                return Some(from + found + 1 - at);
            }
            from += found + 1;
        }
        *unclosed = true;
        None
    }
}

/// A word goes on over these: numbers, addresses, paths and times are words.
fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || is_separator(c)
}

/// A word is taken apart at these.
fn is_separator(c: char) -> bool {
    matches!(c, '.' | ':' | '/' | '\\' | '@' | '%' | '#' | '$' | '~' | '+')
}

/// A word: its length, and what it is.
fn word(rest: &str, begins: bool) -> (usize, Option<&'static str>) {
    let length = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
    let whole = rest.get(..length).unwrap_or_default();
    // What ends a sentence is not of the word; what begins it, such as a sign, may be.
    let word = whole.trim_end_matches(|c| c == '-' || is_separator(c));
    if word.is_empty() {
        return (length, None);
    }
    match url_or_path(word).filter(|_| begins) {
        Some("<url>") => return (url_length(rest), Some("<url>")),
        Some(path) => return (word.len(), Some(path)),
        None => {}
    }
    if !word.bytes().any(|byte| byte.is_ascii_digit()) {
        return (word.len(), None);
    }
    let percent = whole.get(..=word.len()).filter(|longer| longer.ends_with('%'));
    match kind(word).filter(|_| begins) {
        Some("<num>") => (percent.unwrap_or(word).len(), Some("<num>")),
        Some(kind) => (word.len(), Some(kind)),
        None => part(word),
    }
}

fn url_or_path(word: &str) -> Option<&'static str> {
    if word.contains("://") {
        return Some("<url>");
    }
    let name =
        |text: &str| text.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    let is_absolute = word.strip_prefix('/').is_some_and(name);
    let is_windows = matches!(word.as_bytes(), [drive, b':', b'\\', ..] if drive.is_ascii_alphabetic());
    let is_relative = ["./", "../", "~/"].iter().any(|start| word.starts_with(start));
    (is_absolute || is_windows || is_relative).then_some("<path>")
}

/// A URL with its query.
fn url_length(rest: &str) -> usize {
    let ends = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';'
            )
    };
    let whole = rest
        .get(..rest.find(ends).unwrap_or(rest.len()))
        .unwrap_or_default();
    whole.trim_end_matches(|c| c == '-' || is_separator(c)).len()
}

/// What a whole word with digits in it is.
fn kind(word: &str) -> Option<&'static str> {
    let unsigned = word.strip_prefix(['-', '+']).unwrap_or(word);
    if is_uuid(word) {
        Some("<uuid>")
    } else if is_ip(word) {
        Some("<ip>")
    } else if is_number(unsigned) {
        Some("<num>")
    } else if is_time(word) {
        Some("<time>")
    } else if is_duration(unsigned) {
        Some("<duration>")
    } else {
        is_hex(word).then_some("<hex>")
    }
}

/// The first piece of a word that is nothing as a whole: `key:12`, `orders/17`.
fn part(word: &str) -> (usize, Option<&'static str>) {
    let length = word.find(is_separator).unwrap_or(word.len()).max(1);
    let piece = word.get(..length).unwrap_or_default();
    match piece.bytes().any(|byte| byte.is_ascii_digit()) {
        true => (length, Some(kind(piece).unwrap_or("<id>"))),
        false => (length, None),
    }
}

/// 8-4-4-4-12 hexadecimal digits.
fn is_uuid(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// An address with or without a port. A port of its own is part of it, so that clients are one.
fn is_ip(word: &str) -> bool {
    let is_address = |text: &str| text.parse::<std::net::IpAddr>().is_ok();
    if is_address(word) {
        return true;
    }
    let with_port = word.rsplit_once(':');
    with_port.is_some_and(|(address, port)| {
        let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        is_port && address.contains('.') && is_address(address)
    })
}

fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    digits(whole) && digits(fraction) && digits(exponent)
}

/// Digits with `:` between them or a date's two `-` or `/`; with `T`, `Z`, a zone.
fn is_time(word: &str) -> bool {
    let (digits, colons, dashes, slashes) =
        word.bytes().fold((0, 0, 0, 0), |(d, c, m, s), byte| match byte {
            b'0'..=b'9' => (d + 1, c, m, s),
            b':' => (d, c + 1, m, s),
            b'-' => (d, c, m + 1, s),
            b'/' => (d, c, m, s + 1),
            _ => (d, c, m, s),
        });
    let only = word
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'-' | b'/' | b'.' | b'T' | b'Z' | b'+'));
    only && word.starts_with(|c: char| c.is_ascii_digit())
        && digits >= 4
        && (colons >= 1 || dashes == 2 || slashes == 2)
}

/// Numbers with units of time, one after the other: `12ms`, `1h30m`, `0.27s`.
fn is_duration(text: &str) -> bool {
    const UNITS: [&str; 12] = [
        "ns", "us", "ms", "s", "m", "h", "d", "sec", "secs", "min", "mins", "hrs",
    ];
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let unit_end = number
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(number.len());
        let unit = number.get(..unit_end).unwrap_or_default();
        if number.len() == rest.len() || !UNITS.contains(&unit) {
            return false;
        }
        rest = number.get(unit_end..).unwrap_or_default();
    }
    !text.is_empty()
}

/// `0x…`, or eight hexadecimal digits and more with a letter among them.
fn is_hex(word: &str) -> bool {
    let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    word.strip_prefix("0x").is_some_and(all) || (word.len() >= 8 && all(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn variable_parts_become_placeholders() {
        for (message, expected) in [
            (
                "order 4711 failed after 3 attempts",
                "order <num> failed after <num> attempts",
            ),
            (
                "took 12ms, 1h30m or 0.27s",
                "took <duration>, <duration> or <duration>",
            ),
            ("耗时: 0.27 秒", "耗时: <num> 秒"),
            ("balance -12.50, rate 99.5%", "balance <num>, rate <num>"),
            (
                "user 123e4567-e89b-12d3-a456-426614174000 not found",
                "user <uuid> not found",
            ),
            (
                "connection to 10.0.0.7:5432 refused",
                "connection to <ip> refused",
            ),
            ("peer [2001:db8::1] gone", "peer [<ip>] gone"),
            ("at 2026-11-20T10:15:01.5Z and 10:15", "at <time> and <time>"),
            ("2026-11-20 10:15:01,123 ERROR x", "<time> <time>,<num> ERROR x"),
            ("object at 0x7f3a9c is deadbeef01", "object at <hex> is <hex>"),
            ("no \"key 7\" in 'map'", "no <str> in <str>"),
            ("can't open it's file", "can't open it's file"),
            ("open /var/log/app.log: denied", "open <path>: denied"),
            (r"open C:\temp\x.txt failed", "open <path> failed"),
            ("GET https://x.example/a?b=1 failed", "GET <url> failed"),
            ("第3次失败 5%", "第<num>次失败 <num>"),
            ("id=17 key:12 orders/17", "id=<num> key:<num> orders/<num>"),
            ("worker-3 of pool_2a", "<id> of <id>"),
            ("com.example.Orders: failed", "com.example.Orders: failed"),
            (
                "ZeroDivisionError: division by zero",
                "ZeroDivisionError: division by zero",
            ),
            ("  a \n\t b  ", "a b"),
            ("", ""),
        ] {
            assert_eq!(message_pattern(message), expected);
        }
    }

    #[test]
    fn a_pattern_is_bounded() {
        let pattern = message_pattern(&"words of 3 and 中文 ".repeat(10_000));
        assert!(
            pattern.len() <= MAX_PATTERN && pattern.len() > MAX_PATTERN - 16,
            "{}",
            pattern.len()
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn a_pattern_is_its_own_pattern(message in prop_oneof!["[ -~\n中é]{0,80}", "[a-c0-9.:/'\"<>x \\\\-]{0,40}", "(<num>|<id>|[a1 .:/'-])*"]) {
            let once = message_pattern(&message);
            prop_assert_eq!(message_pattern(&once), once.clone(), "{:?}", message);
            prop_assert!(once.len() <= MAX_PATTERN);
        }
    }
}
