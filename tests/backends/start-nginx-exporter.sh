#!/usr/bin/env bash
# The metrics of the nginx on NGINX_PORT (8080), at /metrics on loopback; waits 10 s for it. SIGTERM ends it.
. "$(dirname "$0")/lib.sh"
need_command prometheus-nginx-exporter nginx-exporter
exec prometheus-nginx-exporter -web.listen-address "127.0.0.1:${NGINX_EXPORTER_PORT:-9113}" \
  -nginx.scrape-uri "http://127.0.0.1:${NGINX_PORT:-8080}/stub_status" -nginx.retries 100 -nginx.retry-interval 100ms
