/*
 * Variables of SNMP in records: names and texts by the MIB catalogue, and what is not in it by its
 * numbers.
 */
#include "decoders/snmp.h"

#include "base/text.h"

#define TEXT_OCTETS_MAX 4096 /* of one value's text */

static const struct vnm_str types[UINT8_MAX + 1] = {
    [VNM_BER_INTEGER] = VNM_STR("integer"),
    [VNM_BER_BITS] = VNM_STR("bits"),
    [VNM_BER_OCTETS] = VNM_STR("octets"),
    [VNM_BER_NULL] = VNM_STR("null"),
    [VNM_BER_OID] = VNM_STR("oid"),
    [VNM_BER_IPADDRESS] = VNM_STR("ip-address"),
    [VNM_BER_COUNTER32] = VNM_STR("counter32"),
    [VNM_BER_GAUGE32] = VNM_STR("gauge32"),
    [VNM_BER_TIMETICKS] = VNM_STR("timeticks"),
    [VNM_BER_OPAQUE] = VNM_STR("opaque"),
    [VNM_BER_NSAP] = VNM_STR("nsap"),
    [VNM_BER_COUNTER64] = VNM_STR("counter64"),
    [VNM_BER_UINTEGER32] = VNM_STR("uinteger32"),
    [VNM_BER_FLOAT] = VNM_STR("float"),
    [VNM_BER_DOUBLE] = VNM_STR("double"),
    [VNM_BER_INTEGER64] = VNM_STR("integer64"),
    [VNM_BER_UNSIGNED64] = VNM_STR("unsigned64"),
    [VNM_BER_NO_SUCH_OBJECT] = VNM_STR("no-such-object"),
    [VNM_BER_NO_SUCH_INSTANCE] = VNM_STR("no-such-instance"),
    [VNM_BER_END_OF_MIB_VIEW] = VNM_STR("end-of-mib-view"),
};

static struct vnm_str
type_name(uint8_t tag)
{
	return types[tag].p != NULL ? types[tag] : VNM_STR("unknown");
}

struct vnm_snmp_object
vnm_snmp_object_of(const struct vnm_mib *mib, struct vnm_oid name)
{
	uint32_t last = 0;

	return vnm_snmp_object_again(mib, name, &last);
}

struct vnm_snmp_object
vnm_snmp_object_again(const struct vnm_mib *mib, struct vnm_oid name, uint32_t *last)
{
	struct vnm_snmp_object o = {0};
	struct vnm_oid rest;
	const struct vnm_mib_object *object = vnm_mib_find_again(mib, name, &rest, last);

	if (object != NULL && (object->kind == VNM_MIB_SCALAR || object->kind == VNM_MIB_COLUMN)) {
		o.object = object;
		o.instance = rest;
	}
	return o;
}

/*
 * The variables of a notification or of a row are mostly columns of one table: what has the same
 * numbers down to the entry is one of its children.
 */
struct vnm_snmp_object
vnm_snmp_object_after(const struct vnm_mib *mib, struct vnm_oid before,
    const struct vnm_snmp_object *of_before, struct vnm_oid name)
{
	const struct vnm_mib_object *entry, *column;
	uint32_t depth, at;

	if (of_before->object == NULL || of_before->object->kind != VNM_MIB_COLUMN)
		return vnm_snmp_object_of(mib, name);
	depth = before.n - of_before->instance.n - 1;
	if (name.n <= depth + 1 || memcmp(name.v, before.v, depth * sizeof(*name.v)) != 0)
		return vnm_snmp_object_of(mib, name);
	entry = vnm_mib_parent(mib, of_before->object);
	if (entry == NULL || entry->child_count == 0)
		return vnm_snmp_object_of(mib, name);
	at = name.v[depth] - vnm_mib_child(mib, entry, 0)->sub;
	if (at >= entry->child_count)
		return vnm_snmp_object_of(mib, name);
	column = vnm_mib_child(mib, entry, at);
	if (column->sub != name.v[depth] || column->kind != VNM_MIB_COLUMN)
		return vnm_snmp_object_of(mib, name);
	return (struct vnm_snmp_object){column, vnm_oid_rest(name, depth + 1)};
}

struct vnm_mib_value
vnm_snmp_value_of(const struct vnm_varbind *v)
{
	struct vnm_mib_value value = {.type = VNM_MIB_VALUE_NONE};

	switch (vnm_varbind_form(v)) {
	case VNM_VARBIND_SIGNED:
		value.type = VNM_MIB_VALUE_SIGNED;
		value.i = v->i64;
		break;
	case VNM_VARBIND_UNSIGNED:
		value.type = VNM_MIB_VALUE_UNSIGNED;
		value.u = v->u64;
		break;
	case VNM_VARBIND_OID:
		value.type = VNM_MIB_VALUE_OID;
		value.oid = v->oid;
		break;
	case VNM_VARBIND_OCTETS:
		value.type = VNM_MIB_VALUE_OCTETS;
		value.octets = v->octets;
		break;
	case VNM_VARBIND_REAL:
	case VNM_VARBIND_NOTHING:
		break;
	}
	return value;
}

/* ---- text in scratch memory ------------------------------------------------------------------ */

/* What was taken for a text, cut to the n octets that it has become. */
static struct vnm_str
settle(struct vnm_scratch *s, char *p, size_t n, bool clean)
{
	vnm_scratch_rewind(s, (size_t)((uint8_t *)p - s->p) + n);
	return (struct vnm_str){p, (uint32_t)n, clean};
}

struct vnm_str
vnm_snmp_oid_str(struct vnm_scratch *s, struct vnm_oid oid)
{
	char *p = vnm_scratch_take(s, oid.n * 11 + 1);

	if (p == NULL)
		return (struct vnm_str){NULL, 0, false};
	return settle(s, p, (size_t)(vnm_oid_text(p, oid) - p), true);
}

struct vnm_str
vnm_snmp_text(struct vnm_snmp_call *c, const struct vnm_mib_object *o, const struct vnm_varbind *v)
{
	const char *label = v->type == VNM_BER_INTEGER ? vnm_mib_label(c->mib, o, v->i64) : NULL;
	const struct vnm_mib_value value = vnm_snmp_value_of(v);
	size_t room = 64;
	char *p;

	if (label != NULL) /* letters, digits and hyphens (RFC 2578 section 7.1.1) */
		return vnm_str_clean(label);
	if (value.type == VNM_MIB_VALUE_OID)
		room = VNM_OID_TEXT;
	else if (value.type == VNM_MIB_VALUE_OCTETS)
		room += 4 * value.octets.n;
	if (room > TEXT_OCTETS_MAX)
		room = TEXT_OCTETS_MAX;
	p = vnm_scratch_take(c->out->scratch, room);
	if (p == NULL || value.type == VNM_MIB_VALUE_NONE)
		return (struct vnm_str){NULL, 0, false};
	return settle(c->out->scratch, p, vnm_mib_text(c->mib, o, &value, p, room), false);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Octets: an address, text, or what is left: octets. */
static void
set_octets(struct vnm_snmp_call *c, const struct vnm_mib_object *o, const struct vnm_varbind *v,
    struct vnm_pair *pair)
{
	if (v->type == VNM_BER_IPADDRESS && v->octets.n == 4) {
		pair->type = VNM_PAIR_ADDR;
		pair->addr = vnm_addr_ip4(v->octets.p);
	} else if (v->type == VNM_BER_OCTETS && vnm_mib_is_text(c->mib, o, v->octets)) {
		pair->type = VNM_PAIR_STR;
		pair->str = vnm_str_of_octets(v->octets);
	} else {
		pair->type = VNM_PAIR_BYTES;
		pair->bytes = v->octets;
	}
}

bool
vnm_snmp_pair(struct vnm_snmp_call *c, const struct vnm_mib_object *o, const struct vnm_varbind *v,
    struct vnm_pair *pair)
{
	switch (vnm_varbind_form(v)) {
	case VNM_VARBIND_SIGNED:
		pair->type = VNM_PAIR_I64;
		pair->i64 = v->i64;
		return true;
	case VNM_VARBIND_UNSIGNED:
		pair->type = VNM_PAIR_U64;
		pair->u64 = v->u64;
		return true;
	case VNM_VARBIND_REAL:
		pair->type = VNM_PAIR_F64;
		pair->f64 = v->f64;
		return true;
	case VNM_VARBIND_OID:
		pair->type = VNM_PAIR_STR;
		pair->str = vnm_snmp_oid_str(c->out->scratch, v->oid);
		return pair->str.n > 0;
	case VNM_VARBIND_OCTETS:
		set_octets(c, o, v, pair);
		return true;
	case VNM_VARBIND_NOTHING:
		break;
	}
	return false;
}

/* Whether a text says more of the value than the value itself. */
static bool
has_text(const struct vnm_snmp_call *c, const struct vnm_mib_object *o, const struct vnm_varbind *v,
    const struct vnm_pair *value)
{
	const struct vnm_mib_type *type = o != NULL ? vnm_mib_type(c->mib, o) : NULL;

	if (v->type == VNM_BER_OID)
		return true;
	if (type == NULL)
		return false;
	if (v->type == VNM_BER_INTEGER) /* a hint "d" says nothing, one as "d-2" does */
		return type->label_count > 0 || strlen(c->mib->text + type->hint) > 1;
	return v->type == VNM_BER_OCTETS && value->type == VNM_PAIR_BYTES;
}

/* ---- the list of an alarm -------------------------------------------------------------------- */

enum member { OID, NAME, INDEX, TYPE, VALUE, TEXT, MEMBERS };

static const struct {
	char text[VNM_PAIR_ROOM];
	uint8_t n;
} members[MEMBERS] = {
    [OID] = {"oid", 3},
    [NAME] = {"name", 4},
    [INDEX] = {"index", 5},
    [TYPE] = {"type", 4},
    [VALUE] = {"value", 5},
    [TEXT] = {"text", 4},
};

/* A varbind as an object that is being filled. */
struct description {
	struct vnm_pair *pairs;
	uint32_t n;
};

/* The next member; it is filled in place, since a copy of what was just written is slow. */
static inline struct vnm_pair *
add(struct description *d, enum member m)
{
	struct vnm_pair *pair = &d->pairs[d->n++];

	pair->name = members[m].text;
	pair->name_n = members[m].n;
	return pair;
}

static inline void
add_str(struct description *d, enum member m, struct vnm_str s)
{
	struct vnm_pair *pair = add(d, m);

	pair->type = VNM_PAIR_STR;
	pair->str = s;
}

/* The varbind's oid, its name and index where the catalogue knows them: false without memory. */
static bool
add_names(struct vnm_snmp_call *c, const struct vnm_varbind *v, const struct vnm_snmp_object *o,
    struct description *d)
{
	struct vnm_scratch *s = c->out->scratch;
	char *p = vnm_scratch_take(s, v->name.n * 11 + 1), *index, *end;
	struct vnm_str known;

	if (p == NULL)
		return false;
	if (o->object == NULL) {
		end = vnm_oid_text(p, v->name);
		add_str(d, OID, settle(s, p, (size_t)(end - p), true));
		return true;
	}
	known = vnm_mib_dotted(c->mib, o->object);
	index = end = vnm_text_copy(p, known.p, known.n);
	if (o->instance.n > 0) {
		*index++ = '.';
		end = vnm_oid_text(index, o->instance);
	}
	add_str(d, OID, settle(s, p, (size_t)(end - p), true));
	add_str(d, NAME, vnm_mib_name_str(c->mib, o->object));
	if (o->instance.n > 0)
		add_str(d, INDEX, (struct vnm_str){index, (uint32_t)(end - index), true});
	return true;
}

/* One varbind as an object: false where scratch memory is used up. */
static bool
describe(struct vnm_snmp_call *c, uint32_t i, struct vnm_pair *item)
{
	const struct vnm_varbind *v = &c->v[i];
	const struct vnm_snmp_object *o = &c->objects[i];
	struct description d = {vnm_scratch_take(c->out->scratch, MEMBERS * sizeof(*d.pairs)), 0};
	struct vnm_pair *value;

	if (d.pairs == NULL || !add_names(c, v, o, &d))
		return false;
	add_str(&d, TYPE, type_name(v->type));
	value = add(&d, VALUE);
	if (!vnm_snmp_pair(c, o->object, v, value))
		d.n--;
	if (has_text(c, o->object, v, value)) {
		struct vnm_str text = vnm_snmp_text(c, o->object, v);

		if (text.n > 0)
			add_str(&d, TEXT, text);
	}
	*item = (struct vnm_pair){.type = VNM_PAIR_STRUCT, .items = d.pairs, .count = d.n};
	return true;
}

struct vnm_pairs
vnm_snmp_list(struct vnm_snmp_call *c, uint32_t first)
{
	uint32_t count = c->n - first, n = 0;
	struct vnm_pair *items = vnm_scratch_take(c->out->scratch, count * sizeof(*items));

	while (items != NULL && n < count && describe(c, first + n, &items[n]))
		n++;
	if (n < count)
		vnm_out_fault(c->out, VNM_R_scratch_full);
	return (struct vnm_pairs){items, n};
}

struct vnm_strs
vnm_snmp_odd(struct vnm_scratch *s, unsigned odd)
{
	static const struct vnm_str words[] = {VNM_STR("length"), VNM_STR("padding"),
	    VNM_STR("sign"), VNM_STR("width"), VNM_STR("type"), VNM_STR("trailing")};
	struct vnm_str *list = odd != 0 ? vnm_scratch_take(s, sizeof(words)) : NULL;
	uint32_t n = 0;

	for (size_t i = 0; list != NULL && i < VNM_ARRAY_LEN(words); i++) {
		if ((odd >> i & 1) != 0)
			list[n++] = words[i];
	}
	return (struct vnm_strs){list, n};
}
