#!/bin/sh
# Includes go downwards only: base <- record, mibs, snmp <- decoders, topology <- analysis,
# collectors, output <- daemon.
# Rooms of one layer do not know each other; only the daemon knows all. And what else of the
# rules of the house a script can see: a decoder does no I/O and asks nobody for the time, a
# function has at most 60 lines, a file at most 800.
set -eu
cd "$(dirname "$0")/.."

may() { # the rooms that a room may include from
	case $1 in
	base) echo "base" ;;
	record | mibs | snmp) echo "base $1" ;;
	decoders | collectors) echo "base record mibs snmp $1" ;;
	topology | output) echo "base record $1" ;;
	analysis) echo "base record topology $1" ;;
	daemon) echo "base record mibs snmp decoders topology analysis collectors output daemon" ;;
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

found=$(grep -HnE '\b(time|clock_gettime|gettimeofday|fopen|socket|recv|printf|vnm_(log|error|warning|info|debug)) *\(' \
	src/decoders/*.c | grep -vE '_gen\.c:|^[^:]*:[0-9]*:[[:space:]/]*\*' || :)
if [ -n "$found" ]; then
	echo "a decoder is a pure function: no I/O, no clock but the datagram's"
	echo "$found"
	bad=1
fi

for file in $(find src tests -name '*.[ch]' | sort); do
	found=$(awk '
		/^[a-zA-Z_].*\(/ && !/;$/ { name = $0; sub(/\(.*/, "", name) }
		/^{/ { start = FNR }
		/^}/ {
			if (start && FNR - start - 1 > 60)
				print FILENAME ":" start ": " name "() has " FNR - start - 1 " lines, more than 60"
			start = 0
		}
		END { if (FNR > 800) print FILENAME ": " FNR " lines, more than 800" }
	' "$file")
	[ -z "$found" ] || {
		echo "$found"
		bad=1
	}
done
exit $bad
