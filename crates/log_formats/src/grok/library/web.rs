//! Web servers and proxies.

use super::Patterns;

pub(super) const PATTERNS: Patterns = &[
    ("HTTPDUSER", "(?:%{EMAILADDRESS}|%{USER})"),
    ("COMMONAPACHELOG", "%{HTTPD_COMMONLOG}"),
    ("COMBINEDAPACHELOG", "%{HTTPD_COMBINEDLOG}"),
    ("HTTPD_ERRORLOG", "(?:%{HTTPD20_ERRORLOG}|%{HTTPD24_ERRORLOG})"),
    ("NGUSERNAME", "[a-zA-Z0-9.@+_%-]+"),
    ("NGUSER", "%{NGUSERNAME}"),
    ("NGINX_ACCESS", "%{NGINXACCESS}"),
    ("NGINX_ERROR", "%{NGINXERROR}"),
];

pub(super) const LEGACY: Patterns = &[
    (
        "HTTPD_COMMONLOG",
        concat!(
            r#"%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \[%{HTTPDATE:timestamp}\] ""#,
            r#"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" "#,
            "(?:-|%{NUMBER:response}) (?:-|%{NUMBER:bytes})",
        ),
    ),
    (
        "HTTPD_COMBINEDLOG",
        "%{HTTPD_COMMONLOG} %{QS:referrer} %{QS:agent}",
    ),
    // As the tutorials define it; Logstash itself has none.
    (
        "NGINXACCESS",
        concat!(
            r#"%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \[%{HTTPDATE:timestamp}\] ""#,
            r#"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" "#,
            r#"%{NUMBER:response} (?:%{NUMBER:bytes}|-) (?:"(?:%{URI:referrer}|-)"|%{QS:referrer}) %{QS:agent}"#,
        ),
    ),
    (
        "NGINXERROR",
        concat!(
            r"(?<timestamp>%{YEAR}/%{MONTHNUM}/%{MONTHDAY} %{TIME}) \[%{LOGLEVEL:severity}\] %{POSINT:pid}#%{NUMBER:threadid}: ",
            r"(?:\*%{NUMBER:connectionid} )?%{DATA:message}",
            r"(?:, client: (?<clientip>%{IP}|%{HOSTNAME}|unix:))?(?:, server: (?<server>[^,]*))?",
            r#"(?:, request: "(?<request>[^"]*)")?(?:, subrequest: "(?<subrequest>[^"]*)")?(?:, upstream: "(?<upstream>[^"]*)")?"#,
            r#"(?:, host: "(?<host>[^"]*)")?(?:, referrer: "(?<referrer>[^"]*)")?$"#,
        ),
    ),
    (
        "HTTPD20_ERRORLOG",
        r"\[%{HTTPDERROR_DATE:timestamp}\] \[%{LOGLEVEL:loglevel}\] (?:\[client %{IPORHOST:clientip}\] )?%{GREEDYDATA:message}",
    ),
    (
        "HTTPD24_ERRORLOG",
        concat!(
            r"\[%{HTTPDERROR_DATE:timestamp}\] \[(?:%{WORD:module})?:%{LOGLEVEL:loglevel}\] \[pid %{POSINT:pid}(?::tid %{NUMBER:tid})?\]",
            r"(?: \(%{POSINT:proxy_errorcode}\)%{DATA:proxy_message}:)?(?: \[client %{IPORHOST:clientip}(?::%{POSINT:clientport})?\])?",
            r"(?: (?<errorcode>A[HP][0-9]+):)? %{GREEDYDATA:message}",
        ),
    ),
    (
        "HAPROXYTIME",
        "%{HOUR:haproxy_hour}:%{MINUTE:haproxy_minute}:%{SECOND:haproxy_second}",
    ),
    (
        "HAPROXYDATE",
        "%{MONTHDAY:haproxy_monthday}/%{MONTH:haproxy_month}/%{YEAR:haproxy_year}:%{HAPROXYTIME}.%{INT:haproxy_milliseconds}",
    ),
    (
        "HAPROXYHTTPBASE",
        concat!(
            r"%{IP:client_ip}:%{INT:client_port} \[(?<accept_date>%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME})\] %{NOTSPACE:frontend_name} ",
            r"%{NOTSPACE:backend_name}/%{NOTSPACE:server_name} %{INT:time_request}/%{INT:time_queue}/%{INT:time_backend_connect}/",
            r"%{INT:time_backend_response}/%{NOTSPACE:time_duration} %{INT:http_status_code} %{NOTSPACE:bytes_read} ",
            r"%{DATA:captured_request_cookie} %{DATA:captured_response_cookie} %{NOTSPACE:termination_state} ",
            r"%{INT:actconn}/%{INT:feconn}/%{INT:beconn}/%{INT:srvconn}/%{NOTSPACE:retries} %{INT:srv_queue}/%{INT:backend_queue} ",
            r"(?:\{%{DATA:captured_request_headers}\} )?(?:\{%{DATA:captured_response_headers}\} )?",
            r#""(?:<BADREQ>|%{WORD:http_verb} %{NOTSPACE:http_request}(?: HTTP/%{NUMBER:http_version})?)"?"#,
        ),
    ),
];

pub(super) const ECS_V1: Patterns = &[
    (
        "HTTPD_COMMONLOG",
        concat!(
            r"%{IPORHOST:[source][address]} (?:-|%{HTTPDUSER:[apache][access][user][identity]}) (?:-|%{HTTPDUSER:[user][name]}) ",
            r#"\[%{HTTPDATE:timestamp}\] "(?:%{WORD:[http][request][method]} %{NOTSPACE:[url][original]}"#,
            r#"(?: HTTP/%{NUMBER:[http][version]})?|%{DATA})" (?:-|%{INT:[http][response][status_code]:int}) "#,
            "(?:-|%{INT:[http][response][body][bytes]:int})",
        ),
    ),
    (
        "HTTPD_COMBINEDLOG",
        r#"%{HTTPD_COMMONLOG} "(?:-|%{DATA:[http][request][referrer]})" "(?:-|%{DATA:[user_agent][original]})""#,
    ),
    ("NGINXACCESS", "%{HTTPD_COMBINEDLOG}"),
    (
        "NGINXERROR",
        concat!(
            r"(?<timestamp>%{YEAR}/%{MONTHNUM}/%{MONTHDAY} %{TIME}) \[%{LOGLEVEL:[log][level]}\] %{POSINT:[process][pid]:int}#",
            r"%{NUMBER:[process][thread][id]:int}: (?:\*%{NUMBER:[nginx][error][connection_id]:int} )?%{DATA:message}",
            r"(?:, client: %{IPORHOST:[source][address]})?(?:, server: (?:[^,]*))?",
            r#"(?:, request: "(?:%{WORD:[http][request][method]} %{NOTSPACE:[url][original]}(?: HTTP/%{NUMBER:[http][version]})?|[^"]*)")?"#,
            r#"(?:, subrequest: "[^"]*")?(?:, upstream: "[^"]*")?(?:, host: "(?<[url][domain]>[^"]*)")?"#,
            r#"(?:, referrer: "(?<[http][request][referrer]>[^"]*)")?$"#,
        ),
    ),
    (
        "HTTPD20_ERRORLOG",
        r"\[%{HTTPDERROR_DATE:timestamp}\] \[%{LOGLEVEL:[log][level]}\] (?:\[client %{IPORHOST:[source][address]}\] )?%{GREEDYDATA:message}",
    ),
    (
        "HTTPD24_ERRORLOG",
        concat!(
            r"\[%{HTTPDERROR_DATE:timestamp}\] \[(?:%{WORD:[apache][error][module]})?:%{LOGLEVEL:[log][level]}\] ",
            r"\[pid %{POSINT:[process][pid]:int}(?::tid %{INT:[process][thread][id]:int})?\]",
            r"(?: \(%{POSINT:[apache][error][proxy][error][code]}\)%{DATA:[apache][error][proxy][error][message]}:)?",
            r"(?: \[client %{IPORHOST:[source][address]}(?::%{POSINT:[source][port]:int})?\])?",
            r"(?: (?<[error][code]>A[HP][0-9]+):)? %{GREEDYDATA:message}",
        ),
    ),
    ("HAPROXYTIME", "%{HOUR}:%{MINUTE}:%{SECOND}"),
    (
        "HAPROXYDATE",
        "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{HAPROXYTIME}.%{INT}",
    ),
    (
        "HAPROXYHTTPBASE",
        concat!(
            r"%{IP:[source][address]}:%{INT:[source][port]:int} \[(?<[haproxy][request_date]>%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME})\] ",
            r"%{NOTSPACE:[haproxy][frontend_name]} %{NOTSPACE:[haproxy][backend_name]}/%{NOTSPACE:[haproxy][server_name]} ",
            r"(?:-1|%{INT:[haproxy][http][request][time_wait_ms]:int})/(?:-1|%{INT:[haproxy][total_waiting_time_ms]:int})/",
            r"(?:-1|%{INT:[haproxy][connection_wait_time_ms]:int})/(?:-1|%{INT:[haproxy][http][request][time_wait_without_data_ms]:int})/",
            r"%{NOTSPACE:[temp][duration]} (?:-1|%{INT:[http][response][status_code]:int}) %{INT:[source][bytes]:int} ",
            r"(?:-|%{DATA:[haproxy][http][request][captured_cookie]}) (?:-|%{DATA:[haproxy][http][response][captured_cookie]}) ",
            r"%{NOTSPACE:[haproxy][termination_state]} %{INT:[haproxy][connections][active]:int}/%{INT:[haproxy][connections][frontend]:int}/",
            r"%{INT:[haproxy][connections][backend]:int}/%{INT:[haproxy][connections][server]:int}/",
            r"(?:0|%{NOTSPACE:[haproxy][connections][retries]:int}) %{INT:[haproxy][server_queue]:int}/%{INT:[haproxy][backend_queue]:int} ",
            r"(?:\{%{DATA:[haproxy][http][request][captured_headers]}\} )?(?:\{%{DATA:[haproxy][http][response][captured_headers]}\} )?",
            r#""(?:<BADREQ>|%{WORD:[http][request][method]} %{NOTSPACE:[url][original]}(?: HTTP/%{NUMBER:[http][version]})?)"?"#,
        ),
    ),
];
