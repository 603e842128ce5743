# shellcheck shell=bash
# Sourced by the scripts of this folder and by the end-to-end tests: where programs live, ports, data folders.
set -euo pipefail
BACKENDS_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BACKENDS_CACHE=${SIDELIGHT_BACKENDS_DIR:-$HOME/.cache/backends}
BACKENDS_BIN=$BACKENDS_CACHE/bin
export PATH=$PATH:/usr/sbin:/usr/local/go/bin

# need_tools: stops unless this machine has what the tests and the demo need; one line for each thing that is missing.
need_tools() {
  local missing=0
  lacks() { echo "missing: $1" >&2; missing=1; }
  command -v curl >/dev/null || lacks "curl (for example apt-get install curl)"
  if ! command -v python3 >/dev/null || ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    lacks "Python 3.11 or newer as python3"
  elif ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    lacks "Python's module venv (for example apt-get install python3-venv)"
  fi
  { [ -x "$BACKENDS_BIN/jaeger" ] && [ -x "$BACKENDS_BIN/prometheus" ]; } || command -v go >/dev/null ||
    lacks "Go 1.21 or newer, to build Jaeger and Prometheus (https://go.dev/dl)"
  [ $missing = 0 ] || exit 69
}

# need_program <name>: stops with the command that installs it when it is missing.
need_program() {
  [ -x "$BACKENDS_BIN/$1" ] || { echo "missing $BACKENDS_BIN/$1: run $BACKENDS_HERE/install.sh $1" >&2; exit 69; }
}

# need_command <command> <program>: the same for what the distribution's packages bring.
need_command() {
  command -v "$1" >/dev/null || { echo "missing $1: run $BACKENDS_HERE/install.sh $2" >&2; exit 69; }
}

# backend_data_dir <name>: a folder for one program's data, in $BACKENDS_DATA or else a fresh temporary one.
backend_data_dir() {
  local base=${BACKENDS_DATA:-}
  if [ -z "$base" ]; then
    base=$(mktemp -d "${TMPDIR:-/tmp}/backends.XXXXXX")
    chmod 711 "$base" # a server that runs as a user of its own must reach its folder
  fi
  mkdir -p "$base/$1"
  (cd "$base/$1" && pwd)
}

# free_ports <count>: that many distinct free TCP ports of loopback on one line. All are held until the last is
# found, so no two are the same; another process can still take one before it is used.
free_ports() {
  python3 - "$1" <<'PY'
import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in held:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in held))
PY
}

# postgres_bin: the folder with the newest installed PostgreSQL server, empty when there is none.
postgres_bin() {
  find /usr/lib/postgresql -maxdepth 3 -path '*/bin/postgres' 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname
}
