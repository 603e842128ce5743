#!/usr/bin/env bash
# run.sh <path to sidelight> [--planted STEP]
# Real servers and real exporters, scraped by a real Prometheus and by Sidelight; what both have of them is the same.
#   frozen   each exporter's page is saved once in each format that it has (text, OpenMetrics, protobuf) and served to
#            both, with awkward pages besides: every series, value, type, help and unit is compared
#   live     examples/prometheus_scrape/pipeline.yaml as it is: every job is up, and what it is known for arrives in
#            Prometheus by OTLP
# --planted lets Sidelight take a step of relabelling of its own on one page: the comparison must notice.
# Needs install.sh prometheus and the servers and exporters of the distribution. Logs lie in a temporary folder,
# kept and named when a check fails, or when SCRAPE_KEEP=1. Exit code: 0 all the same, 1 not, 64 wrong use, 69 something is
# not installed.
. "$(dirname "$0")/../lib.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sidelight=${1:-} planted=''
[ -x "$sidelight" ] || { sed -n '2,12p' "$0" | cut -c3-; exit 64; }
[ "${2:-}" != --planted ] || planted=${3:?a step of relabelling}
need_program prometheus
for exporter in node mysqld postgres redis nginx; do need_command "prometheus-$exporter-exporter" "$exporter-exporter"; done
export PYTHONDONTWRITEBYTECODE=1 no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost

python3 "$here/test_compare.py"
work=$(mktemp -d "${TMPDIR:-/tmp}/sidelight-scrape.XXXXXX")
chmod 711 "$work" # servers that run as users of their own must reach their folders
export BACKENDS_DATA=$work/data
declare -A pid=()
start() { # start <name> <command…>
  local name=$1; shift
  "$@" >"$work/$name.log" 2>&1 &
  pid[$name]=$!
}
stop() { kill -TERM "${pid[$1]}" 2>/dev/null || true; wait "${pid[$1]}" 2>/dev/null || true; unset "pid[$1]"; }
clean_up() {
  local code=$? name
  trap - EXIT INT TERM
  for name in "${!pid[@]}"; do kill -TERM "${pid[$name]}" 2>/dev/null || true; done
  for _ in $(seq 100); do [ -z "$(jobs -pr)" ] && break; sleep 0.1; done
  for name in "${!pid[@]}"; do kill -KILL "${pid[$name]}" 2>/dev/null || true; done
  if [ "$code" = 0 ] && [ -z "${SCRAPE_KEEP:-}" ]; then rm -rf "$work"; else echo "logs and pages: $work" >&2; fi
  exit "$code"
}
trap clean_up EXIT
trap 'exit 143' INT TERM
wait_for() { "$BACKENDS_HERE/wait-for.sh" "$2" 60 "${pid[$1]}" || { tail -n 20 "$work/$1.log" >&2; exit 1; }; }

read -r MARIADB_PORT POSTGRES_PORT REDIS_PORT NGINX_PORT NODE_EXPORTER_PORT MYSQLD_EXPORTER_PORT POSTGRES_EXPORTER_PORT \
  REDIS_EXPORTER_PORT NGINX_EXPORTER_PORT PROMETHEUS_PORT pages_port health_port <<<"$(free_ports 12)"
export MARIADB_PORT POSTGRES_PORT REDIS_PORT NGINX_PORT NODE_EXPORTER_PORT MYSQLD_EXPORTER_PORT POSTGRES_EXPORTER_PORT \
  REDIS_EXPORTER_PORT NGINX_EXPORTER_PORT PROMETHEUS_PORT

for server in mariadb postgres redis nginx; do start $server "$BACKENDS_HERE/start-$server.sh"; done
wait_for mariadb "127.0.0.1:$MARIADB_PORT"
wait_for postgres "127.0.0.1:$POSTGRES_PORT"
wait_for redis "127.0.0.1:$REDIS_PORT"
wait_for nginx "http://127.0.0.1:$NGINX_PORT/stub_status"
exporters="node=$NODE_EXPORTER_PORT mysqld=$MYSQLD_EXPORTER_PORT postgres=$POSTGRES_EXPORTER_PORT"
exporters="$exporters redis=$REDIS_EXPORTER_PORT nginx=$NGINX_EXPORTER_PORT"
sources=''
for exporter in $exporters; do
  start "${exporter%=*}-exporter" "$BACKENDS_HERE/start-${exporter%=*}-exporter.sh"
  wait_for "${exporter%=*}-exporter" "http://127.0.0.1:${exporter#*=}/metrics"
  sources="$sources ${exporter%=*}=http://127.0.0.1:${exporter#*=}/metrics"
done
# Prometheus itself is the application: a program with histograms, native ones among them, and summaries.
start application env PROMETHEUS_CONFIG="" "$BACKENDS_HERE/start-prometheus.sh"
wait_for application "http://127.0.0.1:$PROMETHEUS_PORT/-/ready"

frozen() {
  # shellcheck disable=SC2086 # several sources
  python3 "$here/pages.py" save --folder "$work/pages" --from $sources "application=http://127.0.0.1:$PROMETHEUS_PORT/metrics"
  stop application
  python3 "$here/settings.py" --folder "$work/pages" --port "$pages_port" --work "$work" --planted "$planted"
  [ ! -x "$BACKENDS_BIN/promtool" ] || "$BACKENDS_BIN/promtool" check config "$work/prometheus.yml"
  "$sidelight" validate --config "$work/pipeline.yaml"
  start pages python3 "$here/pages.py" serve --folder "$work/pages" --port "$pages_port"
  wait_for pages "http://127.0.0.1:$pages_port/node/text"
  start prometheus env PROMETHEUS_CONFIG="$work/prometheus.yml" BACKENDS_DATA="$work/frozen" "$BACKENDS_HERE/start-prometheus.sh"
  start sidelight "$sidelight" --config "$work/pipeline.yaml"
  wait_for prometheus "http://127.0.0.1:$PROMETHEUS_PORT/-/ready"
  python3 "$here/compare.py" --prometheus "http://127.0.0.1:$PROMETHEUS_PORT" --otlp "$work/metrics.json"
  stop sidelight; stop prometheus; stop pages
}

live() {
  local address=127.0.0.1
  start application env PROMETHEUS_CONFIG="" BACKENDS_DATA="$work/live" "$BACKENDS_HERE/start-prometheus.sh"
  wait_for application "http://$address:$PROMETHEUS_PORT/-/ready"
  cat >"$work/send.yaml" <<YAML
exporters:
  otlp_http:
    metrics_endpoint: http://$address:$PROMETHEUS_PORT/api/v1/otlp/v1/metrics
extensions:
  health_check:
    endpoint: $address:$health_port
service:
  extensions: [health_check]
  telemetry:
    metrics:
      level: none
  pipelines:
    metrics:
      exporters: [otlp_http]
YAML
  start sidelight env APPLICATION=$address:"$PROMETHEUS_PORT" NODE_EXPORTER=$address:"$NODE_EXPORTER_PORT" \
    MYSQLD_EXPORTER=$address:"$MYSQLD_EXPORTER_PORT" POSTGRES_EXPORTER=$address:"$POSTGRES_EXPORTER_PORT" \
    REDIS_EXPORTER=$address:"$REDIS_EXPORTER_PORT" NGINX_EXPORTER=$address:"$NGINX_EXPORTER_PORT" \
    "$sidelight" --config "$BACKENDS_HERE/../../examples/prometheus_scrape/pipeline.yaml" --config "$work/send.yaml"
  wait_for sidelight "http://$address:$health_port/"
  python3 "$here/live.py" --prometheus "http://$address:$PROMETHEUS_PORT"
  stop sidelight
}

frozen
[ -n "$planted" ] || live
