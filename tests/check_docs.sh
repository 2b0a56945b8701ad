#!/bin/sh
# Documentation and code say the same: the generated parts of the man pages are up to date, the
# pages are sound mdoc, the example configurations are accepted, the .proto compiles, records are as
# the JSON Schema and the .proto say, and paths that documents name are there.
set -u
vnmcd=${VNMCD:-./vnmcd}
case $vnmcd in /*) ;; *) vnmcd=$PWD/$vnmcd ;; esac
cd "$(dirname "$0")/.." || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0
failed=0
skipped=0

check() # what, command...
{
	what=$1
	shift
	if "$@" >"$tmp/output" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "docs: $what:"
		cat "$tmp/output"
	fi
}

have()
{
	command -v "$1" >/dev/null 2>&1 && return 0
	skipped=$((skipped + 1))
	return 1
}

generated()
{
	mkdir "$tmp/pages" && VNMCD=$vnmcd doc/generate.sh "$tmp/pages" || return 1
	for page in doc/*.[578]; do
		diff -u "$page" "$tmp/pages/$(basename "$page")" || bad=1
	done
	[ -z "${bad-}" ] || echo "run doc/generate.sh"
	[ -z "${bad-}" ]
}

# Options that nobody can find in the manual would be as good as none.
complete()
{
	"$vnmcd" --dump=options | cut -f 3 | sort -u | while read -r name; do
		grep -q "^\.It Cm $name :" doc/vnmcd.conf.5 || echo "vnmcd.conf(5): no $name"
	done | grep . && return 1
	"$vnmcd" -h | grep -o '^  -[a-z]' | while read -r _ letter; do
		grep -q "^\.It Fl ${letter#-}" doc/vnmcd.8 || echo "vnmcd(8): no $letter"
	done | grep . && return 1
	return 0
}

example() # the example configuration, of etc/ or of the manual, on standard input
{
	sed -e 's,/etc/vnmcd/topology.json,etc/topology.example.json,' \
		-e 's,{ file: /etc/vnmcd/[a-z-]* },"a secret of a file",g' \
		-e 's,{ env: [A-Z_]* },"a secret of the environment",g' >"$tmp/example.yaml"
	"$vnmcd" -t -c "$tmp/example.yaml"
}

examples()
{
	# Options that stand there as comments have no space, or two, behind the #.
	example <etc/vnmcd.yaml &&
	    sed -E 's/^( *)#([^ ]|  )/\1\2/' etc/vnmcd.yaml | example &&
	    manual_examples
}

# Each of the manual is a configuration of its own.
manual_examples()
{
	n=0
	while [ "$n" -lt "$(grep -c '^\.Bd -literal$' doc/vnmcd.conf.5)" ]; do
		n=$((n + 1))
		awk -v n="$n" '/^\.Bd -literal$/ { at++ } /^\.Ed$/ { inside = 0 }
			inside && at == n
			/^\.Bd -literal$/ { inside = 1 }' doc/vnmcd.conf.5 | example || return 1
	done
	[ "$n" -gt 0 ]
}

# With its comment signs removed, what --dump=config prints is a configuration whose keys are all
# known (though not all of them have a value).
config()
{
	"$vnmcd" --dump=config | sed 's/^#//' >"$tmp/config.yaml"
	"$vnmcd" -t -c "$tmp/config.yaml" 2>"$tmp/complaints"
	cat "$tmp/complaints"
	grep -q 'has no value' "$tmp/complaints" &&
	    ! grep -E 'not YAML|unknown key|given twice|is not|takes' "$tmp/complaints"
}

proto()
{
	"$vnmcd" --dump=proto >"$tmp/vnmcd.proto" &&
	    protoc --proto_path="$tmp" --descriptor_set_out="$tmp/descriptor" "$tmp/vnmcd.proto"
}

# `src/base/option.h`: a path in a document.
paths()
{
	# shellcheck disable=SC2016 # these are Markdown's
	grep -noE '`(src|doc|etc|tests|scripts)/[A-Za-z0-9_./-]*`' doc/*.md ./*.md |
	    while IFS=: read -r file line path; do
		path=$(echo "$path" | tr -d '`')
		[ -e "$path" ] || echo "$file:$line: there is no $path"
	done | grep . && return 1
	return 0
}

check "generated parts" generated
check "completeness" complete
check "paths in documents" paths
have mandoc && check "mdoc" mandoc -T lint -W warning doc/*.[578]
check "examples of configurations" examples
check "--dump=config" config
have protoc && check "the .proto" proto
have python3 && check "records against the JSON Schema and the .proto" \
    env VNMCD="$vnmcd" tests/check_schema.py
echo "docs: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
