//! What right configurations become.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod example;

use std::time::Duration;

use example::{Batch, Compression, Exporter, Listener, Receiver, exporter, load};
use sidelight_config::{
    ByteSize, Endpoint, Mistakes, Node, Owner, Read, Settings, Spans, Tree, Value, markdown_table, read,
    schema,
};

fn receiver(text: &str) -> (Option<Read<Receiver>>, Mistakes) {
    let (tree, mut mistakes) = load(&[("p.yaml", text)]);
    let config = tree.and_then(|tree| {
        let owner = Owner {
            label: "receiver `listener`".into(),
            readme: None,
            place: tree.root.span,
        };
        read(&tree.root, owner, &mut mistakes)
    });
    (config, mistakes)
}

fn good_exporter(text: &str) -> Exporter {
    let (config, mistakes) = exporter(text);
    assert!(mistakes.is_empty(), "{}", mistakes.render_plain());
    config.expect("settings").config
}

fn good_tree(texts: &[(&str, &str)]) -> Tree {
    let (tree, mistakes) = load(texts);
    assert!(mistakes.is_empty(), "{}", mistakes.render_plain());
    tree.expect("a tree")
}

#[test]
fn settings_not_given_have_their_defaults() {
    let config = good_exporter("endpoint: jaeger:4317\n");
    let headers = std::collections::BTreeMap::new();
    let expected = Exporter {
        endpoint: Endpoint::tcp("jaeger", 4317),
        timeout: Duration::from_secs(5),
        compression: Compression::Gzip,
        headers,
        batch: Batch {
            min_size: 100,
            max_size: 200,
        },
        targets: vec![],
        tags: vec!["a".into(), "b".into()],
        insecure: false,
        token: None,
        r#type: "plain".into(),
    };
    assert_eq!(config, expected);
}

#[test]
fn settings_given_are_taken() {
    let config = good_exporter(
        "endpoint: 'unix:///run/a.sock'\ntimeout: 1m\ncompression: none\nheaders: {authorization: Bearer x, n: 5}\n\
         batch: {min_size: 7}\ntargets: [{name: a}, {name: 1.10, weight: 2}]\ntags: []\ninsecure: true\n\
         token: ${file:/run/secrets/token}\ntype: text\n",
    );
    assert_eq!(config.endpoint, Endpoint::Unix("/run/a.sock".into()));
    assert_eq!(
        (config.timeout, config.compression),
        (Duration::from_secs(60), Compression::Identity)
    );
    assert_eq!(
        config.headers.get("authorization").map(|value| value.expose()),
        Some("Bearer x")
    );
    assert_eq!(config.headers.get("n").map(|value| value.expose()), Some("5"));
    // A part not given is as in the default of its block here, not as in the block's own.
    assert_eq!(
        config.batch,
        Batch {
            min_size: 7,
            max_size: 200
        }
    );
    let targets: Vec<(&str, f64)> = config
        .targets
        .iter()
        .map(|target| (target.name.as_str(), target.weight))
        .collect();
    assert_eq!(targets, [("a", 1.0), ("1.10", 2.0)]);
    assert_eq!(
        config.token.as_ref().map(|token| token.expose()),
        Some("p4ssw0rd")
    );
    assert_eq!(
        (config.tags.len(), config.insecure, config.r#type.as_str()),
        (0, true, "text")
    );
    assert!(!format!("{config:?}").contains("p4ssw0rd"));
}

#[test]
fn a_block_without_content_is_there_and_an_absent_one_is_not() {
    for text in [
        "protocols:\n  grpc:\n",
        "protocols: {grpc: {}}\n",
        "protocols: {grpc: ~}\n",
    ] {
        let (read, _) = receiver(text);
        let protocols = read.expect(text).config.protocols;
        assert!(protocols.http.is_none());
        assert_eq!(protocols.grpc.expect(text).listener, Listener::default());
    }
    let (read, _) = receiver("protocols: {http: }\n");
    let http = read.expect("settings").config.protocols.http.expect("http");
    assert_eq!(http.listener.endpoint, Endpoint::tcp("localhost", 4318));
    assert_eq!(http.listener.max_message_size, ByteSize::mib(16));
}

#[test]
fn null_is_none_and_an_empty_variable_of_an_option_too() {
    for text in ["token: null", "token:", "token: ${env:NONE:-}"] {
        assert_eq!(
            good_exporter(&format!("endpoint: a:1\n{text}\n")).token,
            None,
            "{text}"
        );
    }
}

#[test]
fn text_keeps_the_form_it_was_written_in() {
    for (written, text) in [
        ("0123", "0123"),
        ("1e5", "1e5"),
        ("1.10", "1.10"),
        ("true", "true"),
        ("${env:PORT}", "4317"),
        ("a${env:PORT}b", "a4317b"),
        ("${env:NONE:-007}", "007"),
        ("''", ""),
    ] {
        assert_eq!(
            good_exporter(&format!("endpoint: a:1\ntype: {written}\n")).r#type,
            text
        );
    }
}

#[test]
fn a_variable_alone_has_the_type_that_the_setting_needs() {
    let (read, mistakes) = receiver("protocols: {grpc: {max_concurrent_streams: \"${env:N:-7}\"}}\n");
    assert!(mistakes.is_empty(), "{}", mistakes.render_plain());
    assert_eq!(
        read.expect("settings")
            .config
            .protocols
            .grpc
            .map(|grpc| grpc.max_concurrent_streams),
        Some(7)
    );
}

#[test]
fn places_of_settings_are_known_to_later_checks() {
    let (read, _) = receiver("protocols:\n  grpc:\n    endpoint: localhost:1\n  http:\n");
    let spans: Spans = read.expect("settings").spans;
    let line_column = |span: sidelight_config::Span| (span.start.line, span.start.column);
    assert_eq!(
        spans.value("protocols.grpc.endpoint").map(line_column),
        Some((3, 15))
    );
    assert_eq!(
        spans.key("protocols.grpc.endpoint").map(line_column),
        Some((3, 5))
    );
    assert_eq!(spans.value("protocols.http.endpoint"), None);
    assert_eq!(line_column(spans.nearest("protocols.http.endpoint")), (4, 3));
    assert_eq!(line_column(spans.nearest("other")), (1, 1));
}

#[test]
fn later_files_win_and_lists_are_replaced() {
    let tree = good_tree(&[
        (
            "a.yaml",
            "m: {x: 1, y: {z: 2, l: [1, 2]}}\nkept: a\nnull_over_map: {a: 1}\nmap_over_scalar: 5\nv: ${env:NONE}\n",
        ),
        (
            "b.yaml",
            "m: {y: {l: [3]}, w: 4}\nnull_over_map:\nmap_over_scalar: {b: 2}\nv: set\n",
        ),
        ("c.yaml", "# nothing\n"),
    ]);
    let int = |path: &str| tree.at(path).map(|node| node.value.clone());
    assert_eq!(int("m.x"), Some(Value::Int(1)));
    assert_eq!(int("m.y.z"), Some(Value::Int(2)));
    assert_eq!(
        tree.at("m.y.l").and_then(Node::as_list).map(<[Node]>::len),
        Some(1)
    );
    assert_eq!(int("m.y.l.0"), Some(Value::Int(3)));
    assert_eq!(int("m.w"), Some(Value::Int(4)));
    assert_eq!(int("null_over_map"), Some(Value::Null));
    assert_eq!(int("map_over_scalar.b"), Some(Value::Int(2)));
    let file = |path: &str| {
        let span = tree.at(path).expect(path).span;
        (
            tree.sources.file(span.file).expect("a file").name().to_owned(),
            span.start.line,
        )
    };
    assert_eq!(file("m.x"), ("a.yaml".to_owned(), 1));
    assert_eq!(file("m.y.l.0"), ("b.yaml".to_owned(), 1));
    assert_eq!(file("v"), ("b.yaml".to_owned(), 4));
}

#[test]
fn merge_keys_bring_what_is_not_given() {
    let tree = good_tree(&[(
        "p.yaml",
        "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nm:\n  <<: [*a, *b]\n  x: 0\nn:\n  x: 0\n  <<: *b\n\"q\": {\"<\": 1}\n",
    )]);
    let ints = |path: &str| -> Vec<(String, Value)> {
        let entries = tree.at(path).and_then(Node::as_map).expect(path);
        let mut out: Vec<_> = entries
            .iter()
            .map(|(key, node)| (key.name.clone(), node.value.clone()))
            .collect();
        out.sort_by(|a, b| a.0.cmp(&b.0));
        out
    };
    let entry = |name: &str, value| (name.to_owned(), Value::Int(value));
    assert_eq!(ints("m"), [entry("x", 0), entry("y", 1), entry("z", 2)]);
    assert_eq!(ints("n"), [entry("x", 0), entry("y", 2), entry("z", 2)]);
    let span = tree.at("m.z").expect("m.z").span;
    assert_eq!((span.start.line, span.start.column), (2, 17));
}

#[test]
fn places_are_exact_for_every_form_of_scalar() {
    let text = "a: \"quoted\"\nü: 'x'\nl:\n  - |\n    block\n    text\n  - {k: v}\n";
    let tree = good_tree(&[("p.yaml", text)]);
    for (path, shown, line, column) in [
        ("a", "\"quoted\"", 1, 4),
        ("ü", "'x'", 2, 4),
        ("l.1", "{k: v}", 7, 5),
        ("l.1.k", "v", 7, 9),
    ] {
        let span = tree.at(path).expect(path).span;
        assert_eq!(
            (tree.sources.text(span), span.start.line, span.start.column),
            (shown, line, column)
        );
    }
    assert_eq!(tree.at("l.0").and_then(Node::as_str), Some("block\ntext\n"));
}

#[test]
fn a_directory_is_read_in_the_order_of_its_names() {
    let directory = std::env::temp_dir().join(format!("sidelight-config-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    for (name, text) in [
        ("20.yml", "v: 2\n"),
        ("10.yaml", "v: 1\nw: 1\n"),
        ("30.txt", "v: 3\n"),
    ] {
        std::fs::write(directory.join(name), text).expect("a file");
    }
    let env = sidelight_config::ProcessEnv;
    let (tree, mistakes) = sidelight_config::load(std::slice::from_ref(&directory), &env);
    let missing = directory.join("missing.yaml");
    let (none, not_found) = sidelight_config::load(&[missing], &env);
    std::fs::remove_dir_all(&directory).expect("removed");
    assert!(mistakes.is_empty(), "{}", mistakes.render_plain());
    let tree = tree.expect("a tree");
    assert_eq!(tree.at("v").map(|node| &node.value), Some(&Value::Int(2)));
    assert_eq!(tree.at("w").map(|node| &node.value), Some(&Value::Int(1)));
    assert!(none.is_none() && not_found.lines()[0].contains("missing.yaml:1:1: error[file]"));
}

#[test]
fn tables_are_written_down() {
    let tables = [
        markdown_table(&Receiver::table()),
        markdown_table(&Exporter::table()),
    ];
    insta::assert_snapshot!("markdown_tables", tables.join("\n"));
}

#[test]
fn schema_describes_every_setting() {
    insta::assert_snapshot!("schema", format!("{:#}", schema(&Receiver::table())));
}
