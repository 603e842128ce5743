#!/usr/bin/env bash
# run.sh <path to sidelight> [test…]
# Checks what lies in deploy/: every configuration in it and in examples/ is good; the units of systemd are understood,
# leave little exposed, and work under a systemd that has booted (as root); the program of supervisord works under it; the
# images' files pass hadolint, Compose's library and a run in a root of libc alone; the manifest passes Kubernetes' schemas.
# Exit code: 0 all passed, 1 one failed, 64 wrong use, 69 something is not installed.
. "$(dirname "$0")/../backends/lib.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ -x "${1:-}" ] || { sed -n '2,6p' "$0" | cut -c3-; exit 64; }
SIDELIGHT=$(realpath "$1"); shift
need_program compose-config
need_program promtool
python=$("$here/../../examples/trading_app/venv.sh" "$here/requirements.txt")/bin/python
export SIDELIGHT COMPOSE_CONFIG=$BACKENDS_BIN/compose-config PROMTOOL=$BACKENDS_BIN/promtool
machine=$BACKENDS_CACHE/systemd-machine
# Not every root may have containers: in one himself he often may not. Those tests then say that they were left out.
if [ "$(id -u)" = 0 ] && [ -d "$machine" ] && systemd-nspawn --quiet --directory="$machine" --volatile=overlay \
  --register=no --keep-unit --machine="probe-$$" --pipe true </dev/null >/dev/null 2>&1; then
  export SYSTEMD_MACHINE=$machine
fi
export PYTHONDONTWRITEBYTECODE=1 no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost
cd "$here"
if [ $# = 0 ]; then exec "$python" -m unittest discover -v; fi
exec "$python" -m unittest -v "$@"
