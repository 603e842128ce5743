use proptest::prelude::*;

use super::*;
use crate::Pattern;

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Int(number) => format!("#{number}"),
        Value::List(values) => format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join("|")),
        other => format!("{other:?}"),
    }
}

/// The line's attributes, its time in seconds and its severity, as lines of text.
fn read(format: Format, line: &str) -> Result<Vec<String>, AccessLogError> {
    let log = AccessLog::new(format, Some("UTC")).expect("known");
    let mut map = Map::new();
    let parsed = log.parse(line, &mut map)?;
    let mut said: Vec<String> = map
        .iter()
        .map(|(key, value)| format!("{key}={}", shown(value)))
        .collect();
    said.push(format!(
        "at {}",
        parsed.time_unix_nano.unwrap_or_default() / 1_000_000
    ));
    said.extend(parsed.severity.map(str::to_owned));
    Ok(said)
}

#[test]
fn access_logs_are_read() {
    for (format, line, expected) in [
        (
            Format::Common,
            r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326"#,
            &[
                "client.address=127.0.0.1",
                "user.name=frank",
                "http.request.method=GET",
                "url.path=/apache_pb.gif",
                "network.protocol.name=http",
                "network.protocol.version=1.0",
                "http.response.status_code=#200",
                "http.response.body.size=#2326",
                "at 971211336000",
            ][..],
        ),
        (
            Format::Combined,
            r#"2001:db8::1 id7 a b [20/Nov/2026:10:15:01 +0000] "POST /a?b=\"c HTTP/2.0" 404 - "https://x.example/" "M \"q\" 中" 0.003 "-""#,
            &[
                "client.address=2001:db8::1",
                "access_log.ident=id7",
                "user.name=a b",
                "http.request.method=POST",
                "url.path=/a",
                r#"url.query=b=\"c"#,
                "network.protocol.name=http",
                "network.protocol.version=2.0",
                "http.response.status_code=#404",
                "http.request.header.referer=[https://x.example/]",
                r#"user_agent.original=M \"q\" 中"#,
                r#"access_log.extra=0.003 "-""#,
                "at 1795169701000",
            ],
        ),
        (
            Format::Combined,
            r#"1.2.3.4 - - [20/Nov/2026:10:15:01 +0000] "\x16\x03\x01" 400 150 "-" "-""#,
            &[
                "client.address=1.2.3.4",
                r"access_log.request=\x16\x03\x01",
                "http.response.status_code=#400",
                "http.response.body.size=#150",
                "at 1795169701000",
            ],
        ),
        (
            Format::VhostCombined,
            r#"www.x.example:443 1.2.3.4 - - [20/Nov/2026:10:15:01 +0000] "CONNECT a:443 HTTP/1.1" 200 0 "-" "-""#,
            &[
                "server.address=www.x.example",
                "server.port=#443",
                "client.address=1.2.3.4",
                "http.request.method=CONNECT",
                "url.original=a:443",
                "network.protocol.name=http",
                "network.protocol.version=1.1",
                "http.response.status_code=#200",
                "http.response.body.size=#0",
                "at 1795169701000",
            ],
        ),
    ] {
        assert_eq!(
            read(format, line).as_deref(),
            Ok(expected
                .iter()
                .map(|it| (*it).to_owned())
                .collect::<Vec<_>>()
                .as_slice()),
            "{line}"
        );
    }
}

#[test]
fn error_logs_are_read() {
    for (format, line, expected) in [
        (
            Format::NginxError,
            r#"2026/11/20 10:15:01 [error] 1234#5: *99 open() "/x, y" failed (2: No such file), client: 1.2.3.4, server: _, request: "GET /x?a HTTP/1.1", upstream: "http://10.0.0.1:80/x", host: "h:8080", referrer: "http://r/""#,
            &[
                "process.pid=#1234",
                "thread.id=#5",
                "error_log.connection=#99",
                "client.address=1.2.3.4",
                "error_log.server=_",
                "http.request.method=GET",
                "url.path=/x",
                "url.query=a",
                "network.protocol.name=http",
                "network.protocol.version=1.1",
                "error_log.upstream=http://10.0.0.1:80/x",
                "server.address=h",
                "server.port=#8080",
                "http.request.header.referer=[http://r/]",
                r#"error_log.message=open() "/x, y" failed (2: No such file)"#,
                "at 1795169701000",
                "error",
            ][..],
        ),
        (
            Format::NginxError,
            "2026/11/20 10:15:01 [notice] 1#1: start worker process 7",
            &[
                "process.pid=#1",
                "thread.id=#1",
                "error_log.message=start worker process 7",
                "at 1795169701000",
                "notice",
            ],
        ),
        (
            Format::ApacheError,
            "[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187:4711] AH00128: File does not exist: /a",
            &[
                "error_log.module=core",
                "process.pid=#35708",
                "thread.id=#4328636416",
                "client.address=72.15.99.187",
                "client.port=#4711",
                "error_log.code=AH00128",
                "error_log.message=File does not exist: /a",
                "at 1315564949902",
                "error",
            ],
        ),
        (
            Format::ApacheError,
            "[Wed Oct 11 14:32:52 2000] [warn] [client ::1] client denied",
            &[
                "client.address=::1",
                "error_log.message=client denied",
                "at 971274772000",
                "warn",
            ],
        ),
    ] {
        assert_eq!(
            read(format, line).as_deref(),
            Ok(expected
                .iter()
                .map(|it| (*it).to_owned())
                .collect::<Vec<_>>()
                .as_slice()),
            "{line}"
        );
    }
}

#[test]
fn what_does_not_fit_is_said_at_its_place() {
    for (format, line, expected) in [
        (Format::Combined, "", "expected the client's address at byte 0"),
        (
            Format::Combined,
            "1.2.3.4 - - 10/Oct",
            "expected the user at byte 10",
        ),
        (
            Format::Combined,
            "1.2.3.4 - - [10/Oct] ",
            "expected a time such as 10/Oct/2000:13:55:36 -0700 at byte 13",
        ),
        (
            Format::Combined,
            r#"1.2.3.4 - - [20/Nov/2026:10:15:01 +0000] "GET / HTTP/1.1 200"#,
            "expected the quote that closes this text at byte 41",
        ),
        (
            Format::Combined,
            r#"1.2.3.4 - - [20/Nov/2026:10:15:01 +0000] "GET / HTTP/1.1" 200 5"#,
            "expected the referrer in quotes",
        ),
        (
            Format::Common,
            r#"1.2.3.4 - - [20/Nov/2026:10:15:01 +0000] "GET / HTTP/1.1" 200 5 "-""#,
            "expected the end",
        ),
        (Format::NginxError, "2026/11/20 中", "expected a time such as"),
        (
            Format::NginxError,
            "2026/11/20 10:15:01 error",
            "expected the level in brackets at byte 19",
        ),
        (Format::ApacheError, "[now] [error]", "expected a time such as"),
    ] {
        let error = read(format, line).expect_err(line).to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

/// As the combined format is usually written down.
const COMBINED: &str = r#"^(?P<client>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>[A-Z]+) (?P<target>/[^ "\\]*) HTTP/(?P<version>[^" \\]+)" (?P<status>\d{3}) (?P<bytes>\d+|-) "(?P<referrer>[^"\\]*)" "(?P<agent>[^"\\]*)"$"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// What the expression finds is found here as well, and no line is a surprise.
    #[test]
    fn a_line_is_read_as_by_the_expression(
        changes in prop::collection::vec((0..200_usize, prop::sample::select(vec![" ", "\"", "-", "]", "\\", "中", "", "1", "?", "["])), 0..4),
        format in prop::sample::select(Format::ALL.to_vec()),
    ) {
        let mut line = r#"203.0.113.7 - bob [20/Nov/2026:10:15:01 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "http://r/" "Mozilla""#.to_owned();
        for (at, with) in changes {
            let at = at % line.len();
            if line.is_char_boundary(at) && line.is_char_boundary(at + 1) {
                line.replace_range(at..=at, with);
            }
        }
        let _ = read(format.1, &line);
        thread_local! { static PATTERN: Pattern = Pattern::compile(COMBINED).expect("good"); }
        let mut asked = Map::new();
        let matches = PATTERN.with(|pattern| pattern.clone().captures(line.as_str().into(), &mut asked)).is_ok();
        let log = AccessLog::new(Format::Combined, Some("UTC")).expect("known");
        let mut found = Map::new();
        // Of the time the expression asks nothing.
        if let (true, Ok(_)) = (matches, log.parse(&line, &mut found)) {
            for (group, key) in [("client", "client.address"), ("method", "http.request.method"), ("version", "network.protocol.version"), ("agent", "user_agent.original")] {
                let asked = asked.get(group).map(shown).filter(|text| text != "-" && !text.is_empty());
                prop_assert_eq!(found.get(key).map(shown), asked, "{} {}", group, line);
            }
        }
    }
}
