/*
 * A ring of what was seen of late, with an index.
 */
#include "decoders/snmp_recent.h"

#include "base/alloc.h"

struct vnm_snmp_seen *
vnm_snmp_recent_find(const struct vnm_snmp_recent *r, uint64_t hash)
{
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&r->index, hash, &at)) != VNM_TABLE_NONE) {
		if (r->ring[i].hash == hash)
			return &r->ring[i];
	}
	return NULL;
}

/* The newest, as many as there is room for, in their order: false when memory is short. */
static bool
resize(struct vnm_snmp_recent *r, uint32_t cap)
{
	struct vnm_snmp_recent to = {.ring = vnm_alloc(cap * sizeof(*to.ring)), .cap = cap};

	if (to.ring == NULL)
		return false;
	for (uint32_t i = r->n > cap ? r->n - cap : 0; i < r->n; i++) {
		const struct vnm_snmp_seen *seen = &r->ring[(r->next + i) % r->n];

		if (vnm_table_add(&to.index, seen->hash, to.n) != 0) {
			vnm_snmp_recent_free(&to);
			return false;
		}
		to.ring[to.n++] = *seen;
	}
	vnm_snmp_recent_free(r);
	*r = to;
	return true;
}

/* Room for one more, unless there are `max`, which a reload may change. */
static bool
make_room(struct vnm_snmp_recent *r, uint32_t max)
{
	uint32_t cap = r->cap != 0 ? 2 * r->cap : 8;

	if (r->cap > max)
		return resize(r, max);
	if (r->n < r->cap || r->cap == max)
		return true;
	return resize(r, cap < max ? cap : max);
}

struct vnm_snmp_seen *
vnm_snmp_recent_add(struct vnm_snmp_recent *r, uint64_t hash, uint64_t now_ns, uint32_t max)
{
	uint32_t at;

	if (!make_room(r, max > 0 ? max : 1))
		return NULL;
	if (r->n < r->cap) {
		at = r->n;
	} else {
		at = r->next % r->cap;
		vnm_table_remove(&r->index, r->ring[at].hash, at);
	}
	if (vnm_table_add(&r->index, hash, at) != 0) {
		/* The place is free now, but it must be in the index or not be there at all. */
		if (r->n == r->cap)
			vnm_snmp_recent_free(r);
		return NULL;
	}
	if (r->n < r->cap)
		r->n++;
	else
		r->next = (at + 1) % r->cap;
	r->ring[at] = (struct vnm_snmp_seen){.hash = hash, .at_ns = now_ns};
	return &r->ring[at];
}

void
vnm_snmp_recent_free(struct vnm_snmp_recent *r)
{
	vnm_table_free(&r->index);
	vnm_free(r->ring);
	*r = (struct vnm_snmp_recent){0};
}
