/*
 * decoders/bgp_fact.c: what the recorded streams do not show. Sources that end and begin anew,
 * peers of several instances, facts that are not wanted, routes that teach nothing. The streams
 * themselves are compared with what an independent decoder made of them (tests/lib/bmp_facts.py).
 */
#include "flow_desk.h"

#include "decoders/bmp.h"

#define PEER 0xc0000209U /* 192.0.2.9 */
#define MAC 0x020000000001ULL

struct told {
	enum vnm_fact_kind kind;
	bool withdrawn;
	char object[128], source[64], claim[128];
	uint64_t epoch;
	uint32_t values;
};

static struct told told[16];
static unsigned told_count;

static void
copy(char *to, size_t size, struct vnm_str s)
{
	CU_ASSERT_FATAL(s.n < size);
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	to[s.n] = '\0';
}

static void
keep(struct vnm_out *out, const struct vnm_fact *f)
{
	struct told *t = &told[told_count++];

	CU_ASSERT_FATAL(told_count <= 16);
	*t = (struct told){f->kind, f->withdrawn, "", "", "", f->epoch, f->values.n};
	copy(t->object, sizeof(t->object), f->object);
	copy(t->source, sizeof(t->source), f->source);
	copy(t->claim, sizeof(t->claim), f->claim);
	vnm_out_begin(out, VNM_KIND_topology_event); /* as the pipeline does */
}

static struct desk *
open_desk(void)
{
	struct desk *k = desk_new_for("bmp");

	k->session = 7;
	k->out.fact = keep;
	told_count = 0;
	return k;
}

static void
put_peer(struct pen *w, uint8_t message, uint8_t type, uint64_t distinguisher)
{
	*w = (struct pen){.n = 0};
	pen_put(w, 3, 1);
	pen_put(w, 0, 4);
	pen_put(w, message, 1);
	pen_put(w, type, 1);
	pen_put(w, 0, 1);
	pen_put(w, distinguisher, 8);
	pen_put(w, 0, 8);
	pen_put(w, type == VNM_BMP_PEER_LOC_RIB ? 0 : PEER, 8);
	pen_put(w, 65001, 4);
	pen_put(w, PEER, 4);
	pen_put(w, 0, 8);
}

static void
give(struct desk *k, struct pen *w)
{
	for (unsigned i = 0; i < 4; i++)
		w->p[1 + i] = (uint8_t)(w->n >> (24 - 8 * i));
	desk_give(k, w->p, w->n);
}

static void
put_marker(struct pen *w, uint16_t n, uint8_t type)
{
	for (unsigned i = 0; i < 16; i++)
		pen_put(w, 0xff, 1);
	pen_put(w, n, 2);
	pen_put(w, type, 1);
}

static void
peer_up(struct desk *k, uint8_t type, uint64_t distinguisher)
{
	struct pen w;

	put_peer(&w, 3, type, distinguisher);
	pen_put(&w, 0, 8);
	pen_put(&w, 0xc0000201, 8);
	PUT16(&w, 179, 40000);
	for (unsigned i = 0; i < 2; i++) { /* OPENs without capabilities */
		put_marker(&w, 29, 1);
		pen_put(&w, 4, 1);
		PUT16(&w, 65001, 180);
		pen_put(&w, 0xc0000201, 4);
		pen_put(&w, 0, 1);
	}
	give(k, &w);
}

static void
peer_down(struct desk *k)
{
	struct pen w;

	put_peer(&w, 2, 0, 0);
	pen_put(&w, 4, 1);
	give(k, &w);
}

/* The NLRI of a MAC address of `bits` bits: RD 65000:7, label or VNI 5020 << 4. */
static void
put_mac_route(struct pen *w, uint8_t bits)
{
	PUT16(w, 0x0221); /* type 2, 33 octets */
	PUT16(w, 0, 65000);
	pen_put(w, 7, 4);
	pen_put(w, 0, 8); /* no Ethernet segment */
	pen_put(w, 0, 2);
	pen_put(w, 0, 4);
	pen_put(w, bits, 1);
	pen_put(w, MAC, 6);
	pen_put(w, 0, 1);
	pen_put(w, 5020U << 4 | 1, 3);
}

static void
announce(struct desk *k, uint8_t type, uint64_t distinguisher, uint8_t bits)
{
	struct pen w;

	put_peer(&w, 0, type, distinguisher);
	put_marker(&w, 23 + 4 + 7 + 4 + 9 + 35, 2);
	PUT16(&w, 0, 4 + 7 + 4 + 9 + 35);
	pen_put(&w, 0x40010100, 4);				 /* ORIGIN */
	PUT16(&w, 0x4002, 0x0402, 0x01fd), pen_put(&w, 0xe9, 1); /* AS_PATH: 65001, two octets */
	PUT16(&w, 0x900e, 9 + 35);
	PUT16(&w, 25);
	pen_put(&w, 70, 1);
	pen_put(&w, 4, 1);
	pen_put(&w, 0xc0000242, 4); /* the VTEP 192.0.2.66 */
	pen_put(&w, 0, 1);
	put_mac_route(&w, bits);
	give(k, &w);
}

static void
withdraw(struct desk *k)
{
	struct pen w;

	put_peer(&w, 0, 0, 0);
	put_marker(&w, 23 + 4 + 3 + 35, 2);
	PUT16(&w, 0, 4 + 3 + 35);
	PUT16(&w, 0x900f, 3 + 35);
	PUT16(&w, 25);
	pen_put(&w, 70, 1);
	put_mac_route(&w, 48);
	give(k, &w);
}

static void
test_sources(void)
{
	struct desk *k = open_desk();
	const struct vnm_datagram end = {.session = 7};

	peer_up(k, 0, 0);
	announce(k, 0, 0, 48);
	CU_ASSERT_EQUAL_FATAL(told_count, 1);
	CU_ASSERT_EQUAL(told[0].kind, VNM_FACT_mac_at_vtep);
	CU_ASSERT_FALSE(told[0].withdrawn);
	CU_ASSERT_STRING_EQUAL(told[0].object, "02:00:00:00:00:01");
	CU_ASSERT_STRING_EQUAL(told[0].source, "192.0.2.9");
	CU_ASSERT_STRING_EQUAL(told[0].claim, "adj-rib-in-pre|65000:7|0|");
	CU_ASSERT_EQUAL(told[0].values, 3); /* rd, vtep, label */
	withdraw(k);
	CU_ASSERT_EQUAL_FATAL(told_count, 2);
	CU_ASSERT(told[1].withdrawn);
	CU_ASSERT_EQUAL(told[1].epoch, told[0].epoch);
	CU_ASSERT_STRING_EQUAL(told[1].claim, told[0].claim);
	peer_down(k);
	CU_ASSERT_EQUAL_FATAL(told_count, 3);
	CU_ASSERT_EQUAL(told[2].kind, VNM_FACT_source);
	CU_ASSERT(told[2].withdrawn);
	CU_ASSERT_STRING_EQUAL(told[2].object, "192.0.2.9");
	peer_down(k); /* nothing was told since */
	CU_ASSERT_EQUAL(told_count, 3);
	peer_up(k, 0, 0);
	announce(k, 0, 0, 48);
	CU_ASSERT_EQUAL_FATAL(told_count, 4);
	CU_ASSERT_NOT_EQUAL(told[3].epoch, told[0].epoch);
	peer_up(k, 0, 0); /* while it is up: its table comes anew */
	CU_ASSERT_EQUAL_FATAL(told_count, 5);
	CU_ASSERT_EQUAL(told[4].kind, VNM_FACT_source);
	CU_ASSERT_FALSE(told[4].withdrawn);
	announce(k, 0, 0, 48);
	CU_ASSERT_EQUAL_FATAL(told_count, 6);
	CU_ASSERT_NOT_EQUAL(told[5].epoch, told[3].epoch);
	k->x.decoder->end(&k->x, &end, &k->out);
	CU_ASSERT_EQUAL_FATAL(told_count, 7);
	CU_ASSERT(told[6].withdrawn);
	desk_free(k);
}

/* Each is a source by itself, as is a session that comes again. */
static void
test_instances(void)
{
	static const struct {
		uint8_t type;
		uint64_t distinguisher;
		const char *source;
	} rows[] = {{0, 0, "192.0.2.9"}, {1, 0xfde800000007ULL, "65000:7|192.0.2.9"},
	    {2, 0, "local|192.0.2.9"}, {3, 0, "loc-rib"},
	    {3, 0xfde800000007ULL, "65000:7|loc-rib"}};
	struct desk *k = open_desk();

	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		announce(k, rows[i].type, rows[i].distinguisher, 48);
		CU_ASSERT_EQUAL_FATAL(told_count, i + 1);
		CU_ASSERT_STRING_EQUAL(told[i].source, rows[i].source);
	}
	k->session = 8;
	announce(k, 0, 0, 48);
	CU_ASSERT_EQUAL_FATAL(told_count, VNM_ARRAY_LEN(rows) + 1);
	CU_ASSERT_NOT_EQUAL(told[told_count - 1].epoch, told[0].epoch);
	desk_free(k);
}

static void
test_nothing(void)
{
	const struct vnm_bmp_options off = {.evidence = false};
	struct desk *k = open_desk();

	announce(k, 0, 0, 40); /* no MAC address has 40 bits */
	CU_ASSERT_EQUAL(told_count, 0);
	k->x.options = &off;
	announce(k, 0, 0, 48);
	peer_down(k);
	CU_ASSERT_EQUAL(told_count, 0);
	k->x.options = NULL;
	k->out.fact = NULL;
	announce(k, 0, 0, 48);
	peer_down(k);
	CU_ASSERT_EQUAL(told_count, 0);
	CU_ASSERT_EQUAL(k->counters.records[VNM_KIND_route], 3);
	desk_free(k);
}

CU_TestInfo suite_bgp_fact[] = {{"sources end and begin anew", test_sources},
    {"instances and sessions", test_instances}, {"nothing to tell", test_nothing},
    CU_TEST_INFO_NULL};
