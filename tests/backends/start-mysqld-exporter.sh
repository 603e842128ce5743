#!/usr/bin/env bash
# The metrics of the MariaDB or MySQL on MARIADB_PORT (3306), at /metrics on loopback. SIGTERM ends it.
. "$(dirname "$0")/lib.sh"
need_command prometheus-mysqld-exporter mysqld-exporter
export DATA_SOURCE_NAME="root@(127.0.0.1:${MARIADB_PORT:-3306})/"
exec prometheus-mysqld-exporter --web.listen-address="127.0.0.1:${MYSQLD_EXPORTER_PORT:-9104}"
