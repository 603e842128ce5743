#!/usr/bin/env bash
# Proves run_e2e.sh on the OpenTelemetry Collector: it passes where nothing is lost or changed, and fails where it is.
# Takes about two minutes with the outages of 4 s used here. Ends with a line `N passed, M failed`.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export OUTAGE_SECONDS=${OUTAGE_SECONDS:-4}
output=$(mktemp)
trap 'rm -f "$output"' EXIT
passed=0 failed=0

expect() { # expect <claim> <exit code> <line of the output> <arguments…>
  local claim=$1 code=$2 line=$3 got=0; shift 3
  "$here/run_e2e.sh" --collector otelcol "$@" >"$output" 2>&1 || got=$?
  if [ $got = "$code" ] && grep -qF "$line" "$output"; then
    echo "ok   $claim"; passed=$((passed + 1))
    sed -n 's/^logs: //p' "$output" | xargs -r rm -rf # of the failure that was wanted
  else
    echo "FAIL $claim: exit code $got, wanted $code and: $line"; cat "$output"; failed=$((failed + 1))
  fi
}

expect "the Collector without a queue passes everything" 0 "== 0 failed"
expect "a change is noticed on arrival and in Jaeger" 1 "== 2 failed" --planted change --only equal-grpc
expect "what a killed queue held is noticed" 1 "FAIL nothing that was acknowledged is lost" --planted loss --only outage
echo "$passed passed, $failed failed"
[ $failed = 0 ]
