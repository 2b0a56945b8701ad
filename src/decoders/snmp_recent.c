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

/* Room for one more, unless there are `max`: false when memory is short. */
static bool
grow(struct vnm_snmp_recent *r, uint32_t max)
{
	uint32_t cap = r->cap != 0 ? 2 * r->cap : 8;
	struct vnm_snmp_seen *grown;

	if (r->n < r->cap || r->cap >= max)
		return true;
	if (cap > max)
		cap = max;
	grown = vnm_realloc(r->ring, cap * sizeof(*grown));
	if (grown == NULL)
		return false;
	r->ring = grown;
	r->cap = cap;
	r->next = 0; /* it never went round: the first is the oldest */
	return true;
}

struct vnm_snmp_seen *
vnm_snmp_recent_add(struct vnm_snmp_recent *r, uint64_t hash, uint64_t now_ns, uint32_t max)
{
	uint32_t at;

	if (!grow(r, max > 0 ? max : 1))
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
