"""Did what was acknowledged arrive, and unchanged?

    compare.py [--allow-duplicates] [--unacknowledged folder] acknowledged/ received/

Compares, per signal, the multisets of items: a span, a log record, a data point, each together with its resource, its
scope, both schema URLs, and for a data point its metric. How items were batched, in which order they came, and the
order of attributes do not matter; everything else does, unknown fields and the order of events included.

Without options the two sides must be equal. With --allow-duplicates each acknowledged item must have arrived at least
once, and nothing may have arrived that was never sent: what is received beyond must be in `acknowledged` or in
`unacknowledged` (requests that were sent and not acknowledged: they may arrive or not).

Exit code: 0 equal, 1 different, 2 nothing to compare or not readable. An empty signal is an error, not a success,
unless --signals leaves it out.
"""

import argparse
import difflib
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf import text_format
from google.protobuf.message import DecodeError, Message

from otlp_requests import SIGNALS, Signal, read_requests

DIFFERENCES_SHOWN = 2
LINES_SHOWN = 24


@dataclass(frozen=True)
class Item:
    parts: tuple[Message, ...]  # the item itself first; then what it belongs to
    identity: tuple  # what says "the same one, but changed"
    source: str

    def text(self) -> str:
        return "".join(text_format.MessageToString(part, as_utf8=True) for part in self.parts)


def digest(parts: tuple[Message, ...]) -> bytes:
    whole = hashlib.sha256()
    for part in parts:
        encoded = part.SerializeToString(deterministic=True)
        whole.update(len(encoded).to_bytes(8))
        whole.update(encoded)
    return whole.digest()


@dataclass
class Side:
    counts: Counter = field(default_factory=Counter)
    examples: dict[bytes, Item] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        key = digest(item.parts)
        self.counts[key] += 1
        self.examples.setdefault(key, item)


def read_side(folder: Path, signal: Signal) -> Side:
    side = Side()
    for path, request in read_requests(folder, signal):
        for item in items_of(signal, request, path.name):
            side.add(item)
    return side


def items_of(signal: Signal, request: Message, source: str) -> Iterator[Item]:
    groups, scopes, items = {
        "traces": ("resource_spans", "scope_spans", "spans"),
        "metrics": ("resource_metrics", "scope_metrics", "metrics"),
        "logs": ("resource_logs", "scope_logs", "log_records"),
    }[signal.name]
    _sort_attributes(request)
    for of_resource in getattr(request, groups):
        resource = _without(of_resource, scopes)
        for of_scope in getattr(of_resource, scopes):
            scope = _without(of_scope, items)
            for item in getattr(of_scope, items):
                for parts, identity in _single_items(signal, item):
                    yield Item((*parts, scope, resource), identity, source)


def _single_items(signal: Signal, item: Message) -> Iterator[tuple[tuple[Message, ...], tuple]]:
    if signal.name == "traces":
        yield (item,), (item.trace_id, item.span_id)
    elif signal.name == "logs":
        yield (item,), (item.time_unix_nano, item.observed_time_unix_nano, item.span_id)
    else:
        kind = item.WhichOneof("data")
        if kind is None:
            return
        points = list(getattr(item, kind).data_points)
        metric = _without(item, kind)
        data = _without(getattr(item, kind), "data_points")
        for point in points:
            attributes = tuple(a.SerializeToString(deterministic=True) for a in point.attributes)
            yield (point, data, metric), (item.name, attributes, point.time_unix_nano)


def _without(message: Message, name: str) -> Message:
    """A copy with one field empty: what the items in that field have in common."""
    common = type(message)()
    common.CopyFrom(message)
    common.ClearField(name)
    return common


def _sort_attributes(message: Message) -> None:
    """Attributes are a set: sort every list of KeyValue by key, at any depth (protobuf bounds it to 100)."""
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None:
            continue
        if not descriptor.is_repeated:
            _sort_attributes(value)
            continue
        for inner in value:
            _sort_attributes(inner)
        if descriptor.message_type.name == "KeyValue":
            value.sort(key=lambda attribute: attribute.key)


@dataclass
class Verdict:
    lines: list[str]
    equal: bool


def compare(sent: Side, received: Side, allow_duplicates: bool, unacknowledged: Side | None = None) -> Verdict:
    if allow_duplicates:
        missing = Counter({k: 1 for k in sent.counts if k not in received.counts})
        known = set(sent.counts) | set(unacknowledged.counts if unacknowledged else ())
        unexpected = Counter({k: n for k, n in received.counts.items() if k not in known})
        surplus = sum(n - max(sent.counts[k], 1) for k, n in received.counts.items() if n > max(sent.counts[k], 1))
    else:
        missing, unexpected = sent.counts - received.counts, received.counts - sent.counts
        surplus = 0
    lines = [
        f"{sent.counts.total()} acknowledged, {received.counts.total()} received, {missing.total()} missing,"
        f" {unexpected.total()} unexpected" + (f", {surplus} duplicates" if allow_duplicates else "")
    ]
    lines += _differences(sent, received, missing, unexpected)
    return Verdict(lines, not missing and not unexpected)


def _differences(sent: Side, received: Side, missing: Counter, unexpected: Counter) -> Iterator[str]:
    by_identity = {received.examples[key].identity: received.examples[key] for key in unexpected}
    explained = set()
    for key in list(missing)[:DIFFERENCES_SHOWN]:
        item = sent.examples[key]
        changed = by_identity.get(item.identity)
        if changed is None:
            copies = received.counts[key]
            what = f"missing, only {copies} of {sent.counts[key]} arrived" if copies else "missing"
            yield f"  {what} (acknowledged in {item.source}):"
            yield from _indented(item.text().splitlines()[:LINES_SHOWN])
        else:
            explained.add(changed.identity)
            yield f"  changed (acknowledged in {item.source}, received in {changed.source}):"
            lines = difflib.unified_diff(item.text().splitlines(), changed.text().splitlines(), lineterm="", n=2)
            yield from _indented(list(lines)[2 : 2 + LINES_SHOWN])
    rest = [key for key in unexpected if received.examples[key].identity not in explained]
    for key in rest[: DIFFERENCES_SHOWN if not missing else 1]:
        item = received.examples[key]
        copies = sent.counts[key]
        what = f"arrived {received.counts[key]} times instead of {copies}" if copies else "never sent"
        yield f"  unexpected, {what} (received in {item.source}):"
        yield from _indented(item.text().splitlines()[:LINES_SHOWN])


def _indented(lines: list[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("acknowledged", type=Path)
    parser.add_argument("received", type=Path)
    parser.add_argument("--allow-duplicates", action="store_true")
    parser.add_argument("--unacknowledged", type=Path)
    parser.add_argument("--signals", default="traces,metrics,logs", help="which must be there (default: all)")
    parser.add_argument("--quiet", action="store_true", help="exit code only")
    given = parser.parse_args(arguments)
    wanted = given.signals.split(",")
    if unknown := set(wanted) - {s.name for s in SIGNALS}:
        parser.error(f"unknown signal: {', '.join(unknown)}")
    worst = 0
    for signal in (s for s in SIGNALS if s.name in wanted):
        try:
            sent, received = read_side(given.acknowledged, signal), read_side(given.received, signal)
            rest = read_side(given.unacknowledged, signal) if given.unacknowledged else None
        except (DecodeError, OSError) as error:
            lines, code = [f"not readable: {error}"], 2
        else:
            if sent.counts:
                verdict = compare(sent, received, given.allow_duplicates, rest)
                lines, code = verdict.lines, 0 if verdict.equal else 1
            else:
                lines, code = ["nothing was acknowledged: nothing to compare"], 2
        worst = max(worst, code)
        if not given.quiet:
            print(f"{'ok  ' if code == 0 else 'FAIL'} {signal.name}: " + "\n".join(lines))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
