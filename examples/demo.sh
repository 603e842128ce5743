#!/usr/bin/env bash
# demo.sh <path to sidelight>
# Starts Jaeger, Prometheus, Sidelight with trading_app/pipeline.yaml, and the trading application; says where to look;
# stays until Ctrl-C. Logs of all four: var/demo/. With DEMO_SECONDS=30 it ends by itself after that time: exit code 0 when
# a trace of the application, with its database spans, can be read in Jaeger, and its metrics in Prometheus; 1 when not, or
# when one of the four ended early.
. "$(dirname "$0")/../tests/backends/lib.sh"
examples=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$examples")
logs=$root/var/demo
sidelight=${1:-}
[ -x "$sidelight" ] || { sed -n '2,6p' "$0" | cut -c3-; exit 64; }
need_tools

# 4317, 4318 (OTLP), 13133 (health), 8888 (own metrics) and 8889 (metrics to scrape) are Sidelight's; Jaeger gets others.
export JAEGER_OTLP_GRPC_PORT=${JAEGER_OTLP_GRPC_PORT:-14317} JAEGER_OTLP_HTTP_PORT=${JAEGER_OTLP_HTTP_PORT:-14318}
export JAEGER_QUERY_PORT=${JAEGER_QUERY_PORT:-16686} JAEGER_QUERY_GRPC_PORT=${JAEGER_QUERY_GRPC_PORT:-16685}
export JAEGER_HEALTH_PORT=${JAEGER_HEALTH_PORT:-14133} JAEGER_ENDPOINT=127.0.0.1:${JAEGER_OTLP_GRPC_PORT:-14317}
export PROMETHEUS_PORT=${PROMETHEUS_PORT:-9090}
export PROMETHEUS_ENDPOINT=http://127.0.0.1:$PROMETHEUS_PORT
export PROMETHEUS_SCRAPE="127.0.0.1:8888 127.0.0.1:8889" PROMETHEUS_INTERVAL=5s
export APP_PORT=${APP_PORT:-8000} APP_DATA_DIR=$logs/application
export no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost

for port in 4317 4318 13133 8888 8889 "$JAEGER_OTLP_GRPC_PORT" "$JAEGER_OTLP_HTTP_PORT" "$JAEGER_QUERY_PORT" \
  "$JAEGER_QUERY_GRPC_PORT" "$JAEGER_HEALTH_PORT" "$PROMETHEUS_PORT" "$APP_PORT"; do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "port $port is in use already" >&2; exit 69; fi
done
for backend in jaeger prometheus; do
  [ -x "$BACKENDS_BIN/$backend" ] && continue
  echo "installing $backend, about 5 minutes the first time …"
  "$BACKENDS_HERE/install.sh" $backend
done
echo "preparing the application …"
venv=$("$examples/trading_app/venv.sh")
mkdir -p "$logs"
BACKENDS_DATA=$(mktemp -d "${TMPDIR:-/tmp}/sidelight-demo.XXXXXX") # of Prometheus
export BACKENDS_DATA

order=() # as started; stopped the other way round, so that each can still hand over what it holds
declare -A pid=()
start() { # start <name> <command…>
  local name=$1; shift
  # A session of its own: Ctrl-C reaches this script alone, which stops the four one after the other.
  setsid "$@" >"$logs/$name.log" 2>&1 &
  pid[$name]=$! order=("$name" "${order[@]}")
}
stop_all() {
  local code=$? name
  trap - EXIT INT TERM
  for name in "${order[@]}"; do
    kill -TERM "${pid[$name]}" 2>/dev/null || continue
    for _ in $(seq 200); do kill -0 "${pid[$name]}" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "${pid[$name]}" 2>/dev/null && echo "$name did not end within 20 s and was killed" >&2
  done
  wait
  rm -rf "$BACKENDS_DATA"
  echo "stopped; logs in $logs"
  exit "$code"
}
trap stop_all EXIT
trap 'echo; exit 0' INT TERM
failed() { echo "$1 failed, the end of its log:" >&2; tail -n 20 "$logs/$1.log" >&2; exit 1; }
wait_for() { "$BACKENDS_HERE/wait-for.sh" "$2" 60 "${pid[$1]}" || failed "$1"; }

start jaeger "$BACKENDS_HERE/start-jaeger.sh"
wait_for jaeger "http://127.0.0.1:$JAEGER_HEALTH_PORT/status"
start prometheus "$BACKENDS_HERE/start-prometheus.sh"
wait_for prometheus "$PROMETHEUS_ENDPOINT/-/ready"
start sidelight "$sidelight" --config "$examples/trading_app/pipeline.yaml"
wait_for sidelight 127.0.0.1:4317
start application "$examples/trading_app/run.sh"
wait_for application "http://127.0.0.1:$APP_PORT/health"

cat <<TEXT

The trading application sends traces, metrics and logs through Sidelight; its traces go on to Jaeger, its
metrics, what it costs and what the machine does to Prometheus, which also scrapes them, and Sidelight itself.
  Jaeger             http://127.0.0.1:$JAEGER_QUERY_PORT/search?service=trading-app
  Prometheus         $BACKENDS_BIN/promtool query instant $PROMETHEUS_ENDPOINT 'sum by (status) (orders_total)'
                     $PROMETHEUS_ENDPOINT/api/v1/query?query=rate(http_requests_total[1m])
  Sidelight: health  http://127.0.0.1:13133/
             metrics http://127.0.0.1:8889/metrics, its own http://127.0.0.1:8888/metrics
             a line per batch: tail -f $logs/sidelight.log
  the application    http://127.0.0.1:$APP_PORT/api/portfolio
             logs    $logs/application/log/
Ctrl-C stops everything.
TEXT

end=$((SECONDS + ${DEMO_SECONDS:-1000000000}))
while [ $SECONDS -lt $end ]; do
  for name in "${order[@]}"; do kill -0 "${pid[$name]}" 2>/dev/null || failed "$name"; done
  sleep 0.5
done
export PYTHONDONTWRITEBYTECODE=1
checks=$root/tests/pipelines/app
"$venv/bin/python" "$checks/jaeger_check.py" --jaeger "http://127.0.0.1:$JAEGER_QUERY_PORT" --seconds 20
"$venv/bin/python" "$checks/prometheus_check.py" --prometheus "$PROMETHEUS_ENDPOINT" --up sidelight --scraped-by sidelight \
  --also sidelight:system_cpu_time_seconds_total --also trading-app:process_memory_usage_bytes --seconds 20
