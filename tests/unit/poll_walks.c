/*
 * Walks of the poller: what comes of a table is what its agent has, whatever the agent and the
 * network do; and what does not come to an end is ended.
 */
#include "poll_desk.h"
#include "unit.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

static const enum vnm_plan_sort interfaces[] = {VNM_PLAN_interfaces};

/* One turn of one device: what it is to be set up as is done by `prepare`. */
struct turn {
	struct vnm_poll_access access;
	struct desk k;
};

static void
begin(struct turn *t, const struct agent_mib *mib)
{
	desk_open(&t->k, 1, mib);
	t->access = desk_access();
}

static void
go_on(struct turn *t, uint64_t walks, uint64_t seconds)
{
	for (uint64_t n = 0; n < seconds * 20 && t->k.walks + t->k.cut < walks; n++)
		desk_run(&t->k, DESK_S / 20);
}

/* Until so many walks have ended, but not longer than that. */
static void
play(struct turn *t, uint64_t walks, uint64_t seconds)
{
	struct vnm_poll_options o = desk_options();
	struct vnm_poll_config *c =
	    desk_config(&t->k, &o, &t->access, interfaces, VNM_ARRAY_LEN(interfaces), 0, 1);

	vnm_poller_configure(t->k.poller, c, t->k.now_ns);
	vnm_poll_config_leave(c);
	go_on(t, walks, seconds);
}

/* How many values the agent has that the plan can ask for. */
static uint64_t
values_of(const struct agent_mib *m, bool fallbacks)
{
	struct vnm_plan plan;
	uint64_t n = 0;

	CU_ASSERT_EQUAL_FATAL(vnm_plan_builtin(&plan, VNM_PLAN_interfaces), 0);
	for (uint32_t i = 0; i < m->n; i++) {
		const struct vnm_oid oid = {m->objects[i].ids, m->objects[i].n};

		for (uint32_t c = 0; c < plan.n; c++) {
			const struct vnm_oid column = {plan.columns[c].ids, plan.columns[c].id_n};

			n += (fallbacks || plan.columns[c].fallback == 0) && oid.n > column.n &&
			     vnm_oid_below(oid, column);
		}
	}
	vnm_plan_release(&plan);
	return n;
}

/* ---- good agents -------------------------------------------------------------------------------
 */

static void
test_whole(void)
{
	struct agent_mib mib = {0};
	struct turn t;

	agent_make_interfaces(&mib, 100);
	begin(&t, &mib);
	play(&t, 1, 100);
	CU_ASSERT_EQUAL(t.k.walks, 1);
	CU_ASSERT_EQUAL(t.k.rows, 100);
	CU_ASSERT_EQUAL(t.k.wrong, 0);
	CU_ASSERT_EQUAL(t.k.row_cells, values_of(&mib, true));
	go_on(&t, 2, 100); /* without what stands in for others, and as many rows */
	CU_ASSERT_EQUAL(t.k.rows, 200);
	CU_ASSERT_EQUAL(t.k.row_cells, values_of(&mib, true) + values_of(&mib, false));
	CU_ASSERT_EQUAL(t.k.counters.v[VNM_C_poll_turns], 2);
	CU_ASSERT_EQUAL(t.k.counters.v[VNM_C_poll_timeouts], 0);
	desk_close(&t.k);
	agent_free(&mib);
}

/* Tables of every size, answers of every size, and values asked for few at a time. */
static void
test_sizes(void)
{
	static const uint32_t rows[] = {0, 1, 2, 7, 48, 333};
	static const uint32_t octets[] = {120, 484, 700, 1400, 9000};

	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		struct agent_mib mib = {0};

		agent_make_interfaces(&mib, rows[i]);
		for (size_t k = 0; k < VNM_ARRAY_LEN(octets); k++) {
			struct turn t;

			begin(&t, &mib);
			t.k.devices[0].agent.max_octets = octets[k];
			play(&t, 1, 300);
			CU_ASSERT_EQUAL(t.k.rows, rows[i]);
			CU_ASSERT_EQUAL(t.k.row_cells, values_of(&mib, true));
			CU_ASSERT_EQUAL(t.k.wrong + t.k.cut, 0);
			desk_close(&t.k);
		}
		agent_free(&mib);
	}
}

/* Holes at many places, of each kind: the values that are there stand in their own rows. */
static void
test_holes(void)
{
	for (unsigned seed = 1; seed < 20; seed++) {
		struct agent_mib mib = {0};
		struct turn t;
		char oid[64];

		srandom(seed);
		agent_make_interfaces(&mib, 40);
		for (unsigned n = 0; n < 200; n++) {
			bool x = random() % 2 != 0;

			snprintf(oid, sizeof(oid),
			    x ? "1.3.6.1.2.1.31.1.1.1.%ld.%ld" : "1.3.6.1.2.1.2.2.1.%ld.%ld",
			    1 + random() % 20, 1 + random() % 40);
			agent_remove(&mib, oid);
		}
		agent_sort(&mib);
		begin(&t, &mib);
		t.k.devices[0].agent.max_octets = 300 + (uint32_t)random() % 1500;
		play(&t, 1, 100);
		CU_ASSERT_EQUAL(t.k.rows, 40);
		CU_ASSERT_EQUAL(t.k.row_cells, values_of(&mib, true));
		CU_ASSERT_EQUAL(t.k.wrong + t.k.cut, 0);
		desk_close(&t.k);
		agent_free(&mib);
	}
}

static void
test_v1(void)
{
	struct agent_mib mib = {0};
	struct turn t;

	agent_make_interfaces(&mib, 10);
	begin(&t, &mib);
	t.access.version = VNM_SNMP_V1;
	t.k.devices[0].agent.v1_only = true;
	t.k.devices[0].agent.max_octets = 400;
	play(&t, 1, 100);
	CU_ASSERT_EQUAL(t.k.rows, 10);
	CU_ASSERT_EQUAL(t.k.row_cells, values_of(&mib, true));
	CU_ASSERT_EQUAL(t.k.wrong + t.k.cut, 0);
	desk_close(&t.k);
	agent_free(&mib);
}

/*
 * A column that a device lacked comes, and ifTableLastChange says so: the turn that hears of it
 * did not ask for that column, and so cannot tell that it is lacking; the next has it.
 */
static void
test_changed(void)
{
	struct agent_mib mib = {0};
	struct turn t;
	uint64_t cells;

	agent_make_interfaces(&mib, 2);
	agent_remove(&mib, "1.3.6.1.2.1.31.1.1.1.18.1"); /* ifAlias */
	agent_remove(&mib, "1.3.6.1.2.1.31.1.1.1.18.2");
	agent_sort(&mib);
	begin(&t, &mib);
	play(&t, 5, 600);
	cells = t.k.row_cells;
	go_on(&t, 6, 100);
	cells = t.k.row_cells - cells;
	agent_set_text(&mib, "1.3.6.1.2.1.31.1.1.1.18.1", "uplink");
	agent_set_u64(&mib, "1.3.6.1.2.1.31.1.5.0", VNM_BER_TIMETICKS, 200);
	agent_sort(&mib);
	go_on(&t, 7, 100);
	t.k.row_cells = 0;
	go_on(&t, 8, 100);
	CU_ASSERT_EQUAL(t.k.row_cells, cells + 1);
	desk_close(&t.k);
	agent_free(&mib);
}

/* ---- bad networks
 * --------------------------------------------------------------------------------- */

static void
test_lossy(void)
{
	struct agent_mib mib = {0};
	struct turn t;

	agent_make_interfaces(&mib, 30);
	begin(&t, &mib);
	t.access.walk_ns = 3600 * DESK_S;
	t.k.loss = 100;
	t.k.twice = 100;
	t.k.disorder_ns = 1500 * DESK_MS; /* longer than the timeout: late answers to retries */
	t.access.retries = 6;
	play(&t, 30, 20000);
	CU_ASSERT(t.k.walks >= 25);
	CU_ASSERT_EQUAL(t.k.wrong, 0);
	CU_ASSERT_EQUAL(t.k.cut, 0);
	CU_ASSERT(t.k.counters.v[VNM_C_poll_retries] > 100);
	CU_ASSERT(t.k.reasons[VNM_R_response_unknown] > 10); /* second answers */
	desk_close(&t.k);
	agent_free(&mib);
}

static void
test_wrong_source(void)
{
	struct agent_mib mib = {0};

	agent_make_interfaces(&mib, 5);
	for (int any = 0; any < 2; any++) {
		struct turn t;

		begin(&t, &mib);
		t.k.wrong_source = true;
		t.access.any_source = any != 0;
		play(&t, 1, 100);
		CU_ASSERT_EQUAL(t.k.rows > 0, any != 0);
		CU_ASSERT_EQUAL(t.k.reasons[VNM_R_response_source] > 0, any == 0);
		desk_close(&t.k);
	}
	agent_free(&mib);
}

/* ---- bad agents ---------------------------------------------------------------------------------
 */

/*
 * Whatever an agent does, a walk of it ends, and what is given of it is what it has; `whole`: all
 * of it comes all the same.
 */
static void
harm(const struct agent_faults *faults, bool whole, enum vnm_reason reason)
{
	struct agent_mib mib = {0};
	struct turn t;

	agent_make_interfaces(&mib, 30);
	begin(&t, &mib);
	t.k.devices[0].agent.faults = *faults;
	t.k.check = !faults->endless;
	t.access.walk_varbinds = 5000;
	play(&t, 1, 118);
	CU_ASSERT_EQUAL(t.k.wrong, 0);
	CU_ASSERT_EQUAL(t.k.rows == 30 && t.k.row_cells == values_of(&mib, true), whole);
	CU_ASSERT(t.k.devices[0].requests < 1200);
	CU_ASSERT(whole || t.k.counters.v[VNM_C_poll_walks_cut] > 0);
	CU_ASSERT(t.k.reasons[reason] > 0);
	desk_close(&t.k);
	agent_free(&mib);
}

static void
test_harm(void)
{
	harm(&(struct agent_faults){.too_big = 20}, true, VNM_OK);
	harm(&(struct agent_faults){.too_big = 3}, true, VNM_OK);
	harm(&(struct agent_faults){.omit = true}, true, VNM_OK);
	harm(&(struct agent_faults){.loop_at = 300}, false, VNM_R_oid_order);
	harm(&(struct agent_faults){.stuck = true}, false, VNM_R_oid_order);
	harm(&(struct agent_faults){.endless = true}, false, VNM_R_walk_limit);
	harm(&(struct agent_faults){.wrong_id = true}, false, VNM_R_response_unknown);
	harm(&(struct agent_faults){.garbage = true}, false, VNM_R_bad_header);
	harm(&(struct agent_faults){.gen_err = true}, false, VNM_R_error_status);
	harm(&(struct agent_faults){.no_bulk = true}, false, VNM_R_error_status);
}

/* An agent whose answers have no room for any value beside its uptime. */
static void
test_stuck(void)
{
	struct agent_mib mib = {0};
	struct turn t;

	agent_make_interfaces(&mib, 3);
	begin(&t, &mib);
	t.k.devices[0].agent.max_octets = 20;
	play(&t, 1, 100);
	CU_ASSERT_EQUAL(t.k.rows, 0);
	CU_ASSERT(t.k.reasons[VNM_R_walk_stuck] > 0);
	CU_ASSERT_EQUAL(t.k.counters.v[VNM_C_poll_walks_cut], t.k.reasons[VNM_R_walk_stuck]);
	desk_close(&t.k);
	agent_free(&mib);
}

/* The first varbind of an answer stands at its end once more: a value more than was asked for. */
static void
one_more(void *ctx, struct vnm_pdu *pdu, uint8_t *list, size_t *n, size_t room)
{
	size_t first = 2U + list[1];

	(void)ctx;
	(void)pdu;
	if (*n + first <= room && list[1] < 0x80) {
		memcpy(list + *n, list, first);
		*n += first;
	}
}

/* As many octets of it as there is room for. */
static void
much_more(void *ctx, struct vnm_pdu *pdu, uint8_t *list, size_t *n, size_t room)
{
	size_t before = 0;

	while (*n < 60000 && *n != before) {
		before = *n;
		one_more(ctx, pdu, list, n, room);
	}
}

/* Indices as long as they can be, and answers that may be large: requests are too. */
static void
test_long_indices(void)
{
	enum { ROWS = 3, NUMBERS = 110 };
	struct agent_mib mib = {0};
	struct turn t;

	for (unsigned row = 0; row < ROWS; row++) {
		for (unsigned column = 1; column <= 18; column++) {
			char oid[VNM_OID_TEXT], *p = oid;

			p += sprintf(p, "1.3.6.1.2.1.31.1.1.1.%u", column);
			for (unsigned i = 0; i < NUMBERS; i++)
				p += sprintf(p, ".%u", 4000000000U + row);
			agent_set_u64(&mib, oid, VNM_BER_COUNTER64, column);
		}
	}
	agent_sort(&mib);
	begin(&t, &mib);
	t.k.check = false;
	t.access.response_octets = 60000;
	t.k.devices[0].agent.max_octets = 60000;
	play(&t, 1, 100);
	CU_ASSERT_EQUAL(t.k.walks, 1);
	CU_ASSERT_EQUAL(t.k.rows, ROWS);
	CU_ASSERT_EQUAL(t.k.counters.v[VNM_C_poll_timeouts], 0);
	desk_close(&t.k);
	agent_free(&mib);
}

/* What is kept of answers for parts of the columns, until all are there, has an end. */
static void
test_held(void)
{
	size_t used = vnm_alloc_used();
	struct agent_mib mib = {0};
	struct turn t;

	agent_make_interfaces(&mib, 1);
	begin(&t, &mib);
	t.k.check = false;
	t.k.devices[0].agent.faults.too_big = 3;
	t.k.devices[0].agent.twist = much_more;
	play(&t, 1, 118);
	CU_ASSERT(t.k.reasons[VNM_R_walk_limit] > 0);
	CU_ASSERT_EQUAL(t.k.counters.v[VNM_C_poll_walks_cut], t.k.reasons[VNM_R_walk_limit]);
	CU_ASSERT(vnm_alloc_used() - used < 1000000);
	desk_close(&t.k);
	agent_free(&mib);
}

/* Memory is short at every place of a walk in parts: it ends, whole or not. */
static void
test_memory_short(void)
{
	struct agent_mib mib = {0};
	uint64_t counted = 1;

	agent_make_interfaces(&mib, 3);
	for (uint64_t n = 1; counted >= n; n++) {
		struct turn t;

		begin(&t, &mib);
		t.k.devices[0].agent.faults.too_big = 3;
		play(&t, 0, 0);
		(void)vnm_alloc_fail_at(n);
		go_on(&t, 2, 240);
		counted = vnm_alloc_fail_at(0);
		CU_ASSERT(t.k.walks >= 1 || t.k.counters.v[VNM_C_poll_devices_refused] == 1);
		CU_ASSERT_EQUAL(t.k.wrong, 0);
		desk_close(&t.k);
	}
	agent_free(&mib);
}

/* Whoever makes records of rows has no memory for a device: rows are not lost without a word. */
static void
test_no_state(void)
{
	struct agent_mib mib = {0};
	struct turn t;

	agent_make_interfaces(&mib, 30);
	begin(&t, &mib);
	t.k.refusals = 1;
	play(&t, 1, 118);
	CU_ASSERT_EQUAL(t.k.counters.v[VNM_C_poll_walks_cut], 1);
	CU_ASSERT_EQUAL(t.k.reasons[VNM_R_out_of_memory], 1);
	CU_ASSERT_EQUAL(t.k.rows, t.k.walks * 30);
	CU_ASSERT_EQUAL(t.k.walks, 1);
	desk_close(&t.k);
	agent_free(&mib);
}

/* An error at a place that no list has. */
static void
at_no_place(void *ctx, struct vnm_pdu *pdu, uint8_t *list, size_t *n, size_t room)
{
	(void)ctx;
	(void)list;
	(void)n;
	(void)room;
	pdu->error_status = VNM_PDU_GEN_ERR;
	pdu->error_index = INT32_MIN;
}

static void
test_no_place(void)
{
	struct agent_mib mib = {0};
	struct turn t;

	agent_make_interfaces(&mib, 1);
	begin(&t, &mib);
	t.k.devices[0].agent.twist = at_no_place;
	play(&t, 1, 118);
	CU_ASSERT(t.k.reasons[VNM_R_error_status] > 0);
	CU_ASSERT_EQUAL(t.k.counters.v[VNM_C_poll_walks_cut], t.k.reasons[VNM_R_error_status]);
	desk_close(&t.k);
	agent_free(&mib);
}

/*
 * A table whose one column has values that are none: it is asked for all the same the next time,
 * and varbinds behind those that were asked for are nobody's.
 */
static void
test_no_values(void)
{
	static const enum vnm_plan_sort vlans[] = {VNM_PLAN_vlan};
	const char *oid = "1.3.6.1.2.1.17.7.1.4.2.1.3.0.7";
	struct vnm_poll_options o = desk_options();
	struct agent_mib mib = {0};
	struct vnm_poll_config *c;
	struct turn t;

	agent_make_interfaces(&mib, 1);
	agent_set_text(&mib, oid, "");
	mib.objects[mib.n - 1].varbind[mib.objects[mib.n - 1].octets - 2] = VNM_BER_INTEGER;
	agent_sort(&mib);
	begin(&t, &mib);
	t.k.devices[0].agent.twist = one_more;
	c = desk_config(&t.k, &o, &t.access, vlans, 1, 0, 1);
	vnm_poller_configure(t.k.poller, c, t.k.now_ns);
	vnm_poll_config_leave(c);
	go_on(&t, 3, 4000);
	CU_ASSERT_EQUAL(t.k.walks, 3);
	CU_ASSERT_EQUAL(t.k.rows, 3); /* with nothing in them */
	CU_ASSERT_EQUAL(t.k.row_cells, 0);
	desk_close(&t.k);
	agent_free(&mib);
}

/* ---- noise
 * ---------------------------------------------------------------------------------------- */

/*
 * Answers of which half are damaged on their way, so that the damaged ones are taken as answers:
 * a walk may end early or hold other values, but what was begun ends, and nothing else happens.
 */
static void
test_noise(void)
{
	struct agent_mib mib = {0};
	struct turn t;

	agent_make_interfaces(&mib, 8);
	begin(&t, &mib);
	t.k.check = false;
	t.k.noise = 500;
	play(&t, 4000, 100000);
	CU_ASSERT(t.k.walks > 0 && t.k.cut > 0);
	CU_ASSERT(t.k.walks + t.k.cut > 500);
	desk_close(&t.k);
	agent_free(&mib);
}

CU_TestInfo suite_poll_walks[] = {{"a table, whole", test_whole},
    {"tables of every size", test_sizes}, {"holes", test_holes}, {"version 1", test_v1},
    {"a new column", test_changed}, {"loss, disorder, duplicates", test_lossy},
    {"answers from elsewhere", test_wrong_source}, {"agents that do harm", test_harm},
    {"answers without room", test_stuck}, {"values that are none", test_no_values},
    {"long indices", test_long_indices}, {"what is held", test_held},
    {"memory is short", test_memory_short}, {"no memory for rows", test_no_state},
    {"an error nowhere", test_no_place}, {"noise", test_noise}, CU_TEST_INFO_NULL};
