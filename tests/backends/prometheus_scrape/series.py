"""Series with their values, types and help: as Prometheus has them, and as Prometheus would have them of OTLP.

A series is its name and its sorted labels. Its value is a number, or for a native histogram a `Native`.
"""

import json
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class Native:
    """A native histogram: buckets that are not empty, as (left, right, count)."""

    count: float
    sum: float
    buckets: list[tuple[float, float, float]]


@dataclass
class Scraped:
    """What is known of one job."""

    series: dict[Key, float | Native] = field(default_factory=dict)
    # Family: type, help, unit.
    families: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    twice: list[Key] = field(default_factory=list)

    def put(self, name: str, labels: dict[str, str], value: float | Native) -> None:
        # Bounds are numbers, however they are written.
        labels = {k: str(float(v)) if k in ("le", "quantile") else v for k, v in labels.items() if v}
        key = (name, tuple(sorted(labels.items())))
        if key in self.series:
            self.twice.append(key)
        self.series[key] = value


# === Prometheus


def ask(prometheus: str, path: str, **parameters: str):
    url = f"{prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.load(response)["data"]


def of_prometheus(prometheus: str, job: str) -> Scraped:
    scraped = Scraped()
    # A page may have a label `job` of its own; `honor_labels` then keeps it. The time of the scrape tells the job.
    query = f'{{job="{job}"}} or {{environment="test",job!="{job}"}}' if job == "honors" else f'{{job="{job}"}}'
    for result in ask(prometheus, "query", query=query)["result"]:
        labels = result["metric"]
        name = labels.pop("__name__")
        if job == "honors" and labels["job"] != job and labels["job"] != "page's own":
            continue
        scraped.put(name, labels, native_of_api(result["histogram"][1]) if "histogram" in result else float(result["value"][1]))
    for family in ask(prometheus, "targets/metadata", match_target=f'{{job="{job}"}}'):
        scraped.families[family["metric"]] = (family["type"], family["help"], family["unit"])
    return scraped


def native_of_api(histogram: dict) -> Native:
    buckets = [(float(left), float(right), float(count)) for _, left, right, count in histogram.get("buckets", [])]
    return Native(float(histogram["count"]), float(histogram["sum"]), buckets)


# === OTLP

# Of the target, and not of `target_info`.
OWN_ATTRIBUTES = {"service.name", "service.instance.id", "server.address", "server.port", "url.scheme"}
NO_RECORDED_VALUE = 1


def last_scrapes(path: Path) -> dict[str, list[dict]]:
    """Of each job the resources of its last request. A line that is being written is left out."""
    found = {}
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else []:
        resources = json.loads(line)["resourceMetrics"]
        by_job: dict[str, list[dict]] = {}
        for resource in resources:
            by_job.setdefault(attributes_of(resource["resource"])["service.name"], []).append(resource)
        found |= by_job
    return found


def of_otlp(resources: list[dict]) -> Scraped:
    scraped = Scraped()
    for resource in resources:
        of_resource = attributes_of(resource["resource"])
        target = {"job": of_resource["service.name"], "instance": of_resource["service.instance.id"]}
        info = {name: value for name, value in of_resource.items() if name not in OWN_ATTRIBUTES}
        if info:
            scraped.put("target_info", target | info, 1.0)
        for scope in resource["scopeMetrics"]:
            of_scope = {f"otel_scope_{name}": text for name, text in scope.get("scope", {}).items() if isinstance(text, str)}
            for metric in scope["metrics"]:
                add_metric(scraped, metric, target | of_scope)
    return scraped


def attributes_of(owner: dict) -> dict[str, str]:
    return {a["key"]: str(next(iter(a["value"].values()), "")) for a in owner.get("attributes", [])}


def add_metric(scraped: Scraped, metric: dict, target: dict[str, str]) -> None:
    name = metric["name"]
    kind = {a["key"]: a["value"] for a in metric.get("metadata", [])}.get("prometheus.type", {}).get("stringValue", "")
    scraped.families[name] = (kind, metric.get("description", ""), metric.get("unit", ""))
    add = {
        "gauge": add_number,
        "sum": add_number,
        "histogram": add_histogram,
        "summary": add_summary,
        "exponentialHistogram": add_native,
    }
    for form, put in add.items():
        for point in metric.get(form, {}).get("dataPoints", []):
            # Labels of the page win over those of the target: only `honor_labels` lets them have these names.
            if point.get("flags", 0) != NO_RECORDED_VALUE:
                put(scraped, name, target | attributes_of(point), point)


def number(value: str | float) -> float:
    return float({"Infinity": "inf", "-Infinity": "-inf"}.get(value, value))


def add_number(scraped: Scraped, name: str, labels: dict[str, str], point: dict) -> None:
    scraped.put(name, labels, number(point["asDouble"] if "asDouble" in point else point["asInt"]))


def add_histogram(scraped: Scraped, name: str, labels: dict[str, str], point: dict) -> None:
    below = 0.0
    bounds = [*map(number, point.get("explicitBounds", [])), float("inf")]
    for bound, count in zip(bounds, map(number, point["bucketCounts"]), strict=True):
        below += count
        scraped.put(f"{name}_bucket", labels | {"le": str(bound)}, below)
    scraped.put(f"{name}_count", labels, number(point.get("count", 0)))
    if "sum" in point:
        scraped.put(f"{name}_sum", labels, number(point["sum"]))


def add_summary(scraped: Scraped, name: str, labels: dict[str, str], point: dict) -> None:
    for quantile in point.get("quantileValues", []):
        scraped.put(name, labels | {"quantile": str(number(quantile.get("quantile", 0)))}, number(quantile.get("value", 0)))
    scraped.put(f"{name}_count", labels, number(point.get("count", 0)))
    scraped.put(f"{name}_sum", labels, number(point.get("sum", 0)))


def add_native(scraped: Scraped, name: str, labels: dict[str, str], point: dict) -> None:
    base = 2.0 ** (2.0 ** -point.get("scale", 0))
    buckets = []
    for form, sign in (("negative", -1), ("positive", 1)):
        side = point.get(form, {})
        for at, count in enumerate(map(number, side.get("bucketCounts", []))):
            index = side.get("offset", 0) + at
            ends = sorted((sign * base**index, sign * base ** (index + 1)))
            if count:
                buckets.append((*ends, count))
    if zero := number(point.get("zeroCount", 0)):
        width = number(point.get("zeroThreshold", 0))
        buckets.append((-width, width, zero))
    scraped.put(name, labels, Native(number(point.get("count", 0)), number(point.get("sum", 0)), sorted(buckets)))
