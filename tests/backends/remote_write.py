#!/usr/bin/env python3
"""remote_write.py <path to sidelight> [--collector <path to otelcol-prometheus>]

The same OTLP requests reach one real Prometheus three ways through Sidelight: remote write 1.0, remote write 2.0, and
OTLP itself. What Prometheus then has is read back by its HTTP API and must be the same: names, labels, samples, native
histograms, exemplars, and which series have ended. `instance` tells the ways apart. With --collector the Collector's own
remote write is a fourth way, and what differs is checked against the list in EXPECTED_OF_COLLECTOR.

Needs Prometheus (tests/backends/install.sh prometheus) and nothing but Python. Exit code: 0 all checks passed, 1 one
failed, 64 wrong use, 69 something is not installed.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

BACKENDS = Path(os.environ.get("SIDELIGHT_BACKENDS_DIR", Path.home() / ".cache" / "backends"))
WAYS = ("v1", "v2", "otlp")
START_SECONDS = 30

# Prometheus' receiver of 1.0 appends exemplars before histograms, so that the first ones of a new native histogram find no
# series. That of 2.0 does not.
NEW_TO_V1 = "payload_size_bytes"

# What the Collector 0.157 does otherwise, each with its reason; see the exporter's README, "Differences".
EXPECTED_OF_COLLECTOR = {
    "otel_scope_schema_url": "the Collector has no label for the scope's schema",
}

# Several underscores are one, as OpenTelemetry's specification and the Collector have it; Prometheus' own default is otherwise.
PROMETHEUS_CONFIG = """
storage: {tsdb: {out_of_order_time_window: 10m}}
otlp: {promote_scope_metadata: true, label_name_preserve_multiple_underscores: false}
"""

PIPELINE = """
receivers:
  otlp:
    protocols:
      http: {{endpoint: "127.0.0.1:{otlp_in}"}}
processors:
{processors}
exporters:
  prometheus_remote_write/v1:
    endpoint: http://127.0.0.1:{prometheus}/api/v1/write
    send_metadata: true
    max_batch_size_bytes: 4000
  prometheus_remote_write/v2:
    endpoint: http://127.0.0.1:{prometheus}/api/v1/write
    protobuf_message: io.prometheus.write.v2.Request
    max_batch_size_bytes: 4000
  otlp_http/otlp:
    endpoint: http://127.0.0.1:{prometheus}/api/v1/otlp
  otlp_http/collector:
    endpoint: http://127.0.0.1:{collector}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
{pipelines}
"""

COLLECTOR = """
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{collector}"}}}}}}
exporters:
  prometheus_remote_write:
    endpoint: http://127.0.0.1:{prometheus}/api/v1/write
    remote_write_queue: {{enabled: false}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{metrics: {{receivers: [otlp], exporters: [prometheus_remote_write]}}}}
"""

# === what is sent


def value(what):
    match what:
        case bool():
            return {"boolValue": what}
        case int():
            return {"intValue": str(what)}
        case float():
            return {"doubleValue": what}
        case list():
            return {"arrayValue": {"values": [value(one) for one in what]}}
        case dict():
            return {"kvlistValue": {"values": attributes(what)}}
        case _:
            return {"stringValue": what}


def attributes(pairs):
    return [{"key": key, "value": value(what)} for key, what in pairs.items()]


def point(at, what, pairs=None, **more):
    made = {"timeUnixNano": str(at), "startTimeUnixNano": str(at - 60_000_000_000), "attributes": attributes(pairs or {})}
    return made | what | more


def exemplar(at, measured, pairs=None):
    return {
        "timeUnixNano": str(at - 1_000_000),
        "asDouble": measured,
        "traceId": f"{at % 2**127 + 1:032x}",
        "spanId": f"{at % 2**63 + 1:016x}",
        "filteredAttributes": attributes(pairs or {}),
    }


def gauge(name, unit, points):
    return {"name": name, "unit": unit, "description": f"about {name}", "gauge": {"dataPoints": points}}


def of_sum(name, unit, points, monotonic=True):
    data = {"dataPoints": points, "aggregationTemporality": 2, "isMonotonic": monotonic}
    return {"name": name, "unit": unit, "description": f"about {name}", "sum": data}


def histogram(name, unit, points, kind="histogram"):
    return {"name": name, "unit": unit, kind: {"dataPoints": points, "aggregationTemporality": 2}}


def exponential(name, unit, points):
    return histogram(name, unit, points, "exponentialHistogram")


ODD_LABELS = {
    "http.route": "/a b\"\\",
    "a.b": "first",
    "a_b": "second",
    "1st": "digit",
    "_private": "underscore",
    "with--dashes": "one",
    "größe": "umlaut",
    "empty": "",
    "number": 7,
    "share": 0.25,
    "large": 1e21,
    "flag": True,
    "list": ["x", 1, 2.5],
    "map": {"k": "v"},
    "job": "of the point",
}


def metrics(at, nth):
    """All types, odd names, units and labels. `nth` counts up from 1."""
    n = float(nth)
    number = lambda what, pairs=None, **more: point(at, what, pairs, **more)  # noqa: E731
    buckets = {"count": str(6 * nth), "bucketCounts": [str(c * nth) for c in (3, 2, 1)], "explicitBounds": [0.5, 1.0]}
    positive = {"offset": -2, "bucketCounts": [str(c * nth) for c in (1, 0, 3, 0, 0, 0, 2)]}
    return [
        gauge("queue.length", "{item}", [number({"asInt": str(nth)}, {"q": "a"}), number({"asDouble": -n}, {"q": "b"})]),
        gauge("memory.utilization", "1", [number({"asDouble": n / 8})]),
        gauge("net.rate", "By/s", [number({"asDouble": 1e300 * n})]),
        gauge("cpu load %", "%", [number({"asDouble": n / 3})]),
        gauge("9lives", "", [number({"asInt": str(2**53)})]),
        gauge("größe.des.puffers", "KiBy", [number({"asDouble": n})]),
        gauge("odd.labels", "", [number({"asDouble": n}, ODD_LABELS)]),
        of_sum("http.requests", "{request}", [number({"asInt": str(nth)}, exemplars=[exemplar(at, n, {"user": "u"})])]),
        of_sum("disk.io_total", "By", [number({"asInt": str(nth * 10)})]),
        of_sum("active", "1", [number({"asInt": str(5 - nth)})], monotonic=False),
        histogram(
            "http.server.request.duration",
            "s",
            [
                number(buckets | {"sum": 4.25 * n}, {"route": "/"}, exemplars=[exemplar(at, 0.75)]),
                number(buckets, {"route": "/without/sum"}),
                number({"count": str(nth), "sum": n}, {"route": "/without/buckets"}),
            ],
        ),
        exponential(
            "payload.size",
            "By",
            [
                number(
                    {"count": str(11 * nth), "sum": 12.5 * n, "scale": 3, "zeroCount": str(nth), "positive": positive}
                    | {"negative": {"offset": 4, "bucketCounts": [str(4 * nth)]}},
                    {"kind": "both sides"},
                    exemplars=[exemplar(at, 1.5)],
                ),
                number(
                    {"count": str(6 * nth), "sum": n, "scale": 11, "positive": positive}, {"kind": "finer than Prometheus'"}
                ),
                number({"count": "0", "scale": 0}, {"kind": "empty"}),
            ],
        ),
        {
            "name": "old.summary",
            "unit": "ms",
            "summary": {
                "dataPoints": [
                    number(
                        {"count": str(9 * nth), "sum": 4.5 * n}
                        | {"quantileValues": [{"quantile": q, "value": q * n} for q in (0.0, 0.5, 0.999, 1.0)]}
                    )
                ]
            },
        },
    ]


def ended(at):
    """The flag that says that a series has ended, for a number, a histogram and a native one."""
    buckets = {"bucketCounts": ["0", "0", "0"], "explicitBounds": [0.5, 1.0], "sum": 0.0}
    return [
        gauge("queue.length", "{item}", [point(at, {}, {"q": "a"}, flags=1)]),
        histogram("http.server.request.duration", "s", [point(at, buckets, {"route": "/"}, flags=1)]),
        exponential("payload.size", "By", [point(at, {"scale": 3}, {"kind": "both sides"}, flags=1)]),
    ]


def request(of_metrics):
    resource = {"service.name": "api", "service.namespace": "shop", "host.name": "h", "os.build": 7, "k8s.labels": {"a": "b"}}
    scope = {"name": "lib", "version": "1.2", "attributes": attributes({"library.mascot": "fox"})}
    of_scope = {"scope": scope, "schemaUrl": "https://opentelemetry.io/schemas/1.44.0", "metrics": of_metrics}
    return {"resourceMetrics": [{"resource": {"attributes": attributes(resource)}, "scopeMetrics": [of_scope]}]}


# === what is there


class Prometheus:
    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}/api/v1"

    def get(self, path, **parameters):
        with urllib.request.urlopen(f"{self.base}/{path}?{urllib.parse.urlencode(parameters)}", timeout=30) as answer:
            return json.load(answer)["data"]

    @staticmethod
    def _key(labels):
        return tuple(sorted((name, text) for name, text in labels.items() if name != "instance"))

    def samples(self, way):
        """Every sample of every series, as it is stored."""
        found = self.get("query", query=f'{{instance="{way}"}}[10m]')["result"]
        return {self._key(one["metric"]): (one.get("values"), one.get("histograms")) for one in found}

    def living(self, way):
        """The series that have not ended."""
        return {self._key(one["metric"]) for one in self.get("query", query=f'{{instance="{way}"}}')["result"]}

    def exemplars(self, way):
        query = f'{{instance="{way}"}}'
        found = self.get("query_exemplars", query=query, start=time.time() - 600, end=time.time() + 60)
        return {self._key(one["seriesLabels"]): one["exemplars"] for one in found}


def show(key):
    labels = dict(key)
    name = labels.pop("__name__", "")
    return name + "{" + ",".join(f"{label}={text!r}" for label, text in labels.items()) + "}"


class Checks:
    def __init__(self):
        self.failed = 0

    def check(self, claim, problems):
        print(f"ok   {claim}" if not problems else f"FAIL {claim}")
        for problem in problems[:20]:
            print(f"     {problem}")
        self.failed += bool(problems)


def differences(expected, got):
    problems = [f"missing: {show(key)}" for key in expected if key not in got]
    problems += [f"unexpected: {show(key)}" for key in got if key not in expected]
    if isinstance(expected, dict):
        both = [key for key in expected if key in got and expected[key] != got[key]]
        problems += [f"{show(key)}: {expected[key]} is {got[key]}" for key in both]
    return problems


# === the parts


class Parts:
    """Processes and where they write; all are ended with it."""

    def __init__(self, folder):
        self.folder = folder
        self.running = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.running.values()):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name, command, url):
        """Starts it and waits until the URL answers, whatever it says."""
        log = open(self.folder / f"{name}.log", "wb")
        process = self.running[name] = subprocess.Popen(command, stdout=log, stderr=log)
        give_up = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < give_up:
            try:
                urllib.request.urlopen(url, timeout=5)
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        print((self.folder / f"{name}.log").read_text()[-3000:], file=sys.stderr)
        sys.exit(f"{name} did not start")


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def start(parts, arguments, ports, ways):
    folder = parts.folder
    (folder / "prometheus.yml").write_text(PROMETHEUS_CONFIG)
    command = [BACKENDS / "bin" / "prometheus", f"--config.file={folder}/prometheus.yml", "--log.level=info"]
    command += [f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address=127.0.0.1:{ports['prometheus']}"]
    command += ["--web.enable-otlp-receiver", "--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage"]
    parts.start("prometheus", command, f"http://127.0.0.1:{ports['prometheus']}/-/ready")
    if arguments.collector:
        (folder / "collector.yaml").write_text(COLLECTOR.format(**ports))
        command = [arguments.collector, f"--config={folder}/collector.yaml"]
        parts.start("collector", command, f"http://127.0.0.1:{ports['collector']}/")
    exporters = {"v1": "prometheus_remote_write/v1", "v2": "prometheus_remote_write/v2"}
    pipeline = PIPELINE.format(
        processors="".join(
            f"  resource/{way}: {{attributes: [{{key: service.instance.id, value: {way}, action: upsert}}]}}\n"
            for way in ways
        ),
        pipelines="".join(
            f"    metrics/{way}: {{receivers: [otlp], processors: [resource/{way}], "
            f"exporters: [{exporters.get(way, f'otlp_http/{way}')}]}}\n"
            for way in ways
        ),
        **ports,
    )
    if not arguments.collector:
        pipeline = pipeline.replace(f"  otlp_http/collector:\n    endpoint: http://127.0.0.1:{ports['collector']}\n", "")
    (folder / "pipeline.yaml").write_text(pipeline)
    command = [arguments.sidelight, "--config", folder / "pipeline.yaml"]
    parts.start("sidelight", command, f"http://127.0.0.1:{ports['otlp_in']}/")


def send(port, body):
    """Answered when every way has delivered it."""
    headers = {"Content-Type": "application/json"}
    call = urllib.request.Request(f"http://127.0.0.1:{port}/v1/metrics", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(call, timeout=30) as answer:
        return json.load(answer)


def compare(checks, prometheus, ways):
    stored = {way: prometheus.samples(way) for way in ways}
    checks.check(
        f"{len(stored['otlp'])} series by OTLP, native histograms among them",
        [] if len(stored["otlp"]) == 33 and any(native for _, native in stored["otlp"].values()) else ["not 33"],
    )
    living = {way: prometheus.living(way) for way in ways}
    exemplars = {way: prometheus.exemplars(way) for way in ways}
    checks.check("there are exemplars by OTLP", [] if len(exemplars["otlp"]) >= 3 else [str(exemplars["otlp"])])
    # 2 numbers' worth of a bucket each, sum, count and +Inf of one histogram; one gauge; one native histogram.
    ended = len(stored["otlp"]) - len(living["otlp"])
    checks.check(f"{ended} series have ended by OTLP", [] if ended == 7 else ["not 7"])
    for way in (way for way in ways if way in ("v1", "v2")):
        checks.check(f"{way}: names, labels, samples and native histograms", differences(stored["otlp"], stored[way]))
        checks.check(f"{way}: which series have ended", differences(living["otlp"], living[way]))
        expected = exemplars["otlp"]
        if way == "v1":
            is_new = lambda key: ("__name__", NEW_TO_V1) in key  # noqa: E731
            expected = {key: found[1:] if is_new(key) else found for key, found in expected.items()}
        checks.check(f"{way}: exemplars", differences(expected, exemplars[way]))
    if "collector" in ways:
        drop = lambda key: tuple(pair for pair in key if pair[0] not in EXPECTED_OF_COLLECTOR)  # noqa: E731
        ours = {drop(key): samples for key, samples in stored["v1"].items()}
        theirs = {drop(key): samples for key, samples in stored["collector"].items()}
        checks.check("the Collector's: names, labels, samples and native histograms", differences(theirs, ours))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sidelight")
    parser.add_argument("--collector")
    arguments = parser.parse_args()
    for program in [BACKENDS / "bin" / "prometheus", arguments.sidelight, *filter(None, [arguments.collector])]:
        if not os.access(program, os.X_OK):
            print(f"missing {program}", file=sys.stderr)
            return 69
    ways = (*WAYS, "collector") if arguments.collector else WAYS
    names = ("prometheus", "otlp_in", "collector")
    ports = dict(zip(names, free_ports(len(names))))
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="sidelight-remote-write.") as folder, Parts(Path(folder)) as parts:
        start(parts, arguments, ports, ways)
        now = time.time_ns() // 1_000_000 * 1_000_000
        refused = []
        for of_metrics in (metrics(now - 20_000_000_000, 1), metrics(now - 10_000_000_000, 2), ended(now)):
            answer = send(ports["otlp_in"], request(of_metrics))
            refused += [str(answer)] if answer.get("partialSuccess") else []
        checks.check("every way took everything", refused)
        time.sleep(max(0.0, now / 1e9 + 0.1 - time.time()))
        compare(checks, Prometheus(ports["prometheus"]), ways)
        if checks.failed:
            print(parts.folder.joinpath("sidelight.log").read_text()[-2000:])
    print("all checks passed" if not checks.failed else f"{checks.failed} checks failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
