#!/bin/sh
# Refreshes the generated parts of the man pages from what vnmcd itself prints with --dump:
#	doc/generate.sh [directory that the pages are written to; default: where they are]
# VNMCD names the program; default: ./vnmcd. A part begins with a line `.\" generated: WHAT` and
# ends with the next `.\" end`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
to=${1:-$here}
vnmcd=${VNMCD:-./vnmcd}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

for what in options fields reasons metrics decoders facts profiles syslog; do
	"$vnmcd" --dump=$what >"$tmp/$what"
done

# Text of the tables as mdoc: sentences, and nothing that roff would take for its own.
library='
function text(s)
{
	gsub(/\\/, "\\e", s)
	gsub(/`[^`]*`/, "\\(dq&\\(dq", s)
	gsub(/`/, "", s)
	gsub(/"/, "\\(dq", s)
	if (s ~ /^[.\047]/)
		s = "\\&" s
	return s
}
function sentence(s)
{
	return text(s) (s ~ /[.]$/ ? "" : ".")
}
function option(name, type, fallback, when, doc)
{
	print ".It Cm " name " : Ar " type
	print sentence(doc)
	if (fallback != "")
		print "Default:\n.Cm " (fallback == "-" ? "\\-" : text(fallback)) " ."
	print when == "reload" ? "Applied by a reload." : "Needs a restart."
}
function field(tag, name, type, unit, doc)
{
	print ".It Va " name " Pq " type ", " tag
	print sentence(unit == "" ? doc : doc "; " unit)
}
BEGIN { FS = "\t" }
'

generate()
{
	case $1 in
	options)
		awk -v section="$2" "$library"'
			section == "top" { wanted = $1 == "" }
			section != "top" { wanted = $1 == section }
			wanted && $2 == "" { option($3, $4, $5, $6, $7) }' "$tmp/options"
		;;
	owned)
		awk -v section="$2" "$library"'
			$1 != section || $2 == "" { next }
			$2 != owner {
				if (owner != "")
					print ".El"
				owner = $2
				gsub(/, /, " , ", $2)
				print ".Pp\nOf\n.Cm " $2 "\nonly:\n.Bl -tag -width Ds"
			}
			{ option($3, $4, $5, $6, $7) }
			END { if (owner != "") print ".El" }' "$tmp/options"
		;;
	fields)
		awk -v kind="$2" "$library"'$1 == kind { field($2, $3, $4, $5, $6) }' "$tmp/fields"
		;;
	kinds)
		awk "$library"'
			$1 == "env" { next }
			$1 != kind {
				if (kind != "")
					print ".El"
				kind = $1
				print ".Ss Fields of " kind "\n.Bl -tag -width Ds"
			}
			{ field($2, $3, $4, $5, $6) }
			END { if (kind != "") print ".El" }' "$tmp/fields"
		;;
	reasons)
		awk "$library"'{ print ".It Cm " $1 " Pq Em " $2 "\n" sentence($3) }' "$tmp/reasons"
		;;
	metrics)
		awk "$library"'{ print ".It Va " $1 " Pq " $2 "\n" sentence($3) }' "$tmp/metrics"
		;;
	marks)
		awk "$library"'$1 == "mark" { print ".It Cm " $2 "\n" sentence($3) }' "$tmp/syslog"
		;;
	dialects)
		awk "$library"'$1 == "dialect" { print ".It\n" sentence($3) }' "$tmp/syslog"
		;;
	facts)
		awk "$library"'{ print ".It Cm " $1 " Pq Em " $2 "\n" sentence($3) }' "$tmp/facts"
		;;
	profiles)
		awk "$library"'{ print ".It Cm " $1 "\n" sentence($2) }' "$tmp/profiles"
		;;
	decoders)
		awk "$library"'{
			gsub(/,/, ", ", $2); gsub(/,/, ", ", $3)
			print ".It Cm " $1 "\n" sentence($4)
			print "Over " $2 ($3 == "" ? "." : "; usually sent to port " $3 ".")
		}' "$tmp/decoders"
		;;
	*)
		echo "doc/generate.sh: what is \"$1\"?" >&2
		return 1
		;;
	esac
}

for page in "$here"/*.[578]; do
	out=$tmp/page
	copying=yes
	: >"$out"
	while IFS= read -r line; do
		case $line in
		'.\" end')
			copying=yes
			;;
		esac
		[ $copying = yes ] && printf '%s\n' "$line" >>"$out"
		case $line in
		'.\" generated: '*)
			copying=no
			# shellcheck disable=SC2086 # what and of which
			generate ${line#'.\" generated: '} >>"$out"
			;;
		esac
	done <"$page"
	cp "$out" "$to/$(basename "$page")"
done
