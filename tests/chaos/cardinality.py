#!/usr/bin/env python3
"""A million distinct label sets into the prometheus exporter: the caps hold, and the log says who it was.

A metric of deltas, of which all beyond the cap are added up in one series; a metric of cumulative points, of which
those are refused; and as many metrics with one series each, of which none is even begun where there is no room.

    cardinality.py target/quick/sidelight [--sets 1000000] [--seconds 0: as fast as it goes]
"""

import argparse
import http.client
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

from overload import counted, field, free_port, listens, status_kib, wait_for

POINTS = 1000
DELTA, CUMULATIVE = 1, 2
PER_METRIC, IN_ALL, FOR_OTHERS = 10_000, 100_000, 1_000
MOST_GROWTH_KIB = 100 << 10


def attribute(key, value):
    return field(1, key) + field(2, field(1, value))


def point(labels):
    # time_unix_nano is 3, as_int is 6, attributes are 7.
    head = b"\x19" + struct.pack("<Q", 1_700_000_000_000_000_000) + b"\x31" + struct.pack("<q", 1)
    return head + b"".join(field(7, attribute(*label)) for label in labels)


def sum_metric(name, temporality, points):
    sums = b"".join(field(1, p) for p in points) + bytes([2 << 3, temporality, 3 << 3, 1])
    return field(2, field(1, name) + field(7, sums))


def request(service, metrics):
    resource = field(1, field(1, attribute(b"service.name", service)))
    return field(1, resource + field(2, b"".join(metrics)))


def labelled(name, service, temporality, first):
    points = [point([(b"user.id", b"%09d" % n), (b"http.route", b"/orders/{id}")]) for n in range(first, first + POINTS)]
    return request(service, [sum_metric(name, temporality, points)])


def named(first):
    metrics = [sum_metric(b"metric_%d" % n, DELTA, [point([])]) for n in range(first, first + POINTS)]
    return request(b"inventor", metrics)


def configuration(otlp, scraped, metrics):
    return f"""
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{otlp}"}}}}}}}}
exporters: {{prometheus: {{endpoint: "127.0.0.1:{scraped}"}}}}
service:
  telemetry: {{logs: {{level: warn}}, metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
  pipelines: {{metrics: {{receivers: [otlp], exporters: [prometheus]}}}}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--sets", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=0, help="spread over so long")
    options = parser.parse_args()
    otlp, scraped, metrics = free_port(), free_port(), free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as config:
        config.write(configuration(otlp, scraped, metrics))
    log = tempfile.TemporaryFile("w+")
    program = subprocess.Popen([options.program, "--config", config.name], stderr=log)
    try:
        wait_for("it does not listen", 30, lambda: all(map(listens, (otlp, scraped, metrics))))
        idle, began = status_kib(program.pid, "VmHWM:"), time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", otlp, timeout=60)
        requests = options.sets // POINTS
        for nth in range(requests):
            # Half of them deltas; a quarter of each other kind.
            kind, first = nth % 4, nth * POINTS
            if kind < 2:
                body = labelled(b"calls", b"shop", DELTA, first)
            elif kind == 2:
                body = labelled(b"seen", b"shop", CUMULATIVE, first)
            else:
                body = named(first)
            connection.request("POST", "/v1/metrics", body, {"content-type": "application/x-protobuf"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                sys.exit(f"FAILED: {answer.status}")
            due = began + options.seconds * nth / requests
            time.sleep(max(0.0, due - time.monotonic()))
        took = time.monotonic() - began
        page = http.client.HTTPConnection("127.0.0.1", scraped, timeout=120)
        page.request("GET", "/metrics")
        lines = page.getresponse().read().decode().splitlines()
        series = [line for line in lines if line and line[0] != "#" and not line.startswith("target_info")]
        growth = status_kib(program.pid, "VmHWM:") - idle
        refused = counted(metrics, "sidelight_prometheus_refused_points")
        added_up = counted(metrics, "sidelight_prometheus_overflowed_points")
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(timeout=60)
        os.unlink(config.name)
    log.seek(0)
    warnings = [line for line in log if "there is no room for more series" in line]
    calls = [line for line in series if line.startswith("calls_total{")]
    overflow = [line for line in series if 'otel_metric_overflow="true"' in line]
    hidden = requests * POINTS - len(series)
    print(f"{requests * POINTS:,} label sets in {took:.0f} s: {len(series):,} series, of them calls {len(calls):,}")
    print(f"added up {added_up:,}, refused {refused:,}; memory +{growth:,} KiB; {len(warnings)} warnings")
    print("".join(warnings[:1]).strip())
    failures = []
    check = lambda is_so, what: is_so or failures.append(what)
    check(len(calls) == min(PER_METRIC, requests // 2 * POINTS) + 1, "the cap of one metric does not hold")
    check(len(series) <= IN_ALL + FOR_OTHERS, "the cap of all does not hold")
    check(any(line.startswith("calls_total{") for line in overflow), "what overflows is not shown")
    check(added_up + refused == hidden + len(overflow), "points that are not shown are not all counted")
    check(growth <= MOST_GROWTH_KIB, "memory is beyond its bound")
    check(1 <= len(warnings) <= took // 60 + 1, "it is not said once a minute")
    check(all("calls" in w and "shop" in w or "metric_" in w or "seen" in w for w in warnings), "nobody is named")
    for failure in failures:
        print(f"FAILED: {failure}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
