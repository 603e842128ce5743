#!/usr/bin/env bash
# Are the tests of the durable queue able to fail? Applies each patch beside this script to a copy of the tree and runs the tests in
# order until one fails. Fails where a mutant survives, a patch does not apply or does not compile, or the copy fails without a patch.
#
#   tests/chaos/mutants/run.sh [mutant…]      the names of patches, without .patch; all of them otherwise
#
# MUTANT_SEEDS (300): seeds of the random tests. MUTANT_TARGET: where to build, to be kept for the next time; else a temporary folder.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel) || exit
work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR=${MUTANT_TARGET:-$work/target} WAL_SEEDS=${MUTANT_SEEDS:-300}
unset RUST_BACKTRACE WAL_SEED

# Name and command of each step, from what is quick and close to what is slow and far.
steps=(
  "wal: unit tests|cargo test --locked -q -p sidelight-wal --lib"
  "wal: order of calls|cargo test --locked -q -p sidelight-wal --test promises model::"
  "wal: damage|cargo test --locked -q -p sidelight-wal --test promises damage::"
  "wal: power cuts|cargo test --locked -q -p sidelight-wal --test promises power::"
  "wal: kills|cargo test --locked -q -p sidelight-wal --test promises kill::"
  "wal: failing calls|cargo test --locked -q -p sidelight-wal --test promises failing::"
  "wal: full disk, numbers|cargo test --locked -q -p sidelight-wal --test promises -- full:: numbers::"
  "delivery|cargo test --locked -q -p sidelight-delivery"
)
build() { cargo test --locked -q --no-run -p sidelight-wal -p sidelight-delivery; }

# The tree as it is, with what is not committed yet.
# shellcheck disable=SC2016 # the inner shell's variables
mkdir "$work/tree" && git -C "$root" ls-files -z --cached --others --exclude-standard --deduplicate |
  (cd "$root" && xargs -0 sh -c 'for file; do [ -e "$file" ] && printf "%s\0" "$file"; done' sh |
    tar --null --files-from=- --create) | tar --extract --directory="$work/tree" || exit
cd "$work/tree" || exit

# Runs the steps; prints the one that failed and the seconds until then. What fails must fail twice, so that a test that is not sure of
# itself catches nothing by chance.
first_failure() {
  local started=$SECONDS name
  for step in "${steps[@]}"; do
    name=${step%%|*}
    # A mutant that hangs is caught as well.
    run_step "$step" || run_step "$step" || { echo "$name|$((SECONDS - started))"; return; }
  done
  echo "|$((SECONDS - started))"
}
run_step() { timeout 600 sh -c "${1#*|}" >"$work/log" 2>&1; }
# The tests that failed, as the last log has them.
failed_tests() { sed -n 's/^    \([a-z_0-9]*::[a-z_0-9:]*\)$/    \1/p' "$work/log" | sort -u; }

build >"$work/log" 2>&1 || { cat "$work/log"; echo "the tree does not compile"; exit 1; }
clean=$(first_failure)
if [ -n "${clean%%|*}" ]; then
  cat "$work/log"
  echo "the tree fails without a patch: ${clean%%|*}"
  exit 1
fi
echo "without a patch: all ${#steps[@]} steps pass, ${clean#*|} s"

mutants=("$@")
if [ ${#mutants[@]} = 0 ]; then
  for patch in "$here"/*.patch; do mutants+=("$(basename "$patch" .patch)"); done
fi
failed=0
row() { printf '%-36s %-28s %8s\n' "$@"; }
table=$(row mutant "caught by" seconds)
for mutant in "${mutants[@]}"; do
  patch=$here/$mutant.patch
  if ! git apply "$patch"; then
    result="DOES NOT APPLY|-"
  elif ! build >"$work/log" 2>&1; then
    cat "$work/log"
    result="DOES NOT COMPILE|-"
  else
    result=$(first_failure)
    [ -n "${result%%|*}" ] || result="SURVIVES|${result#*|}"
  fi
  git apply --reverse "$patch" 2>/dev/null
  case $result in DOES*|SURVIVES*) failed=1 ;; esac
  table+=$'\n'$(row "$mutant" "${result%%|*}" "${result#*|}")
  echo "$mutant: ${result%%|*}"
  case $result in DOES*|SURVIVES*) ;; *) failed_tests ;; esac
done
echo "$table"
exit $failed
