#!/usr/bin/env bash
# The metrics of the PostgreSQL on POSTGRES_PORT (5432), at /metrics on loopback. SIGTERM ends it.
. "$(dirname "$0")/lib.sh"
need_command prometheus-postgres-exporter postgres-exporter
export DATA_SOURCE_NAME="postgresql://postgres@127.0.0.1:${POSTGRES_PORT:-5432}/postgres?sslmode=disable"
exec prometheus-postgres-exporter --web.listen-address="127.0.0.1:${POSTGRES_EXPORTER_PORT:-9187}"
