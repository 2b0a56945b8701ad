/*
 * decoders/sequence.c: the numbers are those that an exporter would send; what was taken away,
 * moved or doubled is known, so the verdicts and sums are too.
 */
#include "unit.h"

#include "base/clock.h"
#include "decoders/sequence.h"

struct heard {
	struct vnm_out out;
	struct vnm_record record;
	struct vnm_counters counters;
	unsigned reports;
	char cause[32];
	uint64_t lost, expected, got;
};

static struct heard heard;

static void
hear(struct vnm_out *out)
{
	const struct vnm_record *r = out->rec;

	heard.reports++;
	CU_ASSERT_EQUAL(r->kind_id, VNM_KIND_visibility);
	memcpy(heard.cause, r->visibility.cause.p, r->visibility.cause.n);
	heard.cause[r->visibility.cause.n] = '\0';
	heard.lost = VNM_HAS(r, visibility, lost) ? r->visibility.lost : 0;
	heard.expected = VNM_HAS(r, visibility, expected) ? r->visibility.expected : 0;
	heard.got = r->visibility.got;
}

static void
begin(void)
{
	memset(&heard, 0, sizeof(heard));
	heard.out = (struct vnm_out){.rec = &heard.record,
	    .counters = &heard.counters,
	    .records_left = UINT32_MAX,
	    .emit = hear};
}

static uint64_t
at(uint32_t ms)
{
	return 1700000000 * VNM_NS_PER_S + ms * VNM_NS_PER_MS;
}

static enum vnm_sequence_verdict
send(struct vnm_sequence *s, uint32_t seq, uint32_t units, uint32_t ms)
{
	struct vnm_sequence_message m = {.seq = seq, .units = units, .rx_ns = at(ms)};

	return vnm_sequence_next(s, &m);
}

static enum vnm_sequence_verdict
send_up(struct vnm_sequence *s, uint32_t seq, uint32_t uptime_ms, uint32_t ms)
{
	struct vnm_sequence_message m = {seq, 1, true, uptime_ms, at(ms)};

	return vnm_sequence_next(s, &m);
}

static void
tick(struct vnm_sequence *s, uint32_t ms, bool final)
{
	vnm_sequence_tick(s, at(ms), final, VNM_STR("messages"), &heard.out);
}

static void
test_in_order(void)
{
	struct vnm_sequence s = {0};

	begin();
	CU_ASSERT_EQUAL(send(&s, UINT32_MAX - 1, 1, 0), VNM_SEQUENCE_FIRST);
	CU_ASSERT_EQUAL(send(&s, UINT32_MAX, 1, 1), VNM_SEQUENCE_IN_ORDER);
	CU_ASSERT_EQUAL(send(&s, 0, 1, 2), VNM_SEQUENCE_IN_ORDER);
	CU_ASSERT_EQUAL(send(&s, 1, 1, 3), VNM_SEQUENCE_IN_ORDER);
	tick(&s, 20000, true);
	CU_ASSERT_EQUAL(heard.reports, 0);
	CU_ASSERT_EQUAL(heard.counters.v[VNM_C_sequence_lost], 0);
}

static void
test_loss(void)
{
	struct vnm_sequence s = {0};

	begin();
	send(&s, 4294967290u, 30, 0);
	CU_ASSERT_EQUAL(send(&s, 24 + 60, 30, 1), VNM_SEQUENCE_GAP); /* two of 30 lost, a wrap */
	tick(&s, 5000, false);
	CU_ASSERT_EQUAL(heard.reports, 0); /* not yet ten seconds */
	tick(&s, 10001, false);
	CU_ASSERT_EQUAL(heard.reports, 1);
	CU_ASSERT_STRING_EQUAL(heard.cause, "sequence-gap");
	CU_ASSERT_EQUAL(heard.lost, 60);
	CU_ASSERT_EQUAL(heard.got, 60);
	CU_ASSERT_EQUAL(heard.expected, 120);
	CU_ASSERT_EQUAL(heard.counters.v[VNM_C_sequence_lost], 60);
	tick(&s, 30000, true);
	CU_ASSERT_EQUAL(heard.reports, 1); /* said once */
}

static void
test_reordered(void)
{
	struct vnm_sequence s = {0};

	begin();
	send(&s, 100, 10, 0);
	CU_ASSERT_EQUAL(send(&s, 140, 10, 1), VNM_SEQUENCE_GAP);
	CU_ASSERT_EQUAL(send(&s, 120, 10, 2), VNM_SEQUENCE_LATE);
	CU_ASSERT_EQUAL(send(&s, 110, 10, 3), VNM_SEQUENCE_LATE);
	CU_ASSERT_EQUAL(send(&s, 130, 10, 4), VNM_SEQUENCE_LATE);
	CU_ASSERT_EQUAL(send(&s, 130, 10, 5), VNM_SEQUENCE_DUPLICATE);
	CU_ASSERT_EQUAL(send(&s, 150, 10, 6), VNM_SEQUENCE_IN_ORDER);
	tick(&s, 20000, true);
	CU_ASSERT_EQUAL(heard.reports, 0);
	CU_ASSERT_EQUAL(heard.counters.v[VNM_C_sequence_lost], 0);
	CU_ASSERT_EQUAL(heard.counters.v[VNM_C_sequence_reordered], 3);
}

static void
test_partly_late(void)
{
	struct vnm_sequence s = {0};

	begin();
	send(&s, 1, 1, 0);
	send(&s, 6, 1, 1); /* 2 to 5 are missing */
	CU_ASSERT_EQUAL(send(&s, 3, 1, 2), VNM_SEQUENCE_LATE);
	tick(&s, 15000, true);
	CU_ASSERT_EQUAL(heard.lost, 3);
	CU_ASSERT_EQUAL(heard.got, 3);
}

static void
test_every_message_twice(void)
{
	struct vnm_sequence s = {0};

	begin();
	for (uint32_t i = 0; i < 200; i++) {
		send(&s, i, 1, 2 * i);
		CU_ASSERT_EQUAL(send(&s, i, 1, 2 * i + 1), VNM_SEQUENCE_DUPLICATE);
	}
	tick(&s, 20000, true);
	CU_ASSERT_EQUAL(heard.reports, 0);
}

static void
test_restart_by_number(void)
{
	struct vnm_sequence s = {0};

	begin();
	send(&s, 500000, 1, 0);
	CU_ASSERT_EQUAL(send(&s, 1, 1, 1), VNM_SEQUENCE_RESTART);
	CU_ASSERT_EQUAL(send(&s, 2, 1, 2), VNM_SEQUENCE_IN_ORDER);
	tick(&s, 1000, false);
	CU_ASSERT_EQUAL(heard.reports, 1);
	CU_ASSERT_STRING_EQUAL(heard.cause, "restart");
	CU_ASSERT_EQUAL(heard.lost, 0);
	CU_ASSERT_EQUAL(heard.counters.v[VNM_C_exporter_restarts], 1);
	CU_ASSERT_EQUAL(send(&s, 5000003, 1, 3), VNM_SEQUENCE_RESTART); /* too far ahead */
}

static void
test_restart_soon_after_start(void)
{
	struct vnm_sequence s = {0};
	enum vnm_sequence_verdict verdict = VNM_SEQUENCE_FIRST;

	begin();
	for (uint32_t i = 0; i < 40; i++)
		send(&s, i, 1, i);
	for (uint32_t i = 0; i < 10 && verdict != VNM_SEQUENCE_RESTART; i++)
		verdict = send(&s, i, 1, 100 + i);
	CU_ASSERT_EQUAL(verdict, VNM_SEQUENCE_RESTART);
}

static void
test_uptime(void)
{
	struct vnm_sequence s = {0};

	begin();
	send_up(&s, 100, 4294967000u, 0);
	/* An uptime that wraps is no restart, and what is missing is lost. */
	CU_ASSERT_EQUAL(send_up(&s, 105, 704, 1000), VNM_SEQUENCE_GAP);
	CU_ASSERT_EQUAL(send_up(&s, 106, 1704, 2000), VNM_SEQUENCE_IN_ORDER);
	/* Nor is a leap of the numbers a loss when the uptime began anew with it. */
	CU_ASSERT_EQUAL(send_up(&s, 107, 100000, 100300), VNM_SEQUENCE_IN_ORDER);
	CU_ASSERT_EQUAL(send_up(&s, 150, 20000, 130300), VNM_SEQUENCE_RESTART);
	CU_ASSERT_EQUAL(send_up(&s, 1, 3000, 160300), VNM_SEQUENCE_RESTART);
	tick(&s, 170000, true);
	CU_ASSERT_EQUAL(heard.counters.v[VNM_C_sequence_lost], 4);
	CU_ASSERT_EQUAL(heard.counters.v[VNM_C_exporter_restarts], 2);
}

static void
test_resync_and_excuse(void)
{
	struct vnm_sequence s = {0};

	begin();
	send(&s, 10, 5, 0);
	send(&s, 15, 0, 1); /* holds nobody knows how many */
	vnm_sequence_resync(&s);
	CU_ASSERT_EQUAL(send(&s, 33, 2, 2), VNM_SEQUENCE_FIRST);
	CU_ASSERT_EQUAL(send(&s, 38, 2, 3), VNM_SEQUENCE_GAP);
	vnm_sequence_excuse(&s);
	tick(&s, 20000, true);
	CU_ASSERT_EQUAL(heard.reports, 0);
}

/* What softflowd 1.1.0 sends: (sequence number, records) of one capture of each sort. */
static void
test_numbers_that_count_in(void)
{
	static const uint32_t uniflow[][2] = {{20, 20}, {44, 24}, {66, 22}, {89, 23}, {98, 9}};
	static const uint32_t biflow[][2] = {{11, 11}, {27, 16}, {44, 17}, {55, 11}};
	struct vnm_sequence s = {0}, t = {0};

	begin();
	for (uint32_t i = 0; i < VNM_ARRAY_LEN(uniflow); i++)
		send(&s, uniflow[i][0], uniflow[i][1], i * 1000);
	for (uint32_t i = 0; i < VNM_ARRAY_LEN(biflow); i++)
		send(&t, biflow[i][0], biflow[i][1], i * 1000);
	tick(&s, 20000, true);
	tick(&t, 20000, true);
	CU_ASSERT_EQUAL(heard.reports, 0);
	CU_ASSERT_EQUAL(send(&s, 98 + 31 + 12, 12, 21000), VNM_SEQUENCE_GAP);
	tick(&s, 30000, true);
	CU_ASSERT_EQUAL(heard.lost, 31);
}

static void
test_nonsense(void)
{
	struct vnm_sequence s = {0};

	begin();
	for (uint32_t i = 0; i < 60; i++) {
		send(&s, i * 7 % 61 * 1000003, 20, i * 100); /* never where it should be */
		tick(&s, i * 100, false);
	}
	CU_ASSERT_TRUE(s.unreliable);
	tick(&s, 30000, false);
	CU_ASSERT_STRING_EQUAL(heard.cause, "sequence-unreliable");
	CU_ASSERT_EQUAL(heard.lost, 0);
	heard.reports = 0;
	for (uint32_t i = 0; i < 20; i++)
		send(&s, i * 7 % 61 * 1000003, 20, 31000 + i);
	tick(&s, 60000, true);
	CU_ASSERT_EQUAL(heard.reports, 0); /* said once */
	for (uint32_t i = 0; i < 100; i++)
		send(&s, i, 1, 61000 + i);
	CU_ASSERT_FALSE(s.unreliable); /* and forgiven */
}

CU_TestInfo suite_sequence[] = {{"in order, with a wrap", test_in_order}, {"loss", test_loss},
    {"reordered", test_reordered}, {"a gap closed in part", test_partly_late},
    {"every message twice", test_every_message_twice},
    {"restart by number", test_restart_by_number},
    {"restart soon after the start", test_restart_soon_after_start}, {"uptime", test_uptime},
    {"resync and excuse", test_resync_and_excuse},
    {"numbers that count the message in", test_numbers_that_count_in}, {"nonsense", test_nonsense},
    CU_TEST_INFO_NULL};
