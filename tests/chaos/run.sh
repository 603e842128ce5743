#!/usr/bin/env bash
# run.sh <path to sidelight> [--long] [--only step,…] [--seed N] [--planted] [--against collector|delivery]
# The durable queue from outside: killed, starved, damaged, out of disk, with an account of its own of what was
# acknowledged and what arrived. `--help` says more, README.md what each step proves.
# Exit code: 0 all passed, 1 one failed, 64 wrong use.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -gt 0 ] || { sed -n '2,5p' "$0" | cut -c3-; exit 64; }
case $1 in -*) ;; *) [ -x "$1" ] || { echo "no program: $1" >&2; exit 64; } ;; esac
target=${CARGO_TARGET_DIR:-$here/../../bench/target}
mkdir -p "$target"
target=$(realpath "$target")
(cd "$here/../../bench" && CARGO_TARGET_DIR=$target cargo build --locked --release --quiet -p blast)
export BLAST=$target/release/blast PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
# Mounts of its own, where that is allowed: a full disk is made of a small tmpfs, gone with the last process.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  CHAOS_OWN_MOUNTS=1 exec unshare -m python3 "$here/durable_queue" "$@"
fi
exec python3 "$here/durable_queue" "$@"
