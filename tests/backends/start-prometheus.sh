#!/usr/bin/env bash
# Prometheus 3 on loopback that takes OTLP (/api/v1/otlp/v1/metrics) and remote write (/api/v1/write). SIGTERM ends it.
# PROMETHEUS_SCRAPE: host:port … separated by blanks, each scraped at /metrics; PROMETHEUS_INTERVAL (1s): how often;
# PROMETHEUS_CONFIG: a whole configuration in place of these two; PROMETHEUS_RULES: a rule file; ALERTMANAGER_PORT: where
# alerts go; PROMETHEUS_ARGS: further arguments, split at blanks; BACKENDS_DATA: where the data lies.
. "$(dirname "$0")/lib.sh"
need_program prometheus
data=$(backend_data_dir prometheus)
interval=${PROMETHEUS_INTERVAL:-1s}

write_config() {
  local target
  echo "global: {scrape_interval: $interval, evaluation_interval: $interval}"
  # The Collector batches, tests send what is some minutes old: neither is in order.
  echo "storage: {tsdb: {out_of_order_time_window: 30m}}"
  echo "otlp: {promote_resource_attributes: [service.name, service.instance.id, service.namespace, host.name]}"
  if [ -n "${PROMETHEUS_RULES:-}" ]; then echo "rule_files: ['$(realpath "$PROMETHEUS_RULES")']"; fi
  if [ -n "${ALERTMANAGER_PORT:-}" ]; then
    echo "alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:$ALERTMANAGER_PORT']}]}]}"
  fi
  if [ -n "${PROMETHEUS_SCRAPE:-}" ]; then
    echo "scrape_configs:"
    echo "- job_name: sidelight"
    echo "  static_configs:"
    for target in $PROMETHEUS_SCRAPE; do echo "  - targets: ['$target']"; done
  fi
}

config=${PROMETHEUS_CONFIG:-}
if [ -z "$config" ]; then
  config=$data/prometheus.yml
  write_config >"$config"
fi
# shellcheck disable=SC2086 # PROMETHEUS_ARGS is several words
exec "$BACKENDS_BIN/prometheus" --config.file="$config" --storage.tsdb.path="$data/tsdb" --log.level=warn \
  --web.listen-address="127.0.0.1:${PROMETHEUS_PORT:-9090}" --web.enable-otlp-receiver --web.enable-remote-write-receiver \
  --web.enable-lifecycle --scrape.discovery-reload-interval=200ms ${PROMETHEUS_ARGS:-}
