#!/usr/bin/env bash
# run.sh <path to sidelight> [--long] [--seconds N] [--only step,…] [--seed N]
# The file_log receiver from outside: real files, real logrotate, the program killed, and an account of its own of what
# was written and what arrived. Exit code: 0 all passed, 1 one failed, 64 wrong use.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -gt 0 ] || { sed -n '2,4p' "$0" | cut -c3-; exit 64; }
case $1 in -*) ;; *) [ -x "$1" ] || { echo "no program: $1" >&2; exit 64; } ;; esac
if ! command -v logrotate >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends logrotate >/dev/null || true
fi
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
exec python3 "$here" "$@"
