#!/bin/sh
# Includes go downwards only: base <- record <- decoders, topology <- collectors, output <- daemon.
# Rooms of one layer do not know each other; only the daemon knows all.
set -eu
cd "$(dirname "$0")/.."

may() { # the rooms that a room may include from
	case $1 in
	base) echo "base" ;;
	record) echo "base record" ;;
	decoders | topology | collectors | output) echo "base record $1" ;;
	daemon) echo "base record decoders topology collectors output daemon" ;;
	*) echo "" ;;
	esac
}

bad=0
for dir in src/*/; do
	room=$(basename "$dir")
	allowed=$(may "$room")
	if [ -z "$allowed" ]; then
		echo "src/$room: a room that tests/check_layers.sh does not know"
		bad=1
		continue
	fi
	pattern=$(echo "$allowed" | sed 's/ /|/g')
	# What is included by a path is ours; system headers of libraries (event2/, json-c/) are in <>.
	found=$(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"[^"]*/' "$dir" |
		grep -vE "include[[:space:]]+\"($pattern)/" || :)
	if [ -n "$found" ]; then
		echo "src/$room may include only from: $allowed"
		echo "$found"
		bad=1
	fi
	found=$(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"\.\.' "$dir" || :)
	[ -z "$found" ] || {
		echo "$found"
		bad=1
	}
done
exit $bad
