/*
 * What one exporter can cost, however ill it means: memory and work of the flow decoders are
 * bounded, and what makes room for what. And the restart of either side.
 */
#include "flow_desk.h"

#include "base/alloc.h"

/* ---- held data ------------------------------------------------------------------------------- */

/* Sets of one octet, each waiting for a template of its own, cost more than their octets. */
static void
test_small_held_sets(void)
{
	struct desk *k = desk_new();
	const size_t room = 16 << 10;
	size_t before = vnm_alloc_used();
	unsigned sets = 0;

	k->limits.held_octets = room;
	for (uint16_t id = 256; id < 2256;) {
		struct pen w = pen_ipfix(1);
		for (unsigned i = 0; i < 100; i++, id++, sets++) {
			pen_begin_set(&w, id);
			pen_put(&w, 0, 1);
		}
		pen_send(k, &w);
	}
	CU_ASSERT(vnm_alloc_used() - before < 2 * room);
	CU_ASSERT(k->counters.parts[VNM_R_held_limit] > 0);
	unsigned kept = sets - (unsigned)k->counters.parts[VNM_R_held_limit];
	k->limits.records_per_message = 0; /* not of interest here */
	desk_tick(k, NOW_NS + k->limits.held_time + 1, false);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_template_missing], kept);
	desk_free(k);
}

/* Each missing template is one record, for all the sets that waited for it. */
static void
test_given_up_together(void)
{
	static const uint16_t ids[] = {300, 256, 300, 257, 256, 300};
	static const struct {
		uint16_t id;
		unsigned lost;
	} expected[] = {{256, 2}, {257, 1}, {300, 3}};
	struct desk *k = desk_new();

	for (size_t i = 0; i < VNM_ARRAY_LEN(ids); i++) {
		struct pen w = pen_ipfix(1);
		pen_begin_set(&w, ids[i]);
		PUT16(&w, 1);
		pen_send(k, &w);
		k->rx_ns += VNM_NS_PER_S;
	}
	desk_tick(k, NOW_NS + 10 * VNM_NS_PER_S, true);
	CU_ASSERT_EQUAL_FATAL(k->count, VNM_ARRAY_LEN(expected));
	for (size_t i = 0; i < VNM_ARRAY_LEN(expected); i++) {
		CU_ASSERT_EQUAL(k->got[i].visibility.template_id, expected[i].id);
		CU_ASSERT_EQUAL(k->got[i].visibility.lost, expected[i].lost);
	}
	/* since the first of them came */
	CU_ASSERT_EQUAL(k->got[0].visibility.interval_ns, 9 * VNM_NS_PER_S);
	CU_ASSERT_EQUAL(k->got[2].visibility.interval_ns, 10 * VNM_NS_PER_S);
	CU_ASSERT_EQUAL(k->counters.failed[VNM_R_template_missing], VNM_ARRAY_LEN(ids));
	desk_free(k);
}

CU_TestInfo suite_flow_bounds[] = {{"small held sets", test_small_held_sets},
    {"given up together", test_given_up_together}, CU_TEST_INFO_NULL};
