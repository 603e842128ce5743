#!/usr/bin/env bash
# All tests, from a clean checkout: format, lints, documentation, unit and property tests, the built program
# from outside, real backends and the real application. Each step says what it is and how long it took.
set -uo pipefail
cd "$(dirname "$0")/.."
(. tests/backends/lib.sh && need_tools) || exit
command -v c++ >/dev/null || { echo "missing: a C++ compiler as c++, for the fuzz targets (for example apt-get install g++)" >&2; exit 69; }
BIN=${CARGO_TARGET_DIR:-target}/quick/sidelight
passed=0 failed=()
LOGS=$(mktemp -d)
trap 'rm -rf "$LOGS"' EXIT

# A step that hangs fails after so many seconds; the others still say what they have to say.
LONGEST=1500
step() { # step <what> <command…>
  local what=$1 started=$SECONDS; shift
  echo "=== $what"
  # shellcheck disable=SC2016 # the inner shell expands them
  if timeout --kill-after=30 "$LONGEST" bash -o pipefail -uc '"$0" "$@"' "$@" 2>&1 | tee "$LOGS/${#failed[@]}"; then
    passed=$((passed + 1)); echo "--- $what: ok, $((SECONDS - started)) s"
  else failed+=("$what"); echo "--- $what: FAILED, $((SECONDS - started)) s"; fi
}

documentation() { RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet; }
load_generator() { (cd bench && cargo clippy --locked --all-targets -- -D warnings && cargo test --locked); }
# Compiled, not run, with the toolchain of everything else: `make fuzz` runs them and needs a nightly one.
fuzz_targets() { (cd fuzz && cargo check --locked); }
application() {
  local python
  python=$(examples/trading_app/venv.sh)/bin/python
  export PYTHONDONTWRITEBYTECODE=1
  "$python" tests/pipelines/app/test_compare.py && "$python" tests/pipelines/app/test_application.py
}
prometheus() { cargo test --locked --test backends && python3 tests/backends/remote_write.py "$BIN"; }
scraping() {
  # The packages of servers and exporters can be installed by root alone.
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then echo "left out: needs root and apt"; return; fi
  tests/backends/install.sh redis redis-exporter postgres postgres-exporter nginx nginx-exporter mariadb mysqld-exporter \
    node-exporter && tests/backends/prometheus_scrape/run.sh "$BIN"
}
backends() {
  tests/backends/install.sh jaeger prometheus compose-config || return
  # The tests that boot a systemd say that they were left out where this is not there.
  [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || tests/backends/install.sh systemd-machine
}
search() {
  if ! command -v javac >/dev/null || ! command -v mvn >/dev/null; then echo "left out: needs a JDK and Maven"; return; fi
  tests/backends/install.sh elasticsearch opensearch && python3 tests/backends/search/run.py "$BIN" && python3 examples/elk/test.py "$BIN"
}
dependencies() {
  command -v cargo-deny >/dev/null || cargo install --locked --quiet cargo-deny@0.20.2
  cargo deny --all-features check bans licenses sources
}

export -f documentation load_generator fuzz_targets application prometheus scraping backends search dependencies
export BIN
step "format" cargo fmt --all --check
step "lints" cargo clippy --locked --workspace --all-targets --test backends -- -D warnings
step "documentation" documentation
step "unit, property and conformance tests, the program from outside" cargo test --locked --workspace --no-fail-fast
step "the mailbox of the queue on disk, in every order of threads" \
  cargo test --locked -p sidelight-delivery --features shuttle --lib schedules
step "the program" cargo build --locked --profile quick --bin sidelight
step "load generator" load_generator
step "fuzz targets compile" fuzz_targets
step "backends" backends
step "Prometheus: scraped and pushed to" prometheus
step "Prometheus: what it scrapes, scraped by Sidelight" scraping
step "Elasticsearch and OpenSearch: documents read back, and examples/elk" search
step "figures of a growing log: the same totals as a script" python3 examples/soak_log/test.py "$BIN"
step "the application" application
step "the application through Sidelight to Jaeger, with outages" tests/pipelines/app/run_e2e.sh "$BIN"
step "overload: four times what the destination takes" python3 tests/chaos/overload.py "$BIN"
step "a million label sets into the prometheus exporter" python3 tests/chaos/cardinality.py "$BIN"
step "slowhttptest and h2load at the doors" tests/chaos/foreign_clients.sh "$BIN"
step "deployment: systemd, supervisord, images, Kubernetes" tests/deploy/run.sh "$BIN"
step "the durable queue: killed, starved, damaged" tests/chaos/run.sh "$BIN"
step "log files: rotated in every way, the program killed" tests/chaos/log_files/run.sh "$BIN"
step "demo" env DEMO_SECONDS=15 examples/demo.sh "$BIN"
step "dependencies" dependencies

# What failed is told again at the end, where the reader of a long log looks first.
for i in "${!failed[@]}"; do
  echo "=== failed: ${failed[$i]}"
  grep -aE "panicked at|FAILED|^error|^test .* failed|failures:|Error|lost|missing" "$LOGS/$i" | tail -30
  echo "    its last lines:"; tail -12 "$LOGS/$i"
done
echo "$passed passed, ${#failed[@]} failed"
[ ${#failed[@]} = 0 ]
