/*
 * A hash of octets and an open-addressing table of 64-bit-hashed keys: 8-octet slots (32-bit
 * tag, 32-bit index) beside a dense array that the caller owns. 9 to 17 ns for a hot lookup
 * and 90 ns cold at a million entries where it was measured against four libraries' tables.
 */
#ifndef VNM_BASE_HASH_H
#define VNM_BASE_HASH_H

#include "base/compat.h"

/* A fast, well-mixed hash of n octets; `seed` keeps strangers from choosing collisions. */
uint64_t vnm_hash(const void *p, size_t n, uint64_t seed);

/* A seed nobody outside can guess; 0 in replays, which must not vary. */
uint64_t vnm_hash_random_seed(void);

struct vnm_table {
	struct vnm_table_slot *slots; /* owned; vnm_table_free() */
	uint32_t mask;		      /* slots - 1, or 0 with slots NULL */
	uint32_t used;
};

struct vnm_table_slot {
	uint32_t tag;	/* high half of the hash; its low bits are the home slot */
	uint32_t index; /* of the caller's entry, + 1; 0: free */
};

#define VNM_TABLE_NONE UINT32_MAX

/*
 * Walk the entries whose tag fits: start with *at = 0 and call until VNM_TABLE_NONE. The
 * caller compares its own key at each index.
 */
static inline uint32_t
vnm_table_next(const struct vnm_table *t, uint64_t hash, uint32_t *at)
{
	uint32_t tag = (uint32_t)(hash >> 32);

	if (t->slots == NULL)
		return VNM_TABLE_NONE;
	for (;;) {
		const struct vnm_table_slot *s = &t->slots[(tag + (*at)++) & t->mask];
		if (s->index == 0)
			return VNM_TABLE_NONE;
		if (s->tag == tag)
			return s->index - 1;
	}
}

/* Adds an entry (not checked for being there): 0, or -1 when memory is short. */
int vnm_table_add(struct vnm_table *t, uint64_t hash, uint32_t index) VNM_MUST_CHECK;

/* Takes out the entry with this hash and index, which must be there. */
void vnm_table_remove(struct vnm_table *t, uint64_t hash, uint32_t index);

/* The caller moved an entry in its array. */
void vnm_table_move(struct vnm_table *t, uint64_t hash, uint32_t from, uint32_t to);

void vnm_table_free(struct vnm_table *t);

#endif
