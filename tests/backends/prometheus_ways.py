#!/usr/bin/env python3
"""prometheus_ways.py <path to sidelight>

The same metrics through Sidelight to three Prometheus: by remote write 1.0, by remote write 2.0 and by OTLP. What the three
then hold must be the same: names, labels, times, values, native histograms, exemplars, and which series have ended. It must
also be what the table EXPECTED says, so that three equal mistakes are noticed.

Needs the program `prometheus` of install.sh and nothing but Python's standard library. Exit code: 0 all the same, 1 not,
64 wrong use, 69 Prometheus is not installed.
"""

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
from contextlib import ExitStack
from pathlib import Path

PATIENCE_S = 30
BIN = Path(os.environ.get("SIDELIGHT_BACKENDS_DIR", Path.home() / ".cache/backends")) / "bin"
WAYS = ("remote write 1.0", "remote write 2.0", "OTLP")

# Prometheus' own OTLP receiver with the choices that the exporter makes: labels of the scope, one underscore for several
# characters that no label can have.
PROMETHEUS = """
otlp: {promote_scope_metadata: true, label_name_preserve_multiple_underscores: false}
"""

SIDELIGHT = """
receivers:
  otlp:
    protocols:
      http: {{endpoint: "127.0.0.1:{port}"}}
processors:
  metrics_transform:
    transforms:
      - include: process.memory.usage
        action: update
        new_name: app_memory_usage_mb
        new_unit: ""
        operations:
          - {{action: experimental_scale_value, experimental_scale: 0.00000095367431640625}}
      - include: process.cpu.utilization
        action: update
        new_name: app_cpu_usage_percent
        new_unit: "%"
        operations:
          - {{action: aggregate_labels, label_set: [], aggregation_type: sum}}
          - {{action: experimental_scale_value, experimental_scale: 100}}
      - include: ^http\\.server\\.(.*)$$
        match_type: regexp
        action: update
        new_name: mystocks.http.$${{1}}
exporters:
  prometheus_remote_write/v1:
    endpoint: "http://127.0.0.1:{prometheus[0]}/api/v1/write"
  prometheus_remote_write/v2:
    endpoint: "http://127.0.0.1:{prometheus[1]}/api/v1/write"
    protobuf_message: io.prometheus.write.v2.Request
  otlp_http:
    endpoint: "http://127.0.0.1:{prometheus[2]}/api/v1/otlp"
service:
  pipelines:
    metrics:
      receivers: [otlp]
      processors: [metrics_transform]
      exporters: [prometheus_remote_write/v1, prometheus_remote_write/v2, otlp_http]
  telemetry:
    metrics: {{level: none}}
"""

# Name and labels that tell it from others, and the last value: what the names of the user's own must be.
EXPECTED = {
    ("app_memory_usage_mb", ""): 100.0,
    ("app_cpu_usage_percent", ""): 37.5,
    ("mystocks_http_active_requests", ""): 3.0,
    ("mystocks_http_request_duration_seconds_bucket", "le=0.5"): 3.0,
    ("mystocks_http_request_duration_seconds_bucket", "le=+Inf"): 6.0,
    ("mystocks_http_request_duration_seconds_count", ""): 6.0,
    ("mystocks_http_request_duration_seconds_sum", ""): 2.5,
    ("orders_total", "side=buy"): 7.0,
    ("temperature_celsius", "a_b=2;1"): -3.5,
    ("rpc_milliseconds", "quantile=0.99"): 3.0,
    ("target_info", "host_name=web1"): 1.0,
}


def attributes(pairs):
    def value(v):
        match v:
            case bool():
                return {"boolValue": v}
            case int():
                return {"intValue": str(v)}
            case float():
                return {"doubleValue": v}
            case list():
                return {"arrayValue": {"values": [value(x) for x in v]}}
            case _:
                return {"stringValue": v}

    return [{"key": k, "value": value(v)} for k, v in pairs.items()]


def request(at_s, ended):
    """All types of points, measured at one time. `ended`: one of the series has no value any more."""
    nanos = str(at_s * 1_000_000_000)
    base = {"timeUnixNano": nanos, "startTimeUnixNano": str((at_s - 60) * 1_000_000_000)}

    def point(value, flags=0, **labels):
        number = {"asInt": str(value)} if isinstance(value, int) else {"asDouble": value}
        return {**base, **number, "flags": flags, "attributes": attributes(labels.pop("labels", labels))}

    def exemplar(value, n):
        ids = {"traceId": f"{n:032x}", "spanId": f"{n:016x}"}
        return {"timeUnixNano": nanos, "asDouble": value, "filteredAttributes": attributes({"user": f"u{n}"}), **ids}

    def cumulative(points, **more):
        return {"aggregationTemporality": 2, "dataPoints": points, **more}

    memory = point(104857600)
    orders = [point(7, side="buy"), point(2, side="sell")]
    orders[0]["exemplars"] = [exemplar(1.0, 1)]
    duration = {
        **base,
        "count": "6",
        "sum": 2.5,
        "explicitBounds": [0.005, 0.5, 1],
        "bucketCounts": ["1", "2", "0", "3"],
        "attributes": attributes({"http.route": "/a", "http.response.status_code": 200}),
        "exemplars": [exemplar(0.25, 2), exemplar(7.0, 3)],
    }
    exponential = {
        **base,
        "count": "15",
        "sum": 20,
        "scale": 3,
        "zeroCount": "2",
        "positive": {"offset": -2, "bucketCounts": ["1", "0", "0", "0", "0", "4", "3"]},
        "negative": {"offset": 1, "bucketCounts": ["5"]},
        "exemplars": [exemplar(2.0, 4)],
    }
    fine = {
        **base,
        "count": "6",
        "sum": 9,
        "scale": 10,
        "positive": {"offset": 5, "bucketCounts": ["1", "1", "1", "0", "0", "0", "0", "0", "0", "0", "0", "3"]},
    }
    summary = {
        **base,
        "count": "4",
        "sum": 8,
        "quantileValues": [{"quantile": 0.5, "value": 1.5}, {"quantile": 0.99, "value": 3}],
    }
    modes = [point(0.25, labels={"cpu.mode": "user"}), point(0.125, labels={"cpu.mode": "system"})]
    odd = {"a.b": "1", "a-b": "2", "_x": "underscore", "1st": "digit", "list": [1, "two"], "on": True, "empty": ""}
    will_end = point(1, flags=1) if ended else point(1)
    metrics = [
        {"name": "process.memory.usage", "unit": "By", "sum": cumulative([memory])},
        {"name": "process.cpu.utilization", "unit": "1", "gauge": {"dataPoints": modes}},
        {"name": "http.server.active_requests", "unit": "{request}", "sum": cumulative([point(3)])},
        {"name": "http.server.request.duration", "unit": "s", "histogram": cumulative([duration])},
        {"name": "orders", "unit": "{order}", "sum": cumulative(orders, isMonotonic=True), "description": "Orders by side."},
        {"name": "temperature", "unit": "Cel", "gauge": {"dataPoints": [point(-3.5, labels=odd)]}},
        {"name": "latency", "unit": "s", "exponentialHistogram": cumulative([exponential])},
        {"name": "latency.fine", "unit": "s", "exponentialHistogram": cumulative([fine])},
        {"name": "rpc", "unit": "ms", "summary": {"dataPoints": [summary]}},
        {"name": "will.end", "gauge": {"dataPoints": [will_end]}},
        {"name": "big", "gauge": {"dataPoints": [point(1.7976931348623157e308, k="max"), point(5e-324, k="min")]}},
    ]
    scope = {"name": "lib", "version": "1.0", "attributes": attributes({"team.name": "a"})}
    shop = {"service.name": "api", "service.namespace": "shop", "service.instance.id": "i1", "host.name": "web1", "os.type": "linux"}
    bare = {"service.name": "bare"}
    nobody = {"host.name": "unnamed"}
    plain = [{"name": "plain", "unit": "1", "gauge": {"dataPoints": [point(0.5)]}}]
    return {
        "resourceMetrics": [
            {
                "resource": {"attributes": attributes(shop)},
                "scopeMetrics": [{"scope": scope, "metrics": metrics, "schemaUrl": "https://example.org/1"}],
            },
            {"resource": {"attributes": attributes(bare)}, "scopeMetrics": [{"metrics": plain}]},
            {"resource": {"attributes": attributes(nobody)}, "scopeMetrics": [{"metrics": plain}]},
        ]
    }


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def get(port, path, **parameters):
    url = f"http://127.0.0.1:{port}{path}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return json.load(answer)["data"]


def wait_for(url, process):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"{process.args[0]} ended with {process.returncode}")
        try:
            urllib.request.urlopen(url, timeout=1)
            return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


def start(stack, command, log):
    process = subprocess.Popen(command, stdout=log.open("ab"), stderr=subprocess.STDOUT)

    def stop():
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    stack.callback(stop)
    return process


def start_prometheus(stack, port, folder):
    folder.mkdir()
    config = folder / "prometheus.yml"
    config.write_text(PROMETHEUS)
    command = [
        str(BIN / "prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder}/tsdb",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-otlp-receiver",
        "--web.enable-remote-write-receiver",
        "--enable-feature=exemplar-storage",
        "--log.level=warn",
    ]
    process = start(stack, command, folder / "log")
    wait_for(f"http://127.0.0.1:{port}/-/ready", process)


def send(port, body):
    """Hands a request over; the answer comes when all three have it."""
    call = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/metrics",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(call, timeout=PATIENCE_S) as answer:
        said = json.load(answer)
        if answer.status != 200 or said.get("partialSuccess"):
            raise SystemExit(f"Sidelight: {answer.status} {said}")


def held(port, now, first_s):
    """All that a Prometheus holds: samples by series, exemplars by series, and the series that have not ended."""
    everything = '{__name__=~".+"}'
    by_labels = lambda series: json.dumps(series["metric"], sort_keys=True)
    samples = get(port, "/api/v1/query", query=f"{everything}[10m]", time=now)["result"]
    exemplars = get(port, "/api/v1/query_exemplars", query=everything, start=first_s - 5, end=now + 5)
    current = get(port, "/api/v1/query", query=everything, time=now)["result"]
    return {
        "samples": {by_labels(s): {k: s[k] for k in ("values", "histograms") if k in s} for s in samples},
        "exemplars": {json.dumps(e["seriesLabels"], sort_keys=True): e["exemplars"] for e in exemplars},
        "current": sorted(by_labels(s) for s in current),
    }


def differences(name, reference, other):
    """Lines that say what `other` holds and `reference` does not, and the other way round."""
    lines = []
    for part, expected in reference.items():
        found = other[part]
        if part == "current":
            expected, found = (dict.fromkeys(keys) for keys in (expected, found))
        for key in sorted(expected.keys() | found.keys()):
            if key not in found:
                lines.append(f"{name} lacks {part} {key}")
            elif key not in expected:
                lines.append(f"{name} has {part} {key}")
            elif expected[key] != found[key]:
                lines.append(f"{name} has other {part} of {key}:\n    {found[key]}\n    {expected[key]}")
    return lines


def unexpected(samples):
    """Lines that say which rows of EXPECTED are not there, or have another value."""
    series = [(json.loads(labels), held) for labels, held in samples.items()]
    lines = []
    for (name, label), value in EXPECTED.items():
        key, _, wanted = label.partition("=")
        matching = [
            float(held["values"][-1][1])
            for labels, held in series
            if labels["__name__"] == name and labels.get(key, "") == wanted
        ]
        if matching != [value]:
            lines.append(f"{name}{{{label}}} is {matching}, not {value}")
    return lines


def main():
    if len(sys.argv) != 2:
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 64
    if not (BIN / "prometheus").exists():
        print(f"missing {BIN}/prometheus: run tests/backends/install.sh prometheus", file=sys.stderr)
        return 69
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1"
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prometheus-ways.")))
        port, *prometheus = free_ports(1 + len(WAYS))
        for way, at in enumerate(prometheus):
            start_prometheus(stack, at, work / f"prometheus-{way}")
        config = work / "pipeline.yaml"
        config.write_text(SIDELIGHT.format(port=port, prometheus=prometheus))
        sidelight = start(stack, [sys.argv[1], "--config", str(config)], work / "sidelight.log")
        wait_for(f"http://127.0.0.1:{port}/v1/metrics", sidelight)

        now = int(time.time())
        first = now - 15
        try:
            # Twice: by 1.0 Prometheus drops exemplars of a native histogram that it meets for the first time. The points
            # themselves count once.
            send(port, request(first, ended=False))
            send(port, request(first, ended=False))
            send(port, request(now, ended=True))
        except (OSError, SystemExit) as problem:
            print(problem, (work / "sidelight.log").read_text(), sep="\n")
            return 1
        found = [held(at, now, first) for at in prometheus]

        problems = unexpected(found[0]["samples"])
        for way in (1, 2):
            problems += differences(WAYS[way], found[0], found[way])
        ended = [current for current in found[0]["current"] if "will_end" in current]
        if ended or not any("will_end" in series for series in found[0]["samples"]):
            problems.append("the series `will_end` must have been there and have ended")
        for name in ("samples", "exemplars", "current"):
            print(f"{name}: {', '.join(f'{way} {len(held[name])}' for way, held in zip(WAYS, found))}")
        native = sum("histograms" in series for series in found[0]["samples"].values())
        print(f"native histograms: {native}")
        if native != 2:
            problems.append("there must be two native histograms")
        if problems:
            print(*problems, sep="\n")
            for log in [work / "sidelight.log", *work.glob("prometheus-*/log")]:
                print(f"--- {log.parent.name}/{log.name}", log.read_text()[-2000:], sep="\n")
        print("the same by all ways" if not problems else f"{len(problems)} differences")
        return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
