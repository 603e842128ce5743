"""Pages of metrics in Prometheus' formats, read into one form: families and samples."""

import math
import re
import struct
from dataclasses import dataclass, field

NAME = r'(?:[^\s{"]+)'
QUOTED = r'"(?:[^"\\]|\\.)*"'
LABEL = re.compile(rf"\s*({QUOTED}|[^\s=,{{}}\"]+)\s*(?:=\s*({QUOTED}))?\s*,?")
META = re.compile(rf"# (HELP|TYPE|UNIT) ({QUOTED}|\S+) ?(.*)")


@dataclass(frozen=True)
class Key:
    """What a sample is of."""

    name: str
    labels: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self.name + "{" + ", ".join(f"{k}={v!r}" for k, v in self.labels) + "}"


@dataclass
class Sample:
    value: object
    timestamp: float | None = None
    exemplar: tuple | None = None


@dataclass
class Page:
    families: dict[str, dict[str, str]] = field(default_factory=dict)
    samples: dict[Key, Sample] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def add(self, name: str, labels: dict, sample: Sample) -> None:
        # For Prometheus a label with an empty value is one that is not there.
        key = Key(name, tuple(sorted((label, value) for label, value in labels.items() if value)))
        if key in self.samples:
            self.mistakes.append(f"{key} is there twice")
        self.samples[key] = sample

    def has(self, name: str) -> bool:
        return any(key.name == name for key in self.samples)


def same(one, other) -> bool:
    """Equal, NaN included."""
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other):
        return True
    return one == other


# === text, both versions


def unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), text)


def unquote(text: str) -> str:
    return unescape(text[1:-1]) if text.startswith('"') else text


def labels_at(text: str, start: int) -> tuple[dict, str | None, int]:
    """The labels from a `{` on, a quoted name among them, and the place behind `}`."""
    labels, name, at = {}, None, start + 1
    while text[at] != "}":
        found = LABEL.match(text, at)
        if not found:
            raise ValueError(f"no label at {text[at : at + 20]!r}")
        if found[2] is None:
            name = unquote(found[1])
        else:
            labels[unquote(found[1])] = unquote(found[2])
        at = found.end()
        while text[at] == " ":
            at += 1
    return labels, name, at + 1


def exemplar_of(text: str) -> tuple:
    labels, _, end = labels_at(text, text.index("{"))
    number, *timestamp = text[end:].split()
    return tuple(sorted(labels.items())), float(number), float(timestamp[0]) if timestamp else None


def sample_of(line: str) -> tuple[str, dict, Sample]:
    if line.startswith("{"):
        labels, name, end = labels_at(line, 0)
    else:
        name = re.match(NAME, line)[0]
        labels, end = {}, len(name)
        if line[end : end + 1] == "{":
            labels, _, end = labels_at(line, end)
    rest, _, exemplar = line[end:].partition(" # ")
    number, *timestamp = rest.split()
    return (
        name,
        labels,
        Sample(float(number), float(timestamp[0]) if timestamp else None, exemplar_of(exemplar) if exemplar else None),
    )


def from_text(text: str) -> Page:
    page = Page()
    for line in text.split("\n"):
        if found := META.match(line):
            page.families.setdefault(unquote(found[2]), {})[found[1].lower()] = unescape(found[3])
        elif line and not line.startswith("#"):
            page.add(*sample_of(line))
    return page


# === protobuf: io.prometheus.client.MetricFamily, each with its length before it


def varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def fields(data: bytes) -> dict[int, list]:
    """Field number → values as they lie there: int, float or bytes."""
    found, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        match tag & 7:
            case 0:
                one, at = varint(data, at)
            case 1:
                one, at = struct.unpack_from("<d", data, at)[0], at + 8
            case 2:
                length, at = varint(data, at)
                one, at = data[at : at + length], at + length
            case 5:
                one, at = struct.unpack_from("<f", data, at)[0], at + 4
            case kind:
                raise ValueError(f"wire type {kind}")
        found.setdefault(tag >> 3, []).append(one)
    return found


def text_at(message: dict, number: int) -> str:
    return message.get(number, [b""])[0].decode()


def one(message: dict, number: int, default=0):
    return message.get(number, [default])[0]


def zigzags(parts: list) -> list[int]:
    """sint32 or sint64, packed or not."""
    numbers = []
    for part in parts:
        if isinstance(part, int):
            numbers.append(part)
            continue
        at = 0
        while at < len(part):
            number, at = varint(part, at)
            numbers.append(number)
    return [(n >> 1) ^ -(n & 1) for n in numbers]


def pairs(message: dict, number: int) -> dict:
    return {text_at(pair, 1): text_at(pair, 2) for pair in map(fields, message.get(number, []))}


def seconds(data: bytes) -> float:
    stamp = fields(data)
    return one(stamp, 1) + one(stamp, 2) / 1e9


def exemplar_in(message: dict, number: int) -> tuple | None:
    if number not in message:
        return None
    exemplar = fields(message[number][0])
    return (
        tuple(sorted(pairs(exemplar, 1).items())),
        float(one(exemplar, 2, 0.0)),
        seconds(exemplar[3][0]) if 3 in exemplar else None,
    )


def spans(message: dict, number: int) -> list[tuple[int, int]]:
    return [(zigzags([one(span, 1)])[0], one(span, 2)) for span in map(fields, message.get(number, []))]


def buckets(message: dict, span: int, delta: int) -> dict[int, int]:
    """Native buckets, index → count: however they are cut into spans, the same buckets are the same."""
    counts, found, index, count = iter(zigzags(message.get(delta, []))), {}, 0, 0
    for offset, length in spans(message, span):
        index += offset
        for _ in range(length):
            count += next(counts)
            if count:
                found[index] = count
            index += 1
    return found


def add_histogram(page: Page, name: str, labels: dict, message: dict, timestamp: float | None) -> None:
    count = float(one(message, 1))
    page.add(f"{name}_count", labels, Sample(count, timestamp))
    page.add(f"{name}_sum", labels, Sample(float(one(message, 2, 0.0)), timestamp))
    if 15 in message:
        page.add(f"{name}_created", labels, Sample(seconds(message[15][0]), timestamp))
    for bucket in map(fields, message.get(3, [])):
        bound, exemplar = float(one(bucket, 2, 0.0)), exemplar_in(bucket, 3)
        if math.isinf(bound) and exemplar is None:
            continue  # "+Inf bucket is optional": it is the count
        page.add(f"{name}_bucket", labels | {"le": repr(bound)}, Sample(float(one(bucket, 1)), timestamp, exemplar))
    if 5 in message or 12 in message or 9 in message:
        native = {
            "schema": zigzags([one(message, 5)])[0],
            "zero threshold": one(message, 6, 0.0),
            "zero count": one(message, 7),
            "positive": buckets(message, 12, 13),
            "negative": buckets(message, 9, 10),
            "exemplars": sorted(map(str, (exemplar_in({1: [e]}, 1) for e in message.get(16, [])))),
        }
        page.add(f"{name} (native)", labels, Sample(native, timestamp))


TYPES = ["counter", "gauge", "summary", "untyped", "histogram", "gauge_histogram"]


def add_metric(page: Page, name: str, kind: str, metric: dict) -> None:
    labels = pairs(metric, 1)
    timestamp = metric[6][0] / 1000 if 6 in metric else None
    place = {"gauge": 2, "counter": 3, "summary": 4, "untyped": 5}.get(kind, 7)
    message = fields(metric[place][0]) if place in metric else {}
    match kind:
        case "histogram" | "gauge_histogram":
            add_histogram(page, name, labels, message, timestamp)
        case "summary":
            page.add(f"{name}_count", labels, Sample(float(one(message, 1)), timestamp))
            page.add(f"{name}_sum", labels, Sample(float(one(message, 2, 0.0)), timestamp))
            for quantile in map(fields, message.get(3, [])):
                page.add(
                    name, labels | {"quantile": repr(one(quantile, 1, 0.0))}, Sample(one(quantile, 2, 0.0), timestamp)
                )
        case _:
            exemplar = exemplar_in(message, 2) if kind == "counter" else None
            page.add(name, labels, Sample(one(message, 1, 0.0), timestamp, exemplar))
    created = {"counter": 3, "summary": 4}.get(kind)
    if created and created in message:
        page.add(f"{name}_created", labels, Sample(seconds(message[created][0]), timestamp))


def from_protobuf(data: bytes) -> Page:
    page, at = Page(), 0
    while at < len(data):
        length, at = varint(data, at)
        family = fields(data[at : at + length])
        at += length
        name, kind = text_at(family, 1), TYPES[one(family, 3)]
        page.families[name] = {"type": kind} | {
            key: text_at(family, n) for key, n in (("help", 2), ("unit", 5)) if n in family
        }
        for metric in map(fields, family.get(4, [])):
            add_metric(page, name, kind, metric)
    return page
