/*
 * The bounded table.
 */
#include "analysis/cache.h"

#include "base/alloc.h"

#include <string.h>

#define FIRST 16
#define LOOKED_AT 16 /* entries among which the longest unused one is sought */

void
vnm_cache_init(struct vnm_cache *c, size_t entry_size, uint32_t max)
{
	*c = (struct vnm_cache){.entry_size = entry_size, .max = max > 0 ? max : 1};
}

static void
drop(struct vnm_cache *c, void *entry)
{
	if (c->drop != NULL)
		c->drop(c->ctx, entry);
}

void
vnm_cache_free(struct vnm_cache *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		drop(c, vnm_cache_at(c, i));
	vnm_table_free(&c->index);
	vnm_free(c->entries);
	c->entries = NULL;
	c->n = c->cap = 0;
}

static uint32_t
find(const struct vnm_cache *c, uint64_t hash)
{
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&c->index, hash, &at)) != VNM_TABLE_NONE) {
		const struct vnm_cache_entry *e = vnm_cache_at(c, i);
		if (e->hash == hash)
			return i;
	}
	return VNM_TABLE_NONE;
}

void *
vnm_cache_find(const struct vnm_cache *c, uint64_t hash)
{
	uint32_t i = find(c, hash);

	return i != VNM_TABLE_NONE ? vnm_cache_at(c, i) : NULL;
}

static const struct vnm_cache_entry *
head(const struct vnm_cache *c, uint32_t i)
{
	return vnm_cache_at(c, i);
}

/* Takes an entry out; the last one takes its place. */
static void
take_out(struct vnm_cache *c, uint32_t i)
{
	uint32_t last = --c->n;

	drop(c, vnm_cache_at(c, i));
	vnm_table_remove(&c->index, head(c, i)->hash, i);
	if (i != last) {
		memcpy(vnm_cache_at(c, i), vnm_cache_at(c, last), c->entry_size);
		vnm_table_move(&c->index, head(c, i)->hash, last, i);
	}
}

static void
make_room(struct vnm_cache *c)
{
	uint32_t victim = c->hand % c->n;

	for (uint32_t step = 1; step < LOOKED_AT; step++) {
		uint32_t i = (c->hand + step) % c->n;
		if (head(c, i)->used_ns < head(c, victim)->used_ns)
			victim = i;
	}
	c->hand += LOOKED_AT;
	take_out(c, victim);
}

static bool
grow(struct vnm_cache *c)
{
	uint32_t cap = c->cap != 0 ? 2 * c->cap : FIRST;
	uint8_t *more;

	if (c->n < c->cap)
		return true;
	more = vnm_realloc(c->entries, (size_t)cap * c->entry_size);
	if (more == NULL)
		return false;
	c->entries = more;
	c->cap = cap;
	return true;
}

void *
vnm_cache_get(struct vnm_cache *c, uint64_t hash, uint64_t now_ns, bool *fresh)
{
	uint32_t i = find(c, hash);
	struct vnm_cache_entry *e;

	*fresh = i == VNM_TABLE_NONE;
	if (*fresh) {
		if (c->n >= c->max)
			make_room(c);
		if (!grow(c) || vnm_table_add(&c->index, hash, c->n) != 0)
			return NULL;
		i = c->n++;
		memset(vnm_cache_at(c, i), 0, c->entry_size);
	}
	e = vnm_cache_at(c, i);
	e->hash = hash;
	e->used_ns = now_ns;
	return e;
}

void
vnm_cache_bound(struct vnm_cache *c, uint32_t max)
{
	c->max = max > 0 ? max : 1;
	while (c->n > c->max)
		take_out(c, c->n - 1);
}
