#!/usr/bin/env python3
"""test.py <path to sidelight> [records] [seed]

Writes a log while Sidelight reads it, with a rotation in the middle, and compares the last totals with those of totals.py. Exit code: 0
the same, 1 not.
"""

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from totals import totals

HERE = Path(__file__).resolve().parent


def last_totals(path, ranking):
    """The figures of the last request in the file, in the form of totals.py; the types of errors by count are put into `ranking`."""
    found = {"counts": {}, "errors by type": [], "orders": {}, "quantity": {}}
    request = json.loads(path.read_text().strip().split("\n")[-1])
    for metric in (m for r in request["resourceMetrics"] for s in r["scopeMetrics"] for m in s["metrics"]):
        points = next(metric[kind] for kind in ("sum", "gauge", "histogram") if kind in metric)["dataPoints"]
        value = lambda point: point.get("asDouble", int(point.get("asInt", 0)))
        labels = lambda point: {a["key"]: a["value"]["stringValue"] for a in point.get("attributes", [])}
        match metric["name"]:
            case "app.analysis.duration":
                point = points[0]
                found["durations"] = {"count": int(point["count"]), "sum": point["sum"], "min": point["min"], "max": point["max"],
                                      "buckets": [int(count) for count in point["bucketCounts"]]}
            case "app.cache.hit_ratio":
                found["hit_ratio"] = value(points[0])
            case "app.errors":
                found["errors by type"] = sorted((value(point) for point in points), reverse=True)
                ranking[:] = sorted(((value(point), labels(point)["error.type"]) for point in points), reverse=True)
            case "orders":
                found["orders"] = {" ".join(labels(point)[key] for key in ("side", "status", "symbol")): value(point) for point in points}
            case "orders.quantity":
                found["quantity"] = {labels(point)["symbol"]: value(point) for point in points}
            case "risk.exposure":
                found["exposure"] = value(points[0])
            case name:
                found["counts"][name] = value(points[0])
    return found


def same(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return math.isclose(a, b, rel_tol=1e-12)


def records_seen(path):
    if not path.exists() or not path.read_text().strip():
        return 0
    try:
        return last_totals(path, [])["counts"].get("app.log.records", 0)
    except (json.JSONDecodeError, KeyError):
        return 0


def main():
    program = sys.argv[1]
    records, seed = (sys.argv[2:] + ["20000", "1"][len(sys.argv) - 2:])[:2]
    text = subprocess.run([sys.executable, HERE / "make_log.py", records, seed], capture_output=True, check=True).stdout.decode()
    expected = totals(text)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        log, out = folder / "app.log", folder / "metrics.jsonl"
        env = os.environ | {"LOG": f"{folder}/app.log", "OUT": str(out), "STATE_DIRECTORY": str(folder / "state"), "INTERVAL": "300ms",
                            "PROMETHEUS": "127.0.0.1:0"}
        with open(folder / "sidelight.log", "wb") as own:
            sidelight = subprocess.Popen([program, "--config", HERE / "pipeline.yaml"], env=env, stdout=own, stderr=own)
        data, half = text.encode(), len(text.encode()) // 2
        with open(log, "wb") as file:
            for at in range(0, half, 50_000):
                file.write(data[at:min(at + 50_000, half)])
                file.flush()
                time.sleep(0.01)
            os.rename(log, folder / "app.log.1")
            # The rest of the line that is cut belongs to the file that was renamed.
            end = data.index(b"\n2026-", half) + 1
            file.write(data[half:end])
        log.write_bytes(data[end:])
        deadline = time.monotonic() + 60
        while records_seen(out) < expected["counts"]["app.log.records"] and time.monotonic() < deadline:
            time.sleep(0.2)
        sidelight.send_signal(signal.SIGTERM)
        code = sidelight.wait(30)
        ranking = []
        found = last_totals(out, ranking)
        own = (folder / "sidelight.log").read_text()
    print("errors by type:", *(f"{count:8} {kind}" for count, kind in ranking), sep="\n")
    if code != 0 or not same(expected, found):
        print(f"exit code {code}\nscript:    {json.dumps(expected, ensure_ascii=False)}\nSidelight: {json.dumps(found, ensure_ascii=False)}\n{own}")
        return 1
    print(f"{expected['counts']['app.log.records']} records: the same totals as the script's: {json.dumps(expected['counts'])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
