#!/usr/bin/env bash
# foreign_clients.sh <program>: other people's tools at the doors: slowhttptest in its four ways with 1,000 connections
# (slow heads, slow bodies, ranges, slow readers), and h2load. A good client is served after each. Left out, with a line
# that says so, where the tools are not there and cannot be installed.
set -euo pipefail
program=$(realpath "$1") seconds=${2:-8}

if ! command -v slowhttptest >/dev/null || ! command -v h2load >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get install -y --no-install-recommends slowhttptest nghttp2-client >/dev/null 2>&1 || true
  fi
fi
if ! command -v slowhttptest >/dev/null || ! command -v h2load >/dev/null; then
  echo "left out: no slowhttptest, no h2load (Debian: slowhttptest, nghttp2-client)"
  exit 0
fi

work=$(mktemp -d)
trap 'kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
otlp=$(port) grpc=$(port) scraped=$(port) health=$(port) metrics=$(port)
cat >"$work/pipeline.yaml" <<Y
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:$otlp"}, grpc: {endpoint: "127.0.0.1:$grpc"}}}}
exporters: {nop: , prometheus: {endpoint: "127.0.0.1:$scraped"}}
extensions: {health_check: {endpoint: "127.0.0.1:$health"}}
service:
  extensions: [health_check]
  telemetry: {logs: {level: error}, metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: $metrics}}}}]}}
  pipelines: {metrics: {receivers: [otlp], exporters: [prometheus]}, traces: {receivers: [otlp], exporters: [nop]}}
Y
"$program" --config "$work/pipeline.yaml" &
pid=$!
for _ in $(seq 100); do curl -sf "http://127.0.0.1:$health/" >/dev/null && break; sleep 0.1; done
peak() { awk '/VmHWM/ {print $2}' "/proc/$pid/status"; }
before=$(peak)

good() { # good <after what>: every door serves, in a few tries at most: places are kept for a second
  local url
  for url in "http://127.0.0.1:$health/" "http://127.0.0.1:$metrics/metrics" "http://127.0.0.1:$scraped/metrics"; do
    curl -sf --retry 20 --retry-all-errors --retry-delay 1 --retry-max-time 60 "$url" >/dev/null || { echo "FAILED: $url after $1"; exit 1; }
  done
  curl -sf --retry 20 --retry-all-errors --retry-delay 1 --retry-max-time 60 "http://127.0.0.1:$otlp/v1/traces" \
    -H 'Content-Type: application/json' -d '{}' >/dev/null || { echo "FAILED: OTLP after $1"; exit 1; }
}

slow() { # slow <name> <options…>: served while 1,000 of them are at it, too
  local name=$1; shift
  slowhttptest -c 1000 -r 500 -i 1 -l "$seconds" -p 5 "$@" >"$work/slow.log" 2>&1 &
  local attacker=$!
  sleep 3
  good "$name, while it lasts"
  wait "$attacker" || true
  good "$name"
  echo "served beside and after: $name"
}

good "the start"
for page in "http://127.0.0.1:$otlp/v1/traces" "http://127.0.0.1:$scraped/metrics" "http://127.0.0.1:$health/" "http://127.0.0.1:$metrics/metrics"; do
  slow "slow heads at $page" -H -u "$page"
done
slow "slow bodies at OTLP" -B -s 8192 -t POST -f application/x-protobuf -u "http://127.0.0.1:$otlp/v1/traces"
slow "ranges at the prometheus exporter" -R -u "http://127.0.0.1:$scraped/metrics"
slow "slow readers at the prometheus exporter" -X -k 20 -w 10 -y 20 -n 5 -z 32 -u "http://127.0.0.1:$scraped/metrics"
h2load -n 20000 -c 100 -m 100 "http://127.0.0.1:$scraped/metrics" >"$work/h2load.log" 2>&1
grep -E '^(requests|status codes):' "$work/h2load.log"
good h2load
growth=$(($(peak) - before))
echo "memory: $before KiB before, $growth KiB more at the peak"
[ "$growth" -lt $((100 << 10)) ] || { echo "FAILED: memory"; exit 1; }
