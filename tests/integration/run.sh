#!/bin/bash
# Runs every tests/integration/*/run.py and tests/integration/*/run.sh; VNMCD names the program.
# Ends with the sum, `N passed, N failed, N skipped`.
set -u
cd "$(dirname "$0")" || exit 1
export VNMCD=${VNMCD:-$PWD/../../build/vnmcd} PYTHONDONTWRITEBYTECODE=1
python=/usr/bin/python3 # the one that Debian's python3-protobuf is for
[ -x $python ] || python=python3
passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

for test in */run.py */run.sh; do
	[ -f "$test" ] || continue
	case $test in
	*.py) $python "$test" ;;
	*) "$test" ;;
	esac 2>&1 | tee "$log"
	numbers=$(sed -nE 's/.*\b([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?.*/\1 \2 0\4/p' \
		"$log" | tail -n 1)
	read -r p f s <<<"${numbers:-0 1 0}" # one that crashes is one failure
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + 10#$s))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
