"""The program under test: its configuration, its life, and what it says and costs."""

import http.client
import json
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from verdict import Failed, ensure

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
# The longest wait for a start, seconds: what a start takes is measured, this only ends a wait in vain.
PATIENCE = 30


@dataclass
class Ports:
    grpc: int
    http: int
    sink: int
    page: int


@dataclass
class Settings:
    """What the steps vary. Retries are quick, or a test of seconds would be a test of waiting."""

    storage: dict = field(default_factory=dict)
    queue: dict = field(default_factory=lambda: {"queue_size": 4 << 30})
    exporter: dict = field(default_factory=dict)
    retry: dict = field(default_factory=lambda: {"initial_interval": "20ms", "max_interval": "500ms", "max_elapsed_time": "0s"})


class Program:
    """Sidelight with its queue on disk. Each start uses the same folder, as after a crash."""

    keeps_ledger = True
    name = "durable"

    def __init__(self, binary: Path, folder: Path, ports: Ports, settings: Settings | None = None):
        self.binary, self.folder, self.ports = binary, folder, ports
        self.settings = settings or Settings()
        self.storage = folder / "queue"
        self.log = folder / "program.log"
        self._process: subprocess.Popen | None = None

    # === configuration

    def config(self) -> dict:
        queue = {"sizer": "bytes", **self.settings.queue, **self.queue()}
        return {
            "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{self.ports.grpc}"},
                                                 "http": {"endpoint": f"127.0.0.1:{self.ports.http}"}}}},
            "exporters": {"otlp_grpc": {"endpoint": f"127.0.0.1:{self.ports.sink}", "tls": {"insecure": True}, "compression": "none",
                                        "timeout": "5s", "sending_queue": queue, "retry_on_failure": self.settings.retry,
                                        **self.settings.exporter}},
            "extensions": self.extensions(),
            "service": {"extensions": list(self.extensions()), "telemetry": self.telemetry(),
                        "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["otlp_grpc"]}}},
        }

    def extensions(self) -> dict:
        return {"file_storage": {"directory": str(self.storage), "create_directory": True, **self.settings.storage}}

    def queue(self) -> dict:
        return {"storage": "file_storage"}

    def telemetry(self) -> dict:
        reader = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": self.ports.page}}}}
        return {"metrics": {"readers": [reader]}}

    # === life

    def start(self, before: list[str] | None = None) -> None:
        """Starts it; `before`: words of a command that starts it in turn and replaces itself by it."""
        config = self.folder / "pipeline.yaml"
        config.write_text(json.dumps(self.config(), indent=1))  # JSON is YAML
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([*(before or []), str(self.binary), "--config", str(config)],
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def answers(self) -> bool:
        """Whether it takes an OTLP request, an empty one. An error when it has ended."""
        ensure(self.alive(), f"the program ended by itself with {self.exit_code()}: {self.last_words()}")
        connection = http.client.HTTPConnection("127.0.0.1", self.ports.http, timeout=5)
        try:
            connection.request("POST", "/v1/traces", b"", {"content-type": "application/x-protobuf"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait_ready(self, limit: float = PATIENCE) -> None:
        end = time.monotonic() + limit
        while not self.answers():
            ensure(time.monotonic() < end, f"the program takes nothing {limit:g} s after its start: {self.last_words()}")
            time.sleep(0.002)

    def start_ready(self, before: list[str] | None = None) -> float:
        """Starts it; seconds from the start until it took a request."""
        started = time.monotonic()
        self.start(before)
        self.wait_ready()
        return time.monotonic() - started

    def signal(self, which: signal.Signals) -> None:
        self._process.send_signal(which)

    def wait(self, limit: float = 20) -> int:
        """Waits for its end; the exit code, below zero after a signal."""
        try:
            return self._process.wait(limit)
        except subprocess.TimeoutExpired:
            raise Failed(f"the program still runs after {limit:g} s: {self.last_words()}") from None

    def terminate(self, limit: float = 20) -> int:
        self.signal(signal.SIGTERM)
        return self.wait(limit)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def exit_code(self) -> int | None:
        return self._process.poll()

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> None:
        self.kill()

    # === what it says

    def said(self) -> str:
        """Its whole log, of all its lives."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def last_words(self) -> str:
        return " / ".join(self.said().strip().splitlines()[-4:]) or "(it said nothing)"

    def without_panic(self) -> None:
        found = re.search(r".*(panicked at|^panic:|fatal error:|SIGSEGV).*", self.said(), re.MULTILINE)
        ensure(not found, f"it panicked: {found.group().strip()[:300] if found else ''}")

    def metrics(self) -> dict[tuple[str, frozenset], float]:
        """Its own metrics page: name and labels to value."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports.page, timeout=5)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"no metrics page: {error}; {self.last_words()}") from error
        finally:
            connection.close()
        found = {}
        for name, labels, value in re.findall(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$", text, re.MULTILINE):
            found[name, frozenset(re.findall(r'([a-z_]+)="([^"]*)"', labels))] = float(value)
        return found

    def metric(self, name: str, **labels: str) -> float:
        """The sum of the series of that name with these labels."""
        wanted = set(labels.items())
        return sum(value for (found, have), value in self.metrics().items() if found == name and wanted <= have)

    def ledger_row(self) -> dict[str, float]:
        """The exporter's row by kind; drops as in `dropped damaged`."""
        row: dict[str, float] = {}
        for (name, labels), value in self.metrics().items():
            told = dict(labels)
            if name == "sidelight_ledger_items" and told.get("edge") == "exporter/otlp_grpc/traces":
                row[" ".join([told["kind"], *filter(None, [told.get("reason"), told.get("by")])])] = value
        return row

    # === what it costs

    def rss_mib(self) -> float:
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE / (1 << 20)

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def disk_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.storage.rglob("*") if path.is_file())


class OnDelivery(Program):
    """Sidelight without a storage, answering when the destination has answered: it too may lose nothing."""

    keeps_ledger = False  # it begins anew with every start
    name = "delivery"

    def extensions(self) -> dict:
        return {}

    def queue(self) -> dict:
        return {"ack": "delivery"}


class Collector(Program):
    """The Collector with `file_storage`, in the same words."""

    keeps_ledger = False
    name = "collector"

    def extensions(self) -> dict:
        words = {key: value for key, value in self.settings.storage.items() if key in ("timeout", "fsync")}
        if self.settings.storage.get("sync") == "fsync":
            words["fsync"] = True
        return {"file_storage": {"directory": str(self.storage), "create_directory": True, **words}}

    def telemetry(self) -> dict:
        return {"metrics": {"level": "none"}, "logs": {"level": "warn"}}


KINDS = {kind.name: kind for kind in (Program, OnDelivery, Collector)}
