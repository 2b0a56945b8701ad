/*
 * Lists of BGP-LS TLVs (RFC 9552 section 5.1): a pair for each type, in which those that come
 * repeatedly are an array.
 */
#include "decoders/bgpls_tlv.h"

#define BUCKETS 64 /* to find a type among those that were seen */
#define NONE UINT32_MAX

/* The TLVs of one type in a list. */
struct group {
	uint16_t type;
	uint32_t count;
	uint32_t filled;
	struct vnm_pair *items; /* where there are several */
	uint32_t next;		/* in the same bucket, NONE at its end */
};

struct entry {
	struct vnm_pair pair;
	uint32_t group;
};

/* How many whole TLVs there are; false in *good when something else follows them. */
static uint32_t
count_tlvs(struct vnm_reader r, bool *good)
{
	uint32_t n = 0;

	for (; vnm_reader_left(&r) > 0; n++) {
		vnm_reader_skip(&r, 2);
		vnm_reader_skip(&r, vnm_reader_u16(&r));
		if (r.bad)
			break;
	}
	*good = !r.bad;
	return n;
}

/* The group of a type, which may be new. */
static uint32_t
group_of(struct group *groups, uint32_t *count, uint32_t *buckets, uint16_t type)
{
	uint32_t *bucket = &buckets[type % BUCKETS];

	for (uint32_t i = *bucket; i != NONE; i = groups[i].next) {
		if (groups[i].type == type)
			return i;
	}
	groups[*count] = (struct group){.type = type, .next = *bucket};
	*bucket = *count;
	return (*count)++;
}

/* One pair of each group: the value, or an array of them where the TLV came repeatedly. */
static void
gather(struct vnm_bgpls *g, const struct entry *entries, uint32_t n, struct group *groups,
    uint32_t group_count, struct vnm_pairs *pairs)
{
	struct vnm_pair *all = vnm_bgpls_take(g, group_count * sizeof(*all));

	if (all == NULL)
		return;
	for (uint32_t i = 0; i < n; i++) {
		struct group *group = &groups[entries[i].group];
		struct vnm_pair *pair = &all[entries[i].group];

		if (group->count == 1) {
			*pair = entries[i].pair;
			continue;
		}
		if (group->filled == 0) {
			group->items = vnm_bgpls_take(g, group->count * sizeof(*all));
			if (group->items == NULL)
				return;
			pair->name = entries[i].pair.name;
			pair->type = VNM_PAIR_ARRAY;
			pair->items = group->items;
			pair->count = group->count;
		}
		group->items[group->filled] = entries[i].pair;
		group->items[group->filled++].name = "";
	}
	*pairs = (struct vnm_pairs){all, group_count};
}

bool
vnm_bgpls_tlvs(struct vnm_bgpls *g, struct vnm_reader r, struct vnm_pairs *pairs)
{
	bool good;
	uint32_t n = count_tlvs(r, &good);
	struct entry *entries = vnm_bgpls_take(g, n * sizeof(*entries));
	struct group *groups = vnm_bgpls_take(g, n * sizeof(*groups));
	uint32_t buckets[BUCKETS];
	uint32_t group_count = 0;

	*pairs = (struct vnm_pairs){NULL, 0};
	if (entries == NULL || groups == NULL)
		return good;
	memset(buckets, 0xff, sizeof(buckets)); /* NONE */
	g->depth++;
	for (uint32_t i = 0; i < n; i++) {
		uint16_t type = vnm_reader_u16(&r);
		struct vnm_reader value = vnm_reader_sub(&r, vnm_reader_u16(&r));

		if (!vnm_bgpls_value(g, type, value, &entries[i].pair))
			break;
		entries[i].group = group_of(groups, &group_count, buckets, type);
		groups[entries[i].group].count++;
	}
	g->depth--;
	if (!g->full)
		gather(g, entries, n, groups, group_count, pairs);
	return good;
}

struct vnm_str
vnm_bgpls_text(const struct vnm_pairs *pairs, const char *name)
{
	for (uint32_t i = 0; i < pairs->n; i++) {
		const struct vnm_pair *pair = &pairs->p[i];
		if (pair->type == VNM_PAIR_STR && strcmp(pair->name, name) == 0)
			return pair->str;
	}
	return (struct vnm_str){NULL, 0, false};
}
