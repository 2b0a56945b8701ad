/*
 * Interfaces of polled devices in records: rates, wraps against resets, who an interface is. What
 * must come is worked out here by hand from what the agents say, or is what IF-MIB has.
 */
#include "rows_desk.h"

enum verdict { RATE, RESET, SILENT };

/* Two readings, and what must come of them. `bps` is of the inbound direction. */
static void
judge(const struct rows_reading *before, const struct rows_reading *now, enum verdict verdict,
    double bps)
{
	const struct vnm_record *r = &rows.last;
	bool has = false;

	rows_open();
	rows_interface(before);
	CU_ASSERT_FALSE(VNM_HAS(r, interface, counter_reset));
	CU_ASSERT_FALSE(VNM_HAS(r, interface, in_bps));
	rows_interface(now);
	has = VNM_HAS(r, interface, counter_reset) && r->interface.counter_reset;
	CU_ASSERT_EQUAL(has, verdict == RESET);
	CU_ASSERT_EQUAL(VNM_HAS(r, interface, in_bps), verdict == RATE);
	CU_ASSERT_EQUAL(r->interface.in_octets, now->in); /* as it is, whatever is made of it */
	if (verdict == RATE)
		CU_ASSERT_DOUBLE_EQUAL(r->interface.in_bps, bps, bps * 1e-9 + 1e-9);
	rows_close();
}

static void
test_rates(void)
{
	struct rows_reading a = {
	    .name = "e", .if_index = 1, .in = 1000, .out = 5, .uptime = 10000, .mbps = 1000};
	struct rows_reading b = a;

	a.wide = b.wide = true;
	b.in += 7500000;
	b.uptime += 6000; /* the agent's minute, */
	b.at_s = 61;	  /* which is a second longer for us */
	judge(&a, &b, RATE, 1e6);
	CU_ASSERT_EQUAL(rows.last.interface.interval_ns, 60 * S);
	CU_ASSERT_DOUBLE_EQUAL(rows.last.interface.in_utilization, 0.001, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(rows.last.interface.out_bps, 0, 1e-12);
	/* Without the agent's clock by ours. */
	a.no_uptime = b.no_uptime = true;
	judge(&a, &b, RATE, 7500000 * 8 / 61.0);
	/* Our machine has its time of day set meanwhile: neither clock went further for that. */
	b.leap_s = 86400;
	judge(&a, &b, RATE, 7500000 * 8 / 61.0);
	a.no_uptime = b.no_uptime = false;
	judge(&a, &b, RATE, 1e6);
	b.leap_s = 0;
	/* The agent's uptime comes round its end. */
	a.no_uptime = b.no_uptime = false;
	a.uptime = UINT32_MAX - 999;
	b.uptime = 5000;
	judge(&a, &b, RATE, 1e6);
}

static void
test_resets(void)
{
	struct rows_reading a = {
	    .name = "e", .if_index = 1, .in = 4294960000U, .uptime = 1000000, .mbps = 1000};
	struct rows_reading b = a;

	b.uptime += 1000; /* ten seconds: at 1 Gbit/s 1.25e9 octets at the most */
	b.at_s = 10;
	b.in = 992704; /* 2^32 - 4294960000 + 992704 = 1000000 octets */
	judge(&a, &b, RATE, 800000);
	b.in = 3000000000U; /* a wrap would be 3e9 octets */
	judge(&a, &b, RESET, 0);
	b.in = 992704;
	b.discontinuity = 999990; /* it says so */
	judge(&a, &b, RESET, 0);
	a.discontinuity = 5;
	b.no_discontinuity = true; /* it says nothing this time */
	judge(&a, &b, RATE, 800000);
	b.no_discontinuity = false;
	a.discontinuity = 0;
	b.discontinuity = 0;
	b.uptime = 300; /* it restarted, and does not say so */
	judge(&a, &b, RESET, 0);
	b.in = 4294965000U; /* restarted, and the counter happens to be greater */
	judge(&a, &b, RESET, 0);
	/* 64 bits never wrap. */
	a.wide = b.wide = true;
	b.uptime = a.uptime + 1000;
	b.in = 5000;
	judge(&a, &b, RESET, 0);
	a.in = UINT64_MAX - 10;
	judge(&a, &b, RESET, 0);
	/* A leap that no interface can make. */
	a.in = 1000;
	b.in = UINT64_C(1) << 60;
	judge(&a, &b, RESET, 0);
	/* Where a 32-bit counter wraps several times between two readings, nobody knows. */
	a.wide = b.wide = false;
	a.mbps = b.mbps = 10000;
	b.in = 2000;
	judge(&a, &b, SILENT, 0);
	b.in = 500; /* nor whether it began anew */
	judge(&a, &b, SILENT, 0);
}

static void
test_silent(void)
{
	struct rows_reading a = {.name = "e",
	    .if_index = 1,
	    .in = 1000,
	    .out = 1000,
	    .uptime = 1000000,
	    .mbps = 1000,
	    .wide = true};
	struct rows_reading b = a;

	b.in = 2000;
	b.at_s = 60; /* an agent whose clock stands still */
	judge(&a, &b, SILENT, 0);
	b.uptime += 600000; /* one whose clock runs away */
	judge(&a, &b, SILENT, 0);
	/* All bits set says that it is not known. */
	b.uptime = a.uptime + 6000;
	b.in = UINT64_MAX;
	rows_open();
	rows_interface(&a);
	rows_interface(&b);
	CU_ASSERT_FALSE(VNM_HAS(&rows.last, interface, in_octets));
	CU_ASSERT_FALSE(VNM_HAS(&rows.last, interface, in_bps));
	CU_ASSERT_FALSE(rows.last.interface.counter_reset);
	CU_ASSERT(VNM_HAS(&rows.last, interface, out_bps));
	rows_close();
}

/* After a reset the next reading has a rate again: the new beginning is taken. */
static void
test_seed(void)
{
	struct rows_reading r = {.name = "e",
	    .if_index = 1,
	    .in = UINT64_C(1) << 50,
	    .uptime = 1000000,
	    .mbps = 1000,
	    .wide = true};

	rows_open();
	rows_interface(&r);
	r.in = 100;
	r.uptime = 1000;
	r.at_s = 60;
	rows_interface(&r);
	CU_ASSERT_TRUE(rows.last.interface.counter_reset);
	r.in += 750;
	r.uptime += 6000;
	r.at_s = 120;
	rows_interface(&r);
	CU_ASSERT_FALSE(rows.last.interface.counter_reset);
	CU_ASSERT_DOUBLE_EQUAL(rows.last.interface.in_bps, 100, 1e-9);
	rows_close();
}

/* An interface is who has its name, also when a new one takes its number. */
static void
test_identity(void)
{
	struct rows_reading a = {
	    .name = "eth0", .if_index = 1, .in = 1000, .uptime = 10000, .mbps = 1000, .wide = true};
	struct rows_reading b = a;

	rows_open();
	b.name = "eth1";
	b.if_index = 2;
	b.in = 900000;
	b.not_first = true;
	rows_interface(&a);
	rows_interface(&b);
	CU_ASSERT_FALSE(
	    vnm_poll_end(rows.state, &rows.plans[VNM_PLAN_interfaces], true, &rows.out));
	a.if_index = 2; /* they change places */
	b.if_index = 1;
	a.uptime = b.uptime = 16000;
	a.at_s = b.at_s = 60;
	a.in += 7500;
	b.in += 75000;
	rows_interface(&a);
	CU_ASSERT_DOUBLE_EQUAL(rows.last.interface.in_bps, 1000, 1e-9);
	rows_interface(&b);
	CU_ASSERT_DOUBLE_EQUAL(rows.last.interface.in_bps, 10000, 1e-9);
	CU_ASSERT_STRING_EQUAL(rows.name, "eth1");
	CU_ASSERT_FALSE(
	    vnm_poll_end(rows.state, &rows.plans[VNM_PLAN_interfaces], true, &rows.out));
	CU_ASSERT_EQUAL(rows.state->reading_n, 2);
	/* One that goes is forgotten with the next whole walk. */
	a.uptime += 6000;
	rows_interface(&a);
	CU_ASSERT_FALSE(
	    vnm_poll_end(rows.state, &rows.plans[VNM_PLAN_interfaces], true, &rows.out));
	CU_ASSERT_EQUAL(rows.state->reading_n, 1);
	rows_close();
}

/* Two interfaces of one name: their numbers tell them apart, after the first walk. */
static void
test_shared(void)
{
	struct rows_reading a = {
	    .name = "port", .if_index = 1, .in = 1000, .uptime = 10000, .wide = true};
	struct rows_reading b = {.name = "port",
	    .if_index = 2,
	    .in = 5000000,
	    .uptime = 10000,
	    .wide = true,
	    .not_first = true};

	rows_open();
	for (unsigned walk = 0; walk < 5; walk++) {
		rows_interface(&a);
		if (walk >= 2)
			CU_ASSERT_DOUBLE_EQUAL(rows.last.interface.in_bps, 80, 1e-9);
		rows_interface(&b);
		CU_ASSERT_FALSE(VNM_HAS(&rows.last, interface, counter_reset) &&
				rows.last.interface.counter_reset);
		if (walk >= 2)
			CU_ASSERT_DOUBLE_EQUAL(rows.last.interface.in_bps, 160, 1e-9);
		CU_ASSERT_FALSE(
		    vnm_poll_end(rows.state, &rows.plans[VNM_PLAN_interfaces], true, &rows.out));
		a.in += 600;
		b.in += 1200;
		a.uptime = b.uptime = a.uptime + 6000;
		a.at_s = b.at_s = a.at_s + 60;
	}
	rows_close();
}

CU_TestInfo suite_poll_rows[] = {{"rates", test_rates}, {"wraps and resets", test_resets},
    {"no rates", test_silent}, {"a new beginning", test_seed}, {"identity", test_identity},
    {"shared names", test_shared}, CU_TEST_INFO_NULL};
