#!/usr/bin/env bash
# install.sh <program>…   jaeger | prometheus | otelcol | otelcol-prometheus | otelcol-storage | otelcol-logs | rotel
#                         | elasticsearch | opensearch
#                         | postgres | redis | nginx | mariadb | node-exporter | redis-exporter | postgres-exporter | nginx-exporter
#                         | mysqld-exporter | compose-config | systemd-machine | all
# Installs the programs that tests and benchmarks run against, into ${SIDELIGHT_BACKENDS_DIR:-~/.cache/backends}/bin.
# What is there already is left alone; FORCE=1 installs it again. Needs go (jaeger, prometheus, otelcol…), python3 with
# pip (rotel), a JDK and Maven (elasticsearch, opensearch), apt as root (postgres … mysqld-exporter, systemd-machine). Two runs at once are safe: one waits for the
# other, and a program appears only when complete.
. "$(dirname "$0")/lib.sh"

JAEGER_VERSION=1.76.0 # the Go module's number of Jaeger 2.13
PROMETHEUS_VERSION=3.15.0 PROMETHEUS_MODULE_VERSION=0.315.0
OTELCOL_VERSION=0.157.0
OTELCOL_STORAGE_VERSION=0.165.0 # `filestorage` is not to be had for the release above
ROTEL_VERSION=0.0.1a15

# The commands that the distribution's packages bring. Everything else is built or unpacked here.
DEBIAN_PROGRAMS=(postgres redis nginx mariadb node-exporter redis-exporter postgres-exporter nginx-exporter mysqld-exporter)

usage() { sed -n '2,9p' "$0" | cut -c3-; exit 64; }

# publish <built file> <name>: the rename is what makes the program appear, whole or not at all.
publish() {
  local staged=$BACKENDS_BIN/.$2.$$
  install -m 755 "$1" "$staged"
  mv -f "$staged" "$BACKENDS_BIN/$2"
}

# module_source <module> <version>: a copy of its source in $WORK/source. For modules whose go.mod has replace directives,
# which `go install module@version` refuses; the module cache itself is read-only.
module_source() {
  local source
  source=$(cd "$WORK" && go mod download -json "$1@v$2" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
  cp -r "$source" "$WORK/source"
  chmod -R u+w "$WORK/source"
}

build_jaeger() {
  module_source github.com/jaegertracing/jaeger "$JAEGER_VERSION"
  (cd "$WORK/source" && go build -ldflags "-s -w" -o "$WORK/jaeger" ./cmd/jaeger)
  publish "$WORK/jaeger" jaeger
}

# Without the web pages, which are no part of the module, and without the clouds' service discoveries; the HTTP API is whole.
build_prometheus() {
  module_source github.com/prometheus/prometheus "$PROMETHEUS_MODULE_VERSION"
  local program
  for program in promtool prometheus; do # `prometheus` last: it says whether both are there
    (cd "$WORK/source" && go build -tags remove_all_sd -trimpath -o "$WORK/$program" \
      -ldflags "-s -w -X github.com/prometheus/common/version.Version=$PROMETHEUS_VERSION" "./cmd/$program")
    publish "$WORK/$program" "$program"
  done
}

# build_collector <name> <manifest> [version]
build_collector() {
  cp "$BACKENDS_HERE/otelcol/$2" "$WORK/manifest.yaml"
  # Stands in for a module that the Elasticsearch exporter wants for profiles alone, and that is not to be had.
  cp -r "$BACKENDS_HERE/otelcol/stub-ebpf" "$WORK/"
  GOBIN=$WORK/bin go install "go.opentelemetry.io/collector/cmd/builder@v${3:-$OTELCOL_VERSION}"
  # The builder only writes the program here: its own last step also fetches modules that other platforms need.
  (cd "$WORK" && bin/builder --config manifest.yaml --skip-compilation) >"$WORK/builder.log" 2>&1 || true
  (cd "$WORK/build" && go build -tags remove_all_sd -trimpath -ldflags "-s -w" -o "$WORK/otelcol" .) ||
    { tail -n 20 "$WORK/builder.log" >&2; exit 1; }
  publish "$WORK/otelcol" "$1"
}

build_compose_config() { # what `docker compose config` does; its sources are ours
  cp "$BACKENDS_HERE/../deploy/compose_config/"* "$WORK/"
  (cd "$WORK" && go build -trimpath -ldflags "-s -w" -o "$WORK/compose-config" .)
  publish "$WORK/compose-config" compose-config
}

install_rotel() { # the program inside the Python package; the package itself is not installed
  python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.11 \
    --platform manylinux_2_34_x86_64 -d "$WORK" "rotel==$ROTEL_VERSION"
  (cd "$WORK" && python3 -m zipfile -e rotel-*.whl wheel)
  publish "$WORK/wheel/rotel/rotel-agent" rotel
}

# debian_packages <program>: what the distribution calls it
debian_packages() {
  case $1 in
    postgres) echo postgresql ;;
    redis) echo redis-server redis-tools ;;
    nginx) echo nginx-light ;;
    mariadb) echo mariadb-server ;;
    *-exporter) echo "prometheus-$1" ;;
  esac
}

install_debian() { # install_debian <package>…   from Debian or Ubuntu, without starting the service
  local policy=/usr/sbin/policy-rc.d
  [ "$(id -u)" = 0 ] || { echo "this needs root: apt-get install $*" >&2; exit 77; }
  exec 8>"$BACKENDS_CACHE/.debian.lock" # one at a time: each removes the policy that it made
  flock 8
  if [ ! -e $policy ]; then
    ON_EXIT="rm -f $policy"
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
  fi
  apt-get -qq -o DPkg::Lock::Timeout=600 update
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y -o DPkg::Lock::Timeout=600 --no-install-recommends "$@" >/dev/null
}

# A small Debian with systemd as a folder, for systemd-nspawn to boot: $BACKENDS_CACHE/systemd-machine.
install_systemd_machine() {
  [ -x /usr/sbin/debootstrap ] && [ -x /usr/bin/systemd-nspawn ] || install_debian debootstrap systemd-container
  [ "$(id -u)" = 0 ] || { echo "debootstrap needs root" >&2; exit 77; }
  local release # of this machine: its libc is then the one that Sidelight was linked with
  # shellcheck disable=SC1091
  release=$(. /etc/os-release; if [ "$ID" = debian ]; then echo "$VERSION_CODENAME"; else echo bookworm; fi)
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus "$release" "$WORK/machine" >"$WORK/debootstrap.log" ||
    { tail -n 20 "$WORK/debootstrap.log" >&2; exit 1; }
  rm -rf "$BACKENDS_CACHE/systemd-machine" "$WORK"/machine/var/cache/apt/archives/*.deb
  mv "$WORK/machine" "$BACKENDS_CACHE/systemd-machine"
}

is_debian() { case " ${DEBIAN_PROGRAMS[*]} " in *" $1 "*) ;; *) return 1 ;; esac; }

# The libraries that a pom names, and the class that starts a node.
maven_libraries() { # maven_libraries <program>
  cp "$BACKENDS_HERE/$1/pom.xml" "$WORK/"
  (cd "$WORK" && mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$WORK/node/lib")
}

build_opensearch() {
  maven_libraries opensearch
  javac -cp "$WORK/node/lib/*" -d "$WORK/node/classes" "$BACKENDS_HERE/opensearch/SingleNode.java"
  rm -rf "$BACKENDS_CACHE/opensearch"
  mv "$WORK/node" "$BACKENDS_CACHE/opensearch"
}

# The server, its HTTP transport as a module, and one that answers `GET /`, which is no artifact of its own.
build_elasticsearch() {
  local node=$WORK/node module
  maven_libraries elasticsearch
  for module in transport-netty4:org.elasticsearch.transport.netty4.Netty4Plugin root:RootPlugin; do
    mkdir -p "$node/modules/${module%%:*}"
    { echo "name=${module%%:*}"; echo "classname=${module##*:}"; cat "$BACKENDS_HERE/elasticsearch/module.properties"; } \
      >"$node/modules/${module%%:*}/plugin-descriptor.properties"
  done
  mv "$node"/lib/netty-*.jar "$node"/lib/transport-netty4-*.jar "$node/modules/transport-netty4/"
  javac -cp "$node/lib/*" -d "$WORK/root" "$BACKENDS_HERE/elasticsearch/RootPlugin.java"
  (cd "$WORK/root" && python3 -m zipfile -c "$node/modules/root/root.jar" ./*.class)
  javac -cp "$node/lib/*" -d "$node/classes" "$BACKENDS_HERE/elasticsearch/EsNode.java"
  rm -rf "$BACKENDS_CACHE/elasticsearch"
  mv "$node" "$BACKENDS_CACHE/elasticsearch"
}

installed() {
  case $1 in
    elasticsearch) [ -e "$BACKENDS_CACHE/elasticsearch/classes/EsNode.class" ] ;;
    opensearch) [ -e "$BACKENDS_CACHE/opensearch/classes/SingleNode.class" ] ;;
    postgres) [ -n "$(postgres_bin)" ] ;;
    redis) [ -x /usr/bin/redis-server ] ;;
    nginx) [ -x /usr/sbin/nginx ] ;;
    mariadb) [ -x /usr/sbin/mariadbd ] ;;
    systemd-machine) [ -d "$BACKENDS_CACHE/systemd-machine" ] && [ -x /usr/bin/systemd-nspawn ] ;;
    *-exporter) [ -x "/usr/bin/prometheus-$1" ] ;;
    *) [ -x "$BACKENDS_BIN/$1" ] ;;
  esac
}

install_one() ( # a subshell: its temporary folder and its lock go with it
  if [ -z "${FORCE:-}" ] && installed "$1"; then echo "$1: there already"; exit; fi
  mkdir -p "$BACKENDS_BIN"
  exec 9>"$BACKENDS_CACHE/.$1.lock"
  flock -n 9 || { echo "$1: another run is installing it, waiting" >&2; flock 9; }
  if [ -z "${FORCE:-}" ] && installed "$1"; then echo "$1: there already"; exit; fi

  WORK=$(mktemp -d "${TMPDIR:-/tmp}/install-$1.XXXXXX") ON_EXIT=:
  trap '$ON_EXIT; chmod -R u+w "$WORK"; rm -rf "$WORK" "$BACKENDS_BIN/.'"$1"'.$$"' EXIT
  trap 'exit 143' TERM INT
  export GOFLAGS="${GOFLAGS:-} -buildvcs=false" CGO_ENABLED=0 GOWORK=off
  local start=$SECONDS
  case $1 in
    jaeger | prometheus | elasticsearch | opensearch) build_"$1" ;;
    otelcol) build_collector otelcol manifest.yaml ;;
    otelcol-prometheus) build_collector otelcol-prometheus prometheus.yaml ;;
    otelcol-storage) build_collector otelcol-storage storage.yaml "$OTELCOL_STORAGE_VERSION" ;;
    otelcol-logs) build_collector otelcol-logs logs.yaml ;;
    compose-config) build_compose_config ;;
    systemd-machine) install_systemd_machine ;;
    rotel) install_rotel ;;
    *) # shellcheck disable=SC2046 # several packages
      install_debian $(debian_packages "$1") ;;
  esac
  echo "$1: installed in $((SECONDS - start)) s"
)

[ $# -gt 0 ] || usage
[ "$1" != all ] || set -- rotel jaeger prometheus otelcol otelcol-prometheus otelcol-storage otelcol-logs elasticsearch opensearch compose-config systemd-machine "${DEBIAN_PROGRAMS[@]}"
for program in "$@"; do
  case $program in
    jaeger | prometheus | elasticsearch | opensearch | otelcol | otelcol-prometheus | otelcol-storage | otelcol-logs | rotel | compose-config | systemd-machine) ;;
    *) is_debian "$program" || { echo "unknown program: $program" >&2; usage; } ;;
  esac
done
for program in "$@"; do install_one "$program"; done
