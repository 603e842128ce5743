"""Writes the payloads of this folder: one request per signal as the OpenTelemetry Python SDK encodes it (`.pb`), and the
same request in OTLP/JSON as Google's protobuf library writes it, with ids in hexadecimal (`.json`).

    pip install opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
    python generate.py FOLDER
"""

import base64
import json
import logging
import pathlib
import sys
import warnings

from google.protobuf.json_format import MessageToDict
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

warnings.simplefilter("ignore")
FOLDER = pathlib.Path(sys.argv[1])
RESOURCE = Resource.create({"service.name": "trading-app", "host.cpus": 2, "quoted": 'a "b" \\ ü 😀\n'})
ATTRIBUTES = {
    "http.request.method": "GET",
    "http.response.status_code": 200,
    "ratio": 0.1,
    "huge": 2**62 + 1,
    "negative": -5,
    "sampled": True,
    "empty": "",
    "list": ["a", "ü"],
    "numbers": [1.5, -0.25],
    "raw": b"\xfb\xff\xbf\x00",
}


def hexadecimal_ids(tree):
    if isinstance(tree, list):
        return [hexadecimal_ids(element) for element in tree]
    if not isinstance(tree, dict):
        return tree
    ids = ("traceId", "spanId", "parentSpanId")
    return {k: base64.b64decode(v).hex() if k in ids else hexadecimal_ids(v) for k, v in tree.items()}


def save(name, request):
    (FOLDER / f"{name}.pb").write_bytes(request.SerializeToString())
    tree = hexadecimal_ids(MessageToDict(request, use_integers_for_enums=True))
    (FOLDER / f"{name}.json").write_text(json.dumps(tree, indent=1) + "\n")


def traces():
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("checkout", "1.2.3", schema_url="https://opentelemetry.io/schemas/1.40.0")
    with tracer.start_as_current_span("GET /orders", kind=trace.SpanKind.SERVER, attributes=ATTRIBUTES) as server:
        link = trace.Link(server.get_span_context(), {"why": "batch"})
        try:
            with tracer.start_as_current_span("SELECT", kind=trace.SpanKind.CLIENT, links=[link]) as span:
                span.add_event("row", {"n": 1})
                raise ValueError("no \x01 row")
        except ValueError:
            server.set_status(trace.StatusCode.OK)
    save("traces", encode_spans(exporter.get_finished_spans()))


def metrics():
    reader = InMemoryMetricReader()
    views = [View(instrument_name="latency.exp", aggregation=ExponentialBucketHistogramAggregation())]
    meter = MeterProvider([reader], RESOURCE, views=views).get_meter("checkout")
    meter.create_counter("orders", "1", "orders taken").add(3, ATTRIBUTES)
    meter.create_up_down_counter("open").add(-2)
    meter.create_gauge("price").set(99.95, {"symbol": "ABC"})
    for value in (0.0, 0.5, 12.0, 700.25, 1e9):
        meter.create_histogram("latency", "ms").record(value)
        meter.create_histogram("latency.exp", "ms").record(value)
    save("metrics", encode_metrics(reader.get_metrics_data()))


def logs():
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider(resource=RESOURCE)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger = logging.getLogger("orders")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.addHandler(LoggingHandler(logger_provider=provider))
    with TracerProvider(resource=RESOURCE).get_tracer("t").start_as_current_span("s"):
        logger.info("order \t %s taken", "ü-1", extra={"user_id": 7, "price": 1e-7})
    try:
        raise KeyError("k")
    except KeyError:
        logger.exception("failed")
    save("logs", encode_logs(exporter.get_finished_logs()))


traces()
metrics()
logs()
