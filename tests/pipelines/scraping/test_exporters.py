#!/usr/bin/env python3
"""`examples/prometheus_scrape/pipeline.yaml` against the exporters of this machine's packages: every job that has one is up
and brings what it is known for; a job without one is down, and nothing else suffers.

test_exporters.py SIDELIGHT
"""

import http.server
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import otlp

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "prometheus_scrape" / "pipeline.yaml"
PATIENCE = 60
APPLICATION = b"""# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{method="GET",endpoint="/orders",status="200"} 12
# TYPE strategy_performance gauge
strategy_performance{strategy_name="momentum",metric_type="current_drawdown"} -0.05
# TYPE portfolio_value_total gauge
portfolio_value_total 1000000
"""
# Job: the port in the example, the program, and a metric that it is known for.
EXPORTERS = {
    "node": (9100, "prometheus-node-exporter", "node_memory_MemAvailable_bytes"),
    "redis": (9121, "prometheus-redis-exporter", "redis_connected_clients"),
    "nginx": (9113, "prometheus-nginx-exporter", "nginx_connections_active"),
    "mysql": (9104, "prometheus-mysqld-exporter", "mysql_up"),
    "trading-application": (8001, None, "strategy_performance"),
}


class Application(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_status = self.path == "/stub_status"
        body = (b"Active connections: 1 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 0 \n"
                if is_status else APPLICATION)
        self.send_response(200 if self.path in ("/metrics", "/stub_status") else 404)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def exporter(job: str, port: int, application: int, redis: int | None) -> list[str] | None:
    """The command of a job's exporter; None where it is not installed, or what it looks at is not."""
    program = EXPORTERS[job][1]
    if program is None or shutil.which(program) is None:
        return None
    listen = f"127.0.0.1:{port}"
    if job == "node":
        return [program, f"--web.listen-address={listen}"]
    if job == "redis" and redis:
        return [program, "-redis.addr", f"redis://127.0.0.1:{redis}", "-web.listen-address", listen]
    if job == "nginx":
        return [program, "-nginx.scrape-uri", f"http://127.0.0.1:{application}/stub_status", "-web.listen-address", listen]
    if job == "mysql":
        return [program, f"--web.listen-address={listen}"]
    return None


def main() -> None:
    sidelight = Path(sys.argv[1]).resolve()
    checked = subprocess.run([sidelight, "validate", "--config", EXAMPLE], capture_output=True, text=True)
    if checked.returncode or "0 errors, 0 warnings" not in checked.stdout + checked.stderr:
        raise SystemExit(f"the example has mistakes:\n{checked.stdout}{checked.stderr}")
    ports = dict(zip(EXPORTERS, free_ports(len(EXPORTERS)), strict=True))
    application = http.server.ThreadingHTTPServer(("127.0.0.1", ports["trading-application"]), Application)
    threading.Thread(target=application.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = EXAMPLE.read_text()
        for job, (port, _, _) in EXPORTERS.items():
            text = text.replace(f"localhost:{port}", f"127.0.0.1:{ports[job]}")
        # What is a question of seconds in the test; that intervals hold is tested elsewhere.
        for seconds in ("5s", "15s", "30s"):
            text = text.replace(f"scrape_interval: {seconds}", "scrape_interval: 1s")
        text = text.replace("scrape_timeout: 10s", "scrape_timeout: 1s")
        output = folder / "out.json"
        text = text.replace("  debug:\n", f"  file:\n    path: {output}\n").replace("exporters: [debug]", "exporters: [file]")
        (folder / "pipeline.yaml").write_text(text)
        programs, running = [], {"trading-application"}
        log = (folder / "log").open("w")
        environment = os.environ | {"DATA_SOURCE_NAME": "nobody:@(127.0.0.1:1)/"}

        def start(command: list) -> None:
            programs.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment))

        try:
            redis = free_ports(1)[0] if shutil.which("redis-server") else None
            if redis:
                start(["redis-server", "--port", str(redis), "--save", "", "--bind", "127.0.0.1"])
            for job in EXPORTERS:
                if command := exporter(job, ports[job], ports["trading-application"], redis):
                    start(command)
                    running.add(job)
            start([sidelight, "--config", folder / "pipeline.yaml"])
            deadline, missing = time.monotonic() + PATIENCE, ["everything"]
            while missing and time.monotonic() < deadline:
                time.sleep(0.5)
                missing = problems(otlp.latest(output), running)
            for job in EXPORTERS:
                state = "up" if job in running else "not installed, and down as it should be"
                print(f"{job:20} {'FAILED' if any(line.startswith(job) for line in missing) else state}")
            if missing:
                print("\n".join(missing), (folder / "log").read_text()[-3000:], sep="\n")
        finally:
            for program in reversed(programs):
                program.send_signal(signal.SIGTERM)
            for program in programs:
                program.wait(30)
    raise SystemExit(1 if missing else 0)


def problems(scraped: dict[str, dict], running: set[str]) -> list[str]:
    """What is not as it should be, job by job."""
    wrong = []
    for job, (_, _, known_for) in EXPORTERS.items():
        if job not in scraped:
            wrong.append(f"{job}: not scraped yet")
            continue
        series = otlp.Series(scraped[job])
        names = {name for name, _ in series.values}
        up = next((value for (name, _), value in series.values.items() if name == "up"), None)
        if up != (1 if job in running else 0):
            wrong.append(f"{job}: up is {up}")
        elif job in running and known_for not in names:
            wrong.append(f"{job}: no {known_for}")
        if not all(dict(labels).get("cluster") == "trading" for _, labels in series.values):
            wrong.append(f"{job}: a sample without the external label")
    if "node" in running and "node" in scraped:
        odd = [name for name, _ in otlp.Series(scraped["node"]).values if name.startswith(("go_", "process_"))]
        wrong += [f"node: {name} was to be dropped" for name in odd]
    return wrong


if __name__ == "__main__":
    main()
