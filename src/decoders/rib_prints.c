/*
 * A set of fingerprints of paths, each with the generation in which the router told it last:
 * open addressing with linear probing. Two of a million paths have the same fingerprint once in
 * a hundred thousand tables.
 */
#include "decoders/rib.h"

#include "base/alloc.h"

#define GENERATION 0xffU /* the bits of a slot that are no fingerprint */

/* The fingerprint of a hash; never 0. */
static uint64_t
print_of(uint64_t hash)
{
	uint64_t print = hash & ~(uint64_t)GENERATION;

	return print != 0 ? print : GENERATION + 1;
}

static uint32_t
home(const struct vnm_rib_prints *s, uint64_t slot)
{
	return (uint32_t)(slot >> 32) & s->mask;
}

/* Where it is, or the free slot where it would be. */
static uint32_t
find(const struct vnm_rib_prints *s, uint64_t print)
{
	uint32_t i = home(s, print);

	while (s->slots[i] != 0 && (s->slots[i] & ~(uint64_t)GENERATION) != print)
		i = (i + 1) & s->mask;
	return i;
}

static int
grow(struct vnm_rib_prints *s)
{
	struct vnm_rib_prints larger = {.mask = s->slots != NULL ? 2 * s->mask + 1 : 7};

	larger.slots = vnm_alloc_zero((size_t)larger.mask + 1, sizeof(*larger.slots));
	if (larger.slots == NULL)
		return -1;
	for (size_t i = 0; s->slots != NULL && i <= s->mask; i++) {
		if (s->slots[i] != 0)
			larger.slots[find(&larger, s->slots[i] & ~(uint64_t)GENERATION)] =
			    s->slots[i];
	}
	vnm_free(s->slots);
	*s = larger;
	return 0;
}

int
vnm_rib_prints_get(const struct vnm_rib_prints *s, uint64_t hash)
{
	uint32_t i = s->slots != NULL ? find(s, print_of(hash)) : 0;

	return s->slots != NULL && s->slots[i] != 0 ? (int)(s->slots[i] & GENERATION) : -1;
}

int
vnm_rib_prints_add(struct vnm_rib_prints *s, uint32_t used, uint64_t hash, uint8_t generation)
{
	uint64_t print = print_of(hash);

	/* At most three quarters full, so that every search ends. */
	if ((s->slots == NULL || (used + 1ULL) * 4 > (s->mask + 1ULL) * 3) && grow(s) != 0)
		return -1;
	s->slots[find(s, print)] = print | generation;
	return 0;
}

/* Those behind the hole move up, as in vnm_table_remove(). */
static void
close_hole(struct vnm_rib_prints *s, uint32_t hole)
{
	for (uint32_t i = (hole + 1) & s->mask; s->slots[i] != 0; i = (i + 1) & s->mask) {
		if (((i - home(s, s->slots[i])) & s->mask) >= ((i - hole) & s->mask)) {
			s->slots[hole] = s->slots[i];
			hole = i;
		}
	}
	s->slots[hole] = 0;
}

void
vnm_rib_prints_remove(struct vnm_rib_prints *s, uint64_t hash)
{
	close_hole(s, find(s, print_of(hash)));
}

void
vnm_rib_prints_age(struct vnm_rib_prints *s)
{
	for (size_t i = 0; s->slots != NULL && i <= s->mask; i++)
		s->slots[i] &= ~(uint64_t)GENERATION;
}

uint32_t
vnm_rib_prints_sweep(struct vnm_rib_prints *s, uint8_t generation)
{
	uint32_t swept = 0;

	if (s->slots == NULL)
		return 0;
	/* What moves up from the begin over the end was looked at before. */
	for (size_t i = 0; i <= s->mask; i++) {
		while (s->slots[i] != 0 && (s->slots[i] & GENERATION) != generation) {
			close_hole(s, (uint32_t)i);
			swept++;
		}
	}
	return swept;
}
