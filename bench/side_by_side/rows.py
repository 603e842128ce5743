"""The rows of the table: what work each is, as arguments of `blast` and as a pipeline to configure."""

from dataclasses import dataclass, field

FRAME_16K = ["--frame", "16384", "--send-frame", "16384"]
FRAME_1M = ["--frame", "1048576"]


@dataclass(frozen=True)
class Row:
    """One line of the table. `kind` says how it is run and what is shown of it."""

    key: str
    title: str
    kind: str = "saturation"  # saturation | steady | overload | durable | tail
    signal: str = "traces"
    transport: str = "grpc"  # grpc | http, in and out
    compression: str = "none"  # none | gzip | zstd, in and out
    level: int = 1  # of the loader, and of every program where it can be set
    edits: bool = False  # attributes (insert one, delete one) and resource (upsert one)
    defaults: bool = False  # every program as it comes: own batching, queue, compression, acknowledgement
    storage: str | None = None  # the queue is on disk, synced when: write | fsync
    filtered: bool = False  # `filter` leaves out the log records that are no errors: 95 % of them
    elasticsearch: str | None = None  # what goes out are bulk requests in this mapping mode
    line: str | None = None  # a log file with such lines is read instead of OTLP
    parsed: str | None = None  # by which of the operators below
    items: int = 1000
    blast: tuple[str, ...] = field(default=())

    def arguments(self) -> list[str]:
        """What `blast` is told, but for durations, addresses and the program."""
        if self.line:
            return ["--line", self.line, *self.blast]
        told = ["--signal", self.signal, "--protocol", self.transport, "--items", str(self.items)]
        if self.compression != "none":
            told += ["--compression", f"{self.compression}:{self.level}"]
        if self.edits:
            told += ["--inserted", "deployment.environment.name", "--deleted", "network.peer.port"]
        told += ["--kept-one-in", "20"] if self.filtered else []
        told += ["--bulk"] if self.elasticsearch else []
        frames = [] if "--frame" in self.blast or self.transport != "grpc" else FRAME_16K
        return told + frames + list(self.blast)


ROWS = [
    Row("grpc-1000", "gRPC, 1,000 spans a request"),
    Row("grpc-1000-1m", "the same, 1 MiB frames", blast=tuple(FRAME_1M)),
    Row("grpc-100", "gRPC, 100 spans a request", items=100, blast=("--inflight", "16")),
    Row("grpc-10", "gRPC, 10 spans a request", items=10, blast=("--inflight", "32", "--requests", "4096")),
    Row("http-1000", "HTTP/protobuf, 1,000 spans a request", transport="http"),
    Row("gzip-grpc", "gRPC, gzip in and out", compression="gzip"),
    Row("gzip-http", "HTTP, gzip in and out, level 1", transport="http", compression="gzip"),
    Row("zstd-grpc", "gRPC, zstd in and out", compression="zstd"),
    Row("zstd-http", "HTTP, zstd in and out, level 1", transport="http", compression="zstd"),
    Row("edits", "gRPC, attributes (insert, delete) and resource", edits=True),
    Row("logs", "gRPC, 1,000 log records a request", signal="logs"),
    Row("metrics", "gRPC, 1,000 data points a request", signal="metrics"),
    Row("defaults", "gRPC, everybody's defaults", defaults=True),
    Row("durable-1000", "gRPC, 1,000 spans a request, queue on disk", kind="durable", storage="write"),
    Row("durable-fsync", "the same, synced before the answer", kind="durable", storage="fsync"),
    Row("filter", "gRPC, 1,000 log records a request, filter leaves out 95 %", signal="logs", filtered=True),
    Row("es-none", "gRPC, log records to Elasticsearch, mode none", signal="logs", elasticsearch="none"),
    Row("es-ecs", "the same, mode ecs", signal="logs", elasticsearch="ecs"),
    Row("es-otel", "the same, mode otel", signal="logs", elasticsearch="otel"),
    Row("tail", "a log file, lines of 206 B", kind="tail", signal="logs", line="plain",
        blast=("--lines", "8000000")),
    Row("tail-json", "JSON lines of 262 B, parsed", kind="tail", signal="logs", line="json", parsed="json",
        blast=("--lines", "3000000")),
    Row("tail-regex", "access log, a regular expression of 11 groups", kind="tail", signal="logs", line="combined",
        parsed="regex", blast=("--lines", "3000000")),
    Row("tail-access", "access log, recognised", kind="tail", signal="logs", line="combined", parsed="access",
        blast=("--lines", "3000000")),
    Row("tail-grok", "grok, the line of a Python application", kind="tail", signal="logs", line="plain", parsed="grok",
        blast=("--lines", "3000000")),
    Row("tail-nginx", "grok, NGINXACCESS", kind="tail", signal="logs", line="combined", parsed="nginx",
        blast=("--lines", "3000000")),
    Row("tail-trace", "stack traces of 12 lines, 1.1 kB", kind="tail", signal="logs", line="trace", parsed="trace",
        blast=("--lines", "1000000")),
    Row("steady", "10,000 spans/s, 100 a request", kind="steady", items=100,
        blast=("--rate", "10000", "--inflight", "64")),
    Row("overload", "2 x saturation, backend stalled", kind="overload",
        blast=("--connections", "8", "--inflight", "32")),
]
