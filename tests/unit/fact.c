/*
 * Facts about the topology on their way through the pipeline: what becomes a record, what is a
 * repeat, and what memory for repeats costs.
 */
#include "unit.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "daemon/pipeline.h"
#include "daemon/told.h"

#include <json-c/json.h>

#define NOW_NS (1700000000ULL * VNM_NS_PER_S)

/* ---- a worker whose records are kept ------------------------------------------------------- */

static char told[32][1024];
static unsigned told_count;
static char keys[32][64];

static size_t
keep(struct vnm_sink *s, const struct vnm_batch *batch)
{
	(void)s;
	for (size_t i = 0; i < batch->count; i++) {
		const struct vnm_batch_entry *e = &batch->entries[i];

		CU_ASSERT_FATAL(told_count < 32 && e->frame.n < sizeof(told[0]));
		memcpy(told[told_count], batch->bytes + e->frame.at, e->frame.n);
		told[told_count][e->frame.n] = '\0';
		snprintf(keys[told_count++], sizeof(keys[0]), "%.*s", (int)e->key_n,
		    batch->keys + e->key_at);
	}
	return batch->count;
}

static const struct vnm_sink_type keeper = {.name = "keeper", .keyed = true, .publish = keep};

struct bench {
	struct vnm_limits limits;
	struct vnm_output_options options;
	struct vnm_sink sink;
	struct vnm_output output, *list[1];
	struct vnm_pipeline *pipeline;
	struct vnm_datagram from;
};

static void
bench_open(struct bench *b, uint32_t facts, uint64_t refresh_ns)
{
	static const uint8_t addr[4] = {192, 0, 2, 7};

	*b = (struct bench){.sink = {.type = &keeper, .name = "k", .encoder = &vnm_json_encoder}};
	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(vnm_limits_options, &b->limits, NULL), 0);
	b->limits.facts = facts;
	b->limits.facts_refresh = refresh_ns;
	const struct vnm_pipeline_config config = {.collector = VNM_STR("c"), .limits = &b->limits};
	b->pipeline = vnm_pipeline_new(&config);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->pipeline);
	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(vnm_output_options, &b->options, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(vnm_output_open(&b->output, &b->options, &b->sink, NULL), 0);
	b->list[0] = &b->output;
	vnm_pipeline_outputs(b->pipeline, b->list, 1);
	b->from = (struct vnm_datagram){
	    .rx_ns = NOW_NS, .src = {.addr = vnm_addr_ip4(addr), .port = 161}};
	told_count = 0;
}

static void
bench_close(struct bench *b)
{
	vnm_pipeline_free(b->pipeline);
	vnm_output_close(&b->output);
	vnm_option_release(vnm_output_options, &b->options);
}

/* Whether the fact became a record. */
static bool
tells(struct bench *b, const struct vnm_fact *f)
{
	unsigned before = told_count;

	vnm_out_fact(vnm_pipeline_open(b->pipeline, VNM_STR("test"), &b->from, false), f);
	vnm_pipeline_turn_end(b->pipeline);
	return told_count != before;
}

static struct vnm_fact
mac_at(const struct vnm_pair *values, uint32_t n)
{
	return (struct vnm_fact){.kind = VNM_FACT_mac_at_vtep,
	    .object = VNM_STR("02:00:00:00:00:01"),
	    .source = VNM_STR("peer"),
	    .claim = VNM_STR("rd 1:1"),
	    .values = {values, n}};
}

/* ---- the record ---------------------------------------------------------------------------- */

static void
expect(struct json_object *o, const char *name, const char *text)
{
	struct json_object *v;

	CU_ASSERT_TRUE_FATAL(json_object_object_get_ex(o, name, &v));
	CU_ASSERT_STRING_EQUAL(json_object_get_string(v), text);
}

static void
test_record(void)
{
	const struct vnm_pair values[] = {{.name = "vni", .type = VNM_PAIR_U64, .u64 = 5010}};
	struct vnm_fact f = mac_at(values, 1);
	struct bench b;

	bench_open(&b, 64, 0);
	f.event_ns = NOW_NS - 5;
	CU_ASSERT_FATAL(tells(&b, &f));
	struct json_object *o = json_tokener_parse(told[0]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	expect(o, "kind", "topology_event");
	expect(o, "decoder", "test");
	expect(o, "exporter_addr", "192.0.2.7");
	expect(o, "event_ns", "1699999999999999995");
	expect(o, "op", "evidence");
	expect(o, "object", "02:00:00:00:00:01");
	expect(o, "object_type", "mac");
	expect(o, "fact", "mac-at-vtep");
	expect(o, "source", "peer");
	expect(o, "claim", "rd 1:1");
	expect(o, "withdrawn", "false");
	expect(o, "evidence", "{ \"vni\": 5010 }");
	json_object_put(o);
	CU_ASSERT_STRING_EQUAL(keys[0], "02:00:00:00:00:01");
	CU_ASSERT_EQUAL(vnm_pipeline_counters(b.pipeline)->records[VNM_KIND_topology_event], 1);
	bench_close(&b);
}

/* ---- repeats --------------------------------------------------------------------------------- */

/* Each of these is another statement, or says something else. */
static void
test_changes(void)
{
	const struct vnm_pair inner[] = {{.name = "a", .type = VNM_PAIR_STR, .str = VNM_STR("x")}};
	const struct vnm_pair other[] = {{.name = "a", .type = VNM_PAIR_STR, .str = VNM_STR("y")}};
	struct vnm_pair values[] = {{.name = "vni", .type = VNM_PAIR_U64, .u64 = 5010},
	    {.name = "in", .type = VNM_PAIR_OBJECT, .items = inner, .count = 1}};
	struct vnm_fact f = mac_at(values, 2);
	struct bench b;

	bench_open(&b, 64, 0);
	CU_ASSERT(tells(&b, &f) && !tells(&b, &f));
	values[0].u64++;
	CU_ASSERT(tells(&b, &f) && !tells(&b, &f));
	values[1].items = other;
	CU_ASSERT(tells(&b, &f) && !tells(&b, &f));
	f.withdrawn = true;
	CU_ASSERT(tells(&b, &f) && !tells(&b, &f));
	f.epoch++;
	CU_ASSERT(tells(&b, &f) && !tells(&b, &f));
	f.source = VNM_STR("peerr");
	CU_ASSERT(tells(&b, &f) && !tells(&b, &f));
	f.claim = VNM_STR("rd 1:2");
	CU_ASSERT(tells(&b, &f) && !tells(&b, &f));
	f.kind = VNM_FACT_vtep_in_vni;
	CU_ASSERT(tells(&b, &f) && !tells(&b, &f));
	b.from.src.addr.b[3]++;
	CU_ASSERT(tells(&b, &f) && !tells(&b, &f));
	b.from.src.port++; /* the same exporter */
	CU_ASSERT_FALSE(tells(&b, &f));
	CU_ASSERT_EQUAL(vnm_pipeline_counters(b.pipeline)->v[VNM_C_facts_repeated], 10);
	bench_close(&b);
}

static void
test_refresh(void)
{
	struct vnm_fact f = mac_at(NULL, 0);
	struct bench b;

	bench_open(&b, 64, 60 * VNM_NS_PER_S);
	CU_ASSERT(tells(&b, &f));
	b.from.rx_ns += 60 * VNM_NS_PER_S - 1;
	CU_ASSERT_FALSE(tells(&b, &f));
	b.from.rx_ns++;
	CU_ASSERT(tells(&b, &f));
	CU_ASSERT_FALSE(tells(&b, &f));
	b.from.rx_ns -= 3600 * VNM_NS_PER_S; /* the clock was wrong, and is set back */
	CU_ASSERT(tells(&b, &f));
	CU_ASSERT_FALSE(tells(&b, &f));
	bench_close(&b);
}

static void
test_no_memory(void)
{
	struct vnm_fact f = mac_at(NULL, 0);
	struct bench b;

	bench_open(&b, 0, 0);
	CU_ASSERT(tells(&b, &f) && tells(&b, &f));
	bench_close(&b);
	bench_open(&b, 64, 0);
	vnm_alloc_fail_at(1); /* the memory of what was told */
	CU_ASSERT(tells(&b, &f));
	CU_ASSERT(tells(&b, &f) && !tells(&b, &f));
	bench_close(&b);
}

/* However many are told: no more than the limit is kept, and what is kept is right. */
static void
test_many(void)
{
	struct vnm_told t = {0};
	struct vnm_told_fact *slot;
	unsigned repeats = 0;

	for (uint64_t i = 1; i <= 3000; i++) {
		uint64_t hash = i * 0x9e3779b97f4a7c15ULL;

		CU_ASSERT_FALSE(vnm_told_find(&t, 1000, hash, i, NOW_NS + i, 0, &slot));
		vnm_told_keep(slot, hash, i, NOW_NS + i);
		CU_ASSERT(vnm_told_find(&t, 1000, hash, i, NOW_NS + i, 0, &slot));
	}
	CU_ASSERT_EQUAL(t.count, 512);
	for (uint64_t i = 1; i <= 3000; i++) {
		uint64_t hash = i * 0x9e3779b97f4a7c15ULL;

		repeats += vnm_told_find(&t, 1000, hash, i, NOW_NS, 0, &slot);
		CU_ASSERT_FALSE(vnm_told_find(&t, 1000, hash, i + 1, NOW_NS, 0, &slot));
	}
	CU_ASSERT(repeats > 256 && repeats <= 512);
	vnm_told_free(&t);
}

CU_TestInfo suite_fact[] = {
    {"a fact becomes a record", test_record},
    {"what changed is told, what did not is not", test_changes},
    {"a repeat is told again after a while", test_refresh},
    {"without memory all is told", test_no_memory},
    {"more facts than are kept", test_many},
    CU_TEST_INFO_NULL,
};
