/*
 * base/hash.h: the table agrees with a plain array through random additions and removals.
 */
#include "unit.h"

#include "base/hash.h"

#include <stdlib.h>

#define KEYS 3000

static uint64_t keys[KEYS];
static bool present[KEYS];

static bool
lookup(const struct vnm_table *t, uint32_t i)
{
	uint64_t hash = vnm_hash(&keys[i], sizeof(keys[i]), 7);
	uint32_t at = 0, found;

	while ((found = vnm_table_next(t, hash, &at)) != VNM_TABLE_NONE) {
		if (keys[found] == keys[i])
			return found == i;
	}
	return false;
}

static void
test_model(void)
{
	struct vnm_table t = {0};
	unsigned wrong = 0;

	srandom(1);
	for (uint32_t i = 0; i < KEYS; i++)
		keys[i] = (uint64_t)random() << 32 | i;
	for (unsigned step = 0; step < 60000; step++) {
		uint32_t i = (uint32_t)random() % KEYS;
		uint64_t hash = vnm_hash(&keys[i], sizeof(keys[i]), 7);

		if (present[i])
			vnm_table_remove(&t, hash, i);
		else
			wrong += vnm_table_add(&t, hash, i) != 0;
		present[i] = !present[i];
		wrong += lookup(&t, i) != present[i];
	}
	for (uint32_t i = 0; i < KEYS; i++)
		wrong += lookup(&t, i) != present[i];
	CU_ASSERT_EQUAL(wrong, 0);
	vnm_table_free(&t);
}

static void
test_lengths(void)
{
	static const uint8_t zeros[32];
	uint64_t seen[32];

	for (size_t n = 0; n < 32; n++) {
		seen[n] = vnm_hash(zeros, n, 0);
		for (size_t i = 0; i < n; i++)
			CU_ASSERT_NOT_EQUAL(seen[i], seen[n]);
	}
}

CU_TestInfo suite_hash[] = {
    {"against a model", test_model}, {"lengths differ", test_lengths}, CU_TEST_INFO_NULL};
