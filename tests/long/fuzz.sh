#!/bin/sh
# Fuzzes each decoder, and the poller, until it has seen MESSAGES mutated messages (default 10
# million) under ASan and UBSan, in rounds of ten minutes, and prints how many there were.
#
#   tests/long/fuzz.sh [MESSAGES [DECODER...]]
set -eu
wanted=${1:-10000000}
[ $# -gt 0 ] && shift
top=$(cd "$(dirname "$0")/../.." && pwd)
build=${VNM_BUILD:-$top/build-fuzz}
VNM_BUILD=$build sh "$top/tests/fuzz/run.sh" 1 >/dev/null || true
cd "$build"
bad=0
for t in ${*:-flow sflow bmp snmp poll syslog}; do
	seen=0
	echo "$t: since $(date -u +%H:%M:%S)"
	while [ "$seen" -lt "$wanted" ]; do
		if ! "tests/fuzz/fuzz_$t" -max_total_time="${ROUND:-600}" -timeout=120 -rss_limit_mb=2048 \
			-max_len=16384 -verbosity=0 -artifact_prefix="findings/$t-" \
			"corpus/$t" "seeds/$t" >"findings/$t.log" 2>&1; then
			bad=$((bad + 1))
			echo "$t: FINDING after $seen messages, see $build/findings/$t.log"
			break
		fi
		n=$(sed -n 's/^\([0-9]*\) messages.*/\1/p' "findings/$t.log" | tail -1)
		seen=$((seen + n))
		echo "$t: $seen messages without a finding"
	done
done
[ "$bad" -eq 0 ] && echo "passed" || echo "failed: $bad decoders with findings"
[ "$bad" -eq 0 ]
