"""The three OTLP signals, and a folder of export requests as they came over the wire."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2


@dataclass(frozen=True)
class Signal:
    name: str
    grpc_method: str
    http_path: str
    request: type
    response: type


SIGNALS = tuple(
    Signal(name, f"/opentelemetry.proto.collector.{package}.v1.{service}/Export", f"/v1/{name}", request, response)
    for name, package, service, request, response in (
        (
            "traces",
            "trace",
            "TraceService",
            trace_service_pb2.ExportTraceServiceRequest,
            trace_service_pb2.ExportTraceServiceResponse,
        ),
        (
            "metrics",
            "metrics",
            "MetricsService",
            metrics_service_pb2.ExportMetricsServiceRequest,
            metrics_service_pb2.ExportMetricsServiceResponse,
        ),
        (
            "logs",
            "logs",
            "LogsService",
            logs_service_pb2.ExportLogsServiceRequest,
            logs_service_pb2.ExportLogsServiceResponse,
        ),
    )
)
BY_GRPC_METHOD = {s.grpc_method: s for s in SIGNALS}
BY_HTTP_PATH = {s.http_path: s for s in SIGNALS}


class RequestFolder:
    """`<folder>/<signal>/<number>.pb`, one file per request, complete or not there. Survives a kill of its writer."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._lock = threading.Lock()
        self._next = {}
        for signal in SIGNALS:
            (folder / signal.name).mkdir(parents=True, exist_ok=True)
            self._next[signal.name] = max((int(p.stem) for p in (folder / signal.name).glob("*.pb")), default=0) + 1

    def add(self, signal: Signal, body: bytes) -> None:
        with self._lock:
            number = self._next[signal.name]
            self._next[signal.name] += 1
        path = self._folder / signal.name / f"{number:08d}.pb"
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(body)
        os.rename(unfinished, path)

    def counts(self) -> dict[str, int]:
        with self._lock:
            return {name: following - 1 for name, following in self._next.items()}


def read_requests(folder: Path, signal: Signal) -> Iterator[tuple[Path, object]]:
    """Every stored request of a signal, parsed. A file that is no such request raises DecodeError."""
    for path in sorted((folder / signal.name).glob("*.pb")):
        yield path, signal.request.FromString(path.read_bytes())
