//! What applications and databases write.

use super::Patterns;

pub(super) const PATTERNS: Patterns = &[
    // Java.
    (
        "JAVACLASS",
        r"(?:[a-zA-Z$_][a-zA-Z$_0-9]*\.)*[a-zA-Z$_][a-zA-Z$_0-9]*",
    ),
    ("JAVAFILE", "[a-zA-Z$_0-9. -]+"),
    ("JAVAMETHOD", "(?:<(?:cl)?init>|[a-zA-Z$_][a-zA-Z$_0-9]*)"),
    ("JAVATHREAD", "[A-Z]{2}-Processor[0-9]+"),
    ("JAVALOGMESSAGE", ".*"),
    (
        "CATALINA7_DATESTAMP",
        "%{MONTH} %{MONTHDAY}, [0-9]{4} %{HOUR}:%{MINUTE}:%{SECOND} (?:AM|PM)",
    ),
    (
        "CATALINA8_DATESTAMP",
        "%{MONTHDAY}-%{MONTH}-[0-9]{4} %{HOUR}:%{MINUTE}:%{SECOND}",
    ),
    (
        "CATALINA_DATESTAMP",
        "(?:%{CATALINA8_DATESTAMP}|%{CATALINA7_DATESTAMP})",
    ),
    (
        "TOMCAT_DATESTAMP",
        "[0-9]{4}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:?%{MINUTE}:?%{SECOND} %{ISO8601_TIMEZONE}",
    ),
    // Ruby.
    ("RUBY_LOGLEVEL", "(?:DEBUG|FATAL|ERROR|WARN|INFO)"),
    // Redis.
    ("REDISTIMESTAMP", "%{MONTHDAY} %{MONTH} (?:[0-9]{4} )?%{TIME}"),
];

pub(super) const LEGACY: Patterns = &[
    (
        "JAVASTACKTRACEPART",
        r"%{SPACE}at %{JAVACLASS:class}\.%{JAVAMETHOD:method}\(%{JAVAFILE:file}(?::%{INT:line})?\)",
    ),
    (
        "CATALINALOG",
        "%{CATALINA_DATESTAMP:timestamp} %{JAVACLASS:class} %{JAVALOGMESSAGE:logmessage}",
    ),
    (
        "TOMCATLOG",
        r"%{TOMCAT_DATESTAMP:timestamp} \| %{LOGLEVEL:level} \| %{JAVACLASS:class} - %{JAVALOGMESSAGE:logmessage}",
    ),
    // Python's `logging` with `%(asctime)s - %(name)s - %(levelname)s - %(message)s`, and a line of a traceback.
    (
        "PYTHONLOG",
        "%{TIMESTAMP_ISO8601:timestamp} - %{NOTSPACE:logger} - %{LOGLEVEL:level} - %{GREEDYDATA:message}",
    ),
    (
        "PYTHONTRACEBACKPART",
        r#"%{SPACE}File "(?<file>[^"]*)", line %{INT:line}(?:, in %{NOTSPACE:function})?"#,
    ),
    (
        "RUBY_LOGGER",
        r"[DFEWI], \[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:pid}\] *%{RUBY_LOGLEVEL:loglevel} -- +%{DATA:progname}: %{GREEDYDATA:message}",
    ),
    ("REDISLOG", r"\[%{POSINT:pid}\] %{REDISTIMESTAMP:timestamp} \*"),
    (
        "REDISMONLOG",
        r#"%{NUMBER:timestamp} \[%{INT:database} %{IP:client}:%{NUMBER:port}\] "%{WORD:command}"\s?%{GREEDYDATA:params}"#,
    ),
    (
        "POSTGRESQL",
        "%{DATESTAMP:timestamp} %{TZ} %{DATA:user_id} %{GREEDYDATA:connection_id} %{POSINT:pid}",
    ),
];

pub(super) const ECS_V1: Patterns = &[
    (
        "JAVASTACKTRACEPART",
        concat!(
            r"%{SPACE}at %{JAVACLASS:[java][log][origin][class][name]}\.%{JAVAMETHOD:[log][origin][function]}",
            r"\(%{JAVAFILE:[log][origin][file][name]}(?::%{INT:[log][origin][file][line]:int})?\)",
        ),
    ),
    (
        "CATALINALOG",
        "%{CATALINA_DATESTAMP:timestamp} %{JAVACLASS:[java][log][origin][class][name]} %{JAVALOGMESSAGE:message}",
    ),
    (
        "TOMCATLOG",
        r"%{TOMCAT_DATESTAMP:timestamp} \| %{LOGLEVEL:[log][level]} \| %{JAVACLASS:[java][log][origin][class][name]} - %{JAVALOGMESSAGE:message}",
    ),
    (
        "PYTHONLOG",
        "%{TIMESTAMP_ISO8601:timestamp} - %{NOTSPACE:[log][logger]} - %{LOGLEVEL:[log][level]} - %{GREEDYDATA:message}",
    ),
    (
        "PYTHONTRACEBACKPART",
        concat!(
            r#"%{SPACE}File "(?<[log][origin][file][name]>[^"]*)", line %{INT:[log][origin][file][line]:int}"#,
            "(?:, in %{NOTSPACE:[log][origin][function]})?",
        ),
    ),
    (
        "RUBY_LOGGER",
        concat!(
            r"[DFEWI], \[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:[process][pid]:int}\] *%{RUBY_LOGLEVEL:[log][level]} -- +",
            "%{DATA:[process][name]}: %{GREEDYDATA:message}",
        ),
    ),
    (
        "REDISLOG",
        r"\[%{POSINT:[process][pid]:int}\] %{REDISTIMESTAMP:timestamp} \*",
    ),
    (
        "REDISMONLOG",
        concat!(
            r"%{NUMBER:timestamp} \[%{INT:[redis][database][id]} %{IP:[client][ip]}:%{POSINT:[client][port]:int}\] ",
            r#""%{WORD:[redis][command][name]}"\s?%{GREEDYDATA:[redis][command][args]}"#,
        ),
    ),
    (
        "POSTGRESQL",
        "%{DATESTAMP:timestamp} %{TZ:[event][timezone]} %{DATA:[user][name]} %{GREEDYDATA:[postgresql][log][connection_id]} %{POSINT:[process][pid]:int}",
    ),
];
