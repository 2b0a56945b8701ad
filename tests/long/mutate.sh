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
top=$(cd "$(dirname "$0")/../.." && pwd)
build=${VNM_BUILD:-$top/build-asan}
mkdir -p "$build"
build=$(cd "$build" && pwd)
if [ ! -f "$build/Makefile" ]; then
	[ -x "$top/configure" ] || (cd "$top" && ./autogen.sh >/dev/null)
	(cd "$build" && CC=clang "$top/configure" -q --enable-sanitizers)
fi
make -s -C "$build" -j2 tests/sweep/mutate >&2
for t in ${*:-syslog}; do
	printf '%s: ' "$t"
	find "$top/tests/cases" -name 'in.pcap' | sort | xargs \
		"$build/tests/sweep/mutate" -n "$wanted" -s "${SEED:-1}" "$t"
done
echo passed
