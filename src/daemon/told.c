/*
 * A cache of facts' hashes: each has its place in one bucket of a few.
 */
#include "daemon/told.h"

#include "base/alloc.h"
#include "base/hash.h"

#define BUCKET 4

struct vnm_told_fact {
	uint64_t hash, values;
	uint64_t at_ns; /* when it was told; 0: free */
};

/* The greatest power of two that keeps to the limit, once. NULL: none, or no memory. */
static struct vnm_told_fact *
bucket_of(struct vnm_told *t, uint32_t limit, uint64_t hash)
{
	if (t->facts == NULL) {
		size_t count = BUCKET;

		if (limit < BUCKET)
			return NULL;
		while (2 * count <= limit)
			count *= 2;
		t->facts = vnm_alloc_zero(count, sizeof(*t->facts));
		t->count = count;
	}
	return t->facts != NULL ? &t->facts[hash & (t->count - 1) & ~(size_t)(BUCKET - 1)] : NULL;
}

/* The time of day may have been set back since. */
static bool
is_fresh(const struct vnm_told_fact *e, uint64_t now_ns, uint64_t refresh_ns)
{
	uint64_t age = now_ns > e->at_ns ? now_ns - e->at_ns : e->at_ns - now_ns;

	return refresh_ns == 0 || age < refresh_ns;
}

bool
vnm_told_find(struct vnm_told *t, uint32_t limit, uint64_t hash, uint64_t values, uint64_t now_ns,
    uint64_t refresh_ns, struct vnm_told_fact **slot)
{
	struct vnm_told_fact *bucket = bucket_of(t, limit, hash);

	*slot = bucket;
	for (unsigned i = 0; bucket != NULL && i < BUCKET; i++) {
		struct vnm_told_fact *e = &bucket[i];

		if (e->at_ns != 0 && e->hash == hash) {
			*slot = e;
			return e->values == values && is_fresh(e, now_ns, refresh_ns);
		}
		if (e->at_ns < (*slot)->at_ns)
			*slot = e;
	}
	return false;
}

void
vnm_told_keep(struct vnm_told_fact *slot, uint64_t hash, uint64_t values, uint64_t now_ns)
{
	*slot = (struct vnm_told_fact){hash, values, now_ns != 0 ? now_ns : 1};
}

bool
vnm_told_before(struct vnm_told *t, const struct vnm_limits *limits, const struct vnm_fact *fact,
    const struct vnm_record *r, uint64_t seed, struct vnm_telling *telling)
{
	if (VNM_HAS(r, env, exporter_addr))
		seed = vnm_hash(&r->env.exporter_addr, sizeof(r->env.exporter_addr), seed);
	telling->hash = vnm_fact_hash(fact, seed);
	telling->values = vnm_fact_hash_values(fact, seed);
	return vnm_told_find(t, limits->facts, telling->hash, telling->values, r->env.observed_ns,
	    limits->facts_refresh, &telling->slot);
}

void
vnm_told_now(const struct vnm_telling *telling, uint64_t now_ns)
{
	if (telling->slot != NULL)
		vnm_told_keep(telling->slot, telling->hash, telling->values, now_ns);
}

void
vnm_told_free(struct vnm_told *t)
{
	vnm_free(t->facts);
	*t = (struct vnm_told){0};
}
