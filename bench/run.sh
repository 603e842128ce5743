#!/bin/sh
# What `make bench` calls: installs the peers that are missing, builds the loader, prints the table.
exec python3 "$(dirname "$0")/run.py" "$@"
