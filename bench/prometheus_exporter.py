#!/usr/bin/env python3
"""What a scrape of many series costs: Sidelight's `prometheus` exporter beside the Collector's.

Each program in turn takes the same series by OTLP (counters, and histograms of 15 buckets where asked for), then
answers scrapes one after the other. Printed are memory per series (resident, less what the program took before),
CPU per scrape (user + system, /proc/PID/stat), and the time from the request to the last byte of the answer. The
client only counts bytes. Peers come from `tests/backends/install.sh otelcol-prometheus`.
"""

import argparse
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
POINTS_PER_REQUEST = 2000


def arguments() -> argparse.Namespace:
    target = HERE.parent / os.environ.get("CARGO_TARGET_DIR", "target")
    backends = Path(os.environ.get("SIDELIGHT_BACKENDS_DIR", Path.home() / ".cache/backends"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sidelight", type=Path, default=target / "release/sidelight")
    parser.add_argument("--otelcol", type=Path, default=backends / "bin/otelcol-prometheus")
    parser.add_argument("--only", choices=["sidelight", "otelcol"])
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--histograms", action="store_true", help="histograms instead of counters, a tenth as many")
    parser.add_argument("--scrapes", type=int, default=20)
    parser.add_argument("--encodings", default="identity,gzip")
    return parser.parse_args()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configuration(name: str, otlp: int, exporter: int) -> str:
    own = {
        "sidelight": "  sidelight: {memory_budget: 512MiB}\n  telemetry: {metrics: {level: none}}\n",
        "otelcol": "  telemetry: {metrics: {level: none}, logs: {level: warn}}\n",
    }[name]
    # The Collector has no caps.
    caps = ", max_series: 10000000, max_series_per_metric: 10000000" if name == "sidelight" else ""
    return f"""receivers: {{otlp: {{protocols: {{http: {{endpoint: 'localhost:{otlp}'}}}}}}}}
exporters: {{prometheus: {{endpoint: 'localhost:{exporter}', metric_expiration: 60m{caps}}}}}
service:
{own}  pipelines: {{metrics: {{receivers: [otlp], exporters: [prometheus]}}}}
"""


def attributes(number: int) -> list[dict]:
    pairs = {
        "http.request.method": ("GET", "POST", "PUT", "DELETE")[number % 4],
        "http.route": f"/api/v1/resource/{number // 4:06}/items",
        "http.response.status_code": "200",
        "server.address": "api.shop.example",
        "url.scheme": "https",
    }
    return [{"key": key, "value": {"stringValue": value}} for key, value in pairs.items()]


def request(numbers: range, histograms: bool) -> bytes:
    now = time.time_ns()
    points = []
    for number in numbers:
        point = {"attributes": attributes(number), "startTimeUnixNano": str(now - 10**10), "timeUnixNano": str(now)}
        if histograms:
            point |= {
                "count": "120",
                "sum": 17.25 + number,
                "explicitBounds": [0.005 * 2**n for n in range(14)],
                "bucketCounts": [str(n + 1) for n in range(15)],
            }
        else:
            point["asInt"] = str(number * 7)
        points.append(point)
    data = {"aggregationTemporality": 2, "dataPoints": points}
    metric = {"name": "http.server.request.duration", "unit": "s", "histogram": data}
    if not histograms:
        data["isMonotonic"] = True
        metric = {"name": "http.server.requests", "unit": "{request}", "sum": data}
    resource = {"attributes": [
        {"key": "service.name", "value": {"stringValue": "api"}},
        {"key": "service.instance.id", "value": {"stringValue": "5f8b92c0-1b6e-4a77-9d1c-0c3d3f1e7a10"}},
    ]}
    scope = {"name": "meter", "version": "1.0.0"}
    return json.dumps({"resourceMetrics": [{"resource": resource, "scopeMetrics": [
        {"scope": scope, "metrics": [metric]}]}]}).encode()


def post(port: int, body: bytes) -> None:
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/metrics", body, {"content-type": "application/json"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        text = answer.read().decode()
    if "rejected" in text:
        raise SystemExit(f"not all series were taken: {text}")


def scrape(port: int, encoding: str) -> tuple[float, int]:
    """Seconds and bytes of one scrape."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        began = time.perf_counter()
        connection.sendall(
            f"GET /metrics HTTP/1.0\r\nhost: localhost\r\naccept: text/plain;version=0.0.4\r\n"
            f"accept-encoding: {encoding}\r\n\r\n".encode())
        buffer, size = bytearray(1 << 20), 0
        while count := connection.recv_into(buffer):
            size += count
        return time.perf_counter() - began, size


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def wait_for(port: int, process: subprocess.Popen) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit(f"it ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("it does not listen")


def run(name: str, program: Path, settings: argparse.Namespace, folder: Path) -> None:
    otlp, exporter = free_port(), free_port()
    path = folder / f"{name}.yaml"
    path.write_text(configuration(name, otlp, exporter))
    process = subprocess.Popen([program, "--config", path], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        wait_for(otlp, process)
        wait_for(exporter, process)
        time.sleep(1)
        series = settings.series // 10 if settings.histograms else settings.series
        empty, cpu = resident_bytes(process.pid), cpu_seconds(process.pid)
        for first in range(0, series, POINTS_PER_REQUEST):
            numbers = range(first, min(first + POINTS_PER_REQUEST, series))
            post(otlp, request(numbers, settings.histograms))
        loading = cpu_seconds(process.pid) - cpu
        # What was only needed to read the requests goes back.
        time.sleep(15)
        full = resident_bytes(process.pid)
        print(f"{name}: {series} {'histograms' if settings.histograms else 'counters'}, "
              f"{full / 2**20:.0f} MiB resident, {(full - empty) / series:.0f} B/series, "
              f"{loading:.2f} CPU-s to load")
        for encoding in settings.encodings.split(","):
            scrape(exporter, encoding)
            cpu = cpu_seconds(process.pid)
            results = [scrape(exporter, encoding) for _ in range(settings.scrapes)]
            cpu = (cpu_seconds(process.pid) - cpu) / settings.scrapes
            times = sorted(seconds for seconds, _ in results)
            print(f"  {encoding}: {1000 * median(times):.0f} ms median, {1000 * times[-1]:.0f} ms worst, "
                  f"{1000 * cpu:.0f} ms CPU, {results[0][1] / 2**20:.2f} MiB a scrape")
        print(f"  {resident_bytes(process.pid) / 2**20:.0f} MiB resident after the scrapes")
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    settings = arguments()
    with tempfile.TemporaryDirectory() as folder:
        for name, program in [("sidelight", settings.sidelight), ("otelcol", settings.otelcol)]:
            if settings.only in (None, name):
                run(name, program, settings, Path(folder))


main()
