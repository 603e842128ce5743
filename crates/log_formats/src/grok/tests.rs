use proptest::prelude::*;

use super::*;
use crate::value::Value;

fn grok(library: Library, pattern: &str) -> Result<Grok, PatternError> {
    let own = BTreeMap::from([
        ("CODE".to_owned(), "[A-Z]{2}%{INT}".to_owned()),
        ("LOOP".to_owned(), "%{POOL}".to_owned()),
        ("POOL".to_owned(), "x%{LOOP}".to_owned()),
    ]);
    Grok::with_library(library, &[pattern.to_owned()], &own)
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::List(values) => format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join("|")),
        other => format!("{other:?}"),
    }
}

fn values(grok: &mut Grok, text: &str) -> Result<Vec<(String, String)>, Miss> {
    let mut map = Map::new();
    grok.captures(text.to_owned().into(), &mut map)?;
    Ok(map
        .iter()
        .map(|(key, value)| (key.to_owned(), shown(value)))
        .collect())
}

/// As the regular expressions alone have it.
fn asked(grok: &Grok) -> Grok {
    let patterns = grok.patterns.iter();
    let patterns = patterns.map(|(source, pattern)| (source.clone(), pattern.clone().without_scanner()));
    Grok {
        patterns: patterns.collect(),
        names: grok.names.clone(),
    }
}

const APPLICATION: &str =
    "%{TIMESTAMP_ISO8601:timestamp} - %{WORD:logger} - %{WORD:level} - %{GREEDYDATA:log_message}";

/// Pattern, a line of its usual form, and all that comes of it.
type Case = (
    Library,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const ACCESS: &str = r#"203.0.113.7 - bob [20/Nov/2026:10:15:01 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "https://x.example:8080/y?z" "Mozilla/5.0 (X11)""#;

const CASES: &[Case] = &[
    (
        Library::Legacy,
        APPLICATION,
        "2026-11-20 10:15:01,123 - trading - ERROR - order 7 - failed: 余额不足",
        &[
            ("timestamp", "2026-11-20 10:15:01,123"),
            ("logger", "trading"),
            ("level", "ERROR"),
            ("log_message", "order 7 - failed: 余额不足"),
        ],
    ),
    (
        Library::Legacy,
        "%{NGINXACCESS}",
        ACCESS,
        &[
            ("clientip", "203.0.113.7"),
            ("ident", "-"),
            ("auth", "bob"),
            ("timestamp", "20/Nov/2026:10:15:01 +0000"),
            ("verb", "GET"),
            ("request", "/a?b=1"),
            ("httpversion", "1.1"),
            ("response", "200"),
            ("bytes", "512"),
            ("referrer", "https://x.example:8080/y?z"),
            ("agent", "\"Mozilla/5.0 (X11)\""),
        ],
    ),
    (
        Library::Legacy,
        "%{NGINXACCESS}",
        r#"2001:db8::1 - - [01/Dec/2026:00:00:00 -0700] "-" 400 0 "-" "-""#,
        &[
            ("clientip", "2001:db8::1"),
            ("ident", "-"),
            ("auth", "-"),
            ("timestamp", "01/Dec/2026:00:00:00 -0700"),
            ("rawrequest", "-"),
            ("response", "400"),
            ("bytes", "0"),
            ("agent", "\"-\""),
        ],
    ),
    (
        Library::Legacy,
        "%{COMBINEDAPACHELOG}",
        ACCESS,
        &[
            ("clientip", "203.0.113.7"),
            ("ident", "-"),
            ("auth", "bob"),
            ("timestamp", "20/Nov/2026:10:15:01 +0000"),
            ("verb", "GET"),
            ("request", "/a?b=1"),
            ("httpversion", "1.1"),
            ("response", "200"),
            ("bytes", "512"),
            ("referrer", "\"https://x.example:8080/y?z\""),
            ("agent", "\"Mozilla/5.0 (X11)\""),
        ],
    ),
    (
        Library::EcsV1,
        "%{COMBINEDAPACHELOG}",
        ACCESS,
        &[
            ("source.address", "203.0.113.7"),
            ("user.name", "bob"),
            ("timestamp", "20/Nov/2026:10:15:01 +0000"),
            ("http.request.method", "GET"),
            ("url.original", "/a?b=1"),
            ("http.version", "1.1"),
            ("http.response.status_code", "Int(200)"),
            ("http.response.body.bytes", "Int(512)"),
            ("http.request.referrer", "https://x.example:8080/y?z"),
            ("user_agent.original", "Mozilla/5.0 (X11)"),
        ],
    ),
    (
        Library::Legacy,
        "%{COMMONAPACHELOG}",
        r#"host.example frank frank@x.example [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 -"#,
        &[
            ("clientip", "host.example"),
            ("ident", "frank"),
            ("auth", "frank@x.example"),
            ("timestamp", "10/Oct/2000:13:55:36 -0700"),
            ("verb", "GET"),
            ("request", "/apache_pb.gif"),
            ("httpversion", "1.0"),
            ("response", "200"),
        ],
    ),
    (
        Library::Legacy,
        "%{HTTPD_ERRORLOG}",
        "[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187:4711] AH00037: File does not exist",
        &[
            ("timestamp", "Fri Sep 09 10:42:29.902022 2011"),
            ("module", "core"),
            ("loglevel", "error"),
            ("pid", "35708"),
            ("tid", "4328636416"),
            ("clientip", "72.15.99.187"),
            ("clientport", "4711"),
            ("errorcode", "AH00037"),
            ("message", "File does not exist"),
        ],
    ),
    (
        Library::Legacy,
        "%{HTTPD_ERRORLOG}",
        "[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied",
        &[
            ("timestamp", "Wed Oct 11 14:32:52 2000"),
            ("loglevel", "error"),
            ("clientip", "127.0.0.1"),
            ("message", "client denied"),
        ],
    ),
    (
        Library::Legacy,
        "%{NGINXERROR}",
        r#"2026/11/20 10:15:01 [error] 1234#5: *99 open() "/x, y" failed (2: No such file), client: 1.2.3.4, server: _, request: "GET /x HTTP/1.1", host: "h""#,
        &[
            ("timestamp", "2026/11/20 10:15:01"),
            ("severity", "error"),
            ("pid", "1234"),
            ("threadid", "5"),
            ("connectionid", "99"),
            ("message", r#"open() "/x, y" failed (2: No such file)"#),
            ("clientip", "1.2.3.4"),
            ("server", "_"),
            ("request", "GET /x HTTP/1.1"),
            ("host", "h"),
        ],
    ),
    (
        Library::Legacy,
        "%{SYSLOGBASE} %{GREEDYDATA:message}",
        "Oct  3 22:14:15 web-1 sshd[4711]: Failed password",
        &[
            ("timestamp", "Oct  3 22:14:15"),
            ("logsource", "web-1"),
            ("program", "sshd"),
            ("pid", "4711"),
            ("message", "Failed password"),
        ],
    ),
    (
        Library::EcsV1,
        "%{SYSLOGLINE}",
        "2026-10-03T22:14:15.1+02:00 web-1 cron[7]: ok",
        &[
            ("timestamp", "2026-10-03T22:14:15.1+02:00"),
            ("host.hostname", "web-1"),
            ("process.name", "cron"),
            ("process.pid", "Int(7)"),
            ("message", "ok"),
        ],
    ),
    (
        Library::Legacy,
        "%{SYSLOG5424LINE}",
        r#"<165>1 2026-10-11T22:14:15.003Z mymachine.example evntslog - ID47 [x@1 a="b\]"][y c="d"] An event"#,
        &[
            ("syslog5424_pri", "165"),
            ("syslog5424_ver", "1"),
            ("syslog5424_ts", "2026-10-11T22:14:15.003Z"),
            ("syslog5424_host", "mymachine.example"),
            ("syslog5424_app", "evntslog"),
            ("syslog5424_msgid", "ID47"),
            ("syslog5424_sd", r#"[x@1 a="b\]"][y c="d"]"#),
            ("syslog5424_msg", "An event"),
        ],
    ),
    (
        Library::Legacy,
        "%{JAVASTACKTRACEPART}",
        "\tat com.example.Orders$Book.place(Orders.java:42)",
        &[
            ("class", "com.example.Orders$Book"),
            ("method", "place"),
            ("file", "Orders.java"),
            ("line", "42"),
        ],
    ),
    (
        Library::Legacy,
        "%{PYTHONTRACEBACKPART}",
        r#"  File "/app/main.py", line 7, in <module>"#,
        &[("file", "/app/main.py"), ("line", "7"), ("function", "<module>")],
    ),
    (
        Library::Legacy,
        "%{RUBY_LOGGER}",
        "I, [2026-11-20T10:15:01.123456 #7]  INFO -- : started",
        &[
            ("timestamp", "2026-11-20T10:15:01.123456"),
            ("pid", "7"),
            ("loglevel", "INFO"),
            ("progname", ""),
            ("message", "started"),
        ],
    ),
    (
        Library::Legacy,
        "%{HAPROXYHTTPBASE}",
        r#"10.0.1.2:33317 [06/Feb/2026:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1""#,
        &[
            ("client_ip", "10.0.1.2"),
            ("client_port", "33317"),
            ("accept_date", "06/Feb/2026:12:14:14.655"),
            ("frontend_name", "http-in"),
            ("backend_name", "static"),
            ("server_name", "srv1"),
            ("time_request", "10"),
            ("time_queue", "0"),
            ("time_backend_connect", "30"),
            ("time_backend_response", "69"),
            ("time_duration", "109"),
            ("http_status_code", "200"),
            ("bytes_read", "2750"),
            ("captured_request_cookie", "-"),
            ("captured_response_cookie", "-"),
            ("termination_state", "----"),
            ("actconn", "1"),
            ("feconn", "1"),
            ("beconn", "1"),
            ("srvconn", "1"),
            ("retries", "0"),
            ("srv_queue", "0"),
            ("backend_queue", "0"),
            ("captured_request_headers", "1wt.eu"),
            ("captured_response_headers", ""),
            ("http_verb", "GET"),
            ("http_request", "/index.html"),
            ("http_version", "1.1"),
        ],
    ),
    (
        Library::Legacy,
        "%{INT:[a][b]:int} %{NUMBER:f:float} %{CODE:c} (?<rest>.*)",
        "-7 1.5 AB12 z",
        &[
            ("a.b", "Int(-7)"),
            ("f", "Double(1.5)"),
            ("c", "AB12"),
            ("rest", "z"),
        ],
    ),
    (Library::Legacy, "%{WORD:w} %{WORD:w}", "a b", &[("w", "[a|b]")]),
    (
        Library::Legacy,
        "^%{WORD:w}: (?m)%{GREEDYDATA:all}",
        "first line\nsecond: x\ny",
        &[("w", "second"), ("all", "x\ny")],
    ),
    (
        Library::Legacy,
        "%{TIMESTAMP_ISO8601:t} %{GREEDYDATA:m}",
        "2026-12-31T23:59:60Z first\n  second",
        &[("t", "2026-12-31T23:59:60Z"), ("m", "first")],
    ),
];

#[test]
fn lines_of_the_usual_form_are_taken_apart() {
    for (library, pattern, line, expected) in CASES {
        let mut grok = grok(*library, pattern).expect(pattern);
        let expected: Vec<_> = expected
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let found =
            values(&mut grok, line).unwrap_or_else(|miss| panic!("{pattern}: {miss}; {}", grok.reach(line)));
        assert_eq!(found, expected, "{pattern}");
        assert_eq!(values(&mut asked(&grok), line), Ok(expected), "{pattern}");
    }
}

#[test]
fn the_lines_that_everybody_has_go_the_short_way() {
    let usual = |pattern: &&Case| {
        [
            APPLICATION,
            "%{NGINXACCESS}",
            "%{COMBINEDAPACHELOG}",
            "%{COMMONAPACHELOG}",
        ]
        .contains(&pattern.1)
    };
    for (library, pattern, line, _) in CASES.iter().filter(usual) {
        let mut grok = grok(*library, pattern).expect(pattern);
        assert!(grok.patterns[0].1.scans(line), "{pattern} {line}");
    }
}

#[test]
fn addresses_are_told_from_times_and_numbers() {
    for (pattern, text, expected) in [
        ("^%{IP:x}$", "10.0.0.255", true),
        ("^%{IP:x}$", "10.0.0.256", false),
        ("^%{IP:x}$", "::", true),
        ("^%{IP:x}$", "2001:db8::8a2e:370:7334", true),
        ("^%{IP:x}$", "1:2:3:4:5:6:7:8", true),
        ("^%{IP:x}$", "::ffff:192.0.2.1", true),
        ("^%{IP:x}$", "fe80::1%eth0", true),
        ("^%{IP:x}$", "10:15:01", false),
        ("^%{IP:x}$", "1:2:3:4:5:6:7:8:9", false),
        ("^%{IP:x}$", "1::2::3", false),
        ("^%{MONTHNUM:x}$", "12", true),
        ("^%{MONTHNUM:x}$", "13", false),
        ("^%{MONTHDAY:x}$", "32", false),
        ("^%{HOUR:x}$", "24", false),
        ("^%{SECOND:x}$", "60.5", true),
        ("^%{MAC:x}$", "00:1b:44:11:3a:b7", true),
        ("^%{URI:x}$", "https://u:p@h.example:8443/a/b?c=d", true),
        ("^%{UUID:x}$", "123e4567-e89b-12d3-a456-426614174000", true),
        ("^%{EMAILADDRESS:x}$", "a.b+c@x.example", true),
        ("^%{QS:x}$", r#""a \" b""#, true),
        ("^%{UNIXPATH:x}$", "/var/log/a.log", true),
        ("^%{WINPATH:x}$", r"C:\a\b", true),
        ("^%{LOGLEVEL:x}$", "Warning", true),
        (
            "^%{DATESTAMP_RFC2822:x}$",
            "Fri, 20 Nov 2026 10:15:01 +0100",
            true,
        ),
        ("^%{HOSTPORT:x}$", "db-1.example:5432", true),
    ] {
        let mut grok = grok(Library::Legacy, pattern).expect(pattern);
        assert_eq!(values(&mut grok, text).is_ok(), expected, "{pattern} {text}");
    }
}

#[test]
fn the_first_pattern_that_matches_is_taken() {
    let patterns = ["%{INT:n:int}$".to_owned(), "%{WORD:w}".to_owned()];
    let mut grok = Grok::compile(&patterns, &BTreeMap::new()).expect("good");
    assert_eq!(
        values(&mut grok, "a 7"),
        Ok(vec![("n".to_owned(), "Int(7)".to_owned())])
    );
    assert_eq!(
        values(&mut grok, "a b"),
        Ok(vec![("w".to_owned(), "a".to_owned())])
    );
    assert_eq!(values(&mut grok, "-"), Err(Miss::NoMatch));
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    for (bad, at, expected) in [
        ("%{INT:x} %{WROD:y}", Some(9), "did you mean `WORD`?"),
        ("%{LOOP:x}", None, "`LOOP` uses `POOL` uses `LOOP`"),
        ("%{INT:x:date}", Some(0), "use int, float"),
        ("a%{INT:x", Some(1), "without its `}`"),
        ("%{INT}", None, "no named group"),
        ("%{INT:x}(?=y)", Some(8), "look-around"),
        ("%{INT:x} (y", Some(9), "unclosed group"),
    ] {
        let error = grok(Library::Legacy, bad).map(drop).expect_err(bad);
        assert_eq!(error.at, at, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let own = BTreeMap::from([("X".to_owned(), "ab[".to_owned())]);
    let error = Grok::compile(&["%{X:x}".to_owned()], &own)
        .map(drop)
        .expect_err("bad");
    assert!(error.to_string().contains("the definition of `X`"), "{error}");
    let wide: String = "%{HAPROXYHTTPBASE}".repeat(100);
    let error = Grok::compile(&[wide], &BTreeMap::new())
        .map(drop)
        .expect_err("large");
    assert!(
        error.to_string().contains("longer than 128 KiB"),
        "{:.200}",
        error.problem
    );
}

#[test]
fn how_far_a_pattern_came_is_said() {
    for (pattern, text, last, next, rest) in [
        (
            APPLICATION,
            "2026-11-20 10:15:01,123 - trading.engine - ERROR - x",
            "`%{WORD:logger}`",
            "` - ` at byte 33",
            ".engine",
        ),
        (
            "%{NGINXACCESS}",
            r#"203.0.113.7 - bob [20/Nov/2026:10:15:01 +0000] "GET / HTTP/1.1" OK 512 "-" "-""#,
            "`%{DATA:rawrequest}`",
            "",
            "",
        ),
    ] {
        let reach = grok(Library::Legacy, pattern).expect("good").reach(text);
        for part in ["matched up to", last, next, rest] {
            let part = if part == "`%{DATA:rawrequest}`" {
                "byte"
            } else {
                part
            };
            assert!(reach.contains(part), "{reach}");
        }
    }
    let reach = grok(Library::Legacy, "^%{INT:x}").expect("good").reach("x");
    assert_eq!(reach, "not even the beginning of a pattern matches");
}

#[test]
fn every_pattern_of_the_library_compiles() {
    for library in [Library::Legacy, Library::EcsV1] {
        for name in library::names(library) {
            grok(library, &format!("%{{{name}:x}}")).expect(name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_changed_line_is_read_as_by_the_regular_expressions(
        changes in prop::collection::vec((0..400_usize, prop::sample::select(vec![" ", "\"", "-", "]", "中", "", "1", ".", ":", "\n", "a", "[", "9"])), 0..4),
    ) {
        thread_local! {
            static COMPILED: Vec<(Grok, Grok)> = CASES.iter().map(|(library, pattern, ..)| {
                let grok = grok(*library, pattern).expect(pattern);
                (grok.clone(), asked(&grok))
            }).collect();
        }
        COMPILED.with(|compiled| {
            for ((scanned, asked), (_, pattern, line, _)) in compiled.iter().zip(CASES) {
                let mut text = (*line).to_owned();
                for (at, with) in &changes {
                    let at = at % text.len().max(1);
                    if text.is_char_boundary(at) && text.is_char_boundary(at + 1) && at < text.len() {
                        text.replace_range(at..=at, with);
                    }
                }
                let (scanned, asked) = (values(&mut scanned.clone(), &text), values(&mut asked.clone(), &text));
                prop_assert_eq!(scanned, asked, "{} {:?}", pattern, text);
            }
            Ok(())
        })?;
    }
}

#[test]
fn an_empty_capture_is_a_value_unless_it_is_not_wanted() {
    let grok = Grok::with_library(
        Library::Legacy,
        &["%{WORD:a} %{GREEDYDATA:b}".to_owned()],
        &BTreeMap::new(),
    )
    .expect("a pattern");
    for (mut grok, values) in [(grok.clone(), 2), (grok.without_empty_captures(), 1)] {
        let mut into = Map::new();
        grok.captures(Cow::Borrowed("one "), &mut into).expect("a match");
        assert_eq!(into.len(), values);
    }
}
