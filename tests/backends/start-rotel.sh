#!/usr/bin/env bash
# rotel: OTLP in; out to ROTEL_TO (such as http://127.0.0.1:4317), or thrown away when that is unset. SIGTERM ends it.
# ROTEL_PROTOCOL: grpc or http; ROTEL_ARGS: further arguments, split at blanks.
. "$(dirname "$0")/lib.sh"
need_program rotel
destination=(--exporter blackhole)
if [ -n "${ROTEL_TO:-}" ]; then
  destination=(--exporter otlp --otlp-exporter-endpoint "$ROTEL_TO" --otlp-exporter-protocol "${ROTEL_PROTOCOL:-grpc}")
fi
# shellcheck disable=SC2086 # ROTEL_ARGS is several words
exec "$BACKENDS_BIN/rotel" start --otlp-grpc-endpoint "127.0.0.1:${ROTEL_GRPC_PORT:-4317}" \
  --otlp-http-endpoint "127.0.0.1:${ROTEL_HTTP_PORT:-4318}" "${destination[@]}" ${ROTEL_ARGS:-}
