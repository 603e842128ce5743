#!/usr/bin/env bash
# The OpenTelemetry Collector. OTELCOL_CONFIG: its configuration (default: OTLP in, `debug` out). SIGTERM ends it.
. "$(dirname "$0")/lib.sh"
need_program otelcol
export OTELCOL_GRPC_PORT=${OTELCOL_GRPC_PORT:-4317}
export OTELCOL_HTTP_PORT=${OTELCOL_HTTP_PORT:-4318}
export OTELCOL_HEALTH_PORT=${OTELCOL_HEALTH_PORT:-13133}
exec "$BACKENDS_BIN/otelcol" --config "${OTELCOL_CONFIG:-$BACKENDS_HERE/otelcol/debug.yaml}"
