#!/usr/bin/env bash
# Jaeger v2, everything in memory, loopback only. Runs in the foreground; SIGTERM ends it.
. "$(dirname "$0")/lib.sh"
need_program jaeger
export JAEGER_OTLP_GRPC_PORT=${JAEGER_OTLP_GRPC_PORT:-4317}
export JAEGER_OTLP_HTTP_PORT=${JAEGER_OTLP_HTTP_PORT:-4318}
export JAEGER_QUERY_PORT=${JAEGER_QUERY_PORT:-16686}           # web page, /api/services, /api/traces/<id>
export JAEGER_QUERY_GRPC_PORT=${JAEGER_QUERY_GRPC_PORT:-16685}
export JAEGER_HEALTH_PORT=${JAEGER_HEALTH_PORT:-13133}         # /status
exec "$BACKENDS_BIN/jaeger" --config "$BACKENDS_HERE/jaeger.yaml"
