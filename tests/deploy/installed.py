"""What the tests share: where things are, Sidelight on free ports by the variables of deploy/, a backend, a request."""

import collections
import gzip
import json
import os
import socket
import subprocess
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PATIENCE = 30  # seconds: the longest wait for anything that is bound to come

METRICS = {
    "resourceMetrics": [
        {"scopeMetrics": [{"metrics": [{"name": "orders", "gauge": {"dataPoints": [{"asInt": "7"}]}}]}]}
    ]
}


def sidelight() -> str:
    """The program under test, as run.sh was told."""
    return os.environ["SIDELIGHT"]


def run(*command, **options) -> subprocess.CompletedProcess:
    """Runs a command to its end; both outputs as text."""
    options = {"timeout": 120} | options
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)


def validate(*configurations: Path, environment: dict | None = None) -> subprocess.CompletedProcess:
    """`sidelight validate`, with these variables and PATH alone."""
    arguments = [word for path in configurations for word in ("--config", path)]
    variables = {"PATH": os.environ["PATH"]} | (environment or {})
    return run(sidelight(), "validate", *arguments, env=variables)


def free_ports(count: int) -> list[int]:
    """That many distinct ports of loopback that are free now."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def eventually(claim: str, holds) -> None:
    """Waits until `holds()` is true; fails with the claim when it does not become so."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"not within {PATIENCE} s: {claim}")
        time.sleep(0.05)


class Installed:
    """The variables of an installation on free ports, and how to talk to it."""

    def __init__(self, backend: str):
        grpc, http, health, metrics = free_ports(4)
        self.health_endpoint = f"127.0.0.1:{health}"
        self.metrics_url = f"http://127.0.0.1:{metrics}/metrics"
        self._url = f"http://127.0.0.1:{http}"
        self.variables = {
            "SIDELIGHT_OTLP_GRPC": f"127.0.0.1:{grpc}",
            "SIDELIGHT_OTLP_HTTP": f"127.0.0.1:{http}",
            "SIDELIGHT_HEALTH": self.health_endpoint,
            "SIDELIGHT_METRICS_PORT": str(metrics),
            "SIDELIGHT_PROMETHEUS": backend,
        }

    def is_healthy(self) -> bool:
        return run(sidelight(), "health", "--endpoint", self.health_endpoint).returncode == 0

    def send_metrics(self) -> int:
        """One request of metrics; the status of the answer."""
        request = urllib.request.Request(
            f"{self._url}/v1/metrics", json.dumps(METRICS).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status


class SlowBackend:
    """Takes OTLP over HTTP; answers only when it is told to."""

    def __enter__(self) -> "SlowBackend":
        self.asked, self.may_answer, self.answered = threading.Event(), threading.Event(), 0
        self.bodies = collections.deque(maxlen=100)
        backend = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                backend.bodies.append(gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body)
                backend.asked.set()
                if backend.may_answer.wait(PATIENCE):
                    backend.answered += 1
                    self.send_response(200)
                    self.send_header("content-length", "0")
                    self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()


class Request(threading.Thread):
    """A request of metrics that waits for its answer."""

    def __init__(self, installed: Installed):
        super().__init__(daemon=True)
        self._installed, self.status = installed, None
        self.start()

    def run(self) -> None:
        try:
            self.status = self._installed.send_metrics()
        except OSError as error:
            self.status = error
