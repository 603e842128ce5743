#!/usr/bin/env bash
# nginx on loopback: answers every path with 200, /missing with 404, and /stub_status with its counters. SIGTERM ends it.
# NGINX_TO: an address such as 127.0.0.1:8000 that it passes requests on to instead; NGINX_LOG_DIR: access.log, error.log.
. "$(dirname "$0")/lib.sh"
need_command nginx nginx
data=$(backend_data_dir nginx)
logs=${NGINX_LOG_DIR:-$data}
answer='return 200 "hello\n";'
if [ -n "${NGINX_TO:-}" ]; then answer="proxy_pass http://$NGINX_TO;"; fi
cat >"$data/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $data/nginx.pid;
error_log $logs/error.log warn;
events { worker_connections 256; }
http {
  access_log $logs/access.log combined;
  client_body_temp_path $data/body;
  proxy_temp_path $data/proxy;
  fastcgi_temp_path $data/fastcgi;
  scgi_temp_path $data/scgi;
  uwsgi_temp_path $data/uwsgi;
  server {
    listen 127.0.0.1:${NGINX_PORT:-8080};
    location / { $answer }
    location = /missing { return 404; }
    location = /stub_status { stub_status; access_log off; }
  }
}
CONF
exec nginx -p "$data" -c "$data/nginx.conf" -e "$logs/error.log"
