/*
 * Looks things up in a catalogue (mibs/mib.h). An oid is followed down the tree: the children of
 * a node stand together in the order of their numbers, mostly without gaps, so that the first
 * guess is nearly always right and the rest is a binary search.
 */
#include "mibs/mib.h"

#include "base/hash.h"

#include <string.h>

static const char *const base_names[VNM_MIB_BASE_COUNT] = {
    [VNM_MIB_NO_VALUE] = "",
    [VNM_MIB_INTEGER] = "INTEGER",
    [VNM_MIB_UNSIGNED32] = "Unsigned32",
    [VNM_MIB_GAUGE32] = "Gauge32",
    [VNM_MIB_COUNTER32] = "Counter32",
    [VNM_MIB_COUNTER64] = "Counter64",
    [VNM_MIB_TIMETICKS] = "TimeTicks",
    [VNM_MIB_OCTETS] = "OCTETS",
    [VNM_MIB_BITS] = "BITS",
    [VNM_MIB_OID] = "OID",
    [VNM_MIB_IPADDRESS] = "IpAddress",
    [VNM_MIB_OPAQUE] = "Opaque",
};

const char *
vnm_mib_base_name(enum vnm_mib_base base)
{
	return base < VNM_MIB_BASE_COUNT ? base_names[base] : "";
}

enum vnm_mib_base
vnm_mib_base_of(const char *name)
{
	for (unsigned b = VNM_MIB_NO_VALUE + 1; b < VNM_MIB_BASE_COUNT; b++) {
		if (strcmp(base_names[b], name) == 0)
			return b;
	}
	return VNM_MIB_NO_VALUE;
}

/* ---- by number ----------------------------------------------------------------------------- */

/* The child with this number, by a binary search; NULL where there is none. */
static const struct vnm_mib_object *
search_child(const struct vnm_mib_object *first, uint32_t n, uint32_t sub)
{
	while (n > 0) {
		const struct vnm_mib_object *middle = first + n / 2;

		if (middle->sub == sub)
			return middle;
		if (middle->sub < sub) {
			n -= n / 2 + 1;
			first = middle + 1;
		} else {
			n /= 2;
		}
	}
	return NULL;
}

static inline const struct vnm_mib_object *
child_of(const struct vnm_mib *m, const struct vnm_mib_object *o, uint32_t sub)
{
	const struct vnm_mib_object *first = m->objects + o->child;
	uint32_t guess = sub - first->sub;

	if (VNM_LIKELY(guess < o->child_count && first[guess].sub == sub))
		return first + guess;
	return search_child(first, o->child_count, sub);
}

const struct vnm_mib_object *
vnm_mib_find(const struct vnm_mib *m, struct vnm_oid oid, struct vnm_oid *rest)
{
	const struct vnm_mib_object *at = m->objects, *found = NULL;
	uint32_t depth = 0, n = 0;

	while (n < oid.n) {
		const struct vnm_mib_object *child = child_of(m, at, oid.v[n]);

		if (child == NULL)
			break;
		at = child;
		n++;
		if (at->kind != VNM_MIB_NONE) {
			found = at;
			depth = n;
		}
	}
	if (rest != NULL)
		*rest = vnm_oid_rest(oid, depth);
	return found;
}

/* Whether an oid begins with the object's own, looked at from its end. */
static bool
begins_with(const struct vnm_mib *m, struct vnm_oid oid, const struct vnm_mib_object *o)
{
	uint32_t n = o->depth;

	if (n > oid.n)
		return false;
	while (n > 0 && o->sub == oid.v[n - 1]) {
		o = &m->objects[o->parent];
		n--;
	}
	return n == 0;
}

const struct vnm_mib_object *
vnm_mib_find_again(
    const struct vnm_mib *m, struct vnm_oid oid, struct vnm_oid *rest, uint32_t *last)
{
	const struct vnm_mib_object *o = &m->objects[*last < m->object_count ? *last : 0];

	/* Nothing below one without children could be nearer. */
	if (o->depth > 0 && o->child_count == 0 && begins_with(m, oid, o)) {
		*rest = vnm_oid_rest(oid, o->depth);
		return o;
	}
	o = vnm_mib_find(m, oid, rest);
	*last = o != NULL ? (uint32_t)(o - m->objects) : 0;
	return o;
}

struct vnm_oid
vnm_mib_oid(const struct vnm_mib *m, const struct vnm_mib_object *o, uint32_t *v)
{
	uint32_t n = o->depth;

	for (uint32_t i = n; i > 0; i--, o = &m->objects[o->parent])
		v[i - 1] = o->sub;
	return (struct vnm_oid){v, n};
}

const struct vnm_mib_object *
vnm_mib_entry(const struct vnm_mib *m, const struct vnm_mib_object *o)
{
	const struct vnm_mib_object *entry = o;

	if (o->kind == VNM_MIB_COLUMN)
		entry = &m->objects[o->parent];
	else if (o->kind == VNM_MIB_TABLE && o->child_count > 0)
		entry = &m->objects[o->child];
	return entry->kind == VNM_MIB_ENTRY ? entry : NULL;
}

/* ---- by name ------------------------------------------------------------------------------- */

static bool
is_text(const char *there, const char *name, size_t n)
{
	return strncmp(there, name, n) == 0 && there[n] == '\0';
}

const struct vnm_mib_object *
vnm_mib_named(const struct vnm_mib *m, const char *name, size_t n)
{
	const char *module = NULL, *colon = memchr(name, ':', n);
	size_t module_n = 0;
	uint32_t at;

	if (colon != NULL) {
		module = name;
		module_n = (size_t)(colon - name);
		if (n < module_n + 3 || colon[1] != ':')
			return NULL;
		name += module_n + 2;
		n -= module_n + 2;
	}
	at = (uint32_t)vnm_hash(name, n, 0) & m->name_mask;
	for (; m->names[at] != 0; at = (at + 1) & m->name_mask) {
		const struct vnm_mib_object *o = &m->objects[m->names[at]];

		if (is_text(vnm_mib_name(m, o), name, n) &&
		    (module == NULL || is_text(vnm_mib_module(m, o), module, module_n)))
			return o;
	}
	return NULL;
}

uint32_t
vnm_mib_oid_parse(const struct vnm_mib *m, const char *text, size_t n, uint32_t *v)
{
	uint32_t rest[VNM_OID_MAX], rest_n = 0;
	const struct vnm_mib_object *o;
	struct vnm_oid oid;
	const char *dot;
	size_t name_n;

	if (n == 0 || text[0] == '.' || (text[0] >= '0' && text[0] <= '9'))
		return vnm_oid_parse(text, n, v);
	dot = memchr(text, '.', n);
	name_n = dot != NULL ? (size_t)(dot - text) : n;
	o = vnm_mib_named(m, text, name_n);
	if (o == NULL)
		return 0;
	if (dot != NULL) {
		rest_n = vnm_oid_parse(dot, n - name_n, rest);
		if (rest_n == 0)
			return 0;
	}
	oid = vnm_mib_oid(m, o, v);
	if (oid.n + rest_n > VNM_OID_MAX)
		return 0;
	memcpy(v + oid.n, rest, rest_n * sizeof(*v));
	return oid.n + rest_n;
}

/* ---- vendors ------------------------------------------------------------------------------- */

static const struct {
	uint32_t number;
	const char *name;
} enterprises[] = {
#define VNM_ENTERPRISE(number, name) {number, name},
#include "mibs/enterprises.def"
#undef VNM_ENTERPRISE
};

const char *
vnm_mib_enterprise(uint32_t number)
{
	size_t low = 0, high = VNM_ARRAY_LEN(enterprises);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (enterprises[middle].number == number)
			return enterprises[middle].name;
		if (enterprises[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *
vnm_mib_vendor(struct vnm_oid oid)
{
	static const uint32_t above[] = {1, 3, 6, 1, 4, 1};

	if (oid.n <= VNM_ARRAY_LEN(above) || !vnm_oid_below(oid, VNM_OID(above)))
		return NULL;
	return vnm_mib_enterprise(oid.v[VNM_ARRAY_LEN(above)]);
}
