#!/bin/sh
# Runs every fuzz target for at most SECONDS (default 30) under ASan and UBSan, with seeds from
# the cases' captures.
#
#   tests/fuzz/run.sh [SECONDS]
#
# VNM_BUILD says where to build (build-fuzz); it is configured with clang where it is not yet.
# JOBS targets run at a time (as many as there are processors), and are told of in their order.
# Inputs that add coverage are kept there in corpus/, findings in findings/.
set -eu
seconds=${1:-30}
jobs=${JOBS:-$(nproc)}
. "$(dirname "$0")/../lib/sanitized.sh"
targets="flow sflow bmp snmp poll syslog packet replay topology conf"

# Inputs for a target to begin with.
sow() {
	case $1 in
	flow | sflow | bmp | snmp | poll | syslog | packet)
		find "$top/tests/cases" "$top/tests/sweep/regress" -name '*.pcap' -o -name '*.bin' |
			xargs tests/fuzz/seeds "$1" "seeds/$1" >/dev/null
		;;
	replay)
		find "$top/tests/cases" "$top/tests/sweep/regress" -name '*.pcap' -size -16k | while read -r f; do
			cp "$f" "seeds/replay/$(echo "${f#"$top"/tests/cases/}" | tr / -)"
		done
		;;
	conf) cp "$top"/tests/conf/*.yaml seeds/conf/ ;;
	topology) cp "$top"/tests/cases/common/topology.json seeds/topology/ ;;
	esac
}

# One target; what became of it is in findings/TARGET.result, whose first word says whether it is well.
fuzz() {
	length=16384
	[ "$1" != topology ] || length=100000
	mkdir -p "corpus/$1" "seeds/$1"
	if ! sow "$1" >"findings/$1.log" 2>&1; then
		echo "FAIL fuzz_$1: no seeds, see $build/findings/$1.log"
	elif "tests/fuzz/fuzz_$1" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
		-max_len="$length" -print_final_stats=0 -verbosity=0 -artifact_prefix="findings/$1-" \
		"corpus/$1" "seeds/$1" >"findings/$1.log" 2>&1; then
		echo "ok fuzz_$1: $(grep -E '^[0-9]+ messages, ' "findings/$1.log" | tail -1)"
	else
		echo "FAIL fuzz_$1: see $build/findings/$1.log"
		grep -E 'ERROR|SUMMARY|books:' "findings/$1.log" | head -3
	fi >"findings/$1.result"
}

if [ "${VNM_FUZZ_TARGET:-}" ]; then # called by ourselves, below
	build=$VNM_BUILD
	cd "$build"
	fuzz "$VNM_FUZZ_TARGET"
	exit 0
fi
build_sanitized build-fuzz fuzzers --enable-fuzzers
mkdir -p "$build/findings"
rm -f "$build"/findings/*.result
for t in $targets; do
	[ ! -x "$build/tests/fuzz/fuzz_$t" ] || echo "$t"
done | VNM_BUILD=$build xargs -P "$jobs" -I '{}' \
	env 'VNM_FUZZ_TARGET={}' sh "$top/tests/fuzz/run.sh" "$seconds" || true
passed=0
failed=0
for t in $targets; do
	[ -x "$build/tests/fuzz/fuzz_$t" ] || continue
	result=$build/findings/$t.result
	[ -s "$result" ] || echo "FAIL fuzz_$t: it did not run" >"$result"
	cat "$result"
	if grep -q '^ok ' "$result"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
