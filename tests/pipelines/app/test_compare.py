"""Tests of compare.py and of the request folder: `python test_compare.py`. Ends with a line `N passed, M failed`."""

import copy
import io
import sys
import tempfile
import traceback
from contextlib import redirect_stdout
from pathlib import Path

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

import compare
from otlp_requests import SIGNALS, RequestFolder

TRACES, METRICS, LOGS = SIGNALS


def attribute(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def traces(*names: str, service: str = "app", scope: str = "tests"):
    request = TRACES.request()
    group = request.resource_spans.add()
    group.resource.attributes.append(attribute("service.name", service))
    spans = group.scope_spans.add()
    spans.scope.name = scope
    for number, name in enumerate(names, 1):
        span = spans.spans.add(name=name, trace_id=bytes(16), span_id=number.to_bytes(8), start_time_unix_nano=number)
        span.attributes.extend([attribute("a", "1"), attribute("b", "2")])
        span.events.add(name="first")
        span.events.add(name="second")
    return request


def first_span(request):
    return request.resource_spans[0].scope_spans[0].spans[0]


def metrics(*values: float):
    request = METRICS.request()
    group = request.resource_metrics.add()
    metric = group.scope_metrics.add().metrics.add(name="orders", unit="{order}")
    metric.sum.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    for number, value in enumerate(values, 1):
        metric.sum.data_points.add(time_unix_nano=number, as_double=value)
    return request


def first_metric(request):
    return request.resource_metrics[0].scope_metrics[0].metrics[0]


def logs(*bodies: str):
    request = LOGS.request()
    scope_logs = request.resource_logs.add().scope_logs.add()
    for number, body in enumerate(bodies, 1):
        record = scope_logs.log_records.add(time_unix_nano=number)
        record.body.string_value = body
    return request


def outcome(sent, received, *options, unacknowledged=None, signals="traces") -> tuple[int, str]:
    """Exit code and output of compare.py for requests of one signal given as messages."""
    signal = next(s for s in SIGNALS if s.name == signals)
    with tempfile.TemporaryDirectory() as base:
        folders = {"sent": sent, "received": received, "unacknowledged": unacknowledged or []}
        for name, requests in folders.items():
            folder = RequestFolder(Path(base) / name)
            for request in requests:
                folder.add(signal, request.SerializeToString())
        arguments = [f"{base}/sent", f"{base}/received", "--signals", signals, *options]
        if unacknowledged is not None:
            arguments += ["--unacknowledged", f"{base}/unacknowledged"]
        output = io.StringIO()
        with redirect_stdout(output):
            code = compare.main(arguments)
        return code, output.getvalue()


def edited(request, edit):
    changed = copy.deepcopy(request)
    edit(changed)
    return changed


def test_equal_requests_are_equal():
    for name, request in (("traces", traces("a", "b")), ("metrics", metrics(1, 2)), ("logs", logs("x", "y"))):
        assert outcome([request], [request], signals=name)[0] == 0, name


def test_batching_and_order_do_not_matter():
    both, one, two = traces("a", "b"), traces("a"), traces("a", "b")
    del two.resource_spans[0].scope_spans[0].spans[0]
    assert outcome([both], [two, one])[0] == 0
    reversed_items = edited(both, lambda r: r.resource_spans[0].scope_spans[0].spans.reverse())
    assert outcome([both], [reversed_items])[0] == 0


def test_order_of_attributes_does_not_matter_at_any_depth():
    def nested(*keys):
        request = traces("a")
        inner = first_span(request).attributes.add(key="map").value.kvlist_value
        inner.values.extend(attribute(key, "v") for key in keys)
        return request

    assert outcome([traces("a")], [edited(traces("a"), lambda r: first_span(r).attributes.reverse())])[0] == 0
    assert outcome([nested("x", "y")], [nested("y", "x")])[0] == 0
    assert outcome([nested("x", "y")], [nested("x", "z")])[0] == 1


def test_a_lost_item_is_missing():
    code, text = outcome([traces("a", "b")], [traces("a")])
    assert code == 1 and "1 missing, 0 unexpected" in text and 'name: "b"' in text, text


def test_a_lost_request_is_missing_with_duplicates_allowed_too():
    code, text = outcome([logs("x"), logs("y")], [logs("x"), logs("x")], "--allow-duplicates", signals="logs")
    assert code == 1 and "1 missing" in text, text


def test_a_duplicate_is_an_error_unless_allowed():
    code, text = outcome([traces("a")], [traces("a"), traces("a")])
    assert code == 1 and "0 missing, 1 unexpected" in text and "arrived 2 times instead of 1" in text, text
    code, text = outcome([traces("a")], [traces("a"), traces("a")], "--allow-duplicates")
    assert code == 0 and "1 duplicates" in text, text


def test_an_item_sent_twice_must_arrive_twice():
    code, text = outcome([logs("x"), logs("x")], [logs("x")], signals="logs")
    assert code == 1 and "only 1 of 2 arrived" in text, text


def test_what_was_never_sent_is_an_error_even_with_duplicates_allowed():
    assert outcome([traces("a")], [traces("a", "b")], "--allow-duplicates")[0] == 1


def test_unacknowledged_items_may_arrive_or_not():
    extra = traces("other")
    for received in ([traces("a")], [traces("a"), extra], [traces("a"), extra, extra]):
        assert outcome([traces("a")], received, "--allow-duplicates", unacknowledged=[extra])[0] == 0
    assert outcome([traces("a")], [extra], "--allow-duplicates", unacknowledged=[extra])[0] == 1


def test_every_change_of_a_span_is_seen():
    def of_group(edit):
        return lambda r: edit(r.resource_spans[0])

    def of_span(edit):
        return lambda r: edit(first_span(r))

    edits = {
        "name": of_span(lambda s: setattr(s, "name", "z")),
        "span id": of_span(lambda s: setattr(s, "span_id", b"12345678")),
        "parent": of_span(lambda s: setattr(s, "parent_span_id", b"12345678")),
        "flags": of_span(lambda s: setattr(s, "flags", 1)),
        "kind": of_span(lambda s: setattr(s, "kind", 2)),
        "end": of_span(lambda s: setattr(s, "end_time_unix_nano", 9)),
        "status": of_span(lambda s: setattr(s.status, "code", 2)),
        "trace state": of_span(lambda s: setattr(s, "trace_state", "k=v")),
        "attribute value": of_span(lambda s: setattr(s.attributes[0].value, "string_value", "9")),
        "attribute type": of_span(lambda s: setattr(s.attributes[0].value, "int_value", 1)),
        "attribute gone": of_span(lambda s: s.attributes.pop()),
        "attribute twice": of_span(lambda s: s.attributes.append(s.attributes[0])),
        "event order": of_span(lambda s: s.events.reverse()),
        "event gone": of_span(lambda s: s.events.pop()),
        "link": of_span(lambda s: s.links.add(span_id=b"12345678")),
        "dropped count": of_span(lambda s: setattr(s, "dropped_events_count", 1)),
        "unknown field": of_span(lambda s: s.MergeFromString(b"\xa2\x06\x01x")),
        "resource": of_group(lambda g: g.resource.attributes.append(attribute("host.name", "h"))),
        "resource schema": of_group(lambda g: setattr(g, "schema_url", "u")),
        "scope name": of_group(lambda g: setattr(g.scope_spans[0].scope, "name", "z")),
        "scope version": of_group(lambda g: setattr(g.scope_spans[0].scope, "version", "2")),
        "scope schema": of_group(lambda g: setattr(g.scope_spans[0], "schema_url", "u")),
    }
    for name, edit in edits.items():
        for options in ((), ("--allow-duplicates",)):
            code, text = outcome([traces("a")], [edited(traces("a"), edit)], *options)
            assert code == 1 and "1 missing, 1 unexpected" in text, (name, options, text)


def test_every_change_of_a_data_point_is_seen():
    def of_metric(edit):
        return lambda r: edit(first_metric(r))

    def of_point(edit):
        return lambda r: edit(first_metric(r).sum.data_points[0])

    edits = {
        "name": of_metric(lambda m: setattr(m, "name", "z")),
        "unit": of_metric(lambda m: setattr(m, "unit", "s")),
        "description": of_metric(lambda m: setattr(m, "description", "d")),
        "metadata": of_metric(lambda m: m.metadata.append(attribute("k", "v"))),
        "temporality": of_metric(lambda m: setattr(m.sum, "aggregation_temporality", 1)),
        "monotonic": of_metric(lambda m: setattr(m.sum, "is_monotonic", True)),
        "type": of_metric(lambda m: m.gauge.data_points.add(time_unix_nano=1, as_double=1.0)),
        "value": of_point(lambda p: setattr(p, "as_double", 2.0)),
        "value type": of_point(lambda p: setattr(p, "as_int", 1)),
        "time": of_point(lambda p: setattr(p, "time_unix_nano", 9)),
        "start": of_point(lambda p: setattr(p, "start_time_unix_nano", 9)),
        "flags": of_point(lambda p: setattr(p, "flags", 1)),
        "exemplar": of_point(lambda p: p.exemplars.add(as_double=1)),
    }
    for name, edit in edits.items():
        code, text = outcome([metrics(1.0)], [edited(metrics(1.0), edit)], signals="metrics")
        assert code == 1 and "1 missing, 1 unexpected" in text, (name, text)


def test_one_lost_data_point_of_a_metric_is_missing():
    code, text = outcome([metrics(1, 2, 3)], [metrics(1, 2)], signals="metrics")
    assert code == 1 and "3 acknowledged, 2 received, 1 missing" in text, text


def test_a_changed_item_is_shown_as_a_difference():
    changed = edited(
        logs("old"), lambda r: setattr(r.resource_logs[0].scope_logs[0].log_records[0], "severity_text", "W")
    )
    code, text = outcome([logs("old")], [changed], signals="logs")
    assert code == 1 and "changed (" in text and '+severity_text: "W"' in text, text


def test_nothing_sent_is_not_a_success():
    assert outcome([], [])[0] == 2
    assert outcome([TRACES.request()], [TRACES.request()])[0] == 2


def test_a_file_that_is_no_request_is_reported():
    with tempfile.TemporaryDirectory() as base:
        for side in ("sent", "received"):
            RequestFolder(Path(base) / side).add(TRACES, traces("a").SerializeToString())
        (Path(base) / "received" / "traces" / "00000002.pb").write_bytes(b"\x0a\xff")
        with redirect_stdout(io.StringIO()):
            assert compare.main([f"{base}/sent", f"{base}/received", "--signals", "traces"]) == 2


def test_a_reopened_folder_continues_its_numbers():
    with tempfile.TemporaryDirectory() as base:
        for _ in range(2):
            RequestFolder(Path(base)).add(LOGS, logs("x").SerializeToString())
        assert RequestFolder(Path(base)).counts() == {"traces": 0, "metrics": 0, "logs": 2}


def main() -> int:
    failed = 0
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    for name, test in tests:
        try:
            test()
        except Exception:
            failed += 1
            print(f"FAILED {name}")
            traceback.print_exc(file=sys.stdout)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
