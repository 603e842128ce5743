#!/usr/bin/env bash
# run_e2e.sh <path to sidelight> [--only equal-grpc,equal-http,outage]
# run_e2e.sh --collector otelcol [--planted loss|change] [--only …]   the Collector in Sidelight's place
#
# A real application → record proxy → Sidelight → Jaeger (traces) and a capture sink (traces, metrics, logs).
#   equal-grpc   what the application sent over gRPC equals what arrived, and its traces are whole in Jaeger
#   equal-http   the same over HTTP/protobuf with gzip
#   outage       while the application sends, the sink is closed, then refuses, then stalls, OUTAGE_SECONDS each (20):
#                nothing that was acknowledged is lost, nothing that was never sent arrives
# --planted makes the Collector misbehave, to prove that the checks notice: `loss` gives it a queue in memory and kills
# it in the outage; `change` lets it remove an attribute. Such a run must fail (prove_harness.sh).
# E2E_REQUESTS (150): requests of each `equal` run. Logs lie in a temporary folder, kept and named when a check fails,
# or when E2E_KEEP=1. Exit code: 0 all checks passed, 1 one failed, 64 wrong use, 69 something is not installed.
. "$(dirname "$0")/../../backends/lib.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
application=$here/../../../examples/trading_app
outage_seconds=${OUTAGE_SECONDS:-20}
requests=${E2E_REQUESTS:-150}

usage() { sed -n '2,13p' "$0" | cut -c3-; exit 64; }
program='' kind=sidelight planted='' only=equal-grpc,equal-http,outage
while [ $# -gt 0 ]; do
  case $1 in
    --collector) [ "${2:-}" = otelcol ] || usage; kind=otelcol program=$BACKENDS_BIN/otelcol; shift ;;
    --planted) planted=${2:-}; shift ;;
    --only) only=${2:-}; shift ;;
    -*) usage ;;
    *) program=$1 ;;
  esac
  shift
done
[ -n "$program" ] || usage
case $kind/$planted in sidelight/ | otelcol/ | otelcol/loss | otelcol/change) ;; *) usage ;; esac
if [ $kind = otelcol ]; then need_program otelcol; fi
[ -x "$program" ] || { echo "cannot run $program" >&2; exit 69; }
need_program jaeger
python=$("$application/venv.sh")/bin/python
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost

# === processes

work=$(mktemp -d "${TMPDIR:-/tmp}/sidelight-e2e.XXXXXX")
failures=0
declare -A pid=()
start_process() { # start_process <name> <command…>: its output goes to $work/<name>.log
  local name=$1; shift
  "$@" >>"$work/$name.log" 2>&1 &
  pid[$name]=$!
}
stop_process() { # stop_process <name> [signal]: returns its exit code
  local name=$1 code=0
  kill -"${2:-TERM}" "${pid[$name]}" 2>/dev/null || true
  wait "${pid[$name]}" 2>/dev/null || code=$?
  unset "pid[$name]"
  return $code
}
clean_up() {
  local code=$? name
  for name in "${!pid[@]}"; do kill -TERM "${pid[$name]}" 2>/dev/null || true; done
  for _ in $(seq 50); do [ -z "$(jobs -pr)" ] && break; sleep 0.1; done
  for name in "${!pid[@]}"; do kill -KILL "${pid[$name]}" 2>/dev/null || true; done
  if [ "$code" = 0 ] && [ -z "${E2E_KEEP:-}" ]; then rm -rf "$work"; else echo "logs: $work"; fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

give_up() { echo "FAIL $1"; tail -n 20 "$work/$2.log" >&2; exit 1; }
check() { # check <claim> <command…>
  local claim=$1; shift
  if "$@"; then echo "ok   $claim"; else echo "FAIL $claim"; failures=$((failures + 1)); fi
}

# === the parts

read -r jaeger_grpc jaeger_http jaeger_query jaeger_query_grpc jaeger_health \
  sink_grpc sink_http sink_control proxy_grpc proxy_http proxy_control in_grpc in_http <<<"$(free_ports 13)"
jaeger_url=http://127.0.0.1:$jaeger_query

start_sink() {
  : >"$work/sink.log"
  start_process sink "$python" "$here/capture_sink.py" --folder "$work/received" \
    --grpc-port "$sink_grpc" --http-port "$sink_http" --control-port "$sink_control"
  "$BACKENDS_HERE/wait-for.sh" "http://127.0.0.1:$sink_control/counts" 30 "${pid[sink]}" || give_up "the sink did not start" sink
}
tell_sink() { curl -fsS -o /dev/null -X POST "http://127.0.0.1:$sink_control/$1"; }

write_pipeline() {
  # The Collector acknowledges before delivery unless its queue is off; Sidelight's own default is on delivery.
  local queue='' telemetry='' processors='' planted_processors=''
  if [ $kind = otelcol ]; then
    telemetry='telemetry: {metrics: {level: none}}'
    [ "$planted" = loss ] || queue='sending_queue: {enabled: false}'
  fi
  if [ "$planted" = change ]; then
    processors='processors: {attributes: {actions: [{key: http.route, action: delete}]}}'
    planted_processors='processors: [attributes]'
  fi
  local retry='retry_on_failure: {initial_interval: 200ms, max_interval: 1s}'
  cat >"$work/pipeline.yaml" <<YAML
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:$in_grpc
      http:
        endpoint: 127.0.0.1:$in_http
exporters:
  otlp_grpc/jaeger:
    endpoint: 127.0.0.1:$jaeger_grpc
    tls: {insecure: true}
    $retry
    $queue
  otlp_grpc/sink:
    endpoint: 127.0.0.1:$sink_grpc
    tls: {insecure: true}
    $retry
    $queue
$processors
service:
  $telemetry
  pipelines:
    traces:
      receivers: [otlp]
      $planted_processors
      exporters: [otlp_grpc/jaeger, otlp_grpc/sink]
    metrics:
      receivers: [otlp]
      $planted_processors
      exporters: [otlp_grpc/sink]
    logs:
      receivers: [otlp]
      $planted_processors
      exporters: [otlp_grpc/sink]
YAML
}

start_program() {
  start_process $kind "$program" --config "$work/pipeline.yaml"
  local port
  for port in $in_grpc $in_http; do
    "$BACKENDS_HERE/wait-for.sh" "127.0.0.1:$port" 30 "${pid[$kind]}" || give_up "$kind did not start" $kind
  done
}

start_all() {
  JAEGER_OTLP_GRPC_PORT=$jaeger_grpc JAEGER_OTLP_HTTP_PORT=$jaeger_http JAEGER_QUERY_PORT=$jaeger_query \
    JAEGER_QUERY_GRPC_PORT=$jaeger_query_grpc JAEGER_HEALTH_PORT=$jaeger_health \
    start_process jaeger "$BACKENDS_HERE/start-jaeger.sh"
  start_sink
  start_process proxy "$python" "$here/record_proxy.py" \
    --acknowledged "$work/acknowledged" --unacknowledged "$work/unacknowledged" \
    --grpc-port "$proxy_grpc" --http-port "$proxy_http" --control-port "$proxy_control" \
    --to-grpc "127.0.0.1:$in_grpc" --to-http "127.0.0.1:$in_http"
  "$BACKENDS_HERE/wait-for.sh" "http://127.0.0.1:$proxy_control/counts" 30 "${pid[proxy]}" || give_up "the proxy did not start" proxy
  "$BACKENDS_HERE/wait-for.sh" "http://127.0.0.1:$jaeger_health/status" 60 "${pid[jaeger]}" || give_up "Jaeger did not start" jaeger
  write_pipeline
  start_program
}

run_application() { # run_application <grpc or http/protobuf> <arguments…>   becomes the application
  local protocol=$1 endpoint=http://127.0.0.1:$proxy_grpc; shift
  [ "$protocol" = grpc ] || endpoint=http://127.0.0.1:$proxy_http
  export APP_DATA_DIR=$work/application APP_SLOW_QUERY_SECONDS=0.2 APP_SLOW_ROUTE_SECONDS=0.1
  export OTEL_EXPORTER_OTLP_PROTOCOL=$protocol OTEL_EXPORTER_OTLP_ENDPOINT=$endpoint
  export OTEL_METRIC_EXPORT_INTERVAL=1000 OTEL_BSP_SCHEDULE_DELAY=300 OTEL_BLRP_SCHEDULE_DELAY=300
  exec "$application/run.sh" --port 0 "$@"
}

# figure <sink or proxy> <python expression of c, the counts>
figure() {
  local port=$sink_control
  [ "$1" != proxy ] || port=$proxy_control
  curl -fsS "http://127.0.0.1:$port/counts" | "$python" -c "import json, sys; c = json.load(sys.stdin); print($2)"
}
acknowledged_everywhere() { figure proxy 'min(c["acknowledged"].values())'; }
begun() { figure proxy 'sum(c["begun"].values())'; }

grows() { # grows <seconds> <more than> <function that prints a number>
  local end=$((SECONDS + $1))
  while [ $SECONDS -lt $end ]; do [ "$($3)" -gt "$2" ] && return 0; sleep 0.2; done
  return 1
}

# Compares; a queue in memory may still be delivering, so until it is equal or the time is over.
arrived() {
  local options=(--unacknowledged "$work/unacknowledged" "$@" "$work/acknowledged" "$work/received") end=$((SECONDS + 20))
  until "$python" "$here/compare.py" --quiet "${options[@]}" || [ $SECONDS -ge $end ]; do sleep 0.5; done
  "$python" "$here/compare.py" "${options[@]}"
}

# === the scenarios

equal_run() { # equal_run <protocol>
  local started=$SECONDS
  (run_application "$@" --requests "$requests" --rate 0) >>"$work/application.log" 2>&1 || give_up "the application failed" application
  check "all that was sent over $1 was acknowledged" [ "$(figure proxy 'sum(c["unacknowledged"].values())')" = 0 ]
  check "what arrived equals what was sent over $1 ($((SECONDS - started)) s)" arrived
  check "the traces sent over $1 are whole in Jaeger" "$python" "$here/jaeger_check.py" --jaeger "$jaeger_url" --sent "$work/acknowledged"
}

outage() { # outage <name> <command that begins it> <command that ends it>
  local name=$1 before during
  grows 30 "$(acknowledged_everywhere)" acknowledged_everywhere || give_up "nothing is acknowledged before the sink is $name" $kind
  before=$(begun)
  $2
  sleep "$outage_seconds" # the length of the outage, not a wait for something
  during=$(figure proxy 'sum(c["begun"].values())')
  [ "$planted" != loss ] || { stop_process $kind KILL || true; start_program; }
  $3
  check "the application kept sending while the sink was $name" [ "$during" -gt "$before" ]
  check "all signals are acknowledged again after the sink was $name" grows 60 "$(acknowledged_everywhere)" acknowledged_everywhere
}
close_sink() { stop_process sink KILL || true; }

outage_run() {
  (run_application grpc --rate 20) >>"$work/application.log" 2>&1 &
  pid[application]=$!
  outage closed close_sink start_sink
  outage refusing "tell_sink refuse" "tell_sink ok"
  outage stalled "tell_sink stall" "tell_sink ok"
  check "the application ends cleanly" stop_process application
  echo "     requests: $(figure proxy '", ".join(f"{k} {sum(v.values())}" for k, v in c.items())')"
  check "nothing that was acknowledged is lost" arrived --allow-duplicates
  check "the acknowledged traces are whole in Jaeger" \
    "$python" "$here/jaeger_check.py" --jaeger "$jaeger_url" --sent "$work/acknowledged" --allow-duplicates
}

echo "== $($program --version 2>/dev/null | head -n 1)${planted:+, planted $planted}"
start_all
case ,$only, in *,equal-grpc,*) equal_run grpc ;; esac
case ,$only, in *,equal-http,*) OTEL_EXPORTER_OTLP_COMPRESSION=gzip equal_run http/protobuf ;; esac
case ,$only, in *,outage,*) outage_run ;; esac
check "$kind ends cleanly on SIGTERM" stop_process $kind
echo "== $failures failed, $SECONDS s"
[ $failures = 0 ]
