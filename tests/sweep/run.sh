#!/bin/sh
# Sweeps all cases: see sweep.c.
#
#   tests/sweep/run.sh [OPTION...] [FILE...]
#
# VNM_BUILD says where to build (build-asan); it is configured with clang and the sanitizers where
# it is not yet. Options are those of the program: -n 0 -a 0 leaves nothing out, which takes hours.
set -eu
. "$(dirname "$0")/../lib/sanitized.sh"
build_sanitized build-asan tests/sweep/sweep
files=no
for a in "$@"; do
	[ ! -e "$a" ] || files=yes
done
[ $files = yes ] || set -- "$@" "$top/tests/cases" "$top/tests/sweep/regress"
exec "$build/tests/sweep/sweep" "$@"
