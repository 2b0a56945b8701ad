/*
 * Hash and open-addressing table, linear probing. Deletion shifts the run behind it back, so
 * there are no tombstones and tables that live long do not slow down.
 */
#include "base/hash.h"

#include "base/alloc.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

static uint64_t
mix(uint64_t a, uint64_t b)
{
	__uint128_t m = (__uint128_t)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

/* At the most 8 octets. Some are taken twice: what differs, or how many they are, still tells. */
static inline uint64_t
load_rest(const uint8_t *p, size_t n)
{
	uint32_t first, last;

	if (n < 4)
		return n == 0 ? 0
			      : (uint64_t)p[0] | (uint64_t)p[n / 2] << 8 | (uint64_t)p[n - 1] << 16;
	memcpy(&first, p, 4);
	memcpy(&last, p + n - 4, 4);
	return (uint64_t)first << 32 | last;
}

uint64_t
vnm_hash(const void *key, size_t n, uint64_t seed)
{
	const uint8_t *p = key;
	uint64_t h = seed ^ 0x9e3779b97f4a7c15ULL ^ n;

	for (; n > 8; p += 8, n -= 8)
		h = mix(h ^ load64(p), 0xd6e8feb86659fd93ULL);
	h = mix(h ^ load_rest(p, n), 0xa0761d6478bd642fULL);
	return mix(h, 0xe7037ed1a0b428dbULL);
}

uint64_t
vnm_hash_random_seed(void)
{
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		seed ^= (uintptr_t)&seed;
	return seed;
}

static void
place(struct vnm_table_slot *slots, uint32_t mask, struct vnm_table_slot slot)
{
	uint32_t i = slot.tag & mask;

	while (slots[i].index != 0)
		i = (i + 1) & mask;
	slots[i] = slot;
}

static int
grow(struct vnm_table *t)
{
	uint32_t count = t->slots != NULL ? 2 * (t->mask + 1) : 8;
	struct vnm_table_slot *slots = vnm_alloc_zero(count, sizeof(*slots));

	if (slots == NULL)
		return -1;
	for (uint32_t i = 0; t->slots != NULL && i <= t->mask; i++) {
		if (t->slots[i].index != 0)
			place(slots, count - 1, t->slots[i]);
	}
	vnm_free(t->slots);
	t->slots = slots;
	t->mask = count - 1;
	return 0;
}

int
vnm_table_add(struct vnm_table *t, uint64_t hash, uint32_t index)
{
	assert(index < VNM_TABLE_NONE - 1);
	/* At most three quarters full: there is always a free slot to end a search. */
	if ((t->slots == NULL || (t->used + 1) * 4ULL > (t->mask + 1) * 3ULL) && grow(t) != 0)
		return -1;
	place(t->slots, t->mask, (struct vnm_table_slot){(uint32_t)(hash >> 32), index + 1});
	t->used++;
	return 0;
}

static uint32_t
find(const struct vnm_table *t, uint64_t hash, uint32_t index)
{
	uint32_t i = (uint32_t)(hash >> 32) & t->mask;

	while (t->slots[i].index != index + 1) {
		assert(t->slots[i].index != 0);
		i = (i + 1) & t->mask;
	}
	return i;
}

void
vnm_table_remove(struct vnm_table *t, uint64_t hash, uint32_t index)
{
	uint32_t hole = find(t, hash, index);

	for (uint32_t i = (hole + 1) & t->mask; t->slots[i].index != 0; i = (i + 1) & t->mask) {
		uint32_t home = t->slots[i].tag & t->mask;
		/* It may move into the hole unless its home lies after the hole. */
		if (((i - home) & t->mask) >= ((i - hole) & t->mask)) {
			t->slots[hole] = t->slots[i];
			hole = i;
		}
	}
	t->slots[hole] = (struct vnm_table_slot){0};
	t->used--;
}

void
vnm_table_move(struct vnm_table *t, uint64_t hash, uint32_t from, uint32_t to)
{
	t->slots[find(t, hash, from)].index = to + 1;
}

void
vnm_table_free(struct vnm_table *t)
{
	vnm_free(t->slots);
	*t = (struct vnm_table){0};
}
