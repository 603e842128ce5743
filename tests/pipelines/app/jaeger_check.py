"""Are the application's traces readable in Jaeger as they were sent?

    jaeger_check.py --jaeger http://127.0.0.1:16686 --sent acknowledged/ [--service trading-app] [--seconds 30]

Reads traces back from Jaeger's HTTP API and compares them with the recorded export requests: every span of a trace is
there, with its name, kind, parent, times, status, attributes, events, scope and resource; the search by service
finds them; and at least one trace has an HTTP server span with database spans below it. Jaeger counts in microseconds
and shows attributes as tags, so that is how they are compared. What is not there yet is asked for again for that many
seconds. With --allow-duplicates a span may be there several times. Exit code 0 when all is well, else 1.

Without --sent only the last two are checked: the service is known, and one of its traces has such a server span.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from pathlib import Path

from otlp_requests import SIGNALS, read_requests

KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
STATUS = {1: "OK", 2: "ERROR"}


class Mismatch(Exception):
    """What Jaeger answers is not, or not yet, what was sent."""


def get(url: str):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        raise Mismatch(f"{url}: HTTP {error.code}") from error
    except OSError as error:
        raise Mismatch(f"{url}: {error}") from error


# === what was sent, in Jaeger's terms


def as_tag(value):
    match value.WhichOneof("value"):
        case None:
            return ""
        case "array_value":
            return [as_tag(v) for v in value.array_value.values]
        case "kvlist_value":
            return {kv.key: as_tag(kv.value) for kv in value.kvlist_value.values}
        case kind:
            return getattr(value, kind)


def tags_of(attributes) -> dict:
    return {a.key: as_tag(a.value) for a in attributes}


def sent_traces(folder: Path, service: str) -> dict[str, dict[str, dict]]:
    """trace id → span id → the span as Jaeger should show it."""
    traces = defaultdict(dict)
    for _, request in read_requests(folder, SIGNALS[0]):
        for group in request.resource_spans:
            resource = tags_of(group.resource.attributes)
            if resource.get("service.name") != service:
                continue
            for spans in group.scope_spans:
                for span in spans.spans:
                    traces[span.trace_id.hex()][span.span_id.hex()] = expected(span, spans.scope, resource)
    return traces


def expected(span, scope, resource: dict) -> dict:
    tags = tags_of(span.attributes) | {"span.kind": KINDS[span.kind]}
    if scope.name:
        tags |= {"otel.scope.name": scope.name}
    if scope.version:
        tags |= {"otel.scope.version": scope.version}
    if span.status.code:
        tags |= {"otel.status_code": STATUS[span.status.code]}
    if span.status.message:
        tags |= {"otel.status_description": span.status.message}
    start = span.start_time_unix_nano
    return {
        "name": span.name,
        "parent": span.parent_span_id.hex(),
        "start µs": start // 1000,
        "duration µs": (span.end_time_unix_nano - start) // 1000,
        "tags": tags,
        "events": [(e.time_unix_nano // 1000, {"event": e.name} | tags_of(e.attributes)) for e in span.events],
        "service": resource["service.name"],
        "resource": {k: v for k, v in resource.items() if k != "service.name"},
    }


# === what Jaeger shows


def from_jaeger_tags(tags) -> dict:
    return {t["key"]: t["value"] for t in tags}


def shown(span: dict, processes: dict) -> dict:
    process = processes[span["processID"]]
    parents = [
        r["spanID"] for r in span["references"] if r["refType"] == "CHILD_OF" and r["traceID"] == span["traceID"]
    ]
    return {
        "name": span["operationName"],
        "parent": parents[0] if parents else "",
        "start µs": span["startTime"],
        "duration µs": span["duration"],
        "tags": from_jaeger_tags(span["tags"]),
        "events": [(log["timestamp"], from_jaeger_tags(log["fields"])) for log in span["logs"]],
        "service": process["serviceName"],
        "resource": from_jaeger_tags(process["tags"]),
    }


def same_value(sent, read) -> bool:
    if isinstance(sent, (list, dict)):
        return sent == (json.loads(read) if isinstance(read, str) else read)
    return sent == read and isinstance(sent, bool) == isinstance(read, bool)


def tags_differ(sent: dict, read: dict) -> str | None:
    """Jaeger adds tags of its own (`error`, `otel.scope.…`): all that was sent must be there, more may be."""
    for key, value in sent.items():
        if key not in read:
            return f"`{key}` is gone"
        if not same_value(value, read[key]):
            return f"`{key}` is {read[key]!r} instead of {value!r}"
    return None


def difference(sent: dict, read: dict) -> str | None:
    for key in ("name", "parent", "start µs", "duration µs", "service"):
        if sent[key] != read[key]:
            return f"{key} is {read[key]!r} instead of {sent[key]!r}"
    for key in ("tags", "resource"):
        if problem := tags_differ(sent[key], read[key]):
            return f"{key}: {problem}"
    if extra := set(read["resource"]) - set(sent["resource"]):
        return f"resource has {extra} more than was sent"
    if len(sent["events"]) != len(read["events"]):
        return f"{len(read['events'])} events instead of {len(sent['events'])}"
    for (sent_at, sent_tags), (read_at, read_tags) in zip(sent["events"], read["events"]):
        if sent_at != read_at or tags_differ(sent_tags, read_tags):
            return f"event at {sent_at}: {tags_differ(sent_tags, read_tags) or f'is at {read_at}'}"
    return None


def read_trace(jaeger: str, trace_id: str) -> list[tuple[str, dict]]:
    data = get(f"{jaeger}/api/traces/{trace_id}")
    if len(data) != 1:
        raise Mismatch(f"trace {trace_id}: {len(data)} results")
    return [(span["spanID"], shown(span, data[0]["processes"])) for span in data[0]["spans"]]


# === the checks


def check_trace(jaeger: str, trace_id: str, sent: dict[str, dict], allow_duplicates: bool) -> None:
    read = read_trace(jaeger, trace_id)
    if missing := set(sent) - {span_id for span_id, _ in read}:
        raise Mismatch(f"trace {trace_id}: {len(missing)} of {len(sent)} spans missing")
    if len(read) != len(sent) and not allow_duplicates:
        raise Mismatch(f"trace {trace_id}: {len(read)} spans instead of {len(sent)}")
    for span_id, span in read:
        if span_id in sent and (problem := difference(sent[span_id], span)):
            raise Mismatch(f"trace {trace_id}, span {span_id} `{span['name']}`: {problem}")


def server_span_with_database_spans(spans: dict[str, dict]) -> tuple[str, int] | None:
    """The name of an HTTP server span, and how many database spans are somewhere below it."""

    def is_below(span: dict, ancestor: str) -> bool:
        seen = 0
        while span is not None and seen <= len(spans):  # bounded: parents read from elsewhere could form a ring
            if span["parent"] == ancestor:
                return True
            span, seen = spans.get(span["parent"]), seen + 1
        return False

    for span_id, span in spans.items():
        tags = span["tags"]
        if tags.get("span.kind") != "server" or not tags.keys() & {"http.request.method", "http.method"}:
            continue
        below = [
            s
            for s in spans.values()
            if s["tags"].keys() & {"db.system.name", "db.system"}
            and s["tags"].get("span.kind") == "client"
            and is_below(s, span_id)
        ]
        if below:
            return span["name"], len(below)
    return None


def check_all(jaeger: str, service: str, sent: dict[str, dict[str, dict]] | None, allow_duplicates: bool) -> str:
    if service not in (get(f"{jaeger}/api/services") or []):
        raise Mismatch(f"service {service} is not known")
    found = get(f"{jaeger}/api/traces?service={service}&limit=1500&lookback=1h")
    found_ids = {trace["traceID"] for trace in found}
    for trace_id, spans in (sent or {}).items():
        check_trace(jaeger, trace_id, spans, allow_duplicates)
    if sent and not found_ids & set(sent):
        raise Mismatch(f"the search by service {service} finds none of the traces")
    best = ("", 0)
    for trace_id in found_ids if sent is None else sent:
        spans = dict(read_trace(jaeger, trace_id)) if sent is None else sent[trace_id]
        best = max(best, server_span_with_database_spans(spans) or best, key=lambda found: found[1])
    if not best[1]:
        raise Mismatch("no trace has an HTTP server span with database spans below it")
    count = f"{len(sent)} traces, {sum(map(len, sent.values()))} spans as sent" if sent else f"{len(found_ids)} traces"
    return f"{count}; `{best[0]}` has {best[1]} database spans below it"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jaeger", required=True)
    parser.add_argument("--sent", type=Path)
    parser.add_argument("--service", default="trading-app")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--allow-duplicates", action="store_true")
    given = parser.parse_args(arguments)
    sent = None
    if given.sent and not (sent := sent_traces(given.sent, given.service)):
        print(f"FAIL jaeger: no trace of {given.service} in {given.sent}")
        return 1
    end = time.monotonic() + given.seconds
    while True:
        try:
            print(f"ok   jaeger: {check_all(given.jaeger, given.service, sent, given.allow_duplicates)}")
            return 0
        except Mismatch as problem:
            if time.monotonic() >= end:
                print(f"FAIL jaeger: {problem}")
                return 1
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
