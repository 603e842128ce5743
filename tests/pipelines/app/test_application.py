"""Tests of examples/trading_app: what it logs, and what it sends to an OTLP backend. `python test_application.py`.

Starts the application twice against a capture sink, with the same seed and both protocols. Ends with a line
`N passed, M failed`.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
import urllib.request
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median

from jaeger_check import KINDS, server_span_with_database_spans, tags_of
from otlp_requests import SIGNALS, read_requests

HERE = Path(__file__).parent
RUN = HERE.parents[2] / "examples" / "trading_app" / "run.sh"
TRACES, METRICS, LOGS = SIGNALS
REQUESTS = 120

# The forms that log shippers are configured for.
TEXT_LINE = re.compile(r"^(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2},\d{3}) - (\w+) - (\w+) - (.*)$")
DURATION = re.compile(r"耗时\s*[:：]\s*(\d+\.\d+)\s*秒")
ACCESS_LINE = re.compile(r'^\S+ - - \[[^]]+\] "(\S+) (\S+) HTTP/1\.1" (\d{3}) \d+ "-" "[^"]*" \d+\.\d{3}$')

NGINX_ERROR_LINE = re.compile(
    r"^(\d{4}/\d{2}/\d{2} \d{2}:\d{2}:\d{2}) \[error\] \d+#0: \*(\d+) .*\b(\d{3}), client: 127\.0\.0\.1, "
    r'server: trading_app, request: "(\S+) (\S+) HTTP/1\.1", host: "127\.0\.0\.1:\d+"$'
)


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


class Sink:
    """The capture sink as a process of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.grpc, self.http, self.control = free_ports(3)
        ports = ["--grpc-port", self.grpc, "--http-port", self.http, "--control-port", self.control]
        command = [sys.executable, HERE / "capture_sink.py", "--folder", folder, *ports]
        self._process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout.readline() == "ready\n"

    def tell(self, mode: str) -> None:
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.control}/{mode}", method="POST")).close()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


class Run:
    """The application, started against a sink; `finish` waits for its end."""

    def __init__(self, base: Path, name: str, protocol: str, *arguments: str):
        self.sink = Sink(base / name / "received")
        self.log_dir = base / name / "log"
        port = self.sink.grpc if protocol == "grpc" else self.sink.http
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "APP_", "DATABASE_"))} | {
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
            "APP_DATA_DIR": str(base / name),
            "APP_LOG_DIR": str(self.log_dir),
            "OTEL_EXPORTER_OTLP_TIMEOUT": "2",
            "APP_SLOW_QUERY_SECONDS": "0.2",
            "APP_SLOW_ROUTE_SECONDS": "0.1",
        }
        self.process = subprocess.Popen(
            [str(RUN), "--port", "0", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def finish(self) -> "Run":
        """Waits for the end of the application; whatever happens, neither it nor the sink outlives this."""
        try:
            self.output, _ = self.process.communicate(timeout=120)
        finally:
            self.process.kill()
            self.sink.close()
        return self

    def lines(self, name: str) -> list[str]:
        return (self.log_dir / name).read_text(encoding="utf-8").splitlines()

    def spans(self) -> dict[str, dict[str, dict]]:
        traces = defaultdict(dict)
        for _, request in read_requests(self.sink.folder, TRACES):
            for group in request.resource_spans:
                for scope in group.scope_spans:
                    for span in scope.spans:
                        traces[span.trace_id.hex()][span.span_id.hex()] = {
                            "name": span.name,
                            "parent": span.parent_span_id.hex(),
                            "tags": tags_of(span.attributes) | {"span.kind": KINDS[span.kind]},
                            "events": [e.name for e in span.events],
                            "seconds": (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                        }
        return traces

    def newest_points(self) -> dict[str, list[tuple[dict, object]]]:
        """Metric name → attributes and point, of the last export."""
        newest = {}
        for _, request in read_requests(self.sink.folder, METRICS):
            for group in request.resource_metrics:
                for scope in group.scope_metrics:
                    for metric in scope.metrics:
                        points = getattr(metric, metric.WhichOneof("data")).data_points
                        newest[metric.name] = [(tags_of(p.attributes), p) for p in points]
        return newest


def requests_made(run: Run) -> Counter:
    return Counter(ACCESS_LINE.match(line).groups() for line in run.lines("access.log"))


def test_it_makes_exactly_the_requests_asked_for(grpc: Run, http: Run):
    for run in (grpc, http):
        assert run.process.returncode == 0
        assert f"{REQUESTS} requests answered" in run.output, run.output
        assert requests_made(run).total() == REQUESTS
        served = sum(p.as_int for _, p in run.newest_points()["http_requests_total"])
        assert served == REQUESTS, served
        servers = [s for t in run.spans().values() for s in t.values() if s["tags"]["span.kind"] == "server"]
        assert len(servers) == REQUESTS, len(servers)


def test_the_same_seed_makes_the_same_requests_with_the_same_answers(grpc: Run, http: Run):
    assert requests_made(grpc) == requests_made(http)


def test_text_log_lines_begin_with_time_logger_and_level_or_continue_a_stack_trace(grpc: Run, _):
    levels, continued = Counter(), 0
    for line in grpc.lines("trading_app.log"):
        if match := TEXT_LINE.match(line):
            levels[match[3]] += 1
        else:
            continued += 1
    assert levels["INFO"] and levels["WARNING"] and levels["ERROR"], levels
    assert continued > 10
    text = "\n".join(grpc.lines("trading_app.log"))
    assert "Traceback (most recent call last):" in text and "ZeroDivisionError: float division by zero" in text


def test_the_text_log_has_every_wording_that_figures_are_read_from(grpc: Run, _):
    text = "\n".join(grpc.lines("trading_app.log"))
    analyses = [line for line in text.splitlines() if "分析完成" in line]
    assert len(analyses) >= 10 and all(DURATION.search(line) for line in analyses), analyses
    for wording in (
        "耗时: ",
        "耗时：",
        "缓存命中",
        "缓存未命中",
        "Cache hit",
        "Cache MISS",
        "API 调用",
        "发现异常",
        "已关闭",
    ):
        assert wording in text, wording


def test_json_log_lines_have_the_agreed_fields(grpc: Run, _):
    records = [json.loads(line) for line in grpc.lines("trading_app.json.log")]
    always = {"timestamp", "level", "logger", "message", "module", "function", "line"}
    assert all(always <= record.keys() for record in records)
    assert any({"user_id", "request_id", "strategy_id"} <= record.keys() for record in records)
    assert any("ZeroDivisionError" in record.get("exception", "") for record in records)


def test_the_nginx_error_log_has_a_line_for_each_answer_of_500_or_more(grpc: Run, http: Run):
    for run in (grpc, http):
        lines = [NGINX_ERROR_LINE.match(line).groups() for line in run.lines("error.log")]
        told = Counter((method, path, status) for _, _, status, method, path in lines)
        failed = {request: n for request, n in requests_made(run).items() if request[2] >= "500"}
        assert failed and told == failed, (told, failed)
        assert len({connection for _, connection, _, _, _ in lines}) == len(lines)


def test_business_events_are_json_after_their_marker(grpc: Run, _):
    marked = [
        line.split("BUSINESS_EVENT: ", 1)[1] for line in grpc.lines("trading_app.log") if "BUSINESS_EVENT: " in line
    ]
    kinds = {json.loads(event)["event_type"] for event in marked}
    assert {"order_filled", "order_rejected"} <= kinds, kinds


def test_the_metrics_have_their_names_and_attributes(grpc: Run, http: Run):
    attributes = {
        "http_requests_total": {"method", "endpoint", "status"},
        "http_request_duration_seconds": {"method", "endpoint"},
        "active_connections_total": set(),
        "strategy_performance": {"strategy_name", "metric_type"},
        "orders_total": {"symbol", "side", "status"},
        "portfolio_value_total": set(),
        "system_cpu_percent": set(),
        "system_memory_percent": set(),
        "analysis_duration_seconds": {"strategy_name"},
        "cache_hits_total": set(),
        "cache_misses_total": set(),
    }
    for run in (grpc, http):
        points = run.newest_points()
        for name, wanted in attributes.items():
            assert points.get(name), name
            assert all(set(given) == wanted for given, _ in points[name]), name
        statuses = {given["status"] for given, _ in points["http_requests_total"]}
        assert {"200", "201", "202", "404", "500"} <= statuses, statuses
        assert all(p.as_int == 0 for _, p in points["active_connections_total"])
        kinds = {given["metric_type"] for given, _ in points["strategy_performance"]}
        assert kinds == {"total_return", "current_drawdown", "execution_rate"}, kinds


def test_a_request_has_its_database_spans_below_it(grpc: Run, _):
    below = {}
    for spans in grpc.spans().values():
        if found := server_span_with_database_spans(spans):
            below[found[0]] = max(found[1], below.get(found[0], 0))
    assert below["GET /api/portfolio/positions"] >= 7, below  # one for the list, one for each of the six positions
    assert below["GET /api/orders"] <= 3, below


def test_slow_queries_and_slow_routes_are_slow(grpc: Run, _):
    spans = [s for t in grpc.spans().values() for s in t.values()]
    by_query = defaultdict(list)
    for span in spans:
        if text := span["tags"].get("db.query.text"):
            by_query["RECURSIVE" in text].append(span["seconds"])
    assert min(by_query[True]) > 10 * median(by_query[False]), by_query  # of how long, only the machine can tell
    assert all(s["seconds"] >= 0.1 for s in spans if s["name"] == "GET /api/reports/daily")


def test_exceptions_are_recorded_on_their_spans(grpc: Run, _):
    names = {s["name"] for t in grpc.spans().values() for s in t.values() if "exception" in s["events"]}
    assert {"GET /api/strategies/<name>/sharpe", "GET /api/reports/legacy"} <= names, names


def test_log_records_carry_the_trace_of_their_request(grpc: Run, _):
    traces, correlated, with_exception = set(grpc.spans()), 0, 0
    for _, request in read_requests(grpc.sink.folder, LOGS):
        for group in request.resource_logs:
            for scope in group.scope_logs:
                for record in scope.log_records:
                    correlated += record.trace_id.hex() in traces
                    with_exception += "exception.stacktrace" in tags_of(record.attributes)
    assert correlated >= REQUESTS and with_exception >= 2, (correlated, with_exception)


def test_sigterm_ends_it_cleanly(*_):
    with tempfile.TemporaryDirectory() as base:
        run = Run(Path(base), "stopped", "grpc", "--rate", "20")
        first_line = run.process.stdout.readline()
        run.process.send_signal(signal.SIGTERM)
        run.finish()
        assert "listening" in first_line, first_line
        assert run.process.returncode == 0, run.process.returncode
        text = "\n".join(run.lines("trading_app.log"))
        assert "收到停止信号 SIGTERM" in text and "正在清理资源" in text and "已关闭" in text, text
        assert run.newest_points()["portfolio_value_total"], "the last values were not flushed"


def test_the_sink_keeps_nothing_that_it_refused(*_):
    with tempfile.TemporaryDirectory() as base:
        run = Run(Path(base), "refused", "http/protobuf", "--requests", "5", "--rate", "0")
        run.sink.tell("refuse")
        run.finish()
        assert "5 requests answered" in run.output, run.output
        assert not list(run.sink.folder.glob("*/*.pb"))


def main() -> int:
    failed = 0
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        asked = ("--requests", str(REQUESTS), "--rate", "0", "--seed", "7")
        grpc = Run(base, "grpc", "grpc", *asked).finish()
        http = Run(base, "http", "http/protobuf", *asked).finish()
        for name, test in tests:
            try:
                test(grpc, http)
            except Exception:
                failed += 1
                print(f"FAILED {name}")
                traceback.print_exc(file=sys.stdout)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
