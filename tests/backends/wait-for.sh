#!/usr/bin/env bash
# wait-for.sh http://127.0.0.1:13133/status [seconds] [pid]   or   wait-for.sh 127.0.0.1:4317 [seconds] [pid]
# 0 as soon as the address answers; 1 after the time (60 s unless told), or at once when process <pid> has ended.
set -u
target=$1 end=$((SECONDS + ${2:-60})) pid=${3:-}
while [ $SECONDS -lt $end ]; do
  case $target in
    http*) curl -fsS -o /dev/null --max-time 2 "$target" 2>/dev/null && exit 0 ;;
    *) (exec 3<>"/dev/tcp/${target%:*}/${target##*:}") 2>/dev/null && exit 0 ;;
  esac
  if [ -n "$pid" ] && ! kill -0 "$pid" 2>/dev/null; then echo "process $pid ended before $target answered" >&2; exit 1; fi
  sleep 0.1
done
echo "no answer from $target" >&2
exit 1
