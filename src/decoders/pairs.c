/*
 * Named values of which some come repeatedly: an array for each such name.
 */
#include "decoders/pairs.h"

#define BUCKETS 256 /* to find a name among those that were seen */
#define NONE UINT32_MAX
#define FEW 8

/* The values of one name. */
struct group {
	const char *name;
	uint32_t count, filled;
	struct vnm_pair *items; /* where there are several */
	uint32_t next;		/* in the same bucket, NONE at its end */
};

static uint32_t
bucket_of(const char *name)
{
	uint32_t h = 0;

	while (*name != '\0')
		h = h * 31 + (uint8_t)*name++;
	return h % BUCKETS;
}

/* The group of a name, which may be new. */
static uint32_t
group_of(struct group *groups, uint32_t *count, uint32_t *buckets, const char *name)
{
	uint32_t *bucket = &buckets[bucket_of(name)];

	for (uint32_t i = *bucket; i != NONE; i = groups[i].next) {
		if (strcmp(groups[i].name, name) == 0)
			return i;
	}
	groups[*count] = (struct group){.name = name, .next = *bucket};
	*bucket = *count;
	return (*count)++;
}

/* Whether all names differ; of few it is not worth a table. */
static bool
differ(const struct vnm_pairs *pairs)
{
	for (uint32_t i = 1; i < pairs->n; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (strcmp(pairs->p[i].name, pairs->p[k].name) == 0)
				return false;
		}
	}
	return true;
}

/* A pair of each group: its one value, or an array of them. */
static struct vnm_pair *
fill(struct vnm_scratch *s, const struct vnm_pairs *pairs, const uint32_t *of, struct group *groups,
    uint32_t count)
{
	struct vnm_pair *all = vnm_scratch_take(s, count * sizeof(*all));

	for (uint32_t i = 0; all != NULL && i < pairs->n; i++) {
		struct group *g = &groups[of[i]];

		if (g->count == 1) {
			all[of[i]] = pairs->p[i];
			continue;
		}
		if (g->filled == 0) {
			g->items = vnm_scratch_take(s, g->count * sizeof(*all));
			if (g->items == NULL)
				return NULL;
			all[of[i]] = (struct vnm_pair){.name = g->name, .type = VNM_PAIR_ARRAY};
			all[of[i]].items = g->items;
			all[of[i]].count = g->count;
		}
		g->items[g->filled] = pairs->p[i];
		g->items[g->filled++].name = "";
	}
	return all;
}

bool
vnm_pairs_gather(struct vnm_scratch *s, struct vnm_pairs *pairs)
{
	uint32_t buckets[BUCKETS], count = 0;
	struct vnm_pair *all;

	if (pairs->n <= FEW && differ(pairs))
		return true;
	struct group *groups = vnm_scratch_take(s, pairs->n * sizeof(*groups));
	uint32_t *of = vnm_scratch_take(s, pairs->n * sizeof(*of));
	if (groups == NULL || of == NULL)
		return false;
	memset(buckets, 0xff, sizeof(buckets)); /* NONE */
	for (uint32_t i = 0; i < pairs->n; i++) {
		of[i] = group_of(groups, &count, buckets, pairs->p[i].name);
		groups[of[i]].count++;
	}
	if (count == pairs->n)
		return true;
	all = fill(s, pairs, of, groups, count);
	if (all == NULL)
		return false;
	*pairs = (struct vnm_pairs){all, count};
	return true;
}
