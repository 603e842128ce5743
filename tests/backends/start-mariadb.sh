#!/usr/bin/env bash
# MariaDB on loopback, user root without a password over TCP: for tests only. SIGTERM ends it.
# MARIADB_PORT; MARIADB_SLOW_SECONDS: statements slower than this are in slow.log; BACKENDS_DATA: where the data lies.
. "$(dirname "$0")/lib.sh"
need_command mariadbd mariadb
data=$(backend_data_dir mariadb)
user=$(id -un)
[ -d "$data/db/mysql" ] || mariadb-install-db --no-defaults --user="$user" --datadir="$data/db" \
  --auth-root-authentication-method=normal --skip-test-db >/dev/null
exec mariadbd --no-defaults --user="$user" --datadir="$data/db" --socket="$data/mariadb.sock" --pid-file="$data/mariadb.pid" \
  --bind-address=127.0.0.1 --port="${MARIADB_PORT:-3306}" --innodb-flush-log-at-trx-commit=0 \
  --slow-query-log=1 --slow-query-log-file="$data/slow.log" --long-query-time="${MARIADB_SLOW_SECONDS:-0.1}"
