#!/bin/sh
# Configurations that must be accepted (x.ok: what -t prints) or refused (x.err: every complaint).
# x.args holds further arguments; without x.yaml they are all of them. With -u the expected
# output is written instead of compared: read the difference before you keep it.
set -u
vnmcd=${VNMCD:-./vnmcd}
case $vnmcd in /*) ;; *) vnmcd=$PWD/$vnmcd ;; esac
update=no
[ "${1-}" = -u ] && update=yes
cd "$(dirname "$0")" || exit 1
passed=0
failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

for expected in *.ok *.err; do
	name=${expected%.*}
	want=0
	[ "${expected##*.}" = err ] && want=78
	set -- -t
	[ -f "$name.yaml" ] && set -- "$@" -c "$name.yaml"
	# shellcheck disable=SC2046 # words are meant
	[ -f "$name.args" ] && set -- "$@" $(cat "$name.args")
	env -u JOURNAL_STREAM "$vnmcd" "$@" >"$out" 2>&1
	got=$?
	[ $update = yes ] && cp "$out" "$expected"
	if [ $got -eq $want ] && cmp -s "$out" "$expected"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "tests/conf/$name: exit $got, not $want, or other output than $expected:"
		diff "$expected" "$out"
	fi
done
echo "conf: $passed passed, $failed failed"
[ $failed -eq 0 ]
