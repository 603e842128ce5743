//! Lines of comma-separated values (RFC 4180), with Go's two ways of being lenient as the Collector's `csv_parser` has them.

use std::borrow::Cow;

/// What quotes mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quotes {
    /// A field that begins with one ends with one; two stand for one.
    #[default]
    Strict,
    /// The same, and a quote elsewhere is a letter.
    Lazy,
    /// They are letters.
    Ignored,
}

/// The fields of a line. What needs no change borrows from it.
///
/// # Errors
/// What is wrong with the quotes, and in which field.
pub fn split<'a>(line: &'a str, delimiter: char, quotes: Quotes) -> Result<Vec<Cow<'a, str>>, String> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let is_quoted = quotes != Quotes::Ignored && rest.starts_with('"');
        let (field, after) = if is_quoted {
            quoted(rest, delimiter, quotes)
                .map_err(|problem| format!("field {} {problem}", fields.len() + 1))?
        } else {
            let (field, after) = cut(rest, delimiter);
            if quotes == Quotes::Strict && field.contains('"') {
                return Err(format!("field {} has a quote within", fields.len() + 1));
            }
            (Cow::Borrowed(field), after)
        };
        fields.push(field);
        match after {
            Some(after) => rest = after,
            None => return Ok(fields),
        }
    }
}

fn cut(text: &str, delimiter: char) -> (&str, Option<&str>) {
    match text.split_once(delimiter) {
        Some((field, after)) => (field, Some(after)),
        None => (text, None),
    }
}

/// A field that begins with a quote, and what follows its delimiter.
fn quoted<'a>(
    text: &'a str,
    delimiter: char,
    quotes: Quotes,
) -> Result<(Cow<'a, str>, Option<&'a str>), &'static str> {
    let inner = &text[1..];
    let mut field = Cow::Borrowed("");
    let mut from = 0;
    loop {
        let Some(at) = inner[from..].find('"').map(|at| from + at) else {
            return match quotes {
                Quotes::Lazy => {
                    field += &inner[from..];
                    Ok((field, None))
                }
                _ => Err("has no closing quote"),
            };
        };
        field += &inner[from..at];
        let after = &inner[at + 1..];
        if after.is_empty() {
            return Ok((field, None));
        }
        if let Some(next) = after.strip_prefix(delimiter) {
            return Ok((field, Some(next)));
        }
        if after.starts_with('"') {
            field += "\"";
            from = at + 2;
        } else if quotes == Quotes::Lazy {
            field += "\"";
            from = at + 1;
        } else {
            return Err("goes on behind its closing quote");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_divided_where_the_quotes_let_them() {
        use Quotes::{Ignored, Lazy, Strict};
        for (line, quotes, fields) in [
            ("a,b,,c", Strict, Ok(&["a", "b", "", "c"][..])),
            ("", Strict, Ok(&[""])),
            (r#""a,b","c ""d""",e"#, Strict, Ok(&["a,b", r#"c "d""#, "e"])),
            (r#""a","#, Strict, Ok(&["a", ""])),
            (r#"a "b",c"#, Strict, Err("field 1 has a quote within")),
            (
                r#"x,"a"b,c"#,
                Strict,
                Err("field 2 goes on behind its closing quote"),
            ),
            (r#""a"#, Strict, Err("field 1 has no closing quote")),
            (r#"a "b",c"#, Lazy, Ok(&[r#"a "b""#, "c"])),
            (r#""a"b",c"#, Lazy, Ok(&[r#"a"b"#, "c"])),
            (r#""a,b"#, Lazy, Ok(&["a,b"])),
            (r#""a,b""#, Ignored, Ok(&[r#""a"#, r#"b""#])),
        ] {
            let got = split(line, ',', quotes);
            let got: Result<Vec<&str>, &str> = got
                .as_ref()
                .map(|got| got.iter().map(|field| &**field).collect())
                .map_err(|error| &**error);
            assert_eq!(got, fields.map(<[&str]>::to_vec), "{line}");
        }
        assert_eq!(split("a;b", ';', Strict).map(|fields| fields.len()), Ok(2));
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_back(fields in prop::collection::vec("\\PC{0,12}", 1..6)) {
            let quoted: Vec<String> = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
            let line = quoted.join(",");
            prop_assert_eq!(split(&line, ',', Quotes::Strict).expect("well formed"), fields);
        }

        #[test]
        fn no_line_is_too_strange(line in "[a\",]{0,20}") {
            for quotes in [Quotes::Strict, Quotes::Lazy, Quotes::Ignored] {
                let _ = split(&line, ',', quotes);
            }
        }
    }
}
