#!/bin/sh
# Plays mutated messages of the cases' captures, 10 million of each decoder that is named (default:
# syslog), under ASan and UBSan: see tests/sweep/mutate.c.
#
#   tests/long/mutate.sh [MESSAGES [DECODER...]]
#
# VNM_BUILD says where to build (build-asan); SEED chooses other mutations.
set -eu
wanted=${1:-10000000}
[ $# -gt 0 ] && shift
. "$(dirname "$0")/../lib/sanitized.sh"
build_sanitized build-asan tests/sweep/mutate
for t in ${*:-syslog}; do
	printf '%s: ' "$t"
	find "$top/tests/cases" -name 'in.pcap' | sort | xargs \
		"$build/tests/sweep/mutate" -n "$wanted" -s "${SEED:-1}" "$t"
done
echo passed
