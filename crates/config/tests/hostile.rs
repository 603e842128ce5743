//! Input made to harm: bounded work, no panic. Without the bounds these tests do not end, or end without memory.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod example;

use example::{check, env};
use proptest::prelude::*;
use sidelight_config::{MAX_MISTAKES, NamedText, Style, code, load_str, load_texts};

fn assert_refused(name: &str, text: &str, code: &str) {
    let (tree, mistakes) = load_str("p.yaml", text, &env());
    let shown = mistakes.render(Style::Plain);
    assert!(tree.is_none(), "{name}");
    assert_eq!(
        mistakes.iter().map(|mistake| mistake.code).collect::<Vec<_>>(),
        [code],
        "{name}: {shown}"
    );
}

#[test]
fn alias_bombs_are_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    assert_refused("many nodes", &text, code::LIMIT);

    let long = "x".repeat(500_000);
    let text = format!("a: &a {long}\nb: [{}]\n", "*a, ".repeat(900));
    assert_refused("long text", &text, code::LIMIT);

    let text = format!("a: &a x\nb: [{}]\n", "*a, ".repeat(1_001));
    assert_refused("many aliases", &text, code::LIMIT);

    let mut text = String::from("a0: &a0 [x]\n");
    for level in 1..80 {
        text.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert_refused("depth by aliases", &text, code::LIMIT);

    let mut text = String::from("a0: &a0 {x: 1}\n");
    for level in 1..30 {
        let below = format!("*a{}", level - 1);
        text.push_str(&format!(
            "a{level}: &a{level}\n  <<: [{below}, {below}]\n  k{level}: {below}\n"
        ));
    }
    assert_refused("merge keys", &text, code::LIMIT);
}

#[test]
fn nesting_and_size_are_bounded() {
    for depth in [64, 65, 66, 1_000, 100_000] {
        assert_refused(
            "brackets",
            &format!("a: {}{}\n", "[".repeat(depth), "]".repeat(depth)),
            code::LIMIT,
        );
        assert_refused(
            "braces",
            &format!("a: {}{}\n", "{a: ".repeat(depth), "}".repeat(depth)),
            code::LIMIT,
        );
    }
    assert_refused(
        "open brackets",
        &format!("a: {}", "[".repeat(100_000)),
        code::LIMIT,
    );
    assert_refused(
        "dashes",
        &format!("a:\n  {}x\n", "- ".repeat(100_000)),
        code::LIMIT,
    );
    assert_refused("values", &format!("a: [{}]\n", "1, ".repeat(60_000)), code::LIMIT);
    assert_refused("bytes", &format!("a: {}\n", "x".repeat(1 << 20)), code::LIMIT);
    let deep = |depth: usize| format!("a: {}1{}\n", "[".repeat(depth), "]".repeat(depth));
    let (tree, mistakes) = load_str("p.yaml", &deep(63), &env());
    assert!(
        tree.is_some() && mistakes.is_empty(),
        "{}",
        mistakes.render_plain()
    );
}

#[test]
fn limits_count_over_all_files() {
    let text = format!("a: [{}]\n", "1, ".repeat(20_000));
    let texts = (0..3).map(|index| NamedText {
        name: format!("{index}.yaml"),
        bytes: text.clone().into(),
    });
    let (tree, mistakes) = load_texts(texts.collect(), &env());
    assert!(tree.is_none());
    assert_eq!(
        mistakes.iter().map(|mistake| mistake.code).collect::<Vec<_>>(),
        [code::LIMIT]
    );
}

#[test]
fn what_is_no_text_is_refused() {
    for bytes in [&b"\xff\xfea\0:\0"[..], b"a: \xff", b"\xc3"] {
        let texts = vec![NamedText {
            name: "p.yaml".into(),
            bytes: bytes.to_vec(),
        }];
        let (tree, mistakes) = load_texts(texts, &env());
        assert!(
            tree.is_none() && mistakes.lines()[0].contains("not UTF-8"),
            "{:?}",
            mistakes.lines()
        );
    }
}

#[test]
fn thousands_of_mistakes_are_counted_not_kept() {
    let text: String = (0..9_000).map(|index| format!("k: {index}\n")).collect();
    let (_, mistakes) = load_str("p.yaml", &text, &env());
    assert_eq!(
        (mistakes.iter().count(), mistakes.error_count()),
        (MAX_MISTAKES, 8_999)
    );
    assert!(
        mistakes
            .render(Style::Plain)
            .ends_with("8999 errors (8799 not shown)\n")
    );

    let unknown: String = (0..20_000).map(|index| format!("    k{index}: 1\n")).collect();
    let mistakes = check(&[(
        "p.yaml",
        &format!("exporters:\n  shipper:\n    endpoint: a:1\n{unknown}"),
    )]);
    assert_eq!(mistakes.error_count(), 20_000);

    let text = format!("v: [{}]\n", "'${env:NONE}', ".repeat(9_000));
    let (_, mistakes) = load_str("p.yaml", &text, &env());
    assert!(mistakes.error_count() >= MAX_MISTAKES);
}

/// Pieces that make YAML-like text far more often than characters do.
fn yaml_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "exporters:",
            "receivers:",
            "shipper:",
            "listener:",
            "endpoint:",
            "protocols:",
            "grpc:",
            "timeout:",
            "targets:",
            "a:",
            "&a ",
            "*a",
            "<<: ",
            "- ",
            "\n",
            "\n  ",
            "\n    ",
            "\n      ",
            "\t",
            "{",
            "}",
            "[",
            "]",
            ", ",
            ": ",
            "|",
            ">",
            "\"",
            "'",
            "${env:PORT}",
            "${",
            "}",
            "$$",
            "${file:/run/secrets/token}",
            "#",
            "---",
            "!!str ",
            "~",
            "5s",
            "1",
            "\r",
            "\u{feff}",
            "\u{85}",
            "ü",
            "%YAML 1.2\n",
            "?",
            "\\x",
            "localhost:1",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn assert_sound(texts: &[(&str, &str)]) {
    let mistakes = check(texts);
    let shown = mistakes.render(Style::Plain);
    assert!(!shown.contains("p4ssw0rd"), "{shown}");
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{7}'), "{shown:?}");
    mistakes.render(Style::Coloured);
    let json = mistakes.to_json();
    assert_eq!(
        json["mistakes"].as_array().map(Vec::len),
        Some(mistakes.lines().len())
    );
    for mistake in mistakes.iter() {
        let file = mistakes.sources().file(mistake.span.file).expect("a file");
        let (start, end) = (mistake.span.start, mistake.span.end);
        assert!(
            start.offset <= end.offset && end.offset as usize <= file.text().len(),
            "{mistake:?}"
        );
        assert!(file.text().is_char_boundary(start.offset as usize), "{mistake:?}");
        assert!(start.line >= 1 && start.column >= 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_yaml_like_text_panics(text in yaml_like(), other in yaml_like()) {
        assert_sound(&[("a.yaml", &text)]);
        assert_sound(&[("a.yaml", &text), ("b.yaml", &other)]);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let texts = vec![NamedText { name: "\u{1b}[2J.yaml".into(), bytes }];
        let (_, mistakes) = load_texts(texts, &env());
        let shown = mistakes.render(Style::Plain);
        prop_assert!(!shown.contains(char::from(27)));
    }

    #[test]
    fn places_agree_with_the_text(text in yaml_like()) {
        let (tree, _) = load_str("p.yaml", &text, &env());
        if let Some(tree) = tree {
            let mut open = vec![&tree.root];
            while let Some(node) = open.pop() {
                let Some(file) = tree.sources.file(node.span.file) else { continue };
                prop_assert!(node.span.end.offset as usize <= file.text().len());
                prop_assert!(node.span.start <= node.span.end);
                let from_offset = file.position(node.span.start.offset as usize);
                prop_assert_eq!(from_offset.line, node.span.start.line);
                open.extend(node.as_list().unwrap_or(&[]));
                open.extend(node.as_map().unwrap_or(&[]).iter().map(|(_, value)| value));
            }
        }
    }
}
