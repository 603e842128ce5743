"""What is fed to both programs: OTLP/JSON with every type of metric, odd names, units, labels and values."""

import time

MINUTE = 60_000_000_000
CUMULATIVE, DELTA = 2, 1
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
LAST = "last.of.all"  # the name of the metric that is sent last: where it is, everything is


def value(python):
    """An OTLP value of a Python one."""
    match python:
        case bool():
            return {"boolValue": python}
        case int():
            return {"intValue": str(python)}
        case float():
            return {"doubleValue": python}
        case str():
            return {"stringValue": python}
        case list():
            return {"arrayValue": {"values": [value(one) for one in python]}}
        case dict():
            return {"kvlistValue": {"values": attributes(python)}}
    return {}


def attributes(python: dict) -> list:
    return [{"key": key, "value": value(one)} for key, one in python.items()]


class Moment:
    """One export, the `step`-th: cumulative points begin at `start`, deltas where the export before ended."""

    def __init__(self, start: int, before: int, now: int, step: int):
        self.start, self.before, self.now, self.step = str(start), str(before), str(now), step

    def point(self, labels: dict | None = None, **fields) -> dict:
        return {
            "startTimeUnixNano": self.start,
            "timeUnixNano": self.now,
            "attributes": attributes(labels or {}),
        } | fields

    def number(self, number, labels: dict | None = None, **fields) -> dict:
        field = {"asInt": str(number)} if isinstance(number, int) else {"asDouble": number}
        return self.point(labels, **field, **fields)

    def delta(self, point: dict) -> dict:
        return point | {"startTimeUnixNano": self.before}

    def exemplar(self, number: float, trace: bool = True, labels: dict | None = None) -> dict:
        context = {"traceId": TRACE, "spanId": SPAN} if trace else {}
        return {"timeUnixNano": self.now, "asDouble": number, "filteredAttributes": attributes(labels or {})} | context


def gauge(name: str, *points: dict, unit: str = "", description: str = "") -> dict:
    return {"name": name, "unit": unit, "description": description, "gauge": {"dataPoints": list(points)}}


def total(name, *points, unit="", description="", monotonic=True, temporality=CUMULATIVE) -> dict:
    data = {"dataPoints": list(points), "isMonotonic": monotonic, "aggregationTemporality": temporality}
    return {"name": name, "unit": unit, "description": description, "sum": data}


def histogram(name, *points, unit="", description="", temporality=CUMULATIVE, kind="histogram") -> dict:
    data = {"dataPoints": list(points), "aggregationTemporality": temporality}
    return {"name": name, "unit": unit, "description": description, kind: data}


def names(at: Moment) -> list[dict]:
    """Names and units that are translated."""
    units = [
        *(
            "1",
            "%",
            "By",
            "By/s",
            "KiBy",
            "MBy",
            "ms",
            "s",
            "us",
            "Cel",
            "m/s",
            "{request}",
            "{request}/s",
            "Hz",
            "V",
            "A",
        ),
        *("J", "d", "h", "min", "mo", "a", "kg", "bit", "foo", "1/s", "%/s", "By{x}", "requests", "s/By"),
    ]
    odd = [
        "plain",
        "with.dots",
        "with-dashes and blanks",
        "1starts.with.digit",
        "a..b__c",
        "_leading",
        "trailing_",
        "ünï.cødé",
        "温度",
        "already_total",
        "already_seconds",
        "colon:name",
        "percent%sign",
        "UPPER.Case",
        "bytes",
        "ratio",
        "x.total.count",
    ]
    return [
        *(gauge(f"unit{index}", at.number(index), unit=unit) for index, unit in enumerate(units)),
        *(total(f"count.unit{index}", at.number(index), unit=unit) for index, unit in enumerate(units)),
        *(gauge(f"g.{name}" if name[0].isalpha() else name, at.number(1.5)) for name in odd),
        *(total(f"c.{name}", at.number(2)) for name in odd),
        gauge("latency_seconds", at.number(1), unit="s"),
        gauge("latency.in.ms", at.number(1), unit="ms"),
        gauge("size.bytes.used", at.number(1), unit="By"),
        total("sent.bytes.total", at.number(1), unit="By"),
        total("jobs", at.number(5 * at.step), unit="{job}", description='Jobs, with "quotes", a \\ and\na second line'),
    ]


def labels(at: Moment) -> list[dict]:
    """Names and values of attributes."""
    return [
        gauge(
            "label.values",
            at.number(1, {"text": 'quote " backslash \\ line\nend', "unicode": "日本", "empty": "", "long": "x" * 200}),
        ),
        gauge(
            "label.types",
            at.number(
                1,
                {
                    "bool": True,
                    "int": -7,
                    "double": 1.5,
                    "whole": 2.0,
                    "big": 1e21,
                    "list": [1, "a", None],
                    "map": {"b": 1, "a": "x"},
                    "nothing": None,
                },
            ),
        ),
        gauge(
            "label.names",
            at.number(
                1,
                {
                    "with.dot": "1",
                    "1digit": "2",
                    "_one": "3",
                    "__two": "4",
                    "with-dash": "5",
                    "ключ": "6",
                    "UPPER": "7",
                },
            ),
        ),
        gauge("label.collision", at.number(1, {"a.b": "first", "a_b": "second", "a-b": "third"})),
        gauge(
            "label.reserved",
            at.number(1, {"job": "own", "instance": "own", "le": "own", "quantile": "own", "__name__": "own"}),
        ),
        gauge("label.scope", at.number(1, {"otel_scope_name": "own", "otel.scope.version": "own"})),
        gauge("label.order", at.number(1, {"b": "2", "a": "1"}), at.number(2, {"a": "2", "b": "1"})),
        histogram("label.le", at.point({"le": "own"}, count="3", sum=3, explicitBounds=[1], bucketCounts=["1", "2"])),
    ]


def values(at: Moment) -> list[dict]:
    """Numbers at their edges."""
    special = {
        "nan": "NaN",
        "inf": "Infinity",
        "minus_inf": "-Infinity",
        "tiny": 5e-324,
        "huge": 1.7976931348623157e308,
        "tenth": 0.1,
        "minus_zero": -0.0,
        "million": 1e6,
        "1e21": 1e21,
        "small": 1e-7,
    }
    return [
        gauge("value.double", *(at.point({"is": name}, asDouble=number) for name, number in special.items())),
        gauge(
            "value.int",
            at.number(2**63 - 1, {"is": "max"}),
            at.number(-(2**63), {"is": "min"}),
            at.number(2**53 + 1, {"is": "odd"}),
        ),
        gauge("value.none", at.point({"is": "no value"}, flags=1), at.number(1, {"is": "value"})),
        gauge("value.empty"),
    ]


def sums(at: Moment) -> list[dict]:
    step = at.step
    return [
        total("sum.int", at.number(3 * step, {"a": "1"}), at.number(4 * step, {"a": "2"}), description="Counts"),
        total("sum.double", at.number(1.5 * step), unit="s"),
        total(
            "sum.exemplar",
            at.number(7 * step, exemplars=[at.exemplar(1.0), at.exemplar(2.0, labels={"user.id": "u1"})]),
        ),
        total("sum.exemplar.bare", at.number(7 * step, exemplars=[at.exemplar(3.0, trace=False, labels={"k": "v"})])),
        total("updown", at.number(-2), monotonic=False),
        total("updown.ratio", at.number(2), monotonic=False, unit="1"),
        total("delta.sum", at.delta(at.number(10)), temporality=DELTA),
        total("delta.updown", at.delta(at.number(-10)), temporality=DELTA, monotonic=False),
        total("sum.unspecified", at.number(10), temporality=0),
    ]


def histograms(at: Moment) -> list[dict]:
    step = at.step
    classic = {
        "count": str(6 * step),
        "sum": 21.5 * step,
        "explicitBounds": [0.005, 1, 2.5, 10],
        "bucketCounts": [str(n * step) for n in (1, 2, 0, 2, 1)],
    }
    exemplars = [at.exemplar(0.5), at.exemplar(0.7), at.exemplar(99.0, labels={"user.id": "u2"})]
    exponential = {
        "count": str(13 * step),
        "sum": 44.25 * step,
        "scale": 2,
        "zeroCount": str(2 * step),
        "zeroThreshold": 0.001,
        "positive": {"offset": -3, "bucketCounts": [str(n * step) for n in (1, 0, 0, 4, 2)]},
        "negative": {"offset": 1, "bucketCounts": [str(n * step) for n in (1, 3)]},
    }
    return [
        histogram("hist", at.point({"route": "/"}, exemplars=exemplars, **classic), unit="s", description="Times"),
        histogram("hist.minmax", at.point(min=0.1, max=11, **classic)),
        histogram("hist.no.sum", at.point(**{k: v for k, v in classic.items() if k != "sum"})),
        histogram("hist.no.bounds", at.point(count="5", sum=5)),
        histogram("hist.one.bucket", at.point(count="5", sum=5, explicitBounds=[], bucketCounts=["5"])),
        histogram("hist.none", at.point(flags=1)),
        histogram(
            "hist.delta",
            at.delta(at.point(**(classic | {"count": "6", "sum": 21.5, "bucketCounts": list("12021")}))),
            temporality=DELTA,
        ),
        histogram(
            "exp", at.point({"route": "/"}, exemplars=exemplars, **exponential), unit="ms", kind="exponentialHistogram"
        ),
        histogram("exp.fine", at.point(**(exponential | {"scale": 10})), kind="exponentialHistogram"),
        histogram("exp.coarse", at.point(**(exponential | {"scale": -5})), kind="exponentialHistogram"),
        histogram("exp.empty", at.point(count="0", sum=0, scale=0, zeroCount="0"), kind="exponentialHistogram"),
        histogram(
            "exp.delta",
            at.delta(
                at.point(count="3", sum=3.5, scale=1, zeroCount="1", positive={"offset": 0, "bucketCounts": ["1", "1"]})
            ),
            kind="exponentialHistogram",
            temporality=DELTA,
        ),
    ]


def summaries(at: Moment) -> list[dict]:
    quantiles = [{"quantile": q, "value": v} for q, v in ((0, 0.1), (0.5, 1.25), (0.99, 9.75), (1, "NaN"))]
    return [
        {
            "name": "sums.up",
            "unit": "s",
            "summary": {"dataPoints": [at.point({"a": "1"}, count="4", sum=5.5, quantileValues=quantiles)]},
        },
        {"name": "sums.up.bare", "summary": {"dataPoints": [at.point(count="0", sum=0)]}},
    ]


def conflicts(at: Moment, who: str) -> list[dict]:
    """One name, several meanings: both resources send these."""
    first = who == "first"
    return [
        gauge("same.name", at.number(1, {"who": who}), description=f"Told by the {who}"),
        gauge("same.type", at.number(1, {"who": who}))
        if first
        else total("same.type", at.number(1, {"who": who}), monotonic=False),
        gauge("different_total", at.number(1, {"who": who}))
        if first
        else total("different", at.number(2, {"who": who})),
    ]


FIRST = {
    "service.name": "shop",
    "service.namespace": "eu",
    "service.instance.id": "i-1",
    "host.name": "h1",
    "odd.key-with dash": "x",
    "cores": 8,
    "spot": True,
    "tags": ["a", "b"],
}
SCOPE = {"name": "lib.http", "version": "1.2", "attributes": attributes({"scope.kind": "tests", "n": 1})}


def resource(given: dict, *scopes: tuple[dict, list]) -> dict:
    groups = [
        {"scope": scope, "schemaUrl": "https://example.com/schema" if scope else "", "metrics": metrics}
        for scope, metrics in scopes
    ]
    return {"resource": {"attributes": attributes(given)}, "scopeMetrics": groups}


def request(at: Moment) -> dict:
    everything = [
        *names(at),
        *labels(at),
        *values(at),
        *sums(at),
        *histograms(at),
        *summaries(at),
        *conflicts(at, "first"),
    ]
    return {
        "resourceMetrics": [
            resource(FIRST, (SCOPE, everything), ({}, [gauge("without.scope", at.number(1))])),
            resource(
                {"service.name": "lonely", "region": "r1"},
                ({}, [gauge("lonely.gauge", at.number(1)), *conflicts(at, "second")]),
            ),
            resource({"service.instance.id": "only-instance"}, ({}, [gauge("instance.gauge", at.number(1))])),
            resource({"host.name": "bare"}, ({}, [gauge("bare.gauge", at.number(1))])),
            resource({}, ({}, [gauge("nothing.gauge", at.number(1))])),
        ]
    }


def requests() -> list[dict]:
    """Two exports, some seconds apart in their time stamps, and a last one that says that all has come."""
    now = time.time_ns() // 1_000_000_000 * 1_000_000_000
    start, before = now - MINUTE, now - MINUTE // 6
    first, second = Moment(start, start, before, 1), Moment(start, before, now, 2)
    last = {"resourceMetrics": [resource({"service.name": "last"}, ({}, [gauge(LAST, second.number(1))]))]}
    return [request(first), request(second), last]
