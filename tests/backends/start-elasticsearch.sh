#!/usr/bin/env bash
# One Elasticsearch 8.19 node on loopback: indexing, search, mappings, templates, data streams and time series indices; no
# security, no lifecycle management, no ingest processors, and of a data stream no `GET _data_stream`. SIGTERM ends it.
# ELASTICSEARCH_PORT (9200), ELASTICSEARCH_TRANSPORT_PORT (9300), ELASTICSEARCH_HEAP (512m); ELASTICSEARCH_SETTINGS: further
# settings, name=value, split at blanks; BACKENDS_DATA: where the data lies.
. "$(dirname "$0")/lib.sh"
node=$BACKENDS_CACHE/elasticsearch
[ -e "$node/classes/EsNode.class" ] || { echo "missing $node: run $BACKENDS_HERE/install.sh elasticsearch" >&2; exit 69; }
data=$(backend_data_dir elasticsearch)
cd "$data"
# shellcheck disable=SC2086 # ELASTICSEARCH_SETTINGS is several words
exec java -Xms"${ELASTICSEARCH_HEAP:-512m}" -Xmx"${ELASTICSEARCH_HEAP:-512m}" -XX:+UseSerialGC \
  --module-path "$node/lib" --add-modules=ALL-MODULE-PATH \
  --add-exports org.elasticsearch.nativeaccess/org.elasticsearch.nativeaccess=ALL-UNNAMED \
  -cp "$node/classes" EsNode "${ELASTICSEARCH_PORT:-9200}" "${ELASTICSEARCH_TRANSPORT_PORT:-9300}" "$data" "$node/modules" \
  ${ELASTICSEARCH_SETTINGS:-}
