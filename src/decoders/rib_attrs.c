/*
 * Attributes of paths, each kept once and counted: most routes of a table share theirs with
 * others, and all views of a peer tell the same.
 */
#include "decoders/rib.h"

#include "base/alloc.h"

struct facts { /* what is hashed besides the octets; without padding */
	uint64_t mark;
	uint8_t as4, as_guessed, name_n, zero[5];
};

static uint64_t
hash_of(const struct vnm_rib *rib, const struct vnm_rib_about *about)
{
	const struct facts facts = {
	    .mark = about->mark,
	    .as4 = about->as4,
	    .as_guessed = about->as_guessed,
	    .name_n = (uint8_t)about->table_name.n,
	};
	uint64_t seed = vnm_hash(&facts, sizeof(facts), rib->seed);

	if (about->table_name.n != 0)
		seed = vnm_hash(about->table_name.p, about->table_name.n, seed);
	return vnm_hash(about->attributes.p, about->attributes.n, seed);
}

/* Of a path, to be told again; borrowed. */
static struct vnm_rib_about
about_of(const struct vnm_rib_attrs *a)
{
	return (struct vnm_rib_about){.as4 = a->as4,
	    .as_guessed = a->as_guessed,
	    .mark = a->mark,
	    .table_name = {(const char *)a->octets, a->name_n, false},
	    .attributes = {a->octets + a->name_n, a->n}};
}

static bool
equal(const struct vnm_rib_attrs *a, const struct vnm_rib_about *about)
{
	return a->n == about->attributes.n && a->name_n == about->table_name.n &&
	       a->as4 == about->as4 && a->as_guessed == about->as_guessed &&
	       a->mark == about->mark &&
	       (a->name_n == 0 || memcmp(a->octets, about->table_name.p, a->name_n) == 0) &&
	       memcmp(a->octets + a->name_n, about->attributes.p, a->n) == 0;
}

static void
count(struct vnm_rib *rib, size_t less, size_t more)
{
	rib->octets += more - less;
	rib->attr_octets += more - less;
}

static size_t
index_octets(const struct vnm_rib *rib)
{
	return vnm_alloc_size(rib->attr_index.slots);
}

static bool
grow(struct vnm_rib *rib)
{
	uint32_t cap = rib->attr_cap < 8 ? 8 : rib->attr_cap + rib->attr_cap / 2;
	size_t had = vnm_alloc_size(rib->attrs);
	struct vnm_rib_attrs **grown =
	    vnm_realloc(rib->attrs, cap * sizeof(struct vnm_rib_attrs *));

	if (grown == NULL)
		return false;
	rib->attrs = grown;
	rib->attr_cap = cap;
	count(rib, had, vnm_alloc_size(grown));
	return true;
}

static struct vnm_rib_attrs *
add(struct vnm_rib *rib, const struct vnm_rib_about *about, uint64_t hash)
{
	struct vnm_rib_attrs *a;
	size_t had;

	if (rib->attr_count == rib->attr_cap && !grow(rib))
		return NULL;
	a = vnm_alloc(sizeof(*a) + about->table_name.n + about->attributes.n);
	if (a == NULL)
		return NULL;
	had = index_octets(rib);
	if (vnm_table_add(&rib->attr_index, hash, rib->attr_count) != 0) {
		vnm_free(a);
		return NULL;
	}
	*a = (struct vnm_rib_attrs){.refs = 1,
	    .index = rib->attr_count,
	    .mark = about->mark,
	    .n = (uint32_t)about->attributes.n,
	    .as4 = about->as4,
	    .as_guessed = about->as_guessed,
	    .name_n = (uint8_t)about->table_name.n};
	if (a->name_n != 0)
		memcpy(a->octets, about->table_name.p, a->name_n);
	memcpy(a->octets + a->name_n, about->attributes.p, a->n);
	rib->attrs[rib->attr_count++] = a;
	count(rib, had, index_octets(rib) + vnm_alloc_size(a));
	return a;
}

struct vnm_rib_attrs *
vnm_rib_attrs_get(struct vnm_rib *rib, const struct vnm_rib_about *about)
{
	uint64_t hash = hash_of(rib, about);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&rib->attr_index, hash, &at)) != VNM_TABLE_NONE) {
		if (equal(rib->attrs[i], about)) {
			rib->attrs[i]->refs++;
			return rib->attrs[i];
		}
	}
	return add(rib, about, hash);
}

void
vnm_rib_attrs_put(struct vnm_rib *rib, struct vnm_rib_attrs *a)
{
	struct vnm_rib_about about;
	struct vnm_rib_attrs *last;

	if (a == NULL || --a->refs > 0)
		return;
	about = about_of(a);
	vnm_table_remove(&rib->attr_index, hash_of(rib, &about), a->index);
	last = rib->attrs[--rib->attr_count];
	if (last != a) {
		about = about_of(last);
		vnm_table_move(&rib->attr_index, hash_of(rib, &about), rib->attr_count, a->index);
		last->index = a->index;
		rib->attrs[a->index] = last;
	}
	count(rib, vnm_alloc_size(a), 0);
	vnm_free(a);
}
