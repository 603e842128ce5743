#!/usr/bin/env bash
# venv.sh [requirements.txt]
# Prints the folder of a virtual environment that holds these packages (the application's unless others are named), making
# it when it is missing (about 15 s). It lies in ${SIDELIGHT_VENV_DIR:-~/.cache/sidelight/venv-trading-app}, one folder per content of requirements.txt
# and Python version. Two runs at once are safe.
set -euo pipefail
requirements=${1:-$(cd "$(dirname "$0")" && pwd)/requirements.txt}
base=${SIDELIGHT_VENV_DIR:-$HOME/.cache/sidelight/venv-trading-app}
key=$({ cat "$requirements"; python3 -V; } | sha256sum | cut -c1-16)
venv=$base/$key
if [ ! -e "$venv/complete" ]; then
  mkdir -p "$base"
  exec 9>"$base/.lock"
  flock 9
  if [ ! -e "$venv/complete" ]; then
    rm -rf "$venv" # what an interrupted run left; a virtual environment cannot be built elsewhere and moved
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" >&2
    touch "$venv/complete"
  fi
fi
echo "$venv"
