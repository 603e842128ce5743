#!/usr/bin/env bash
# The metrics of the Redis on REDIS_PORT (6379), at /metrics on loopback. SIGTERM ends it.
. "$(dirname "$0")/lib.sh"
need_command prometheus-redis-exporter redis-exporter
exec prometheus-redis-exporter -web.listen-address "127.0.0.1:${REDIS_EXPORTER_PORT:-9121}" \
  -redis.addr "redis://127.0.0.1:${REDIS_PORT:-6379}"
