#!/usr/bin/env python3
"""run.py <path to sidelight> [elasticsearch] [opensearch]

Documents in real engines: sent as OTLP, read back by search, with their types and dates, in every mapping mode; a node that
restarts in the middle; a mapping conflict; a full bulk queue. Needs tests/backends/install.sh elasticsearch opensearch. Exit
code: 0 all checks passed, 1 one failed, 64 wrong use.
"""

import concurrent.futures
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEPLOY = HERE.parent.parent.parent / "deploy" / "elasticsearch"
START_SECONDS = 120
failed = []


def check(what, ok, told=""):
    print(f"  {'ok' if ok else 'FAILED'}  {what}" + (f": {told}" if told and not ok else ""), flush=True)
    if not ok:
        failed.append(what)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(url, body=None, method=None, kind="application/json"):
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": kind}, method=method or ("POST" if data else "GET"))
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        error.msg += f": {error.read().decode()[:500]}"
        raise


def wait_for(what, seconds=START_SECONDS):
    """What a function gives once that is true; its last word else."""
    end = time.monotonic() + seconds
    while True:
        try:
            got = what()
        except (OSError, urllib.error.URLError) as error:
            got = None
            told = error
        else:
            told = got
        if got or time.monotonic() > end:
            return got if got else told
        time.sleep(0.1)


class Engine:
    """One node; its data stays while it is stopped."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.port, self.transport = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self, settings=""):
        upper = self.name.upper()
        env = os.environ | {
            "BACKENDS_DATA": str(self.folder),
            f"{upper}_PORT": str(self.port),
            f"{upper}_TRANSPORT_PORT": str(self.transport),
            f"{upper}_SETTINGS": settings,
        }
        log = open(self.folder / f"{self.name}.log", "ab")
        self.process = subprocess.Popen([HERE.parent / f"start-{self.name}.sh"], env=env, stdout=log, stderr=log)
        ready = wait_for(lambda: ask(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=5s").get("status") != "red")
        if ready is not True:
            print((self.folder / f"{self.name}.log").read_text(errors="replace")[-3000:])
            sys.exit(f"{self.name} does not start: {ready}")

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            self.process = None

    def templates(self):
        prefix = "opensearch-" if self.name == "opensearch" else ""
        for signal_name in ("logs", "traces", "metrics"):
            template = json.loads((DEPLOY / f"{prefix}{signal_name}-otel.json").read_text())
            if self.name == "elasticsearch":
                # This node is the server alone, without the plugin that brings these two types.
                for named in template["template"]["mappings"]["dynamic_templates"]:
                    for rule in named.values():
                        if rule["mapping"]["type"] in ("histogram", "aggregate_metric_double"):
                            rule["mapping"] = {"type": "object", "enabled": False}
            ask(f"{self.url}/_index_template/{signal_name}-otel", template, "PUT")
        ask(f"{self.url}/_index_template/dated", (DEPLOY / "dated-index.json").read_bytes(), "PUT")

    def count(self, index):
        ask(f"{self.url}/_refresh", b"", "POST")
        try:
            return ask(f"{self.url}/{index}/_count")["count"]
        except urllib.error.HTTPError:
            return 0

    def search(self, index, **query):
        ask(f"{self.url}/_refresh", b"", "POST")
        hits = ask(f"{self.url}/{index}/_search?size=100", query)["hits"]["hits"]
        return [hit["_source"] for hit in hits]

    def type_of(self, index, field):
        for mapped in ask(f"{self.url}/{index}/_mapping").values():
            at = {"properties": mapped["mappings"].get("properties", {})}
            for part in field.split("/"):
                at = at.get("properties", {}).get(part, {})
            return at.get("type")


class Sidelight:
    def __init__(self, program, folder, engine, settings, extra=""):
        self.port = free_port()
        self.config = folder / "pipeline.yaml"
        product = f"product: {engine.name}"
        self.config.write_text(
            f"receivers: {{otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{self.port}'}}}}}}}}\n"
            f"exporters:\n  elasticsearch:\n    endpoint: {engine.url}\n    {product}\n"
            + "".join(f"    {line}\n" for line in settings.splitlines())
            + extra
            + "service:\n  telemetry: {metrics: {level: none}}\n"
            + ("  extensions: [file_storage]\n" if extra else "")
            + "  pipelines:\n"
            + "".join(f"    {s}: {{receivers: [otlp], exporters: [elasticsearch]}}\n" for s in ("logs", "traces", "metrics"))
        )
        self.log = folder / "sidelight.log"
        self.program = program
        self.process = subprocess.Popen([program, "--config", self.config], stdout=open(self.log, "ab"), stderr=subprocess.STDOUT)
        wait_for(lambda: socket.create_connection(("127.0.0.1", self.port), 1), 30)

    def send(self, signal_name, request):
        data = json.dumps(request).encode()
        call = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/{signal_name}", data, {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(call, timeout=90) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def text(key, value):
    return {"key": key, "value": {"stringValue": value}}


def whole(key, value):
    return {"key": key, "value": {"intValue": str(value)}}


RESOURCE = {"attributes": [text("service.name", "shop"), text("host.name", "web1")]}


def logs(records):
    return {"resourceLogs": [{"resource": RESOURCE, "scopeLogs": [{"scope": {"name": "lib"}, "logRecords": records}]}]}


def record(now, body, *attributes, **more):
    return {"timeUnixNano": str(now), "severityText": "INFO", "severityNumber": 9, "body": body, "attributes": list(attributes)} | more


def modes(program, folder, engine):
    now = time.time_ns()
    cases = {
        # mode: index, where the text stands, where the number, and their types
        "none": ("logs-none-default", "Body", "Attributes.took"),
        "raw": ("logs-raw-default", "Body", "took"),
        "ecs": ("logs-ecs-default", "message", "took"),
        "otel": ("logs-otel.otel-default", "body/text", "attributes/took"),
    }
    # Data streams of the other modes need a template too, where the engine has none.
    ask(
        f"{engine.url}/_index_template/streams",
        {"index_patterns": ["logs-*-*", "traces-*-*", "metrics-*-*"], "priority": 100, "data_stream": {},
         "template": {"mappings": {"dynamic_templates": [
             {name: {"mapping": {"type": kind} | ({"enabled": False} if kind == "object" else {})}}
             for name, kind in (("double_metrics", "double"), ("histogram_metrics", "object"), ("summary_metrics", "object"))
         ] if engine.name == "elasticsearch" else []}}},
        "PUT",
    )
    for mode, (index, body, number) in cases.items():
        sidelight = Sidelight(program, folder, engine, f"mapping: {{mode: {mode}}}")
        status, told = sidelight.send(
            "logs",
            logs([record(now + n, {"stringValue": f"hello {n} \u00e9\u8017\u65f6"}, whole("took", n), text("data_stream.dataset", mode)) for n in range(3)]),
        )
        check(f"{mode}: three records are taken", status == 200 and "rejected" not in told, f"{status} {told}")
        found = engine.search(index, sort=[{"@timestamp": "asc"}])
        check(f"{mode}: they are found in {index}", len(found) == 3, f"{len(found)}")

        def member(document, path):
            for part in path.split("/"):
                document = (document or {}).get(part)
            return document

        texts = [member(document, body) for document in found]
        check(f"{mode}: texts are as they were", texts == [f"hello {n} \u00e9\u8017\u65f6" for n in range(3)], f"{texts}")
        numbers = [member(document, number) for document in found]
        check(f"{mode}: numbers are numbers", numbers == [0, 1, 2] and engine.type_of(index, number.replace(".", "/")) == "long",
              f"{numbers} {engine.type_of(index, number)}")
        kind = engine.type_of(index, "@timestamp")
        check(f"{mode}: the time is a date", kind in ("date", "date_nanos"), f"{kind}")
        millis = now // 1_000_000
        query = {"range": {"@timestamp": {"gte": millis - 1, "lte": millis + 1, "format": "epoch_millis"}}}
        check(f"{mode}: and found by its range", len(engine.search(index, query=query)) == 3)
        if mode in ("ecs", "otel"):
            span = {"traceId": "0102030405060708090a0b0c0d0e0f10", "spanId": "0102030405060708", "name": f"GET {mode}", "kind": 2,
                    "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 5_000_000), "status": {"code": 2},
                    "attributes": [text("data_stream.dataset", mode)],
                    "events": [{"timeUnixNano": str(now), "name": "exception", "attributes": [text("exception.type", "E")]}]}
            traces = {"resourceSpans": [{"resource": RESOURCE, "scopeSpans": [{"spans": [span]}]}]}
            status, told = sidelight.send("traces", traces)
            stream = f"traces-{mode}.otel-default" if mode == "otel" else "traces-ecs-default"
            events = "logs-generic.otel-default" if mode == "otel" else "logs-apm.error-default"
            there = (engine.count(stream), engine.count(events))
            check(f"{mode}: a span and its event are documents", status == 200 and there == (1, 1), f"{status} {told} {there}")
            points = [{"timeUnixNano": str(now), "asInt": "7", "attributes": [text("disk", "a")]}]
            metrics = [{"name": "reads", "unit": "1", "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": points}},
                       {"name": "size", "unit": "1", "histogram": {"aggregationTemporality": 1, "dataPoints": [
                           {"timeUnixNano": str(now), "count": "3", "sum": 4.0, "bucketCounts": ["1", "2"], "explicitBounds": [1.0],
                            "attributes": [text("disk", "a")]}]}}]
            status, told = sidelight.send("metrics", {"resourceMetrics": [{"resource": RESOURCE, "scopeMetrics": [{"metrics": metrics}]}]})
            stream = "metrics-generic.otel-default" if mode == "otel" else "metrics-generic-default"
            found = engine.search(stream)
            check(f"{mode}: the points of one series are one document", status == 200 and len(found) == 1, f"{status} {told} {len(found)}")
            if mode == "otel" and found:
                values = found[0].get("metrics", {})
                # A time series data stream makes its documents anew from what it indexed, names with their points.
                size = values.get("size") or {part: values.get(f"size.{part}") for part in ("counts", "values")}
                check("otel: with their values", values.get("reads") == 7 and size == {"counts": [1, 2], "values": [0.5, 1.0]}, f"{values}")
                if engine.name == "elasticsearch":
                    kind = engine.type_of(stream, "metrics/reads")
                    check("otel: mapped by the templates that they name", kind == "long", f"{kind}")
        sidelight.stop()
    sidelight = Sidelight(program, folder, engine, "mapping: {mode: bodymap}\nlogs_index: '%{service}-%{+YYYY.MM.dd}'")
    body = {"kvlistValue": {"values": [text("@timestamp", "2025-10-09T08:53:20.123Z"), text("message", "m"), whole("code", 5)]}}
    sidelight.send("logs", logs([record(1_760_000_000_123_000_000, body)]))
    found = engine.search("shop-2025.10.09")
    check("bodymap: the body is the document, in the index of its day", found == [{"@timestamp": "2025-10-09T08:53:20.123Z", "message": "m", "code": 5}], f"{found}")
    sidelight.stop()


def conflict(program, folder, engine):
    storage = f"extensions: {{file_storage: {{directory: {folder / 'queue'}}}}}\n"
    sidelight = Sidelight(program, folder, engine, "mapping: {mode: raw}\nlogs_index: conflict\nsending_queue: {storage: file_storage}", storage)
    now = time.time_ns()
    sidelight.send("logs", logs([record(now, {"stringValue": "first"}, whole("n", 1))]))
    wait_for(lambda: engine.count("conflict") == 1, 20)
    bad = [record(now, {"stringValue": "good"}, whole("n", 2)), record(now, {"stringValue": "bad"}, text("n", "no number"))]
    sidelight.send("logs", logs(bad))
    there = wait_for(lambda: engine.count("conflict") == 2, 20)
    check("a mapping conflict: what has none is there", there is True, f"{engine.count('conflict')}")

    def letters():
        listed = subprocess.run([program, "dlq", "ls", "--config", sidelight.config], capture_output=True, text=True)
        return listed.stdout + listed.stderr

    told = wait_for(lambda: letters() if "HTTP 400" in letters() else None, 20)
    check("and what has one is a dead letter with the engine's reason", isinstance(told, str) and "pars" in told, f"{letters()}")
    sidelight.stop()


def send_until_taken(sidelight, now, n):
    """Twenty records; a sender repeats what was not taken, as SDKs do."""
    records = [record(now + n * 100 + k, {"stringValue": f"r{n}-{k}"}) for k in range(20)]
    for _ in range(100):
        status, _ = sidelight.send("logs", logs(records))
        if status == 200:
            return True
        time.sleep(0.5)
    return False


def restart(program, folder, engine):
    sidelight = Sidelight(program, folder, engine, "mapping: {mode: raw}\nlogs_index: restart\ndocument_id: hash\nretry: {initial_interval: 100ms, max_interval: 500ms}")
    now = time.time_ns()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send_until_taken, sidelight, now, n) for n in range(150)]
        time.sleep(0.2)
        engine.stop()
        time.sleep(1)
        engine.start()
        taken = sum(20 for one in sent if one.result())
    sidelight.stop()
    count = engine.count("restart")
    check("a node that restarts in the middle: each record is there once", taken == count == 3000, f"{taken} taken, {count} there")


def full(program, folder, engine):
    """A bulk queue of one request, and the index under many: the engine answers 429, for requests or for documents."""
    engine.stop()
    engine.start("thread_pool.write.size=1 thread_pool.write.queue_size=1")
    sidelight = Sidelight(program, folder, engine, "mapping: {mode: raw}\nlogs_index: full\ndocument_id: hash\nsending_queue: {num_consumers: 50, batch: {min_size: 1, max_size: 20}}\nretry: {max_interval: 500ms}")
    now = time.time_ns()

    with concurrent.futures.ThreadPoolExecutor(60) as pool:
        taken = 20 * sum(pool.map(lambda n: send_until_taken(sidelight, now, n), range(300)))
    sidelight.stop()
    stats = ask(f"{engine.url}/_nodes/stats/thread_pool")
    refused = sum(node["thread_pool"]["write"]["rejected"] for node in stats["nodes"].values())
    count = engine.count("full")
    check("a full bulk queue: each record is there once", taken == count == 6000, f"{taken} taken, {count} there")
    print(f"      the engine refused {refused} times")
    check("and the queue was full indeed", refused > 0)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program = os.path.abspath(sys.argv[1])
    for name in sys.argv[2:] or ["elasticsearch", "opensearch"]:
        print(f"{name}:", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            engine = Engine(name, Path(folder))
            try:
                engine.start()
                engine.templates()
                for scenario in (modes, conflict, restart, full):
                    scenario(program, Path(folder), engine)
            finally:
                engine.stop()
    print("all checks passed" if not failed else f"{len(failed)} checks failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
