#!/usr/bin/env bash
# One OpenSearch 2.19 node on loopback. SIGTERM ends it. OPENSEARCH_PORT (9200), OPENSEARCH_TRANSPORT_PORT (9300),
# OPENSEARCH_HEAP (512m); OPENSEARCH_SETTINGS: further settings, name=value, split at blanks; BACKENDS_DATA: where the data lies.
. "$(dirname "$0")/lib.sh"
node=$BACKENDS_CACHE/opensearch
[ -e "$node/classes/SingleNode.class" ] || { echo "missing $node: run $BACKENDS_HERE/install.sh opensearch" >&2; exit 69; }
data=$(backend_data_dir opensearch)
cd "$data"
# shellcheck disable=SC2086 # OPENSEARCH_SETTINGS is several words
exec java -Xms"${OPENSEARCH_HEAP:-512m}" -Xmx"${OPENSEARCH_HEAP:-512m}" -XX:+UseSerialGC \
  -cp "$node/classes:$node/lib/*" SingleNode "${OPENSEARCH_PORT:-9200}" "${OPENSEARCH_TRANSPORT_PORT:-9300}" "$data" \
  ${OPENSEARCH_SETTINGS:-}
