#!/usr/bin/env bash
# PostgreSQL on loopback, user and database `postgres`, no password, no fsync: for tests only. SIGTERM ends it.
# POSTGRES_PORT; POSTGRES_SLOW_MS: statements slower than this are logged; BACKENDS_DATA: where the data lies.
. "$(dirname "$0")/lib.sh"
bin=$(postgres_bin)
[ -n "$bin" ] || { echo "missing postgres: run $BACKENDS_HERE/install.sh postgres" >&2; exit 69; }
data=$(backend_data_dir postgres)
as_user=()
if [ "$(id -u)" = 0 ]; then # the server refuses to run as root
  chown -R postgres: "$data"
  setpriv --reuid=postgres --regid=postgres --clear-groups test -w "$data" ||
    { echo "user postgres cannot reach $data: set BACKENDS_DATA to a folder it can" >&2; exit 73; }
  as_user=(setpriv --reuid=postgres --regid=postgres --init-groups --)
fi
export LC_ALL=C.UTF-8
cd "$data"
[ -e "$data/db/PG_VERSION" ] ||
  "${as_user[@]}" "$bin/initdb" -D "$data/db" -U postgres -A trust -E UTF8 --no-sync >/dev/null
exec "${as_user[@]}" "$bin/postgres" -D "$data/db" -h 127.0.0.1 -p "${POSTGRES_PORT:-5432}" -k "$data" -c fsync=off \
  -c shared_preload_libraries=pg_stat_statements -c log_min_duration_statement="${POSTGRES_SLOW_MS:-100}"
