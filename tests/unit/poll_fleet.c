/*
 * Many devices: turns are kept and spread, the dead do not take the others', memory and the work
 * of one call are bounded, and another configuration comes without a break.
 */
#include "poll_desk.h"
#include "unit.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

#define FLEET 2000

static const enum vnm_plan_sort interfaces[] = {VNM_PLAN_interfaces};
static const enum vnm_plan_sort both[] = {VNM_PLAN_interfaces, VNM_PLAN_system};

static struct agent_mib mib;

static void
begin(struct desk *k, uint32_t devices)
{
	if (mib.n == 0)
		agent_make_interfaces(&mib, 6);
	desk_open(k, devices, &mib);
	k->check = false;
}

static void
poll_fleet(struct desk *k, uint32_t first, uint32_t end, const struct vnm_poll_access *access)
{
	struct vnm_poll_options o = desk_options();
	struct vnm_poll_config *c =
	    desk_config(k, &o, access, interfaces, VNM_ARRAY_LEN(interfaces), first, end);

	vnm_poller_configure(k->poller, c, k->now_ns);
	vnm_poll_config_leave(c);
}

/* ---- the dead
 * -------------------------------------------------------------------------------------- */

/* What the living do in ten minutes, where one in ten is dead or is not there at all. */
static void
live(struct desk_device *devices, bool dead)
{
	const struct vnm_poll_access access = desk_access();
	struct desk k;

	begin(&k, FLEET);
	for (uint32_t i = 0; i < FLEET; i += 10)
		k.devices[i].dead = true;
	if (dead) {
		poll_fleet(&k, 0, FLEET, &access);
	} else { /* the same, without the dead ones */
		struct vnm_poll_options o = desk_options();
		struct vnm_poll_config *c = desk_config(&k, &o, &access, interfaces, 1, 0, FLEET);
		struct vnm_poll_target *t = (struct vnm_poll_target *)(uintptr_t)c->targets;
		uint32_t n = 0;

		vnm_table_free(&c->index);
		for (uint32_t i = 0; i < FLEET; i++) {
			if (k.devices[i].dead)
				continue;
			t[n] = t[i];
			CU_ASSERT_EQUAL_FATAL(
			    vnm_table_add(&c->index, vnm_poll_hash(&t[n].at), n), 0);
			n++;
		}
		c->target_count = n;
		vnm_poller_configure(k.poller, c, k.now_ns);
		vnm_poll_config_leave(c);
	}
	desk_run(&k, 600 * DESK_S);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices_dead], dead ? FLEET / 10 : 0);
	memcpy(devices, k.devices, FLEET * sizeof(*devices));
	desk_close(&k);
}

static void
test_dead(void)
{
	static struct desk_device with[FLEET], without[FLEET];
	uint64_t different = 0, requests = 0, to_dead = 0;

	live(without, false);
	live(with, true);
	for (uint32_t i = 0; i < FLEET; i++) {
		if (with[i].dead) {
			to_dead += with[i].requests;
			continue;
		}
		requests += with[i].requests;
		different += with[i].requests != without[i].requests ||
			     with[i].walks != without[i].walks || with[i].rows != without[i].rows ||
			     with[i].times != without[i].times;
		different += with[i].walks < 9 || with[i].cut != 0;
	}
	CU_ASSERT_EQUAL(different, 0);
	CU_ASSERT(requests > FLEET * 9);
	CU_ASSERT(to_dead < FLEET / 10 * 12); /* ever less often */
}

/* All of a group falls silent at once, and comes back: every slot is free again. */
static void
test_outage(void)
{
	const struct vnm_poll_access access = desk_access();
	struct desk k;
	uint64_t rows;

	begin(&k, 500);
	poll_fleet(&k, 0, 500, &access);
	desk_run(&k, 130 * DESK_S);
	CU_ASSERT_EQUAL(k.events[VNM_POLL_UP], 500);
	for (uint32_t i = 0; i < 500; i++)
		k.devices[i].dead = true;
	desk_run(&k, 1800 * DESK_S);
	CU_ASSERT_EQUAL(k.events[VNM_POLL_DOWN], 500);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices_dead], 500);
	for (uint32_t i = 0; i < 500; i++)
		k.devices[i].dead = false;
	desk_run(&k, 20 * 60 * DESK_S); /* longer than the longest back-off */
	CU_ASSERT_EQUAL(k.events[VNM_POLL_UP], 1000);
	/* Each missed a turn a minute, whether it was probed then or not (or one as it came back).
	 */
	CU_ASSERT(k.event_n[VNM_POLL_UP] >= 500 * 30);
	CU_ASSERT(k.event_n[VNM_POLL_UP] <= 500 * 50);
	CU_ASSERT(k.counters.v[VNM_C_poll_turns_missed] >= k.event_n[VNM_POLL_UP]);
	CU_ASSERT(k.counters.v[VNM_C_poll_turns_missed] <= k.event_n[VNM_POLL_UP] + 10);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices_dead], 0);
	rows = k.rows;
	desk_run(&k, 60 * DESK_S);
	CU_ASSERT_EQUAL(k.rows - rows, 500 * 6);
	desk_close(&k);
}

/* ---- many
 * ------------------------------------------------------------------------------------------- */

/*
 * Thousands of devices, one of them with a huge table: no call does more than a bounded amount of
 * work, and a device at rest costs what it costs.
 */
static void
test_bounds(void)
{
	const struct vnm_poll_access access = desk_access();
	struct agent_mib huge = {0};
	struct desk k;
	size_t used;

	agent_make_interfaces(&huge, 2000);
	begin(&k, 10000);
	k.devices[7].agent.mib = &huge;
	k.devices[7].agent.max_octets = 60000;
	used = vnm_alloc_used();
	poll_fleet(&k, 0, 10000, &access);
	desk_run(&k, 121 * DESK_S);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices], 10000);
	CU_ASSERT(k.counters.v[VNM_C_poll_walks] >= 19999);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_walks_cut], 0);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_timeouts], 0);
	CU_ASSERT(k.sends_most <= 64);
	CU_ASSERT(k.rows_most <= 50);
	CU_ASSERT((vnm_alloc_used() - used) / 10000 < 600);
	desk_close(&k);
	agent_free(&huge);
}

/* In no second are there many more turns than in the others. */
static void
test_spread(void)
{
	const struct vnm_poll_access access = desk_access();
	struct desk k;
	uint64_t before = 0, most = 0;

	begin(&k, 6000);
	poll_fleet(&k, 0, 6000, &access);
	for (unsigned s = 0; s < 60; s++) {
		desk_run(&k, DESK_S);
		if (k.walks - before > most)
			most = k.walks - before;
		before = k.walks;
	}
	CU_ASSERT(k.walks > 5900);
	CU_ASSERT(most < 200); /* 100 on average */
	desk_close(&k);
}

/* Few slots: all have their turns in turn, and never more are open. */
static void
test_slots(void)
{
	const struct vnm_poll_access access = desk_access();
	struct vnm_poll_options o = desk_options();
	struct vnm_poll_config *c;
	struct desk k;
	uint32_t most = 0;
	uint64_t least = UINT64_MAX, greatest = 0;

	begin(&k, 400);
	o.in_flight = 3;
	c = desk_config(&k, &o, &access, interfaces, 1, 0, 400);
	vnm_poller_configure(k.poller, c, k.now_ns);
	vnm_poll_config_leave(c);
	for (unsigned n = 0; n < 60000; n++) {
		desk_run(&k, 10 * DESK_MS);
		most = k.packet_n > most ? k.packet_n : most;
	}
	for (uint32_t i = 0; i < 400; i++) {
		least = k.devices[i].walks < least ? k.devices[i].walks : least;
		greatest = k.devices[i].walks > greatest ? k.devices[i].walks : greatest;
	}
	CU_ASSERT(most <= 3);
	CU_ASSERT(least >= 9);
	CU_ASSERT(greatest - least <= 1);
	desk_close(&k);
}

/* Nobody runs the poller for ten minutes: these turns did not take place. */
static void
test_paused(void)
{
	const struct vnm_poll_access access = desk_access();
	struct desk k;

	begin(&k, 10);
	poll_fleet(&k, 0, 10, &access);
	desk_run(&k, 120 * DESK_S);
	CU_ASSERT_EQUAL(k.walks, 20);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_turns_missed], 0);
	k.now_ns += 600 * DESK_S;
	desk_run(&k, 60 * DESK_S);
	CU_ASSERT_EQUAL(k.walks + k.counters.v[VNM_C_poll_turns_missed], 10 * 13);
	CU_ASSERT(k.counters.v[VNM_C_poll_turns_missed] >= 10 * 9);
	desk_close(&k);
}

/* A group that asks for topology alone begins with the first interval, too. */
static void
test_topology_alone(void)
{
	const struct vnm_poll_access access = desk_access();
	struct vnm_poll_options o = desk_options();
	struct vnm_poll_config *c;
	struct desk k;

	begin(&k, 10);
	c = desk_config(&k, &o, &access, &both[1], 1, 0, 10);
	vnm_poller_configure(k.poller, c, k.now_ns);
	vnm_poll_config_leave(c);
	desk_run(&k, 61 * DESK_S);
	CU_ASSERT_EQUAL(k.walks, 10);
	desk_run(&k, 600 * DESK_S);
	CU_ASSERT_EQUAL(k.walks, 20);
	desk_close(&k);
}

/* ---- another configuration
 * ------------------------------------------------------------------------ */

static void
test_reload(void)
{
	const struct vnm_poll_access access = desk_access();
	struct desk k;
	uint64_t ups, kept = 0;

	begin(&k, 3000);
	poll_fleet(&k, 0, 2000, &access);
	desk_run(&k, 90 * DESK_S + 7 * DESK_MS); /* some are being walked */
	ups = k.events[VNM_POLL_UP];
	CU_ASSERT_EQUAL(ups, 2000);
	poll_fleet(&k, 1000, 3000, &access);
	desk_run(&k, 61 * DESK_S);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices], 2000);
	CU_ASSERT_EQUAL(k.events[VNM_POLL_UP], 3000); /* those that stay are known */
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_walks_cut], 0);
	CU_ASSERT_EQUAL(k.attached, 2000);
	for (uint32_t i = 0; i < 1000; i++)
		kept += k.devices[i].last_row_ns > k.now_ns - 61 * DESK_S + 100 * DESK_MS;
	CU_ASSERT_EQUAL(kept, 0); /* those that went are not asked */
	for (uint32_t i = 1000; i < 3000; i++)
		kept += k.devices[i].last_row_ns > k.now_ns - 61 * DESK_S;
	CU_ASSERT_EQUAL(kept, 2000);
	vnm_poller_configure(k.poller, NULL, k.now_ns);
	desk_run(&k, DESK_S);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices], 0);
	CU_ASSERT_EQUAL(k.attached, 0);
	desk_close(&k);
}

/* The group has another name each time, then it is gone: the memory that is left. */
static size_t
rename_group(struct desk *k, unsigned times)
{
	const struct vnm_poll_access access = desk_access();

	for (unsigned i = 0; i < times; i++) {
		struct vnm_poll_options o = desk_options();
		char name[16];

		snprintf(name, sizeof(name), "group %u", i);
		vnm_free(o.name);
		o.name = vnm_strdup(name);
		struct vnm_poll_config *c = desk_config(k, &o, &access, interfaces, 1, 0, 50);
		vnm_poller_configure(k->poller, c, k->now_ns);
		vnm_poll_config_leave(c);
		desk_run(k, DESK_S + 7 * DESK_MS * (i % 9)); /* some are being walked */
		CU_ASSERT_EQUAL(k->counters.v[VNM_C_poll_devices], 50);
	}
	vnm_poller_configure(k->poller, NULL, k->now_ns);
	desk_run(k, DESK_S);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_poll_devices], 0);
	return vnm_alloc_used();
}

static void
test_renamed(void)
{
	struct desk k;
	size_t used;

	begin(&k, 50);
	used = rename_group(&k, 10);
	CU_ASSERT_EQUAL(rename_group(&k, 200), used);
	CU_ASSERT(k.events[VNM_POLL_UP] >= 50);
	desk_close(&k);
}

/* ---- on demand
 * --------------------------------------------------------------------------------------- */

static void
begin_both(struct desk *k, const struct vnm_poll_access *access)
{
	struct vnm_poll_options o = desk_options();
	struct vnm_poll_config *c;

	begin(k, 1);
	c = desk_config(k, &o, access, both, VNM_ARRAY_LEN(both), 0, 1);
	vnm_poller_configure(k->poller, c, k->now_ns);
	vnm_poll_config_leave(c);
}

static void
test_demand(void)
{
	const struct vnm_poll_access access = desk_access();
	struct vnm_endpoint at = desk_at(0);
	struct desk k;
	uint64_t walks;

	begin_both(&k, &access);
	desk_run(&k, 200 * DESK_S);
	walks = k.walks;
	vnm_poller_demand(k.poller, &at.addr, k.now_ns);
	desk_run(&k, DESK_S);
	CU_ASSERT_EQUAL(k.walks - walks, 2); /* at once, all of it */
	for (unsigned n = 0; n < 900; n++) { /* a storm of them: every ten seconds one turn */
		vnm_poller_demand(k.poller, &at.addr, k.now_ns);
		desk_run(&k, 10 * DESK_MS);
	}
	CU_ASSERT(k.walks - walks <= 2 + 2 + 1);
	desk_run(&k, 30 * DESK_S);
	walks = k.walks;
	at.addr.b[3] = 99; /* of whom nothing is known */
	vnm_poller_demand(k.poller, &at.addr, k.now_ns);
	desk_run(&k, DESK_S);
	CU_ASSERT(k.walks - walks <= 1);
	desk_close(&k);
}

/* One that is dead is not asked more often for it than one that is not. */
static void
test_demand_dead(void)
{
	const struct vnm_poll_access access = desk_access();
	struct vnm_endpoint at = desk_at(0);
	struct desk k;
	uint64_t requests;

	begin_both(&k, &access);
	k.devices[0].dead = true;
	desk_run(&k, 400 * DESK_S);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices_dead], 1);
	requests = k.devices[0].requests;
	for (unsigned n = 0; n < 3000; n++) {
		vnm_poller_demand(k.poller, &at.addr, k.now_ns);
		desk_run(&k, 10 * DESK_MS);
	}
	CU_ASSERT(k.devices[0].requests > requests);
	CU_ASSERT(k.devices[0].requests - requests <= 30 / 10 + 1);
	desk_close(&k);
}

/* Between an answer and a request that is sent again there is a gap, too, which is no timeout. */
static void
test_gap(void)
{
	struct vnm_poll_access access = desk_access();
	struct vnm_poll_options o = desk_options();
	struct vnm_poll_config *c;
	struct desk k;

	begin(&k, 1);
	k.loss = 200;
	access.in_flight = 2;
	access.retries = 5;
	access.gap_ns = 900 * DESK_MS;
	c = desk_config(&k, &o, &access, both, VNM_ARRAY_LEN(both), 0, 1);
	vnm_poller_configure(k.poller, c, k.now_ns);
	vnm_poll_config_leave(c);
	desk_run(&k, 20000 * DESK_S);
	CU_ASSERT(k.counters.v[VNM_C_poll_timeouts] > 100);
	CU_ASSERT(k.counters.v[VNM_C_poll_timeouts] + k.reasons[VNM_OK] <=
		  k.counters.v[VNM_C_poll_requests]);
	desk_close(&k);
}

/*
 * Tables of a device at a time: none of them twice, and those of one profile one behind the other,
 * since neighbours' addresses say nothing without the neighbours.
 */
static void
test_at_a_time(void)
{
	static const enum vnm_plan_sort sorts[] = {VNM_PLAN_interfaces, VNM_PLAN_lldp_port,
	    VNM_PLAN_lldp_remote, VNM_PLAN_lldp_address, VNM_PLAN_entity};
	struct vnm_poll_access access = desk_access();
	struct vnm_poll_options o = desk_options();
	struct vnm_endpoint at = desk_at(1);
	struct vnm_poll_config *c;
	struct desk k;
	uint32_t most = 0;

	begin(&k, 2);
	access.in_flight = 5;
	c = desk_config(&k, &o, &access, sorts, VNM_ARRAY_LEN(sorts), 1, 2);
	vnm_poller_configure(k.poller, c, k.now_ns);
	vnm_poll_config_leave(c);
	desk_run(&k, DESK_MS);
	vnm_poller_demand(k.poller, &at.addr, k.now_ns); /* before anything is known of it */
	for (unsigned n = 0; n < 500; n++) {
		desk_run(&k, DESK_MS);
		most = k.packet_n > most ? k.packet_n : most;
	}
	CU_ASSERT_EQUAL(most, 3); /* interfaces, one of LLDP's, entities */
	CU_ASSERT_EQUAL(k.walks, VNM_ARRAY_LEN(sorts));
	desk_close(&k);
}

static void
test_restart(void)
{
	const struct vnm_poll_access access = desk_access();
	struct desk k;
	uint64_t walks;

	begin_both(&k, &access);
	desk_run(&k, 300 * DESK_S);
	walks = k.walks;
	k.devices[0].agent.boot_ns = k.now_ns - 5 * DESK_S;
	desk_run(&k, 62 * DESK_S);
	CU_ASSERT_EQUAL(k.events[VNM_POLL_RESTARTED], 1);
	CU_ASSERT(k.walks - walks >= 3); /* its turn, and then all of it */
	desk_run(&k, 600 * DESK_S);
	CU_ASSERT_EQUAL(k.events[VNM_POLL_RESTARTED], 1);
	desk_close(&k);
}

/* An uptime that comes round its end after 497 days is no restart. */
static void
test_uptime(void)
{
	CU_ASSERT_EQUAL(vnm_uptime_compare(UINT32_MAX - 100, 5900, 60 * DESK_S), VNM_UPTIME_ON);
	CU_ASSERT_EQUAL(vnm_uptime_compare(100000, 106010, 60 * DESK_S), VNM_UPTIME_ON);
	CU_ASSERT_EQUAL(vnm_uptime_compare(100000, 200, 60 * DESK_S), VNM_UPTIME_RESTARTED);
	CU_ASSERT_EQUAL(vnm_uptime_compare(1000, 5000, 3600 * DESK_S), VNM_UPTIME_RESTARTED);
	CU_ASSERT_EQUAL(vnm_uptime_compare(100000, 900000, 60 * DESK_S), VNM_UPTIME_ODD);
	/* A machine that went on from a copy of its memory. */
	CU_ASSERT_EQUAL(vnm_uptime_compare(900000, 100000, 60 * DESK_S), VNM_UPTIME_RESTARTED);
	/* Two answers that overtook each other; and one that restarts every half minute. */
	CU_ASSERT_EQUAL(vnm_uptime_compare(100000, 99998, 10 * DESK_MS), VNM_UPTIME_ODD);
	CU_ASSERT_EQUAL(vnm_uptime_compare(3000, 2900, 31 * DESK_S), VNM_UPTIME_RESTARTED);
	CU_ASSERT_EQUAL(vnm_uptime_compare(100000, 100000, 60 * DESK_S), VNM_UPTIME_ODD);
}

/* ---- discovery
 * ----------------------------------------------------------------------------------------- */

static void
test_search(void)
{
	const struct vnm_poll_access access = desk_access();
	struct vnm_poll_options o = desk_options();
	struct vnm_poll_config *c;
	struct desk k;
	struct vnm_err err;
	uint64_t asked = 0;

	begin(&k, 512);
	for (uint32_t i = 0; i < 512; i++)
		k.devices[i].dead = i % 5 != 0;
	CU_ASSERT_EQUAL_FATAL(vnm_option_set(vnm_option_find(vnm_poll_options, "discover"), &o,
				  "10.0.0.0/24,10.0.1.0/25", &err),
	    0);
	c = desk_config(&k, &o, &access, interfaces, 1, 0, 3);
	vnm_poller_configure(k.poller, c, k.now_ns);
	vnm_poll_config_leave(c);
	desk_run(&k, 10 * DESK_S);
	for (uint32_t i = 3; i < 512; i++)
		asked += k.devices[i].requests;
	CU_ASSERT(asked <= 10 * 10 + 60); /* at its rate; those that were found have turns */
	desk_run(&k, 120 * DESK_S);
	/* One in five of 2 to 254 and of 257 to 382, and the one that was configured. */
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_found], 50 + 25);
	CU_ASSERT_EQUAL(k.events[VNM_POLL_FOUND], 50 + 25);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices], 3 + 50 + 25);
	for (uint32_t i = 384; i < 512; i++)
		CU_ASSERT_EQUAL_FATAL(k.devices[i].requests, 0);
	CU_ASSERT_EQUAL(k.devices[7].requests, 1);
	poll_fleet(&k, 0, 3, &access); /* without a search those that were found go */
	desk_run(&k, DESK_S);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices], 3);
	desk_close(&k);
}

/* Devices 0 to end - 1 are named, and a search is made among the first eight addresses. */
static void
search_eight(struct desk *k, uint32_t end, uint32_t most)
{
	const struct vnm_poll_access access = desk_access();
	struct vnm_poll_options o = desk_options();
	struct vnm_poll_config *c;
	struct vnm_err err;

	o.discover_devices = most;
	CU_ASSERT_EQUAL_FATAL(
	    vnm_option_set(vnm_option_find(vnm_poll_options, "discover"), &o, "10.0.0.0/29", &err),
	    0);
	c = desk_config(k, &o, &access, interfaces, 1, 0, end);
	vnm_poller_configure(k->poller, c, k->now_ns);
	vnm_poll_config_leave(c);
}

/* A device that a search found is named later: it is not forgotten when it is dead for long. */
static void
test_search_named(void)
{
	struct desk k;

	begin(&k, 8);
	search_eight(&k, 0, 8);
	desk_run(&k, 10 * DESK_S);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices], 6); /* 1 to 6 */
	search_eight(&k, 3, 8);
	desk_run(&k, DESK_S);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices], 7);
	for (uint32_t i = 0; i < 8; i++)
		k.devices[i].dead = true;
	desk_run(&k, 24 * 3600 * DESK_S);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices], 3);
	desk_close(&k);
}

/* Answers of more devices than may be found: they are not polled, and that is counted. */
static void
test_search_full(void)
{
	struct desk k;

	begin(&k, 8);
	k.delay_ns = 900 * DESK_MS; /* all are asked before one answers */
	search_eight(&k, 0, 4);
	desk_run(&k, 5 * DESK_S);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices], 4);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices_refused], 2);
	desk_close(&k);
}

/* A configuration goes while questions of its search are open. */
static void
test_search_ends(void)
{
	const struct vnm_poll_access access = desk_access();
	struct vnm_poll_options o = desk_options();
	struct vnm_poll_config *c;
	struct desk k;
	struct vnm_err err;

	begin(&k, 64);
	for (uint32_t i = 0; i < 64; i++)
		k.devices[i].dead = i % 2 != 0;
	CU_ASSERT_EQUAL_FATAL(
	    vnm_option_set(vnm_option_find(vnm_poll_options, "discover"), &o, "10.0.0.0/26", &err),
	    0);
	c = desk_config(&k, &o, &access, interfaces, 1, 0, 0);
	vnm_poller_configure(k.poller, c, k.now_ns);
	vnm_poll_config_leave(c);
	desk_run(&k, 3 * DESK_S + 110 * DESK_MS);
	CU_ASSERT(k.counters.v[VNM_C_poll_found] > 5);
	vnm_poller_configure(k.poller, NULL, k.now_ns);
	desk_run(&k, 10 * DESK_S);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices], 0);
	desk_close(&k);
}

static void
test_share(void)
{
	uint32_t of[4] = {0};
	struct vnm_addr a;

	for (uint32_t i = 0; i < 4000; i++)
		of[vnm_poll_share(&(struct vnm_endpoint){desk_at(i).addr, 0}.addr, 4)]++;
	for (unsigned i = 0; i < 4; i++)
		CU_ASSERT(of[i] > 500);
	CU_ASSERT_TRUE_FATAL(vnm_addr_parse(&a, "2001:db8::1"));
	CU_ASSERT(vnm_poll_share(&a, 3) < 3);
	/* The group's plans and slots are the module's: free what all tests share. */
	agent_free(&mib);
}

/* Two thousand wait for the one slot that there is, and then there are two thousand slots. */
static void
test_crowd(void)
{
	struct vnm_poll_access access = desk_access();
	struct vnm_poll_options o = desk_options();
	struct vnm_poll_config *c;
	struct desk k;

	begin(&k, FLEET);
	k.delay_ns = 10 * DESK_S;
	access.timeout_ns = 60 * DESK_S;
	o.in_flight = 1;
	c = desk_config(&k, &o, &access, interfaces, 1, 0, FLEET);
	vnm_poller_configure(k.poller, c, k.now_ns);
	vnm_poll_config_leave(c);
	desk_run(&k, 61 * DESK_S);
	CU_ASSERT(k.rows < 100);
	k.sends_most = 0;
	o = desk_options();
	o.in_flight = FLEET;
	c = desk_config(&k, &o, &access, interfaces, 1, 0, FLEET);
	vnm_poller_configure(k.poller, c, k.now_ns);
	vnm_poll_config_leave(c);
	desk_run(&k, 2 * DESK_S);
	CU_ASSERT(k.packet_n > FLEET - 10); /* all have been asked */
	CU_ASSERT(k.sends_most <= 2 * 64);
	desk_run(&k, 120 * DESK_S);
	CU_ASSERT(k.rows >= FLEET * 6);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_timeouts], 0);
	desk_close(&k);
}

/* Whoever makes records needs several calls for the end of a walk: the turn ends with the last. */
static void
test_long_ends(void)
{
	const struct vnm_poll_access access = desk_access();
	struct desk k;

	begin(&k, 3);
	poll_fleet(&k, 0, 3, &access);
	k.ends_left = 100;
	desk_run(&k, 61 * DESK_S);
	CU_ASSERT_EQUAL(k.ends_more, 100);
	CU_ASSERT(k.walks >= 3 && k.walks <= 2 * 3);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_walks], k.walks);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_turns], k.walks);
	CU_ASSERT_EQUAL(k.rows, k.walks * 6);
	desk_close(&k);
}

CU_TestInfo suite_poll_fleet[] = {{"the dead", test_dead}, {"an outage", test_outage},
    {"bounds", test_bounds}, {"spread", test_spread}, {"slots", test_slots},
    {"paused", test_paused}, {"topology alone", test_topology_alone}, {"a gap", test_gap},
    {"a crowd", test_crowd}, {"long ends", test_long_ends}, {"another configuration", test_reload},
    {"another name", test_renamed}, {"on demand", test_demand},
    {"on demand of the dead", test_demand_dead}, {"tables at a time", test_at_a_time},
    {"restart", test_restart}, {"uptime", test_uptime}, {"discovery", test_search},
    {"found and named", test_search_named}, {"too many found", test_search_full},
    {"discovery ends", test_search_ends}, {"shares", test_share}, CU_TEST_INFO_NULL};
