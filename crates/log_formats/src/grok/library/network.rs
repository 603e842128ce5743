//! Addresses, hosts, paths, URIs.

use super::Patterns;

pub(super) const PATTERNS: Patterns = &[
    ("CISCOMAC", r"(?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4}"),
    ("WINDOWSMAC", "(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}"),
    ("COMMONMAC", "(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}"),
    ("MAC", "(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})"),
    // 0 to 255, zeros before it allowed.
    (
        "IPV4OCTET",
        "(?:[01][0-9]{0,2}|2(?:[0-4][0-9]?|5[0-5]?|[6-9])?|[3-9][0-9]?)",
    ),
    ("IPV4", r"(?:%{IPV4OCTET}\.){3}%{IPV4OCTET}"),
    ("IPV6GROUP", "[0-9A-Fa-f]{1,4}"),
    // RFC 4291, section 2.2: by the number of groups before the `::`, and how many may then follow. The last two groups may be an IPv4
    // address; its first number is a group here, so that a walk need not go back.
    ("IPV6IPV4TAIL", r"(?:(?:\.%{IPV4OCTET}){3})?"),
    (
        "IPV6",
        concat!(
            "(?:(?:%{IPV6GROUP}:){7}(?:%{IPV6GROUP}|:)",
            "|(?:%{IPV6GROUP}:){6}(?:%{IPV4}|:%{IPV6GROUP}|:)",
            "|(?:%{IPV6GROUP}:){5}(?:(?::%{IPV6GROUP}){1,2}%{IPV6IPV4TAIL}|:)",
            "|(?:%{IPV6GROUP}:){4}(?:(?::%{IPV6GROUP}){1,3}%{IPV6IPV4TAIL}|:)",
            "|(?:%{IPV6GROUP}:){3}(?:(?::%{IPV6GROUP}){1,4}%{IPV6IPV4TAIL}|:)",
            "|(?:%{IPV6GROUP}:){2}(?:(?::%{IPV6GROUP}){1,5}%{IPV6IPV4TAIL}|:)",
            "|%{IPV6GROUP}:(?:(?::%{IPV6GROUP}){1,6}%{IPV6IPV4TAIL}|:)",
            "|:(?:(?::%{IPV6GROUP}){1,7}%{IPV6IPV4TAIL}|:)",
            ")(?:%[0-9A-Za-z]+)?",
        ),
    ),
    ("IP", "(?:%{IPV4}|%{IPV6})"),
    (
        "HOSTNAME",
        r"\b[0-9A-Za-z][0-9A-Za-z_-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z_-]{0,62})*\.?",
    ),
    ("HOST", "%{HOSTNAME}"),
    ("IPORHOST", "(?:%{IP}|%{HOSTNAME})"),
    ("HOSTPORT", "%{IPORHOST}:%{POSINT}"),
    ("UNIXPATH", r"(?:/[\w%!$@:.,+~-]*(?:\\.[\w%!$@:.,+~-]*)*)+"),
    ("TTY", r"/dev/(?:pts|tty[pq]?)\w*/?[0-9]+"),
    ("WINPATH", r"(?:[A-Za-z]+:|\\)(?:\\[^\\?*]*)+"),
    ("PATH", "(?:%{UNIXPATH}|%{WINPATH})"),
    ("URIPROTO", "[A-Za-z][A-Za-z0-9+.-]*"),
    ("URIHOST", "%{IPORHOST}(?::%{POSINT})?"),
    ("URIPATH", "(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+"),
    ("URIQUERY", r"[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\[\]<>-]*"),
    ("URIPARAM", r"\?%{URIQUERY}"),
    ("URIPATHPARAM", "%{URIPATH}(?:%{URIPARAM})?"),
    (
        "URI",
        "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?",
    ),
];
