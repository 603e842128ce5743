"""How log files are read and parsed in each row, in the Collector's words."""

from .rows import Row

# The combined access log in eleven groups.
COMBINED = (r'^(?P<client>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+) '
            r'(?P<protocol>[^"]+)" (?P<status>\d{3}) (?P<bytes>\d+|-) "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)"$')

# What stands in `operators` for each way to parse.
OPERATORS = {
    "json": [{"type": "json_parser"}],
    "regex": [{"type": "regex_parser", "regex": COMBINED}],
}

# What other collectors have no word for.
OURS = {
    "access": [{"type": "access_log_parser"}],
    "grok": [{"type": "grok_parser",
              "pattern": "%{TIMESTAMP_ISO8601:timestamp} - %{WORD:logger} - %{WORD:level} - %{GREEDYDATA:log_message}"}],
    "nginx": [{"type": "grok_parser", "pattern": "%{NGINXACCESS}"}],
}


def file_log(row: Row) -> dict:
    """The settings of `file_log` for a row."""
    settings = {"include": ["${env:BLAST_FILE}"], "start_at": "beginning"}
    if row.parsed == "trace":
        settings["multiline"] = {"line_start_pattern": r"^\d{4}-\d{2}-\d{2}"}
    elif row.parsed:
        settings["operators"] = (OPERATORS | OURS)[row.parsed]
    return settings
