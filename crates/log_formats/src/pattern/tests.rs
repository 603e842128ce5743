use proptest::prelude::*;

use super::*;

fn values(pattern: &mut Pattern, text: &str) -> Result<Vec<(String, Value<'static>)>, Miss> {
    let mut map = Map::new();
    pattern.captures(text.to_owned().into(), &mut map)?;
    Ok(map
        .into_iter()
        .map(|(key, value)| (key.to_string(), value))
        .collect())
}

#[test]
fn named_groups_become_values() {
    let mut pattern = Pattern::compile(r"^(?P<a>\w+)(?: (?P<b>\d+))?( .*)?$").expect("good");
    let mut map = Map::new();
    assert_eq!(pattern.captures("x 12 rest".into(), &mut map), Ok(()));
    assert_eq!(
        (map.get("a"), map.get("b")),
        (Some(&Value::Text("x".into())), Some(&Value::Text("12".into())))
    );
    let mut map = Map::new();
    assert_eq!(pattern.captures("x".into(), &mut map), Ok(()));
    assert_eq!(map.len(), 1);
    assert_eq!(pattern.captures("-".into(), &mut map), Err(Miss::NoMatch));
    assert_eq!(map.len(), 1, "nothing was put in");
}

#[test]
fn a_text_beyond_the_limit_is_not_looked_at() {
    let mut pattern = Pattern::compile("(?P<a>x+)").expect("good");
    let longest = "x".repeat(CAPTURE_LIMIT);
    assert!(values(&mut pattern, &longest).is_ok());
    assert_eq!(values(&mut pattern, &(longest + "x")), Err(Miss::TooLong));
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    for (bad, at, part) in [
        (r"^(?P<a>\d+", Some(1), "unclosed group"),
        (r"\d\d)(?P<a>x)", Some(4), "unopened group"),
        (r"\d+", None, "no named group"),
        (r"(?P<a>x)(?=y)", Some(8), "look-around"),
        (r"(?P<a>x)\1", Some(8), "once more"),
        (r"(?P<a>\w{1000}{1000}{100})", Some(0), "larger than"),
        (r"(?P<a>x)[z-a]", Some(9), "invalid character class range"),
    ] {
        let error = Pattern::compile(bad).expect_err(bad);
        assert_eq!(error.at, at, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

/// Patterns of the kinds that a scanner does, and some that it does not.
const PATTERNS: &[&str] = &[
    r#"^(?P<client>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+) (?P<protocol>[^"]+)" (?P<status>\d{3}) (?P<bytes>\d+|-) "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)"$"#,
    r"(?P<a>\w+) (?P<b>.*)",
    r"^(?P<a>.*?) - (?P<b>.*?) - (?P<c>.*)$",
    r"(?P<a>a|ab|abc)(?P<b>c|cd)?(?P<c>\d*)",
    r"(?P<a>(?:ab)*)(?P<b>a?)(?P<c>b{1,3})",
    r"(?P<a>[a-c]{2,3}?)(?P<b>.)",
    r"(?P<a>x*)(?P<b>x{2})?(?P<c>[^x]*)",
    r"(?:(?P<a>a+)b|(?P<b>a+)c|(?P<c>.*?)d)(?P<e>[ab]*)",
    r"(?P<a>\b\w+\b)[:：]\s*(?P<b>-?\d+(?:\.\d+)?)",
    r"(?i)(?P<a>error|warn(?:ing)?|info) ?(?P<b>.+?)?$",
    r"(?P<a>(?:\d{1,3}\.){3}\d{1,3})(?::(?P<b>\d+))?",
    r"(?P<a>[\p{Han}]+)(?P<b>\d*)(?P<c>.?)",
    r"(?m)^(?P<a>a+)$\n(?P<b>b*)",
    r#""(?P<a>[^"\\]*(?:\\.[^"\\]*)*)"(?P<b>.*)"#,
    r"(?P<a>(?:a|b)+?)(?P<b>b*)",
    r"(?P<a>)(?P<b>a*)a",
];

#[test]
fn a_text_in_the_usual_form_goes_the_short_way() {
    let line = r#"203.0.113.7 - bob [20/Nov/2026:10:15:01 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "-" "Mozilla/5.0 (X11; 中)""#;
    for (index, text) in [
        (0, line),
        (1, "a b"),
        (2, "a - b - c"),
        (9, "WARNING x"),
        (10, "1.22.3.4:80"),
        (13, r#""a\"b" c"#),
    ] {
        let mut pattern = Pattern::compile(PATTERNS[index]).expect("good");
        assert!(pattern.scans(text), "{}", PATTERNS[index]);
    }
}

#[test]
fn the_short_way_gives_up_on_hostile_texts() {
    let mut pattern = Pattern::compile(r"^(?P<a>.*?)(?P<b>(?:[a-z]+:)) (?P<c>.*)").expect("good");
    let text = "a".repeat(CAPTURE_LIMIT);
    assert!(!pattern.scans(&text));
}

/// Texts of which some match: pieces that the patterns ask for, in any order.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![
            "a", "b", "c", "ab", "abc", "d", "x", "xx", " ", " - ", "-", "\"", "\\", "[", "]", ":", "：", ".", "1", "23", "200", "error",
            "WARN", "ing", "耗时", "中", "\n", "é", "\u{a0}", "10.0.0.1", "GET / HTTP/1.1",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// A line of an access log with a few of its bytes changed.
fn access_line() -> impl Strategy<Value = String> {
    let line =
        r#"203.0.113.7 - bob [20/Nov/2026:10:15:01 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "-" "Mozilla""#;
    prop::collection::vec(
        (
            0..line.len(),
            prop::sample::select(vec![" ", "\"", "-", "]", "中", "", "1"]),
        ),
        0..4,
    )
    .prop_map(move |changes| {
        let mut line = line.to_owned();
        for (at, with) in changes {
            if line.is_char_boundary(at) && line.is_char_boundary(at + 1) && at < line.len() {
                line.replace_range(at..=at, with);
            }
        }
        line
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_short_way_says_what_the_regular_expression_says(text in prop_oneof![text(), access_line()]) {
        thread_local! {
            static COMPILED: Vec<(Pattern, Pattern)> = PATTERNS.iter().map(|pattern| {
                let pattern = Pattern::compile(pattern).expect(pattern);
                (pattern.clone(), pattern.without_scanner())
            }).collect();
        }
        COMPILED.with(|compiled| {
            for ((scanned, asked), pattern) in compiled.iter().zip(PATTERNS) {
                let (scanned, asked) = (values(&mut scanned.clone(), &text), values(&mut asked.clone(), &text));
                prop_assert_eq!(scanned, asked, "{} {:?}", pattern, text);
            }
            Ok(())
        })?;
    }

    #[test]
    fn any_expression_is_scanned_as_it_is_matched(
        parts in prop::collection::vec(prop::sample::select(vec![
            "a", "b", "[ab]", "[^a]", ".", "a*", "b+", "[ab]{1,2}", ".*?", "[^b]*?", "(?:a|ab)", "(?:ab|a)", "(?:a|b|)", "(?:ab)*", "(?:aa?)?",
            r"\b", "$", "(?:a*b)?", "(?:b|.*?a)", "(?:[ab]c|a)+", " ", r"\w+", r"\s*", "(?:a*|b)c",
        ]), 1..7),
        texts in prop::collection::vec("[abc 中\n]{0,9}", 6),
    ) {
        let pattern: String = parts.iter().map(|part| format!("(?P<g>{part})")).collect();
        let mut scanned = Pattern::compile(&pattern).expect("good");
        let mut asked = scanned.clone().without_scanner();
        for text in texts {
            prop_assert_eq!(values(&mut scanned, &text), values(&mut asked, &text), "{} {:?}", pattern, text);
        }
    }
}
