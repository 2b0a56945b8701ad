/*
 * Instances of columns (RFC 2578 section 7.7): the numbers behind a column's oid are the values of
 * the objects of the index, one after another.
 *
 * Agents do not always follow. What they are known to do is tried where the rule does not make
 * the numbers come out even: an address without its length, a last string without its length, a
 * string of fixed size with one, an address whose length is not that of its type.
 */
#include "mibs/hint.h"
#include "mibs/mib.h"

enum leniency {
	STRICT = 0,
	NO_ADDRESS_LENGTH = 1,
	LAST_WITHOUT_LENGTH = 2,
	FIXED_WITH_LENGTH = 4,
	ANY_ADDRESS_LENGTH = 8
};

struct walk {
	const struct vnm_mib *m;
	const struct vnm_mib_object *entry;
	unsigned leniency;
	struct vnm_oid left;
	uint32_t address_length; /* that the last type of address asks for; UINT32_MAX: any */
	uint32_t used;		 /* of index->octets */
	struct vnm_mib_index *index;
};

/* How many octets an address of this type has (RFC 4001; IANA's address family numbers). */
static uint32_t
address_length(uint8_t form, int64_t type)
{
	static const uint8_t inet[] = {0, 4, 16, 8, 20};

	if (form == VNM_MIB_INET_TYPE)
		return type >= 0 && type < (int64_t)sizeof(inet) ? inet[type] : UINT32_MAX;
	switch (type) {
	case 1:
		return 4;
	case 2:
		return 16;
	case 6: /* 802, with its canonical MAC */
		return 6;
	default:
		return UINT32_MAX;
	}
}

static bool
is_address(const struct vnm_mib_type *t)
{
	return t->form == VNM_MIB_INET_ADDRESS || t->form == VNM_MIB_FAMILY_ADDRESS;
}

static bool
is_fixed(const struct vnm_mib_type *t)
{
	return t->size_min == t->size_max && t->base == VNM_MIB_OCTETS;
}

/* The next numbers as octets. */
static bool
take_octets(struct walk *w, uint32_t n, struct vnm_mib_value *v)
{
	uint8_t *octets = w->index->octets + w->used;

	if (n > w->left.n || n > sizeof(w->index->octets) - w->used)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (w->left.v[i] > UINT8_MAX)
			return false;
		octets[i] = (uint8_t)w->left.v[i];
	}
	w->used += n;
	w->left = vnm_oid_rest(w->left, n);
	v->type = VNM_MIB_VALUE_OCTETS;
	v->octets = (struct vnm_slice){octets, n};
	return true;
}

/* The number in front of a string or oid of variable length. */
static bool
take_length(struct walk *w, uint32_t *n)
{
	if (w->left.n == 0 || w->left.v[0] > w->left.n - 1)
		return false;
	*n = w->left.v[0];
	w->left = vnm_oid_rest(w->left, 1);
	return true;
}

static bool
take_string(struct walk *w, const struct vnm_mib_type *t, bool last, struct vnm_mib_value *v)
{
	bool address = is_address(t);
	uint32_t wanted = address ? w->address_length : UINT32_MAX, n;
	bool unmeasured = (w->leniency & LAST_WITHOUT_LENGTH) != 0 && wanted == UINT32_MAX;
	bool implied = last && (w->entry->implied || unmeasured);

	if (is_fixed(t) && wanted == UINT32_MAX) {
		if ((w->leniency & FIXED_WITH_LENGTH) != 0 && w->left.n > t->size_min &&
		    w->left.v[0] == t->size_min)
			w->left = vnm_oid_rest(w->left, 1);
		return take_octets(w, t->size_min, v);
	}
	if (address && wanted != UINT32_MAX && (w->leniency & NO_ADDRESS_LENGTH) != 0)
		return take_octets(w, wanted, v);
	if (implied)
		return take_octets(w, w->left.n, v);
	if (!take_length(w, &n))
		return false;
	if (n != wanted && wanted != UINT32_MAX && (w->leniency & ANY_ADDRESS_LENGTH) == 0)
		return false;
	return take_octets(w, n, v);
}

static bool
take_oid(struct walk *w, bool last, struct vnm_mib_value *v)
{
	bool implied = last && (w->entry->implied || (w->leniency & LAST_WITHOUT_LENGTH) != 0);
	uint32_t n = w->left.n;

	if (!implied && !take_length(w, &n))
		return false;
	v->type = VNM_MIB_VALUE_OID;
	v->oid = (struct vnm_oid){w->left.v, n};
	w->left = vnm_oid_rest(w->left, n);
	return true;
}

static bool
take_number(struct walk *w, const struct vnm_mib_type *t, struct vnm_mib_value *v)
{
	uint32_t number;

	if (w->left.n == 0)
		return false;
	number = w->left.v[0];
	w->left = vnm_oid_rest(w->left, 1);
	if (t->base == VNM_MIB_INTEGER) {
		v->type = VNM_MIB_VALUE_SIGNED;
		v->i = (int32_t)number;
	} else {
		v->type = VNM_MIB_VALUE_UNSIGNED;
		v->u = number;
	}
	if (t->form == VNM_MIB_INET_TYPE || t->form == VNM_MIB_FAMILY)
		w->address_length = address_length(t->form, number);
	return true;
}

static bool
take_part(struct walk *w, const struct vnm_mib_object *o, bool last, struct vnm_mib_value *v)
{
	const struct vnm_mib_type *t = vnm_mib_type(w->m, o);

	switch ((enum vnm_mib_base)t->base) {
	case VNM_MIB_OCTETS:
	case VNM_MIB_BITS:
	case VNM_MIB_OPAQUE:
		return take_string(w, t, last, v);
	case VNM_MIB_OID:
		return take_oid(w, last, v);
	case VNM_MIB_IPADDRESS:
		/* RFC 1212 had a 1 before a NetworkAddress: it is an internet address. */
		if ((w->leniency & FIXED_WITH_LENGTH) != 0 && w->left.n > 4 && w->left.v[0] == 1)
			w->left = vnm_oid_rest(w->left, 1);
		return take_octets(w, 4, v);
	case VNM_MIB_NO_VALUE:
		return false;
	default:
		return take_number(w, t, v);
	}
}

/* With one reading of what agents do: whether all of it came out even. */
static bool
take_all(const struct vnm_mib *m, const struct vnm_mib_object *entry, struct vnm_oid suffix,
    unsigned leniency, struct vnm_mib_index *index)
{
	struct walk w = {.m = m,
	    .entry = entry,
	    .leniency = leniency,
	    .left = suffix,
	    .address_length = UINT32_MAX,
	    .index = index};
	uint32_t count = entry->member_count;

	index->n = 0;
	for (uint32_t i = 0; i < count && i < VNM_MIB_INDEX_MAX; i++) {
		struct vnm_oid before = w.left;
		const struct vnm_mib_object *o = vnm_mib_member(m, entry, i);

		index->part[i].object = o;
		index->part[i].value.type = VNM_MIB_VALUE_NONE;
		if (!take_part(&w, o, i + 1 == count, &index->part[i].value)) {
			w.left = before;
			break;
		}
		index->part[i].numbers = (struct vnm_oid){before.v, before.n - w.left.n};
		index->n++;
	}
	index->rest = w.left;
	index->repaired = leniency != STRICT;
	index->whole = index->n == count && w.left.n == 0;
	return index->whole;
}

bool
vnm_mib_index(const struct vnm_mib *m, const struct vnm_mib_object *o, struct vnm_oid suffix,
    struct vnm_mib_index *index)
{
	static const uint8_t tries[] = {STRICT, NO_ADDRESS_LENGTH, LAST_WITHOUT_LENGTH,
	    NO_ADDRESS_LENGTH | LAST_WITHOUT_LENGTH, FIXED_WITH_LENGTH, ANY_ADDRESS_LENGTH};
	const struct vnm_mib_object *entry = o->kind == VNM_MIB_ENTRY ? o : vnm_mib_entry(m, o);

	index->n = 0;
	index->repaired = false;
	index->rest = suffix;
	if (entry == NULL || entry->member_count == 0) {
		index->whole = o->kind == VNM_MIB_SCALAR && suffix.n == 1 && suffix.v[0] == 0;
		if (index->whole)
			index->rest = (struct vnm_oid){NULL, 0};
		return index->whole;
	}
	for (size_t i = 0; i < sizeof(tries); i++) {
		if (take_all(m, entry, suffix, tries[i], index))
			return true;
	}
	return take_all(m, entry, suffix, STRICT, index);
}

const struct vnm_mib_value *
vnm_mib_index_part(const struct vnm_mib_index *index, const struct vnm_mib_object *o)
{
	for (uint32_t i = 0; i < index->n; i++) {
		if (index->part[i].object == o)
			return &index->part[i].value;
	}
	return NULL;
}

/* Whether a type of address says that a DNS name follows (RFC 4001: dns). */
static bool
is_name(const struct vnm_mib *m, const struct vnm_mib_object *o, const struct vnm_mib_value *v)
{
	return vnm_mib_type(m, o)->form == VNM_MIB_INET_TYPE && v->type == VNM_MIB_VALUE_SIGNED &&
	       v->i == 16;
}

size_t
vnm_mib_index_text(
    const struct vnm_mib *m, const struct vnm_mib_index *index, char *text, size_t room)
{
	struct vnm_mib_out out = {text, text + room, false};

	for (uint32_t i = 0; i < index->n && !out.full; i++) {
		const struct vnm_mib_object *o = index->part[i].object;

		if (i > 0) {
			vnm_mib_put(&out, ",", 1);
			if (is_name(m, index->part[i - 1].object, &index->part[i - 1].value))
				o = NULL; /* text, however many octets it has */
		}
		out.p +=
		    vnm_mib_text(m, o, &index->part[i].value, out.p, (size_t)(out.end - out.p));
	}
	for (uint32_t i = 0; i < index->rest.n && !out.full; i++) {
		vnm_mib_put(&out,
		    i == 0 && index->n > 0 ? ","
		    : i > 0		   ? "."
					   : "",
		    i > 0 || index->n > 0);
		vnm_mib_put_u64(&out, index->rest.v[i]);
	}
	return (size_t)(out.p - text);
}

/* ---- the reverse --------------------------------------------------------------------------- */

/* Room for `more` numbers behind n of them. */
static bool
fits(uint32_t n, size_t more)
{
	return more <= VNM_OID_MAX - n;
}

/* The numbers of one value behind n of them: how many there are then; 0 where they do not fit. */
static uint32_t
write_part(const struct vnm_mib_type *t, const struct vnm_mib_value *value, bool implied,
    uint32_t n, uint32_t *v)
{
	bool fixed = is_fixed(t) || t->base == VNM_MIB_IPADDRESS;

	switch (value->type) {
	case VNM_MIB_VALUE_SIGNED:
		if (!fits(n, 1) || value->i < INT32_MIN || value->i > UINT32_MAX)
			return 0;
		v[n++] = (uint32_t)value->i;
		return n;
	case VNM_MIB_VALUE_UNSIGNED:
		if (!fits(n, 1) || value->u > UINT32_MAX)
			return 0;
		v[n++] = (uint32_t)value->u;
		return n;
	case VNM_MIB_VALUE_OCTETS:
		if (!fits(n, value->octets.n + 1) ||
		    (fixed && value->octets.n != (t->base == VNM_MIB_IPADDRESS ? 4 : t->size_min)))
			return 0;
		if (!fixed && !implied)
			v[n++] = (uint32_t)value->octets.n;
		for (size_t i = 0; i < value->octets.n; i++)
			v[n++] = value->octets.p[i];
		return n;
	case VNM_MIB_VALUE_OID:
		if (!fits(n, value->oid.n + 1U))
			return 0;
		if (!implied)
			v[n++] = value->oid.n;
		for (uint32_t i = 0; i < value->oid.n; i++)
			v[n++] = value->oid.v[i];
		return n;
	default:
		return 0;
	}
}

uint32_t
vnm_mib_index_write(const struct vnm_mib *m, const struct vnm_mib_object *o,
    const struct vnm_mib_value *values, uint32_t count, uint32_t *v)
{
	const struct vnm_mib_object *entry = o->kind == VNM_MIB_ENTRY ? o : vnm_mib_entry(m, o);
	uint32_t n = 0;

	if (entry == NULL || count != entry->member_count)
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct vnm_mib_object *member = vnm_mib_member(m, entry, i);
		bool implied = entry->implied && i + 1 == count;

		n = write_part(vnm_mib_type(m, member), &values[i], implied, n, v);
		if (n == 0)
			return 0;
	}
	return n;
}
