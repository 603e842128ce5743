#!/usr/bin/env bash
# Redis on loopback, nothing on disk; a command slower than REDIS_SLOWLOG_US is in SLOWLOG. SIGTERM ends it.
. "$(dirname "$0")/lib.sh"
need_command redis-server redis
exec redis-server --bind 127.0.0.1 --port "${REDIS_PORT:-6379}" --dir "$(backend_data_dir redis)" --save "" --appendonly no \
  --daemonize no --slowlog-log-slower-than "${REDIS_SLOWLOG_US:-10000}" --loglevel warning
