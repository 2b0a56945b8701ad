/*
 * What one exporter can cost, however ill it means: memory and work of the flow decoders are
 * bounded, and what makes room for what.
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

/* ---- options data ---------------------------------------------------------------------------- */

/* Interface and name; and a flow record that names its interface. */
static void
send_name_templates(struct desk *k)
{
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 3);
	PUT16(&w, 300, 2, 1, 10, 4, 82, 4);
	pen_begin_set(&w, 2);
	PUT16(&w, 256, 1, 10, 4);
	pen_send(k, &w);
}

static void
send_name(struct desk *k, uint32_t interface, uint32_t name)
{
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 300);
	pen_put(&w, interface, 4);
	pen_put(&w, name, 4);
	pen_send(k, &w);
}

static bool
is_named(struct desk *k, uint32_t interface)
{
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 256);
	pen_put(&w, interface, 4);
	pen_send(k, &w);
	CU_ASSERT_EQUAL_FATAL(k->count, 1);
	return VNM_HAS(&k->got[0], flow, in_if_name);
}

/* What is told again stays, what is not makes room: the table never shuts. */
static void
test_names_make_room(void)
{
	struct desk *k = desk_new();
	const struct vnm_flow_state *s = k->x.state;

	k->limits.options_entries = 16; /* each fact is one of the domain and one of its session */
	send_name_templates(k);
	send_name(k, 7, 0x67653730);
	send_name(k, 8, 0x67653830);
	for (uint32_t i = 0; i < 200; i++) {
		send_name(k, 1000 + i, 0x67650000 + i);
		if (i % 2 == 0)
			send_name(k, 7, 0x67653730);
		CU_ASSERT(s->learnt.count <= 16);
	}
	CU_ASSERT_TRUE(is_named(k, 7));
	CU_ASSERT_TRUE(is_named(k, 1199));
	CU_ASSERT_FALSE(is_named(k, 8));
	desk_tick(k, NOW_NS, false);
	/* each of 202 facts is two; 16 are still there */
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_options_evicted], 2 * 202 - 16);
	k->limits.options_entries = 2; /* as a reload may have it */
	send_name(k, 9, 0x67653930);
	CU_ASSERT_EQUAL(s->learnt.count, 2);
	CU_ASSERT_TRUE(is_named(k, 9));
	desk_free(k);
}

/* What was said on a stream ends with it, and is not known to the next one after a restart. */
static void
test_names_of_streams(void)
{
	struct desk *k = desk_new(), *after = desk_new();
	const struct vnm_flow_state *s = k->x.state;
	struct vnm_buffer b = {0};

	send_name_templates(k);
	send_name(k, 7, 0x67653730);
	k->session = 5;
	send_name_templates(k);
	send_name(k, 8, 0x67653830);
	CU_ASSERT_TRUE(is_named(k, 8));
	CU_ASSERT_TRUE_FATAL(k->x.decoder->save(&k->x, &b));
	struct vnm_reader r = vnm_reader_of(b.p, b.n);
	CU_ASSERT_EQUAL(after->x.decoder->load(&after->x, &r, &after->counters), 0);
	CU_ASSERT_TRUE(is_named(after, 7));
	after->session = 5;
	send_name_templates(after);
	CU_ASSERT_FALSE(is_named(after, 8));

	uint32_t count = s->learnt.count;
	k->x.decoder->end(&k->x, &(struct vnm_datagram){.session = 5}, &k->out);
	CU_ASSERT_EQUAL(s->learnt.count, count - 2);
	k->session = 0;
	CU_ASSERT_TRUE(is_named(k, 7));
	desk_free(k);
	desk_free(after);
	vnm_buffer_free(&b);
}

/* ---- templates ------------------------------------------------------------------------------- */

static enum vnm_reason
send_ports(struct desk *k)
{
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 256);
	PUT16(&w, 1111, 2222);
	return pen_send(k, &w);
}

static void
define_ports(struct desk *k)
{
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 2);
	PUT16(&w, 256, 2, 7, 2, 11, 2);
	pen_send(k, &w);
	send_ports(k);
	CU_ASSERT_EQUAL(k->count, 1);
}

/* Whatever is wrong with a new definition, data must not be read by the old one. */
static void
test_invalid_redefinition(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	define_ports(k);
	pen_begin_set(&w, 2);
	PUT16(&w, 256, 2, 7, 2); /* one field where two are counted */
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_template_malformed], 1);
	send_ports(k);
	CU_ASSERT_EQUAL(k->count, 0);

	define_ports(k);
	w = pen_ipfix(1);
	pen_begin_set(&w, 2);
	PUT16(&w, 256, 2, 7, 2, 0x8005, 2); /* an enterprise's element without its number */
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_template_malformed], 2);
	send_ports(k);
	CU_ASSERT_EQUAL(k->count, 0);

	define_ports(k);
	w = pen_ipfix(1);
	pen_begin_set(&w, 2);
	PUT16(&w, 256, 2, 7, 0, 11, 0);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_template_empty], 1);
	send_ports(k);
	CU_ASSERT_EQUAL(k->count, 0);
	desk_free(k);
}

/* One message cannot clear the table of templates, nor cost a walk through it for each of many. */
static void
test_flood_of_templates(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	k->limits.templates = 100;
	pen_begin_set(&w, 2);
	for (uint16_t i = 0; i < 100; i++)
		PUT16(&w, (uint16_t)(256 + i), 1, 7, 2);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_templates], 100);
	k->rx_ns += 1;
	w = pen_ipfix(1);
	pen_begin_set(&w, 2);
	for (uint16_t i = 0; i < 200; i++)
		PUT16(&w, (uint16_t)(1000 + i), 1, 7, 2);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_templates], 100);
	CU_ASSERT_EQUAL(
	    k->counters.v[VNM_C_templates_evicted] + k->counters.parts[VNM_R_template_limit], 200);
	CU_ASSERT(k->counters.v[VNM_C_templates_evicted] < 100);
	desk_free(k);
}

/* Few templates of many fields make room for each other as many of few do. */
static void
test_large_templates(void)
{
	struct desk *k = desk_new();
	const struct vnm_flow_state *s = k->x.state;

	k->limits.templates = 4; /* 256 fields in all */
	for (uint16_t id = 256; id < 266; id++) {
		struct pen w = pen_ipfix(1);
		pen_begin_set(&w, 2);
		PUT16(&w, id, 100);
		for (unsigned i = 0; i < 100; i++)
			PUT16(&w, 7, 2);
		pen_send(k, &w);
		CU_ASSERT(s->field_count <= 256);
		k->rx_ns += 1;
	}
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_templates], 2);
	CU_ASSERT_EQUAL(s->field_count, 200);
	desk_free(k);
}

/* ---- scratch --------------------------------------------------------------------------------- */

/* Many sets in a message use the scratch one after the other. */
static void
test_many_sets(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 2);
	PUT16(&w, 256, 64);
	for (uint16_t i = 0; i < 64; i++)
		PUT16(&w, (uint16_t)(500 + i), 1); /* elements without a field: all go to `ie` */
	pen_send(k, &w);
	w = pen_ipfix(1);
	for (unsigned set = 0; set < 28; set++) {
		pen_begin_set(&w, 256);
		for (unsigned i = 0; i < 64; i++)
			pen_put(&w, set, 1);
	}
	CU_ASSERT(28 * 64 * sizeof(struct vnm_ie) > k->scratch.cap);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->count, 28);
	CU_ASSERT_EQUAL(k->out.faults, 0);
	CU_ASSERT_EQUAL(k->got[27].flow.ie.n, 64);
	desk_free(k);
}

/* Where there is none left, that is told, and the old template is not used for new data. */
static void
test_scratch_used_up(void)
{
	struct desk *k = desk_new();
	size_t cap = k->scratch.cap;
	struct pen w = pen_ipfix(1);

	define_ports(k);
	pen_begin_set(&w, 2);
	PUT16(&w, 257, 1, 500, 2); /* an element without a field */
	pen_send(k, &w);
	k->scratch.cap = 0;
	w = pen_ipfix(1);
	pen_begin_set(&w, 257);
	PUT16(&w, 5);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->count, 0);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_scratch_full], 1);
	w = pen_ipfix(1);
	pen_begin_set(&w, 2);
	PUT16(&w, 256, 2, 11, 2, 7, 2);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_scratch_full], 2);
	k->scratch.cap = cap;
	send_ports(k);
	CU_ASSERT_EQUAL(k->count, 0);
	desk_free(k);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* Each allocation of a message fails in turn: it is told, and the next message is read. */
static void
test_memory_short(void)
{
	uint64_t n = 0, calls;

	do {
		struct desk *k = desk_new();
		struct pen w = pen_ipfix(1);

		pen_begin_set(&w, 2);
		PUT16(&w, 256, 2, 7, 2, 11, 2);
		pen_begin_set(&w, 257);
		PUT16(&w, 1);
		(void)vnm_alloc_fail_at(++n);
		enum vnm_reason reason = pen_send(k, &w);
		calls = vnm_alloc_fail_at(0);
		if (n <= calls)
			CU_ASSERT(reason == VNM_R_out_of_memory ||
				  k->counters.parts[VNM_R_out_of_memory] == 1);
		define_ports(k);
		desk_free(k);
	} while (n <= calls);
	CU_ASSERT(n > 5);
}

CU_TestInfo suite_flow_bounds[] = {{"small held sets", test_small_held_sets},
    {"given up together", test_given_up_together}, {"names make room", test_names_make_room},
    {"names of streams", test_names_of_streams},
    {"invalid redefinition", test_invalid_redefinition},
    {"flood of templates", test_flood_of_templates}, {"large templates", test_large_templates},
    {"many sets", test_many_sets}, {"scratch used up", test_scratch_used_up},
    {"memory short", test_memory_short}, CU_TEST_INFO_NULL};
