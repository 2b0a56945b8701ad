#!/bin/sh
# Sweeps all cases: see sweep.c.
#
#   tests/sweep/run.sh [OPTION...] [FILE...]
#
# VNM_BUILD says where to build (build-asan); it is configured with clang and the sanitizers where
# it is not yet. Options are those of the program: -n 0 -a 0 leaves nothing out, which takes hours.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
build=${VNM_BUILD:-$top/build-asan}
mkdir -p "$build"
build=$(cd "$build" && pwd)
if [ ! -f "$build/Makefile" ]; then
	[ -x "$top/configure" ] || (cd "$top" && ./autogen.sh >/dev/null)
	(cd "$build" && CC=clang "$top/configure" -q --enable-sanitizers)
fi
make -s -C "$build" -j2 tests/sweep/sweep >&2
files=no
for a in "$@"; do
	[ ! -e "$a" ] || files=yes
done
[ $files = yes ] || set -- "$@" "$top/tests/cases" "$top/tests/sweep/regress"
exec "$build/tests/sweep/sweep" "$@"
