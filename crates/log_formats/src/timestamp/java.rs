//! Java's patterns (`java.time.format.DateTimeFormatter`), as Logstash and Elasticsearch use them.

/// The pattern as directives.
///
/// # Errors
/// A letter that is not understood.
pub(super) fn directives(pattern: &str) -> Result<String, String> {
    let mut directives = String::with_capacity(pattern.len() * 2);
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\'' {
            quoted(&mut chars, &mut directives)?;
            continue;
        }
        if !c.is_ascii_alphabetic() {
            literal(c, &mut directives);
            continue;
        }
        let mut count = 1;
        while chars.next_if_eq(&c).is_some() {
            count += 1;
        }
        directives.push_str(directive(c, count)?);
    }
    Ok(directives)
}

fn directive(letter: char, count: usize) -> Result<&'static str, String> {
    Ok(match (letter, count) {
        ('y' | 'u', 2) => "%y",
        ('y' | 'u', _) => "%Y",
        ('M' | 'L', 1 | 2) => "%m",
        ('M' | 'L', 3) => "%b",
        ('M' | 'L', _) => "%B",
        ('d', _) => "%d",
        ('D', _) => "%j",
        ('H', _) => "%H",
        ('h', _) => "%I",
        ('m', _) => "%M",
        ('s', _) => "%S",
        ('S' | 'n', _) => "%f",
        ('a', _) => "%p",
        ('E', 1..=3) => "%a",
        ('E', _) => "%A",
        ('Z', 1..=3) => "%z",
        ('X' | 'x', 1 | 2) => "%z",
        ('X' | 'x', _) => "%:z",
        ('z' | 'V', _) => "%Z",
        _ => return Err(format!("`{letter}` is no letter of a pattern that is understood")),
    })
}

fn literal(c: char, directives: &mut String) {
    if c == '%' {
        directives.push('%');
    }
    directives.push(c);
}

/// Text between single quotes; two of them are one.
fn quoted(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    directives: &mut String,
) -> Result<(), String> {
    if chars.next_if_eq(&'\'').is_some() {
        directives.push('\'');
        return Ok(());
    }
    loop {
        match chars.next() {
            Some('\'') if chars.next_if_eq(&'\'').is_some() => directives.push('\''),
            Some('\'') => return Ok(()),
            Some(c) => literal(c, directives),
            None => return Err("a quote is not closed".to_owned()),
        }
    }
}
