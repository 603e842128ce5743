#!/usr/bin/env bash
# run.sh [--requests N] [--seconds S] [--rate R] [--seed S] [--port P]
# Starts the application under opentelemetry-instrument. It sends OTLP to 127.0.0.1:4317 unless OTEL_* say otherwise:
# for HTTP, OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf (and 4318 becomes the default). SIGTERM ends it cleanly.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=$("$here/venv.sh")

export OTEL_SERVICE_NAME=${OTEL_SERVICE_NAME:-trading-app}
export OTEL_RESOURCE_ATTRIBUTES=${OTEL_RESOURCE_ATTRIBUTES:-service.version=1.0.0,deployment.environment.name=demo}
export OTEL_EXPORTER_OTLP_PROTOCOL=${OTEL_EXPORTER_OTLP_PROTOCOL:-grpc}
case $OTEL_EXPORTER_OTLP_PROTOCOL in http/*) port=4318 ;; *) port=4317 ;; esac
export OTEL_EXPORTER_OTLP_ENDPOINT=${OTEL_EXPORTER_OTLP_ENDPOINT:-http://127.0.0.1:$port}
export OTEL_METRIC_EXPORT_INTERVAL=${OTEL_METRIC_EXPORT_INTERVAL:-5000}
export OTEL_BSP_SCHEDULE_DELAY=${OTEL_BSP_SCHEDULE_DELAY:-1000}
export OTEL_BLRP_SCHEDULE_DELAY=${OTEL_BLRP_SCHEDULE_DELAY:-1000}
export OTEL_SEMCONV_STABILITY_OPT_IN=${OTEL_SEMCONV_STABILITY_OPT_IN:-http,database}
export OTEL_PYTHON_LOG_CODE_ATTRIBUTES=${OTEL_PYTHON_LOG_CODE_ATTRIBUTES:-true}
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
exec "$venv/bin/opentelemetry-instrument" "$venv/bin/python" "$here/main.py" "$@"
