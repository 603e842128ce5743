"""Four log files, as trading systems and the nginx before them write them: text lines, JSON lines, access and errors.

The OpenTelemetry log handler sits on the root logger (opentelemetry-instrument puts it there), so every record that
is written here is exported as an OTLP log record too. Logger names are single words: `%{WORD:logger}` matches them.
"""

import contextvars
import itertools
import json
import logging
import os
import time
from pathlib import Path

# Set per request or analysis; every record made meanwhile carries them.
CONTEXT_FIELDS = ("user_id", "request_id", "strategy_id")
log_context: contextvars.ContextVar[dict] = contextvars.ContextVar("log_context", default={})

ACCESS_LOGGER = "access"
NGINX_ERROR_LOGGER = "nginx_error"
_connection_numbers = itertools.count(1)


class JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "timestamp": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "module": record.module,
            "function": record.funcName,
            "line": record.lineno,
        }
        for field in CONTEXT_FIELDS:
            if (value := getattr(record, field, None)) is not None:
                line[field] = value
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _add_context_to_every_record() -> None:
    make_record = logging.getLogRecordFactory()

    def make_with_context(*args, **kwargs) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        for field, value in log_context.get().items():
            setattr(record, field, value)
        return record

    logging.setLogRecordFactory(make_with_context)


def set_up_logs(log_dir: Path) -> None:
    log_dir.mkdir(parents=True, exist_ok=True)
    _add_context_to_every_record()

    text = logging.FileHandler(log_dir / "trading_app.log", encoding="utf-8")
    # The default time format of `logging` is the one that is wanted: 2026-11-20 10:15:30,123
    text.setFormatter(logging.Formatter("%(asctime)s - %(name)s - %(levelname)s - %(message)s"))
    json_lines = logging.FileHandler(log_dir / "trading_app.json.log", encoding="utf-8")
    json_lines.setFormatter(JsonLine())
    terminal = logging.StreamHandler()
    terminal.setFormatter(text.formatter)
    terminal.setLevel(logging.WARNING)

    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for handler in (text, json_lines, terminal):
        root.addHandler(handler)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # the access log below replaces its lines

    # The SDK reports failed exports through `logging`. Were those exported too, each would make the next: a flush
    # while the backend is away would never end.
    sdk = logging.getLogger("opentelemetry")
    sdk.propagate = False
    sdk.addHandler(terminal)

    for name, file in ((ACCESS_LOGGER, "access.log"), (NGINX_ERROR_LOGGER, "error.log")):
        handler = logging.FileHandler(log_dir / file, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(handler)


def business_event(kind: str, **fields) -> None:
    """One `BUSINESS_EVENT: {json}` line."""
    event = {"event_type": kind, **fields}
    logging.getLogger("business").info("BUSINESS_EVENT: %s", json.dumps(event, ensure_ascii=False))


def access_line(remote: str, method: str, path: str, status: int, size: int, seconds: float, agent: str) -> None:
    """A line in nginx's `combined` format, with the request's seconds at its end."""
    now = time.strftime("%d/%b/%Y:%H:%M:%S %z")
    logging.getLogger(ACCESS_LOGGER).info(
        '%s - - [%s] "%s %s HTTP/1.1" %d %d "-" "%s" %.3f', remote, now, method, path, status, size, agent, seconds
    )


def nginx_error_line(remote: str, method: str, path: str, status: int, host: str) -> None:
    """A line in the format of nginx's error log, as it writes for an answer of 500 or more."""
    logging.getLogger(NGINX_ERROR_LOGGER).info(
        '%s [error] %d#0: *%d the application answered %d, client: %s, server: trading_app, '
        'request: "%s %s HTTP/1.1", host: "%s"',
        time.strftime("%Y/%m/%d %H:%M:%S"),
        os.getpid(),
        next(_connection_numbers),
        status,
        remote,
        method,
        path,
        host,
    )
