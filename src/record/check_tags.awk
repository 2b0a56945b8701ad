# Compares fields.def with tags.lock, which says what the tags of fields have ever been used for:
#	awk -f check_tags.awk tags.lock fields.def
# Readers of protobuf know a field by its tag alone, so a tag must never come to mean another
# field or type. Rows of the lock: kind tag name type. A field that was removed stays in the
# lock with "-" as its type.

FNR == 1 { file++ }

file == 1 && NF == 4 && $1 !~ /^#/ {
	id = $1 " " $2
	if (id in locked_name)
		fail(FILENAME ":" FNR ": tag " $2 " of " $1 " stands here twice")
	locked_name[id] = $3
	locked_type[id] = $4
}

file == 2 && $1 ~ /^X\(/ {
	split($0, part, /[(,]/)
	for (i = 2; i <= 5; i++)
		gsub(/[ \t]/, "", part[i])
	kind = part[2]; tag = part[3]; name = part[4]; type = part[5]
	id = kind " " tag
	row = id " " name " " type
	if (id in seen)
		fail(FILENAME ":" FNR ": tag " tag " of " kind " is used twice: " name ", " seen[id])
	else if ((kind == "env") != (tag + 0 < 100))
		fail(FILENAME ":" FNR ": tags of env are 1 to 99, those of kinds 100 and up: " row)
	else if (!(id in locked_name))
		missing = missing row "\n"
	else if (locked_name[id] != name || locked_type[id] != type)
		fail(FILENAME ":" FNR ": tag " tag " of " kind " is locked as " locked_name[id] " " \
		    locked_type[id] ": give " name " a new tag")
	seen[id] = name
}

function fail(text)
{
	print text > "/dev/stderr"
	failed = 1
}

END {
	for (id in locked_name) {
		if (!(id in seen) && locked_type[id] != "-")
			fail("tag " id " (" locked_name[id] ") is in the lock but not in fields.def: " \
			    "write - for its type there if it was removed for good")
	}
	if (missing != "") {
		printf "new fields: add these lines to src/record/tags.lock:\n%s", missing \
		    > "/dev/stderr"
		failed = 1
	}
	exit failed
}
