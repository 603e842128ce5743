"""OTLP/JSON metrics as the series that Prometheus would have of them."""

import json
import math
from pathlib import Path

INFINITY = math.inf


def requests(path: Path) -> list[dict]:
    """The requests in a file of the `file` exporter; a line that is being written is left out."""
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def text_of(attributes: list[dict]) -> dict[str, str]:
    return {a["key"]: str(next(iter(a["value"].values()), "")) for a in attributes}


def number(value) -> float:
    return float(value) if value is not None else 0.0


def job_of(resource_metrics: dict) -> str:
    return text_of(resource_metrics.get("resource", {}).get("attributes", [])).get("service.name", "")


def latest(path: Path) -> dict[str, dict]:
    """Of each job the last scrape."""
    found = {}
    for request in requests(path):
        for resource_metrics in request["resourceMetrics"]:
            found[job_of(resource_metrics)] = resource_metrics
    return found


class Series:
    """Series by name and labels, as Prometheus has them, with what OTLP knows besides."""

    def __init__(self, resource_metrics: dict):
        self.values: dict[tuple, float] = {}
        self.native: dict[tuple, dict] = {}
        self.starts: dict[tuple, int] = {}
        self.types: dict[str, tuple[str, str, str]] = {}
        self.exemplars = 0
        for scope in resource_metrics["scopeMetrics"]:
            for metric in scope["metrics"]:
                self.add(metric)

    def put(self, name: str, labels: dict[str, str], value: float) -> None:
        key = (name, tuple(sorted(labels.items())))
        assert key not in self.values, f"{key} stands twice"
        self.values[key] = value

    def add(self, metric: dict) -> None:
        name = metric["name"]
        kind = text_of(metric.get("metadata", [])).get("prometheus.type", "")
        self.types[name] = (kind, metric.get("description", ""), metric.get("unit", ""))
        for form in ("gauge", "sum", "histogram", "exponentialHistogram", "summary"):
            for point in metric.get(form, {}).get("dataPoints", []):
                if int(point.get("flags", 0)) & 1:
                    continue
                labels = text_of(point.get("attributes", []))
                self.exemplars += len(point.get("exemplars", []))
                getattr(self, form)(name, labels, point)
                if "startTimeUnixNano" in point:
                    self.starts[(name, tuple(sorted(labels.items())))] = int(point["startTimeUnixNano"])

    def gauge(self, name: str, labels: dict, point: dict) -> None:
        self.put(name, labels, number(point.get("asDouble", point.get("asInt"))))

    sum = gauge

    def histogram(self, name: str, labels: dict, point: dict) -> None:
        bounds = [float(bound) for bound in point.get("explicitBounds", [])] + [INFINITY]
        total = 0
        for bound, count in zip(bounds, point["bucketCounts"], strict=True):
            total += int(count)
            self.put(f"{name}_bucket", labels | {"le": repr(bound)}, total)
        assert total == int(point["count"]), f"{name}: buckets and count differ"
        self.put(f"{name}_count", labels, total)
        self.put(f"{name}_sum", labels, number(point.get("sum")))

    def summary(self, name: str, labels: dict, point: dict) -> None:
        for value in point.get("quantileValues", []):
            quantile = repr(float(value.get("quantile", 0)))
            self.put(name, labels | {"quantile": quantile}, number(value.get("value")))
        self.put(f"{name}_count", labels, number(point.get("count")))
        self.put(f"{name}_sum", labels, number(point.get("sum")))

    def exponentialHistogram(self, name: str, labels: dict, point: dict) -> None:
        self.native[(name, tuple(sorted(labels.items())))] = point
