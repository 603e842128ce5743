#!/usr/bin/env bash
# The OpenTelemetry Collector. OTELCOL_CONFIG: its configuration (default: OTLP in, `debug` out). SIGTERM ends it.
# OTELCOL_PROGRAM: otelcol; or otelcol-prometheus or otelcol-storage, which have more components.
. "$(dirname "$0")/lib.sh"
program=${OTELCOL_PROGRAM:-otelcol}
need_program "$program"
export OTELCOL_GRPC_PORT=${OTELCOL_GRPC_PORT:-4317}
export OTELCOL_HTTP_PORT=${OTELCOL_HTTP_PORT:-4318}
export OTELCOL_HEALTH_PORT=${OTELCOL_HEALTH_PORT:-13133}
exec "$BACKENDS_BIN/$program" --config "${OTELCOL_CONFIG:-$BACKENDS_HERE/otelcol/debug.yaml}"
