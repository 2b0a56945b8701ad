/*
 * decoders/sflow*.c: datagrams written octet by octet as the sFlow version 5 specification and
 * its extensions define them, whose contents the test therefore knows.
 */
#include "unit.h"
#include "xdr.h"

#include "base/clock.h"
#include "decoders/decoder.h"

#include <stdlib.h>

#define MOST 16

static void
header(uint32_t seq, uint32_t uptime_ms, uint32_t samples)
{
	xdr.n = 0;
	u32(5);
	u32(1);
	octets((const uint8_t[]){10, 9, 8, 7}, 4);
	u32(42); /* sub-agent */
	u32(seq);
	u32(uptime_ms);
	u32(samples);
}

/* ---- a decoder with its exporter ---------------------------------------------------------------
 */

static const struct vnm_limits limits = {.domains = 4, .options_entries = 4};
static struct vnm_exporter exporter;
static struct vnm_scratch scratch;
static struct vnm_counters counters;
static struct vnm_record record;
static struct vnm_record got[MOST];
static unsigned got_count;
static struct vnm_out out;
static uint32_t most_records; /* of a message; begin() sets no bound */

static void
keep(struct vnm_out *o)
{
	if (got_count < MOST)
		got[got_count] = *o->rec;
	got_count++;
}

static void
begin(void)
{
	exporter = (struct vnm_exporter){.decoder = vnm_decoder_find("sflow")};
	CU_ASSERT_PTR_NOT_NULL_FATAL(exporter.decoder);
	exporter.state = calloc(1, exporter.decoder->state_size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(exporter.state);
	CU_ASSERT_EQUAL_FATAL(exporter.decoder->open(&exporter), 0);
	CU_ASSERT_EQUAL_FATAL(vnm_scratch_init(&scratch, 1 << 16), 0);
	memset(&counters, 0, sizeof(counters));
	got_count = 0;
	most_records = UINT32_MAX;
}

static void
end(void)
{
	exporter.decoder->close(&exporter, &counters);
	free(exporter.state);
	vnm_scratch_free(&scratch);
}

static void
ready(void)
{
	memset(record.has, 0, sizeof(record.has));
	out = (struct vnm_out){.rec = &record,
	    .scratch = &scratch,
	    .counters = &counters,
	    .limits = &limits,
	    .records_left = most_records,
	    .emit = keep};
	got_count = 0;
	scratch.n = 0;
}

static enum vnm_reason
send_at(uint64_t rx_ms)
{
	struct vnm_datagram d = {
	    .p = xdr.p, .n = xdr.n, .rx_ns = 1700000000 * VNM_NS_PER_S + rx_ms * VNM_NS_PER_MS};

	ready();
	return exporter.decoder->decode(&exporter, &d, &out);
}

static void
tick_at(uint64_t rx_ms, bool final)
{
	ready();
	exporter.decoder->tick(
	    &exporter, 1700000000 * VNM_NS_PER_S + rx_ms * VNM_NS_PER_MS, final, &out);
}

static const struct vnm_pair *
pair_of(const struct vnm_pairs *pairs, const char *name)
{
	for (uint32_t i = 0; i < pairs->n; i++) {
		if (strcmp(pairs->p[i].name, name) == 0)
			return &pairs->p[i];
	}
	return NULL;
}

static bool
is_pair(const struct vnm_pairs *pairs, const char *name, uint64_t v)
{
	const struct vnm_pair *p = pair_of(pairs, name);

	return p != NULL && p->type == VNM_PAIR_U64 && p->u64 == v;
}

static bool
is_addr(const struct vnm_addr *a, const char *want)
{
	char s[VNM_ADDR_TEXT];

	return strcmp(vnm_addr_text(a, s), want) == 0;
}

/* ---- flow samples -----------------------------------------------------------------------------
 */

/* A compact flow sample of one interface pair; its records follow. */
static size_t
flow_sample(uint32_t input, uint32_t output, uint32_t records)
{
	size_t at = open_part(1);

	u32(1);
	u32(3); /* source: ifIndex 3 */
	u32(512);
	u32(9000);
	u32(17);
	u32(input);
	u32(output);
	u32(records);
	return at;
}

/* Ethernet, IPv4, UDP of 100 octets in a frame of 114 and 4 of check sequence. */
static void
header_record(void)
{
	static const uint8_t frame[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 100,
	    0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 53, 0x80, 0, 0, 80, 0, 0};
	size_t at = open_part(1);

	u32(1);
	u32(118);
	u32(4);
	u32(sizeof(frame));
	octets(frame, sizeof(frame));
	close_part(at);
}

static void
test_flow_sample(void)
{
	const struct vnm_record *r = &got[0];
	size_t sample;

	begin();
	header(77, 1000, 1);
	sample = flow_sample(3, 4, 1);
	header_record();
	close_part(sample);
	CU_ASSERT_EQUAL(send_at(0), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(got_count, 1);
	CU_ASSERT_EQUAL(out.faults, 0);
	CU_ASSERT_EQUAL(r->kind_id, VNM_KIND_flow);
	CU_ASSERT(is_addr(&r->env.agent_addr, "10.9.8.7"));
	CU_ASSERT_EQUAL(r->env.observation_domain_id, 42);
	CU_ASSERT_EQUAL(r->env.exporter_seq, 77);
	CU_ASSERT_EQUAL(r->env.sampling_interval, 512);
	CU_ASSERT(is_addr(&r->flow.src_addr, "10.0.0.1"));
	CU_ASSERT_EQUAL(r->flow.src_port, 53);
	CU_ASSERT_EQUAL(r->flow.octets, 114);
	CU_ASSERT_EQUAL(r->flow.octets_scaled, 114 * 512);
	CU_ASSERT_EQUAL(r->flow.packets_scaled, 512);
	CU_ASSERT(vnm_str_is(r->flow.octets_layer, "l2"));
	CU_ASSERT_EQUAL(r->flow.sample_pool, 9000);
	CU_ASSERT_EQUAL(r->flow.sample_drops, 17);
	CU_ASSERT(VNM_HAS(r, flow, direction) && r->flow.direction == 0);
	CU_ASSERT_FALSE(VNM_HAS(r, env, event_ns));
	end();
}

/* sFlow version 5, page 27: the codes of input and output. */
static void
test_interfaces(void)
{
	static const struct {
		uint32_t output;
		const char *kind; /* NULL: absent */
		uint32_t out_if, count, reason;
	} cases[] = {{0, NULL, 0, 0, 0}, {2, "index", 2, 0, 0}, {0x3fffffff, "internal", 0, 0, 0},
	    {0x40000102, "discarded", 0, 0, 258}, {0x80000007, "multiple", 0, 7, 0},
	    {0x80000000, "multiple", 0, 0, 0}};

	begin();
	for (unsigned i = 0; i < VNM_ARRAY_LEN(cases); i++) {
		const struct vnm_record *r = &got[0];
		header(i, 1000 + i, 1);
		close_part(flow_sample(0, cases[i].output, 0));
		CU_ASSERT_EQUAL(send_at(i), VNM_OK);
		CU_ASSERT_EQUAL_FATAL(got_count, 1);
		CU_ASSERT_FALSE(VNM_HAS(r, flow, in_if_kind));
		CU_ASSERT_EQUAL(VNM_HAS(r, flow, out_if_kind), cases[i].kind != NULL);
		if (cases[i].kind != NULL)
			CU_ASSERT(vnm_str_is(r->flow.out_if_kind, cases[i].kind));
		CU_ASSERT_EQUAL(VNM_HAS(r, flow, out_if) ? r->flow.out_if : 0, cases[i].out_if);
		CU_ASSERT_EQUAL(
		    VNM_HAS(r, flow, out_if_count) ? r->flow.out_if_count : 0, cases[i].count);
		CU_ASSERT_EQUAL(
		    VNM_HAS(r, flow, discard_reason) ? r->flow.discard_reason : 0, cases[i].reason);
	}
	end();
}

static void
test_expanded(void)
{
	const struct vnm_record *r = &got[0];
	size_t sample;

	begin();
	header(1, 1000, 1);
	sample = open_part(3);
	u32(1);
	u32(0);
	u32(0x12345678); /* an ifIndex that a compact sample cannot hold */
	u32(100);
	u32(5000);
	u32(0);
	u32(0);
	u32(0x12345678);
	u32(2);
	u32(0);
	u32(1);
	header_record();
	close_part(sample);
	CU_ASSERT_EQUAL(send_at(0), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(got_count, 1);
	CU_ASSERT_EQUAL(r->flow.in_if, 0x12345678);
	CU_ASSERT(vnm_str_is(r->flow.out_if_kind, "multiple"));
	CU_ASSERT_FALSE(VNM_HAS(r, flow, out_if_count));
	CU_ASSERT(is_pair(&r->flow.extra, "source_index", 0x12345678));
	end();
}

static void
test_discarded(void)
{
	const struct vnm_record *r = &got[0];
	size_t sample, part;

	begin();
	header(1, 1000, 1);
	sample = open_part(5);
	u32(1);
	u32(0);
	u32(3);
	u32(6); /* notifications that were dropped themselves */
	u32(3);
	u32(9);
	u32(260);
	u32(4);
	header_record();
	part = open_part(1036);
	u32(5);
	close_part(part);
	part = open_part(1037);
	u32(101);
	text("edge-in");
	u32(1);
	close_part(part);
	part = open_part(1038);
	text("ip_rcv");
	close_part(part);
	close_part(sample);
	CU_ASSERT_EQUAL(send_at(0), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(got_count, 1);
	CU_ASSERT_EQUAL(r->flow.discard_reason, 260);
	CU_ASSERT(vnm_str_is(r->flow.discard_reason_name, "red"));
	CU_ASSERT_EQUAL(r->flow.forwarding_status, 139); /* RFC 7270: dropped, WRED */
	CU_ASSERT_EQUAL(r->flow.dropped_packets, 1);
	CU_ASSERT_EQUAL(r->flow.dropped_octets, 114);
	CU_ASSERT_EQUAL(r->flow.sample_drops, 6);
	CU_ASSERT_EQUAL(r->flow.out_if, 9);
	CU_ASSERT_FALSE(VNM_HAS(r, flow, packets));
	CU_ASSERT_FALSE(VNM_HAS(r, env, sampling_interval));
	CU_ASSERT(is_pair(&r->flow.extra, "egress_queue", 5));
	CU_ASSERT(is_pair(&r->flow.extra, "acl_number", 101));
	CU_ASSERT(vnm_str_is(pair_of(&r->flow.extra, "acl_name")->str, "edge-in"));
	CU_ASSERT(vnm_str_is(pair_of(&r->flow.extra, "function_symbol")->str, "ip_rcv"));
	end();
}

static void
gateway_record(void)
{
	size_t part = open_part(1003);

	u32(1);
	octets((const uint8_t[]){192, 0, 2, 9}, 4);
	u32(65000);
	u32(65010);
	u32(65011);
	u32(2); /* segments */
	u32(2);
	u32(2);
	u32(65020);
	u32(65021);
	u32(1);
	u32(1);
	u32(65022);
	u32(2); /* communities */
	u32(65000U << 16 | 1);
	u32(65000U << 16 | 2);
	u32(150);
	close_part(part);
}

static void
test_routing(void)
{
	const struct vnm_record *r = &got[0];
	size_t sample, part;

	begin();
	header(1, 1000, 1);
	sample = flow_sample(3, 4, 5);
	gateway_record();
	part = open_part(1002);
	u32(2);
	octets((const uint8_t[]){0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 16);
	u32(24);
	u32(48);
	close_part(part);
	part = open_part(1001);
	u32(10);
	u32(5);
	u32(20);
	u32(5);
	close_part(part);
	part = open_part(1004);
	u32(106);
	text("alice");
	u32(106);
	text("bob");
	close_part(part);
	part = open_part(1043);
	u64(1700000001000000005);
	close_part(part);
	close_part(sample);
	CU_ASSERT_EQUAL(send_at(0), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(got_count, 1);
	CU_ASSERT_EQUAL(out.faults, 0);
	CU_ASSERT(is_addr(&r->flow.bgp_next_hop, "192.0.2.9"));
	CU_ASSERT(is_addr(&r->flow.next_hop, "2001:db8::1"));
	CU_ASSERT_EQUAL(r->flow.src_as, 65010);
	CU_ASSERT_EQUAL(r->flow.prev_as, 65011);
	CU_ASSERT_EQUAL(r->flow.next_as, 65020);
	CU_ASSERT_EQUAL(r->flow.dst_as, 65022);
	CU_ASSERT_EQUAL(r->flow.as_path.n, 3);
	CU_ASSERT_EQUAL(r->flow.communities.n, 2);
	CU_ASSERT_EQUAL(r->flow.local_pref, 150);
	CU_ASSERT_EQUAL(r->flow.src_prefix_len, 24);
	CU_ASSERT_EQUAL(r->flow.dst_prefix_len, 48);
	CU_ASSERT_EQUAL(r->flow.vlan_id, 10);
	CU_ASSERT_EQUAL(r->flow.out_vlan_id, 20);
	CU_ASSERT_EQUAL(r->flow.vlan_priority, 5);
	CU_ASSERT(vnm_str_is(r->flow.user_name, "alice"));
	CU_ASSERT(vnm_str_is(pair_of(&r->flow.extra, "dst_user")->str, "bob"));
	CU_ASSERT_EQUAL(r->env.event_ns, 1700000001000000005);
	CU_ASSERT_FALSE(VNM_HAS(r, flow, octets)); /* nobody told */
	end();
}

/* An outer header as sFlow Tunnel Structures have it; the port in either octet order. */
static void
tunnel_record(uint32_t format, uint8_t last, uint32_t port)
{
	size_t part = open_part(format);

	u32(150);
	u32(17);
	octets((const uint8_t[]){172, 16, 0, last}, 4);
	octets((const uint8_t[]){172, 16, 0, 99}, 4);
	u32(0);
	u32(port);
	u32(0);
	u32(0);
	close_part(part);
}

static void
test_tunnels(void)
{
	const struct vnm_record *r = &got[0];
	size_t sample, part;

	begin();
	header(1, 1000, 1);
	sample = flow_sample(3, 4, 4);
	tunnel_record(1023, 1, 4789); /* left by one tunnel */
	header_record();
	tunnel_record(1024, 2, 0xb512); /* came by another: 4789 with its octets swapped */
	part = open_part(1030);
	u32(5200);
	close_part(part);
	close_part(sample);
	CU_ASSERT_EQUAL(send_at(0), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(got_count, 1);
	CU_ASSERT(is_addr(&r->flow.src_addr, "10.0.0.1"));
	CU_ASSERT(is_addr(&r->flow.outer_src_addr, "172.16.0.2"));
	CU_ASSERT_EQUAL(r->flow.outer_dst_port, 4789);
	CU_ASSERT_EQUAL(r->flow.vni, 5200);
	CU_ASSERT(vnm_str_is(r->flow.tunnel_type, "vxlan"));
	end();
}

static void
test_unknown(void)
{
	const struct vnm_record *r = &got[0];
	const struct vnm_pair *unknown;
	size_t sample, part;

	begin();
	header(1, 1000, 2);
	part = open_part(9U << 12 | 1);
	u32(123);
	close_part(part);
	sample = flow_sample(3, 4, 2);
	part = open_part(77U << 12 | 8);
	u32(0xdeadbeef);
	close_part(part);
	header_record();
	close_part(sample);
	CU_ASSERT_EQUAL(send_at(0), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(got_count, 1);
	CU_ASSERT_EQUAL(counters.parts[VNM_R_sample_unknown], 1);
	CU_ASSERT_EQUAL(out.faults, 1);
	CU_ASSERT(VNM_HAS(r, flow, src_addr));
	unknown = pair_of(&r->flow.extra, "record_77_8");
	CU_ASSERT_PTR_NOT_NULL_FATAL(unknown);
	CU_ASSERT_EQUAL(unknown->bytes.n, 4);
	end();
}

/* Records that nobody knows, by the hundred: some are kept, the rest is told, none collides. */
static void
test_many_unknown(void)
{
	const struct vnm_record *r = &got[0];
	size_t sample;

	begin();
	header(1, 1000, 1);
	sample = flow_sample(3, 4, 300);
	for (uint32_t i = 0; i < 300; i++) {
		u32(77U << 12 | i % 2);
		u32(0);
	}
	close_part(sample);
	CU_ASSERT_EQUAL(send_at(0), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(got_count, 1);
	CU_ASSERT_EQUAL(counters.parts[VNM_R_sample_malformed], 300 - 16);
	CU_ASSERT_PTR_NOT_NULL(pair_of(&r->flow.extra, "record_77_0"));
	CU_ASSERT_PTR_NOT_NULL(pair_of(&r->flow.extra, "record_77_1_8"));
	for (uint32_t i = 0; i < r->flow.extra.n; i++)
		CU_ASSERT_PTR_EQUAL(
		    pair_of(&r->flow.extra, r->flow.extra.p[i].name), &r->flow.extra.p[i]);
	end();
}

/* Every datagram above ends somewhere; so may what came of it. */
static void
test_cut(void)
{
	size_t sample, whole;

	begin();
	header(1, 1000, 1);
	sample = flow_sample(3, 4, 2);
	header_record();
	gateway_record();
	close_part(sample);
	whole = xdr.n;
	for (size_t n = 0; n < whole; n++) {
		enum vnm_reason reason;
		xdr.n = n;
		reason = send_at(n);
		CU_ASSERT(reason != VNM_OK || out.faults > 0);
		CU_ASSERT_EQUAL(got_count, 0);
	}
	end();
}

/* ---- counter samples ----------------------------------------------------------------------------
 */

static void
generic_record(uint64_t in_octets, uint64_t out_octets, uint32_t pkts)
{
	size_t part = open_part(1);

	u32(7);
	u32(6);
	u64(1000000000);
	u32(1);
	u32(3);
	u64(in_octets);
	u32(pkts);
	u32(1);
	u32(UINT32_MAX); /* broadcast: not supported */
	u32(2);
	u32(3);
	u32(UINT32_MAX);
	u64(out_octets);
	u32(pkts);
	u32(0);
	u32(0);
	u32(4);
	u32(5);
	u32(2);
	close_part(part);
}

static void
counters_at(uint32_t seq, uint32_t uptime_ms, uint64_t in, uint64_t out_octets, uint32_t pkts)
{
	size_t sample;

	header(seq, uptime_ms, 1);
	sample = open_part(2);
	u32(seq);
	u32(7);
	u32(1);
	generic_record(in, out_octets, pkts);
	close_part(sample);
	CU_ASSERT_EQUAL(send_at(uptime_ms), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(got_count, 1);
	CU_ASSERT_EQUAL(out.faults, 0);
}

static void
test_counters(void)
{
	const struct vnm_record *r = &got[0];

	begin();
	counters_at(1, 10000, 5000, 6000, 50);
	CU_ASSERT_EQUAL(r->kind_id, VNM_KIND_interface);
	CU_ASSERT_EQUAL(r->interface.if_index, 7);
	CU_ASSERT_EQUAL(r->interface.speed_bps, 1000000000);
	CU_ASSERT(vnm_str_is(r->interface.duplex, "full"));
	CU_ASSERT(vnm_str_is(r->interface.oper_status, "up"));
	CU_ASSERT_EQUAL(r->interface.in_pkts, 51);
	CU_ASSERT_EQUAL(r->interface.out_discards, 4);
	CU_ASSERT_EQUAL(r->interface.out_errors, 5);
	CU_ASSERT_FALSE(VNM_HAS(r, interface, in_broadcast_pkts));
	CU_ASSERT_FALSE(VNM_HAS(r, interface, in_unknown_protos));
	CU_ASSERT_FALSE(r->interface.promiscuous);
	CU_ASSERT_FALSE(VNM_HAS(r, interface, in_bps));
	CU_ASSERT_FALSE(VNM_HAS(r, interface, counter_reset));

	counters_at(2, 30000, 5000 + 2500000, 6000, 70);
	CU_ASSERT_EQUAL(r->interface.interval_ns, 20 * VNM_NS_PER_S);
	CU_ASSERT_DOUBLE_EQUAL(r->interface.in_bps, 1e6, 1e-6);
	CU_ASSERT_DOUBLE_EQUAL(r->interface.in_utilization, 1e-3, 1e-9);
	CU_ASSERT_EQUAL(r->interface.out_bps, 0);
	CU_ASSERT_FALSE(r->interface.counter_reset);
	end();
}

static void
test_wrap_and_reset(void)
{
	const struct vnm_record *r = &got[0];

	begin();
	counters_at(1, 4294960000u, 4294967000u, 100, 50); /* uptime and octets before a wrap */
	counters_at(2, 2704, 1704, 1100, 60);		   /* 10 s and 2000 octets later */
	CU_ASSERT_EQUAL(r->interface.interval_ns, 10 * VNM_NS_PER_S);
	CU_ASSERT_DOUBLE_EQUAL(r->interface.in_bps, 1600, 1e-6);
	CU_ASSERT_FALSE(r->interface.counter_reset);
	counters_at(3, 12704, 10, 20, 1); /* the counters began anew */
	CU_ASSERT(VNM_HAS(r, interface, counter_reset) && r->interface.counter_reset);
	CU_ASSERT_FALSE(VNM_HAS(r, interface, in_bps));
	counters_at(4, 22704, 1260, 20, 2);
	CU_ASSERT_DOUBLE_EQUAL(r->interface.in_bps, 1000, 1e-6);
	counters_at(4, 22704, 1260, 20, 2); /* the same datagram again */
	CU_ASSERT_FALSE(VNM_HAS(r, interface, in_bps));
	counters_at(5, 32704, 2510, 20, 3);
	CU_ASSERT_DOUBLE_EQUAL(r->interface.in_bps, 1000, 1e-6);
	end();
}

static void
test_counter_records(void)
{
	const struct vnm_record *r = &got[0];
	size_t sample, part;

	begin();
	header(1, 1000, 1);
	sample = open_part(4);
	u32(1);
	u32(2); /* entPhysicalEntry */
	u32(1000);
	u32(6);
	part = open_part(2003); /* host_cpu of 2010, without what was added later */
	u32(0x3fa00000);	/* 1.25 */
	u32(0xbf800000);	/* -1: unknown */
	for (uint32_t i = 2; i < 17; i++)
		u32(i);
	close_part(part);
	part = open_part(1005);
	text("tap0");
	close_part(part);
	part = open_part(2207);
	for (uint32_t i = 1; i <= 6; i++)
		u32(i);
	close_part(part);
	for (uint32_t i = 0; i < 2; i++) { /* a record that comes twice keeps both */
		part = open_part(1004);
		u64(0x202);
		u32(12 + i);
		close_part(part);
	}
	part = open_part(10);
	u32(1);
	u32(4);
	u32(3300);
	u32((uint32_t)-5500);
	u32(1);
	for (uint32_t i = 1; i <= 10; i++)
		u32(i);
	close_part(part);
	close_part(sample);
	CU_ASSERT_EQUAL(send_at(0), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(got_count, 1);
	CU_ASSERT_EQUAL(out.faults, 0);
	CU_ASSERT_EQUAL(r->interface.source_class, 2);
	CU_ASSERT_EQUAL(r->interface.source_index, 1000);
	CU_ASSERT_FALSE(VNM_HAS(r, interface, if_index));
	CU_ASSERT(vnm_str_is(r->interface.if_name, "tap0"));
	CU_ASSERT_EQUAL(pair_of(&r->interface.counters, "host_cpu_load_one")->f64, 1.25);
	CU_ASSERT_PTR_NULL(pair_of(&r->interface.counters, "host_cpu_load_five"));
	CU_ASSERT(is_pair(&r->interface.counters, "host_cpu_contexts", 16));
	CU_ASSERT_PTR_NULL(pair_of(&r->interface.counters, "host_cpu_steal"));
	CU_ASSERT(is_pair(&r->interface.counters, "ovs_dp_masks", 6));
	CU_ASSERT(is_pair(&r->interface.counters, "of_port_no", 12));
	CU_ASSERT(is_pair(&r->interface.counters, "of_port_no_2", 13));
	CU_ASSERT_EQUAL(pair_of(&r->interface.counters, "sfp_module_temperature")->f64, -5500);
	CU_ASSERT(is_pair(&r->interface.counters, "sfp_lane_rx_wavelength", 10));
	end();
}

/* ---- state
 * ---------------------------------------------------------------------------------------- */

static void
test_lost(void)
{
	const struct vnm_record *r = &got[0];

	begin();
	for (uint32_t seq = 1; seq <= 20; seq++) {
		if (seq == 5 || seq == 6 || seq == 12)
			continue;
		header(seq, seq * 100, 0);
		CU_ASSERT_EQUAL(send_at(seq * 100), VNM_OK);
	}
	tick_at(5000, false);
	CU_ASSERT_EQUAL(got_count, 0);
	tick_at(10200, false);
	CU_ASSERT_EQUAL_FATAL(got_count, 1);
	CU_ASSERT_EQUAL(r->kind_id, VNM_KIND_visibility);
	CU_ASSERT(vnm_str_is(r->visibility.cause, "sequence-gap"));
	CU_ASSERT(vnm_str_is(r->visibility.unit, "messages"));
	CU_ASSERT_EQUAL(r->visibility.lost, 3);
	CU_ASSERT_EQUAL(r->visibility.got, 17);
	CU_ASSERT(is_addr(&r->env.agent_addr, "10.9.8.7"));
	CU_ASSERT_EQUAL(r->env.observation_domain_id, 42);
	header(1, 50, 0);
	send_at(20000);
	tick_at(20001, false);
	CU_ASSERT_EQUAL_FATAL(got_count, 1);
	CU_ASSERT(vnm_str_is(r->visibility.cause, "restart"));
	end();
}

/* More agents and interfaces than the limits allow: old ones make room, nothing grows. */
static void
test_bounds(void)
{
	begin();
	for (uint32_t i = 0; i < 64; i++) {
		size_t sample;
		header(i, 1000 + i, 1);
		xdr.p[15] = (uint8_t)(i % 16); /* sub-agent */
		sample = open_part(2);
		u32(1);
		u32(i);
		u32(1);
		generic_record(i, i, i);
		close_part(sample);
		CU_ASSERT_EQUAL(send_at(i), VNM_OK);
		CU_ASSERT_EQUAL(got_count, 1);
	}
	end();
}

static void
test_headers(void)
{
	begin();
	header(1, 1, 0);
	CU_ASSERT_TRUE(exporter.decoder->probe(xdr.p, xdr.n));
	CU_ASSERT_FALSE(exporter.decoder->probe(xdr.p, xdr.n - 1));
	xdr.p[3] = 4;
	CU_ASSERT_EQUAL(send_at(0), VNM_R_bad_version);
	CU_ASSERT_FALSE(exporter.decoder->probe(xdr.p, xdr.n));
	header(1, 1, 0);
	xdr.p[7] = 3;
	CU_ASSERT_EQUAL(send_at(0), VNM_R_bad_header);
	CU_ASSERT_FALSE(exporter.decoder->probe(xdr.p, xdr.n));
	header(1, 1, 0);
	xdr.n -= 4;
	CU_ASSERT_EQUAL(send_at(0), VNM_R_truncated);
	header(1, 1, 3); /* counts samples that are not there */
	CU_ASSERT_EQUAL(send_at(0), VNM_OK);
	CU_ASSERT_EQUAL(counters.parts[VNM_R_count_mismatch], 1);
	end();
}

/* Samples that a message may not yield any more are not passed over in silence. */
static void
test_record_limit(void)
{
	begin();
	most_records = 2;
	for (unsigned samples = 2; samples <= 3; samples++) {
		header(samples, 1000, samples);
		for (unsigned i = 0; i < samples; i++) {
			size_t sample = flow_sample(3, 4, 1);
			header_record();
			close_part(sample);
		}
		CU_ASSERT_EQUAL(send_at(0), VNM_OK);
		CU_ASSERT_EQUAL(got_count, 2);
		CU_ASSERT_EQUAL(counters.parts[VNM_R_record_limit], samples - 2);
	}
	end();
}

CU_TestInfo suite_sflow[] = {{"flow sample", test_flow_sample},
    {"codes of interfaces", test_interfaces}, {"expanded flow sample", test_expanded},
    {"discarded packet", test_discarded}, {"routing records", test_routing},
    {"tunnel records", test_tunnels}, {"unknown parts", test_unknown},
    {"many unknown records", test_many_unknown}, {"cut at every length", test_cut},
    {"interface counters", test_counters}, {"wrap and reset", test_wrap_and_reset},
    {"counter records", test_counter_records}, {"lost datagrams", test_lost},
    {"bounds", test_bounds}, {"record limit", test_record_limit}, {"headers", test_headers},
    CU_TEST_INFO_NULL};
