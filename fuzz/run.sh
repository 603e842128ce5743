#!/usr/bin/env bash
# run.sh [target…]: every fuzz target (or those named) side by side, each for FUZZ_SECONDS (60), starting from the
# committed corpus. What libFuzzer finds on the way goes to a temporary folder, not into the corpus. Prints the executions of each;
# exit 1 if one found something.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${FUZZ_SECONDS:-60}
[ $# -gt 0 ] || set -- admit views rewrite split json_in json_out exposition log_lines wal_open dead_letter
command -v cargo-fuzz >/dev/null || cargo install --locked --quiet cargo-fuzz@0.13.2
target=$(rustc -vV | sed -n 's/^host: //p')
cargo +nightly fuzz build --release >/dev/null
bin=${CARGO_TARGET_DIR:-target}/$target/release
work=$(mktemp -d)
failed=0
declare -A running
for name in "$@"; do
  mkdir -p "$work/$name" "artifacts/$name"
  "$bin/$name" "$work/$name" "corpus/$name" -max_total_time="$seconds" -artifact_prefix="artifacts/$name/" \
    -print_final_stats=1 -verbosity=0 >"$work/$name.log" 2>&1 &
  running[$name]=$!
done
for name in "$@"; do
  if wait "${running[$name]}"; then verdict=clean; else verdict="FOUND SOMETHING, see $work/$name.log"; failed=1; fi
  echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$name.log") executions in $seconds s, $verdict"
done
exit $failed
