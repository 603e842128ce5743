#!/usr/bin/env bash
# install.sh <program>…   jaeger | otelcol | rotel | postgres | all
# Installs the programs that tests and benchmarks run against, into ${SIDELIGHT_BACKENDS_DIR:-~/.cache/backends}/bin.
# What is there already is left alone; FORCE=1 installs it again. Needs go (jaeger, otelcol), python3 with pip (rotel),
# apt as root (postgres). Two runs at once are safe: one waits for the other, and a program appears only when complete.
. "$(dirname "$0")/lib.sh"

JAEGER_VERSION=1.76.0 # the Go module's number of Jaeger 2.13
OTELCOL_VERSION=0.157.0
ROTEL_VERSION=0.0.1a15

usage() { sed -n '2,5p' "$0" | cut -c3-; exit 64; }

# publish <built file> <name>: the rename is what makes the program appear, whole or not at all.
publish() {
  local staged=$BACKENDS_BIN/.$2.$$
  install -m 755 "$1" "$staged"
  mv -f "$staged" "$BACKENDS_BIN/$2"
}

build_jaeger() {
  local source
  source=$(cd "$WORK" && go mod download -json "github.com/jaegertracing/jaeger@v$JAEGER_VERSION" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
  # Its go.mod has replace directives, which `go install module@version` refuses; and the module cache is read-only.
  cp -r "$source" "$WORK/source"
  chmod -R u+w "$WORK/source"
  (cd "$WORK/source" && go build -ldflags "-s -w" -o "$WORK/jaeger" ./cmd/jaeger)
  publish "$WORK/jaeger" jaeger
}

build_otelcol() {
  cp "$BACKENDS_HERE/otelcol/manifest.yaml" "$WORK/"
  GOBIN=$WORK/bin go install "go.opentelemetry.io/collector/cmd/builder@v$OTELCOL_VERSION"
  # The builder only writes the program here: its own last step also fetches modules that other platforms need.
  (cd "$WORK" && bin/builder --config manifest.yaml --skip-compilation) >"$WORK/builder.log" 2>&1 || true
  (cd "$WORK/build" && go build -trimpath -ldflags "-s -w" -o "$WORK/otelcol" .) || { tail -n 20 "$WORK/builder.log" >&2; exit 1; }
  publish "$WORK/otelcol" otelcol
}

install_rotel() { # the program inside the Python package; the package itself is not installed
  python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.11 \
    --platform manylinux_2_34_x86_64 -d "$WORK" "rotel==$ROTEL_VERSION"
  (cd "$WORK" && python3 -m zipfile -e rotel-*.whl wheel)
  publish "$WORK/wheel/rotel/rotel-agent" rotel
}

install_postgres() { # from Debian or Ubuntu, without starting the service
  local policy=/usr/sbin/policy-rc.d
  [ "$(id -u)" = 0 ] || { echo "installing postgres needs root: apt-get install postgresql" >&2; exit 77; }
  if [ ! -e $policy ]; then
    ON_EXIT="rm -f $policy"
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
  fi
  apt-get -qq -o DPkg::Lock::Timeout=600 update
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y -o DPkg::Lock::Timeout=600 --no-install-recommends postgresql >/dev/null
}

installed() {
  case $1 in
    postgres) [ -n "$(postgres_bin)" ] ;;
    *) [ -x "$BACKENDS_BIN/$1" ] ;;
  esac
}

install_one() ( # a subshell: its temporary folder and its lock go with it
  if [ -z "${FORCE:-}" ] && installed "$1"; then echo "$1: there already"; exit; fi
  mkdir -p "$BACKENDS_BIN"
  exec 9>"$BACKENDS_CACHE/.$1.lock"
  flock -n 9 || { echo "$1: another run is installing it, waiting" >&2; flock 9; }
  if [ -z "${FORCE:-}" ] && installed "$1"; then echo "$1: there already"; exit; fi

  WORK=$(mktemp -d "${TMPDIR:-/tmp}/install-$1.XXXXXX") ON_EXIT=:
  trap '$ON_EXIT; chmod -R u+w "$WORK"; rm -rf "$WORK" "$BACKENDS_BIN/.'"$1"'.$$"' EXIT
  trap 'exit 143' TERM INT
  export GOFLAGS="${GOFLAGS:-} -buildvcs=false" CGO_ENABLED=0 GOWORK=off
  local start=$SECONDS
  case $1 in
    jaeger | otelcol) build_"$1" ;;
    rotel | postgres) install_"$1" ;;
  esac
  echo "$1: installed in $((SECONDS - start)) s"
)

[ $# -gt 0 ] || usage
[ "$1" != all ] || set -- rotel jaeger otelcol postgres
for program in "$@"; do
  case $program in jaeger | otelcol | rotel | postgres) ;; *) echo "unknown program: $program" >&2; usage ;; esac
done
for program in "$@"; do install_one "$program"; done
