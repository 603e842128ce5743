"""Are the application's metrics in Prometheus, under the names and labels that dashboards ask for?

    prometheus_check.py --prometheus http://127.0.0.1:9090 [--service trading-app] [--up sidelight]
                        [--scraped-by sidelight] [--also sidelight:system_cpu_time_seconds_total] [--seconds 30]

Asks Prometheus' HTTP API for every metric of the application's README: it has series with its labels, of the service;
counters have counted; buckets of histograms are cumulative, end in +Inf, and their count is that of +Inf; as many
requests were counted as were timed, by method and endpoint. With --up each job named there is scraped, and up; with
--also each metric named there has series of that job. What is not there yet is asked for again for that many seconds.
With --scraped-by the application's metrics are there a second time, with the same labels, as that job scraped them.
Exit code 0 when all is well, else 1.
"""

import argparse
import json
import math
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict

COUNTERS = {
    "http_requests_total": {"method", "endpoint", "status"},
    "orders_total": {"symbol", "side", "status"},
    "cache_hits_total": set(),
    "cache_misses_total": set(),
}
GAUGES = {
    "active_connections_total": set(),
    "portfolio_value_total": set(),
    "strategy_performance": {"strategy_name", "metric_type"},
    "system_cpu_percent": set(),
    "system_memory_percent": set(),
}
HISTOGRAMS = {
    "http_request_duration_seconds": {"method", "endpoint"},
    "analysis_duration_seconds": {"strategy_name"},
    "http_server_request_duration_seconds": {"http_request_method"},  # of the instrumentation
}


class Mismatch(Exception):
    """What Prometheus answers is not, or not yet, what is expected."""


class Prometheus:
    def __init__(self, url: str, service: str):
        self._url, self.service = url, service

    def query(self, expression: str) -> list[tuple[dict, float]]:
        """The series of an instant query: labels, value."""
        url = f"{self._url}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                result = json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise Mismatch(f"{url}: HTTP {error.code} {error.read().decode(errors='replace')}") from error
        except OSError as error:
            raise Mismatch(f"{url}: {error}") from error
        return [(series["metric"], float(series["value"][1])) for series in result]

    def series(self, name: str, labels: set[str]) -> list[tuple[dict, float]]:
        """The series of one metric of the service; a Mismatch when there are none, or one lacks a label."""
        found = self.query(f'{name}{{job="{self.service}"}}')
        if not found:
            raise Mismatch(f"{name} of job {self.service} has no series")
        for series, _ in found:
            if missing := labels - series.keys():
                raise Mismatch(f"{name} {series} lacks {', '.join(sorted(missing))}")
        return found


def without(labels: dict, *names: str) -> tuple:
    return tuple(sorted((k, v) for k, v in labels.items() if k not in ("__name__", *names)))


def check_histogram(prometheus: Prometheus, name: str, labels: set[str]) -> None:
    counts = {without(series): value for series, value in prometheus.series(f"{name}_count", labels)}
    prometheus.series(f"{name}_sum", labels)
    buckets = defaultdict(dict)
    for series, value in prometheus.series(f"{name}_bucket", labels | {"le"}):
        buckets[without(series, "le")][float(series["le"])] = value
    if buckets.keys() != counts.keys():
        raise Mismatch(f"{name}: {len(buckets)} series of buckets, {len(counts)} of counts")
    for series, by_bound in buckets.items():
        values = [by_bound[bound] for bound in sorted(by_bound)]
        if values != sorted(values):
            raise Mismatch(f"{name} {dict(series)}: buckets are not cumulative: {values}")
        if by_bound.get(math.inf) != counts[series]:
            raise Mismatch(f"{name} {dict(series)}: +Inf is {by_bound.get(math.inf)}, count {counts[series]}")


def check_requests_counted_and_timed(prometheus: Prometheus) -> float:
    """The counter and the histogram of requests agree. Returns how many there are."""
    counted, timed = defaultdict(float), defaultdict(float)
    for into, name in ((counted, "http_requests_total"), (timed, "http_request_duration_seconds_count")):
        for series, value in prometheus.series(name, {"method", "endpoint"}):
            into[series["method"], series["endpoint"]] += value
    if counted != timed:
        raise Mismatch(f"requests counted {dict(counted)}, timed {dict(timed)}")
    return sum(counted.values())


def check_scraped(prometheus: Prometheus, scraper: str) -> None:
    """What was scraped from Sidelight has the series of what Sidelight pushed, under the job of the scrape."""
    # What only one way has: the scrape's own labels, the scope; resource attributes that Prometheus is told to promote.
    one_way = re.compile("(exported_)?(job|instance)|otel_scope_.*|service_.*|host_name")
    names = [*COUNTERS, *GAUGES, *(f"{name}_count" for name in HISTOGRAMS)]
    for name in names:
        selector = f'{name}{{job="{scraper}", exported_job="{prometheus.service}"}}'
        pushed = {without(labels, *filter(one_way.fullmatch, labels)) for labels, _ in prometheus.series(name, set())}
        scraped = {without(labels, *filter(one_way.fullmatch, labels)) for labels, _ in prometheus.query(selector)}
        if pushed != scraped:
            raise Mismatch(
                f"{selector}: {len(scraped)} series scraped, {len(pushed)} pushed: {sorted(pushed ^ scraped)[:3]}"
            )


def check_all(prometheus: Prometheus, jobs: list[str], also: list[str], scraper: str | None) -> str:
    found = 0
    for name, labels in COUNTERS.items():
        series = prometheus.series(name, labels)
        if not any(value > 0 for _, value in series):
            raise Mismatch(f"{name} has not counted anything")
        found += len(series)
    for name, labels in GAUGES.items():
        found += len(prometheus.series(name, labels))
    for name, labels in HISTOGRAMS.items():
        check_histogram(prometheus, name, labels)
    for job in jobs:
        if not (up := prometheus.query(f'up{{job="{job}"}}')) or any(value != 1 for _, value in up):
            raise Mismatch(f"job {job} is not up: {up}")
    for job, _, name in (one.partition(":") for one in also):
        if not prometheus.query(f'{name}{{job="{job}"}}'):
            raise Mismatch(f"{name} of job {job} has no series")
    if scraper:
        check_scraped(prometheus, scraper)
    requests = check_requests_counted_and_timed(prometheus)
    metrics = len(COUNTERS) + len(GAUGES) + len(HISTOGRAMS)
    return f"{metrics} metrics, {found} series besides buckets, {requests:.0f} requests"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prometheus", required=True)
    parser.add_argument("--service", default="trading-app")
    parser.add_argument("--up", action="append", default=[], metavar="JOB")
    parser.add_argument("--scraped-by", metavar="JOB")
    parser.add_argument("--also", action="append", default=[], metavar="JOB:METRIC")
    parser.add_argument("--seconds", type=float, default=30)
    given = parser.parse_args(arguments)
    prometheus = Prometheus(given.prometheus, given.service)
    end = time.monotonic() + given.seconds
    while True:
        try:
            print(f"ok   prometheus: {check_all(prometheus, given.up, given.also, given.scraped_by)}")
            return 0
        except Mismatch as problem:
            if time.monotonic() >= end:
                print(f"FAIL prometheus: {problem}")
                return 1
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
