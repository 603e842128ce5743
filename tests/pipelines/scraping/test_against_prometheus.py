#!/usr/bin/env python3
"""Frozen pages, scraped by a real Prometheus and by Sidelight with the same settings: the same series come out.

test_against_prometheus.py SIDELIGHT
"""

import http.server
import json
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import otlp

HERE = Path(__file__).resolve().parent
PAGES = HERE / "pages"
BACKENDS = Path(os.environ.get("SIDELIGHT_BACKENDS_DIR") or Path.home() / ".cache" / "backends") / "bin"
PATIENCE = 60
TYPES = {
    ".txt": "text/plain; version=0.0.4; charset=utf-8",
    ".om": "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ".pb": "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
}
# What a scrape says about itself, and is the same every time.
REPORTED = ("up", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling")
# Their values are those of the scrape, not of the page.
OF_THE_SCRAPE = ("scrape_duration_seconds", "scrape_series_added")


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        page = PAGES / self.path.split("?")[0].strip("/")
        body = page.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", TYPES[page.suffix])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


def jobs(port: int) -> list[dict]:
    """A job for every page, and two that relabel."""
    def job(name: str, page: str, **more) -> dict:
        return {"job_name": name, "metrics_path": f"/{page}",
                "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": {"zone": "a"}}]} | more

    every = [job(page.stem, page.name) for page in sorted(PAGES.iterdir())]
    for one in every:
        if one["job_name"] == "prometheus":
            one |= {"scrape_native_histograms": True, "always_scrape_classic_histograms": True}
    relabelled = job("relabelled", "node.txt", metric_relabel_configs=[
        {"source_labels": ["__name__"], "regex": "node_(cpu|disk)_.*", "action": "keep"},
        {"source_labels": ["cpu", "mode"], "separator": "/", "target_label": "which", "regex": "(.+)/(.+)",
         "replacement": "$2-$1"},
        {"source_labels": ["__name__"], "regex": "node_disk_(.*)", "target_label": "__name__", "replacement": "disk_$1"},
        {"regex": "cpu", "action": "labeldrop"},
        {"source_labels": ["mode"], "target_label": "shard", "modulus": 4, "action": "hashmod"},
        {"regex": "dev(.*)", "replacement": "the_$1", "action": "labelmap"}])
    honored = job("honored", "redis.txt", honor_labels=True, params={"module": ["x"]}, relabel_configs=[
        {"source_labels": ["__param_module"], "target_label": "module"},
        {"source_labels": ["__address__"], "regex": "(.*):.*", "target_label": "instance", "replacement": "${1}:1"}])
    return every + [relabelled, honored]


def free_port() -> int:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        return server.server_port


def asked(port: int, path: str, **parameters) -> dict:
    url = f"http://127.0.0.1:{port}{path}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)["data"]


def until(what: str, condition):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"{what}: not within {PATIENCE} s")


def prometheus_series(port: int, job: str) -> tuple[dict, dict]:
    values, native = {}, {}
    for result in asked(port, "/api/v1/query", query=f'{{job="{job}"}}')["result"]:
        labels = dict(result["metric"])
        name = labels.pop("__name__")
        for own in ("job", "instance"):
            labels.pop(own, None)
        for bound in ("le", "quantile"):
            if bound in labels and re.fullmatch(r"[-+.0-9eEInf]+", labels[bound]):
                labels[bound] = repr(float(labels[bound]))
        key = (name, tuple(sorted(labels.items())))
        if "histogram" in result:
            native[key] = result["histogram"][1]
        else:
            values[key] = float(result["value"][1])
    return values, native


def same(a: float, b: float) -> bool:
    return a == b or math.isnan(a) and math.isnan(b)


def as_otlp_has_it(job: str, values: dict) -> dict:
    """Where the two differ on purpose."""
    out = {}
    for (name, labels), value in values.items():
        if name in OF_THE_SCRAPE:
            continue
        # A start time is a field of its point there.
        if job == "openmetrics" and name.endswith("_created"):
            continue
        # Bounds of a gauge histogram stay what the page has.
        if name == "depth_bucket":
            labels = tuple((key, {"1.0": "1.0", "inf": "+Inf"}[text] if key == "le" else text) for key, text in labels)
        out[name, labels] = value
    return out


def compare_values(job: str, theirs: dict, ours: dict) -> list[str]:
    wrong = [f"{job}: missing {key}" for key in theirs.keys() - ours.keys()]
    wrong += [f"{job}: too much {key}" for key in ours.keys() - theirs.keys()]
    wrong += [f"{job}: {key} is {ours[key]}, not {theirs[key]}"
              for key in theirs.keys() & ours.keys() if not same(theirs[key], ours[key])]
    return wrong


def base_of(scale: int) -> float:
    return 2.0 ** (2.0 ** -scale)


def compare_native(job: str, theirs: dict, ours: dict) -> list[str]:
    wrong = [f"{job}: native {key}" for key in theirs.keys() ^ ours.keys()]
    for key in theirs.keys() & ours.keys():
        expected, point = theirs[key], ours[key]
        if float(expected["count"]) != float(point["count"]) or float(expected["sum"]) != float(point.get("sum", 0)):
            wrong.append(f"{job}: {key} has another count or sum")
        base = base_of(int(point.get("scale", 0)))
        positive = point.get("positive", {})
        offset = int(positive.get("offset", 0))
        found = {}
        for number, count in enumerate(positive.get("bucketCounts", [])):
            if int(count):
                found[round(math.log(base ** (offset + number + 1), 2) * 1000)] = float(count)
        wanted = {}
        for _, low, high, count in expected.get("buckets", []):
            if float(low) >= 0 and float(high) > float(point.get("zeroThreshold", 0)):
                wanted[round(math.log(float(high), 2) * 1000)] = float(count)
        if found != wanted:
            wrong.append(f"{job}: {key} has other buckets: {found}, not {wanted}")
    return wrong


def compare_types(job: str, metadata: list[dict], series: otlp.Series) -> list[str]:
    """Every metric of OTLP whose name Prometheus has metadata for says the same."""
    known = {entry["metric"]: entry for entry in metadata}
    wrong = []
    for name, (kind, help_text, _) in series.types.items():
        entry = known.get(name) or known.get(re.sub("_(total|info|bucket|gcount|gsum)$", "", name))
        if entry is None:
            if kind != "unknown" and name not in REPORTED + OF_THE_SCRAPE:
                wrong.append(f"{job}: {name} is {kind}, but Prometheus knows nothing of it")
            continue
        if kind != entry["type"] or help_text != entry["help"][:4096]:
            wrong.append(f"{job}: {name} is {kind} {help_text!r}, not {entry['type']} {entry['help']!r}")
    return wrong


def compare_job(port: int, job: str, scraped: dict) -> tuple[list[str], int]:
    series = otlp.Series(scraped)
    theirs, native = prometheus_series(port, job)
    theirs = as_otlp_has_it(job, theirs)
    ours = {key: value for key, value in series.values.items() if key[0] not in OF_THE_SCRAPE}
    # A label of the target that is no label of the sample in OTLP but of its resource: both have it here.
    wrong = compare_values(job, theirs, ours) + compare_native(job, native, series.native)
    metadata = asked(port, "/api/v1/targets/metadata", match_target=f'{{job="{job}"}}')
    if job != "relabelled":
        wrong += compare_types(job, metadata, series)
    if job == "openmetrics":
        start = series.starts["orders_total", (("side", "buy"), ("symbol", "600519"), ("zone", "a"))]
        if start != 1520872607123000000 or series.exemplars != 2:
            wrong.append(f"{job}: the start is {start}, exemplars are {series.exemplars}")
    return wrong, len(theirs) + len(native)


def main() -> None:
    sidelight = Path(sys.argv[1]).resolve()
    if not (BACKENDS / "prometheus").exists():
        raise SystemExit("missing prometheus: run tests/backends/install.sh prometheus")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    scraping = {"global": {"scrape_interval": "1s"}, "scrape_configs": jobs(server.server_port)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "prometheus.yml").write_text(json.dumps(scraping))
        output = folder / "out.json"
        pipeline = {"receivers": {"prometheus": {"config": scraping}}, "exporters": {"file": {"path": str(output)}},
                    "service": {"pipelines": {"metrics": {"receivers": ["prometheus"], "exporters": ["file"]}},
                                "telemetry": {"metrics": {"level": "none"}}}}
        (folder / "pipeline.yaml").write_text(json.dumps(pipeline, indent=1))
        port = free_port()
        programs = []
        try:
            for command in ([BACKENDS / "prometheus", f"--config.file={folder}/prometheus.yml",
                             f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address=127.0.0.1:{port}"],
                            [sidelight, "--config", folder / "pipeline.yaml"]):
                log = (folder / f"{Path(command[0]).name}.log").open("w")
                programs.append(subprocess.Popen(command, stdout=log, stderr=log))
            names = [job["job_name"] for job in scraping["scrape_configs"]]
            until("Prometheus", lambda: len(asked(port, "/api/v1/query", query="up == 1")["result"]) == len(names))
            scraped = until("Sidelight", lambda: (found := otlp.latest(output)).keys() >= set(names) and found)
            failed = 0
            for job in names:
                wrong, count = compare_job(port, job, scraped[job])
                print(f"{job:12} {count:5} series: {'the same' if not wrong else f'{len(wrong)} differences'}")
                print("".join(f"    {line}\n" for line in wrong[:20]), end="")
                failed += len(wrong)
            if failed:
                print((folder / "sidelight.log").read_text()[-3000:])
        finally:
            for program in programs:
                program.send_signal(signal.SIGTERM)
            for program in programs:
                program.wait(30)
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
