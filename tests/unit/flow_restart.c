/*
 * decoders/flow_save.c and what domain.c makes of restored templates: they serve over a restart
 * of vnmcd, and not over one of the exporter.
 */
#include "flow_desk.h"

#include "base/alloc.h"

#define UPTIME_MS 5000000U

/* NetFlow v9 of that uptime; an IPFIX message has its sequence instead. */
static struct pen
pen_begin(bool v9, uint32_t uptime_ms, uint32_t sequence)
{
	struct pen w = {.n = 0};

	if (!v9) {
		w = pen_ipfix(1);
		w.n = 8;
		pen_put(&w, sequence, 4);
		w.n = 16;
		return w;
	}
	PUT16(&w, 9, 1);
	pen_put(&w, uptime_ms, 4);
	pen_put(&w, NOW_NS / VNM_NS_PER_S, 4);
	pen_put(&w, sequence, 4);
	pen_put(&w, 1, 4);
	return w;
}

static void
pen_end(struct desk *k, struct pen *w)
{
	pen_end_set(w);
	if (w->p[1] == 10)
		pen_send(k, w);
	else
		desk_give(k, w->p, w->n);
}

/* Template 256: source and destination port. */
static void
send_template(struct desk *k, bool v9, uint32_t uptime_ms, uint32_t sequence)
{
	struct pen w = pen_begin(v9, uptime_ms, sequence);

	pen_begin_set(&w, v9 ? 0 : 2);
	PUT16(&w, 256, 2, 7, 2, 11, 2);
	pen_end(k, &w);
}

static bool
is_decoded(struct desk *k, bool v9, uint32_t uptime_ms, uint32_t sequence)
{
	struct pen w = pen_begin(v9, uptime_ms, sequence);

	pen_begin_set(&w, 256);
	PUT16(&w, 1111, 2222);
	pen_end(k, &w);
	return k->count == 1 && k->got[0].flow.dst_port == 2222;
}

/* Another vnmcd that has what this one saved. */
static struct desk *
restarted(struct desk *k)
{
	struct desk *after = desk_new();
	struct vnm_buffer b = {0};

	CU_ASSERT_TRUE_FATAL(k->x.decoder->save(&k->x, &b));
	struct vnm_reader r = vnm_reader_of(b.p, b.n);
	CU_ASSERT_EQUAL(after->x.decoder->load(&after->x, &r, &after->counters), 0);
	vnm_buffer_free(&b);
	return after;
}

static void
test_served(void)
{
	struct desk *before = desk_new();

	send_template(before, false, 0, 0);
	CU_ASSERT_TRUE(before->x.dirty);
	struct desk *after = restarted(before);
	CU_ASSERT_EQUAL(after->counters.v[VNM_C_templates], 1);
	CU_ASSERT_TRUE(is_decoded(after, false, 0, 0));
	desk_free(before);
	desk_free(after);
}

/* Whatever a damaged file holds, nothing breaks and nothing leaks. */
static void
test_damaged_state(void)
{
	struct desk *k = desk_new();
	struct vnm_buffer b = {0};

	send_template(k, false, 0, 0);
	CU_ASSERT_TRUE_FATAL(k->x.decoder->save(&k->x, &b));
	for (size_t n = 0; n < b.n; n++) {
		struct desk *other = desk_new();
		struct vnm_reader r = vnm_reader_of(b.p, n);
		CU_ASSERT_EQUAL(other->x.decoder->load(&other->x, &r, &other->counters), -1);
		desk_free(other);
	}
	desk_free(k);
	vnm_buffer_free(&b);
}

/*
 * An exporter that repeats its templates every minute, and a vnmcd that restarts after a day of
 * it: what was saved must not look a day old.
 */
static void
test_refreshes_are_saved(void)
{
	const uint64_t minute = 60 * VNM_NS_PER_S;
	struct desk *k = desk_new(), *saved = NULL;

	for (unsigned i = 0; i < 24 * 60; i++) {
		send_template(k, false, 0, 0);
		k->rx_ns += minute;
		if (!k->x.dirty)
			continue;
		k->x.dirty = false; /* as the daemon saves it */
		if (saved != NULL)
			desk_free(saved);
		saved = restarted(k);
	}
	saved->rx_ns = k->rx_ns;
	desk_tick(saved, saved->rx_ns, false);
	CU_ASSERT_TRUE(is_decoded(saved, false, 0, 0));
	desk_tick(saved, saved->rx_ns + 40 * minute, false);
	CU_ASSERT_EQUAL(saved->counters.v[VNM_C_templates_expired], 1);
	desk_free(k);
	desk_free(saved);
}

/* The time between two runs of vnmcd is no interval between two refreshes. */
static void
test_absence_is_no_interval(void)
{
	const uint64_t minute = 60 * VNM_NS_PER_S;
	struct desk *k = desk_new();

	send_template(k, false, 0, 0);
	k->rx_ns += minute;
	send_template(k, false, 0, 0);
	struct desk *after = restarted(k);
	after->rx_ns = k->rx_ns + 600 * minute;
	send_template(after, false, 0, 0);
	desk_tick(after, after->rx_ns + 29 * minute, false);
	CU_ASSERT_EQUAL(after->counters.v[VNM_C_templates], 1);
	desk_tick(after, after->rx_ns + 31 * minute, false);
	CU_ASSERT_EQUAL(after->counters.v[VNM_C_templates], 0);
	desk_free(k);
	desk_free(after);
}

/* The exporter began anew while vnmcd was away: its first message tells, from whatever port. */
static void
test_exporter_began_anew(void)
{
	static const struct {
		bool v9;
		uint32_t uptime_ms, sequence;
		bool decoded;
	} rows[] = {
	    {true, UPTIME_MS + 3600000, 900, true},
	    {true, UPTIME_MS + 3600000 - 4000, 1, true}, /* a clock a little slow */
	    {true, 20000, 3, false},
	    {true, UPTIME_MS + 20000, 3, false}, /* it has been up for longer than before */
	    {false, 0, 1000000, true},
	    {false, 0, 5000 - 50, true}, /* late messages */
	    {false, 0, 12, false},
	};

	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		for (uint16_t port = 4000; port < 4002; port++) {
			struct desk *k = desk_new();
			send_template(k, rows[i].v9, UPTIME_MS, 5000);
			struct desk *idle = restarted(k); /* which heard nothing */
			struct desk *after = restarted(idle);
			desk_free(idle);
			after->rx_ns = NOW_NS + 3600 * VNM_NS_PER_S;
			after->port = port;
			CU_ASSERT_EQUAL(
			    is_decoded(after, rows[i].v9, rows[i].uptime_ms, rows[i].sequence),
			    rows[i].decoded);
			desk_free(k);
			desk_free(after);
		}
	}
}

CU_TestInfo suite_flow_restart[] = {{"served", test_served}, {"damaged state", test_damaged_state},
    {"refreshes are saved", test_refreshes_are_saved},
    {"absence is no interval", test_absence_is_no_interval},
    {"exporter began anew", test_exporter_began_anew}, CU_TEST_INFO_NULL};
