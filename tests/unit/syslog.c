/*
 * decoders/syslog*.c: forms that no capture has, times around the turn of a year, framing octet
 * by octet.
 */
#include "flow_desk.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "decoders/syslog_part.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_NS (86400 * VNM_NS_PER_S)
#define NOV22_NS (1795377600ULL * VNM_NS_PER_S) /* 2026-11-22 20:00:00 UTC */
#define JAN1_NS (1798761601ULL * VNM_NS_PER_S)	/* 2027-01-01 00:00:01 UTC */

/* One message, decoded; its record stays valid until the next one. */
struct bench {
	struct desk *k;
	struct vnm_record *r;
};

static void
keep_scratch(struct vnm_out *out)
{
	(void)out; /* the record is looked at before the scratch is used again */
}

static struct bench
open_bench(void)
{
	struct bench b = {.k = desk_new_for("syslog")};

	b.k->out.emit = keep_scratch;
	b.k->rx_ns = NOV22_NS;
	b.r = &b.k->rec;
	return b;
}

static void
close_bench(struct bench *b)
{
	vnm_free(b->k->x.state);
	vnm_scratch_free(&b->k->scratch);
	free(b->k);
}

static enum vnm_reason
give(struct bench *b, const char *text)
{
	return desk_give(b->k, (const uint8_t *)text, strlen(text));
}

/* "<13>" and a program in front of the text. */
static void
give_text(struct bench *b, const char *text)
{
	char all[2048];

	snprintf(all, sizeof(all), "<13>Nov 22 20:00:00 h app: %s", text);
	CU_ASSERT_EQUAL(give(b, all), VNM_OK);
}

#define IS(b, field, text) \
	CU_ASSERT(VNM_HAS((b).r, log, field) && vnm_str_is((b).r->log.field, text))
#define ABSENT(b, field) CU_ASSERT_FALSE(VNM_HAS((b).r, log, field))

/* The value of that name in `body`, or NULL. */
static const struct vnm_pair *
body_value(const struct bench *b, const char *name)
{
	const struct vnm_pairs *body = &b->r->log.body;

	if (!VNM_HAS(b->r, log, body))
		return NULL;
	for (uint32_t i = 0; i < body->n; i++) {
		if (strcmp(body->p[i].name, name) == 0)
			return &body->p[i];
	}
	return NULL;
}

static bool
body_is(const struct bench *b, const char *name, const char *text)
{
	const struct vnm_pair *p = body_value(b, name);

	return p != NULL && p->type == VNM_PAIR_STR && vnm_str_is(p->str, text);
}

/* ---- times --------------------------------------------------------------------------------- */

static uint64_t
time_of(struct bench *b, uint64_t rx_ns, const char *message)
{
	b->k->rx_ns = rx_ns;
	CU_ASSERT_EQUAL(give(b, message), VNM_OK);
	return VNM_HAS(b->r, env, event_ns) ? b->r->env.event_ns : 0;
}

static void
test_year(void)
{
	struct bench b = open_bench();

	/* 1 January 2027, just after midnight: what is of 31 December is of the year before. */
	CU_ASSERT_EQUAL(
	    time_of(&b, JAN1_NS, "<13>Dec 31 23:59:59 h app: x"), JAN1_NS - 2 * VNM_NS_PER_S);
	CU_ASSERT_EQUAL(time_of(&b, JAN1_NS, "<13>Jan  1 00:00:01 h app: x"), JAN1_NS);
	/* A clock that is a little ahead on New Year's eve. */
	CU_ASSERT_EQUAL(time_of(&b, JAN1_NS - 2 * VNM_NS_PER_S, "<13>Jan  1 00:00:00 h app: x"),
	    JAN1_NS - VNM_NS_PER_S);
	/* 29 February 2028, received in 2026; and none in a year that has no such day. */
	CU_ASSERT_EQUAL(
	    time_of(&b, NOV22_NS, "<13>Feb 29 20:00:00 h app: x"), 1835467200ULL * VNM_NS_PER_S);
	CU_ASSERT_EQUAL(time_of(&b, NOV22_NS, "<13>Feb 29 2027 20:00:00 h app: x"), 0);
	IS(b, device_time, "Feb 29 2027 20:00:00");
	close_bench(&b);
}

static void
test_zone(void)
{
	struct bench b = open_bench();

	/* Local time of a zone 5:45 hours east, half a second after it was written. */
	CU_ASSERT_EQUAL(
	    time_of(&b, NOV22_NS + 500 * VNM_NS_PER_MS, "<13>Nov 23 01:45:00 h app: x"), NOV22_NS);
	CU_ASSERT_EQUAL(b.r->log.inferred.n, 2);
	/* Too far from any zone's: UTC. */
	CU_ASSERT_EQUAL(time_of(&b, NOV22_NS, "<13>Nov 20 01:20:00 h app: x"),
	    NOV22_NS - 3 * DAY_NS + (5 * 3600 + 1200) * VNM_NS_PER_S);
	/* CST is China's or Central America's: what is nearer. */
	CU_ASSERT_EQUAL(
	    time_of(&b, NOV22_NS, "<189>7: r: Nov 23 2026 04:00:00 CST: %A-5-B: x"), NOV22_NS);
	CU_ASSERT_EQUAL(
	    time_of(&b, NOV22_NS, "<189>7: r: Nov 22 2026 14:00:00 CST: %A-5-B: x"), NOV22_NS);
	IS(b, device_zone, "CST");
	ABSENT(b, inferred);
	/* RFC 3339, east and west of UTC. */
	CU_ASSERT_EQUAL(time_of(&b, 0, "<13>1 2026-11-22T21:30:00.5+01:30 h a - - - x"),
	    NOV22_NS + 500 * VNM_NS_PER_MS);
	CU_ASSERT_EQUAL(time_of(&b, 0, "<13>1 2026-11-22T12:00:00-08:00 h a - - - x"), NOV22_NS);
	CU_ASSERT_EQUAL(time_of(&b, NOV22_NS, "<13>Nov 22 2026 21:00:00+01:00 h a: x"), NOV22_NS);
	close_bench(&b);
}

static void
test_no_times(void)
{
	static const char *const texts[] = {"<13>Foo 22 20:00:00 h app: x",
	    "<13>Nov 32 20:00:00 h app: x", "<13>Nov 22 25:00:00 h app: x",
	    "<13>Nov 22 20:60:00 h app: x", "<13>2026-13-22T20:00:00Z h app: x"};
	struct bench b = open_bench();

	for (size_t i = 0; i < VNM_ARRAY_LEN(texts); i++) {
		CU_ASSERT_EQUAL(time_of(&b, NOV22_NS, texts[i]), 0);
		ABSENT(b, device_time);
		IS(b, format, "raw");
		IS(b, message, texts[i] + 4);
	}
	close_bench(&b);
}

/* ---- headers and heads --------------------------------------------------------------------- */

static void
test_headers(void)
{
	struct bench b = open_bench();

	CU_ASSERT_EQUAL(give(&b, "<187>94307: RP/0/RP0/CPU0:Nov 22 20:00:00.5 UTC: config[65000]: "
				 "%MGBL-SYS-5-CONFIG_I : Configured"),
	    VNM_OK);
	ABSENT(b, hostname);
	IS(b, device_node, "RP/0/RP0/CPU0");
	IS(b, dialect, "cisco-xr");
	IS(b, app_name, "config");
	IS(b, mnemonic, "CONFIG_I");
	CU_ASSERT_EQUAL(give(&b, "<13>gw port02 2026-Nov-22 20:00:00.25 LOGIN: root"), VNM_OK);
	IS(b, hostname, "gw");
	IS(b, app_name, "LOGIN");
	CU_ASSERT_EQUAL(b.r->env.event_ns, NOV22_NS + 250 * VNM_NS_PER_MS);
	CU_ASSERT_EQUAL(give(&b, "<13>Nov 22 20:00:00 - app: x"), VNM_OK);
	ABSENT(b, hostname);
	IS(b, app_name, "app");
	CU_ASSERT_EQUAL(give(&b, "<13>app[7]: no time"), VNM_OK);
	IS(b, app_name, "app");
	IS(b, proc_id, "7");
	IS(b, message, "no time");
	CU_ASSERT_EQUAL(give(&b, "<13>1 2026-11-22T20:00:00Z h a - - [x y=\"1\" text"), VNM_OK);
	IS(b, message, "[x y=\"1\" text");
	ABSENT(b, structured_data);
	CU_ASSERT_EQUAL(give(&b, "<13>1 2026-11-22T20:00:00Z h a - - [x@1][y@1 k=\"v\"]"), VNM_OK);
	CU_ASSERT_EQUAL(b.r->log.structured_data.n, 2);
	ABSENT(b, message);
	close_bench(&b);
}

static void
test_heads(void)
{
	struct bench b = open_bench();

	CU_ASSERT_EQUAL(give(&b, "<188>Nov 22 20:00:00 10.0.0.1 TMNX: 123 Base "
				 "PORT-MINOR-etherAlarmSet-2017 [Port 1/1/1]:  Alarm Local Set"),
	    VNM_OK);
	IS(b, dialect, "sros");
	IS(b, vendor_facility, "PORT");
	IS(b, mnemonic, "etherAlarmSet");
	IS(b, vrf_name, "Base");
	IS(b, message, "Alarm Local Set");
	CU_ASSERT_EQUAL(b.r->log.vendor_severity, 4);
	CU_ASSERT_EQUAL(b.r->log.sequence, 123);
	CU_ASSERT(body_is(&b, "subject", "Port 1/1/1"));
	CU_ASSERT_EQUAL(b.r->env.agent_addr.b[0], 10);
	CU_ASSERT_EQUAL(give(&b, "<13>Nov 22 20:00:00 h kubelet[9]: E1122 20:00:00.000000   12345 "
				 "pod_workers.go:190] Error syncing pod"),
	    VNM_OK);
	IS(b, dialect, "kubernetes");
	IS(b, vendor_facility, "pod_workers.go:190");
	CU_ASSERT_EQUAL(b.r->log.vendor_severity, 3);
	give_text(&b, "2026-11-22T20:00:09.5Z stderr F all is well");
	IS(b, message, "all is well");
	CU_ASSERT(body_is(&b, "stream", "stderr"));
	give_text(&b, "time=\"2026-11-22T20:00:00Z\" level=warning msg=\"a \\\"b\\\"\" id=7");
	CU_ASSERT_EQUAL(b.r->log.vendor_severity, 4);
	CU_ASSERT(body_is(&b, "msg", "a \\\"b\\\""));
	CU_ASSERT(body_is(&b, "id", "7"));
	CU_ASSERT_EQUAL(give(&b, "<13>Nov 22 20:00:00 h %%10IFNET/3/PHY_UPDOWN: down"), VNM_OK);
	IS(b, dialect, "comware");
	CU_ASSERT_EQUAL(
	    give(&b, "<13>Nov 22 20:00:00 h app: message repeated 4 times: [ gone]"), VNM_OK);
	IS(b, message, "gone");
	CU_ASSERT_EQUAL(b.r->log.repeat_count, 4);
	close_bench(&b);
}

/* ---- texts of values ------------------------------------------------------------------------ */

static void
test_cef_and_leef(void)
{
	struct bench b = open_bench();

	CU_ASSERT_EQUAL(give(&b, "<13>Nov 22 20:00:00 h CEF:0|Ven\\|dor|Prod|1.0|100|worm "
				 "stopped|10|src=10.0.0.1 msg=two words\\=x dst=2.1.2.2 e="),
	    VNM_OK);
	IS(b, hostname, "h");
	IS(b, dialect, "cef");
	IS(b, mnemonic, "100");
	CU_ASSERT(body_is(&b, "device_vendor", "Ven\\|dor"));
	CU_ASSERT(body_is(&b, "src", "10.0.0.1"));
	CU_ASSERT(body_is(&b, "msg", "two words\\=x"));
	CU_ASSERT(body_is(&b, "dst", "2.1.2.2"));
	CU_ASSERT_PTR_NULL(body_value(&b, "e"));
	CU_ASSERT_EQUAL(b.r->log.vendor_severity, 2);
	CU_ASSERT_EQUAL(give(&b, "<13>CEF:0|V|P|1|2|n|Low|dvchost=fw7 act=drop"), VNM_OK);
	IS(b, hostname, "fw7");
	CU_ASSERT_EQUAL(b.r->log.vendor_severity, 6);
	CU_ASSERT_EQUAL(
	    give(&b, "<13>Nov 22 20:00:00 h LEEF:1.0|V|P|1|evt|src=10.0.0.1\tdst=a b"), VNM_OK);
	IS(b, mnemonic, "evt");
	CU_ASSERT(body_is(&b, "dst", "a b"));
	CU_ASSERT_EQUAL(
	    give(&b, "<13>Nov 22 20:00:00 h LEEF:2.0|V|P|1|evt|0x5e|src=1^dst=2"), VNM_OK);
	CU_ASSERT(body_is(&b, "src", "1"));
	CU_ASSERT(body_is(&b, "dst", "2"));
	close_bench(&b);
}

static void
test_firewalls(void)
{
	struct bench b = open_bench();

	CU_ASSERT_EQUAL(give(&b, "<189>date=2026-11-22 time=20:00:00 devname=\"fw01\" "
				 "logid=\"0000000013\" type=traffic subtype=forward level=notice "
				 "srcip=1.1.1.1"),
	    VNM_OK);
	IS(b, dialect, "fortios");
	IS(b, hostname, "fw01");
	IS(b, mnemonic, "0000000013");
	CU_ASSERT_EQUAL(b.r->env.event_ns, NOV22_NS);
	CU_ASSERT(body_is(&b, "srcip", "1.1.1.1"));
	CU_ASSERT_EQUAL(give(&b, "<14>Nov 22 20:00:00 PA-VM 1,2026/11/22 20:00:00,007,SYSTEM,"
				 "general,0,2026/11/22 20:00:00,,link-change,eth1,0,0,general,"
				 "high,\"Port 1: Down, 1Gb/s\",12"),
	    VNM_OK);
	IS(b, dialect, "panos");
	IS(b, hostname, "PA-VM");
	IS(b, mnemonic, "link-change");
	CU_ASSERT(body_is(&b, "opaque", "Port 1: Down, 1Gb/s"));
	CU_ASSERT(body_is(&b, "object", "eth1"));
	close_bench(&b);
}

static void
test_json(void)
{
	static const char *const none[] = {"{\"a\":1", "{\"a\":}", "{a:1}", "{\"a\":1} x",
	    "{\"a\":\"\\q\"}", "{\"a\":[1,]}", "{\"a\":1e}", "{\"\":1}"};
	struct bench b = open_bench();
	const struct vnm_pair *p;
	char deep[256] = "{\"a\":";

	give_text(&b,
	    "@cee: {\"n\":-5,\"f\":1.5,\"t\":true,\"z\":null,\"s\":\"\\u00e4\\n\\ud83d\\ude00\","
	    "\"o\":{\"l\":[1,\"x\",{}]},\"level\":\"error\",\"big\":18446744073709551616}");
	IS(b, dialect, "json");
	CU_ASSERT_EQUAL(b.r->log.vendor_severity, 3);
	p = body_value(&b, "n");
	CU_ASSERT(p != NULL && p->type == VNM_PAIR_I64 && p->i64 == -5);
	p = body_value(&b, "t");
	CU_ASSERT(p != NULL && p->type == VNM_PAIR_BOOL && p->flag);
	CU_ASSERT_PTR_NULL(body_value(&b, "z"));
	CU_ASSERT(body_is(&b, "s", "\xc3\xa4\n\xf0\x9f\x98\x80"));
	p = body_value(&b, "o");
	CU_ASSERT(p != NULL && p->type == VNM_PAIR_OBJECT && p->items[0].count == 3);
	p = body_value(&b, "big");
	CU_ASSERT(p != NULL && p->type == VNM_PAIR_F64);
	for (size_t i = 0; i < VNM_ARRAY_LEN(none); i++) {
		give_text(&b, none[i]);
		ABSENT(b, dialect);
		ABSENT(b, body);
		IS(b, message, none[i]);
	}
	memset(deep + 5, '[', 200);
	give_text(&b, deep);
	ABSENT(b, body);
	close_bench(&b);
}

/* ---- names ------------------------------------------------------------------------------------
 */

static void
test_names(void)
{
	static const struct {
		const char *text, *name;
	} rows[] = {{"link Gi1/0/1, down", "Gi1/0/1"},
	    {"on Bundle-Ether100.7: up", "Bundle-Ether100.7"},
	    {"port-channel12 is down", "port-channel12"}, {"tapabcdef01-23 gone", "tapabcdef01-23"},
	    {"Port 1/2/3 fails", "1/2/3"}, {"a port 3(veth12) of br9", "veth12"},
	    {"irb.100 up", "irb.100"}, {"enp3s0f1: Link is Down", "enp3s0f1"},
	    {"GE1/0/1 down", "GE1/0/1"}};
	struct bench b = open_bench();

	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		give_text(&b, rows[i].text);
		IS(b, if_name, rows[i].name);
	}
	give_text(&b, "interface in state 3 of 2001:db8::1 at 7");
	ABSENT(b, if_name);
	give_text(&b, "BGP peer (VRF: red) 2001:db8::9 DOWN");
	CU_ASSERT_EQUAL(b.r->log.peer_addr.family, VNM_ADDR_IP6);
	IS(b, vrf_name, "red");
	give_text(&b, "x 7F3A91C2-1d2e-4b6f-9c1a-0123456789ab y "
		      "7f3a91c2-1d2e-4b6f-9c1a-0123456789ab z");
	CU_ASSERT_EQUAL(b.r->log.object_ids.n, 1);
	CU_ASSERT(vnm_str_is(b.r->log.object_ids.p[0], "7f3a91c2-1d2e-4b6f-9c1a-0123456789ab"));
	close_bench(&b);
}

/* ---- framing -----------------------------------------------------------------------------------
 */

static size_t
frame(const char *p, size_t n)
{
	return vnm_decoder_find("syslog")->frame((const uint8_t *)p, n);
}

#define FRAME(text) frame(text, sizeof(text) - 1)

static void
test_frames(void)
{
	char *line = malloc(VNM_SYSLOG_MESSAGE_MAX + 10);

	CU_ASSERT_FATAL(line != NULL);
	/* A count is one only where a PRI follows; until it could be, more must come. */
	CU_ASSERT_EQUAL(FRAME("1"), 0);
	CU_ASSERT_EQUAL(FRAME("12 "), 0);
	CU_ASSERT_EQUAL(FRAME("12 <13>x"), 15);
	CU_ASSERT_EQUAL(FRAME("12 x\n<13>y"), 5);
	CU_ASSERT_EQUAL(FRAME("012 <13>x\n"), 10);
	CU_ASSERT_EQUAL(FRAME("99999999 <13>x\ny"), 15);
	CU_ASSERT_EQUAL(FRAME("123456789 <13>x\ny"), 16);
	/* Lines, by LF or NUL; trailers in front belong to the frame. */
	CU_ASSERT_EQUAL(FRAME("<13>a\n<13>b\n"), 6);
	CU_ASSERT_EQUAL(FRAME("<13>a\0<13>b\n"), 6);
	CU_ASSERT_EQUAL(FRAME("\r\n\0<13>a\n"), 9);
	CU_ASSERT_EQUAL(FRAME("\n4 <13>\n"), 7);
	CU_ASSERT_EQUAL(FRAME("\n"), 0);
	CU_ASSERT_EQUAL(FRAME("<13>a"), 0);
	/* An endless line is cut. */
	memset(line, 'x', VNM_SYSLOG_MESSAGE_MAX + 10);
	CU_ASSERT_EQUAL(frame(line, VNM_SYSLOG_MESSAGE_MAX - 1), 0);
	CU_ASSERT_EQUAL(frame(line, VNM_SYSLOG_MESSAGE_MAX + 1), VNM_SYSLOG_MESSAGE_MAX);
	line[VNM_SYSLOG_MESSAGE_MAX + 5] = '\n';
	CU_ASSERT_EQUAL(frame(line, VNM_SYSLOG_MESSAGE_MAX + 10), VNM_SYSLOG_MESSAGE_MAX);
	memset(line, '\n', VNM_SYSLOG_MESSAGE_MAX + 10);
	CU_ASSERT_EQUAL(frame(line, VNM_SYSLOG_MESSAGE_MAX + 10), VNM_SYSLOG_MESSAGE_MAX);
	free(line);
}

static bool
has_mark(const struct bench *b, const char *mark)
{
	for (uint32_t i = 0; VNM_HAS(b->r, log, marks) && i < b->r->log.marks.n; i++) {
		if (vnm_str_is(b->r->log.marks.p[i], mark))
			return true;
	}
	return false;
}

static void
test_unframed(void)
{
	struct bench b = open_bench();

	b.k->session = 1;
	CU_ASSERT_EQUAL(give(&b, "10 <13>app: x"), VNM_OK);
	IS(b, message, "x");
	ABSENT(b, marks);
	CU_ASSERT_EQUAL(give(&b, "100 <13>app: the stream ended"), VNM_OK);
	CU_ASSERT(has_mark(&b, "cut"));
	CU_ASSERT_EQUAL(give(&b, "99999999 <13>app: x\n"), VNM_OK);
	CU_ASSERT(has_mark(&b, "bad-count"));
	CU_ASSERT_EQUAL(give(&b, "<13>app: x\r\n"), VNM_OK);
	IS(b, message, "x");
	ABSENT(b, marks);
	CU_ASSERT_EQUAL(give(&b, "<13>app: no trailer"), VNM_OK);
	CU_ASSERT(has_mark(&b, "cut"));
	CU_ASSERT_EQUAL(give(&b, "\r\n"), VNM_R_empty);
	b.k->session = 0;
	CU_ASSERT_EQUAL(give(&b, "10 <13>app: x"), VNM_OK); /* a datagram has no frames */
	CU_ASSERT(has_mark(&b, "no-pri"));
	CU_ASSERT_EQUAL(give(&b, ""), VNM_R_empty);
	close_bench(&b);
}

static void
test_probe(void)
{
	const struct vnm_decoder *d = vnm_decoder_find("syslog");

	CU_ASSERT(d->probe((const uint8_t *)"<13>x", 5));
	CU_ASSERT(d->probe((const uint8_t *)"5 <13>x", 7));
	CU_ASSERT_FALSE(d->probe((const uint8_t *)"<192>x", 6));
	CU_ASSERT_FALSE(d->probe((const uint8_t *)"<x13>", 5));
	CU_ASSERT_FALSE(d->probe((const uint8_t *)"<13>\1", 5));
	CU_ASSERT_FALSE(d->probe((const uint8_t *)"", 0));
}

/* Tables that are searched by halves. */
static void
test_tables(void)
{
	static const char *const sorted[][100] = {{
#define VNM_SYSLOG_INTERFACE(letters) letters,
#include "decoders/syslog_interfaces.def"
#undef VNM_SYSLOG_INTERFACE
						  },
	    {
#define VNM_SYSLOG_APP(name, dialect) name,
#include "decoders/syslog_apps.def"
#undef VNM_SYSLOG_APP
	    }};

	for (size_t t = 0; t < VNM_ARRAY_LEN(sorted); t++) {
		for (size_t i = 1; sorted[t][i] != NULL; i++)
			CU_ASSERT(strcmp(sorted[t][i - 1], sorted[t][i]) < 0);
	}
}

CU_TestInfo suite_syslog[] = {
    {"the year that is nearest", test_year},
    {"zones, written and not", test_zone},
    {"what is no time", test_no_times},
    {"headers", test_headers},
    {"heads of vendors", test_heads},
    {"CEF and LEEF", test_cef_and_leef},
    {"FortiOS and PAN-OS", test_firewalls},
    {"JSON", test_json},
    {"interfaces, neighbours, UUIDs", test_names},
    {"frames of streams", test_frames},
    {"messages out of frames", test_unframed},
    {"probe", test_probe},
    {"tables are sorted", test_tables},
    CU_TEST_INFO_NULL,
};
