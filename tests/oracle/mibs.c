/*
 * Says what the catalogue makes of instances, one a line of standard input:
 *
 *	OID|TAG|VALUE	(a recording in the form of snmprec: TAG is the number of the BER type, and
 *			an x behind it says that VALUE is in hex)
 *	OID
 *
 * For each a line with tabs between: the oid; the object's module and name; its kind; "whole",
 * "repaired", "partial" or "other" for its instance; the index as text; the value as text. The
 * suffix of every whole index is made again from its parts: "broken" where that does not give the
 * same numbers.
 */
#include "mibs/mib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {
    "none", "node", "identity", "scalar", "table", "entry", "column", "notification"};

static const char *
instance(const struct vnm_mib *m, const struct vnm_mib_object *o, struct vnm_oid rest,
    struct vnm_mib_index *index)
{
	struct vnm_mib_value values[VNM_MIB_INDEX_MAX];
	uint32_t numbers[VNM_OID_MAX], n;

	if (o->kind != VNM_MIB_COLUMN && o->kind != VNM_MIB_SCALAR)
		return "other";
	if (!vnm_mib_index(m, o, rest, index))
		return "partial";
	if (index->repaired || o->kind == VNM_MIB_SCALAR)
		return index->repaired ? "repaired" : "whole";
	for (uint32_t i = 0; i < index->n; i++)
		values[i] = index->part[i].value;
	n = vnm_mib_index_write(m, o, values, index->n, numbers);
	return n > 0 && vnm_oid_equal((struct vnm_oid){numbers, n}, rest) ? "whole" : "broken";
}

static size_t
from_hex(const char *text, uint8_t *out)
{
	size_t n = 0;
	unsigned v;

	for (; text[0] != '\0' && text[1] != '\0' && sscanf(text, "%2x", &v) == 1; text += 2)
		out[n++] = (uint8_t)v;
	return n;
}

/* By the tag; octets and numbers go to the buffers. */
static struct vnm_mib_value
value_of(char *tag, char *text, uint8_t *octets, uint32_t *numbers)
{
	struct vnm_mib_value v = {VNM_MIB_VALUE_NONE, {0}};
	bool hex = strchr(tag, 'x') != NULL;
	size_t n;

	switch (atoi(tag)) {
	case 2:
		v.type = VNM_MIB_VALUE_SIGNED;
		v.i = strtoll(text, NULL, 10);
		break;
	case 65:
	case 66:
	case 67:
	case 70:
		v.type = VNM_MIB_VALUE_UNSIGNED;
		v.u = strtoull(text, NULL, 10);
		break;
	case 6:
		v.type = VNM_MIB_VALUE_OID;
		v.oid = (struct vnm_oid){numbers, vnm_oid_parse(text, strlen(text), numbers)};
		break;
	case 64:
		v.type = VNM_MIB_VALUE_OCTETS;
		if (hex || sscanf(text, "%hhu.%hhu.%hhu.%hhu", octets, octets + 1, octets + 2,
			       octets + 3) != 4)
			(void)from_hex(text, octets);
		v.octets = (struct vnm_slice){octets, 4};
		break;
	case 4:
	case 68:
		n = strlen(text);
		if (hex)
			n = from_hex(text, octets);
		else
			memcpy(octets, text, n);
		v.type = VNM_MIB_VALUE_OCTETS;
		v.octets = (struct vnm_slice){octets, n};
		break;
	default:
		break;
	}
	return v;
}

static void
one(const struct vnm_mib *m, char *line, uint8_t *octets)
{
	uint32_t numbers[VNM_OID_MAX], value_numbers[VNM_OID_MAX];
	char *tag = strchr(line, '|'), *text = tag != NULL ? strchr(tag + 1, '|') : NULL;
	struct vnm_mib_value v = {VNM_MIB_VALUE_NONE, {0}};
	static char out[1 << 16];
	const struct vnm_mib_object *o;
	struct vnm_mib_index index;
	struct vnm_oid oid, rest;
	const char *how;

	if (tag != NULL)
		*tag++ = '\0';
	if (text != NULL) {
		*text++ = '\0';
		v = value_of(tag, text, octets, value_numbers);
	}
	oid = (struct vnm_oid){numbers, vnm_oid_parse(line, strlen(line), numbers)};
	o = vnm_mib_find(m, oid, &rest);
	if (o == NULL) {
		printf("%s\t-\tnone\tother\t\t\n", line);
		return;
	}
	index.n = 0;
	index.rest = rest;
	how = instance(m, o, rest, &index);
	printf("%s\t%s::%s\t%s\t%s\t", line, vnm_mib_module(m, o), vnm_mib_name(m, o),
	    kinds[o->kind], how);
	printf("%.*s\t", (int)vnm_mib_index_text(m, &index, out, sizeof(out)), out);
	printf("%.*s\n", (int)vnm_mib_text(m, o, &v, out, sizeof(out)), out);
}

int
main(void)
{
	char *line = NULL;
	uint8_t *octets = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		octets = realloc(octets, cap);
		if (octets == NULL)
			return 1;
		one(&vnm_mib_builtin, line, octets);
	}
	free(octets);
	free(line);
	return 0;
}
