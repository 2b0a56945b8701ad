#!/bin/sh
# Runs every fuzz target for at most SECONDS (default 30) under ASan and UBSan, with seeds from
# the cases' captures.
#
#   tests/fuzz/run.sh [SECONDS]
#
# VNM_BUILD says where to build (build-fuzz); it is configured with clang where it is not yet.
# Inputs that add coverage are kept there in corpus/, findings in findings/.
set -eu
seconds=${1:-30}
top=$(cd "$(dirname "$0")/../.." && pwd)
build=${VNM_BUILD:-$top/build-fuzz}
targets="flow sflow bmp snmp poll syslog packet replay topology conf"

mkdir -p "$build"
build=$(cd "$build" && pwd)
if [ ! -f "$build/Makefile" ]; then
	[ -x "$top/configure" ] || (cd "$top" && ./autogen.sh >/dev/null)
	(cd "$build" && CC=clang "$top/configure" -q --enable-fuzzers --enable-sanitizers)
fi
(cd "$build" && make -s -j2 fuzzers >/dev/null)
cd "$build"
mkdir -p findings
passed=0
failed=0
for t in $targets; do
	[ -x "tests/fuzz/fuzz_$t" ] || continue
	mkdir -p "corpus/$t" "seeds/$t"
	case $t in
	flow | sflow | bmp | snmp | poll | syslog | packet)
		find "$top/tests/cases" "$top/tests/sweep/regress" -name '*.pcap' -o -name '*.bin' |
			xargs tests/fuzz/seeds "$t" "seeds/$t" >/dev/null || continue
		;;
	replay)
		find "$top/tests/cases" "$top/tests/sweep/regress" -name '*.pcap' -size -16k | while read -r f; do
			cp "$f" "seeds/replay/$(echo "${f#"$top"/tests/cases/}" | tr / -)"
		done
		;;
	conf) cp "$top"/tests/conf/*.yaml seeds/conf/ ;;
	topology) cp "$top"/tests/cases/common/topology.json seeds/topology/ ;;
	esac
	length=16384
	[ "$t" != topology ] || length=100000
	if "tests/fuzz/fuzz_$t" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
		-max_len="$length" -print_final_stats=0 -verbosity=0 -artifact_prefix="findings/$t-" \
		"corpus/$t" "seeds/$t" >"findings/$t.log" 2>&1; then
		passed=$((passed + 1))
		echo "ok fuzz_$t: $(grep -E '^[0-9]+ messages, ' "findings/$t.log" | tail -1)"
	else
		failed=$((failed + 1))
		echo "FAIL fuzz_$t: see $build/findings/$t.log"
		grep -E 'ERROR|SUMMARY|books:' "findings/$t.log" | head -3
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
