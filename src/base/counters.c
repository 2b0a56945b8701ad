/*
 * The table of counters, from counters.def.
 */
#include "base/counters.h"

#include <assert.h>

#define COUNTER false
#define GAUGE true
static const struct vnm_counter_info infos[VNM_COUNTER_COUNT] = {
#define VNM_COUNTER(name, type, doc) [VNM_C_##name] = {#name, type, doc},
#include "base/counters.def"
#undef VNM_COUNTER
};

const struct vnm_counter_info *
vnm_counter_info(enum vnm_counter c)
{
	assert(c < VNM_COUNTER_COUNT);
	return &infos[c];
}

void
vnm_counters_add(struct vnm_counters *sum, const struct vnm_counters *add)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)add;

	_Static_assert(sizeof(*sum) % sizeof(uint64_t) == 0, "all members are uint64_t");
	for (size_t i = 0; i < sizeof(*sum) / sizeof(uint64_t); i++)
		to[i] += from[i];
}
