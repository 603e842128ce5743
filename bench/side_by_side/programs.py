"""The programs that are compared: how each is configured for a row, started, and named."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import logs
from .rows import Row

# Where tests/backends/install.sh puts them.
BACKENDS = Path(os.environ.get("SIDELIGHT_BACKENDS_DIR") or Path.home() / ".cache" / "backends") / "bin"

# What a queue on disk may hold.
QUEUE_BYTES = 4 << 30


@dataclass(frozen=True)
class Ports:
    """Where the program listens, and where the sink does."""

    grpc: int
    http: int
    sink: int

    def input(self, row: Row) -> str:
        return f"127.0.0.1:{self.grpc if row.transport == 'grpc' else self.http}"

    def output(self) -> str:
        return f"127.0.0.1:{self.sink}"


class Program:
    """A collector under test."""

    name = ""
    acknowledges = ""
    environment: dict[str, str] = {}

    def __init__(self, binary: Path):
        self.binary = binary

    def cannot(self, row: Row) -> str | None:
        """Why a row is not for this program."""
        return None

    def command(self, row: Row, ports: Ports, folder: Path) -> list[str]:
        """Writes what configuration the program needs for a row into `folder`; the command that starts it."""
        raise NotImplementedError

    def left_on_disk(self, row: Row, folder: Path) -> int:
        """Bytes in the queue's folder after a run; the folder is removed."""
        storage = self.storage(row, folder)
        left = sum(path.stat().st_size for path in storage.rglob("*") if path.is_file()) if storage.exists() else 0
        shutil.rmtree(storage, ignore_errors=True)
        return left

    def storage(self, row: Row, folder: Path) -> Path:
        return folder / f"queue-{self.name}-{row.key}"

    def version(self) -> str:
        answer = subprocess.run([self.binary, "--version"], capture_output=True, text=True, timeout=20)
        found = re.search(r"\d+\.\d+\S*", answer.stdout + answer.stderr)
        return found.group() if found else "unknown"

    def stripped_bytes(self) -> int:
        """Size of the binary without symbols."""
        if not shutil.which("strip"):
            return self.binary.stat().st_size
        with tempfile.TemporaryDirectory() as folder:
            stripped = Path(folder) / "stripped"
            subprocess.run(["strip", "-o", stripped, self.binary], check=True)
            return stripped.stat().st_size


class CollectorConfig(Program):
    """A program that takes a configuration in the format of the Collector."""

    # JSON is YAML: the file needs no YAML library to be written.
    def command(self, row: Row, ports: Ports, folder: Path) -> list[str]:
        config = folder / f"{self.name}-{row.key}.yaml"
        told = self.config(row, ports)
        if row.storage:
            told["extensions"] = {"file_storage": self.file_storage(row, self.storage(row, folder))}
            told["service"]["extensions"] = ["file_storage"]
        config.write_text(json.dumps(told, indent=1) + "\n")
        return [str(self.binary_for(row)), "--config", str(config)]

    def binary_for(self, row: Row) -> Path:
        return self.binary

    def file_storage(self, row: Row, directory: Path) -> dict:
        return {"directory": str(directory), "create_directory": True, "fsync": row.storage == "fsync"}

    def config(self, row: Row, ports: Ports) -> dict:
        processors = {"memory_limiter": {"check_interval": "1s", "limit_mib": 512, "spike_limit_mib": 128}}
        if row.edits:
            processors["attributes"] = {"actions": [
                {"key": "deployment.environment.name", "value": "bench", "action": "insert"},
                {"key": "network.peer.port", "action": "delete"}]}
            processors["resource"] = {"attributes": [
                {"key": "service.namespace", "value": "bench", "action": "upsert"}]}
        if row.filtered:
            processors["filter"] = {"logs": {"log_record": ["severity_number < SEVERITY_NUMBER_ERROR"]}}
        if self.batches(row) and not row.storage:
            processors["batch"] = {}
        exporter, settings = self.exporter(row, ports)
        receiver, taken = "otlp", {"protocols": {
            "grpc": {"endpoint": f"127.0.0.1:{ports.grpc}"},
            "http": {"endpoint": f"127.0.0.1:{ports.http}"}}}
        if row.line:
            receiver, taken = "file_log", logs.file_log(row)
        pipeline = {"receivers": [receiver], "processors": list(processors), "exporters": [exporter]}
        return {
            "receivers": {receiver: taken},
            "processors": processors,
            "exporters": {exporter: settings},
            "service": {"pipelines": {row.signal: pipeline}} | self.service(),
        }

    def exporter(self, row: Row, ports: Ports) -> tuple[str, dict]:
        if row.elasticsearch:
            return "elasticsearch", self.elasticsearch(row, ports)
        if row.transport == "grpc":
            name, settings = "otlp_grpc", {"endpoint": ports.output(), "tls": {"insecure": True}}
        else:
            name, settings = "otlp_http", {"endpoint": f"http://{ports.output()}"}
        if not row.defaults:
            settings["compression"] = row.compression
            if row.transport == "http" and row.compression != "none":
                settings["compression_params"] = {"level": row.level}
            settings |= self.queue() if not row.storage else self.queue_on_disk()
        return name, settings

    def batches(self, row: Row) -> bool:
        raise NotImplementedError

    def queue(self) -> dict:
        return {}

    def elasticsearch(self, row: Row, ports: Ports) -> dict:
        settings = {"endpoints": [f"http://{ports.output()}"], "compression": "none",
                    "mapping": {"mode": row.elasticsearch}}
        if row.elasticsearch != "otel":
            settings["logs_index"] = "bench"
        return settings | self.queue()

    def queue_on_disk(self) -> dict:
        return {"sending_queue": {"storage": "file_storage", "sizer": "bytes", "queue_size": QUEUE_BYTES}}

    def service(self) -> dict:
        return {}


class Sidelight(CollectorConfig):
    name = "sidelight"
    acknowledges = "on delivery"

    def batches(self, row: Row) -> bool:
        return True

    def command(self, row: Row, ports: Ports, folder: Path) -> list[str]:
        command = super().command(row, ports, folder)
        if not row.line:
            return command
        # Where checkpoints are kept: each run begins anew.
        shutil.rmtree(folder / "state", ignore_errors=True)
        return ["env", f"STATE_DIRECTORY={folder / 'state'}", *command]


class Control(Sidelight):
    """The first program once more: what the noise of the machine makes of a comparison with itself."""

    name = "control"


class Otelcol(CollectorConfig):
    name = "otelcol"
    acknowledges = "on delivery (wait_for_result, no batch); on enqueue in the defaults row"
    environment = {"GOMAXPROCS": "1"}

    def cannot(self, row: Row) -> str | None:
        if not self.binary_for(row).exists():
            return f"{self.binary_for(row).name} is not installed"
        if row.parsed in logs.OURS:
            return "has no such parser"
        return None

    def binary_for(self, row: Row) -> Path:
        if row.storage:
            return BACKENDS / "otelcol-storage"
        if row.line or row.elasticsearch:
            return BACKENDS / "otelcol-logs"
        return self.binary

    def batches(self, row: Row) -> bool:
        return row.defaults

    def queue(self) -> dict:
        return {"sending_queue": {"enabled": True, "wait_for_result": True}}

    def elasticsearch(self, row: Row, ports: Ports) -> dict:
        settings = super().elasticsearch(row, ports)
        # It ignores `mode`, and takes the first allowed one.
        settings["mapping"] = {"allowed_modes": [row.elasticsearch]}
        # Else the last requests are answered 10 s later.
        settings["sending_queue"]["batch"] = {"flush_timeout": "200ms", "min_size": 1_000_000, "max_size": 5_000_000,
                                              "sizer": "bytes"}
        return settings

    def service(self) -> dict:
        return {"telemetry": {"metrics": {"level": "none"}, "logs": {"level": "error"}}}


class Rotel(Program):
    name = "rotel"
    acknowledges = "on enqueue (it has no other way)"
    environment = {"TOKIO_WORKER_THREADS": "1"}

    def cannot(self, row: Row) -> str | None:
        if row.compression == "zstd":
            return "has no zstd"
        if row.edits:
            return "has no such processors"
        if row.storage:
            return "has no queue on disk"
        if row.filtered or row.elasticsearch or row.line:
            return "has no such component in the release that is to be had"
        return None

    def command(self, row: Row, ports: Ports, folder: Path) -> list[str]:
        told = ["start", "--otlp-grpc-endpoint", f"127.0.0.1:{ports.grpc}",
                "--otlp-http-endpoint", f"127.0.0.1:{ports.http}",
                "--exporter", "otlp", "--otlp-exporter-endpoint", f"http://{ports.output()}",
                "--otlp-exporter-protocol", row.transport]
        if not row.defaults:
            told += ["--otlp-exporter-compression", row.compression]
        return [str(self.binary), *told]


def choose(only: list[str] | None, sidelight: Path, control: bool) -> list[Program]:
    """The programs of a comparison, each with a binary that exists."""
    known = {"sidelight": (Sidelight, sidelight), "otelcol": (Otelcol, BACKENDS / "otelcol"),
             "rotel": (Rotel, BACKENDS / "rotel")}
    names = only or list(known)
    unknown = set(names) - set(known)
    if unknown:
        raise SystemExit(f"run.py: unknown program {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    programs = []
    for name in names:
        kind, binary = known[name]
        if not binary.exists():
            binary = obtain(name, binary)
        programs.append(kind(binary))
    if control and "sidelight" in names:
        programs.append(Control(sidelight))
    return programs


def obtain(name: str, binary: Path) -> Path:
    """Installs a peer that is missing; our own binary has to be built first."""
    install = Path(__file__).resolve().parents[2] / "tests" / "backends" / "install.sh"
    if name == "sidelight" or not install.exists():
        raise SystemExit(f"run.py: there is no {binary}; build it, or leave it out with --only")
    subprocess.run([install, name], check=True)
    return binary
