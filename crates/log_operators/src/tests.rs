use std::time::Instant;

use sidelight_component::metrics::Registry;
use sidelight_component::{Budget, BuildContext, Clock, ComponentId, Role, StatusBoard};
use sidelight_log_formats::{Map, Value};
use sidelight_proto::Signal;
use sidelight_proto::json::from_protobuf;

use crate::{Chain, Line, OperatorSettings, Records, Source, Step};

fn context() -> BuildContext {
    let id: ComponentId = "file_log/app".parse().expect("an id");
    BuildContext {
        id: id.clone(),
        pipeline: None,
        budget: Budget::new(1 << 20),
        clock: Clock::virtual_at(0),
        metrics: Registry::default(),
        status: StatusBoard::default().reporter(Role::Receiver, id),
        state_dir: std::path::PathBuf::new(),
        workers: 1,
    }
}

/// Settings as they stand in a file.
fn operators(yaml: &str) -> Result<Vec<OperatorSettings>, String> {
    sidelight_config::settings! {
        /// A receiver.
        pub(super) struct Receiver {
            /// Its operators.
            operators: Vec<OperatorSettings>,
        }
        validate Receiver::check;
    }
    impl Receiver {
        fn check(&self, check: &mut sidelight_config::Check<'_, '_>) {
            crate::check_operators(&self.operators, check);
        }
    }
    let (tree, mut mistakes) =
        sidelight_config::load_str("pipeline.yaml", yaml, &sidelight_config::ProcessEnv);
    let tree = tree.ok_or("no tree")?;
    let owner = sidelight_config::Owner {
        label: "receiver `file_log`".to_owned(),
        place: tree.root.span,
        readme: None,
    };
    let read = sidelight_config::read::<Receiver>(&tree.root, owner, &mut mistakes);
    match read {
        Some(read) => Ok(read.config.operators),
        None => Err(mistakes.render(sidelight_config::Style::Plain)),
    }
}

fn source() -> Source {
    let mut attributes = Map::new();
    attributes.insert("log.file.name", Value::Text("app.log".into()));
    let mut resource = Map::new();
    resource.insert("service.name", Value::Text("app".into()));
    Source {
        id: 1,
        attributes,
        resource,
    }
}

/// The records of lines as OTLP/JSON.
fn json(chain: &mut Chain, lines: &[&str]) -> String {
    let (mut records, source) = (Records::default(), source());
    for text in lines {
        let line = Line {
            text,
            start: 0,
            observed_unix_nano: 7,
            cut: false,
        };
        chain.run(line, &source, Instant::now(), &mut records);
    }
    assert_eq!(records.items(), lines.len());
    let bytes = records.take();
    let admitted = sidelight_proto::admit(Signal::Logs, bytes.clone()).expect("valid");
    assert_eq!(
        (admitted.items, &admitted.bytes),
        (lines.len(), &bytes),
        "canonical"
    );
    let mut json = Vec::new();
    from_protobuf(Signal::Logs, &bytes, &mut json);
    String::from_utf8(json).expect("UTF-8")
}

#[test]
fn without_operators_a_line_is_the_body() {
    let mut chain = Chain::build(&[], &context()).expect("built");
    assert_eq!(
        json(&mut chain, &["one", "two"]),
        r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"app"}}]},"scopeLogs":[{"logRecords":[{"observedTimeUnixNano":"7","body":{"stringValue":"one"},"attributes":[{"key":"log.file.name","value":{"stringValue":"app.log"}}]},{"observedTimeUnixNano":"7","body":{"stringValue":"two"},"attributes":[{"key":"log.file.name","value":{"stringValue":"app.log"}}]}]}]}]}"#
    );
}

/// The log records alone, with what the source gives them cut out.
fn parsed(yaml: &str, line: &str) -> String {
    let mut chain = Chain::build(&operators(yaml).expect("good settings"), &context()).expect("built");
    let all = json(&mut chain, &[line]);
    let (_, records) = all.split_once(r#""logRecords":["#).expect("records");
    let records = records.strip_suffix("]}]}]}").expect("the end");
    records
        .replace(
            r#"{"key":"log.file.name","value":{"stringValue":"app.log"}},"#,
            "",
        )
        .replace(r#""observedTimeUnixNano":"7","#, "")
        .replace(r#","observedTimeUnixNano":"7""#, "")
}

#[test]
fn the_line_of_a_python_application_becomes_a_record() {
    let yaml = r#"
operators:
  - type: grok_parser
    pattern: '%{TIMESTAMP_ISO8601:timestamp} - %{WORD:logger} - %{WORD:level} - %{GREEDYDATA:log_message}'
    timestamp: {parse_from: attributes.timestamp, layout_type: java, layout: 'yyyy-MM-dd HH:mm:ss,SSS', location: Asia/Shanghai}
    severity: {parse_from: attributes.level}
  - {type: move, from: attributes.log_message, to: body}
  - {type: remove, field: attributes.timestamp}
"#;
    assert_eq!(
        parsed(
            yaml,
            "2026-11-20 10:15:01,123 - trading - WARNING - 耗时: 0.27 秒"
        ),
        r#"{"timeUnixNano":"1795140901123000000","severityNumber":13,"severityText":"WARNING","body":{"stringValue":"耗时: 0.27 秒"},"attributes":[{"key":"logger","value":{"stringValue":"trading"}},{"key":"level","value":{"stringValue":"WARNING"}}]}"#
    );
}

#[test]
fn json_lines_and_business_events_keep_their_types() {
    let line = r#"{"level":"ERROR","price":"12.50","quantity":100,"ratio":0.5,"ids":[1,2],"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","exception":null}"#;
    let yaml = "operators: [{type: json_parser, severity: {parse_from: attributes.level}, trace: {}}]";
    assert_eq!(
        parsed(yaml, line)
            .split_once(r#","attributes":"#)
            .expect("attributes")
            .1,
        r#"[{"key":"level","value":{"stringValue":"ERROR"}},{"key":"price","value":{"stringValue":"12.50"}},{"key":"quantity","value":{"intValue":"100"}},{"key":"ratio","value":{"doubleValue":0.5}},{"key":"ids","value":{"arrayValue":{"values":[{"intValue":"1"},{"intValue":"2"}]}}},{"key":"exception","value":{}}],"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"}"#
    );
    let line = r#"2026-11-20 INFO BUSINESS_EVENT: {"event_type": "order_filled", "symbol": "600519", "price": "1680.50", "qty": 3} done"#;
    let event = parsed("operators: [{type: event_parser}]", line);
    assert!(event.ends_with(r#"{"key":"symbol","value":{"stringValue":"600519"}},{"key":"price","value":{"stringValue":"1680.50"}},{"key":"qty","value":{"intValue":"3"}}],"eventName":"order_filled"}"#), "{event}");
    assert!(!parsed("operators: [{type: event_parser}]", "nothing").contains("unparsed"));
}

#[test]
fn values_between_commas_and_parts_of_a_uri_get_their_names() {
    let told = |yaml: &str, line: &str| {
        let record = parsed(yaml, line);
        let attributes = record
            .split_once(r#","attributes":"#)
            .map(|(_, attributes)| attributes.to_owned());
        attributes.unwrap_or(record)
    };
    assert_eq!(
        told(
            "operators: [{type: csv_parser, header: 'id,name'}]",
            r#"1,"a, b""#
        ),
        r#"[{"key":"id","value":{"stringValue":"1"}},{"key":"name","value":{"stringValue":"a, b"}}]}"#
    );
    let header = "operators: [{type: add, field: attributes.columns, value: a;b}, {type: csv_parser, header_attribute: columns, delimiter: ' ', header_delimiter: ;, ignore_quotes: true}]";
    let values = told(header, r#"1 "2"#);
    assert!(
        values
            .contains(r#"{"key":"a","value":{"stringValue":"1"}},{"key":"b","value":{"stringValue":"\"2"}}"#),
        "{values}"
    );
    let marked = told(
        "operators: [{type: csv_parser, header: 'id,name', on_error: send_quiet}]",
        "1,2,3",
    );
    assert!(marked.contains("sidelight.unparsed_by"), "{marked}");
    assert_eq!(
        told("operators: [{type: uri_parser}]", "https://me:pw@h:1/p?q=1"),
        r#"[{"key":"scheme","value":{"stringValue":"https"}},{"key":"user","value":{"stringValue":"me"}},{"key":"host","value":{"stringValue":"h"}},{"key":"port","value":{"stringValue":"1"}},{"key":"path","value":{"stringValue":"/p"}},{"key":"query","value":{"kvlistValue":{"values":[{"key":"q","value":{"arrayValue":{"values":[{"stringValue":"1"}]}}}]}}}]}"#
    );
}

#[test]
fn a_line_of_a_web_server_gets_the_names_of_the_conventions() {
    let line = r#"203.0.113.7 - - [20/Nov/2026:10:15:01 +0800] "GET /a?b=1 HTTP/1.1" 200 512 "-" "curl/8""#;
    let yaml = "operators: [{type: access_log_parser}]";
    let record = parsed(yaml, line);
    assert_eq!(
        record.split_once(r#","attributes":"#).expect("attributes").1,
        r#"[{"key":"client.address","value":{"stringValue":"203.0.113.7"}},{"key":"http.request.method","value":{"stringValue":"GET"}},{"key":"url.path","value":{"stringValue":"/a"}},{"key":"url.query","value":{"stringValue":"b=1"}},{"key":"network.protocol.name","value":{"stringValue":"http"}},{"key":"network.protocol.version","value":{"stringValue":"1.1"}},{"key":"http.response.status_code","value":{"intValue":"200"}},{"key":"http.response.body.size","value":{"intValue":"512"}},{"key":"user_agent.original","value":{"stringValue":"curl/8"}}]}"#
    );
    assert!(
        record.starts_with(r#"{"timeUnixNano":"1795140901000000000""#),
        "{record}"
    );
}

#[test]
fn a_syslog_message_gives_the_record_its_time_and_severity() {
    let line = "<34>1 2003-10-11T22:14:15.003Z host su 12 ID47 [a@1 b=\"c\"] failed";
    let record = parsed("operators: [{type: syslog_parser, protocol: rfc5424}]", line);
    assert!(
        record.starts_with(
            r#"{"timeUnixNano":"1065910455003000000","severityNumber":18,"severityText":"crit""#
        ),
        "{record}"
    );
    for expected in [
        r#"{"key":"appname","value":{"stringValue":"su"}}"#,
        r#"{"key":"structured_data","value":{"kvlistValue":{"values":[{"key":"a@1","value":{"kvlistValue":{"values":[{"key":"b","value":{"stringValue":"c"}}]}}}]}}}"#,
        r#"{"key":"message","value":{"stringValue":"failed"}}"#,
    ] {
        assert!(record.contains(expected), "{expected} is not in {record}");
    }
}

#[test]
fn records_go_one_way_or_another() {
    let yaml = "operators:
  - type: router
    routes:
      - {expr: 'body matches \"^[{]\"', output: json}
      - {expr: 'body contains \"=\"', output: pairs}
    default: rest
  - {type: json_parser, id: json, output: end}
  - {type: key_value_parser, id: pairs, output: end}
  - {type: add, id: rest, field: attributes.form, value: other}
  - {type: add, id: end, field: attributes.seen, value: true}
";
    for (line, expected) in [
        (
            "{\"a\":1}",
            r#"[{"key":"a","value":{"intValue":"1"}},{"key":"seen","value":{"boolValue":true}}]"#,
        ),
        (
            "a=1",
            r#"[{"key":"a","value":{"stringValue":"1"}},{"key":"seen","value":{"boolValue":true}}]"#,
        ),
        (
            "text",
            r#"[{"key":"form","value":{"stringValue":"other"}},{"key":"seen","value":{"boolValue":true}}]"#,
        ),
    ] {
        let record = parsed(yaml, line);
        assert!(record.contains(expected), "{line}: {record}");
    }
    let yaml = "operators: [{type: router, routes: [{expr: 'body == \"x\"', output: noop}]}, {type: noop}]";
    let mut chain = Chain::build(&operators(yaml).expect("good settings"), &context()).expect("built");
    let mut records = Records::default();
    for (text, records_then) in [("y", 0), ("x", 1)] {
        let line = Line {
            text,
            start: 0,
            observed_unix_nano: 7,
            cut: false,
        };
        chain.run(line, &source(), Instant::now(), &mut records);
        assert_eq!(records.items(), records_then, "{text}");
    }
    for (yaml, expected) in [
        (
            "operators: [{type: noop, output: later}]",
            "`operators.0.output` of receiver `file_log` names `later`, which no operator here has",
        ),
        (
            "operators: [{type: noop, id: a}, {type: noop, output: a}]",
            "does not stand behind it",
        ),
        (
            "operators: [{type: router, routes: [{expr: 'true', output: b}]}]",
            "`operators.0.routes.0.output` of receiver `file_log` names `b`",
        ),
    ] {
        let mistakes = operators(yaml).expect_err(yaml);
        assert!(mistakes.contains(expected), "{yaml}: {mistakes}");
    }
}

#[test]
fn fields_are_moved_about() {
    for (operator, expected) in [
        (
            "{type: add, field: attributes.env, value: [1, a]}",
            r#"{"key":"env","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"a"}]}}}"#,
        ),
        (
            "{type: copy, from: attributes.b, to: 'attributes[\"x.y\"]'}",
            r#"{"key":"x.y","value":{"stringValue":"2"}}"#,
        ),
        (
            "{type: move, from: attributes.b, to: resource.b}",
            r#""attributes":[{"key":"a","value":{"stringValue":"1"}}]"#,
        ),
        (
            "{type: retain, fields: [attributes.b]}",
            r#""attributes":[{"key":"b","value":{"stringValue":"2"}}]"#,
        ),
        (
            "{type: remove, field: attributes.a}",
            r#""attributes":[{"key":"b","value":{"stringValue":"2"}}]"#,
        ),
    ] {
        let yaml = format!("operators: [{{type: key_value_parser}}, {operator}]");
        let record = parsed(&yaml, "a=1 b=2");
        assert!(record.contains(expected), "{operator}: {record}");
    }
    let nested = parsed(
        "operators: [{type: json_parser}, {type: flatten, field: attributes.a}]",
        r#"{"a":{"b":1}}"#,
    );
    assert!(
        nested.contains(r#""attributes":[{"key":"b","value":{"intValue":"1"}}]"#),
        "{nested}"
    );
}

#[test]
fn what_an_operator_cannot_deal_with_is_kept_marked_and_counted_or_left_out() {
    let cx = context();
    let yaml = "operators: [{type: json_parser, id: mine}, {type: severity_parser, parse_from: attributes.level, on_error: send_quiet}]";
    let mut chain = Chain::build(&operators(yaml).expect("good"), &cx).expect("built");
    let record = json(&mut chain, &["no json"]);
    assert!(record.contains(r#""body":{"stringValue":"no json"}"#), "{record}");
    assert!(
        record.contains(r#"{"key":"sidelight.unparsed_by","value":{"stringValue":"mine,severity_parser"}}"#),
        "{record}"
    );
    let labels = [("receiver", "file_log/app"), ("operator", "mine")];
    assert_eq!(
        cx.metrics
            .counter("sidelight_log_operator_failures", "", &labels)
            .get(),
        1
    );

    let mut chain = Chain::build(
        &operators("operators: [{type: json_parser, on_error: drop}]").expect("good"),
        &cx,
    )
    .expect("built");
    let mut records = Records::default();
    let line = Line {
        text: "no json",
        start: 0,
        observed_unix_nano: 7,
        cut: false,
    };
    chain.run(line, &source(), Instant::now(), &mut records);
    assert_eq!(records.items(), 0);
    let mut steps = Vec::new();
    chain.explain(line, &source(), Instant::now(), &mut records, &mut |step| {
        steps.push(step)
    });
    let said = "not done: no JSON: a value at byte 0; the record is left out".to_owned();
    let operator = "json_parser".to_owned();
    assert_eq!(steps, [Step { operator, said }]);
}

#[test]
fn records_of_other_resources_get_groups_of_their_own() {
    let yaml = "operators: [{type: key_value_parser}, {type: move, from: attributes.r, to: resource.r}]";
    let mut chain = Chain::build(&operators(yaml).expect("good"), &context()).expect("built");
    let all = json(&mut chain, &["r=1 a=1", "r=1 a=2", "r=2 a=3"]);
    assert_eq!(all.matches("scopeLogs").count(), 2, "{all}");
}

#[test]
fn mistakes_in_settings_are_named() {
    for (yaml, expected) in [
        ("operators: [{type: regex_parser, regex: '('}]", "regex"),
        ("operators: [{type: regex}]", "did you mean `regex_parser`?"),
        ("operators: [{type: recombine}]", "not there yet"),
        ("operators: [{regex: x}]", "has no `type`"),
        (
            "operators: [{type: json_parser, if: 'body mtches \"x\"'}]",
            "at byte 5",
        ),
        (
            "operators: [{type: filter, expr: 'Len(body'}]",
            "is expected at byte 8",
        ),
        (
            "operators: [{type: time_parser, parse_from: attributes.t, layout: '%Q'}]",
            "%Q",
        ),
        (
            "operators: [{type: add, field: foo, value: 1}]",
            "must begin with",
        ),
        (
            "operators: [{type: severity_parser, parse_from: body, mapping: {loud: x}}]",
            "loud",
        ),
        (
            "operators: [{type: grok_parser, pattern: '%{WROD:x}'}]",
            "did you mean `WORD`?",
        ),
        ("operators: [{type: json_parser, pars_to: body}]", "parse_to"),
    ] {
        let mistakes = operators(yaml).expect_err(yaml);
        assert!(mistakes.contains(expected), "{yaml}: {mistakes}");
    }
}

#[test]
fn operators_are_asked_of_records_that_meet_their_condition() {
    let yaml = r#"
operators:
  - {type: json_parser, if: 'body startsWith "{"'}
  - {type: add, if: 'IsMatch(body, "ERROR")', field: attributes.tag, value: error}
  - {type: filter, expr: 'attributes["level"] == "DEBUG"'}
"#;
    let mut chain = Chain::build(&operators(yaml).expect("good"), &context()).expect("built");
    let mut records = Records::default();
    let source = source();
    let mut run = |text: &str| {
        let line = Line {
            text,
            start: 0,
            observed_unix_nano: 7,
            cut: false,
        };
        chain.run(line, &source, Instant::now(), &mut records);
        let mut json = Vec::new();
        from_protobuf(Signal::Logs, &records.take(), &mut json);
        String::from_utf8(json).expect("UTF-8")
    };
    let plain = run("ERROR x");
    assert!(
        plain.contains(r#"{"key":"tag","value":{"stringValue":"error"}}"#) && !plain.contains("unparsed"),
        "{plain}"
    );
    assert!(run(r#"{"level":"INFO"}"#).contains(r#"{"key":"level","value":{"stringValue":"INFO"}}"#));
    assert_eq!(run(r#"{"level":"DEBUG"}"#), "{}");
    let mut steps = Vec::new();
    let line = Line {
        text: "DEBUG",
        start: 0,
        observed_unix_nano: 7,
        cut: false,
    };
    chain.explain(line, &source, Instant::now(), &mut records, &mut |step| {
        steps.push(step.said)
    });
    assert_eq!(
        steps,
        [
            "not asked: its condition is false",
            "not asked: its condition is false",
            "kept"
        ]
    );
}
