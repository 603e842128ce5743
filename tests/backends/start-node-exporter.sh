#!/usr/bin/env bash
# Prometheus' node exporter on loopback: the machine's metrics at /metrics. SIGTERM ends it.
. "$(dirname "$0")/lib.sh"
need_command prometheus-node-exporter node-exporter
exec prometheus-node-exporter --web.listen-address="127.0.0.1:${NODE_EXPORTER_PORT:-9100}"
