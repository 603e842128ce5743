#!/usr/bin/env bash
# prometheus_names.sh <sidelight> [--help …]: do Prometheus' users see the same metrics from Sidelight as from the Collector?
. "$(dirname "$0")/lib.sh"
need_program otelcol-prometheus
need_program prometheus
export COLLECTOR=$BACKENDS_BIN/otelcol-prometheus PYTHONDONTWRITEBYTECODE=1
export no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost
exec python3 "$BACKENDS_HERE/prometheus_names" "$@"
