//! Go's layouts: the reference time Mon Jan 2 15:04:05 MST 2006 as the text would have it.

/// Parts of the reference time; of those with a common beginning the longer one first.
const PARTS: [(&str, &str); 33] = [
    ("January", "%B"),
    ("Jan", "%b"),
    ("Monday", "%A"),
    ("Mon", "%a"),
    ("MST", "%Z"),
    ("2006", "%Y"),
    ("-07:00:00", "%:z"),
    ("-07:00", "%:z"),
    ("-0700", "%z"),
    ("-07", "%z"),
    ("Z07:00:00", "%:z"),
    ("Z07:00", "%:z"),
    ("Z0700", "%z"),
    ("Z07", "%z"),
    ("002", "%j"),
    ("01", "%m"),
    ("02", "%d"),
    ("03", "%I"),
    ("04", "%M"),
    ("05", "%S"),
    ("06", "%y"),
    ("15", "%H"),
    ("PM", "%p"),
    ("pm", "%p"),
    ("_2", "%e"),
    (".000000000", ".%f"),
    (".000000", ".%f"),
    (".000", ".%f"),
    (",000000", ",%f"),
    (",000", ",%f"),
    ("1", "%m"),
    ("2", "%d"),
    ("3", "%I"),
];

/// The layout as directives.
///
/// # Errors
/// A layout in which there is no part of the reference time.
pub(super) fn directives(layout: &str) -> Result<String, String> {
    let mut directives = String::with_capacity(layout.len() * 2);
    let mut rest = layout;
    let mut parts = 0;
    while let Some(c) = rest.chars().next() {
        let part = PARTS.iter().find(|(part, _)| rest.starts_with(part));
        let one_digit = [("4", "%M"), ("5", "%S")];
        if let Some((part, directive)) =
            part.or_else(|| one_digit.iter().find(|(part, _)| rest.starts_with(part)))
        {
            directives.push_str(directive);
            rest = &rest[part.len()..];
            parts += 1;
            continue;
        }
        if c == '%' {
            directives.push('%');
        }
        directives.push(c);
        rest = &rest[c.len_utf8()..];
    }
    match parts {
        0 => Err("no part of the time `Mon Jan 2 15:04:05 MST 2006` is in it".to_owned()),
        _ => Ok(directives),
    }
}
