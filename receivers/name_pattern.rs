//! Names with `*`, `?` and `[…]`, as Go's `filepath.Match` reads them.

/// Whether a whole name fits a pattern. A pattern with a mistake in it fits nothing.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut from) = (0, 0);
    // The last star and what it stands for so far: where the rest does not fit, it takes a character more.
    let mut star = None;
    loop {
        let step = pattern.get(at..).unwrap_or_default();
        if step.first() == Some(&'*') {
            at += 1;
            star = Some((at, from));
            continue;
        }
        match name.get(from) {
            None if step.is_empty() => return true,
            None => return false,
            Some(c) => {
                if let Some(length) = one(step, *c) {
                    (at, from) = (at + length, from + 1);
                    continue;
                }
            }
        }
        match &mut star {
            Some((behind, taken)) => {
                *taken += 1;
                (at, from) = (*behind, *taken);
            }
            None => return false,
        }
    }
}

/// Whether a pattern begins with what fits one character; how long that is.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['\\', escaped, ..] => (*escaped == c).then_some(2),
        ['[', rest @ ..] => class(rest, c).map(|length| length + 1),
        [literal, ..] => (*literal == c).then_some(1),
        [] => None,
    }
}

/// `a-z]` or `^a-z]`: the length with the closing bracket where the character is in it.
fn class(pattern: &[char], c: char) -> Option<usize> {
    let is_negated = pattern.first() == Some(&'^');
    let mut at = usize::from(is_negated);
    let (mut is_in, mut ranges) = (false, 0);
    loop {
        if ranges > 0 && pattern.get(at) == Some(&']') {
            return (is_in != is_negated).then_some(at + 1);
        }
        let (low, length) = member(pattern.get(at..)?)?;
        at += length;
        let mut high = low;
        if pattern.get(at) == Some(&'-') {
            let (end, length) = member(pattern.get(at + 1..)?)?;
            (high, at) = (end, at + 1 + length);
        }
        is_in |= (low..=high).contains(&c);
        ranges += 1;
    }
}

fn member(pattern: &[char]) -> Option<(char, usize)> {
    match pattern {
        ['\\', escaped, ..] => Some((*escaped, 2)),
        ['-' | ']', ..] | [] => None,
        [c, ..] => Some((*c, 1)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The results are those of Go's `filepath.Match`.
    #[test]
    fn patterns_fit_what_they_fit_in_go() {
        for (pattern, name, expected) in [
            ("*.json", "a.json", true),
            ("*.json", ".a.json", true),
            ("*.json", "a.jso", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "abc", true),
            ("a*a", "a", false),
            ("a*b", "ab.x", false),
            ("**x", "aax", true),
            ("*", "", true),
            ("x", "x", true),
            ("x", "xy", false),
            ("a?.yml", "ab.yml", true),
            ("a?.yml", "a.yml", false),
            ("?", "ä", true),
            ("[a-c]x", "bx", true),
            ("[a-c]x", "dx", false),
            ("[^a-c]x", "dx", true),
            ("[^a-c]x", "ax", false),
            ("[ab-d]*", "c1", true),
            (r"a\*", "a*", true),
            (r"a\*", "ab", false),
            (r"[\]a]", "]", true),
            (r"[\-x]", "-", true),
            ("[]a]", "]", false),
            ("[a", "a", false),
            ("[a-]", "a", false),
            ("[x-]", "-", false),
            ("[-x]", "-", false),
            ("a[", "a[", false),
            ("*x*y*z", "axbyczz", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    proptest! {
        #[test]
        fn any_pattern_takes_any_name(pattern in r"[a-c*?\[\]\\^-]{0,12}", name in "[a-c*-]{0,12}") {
            matches(&pattern, &name);
            let starred = format!("*{name}*").replace(['[', '\\'], "?");
            prop_assert!(matches(&starred, &name));
        }
    }
}
