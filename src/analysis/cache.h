/*
 * A bounded table of entries of one size, found by a hash that is their key. When it is full,
 * one of the longest unused makes room.
 */
#ifndef VNM_ANALYSIS_CACHE_H
#define VNM_ANALYSIS_CACHE_H

#include "base/hash.h"

/* Stands first in every entry. */
struct vnm_cache_entry {
	uint64_t hash;
	uint64_t used_ns; /* when it was asked for last */
};

struct vnm_cache {
	uint8_t *entries; /* owned */
	size_t entry_size;
	uint32_t n, cap, max;
	uint32_t hand; /* where the search for the longest unused one goes on */
	struct vnm_table index;
	void (*drop)(void *ctx, void *entry); /* an entry makes room, or all go; may be NULL */
	void *ctx;
};

/* `max` entries at the most, of `entry_size` octets that begin with struct vnm_cache_entry. */
void vnm_cache_init(struct vnm_cache *c, size_t entry_size, uint32_t max);

/* All entries go. */
void vnm_cache_free(struct vnm_cache *c);

/*
 * The entry of that hash; a new one is zero but for its head (*fresh). NULL when memory is
 * short. Valid until the next call.
 */
void *vnm_cache_get(struct vnm_cache *c, uint64_t hash, uint64_t now_ns, bool *fresh);

/* The entry, or NULL where there is none. */
void *vnm_cache_find(const struct vnm_cache *c, uint64_t hash);

/* Another bound; what is beyond it goes. */
void vnm_cache_bound(struct vnm_cache *c, uint32_t max);

/* By number, 0 to n - 1. */
static inline void *
vnm_cache_at(const struct vnm_cache *c, uint32_t i)
{
	return c->entries + (size_t)i * c->entry_size;
}

#endif
