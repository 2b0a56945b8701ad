#!/bin/sh
# Configurations that must be accepted (x.ok: what -t prints) or refused (x.err: every complaint),
# and command lines that make no sense (x.usage). x.args holds further arguments. With -u the
# expected output is written instead of compared: read the difference before you keep it.
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

for expected in *.ok *.err *.usage; do
	name=${expected%.*}
	set -- -t
	case $expected in
	*.ok) want=0 ;;
	*.err) want=78 ;;
	*.usage) want=64 && set -- ;;
	esac
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
