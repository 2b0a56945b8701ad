/*
 * collectors/replay.c: what a capture file was made of is what comes out of it, in every
 * link layer and file format.
 */
#include "unit.h"

#include "capture.h"

#include <stdio.h>

enum { LINK_NULL = 0, LINK_ETHERNET = 1, LINK_RAW = 101, LINK_LOOP = 108, LINK_SLL = 113 };
enum { LINK_IPV4 = 228, LINK_IPV6 = 229, LINK_SLL2 = 276, LINK_NETLINK = 253 };

static const struct vnm_replay_options plain;

static int
replay(struct capture *c, struct keeper *k, struct vnm_err *err)
{
	keeper_begin(k);
	int rc = vnm_replay_file(c->path, &plain, &k->intake, err);
	capture_end(c);
	return rc;
}

/* A link header of each sort, then the ethertype. */
static void
put_link(struct vnm_buffer *b, unsigned link, bool ip6)
{
	static const uint8_t zero[20];
	unsigned type = ip6 ? 0x86dd : 0x0800;

	switch (link) {
	case LINK_NULL:
		put(b, &(uint32_t){ip6 ? 10 : 2}, 4);
		break;
	case LINK_LOOP:
		put32(b, ip6 ? 24 : 2);
		break;
	case LINK_ETHERNET:
		put(b, zero, 12);
		put16(b, type);
		break;
	case LINK_SLL:
		put(b, zero, 14);
		put16(b, type);
		break;
	case LINK_SLL2:
		put16(b, type);
		put(b, zero, 18);
		break;
	default:
		break;
	}
}

static void
test_links(void)
{
	static const unsigned links[] = {LINK_NULL, LINK_LOOP, LINK_ETHERNET, LINK_SLL, LINK_SLL2,
	    LINK_RAW, LINK_IPV4, LINK_IPV6};
	struct flow f4 = flow_of("192.0.2.1", 50000, "198.51.100.2", 2055);
	struct flow f6 = flow_of("2001:db8::1", 50001, "2001:db8::2", 4739);
	struct capture c;
	struct keeper k;
	struct vnm_err err;

	for (size_t i = 0; i < VNM_ARRAY_LEN(links); i++) {
		for (int ip6 = links[i] == LINK_IPV6; ip6 <= (links[i] != LINK_IPV4); ip6++) {
			const struct flow *f = ip6 ? &f6 : &f4;
			struct vnm_buffer b = {0};

			capture_begin(&c, CAPTURE_PCAP, links[i]);
			put_link(&b, links[i], ip6);
			put_udp(&b, f, "hello", 5);
			put(&b, "padding", 7); /* of short Ethernet frames */
			capture_packet(&c, &b, 0);
			capture_save(&c, 0);
			CU_ASSERT_EQUAL(replay(&c, &k, &err), 0);
			CU_ASSERT_EQUAL_FATAL(k.n, 1);
			CU_ASSERT_TRUE(keeper_has(&k, 0, "hello", 5));
			const struct vnm_datagram *d = &k.messages[0].d;
			CU_ASSERT_TRUE(vnm_addr_equal(&d->src.addr, &f->src.addr));
			CU_ASSERT_TRUE(vnm_addr_equal(&d->dst.addr, &f->dst.addr));
			CU_ASSERT_EQUAL(d->src.port, f->src.port);
			CU_ASSERT_EQUAL(d->dst.port, f->dst.port);
			CU_ASSERT_EQUAL(k.counters.v[VNM_C_ignored], 0);
			keeper_end(&k);
			vnm_buffer_free(&b);
		}
	}
}

static void
test_tags(void)
{
	static const uint8_t macs[12];
	static const unsigned stacks[][4] = {{0x8100, 5}, {0x88a8, 7, 0x8100, 9}, {0x9100, 1}};
	struct flow f = flow_of("192.0.2.1", 50000, "198.51.100.2", 2055);
	struct capture c;
	struct keeper k;
	struct vnm_err err;
	struct vnm_buffer b = {0};

	capture_begin(&c, CAPTURE_PCAP, LINK_ETHERNET);
	for (size_t i = 0; i < VNM_ARRAY_LEN(stacks); i++) {
		b.n = 0;
		put(&b, macs, 12);
		for (size_t t = 0; t < 4 && stacks[i][t] != 0; t++)
			put16(&b, stacks[i][t]);
		put16(&b, 0x0800);
		put_udp(&b, &f, "tagged", 6);
		capture_packet(&c, &b, 0);
	}
	b.n = 0; /* PPPoE session 1, IPv4 */
	put(&b, macs, 12);
	put32(&b, 0x88641100);
	put32(&b, 0x00010024);
	put16(&b, 0x0021);
	put_udp(&b, &f, "tagged", 6);
	capture_packet(&c, &b, 0);
	capture_save(&c, 0);
	CU_ASSERT_EQUAL(replay(&c, &k, &err), 0);
	CU_ASSERT_EQUAL(k.n, 4);
	for (size_t i = 0; i < 4; i++)
		CU_ASSERT_TRUE(keeper_has(&k, i, "tagged", 6));
	keeper_end(&k);
	vnm_buffer_free(&b);
}

static void
test_formats(void)
{
	struct flow f = flow_of("192.0.2.1", 50000, "198.51.100.2", 2055);
	struct capture c;
	struct keeper k;
	struct vnm_err err;

	for (enum capture_format format = CAPTURE_PCAP; format <= CAPTURE_PCAPNG; format++) {
		struct vnm_buffer b = {0};
		char text[16];

		capture_begin(&c, format, LINK_RAW);
		uint64_t ns = c.ns;
		for (int i = 0; i < 1000; i++) {
			b.n = 0;
			put_udp(&b, &f, text, (size_t)snprintf(text, sizeof(text), "m%d", i));
			capture_packet(&c, &b, 0);
		}
		capture_save(&c, 0);
		CU_ASSERT_EQUAL(replay(&c, &k, &err), 0);
		CU_ASSERT_EQUAL_FATAL(k.n, 1000);
		for (int i = 0; i < 1000; i++) {
			uint64_t unit = format == CAPTURE_PCAP ? 1000 : 1;
			size_t n = (size_t)snprintf(text, sizeof(text), "m%d", i);
			if (!keeper_has(&k, (size_t)i, text, n) ||
			    k.messages[i].d.rx_ns != ns / unit * unit)
				CU_FAIL_FATAL("not what was put in");
			ns += 1000001;
		}
		CU_ASSERT_EQUAL(k.longest_turn, VNM_TURN_DATAGRAMS);
		CU_ASSERT_EQUAL(k.without_turn, 0);
		keeper_end(&k);
		vnm_buffer_free(&b);
	}
}

static void
test_cut_short(void)
{
	struct flow f = flow_of("192.0.2.1", 50000, "198.51.100.2", 2055);
	struct capture c;
	struct keeper k;
	struct vnm_err err;
	struct vnm_buffer b = {0};
	char want[32];

	put_udp(&b, &f, "0123456789", 10);
	for (size_t cut = 1; cut < 16 + b.n; cut++) {
		capture_begin(&c, CAPTURE_PCAP, LINK_RAW);
		for (int i = 0; i < 3; i++)
			capture_packet(&c, &b, 0);
		capture_save(&c, cut);
		CU_ASSERT_EQUAL(replay(&c, &k, &err), -1);
		CU_ASSERT_EQUAL(k.n, 2);
		CU_ASSERT_EQUAL(k.without_turn, 0);
		snprintf(want, sizeof(want), "after packet %d", 2);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, want));
		CU_ASSERT_STRING_EQUAL(err.file, c.path);
		keeper_end(&k);
	}
	vnm_buffer_free(&b);
}

static void
test_unreadable(void)
{
	struct capture c;
	struct keeper k;
	struct vnm_err err = {.line = 0};

	keeper_begin(&k);
	CU_ASSERT_EQUAL(vnm_replay_file("no/such/file", &plain, &k.intake, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "No such file"));
	keeper_end(&k);
	capture_begin(&c, CAPTURE_PCAP, LINK_NETLINK);
	capture_save(&c, 0);
	CU_ASSERT_EQUAL(replay(&c, &k, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "link type 253"));
	keeper_end(&k);
}

/* What was captured of a datagram is handed over, as far as its ports are known. */
static void
test_snap_length(void)
{
	struct flow f = flow_of("192.0.2.1", 50000, "198.51.100.2", 2055);
	struct capture c;
	struct keeper k;
	struct vnm_err err;
	struct vnm_buffer b = {0};

	put_udp(&b, &f, "0123456789", 10);
	for (size_t cut = 0; cut <= b.n; cut++) {
		capture_begin(&c, CAPTURE_PCAP, LINK_RAW);
		capture_packet(&c, &b, cut);
		capture_save(&c, 0);
		CU_ASSERT_EQUAL(replay(&c, &k, &err), 0);
		CU_ASSERT_EQUAL(k.n, cut <= 10);
		CU_ASSERT_EQUAL(k.counters.v[VNM_C_ignored], cut > 10);
		if (cut <= 10)
			CU_ASSERT_TRUE(keeper_has(&k, 0, "0123456789", 10 - cut));
		keeper_end(&k);
	}
	vnm_buffer_free(&b);
}

CU_TestInfo suite_replay[] = {{"link types", test_links}, {"VLAN tags and PPPoE", test_tags},
    {"file formats and times", test_formats}, {"files cut short", test_cut_short},
    {"unreadable files", test_unreadable}, {"snap length", test_snap_length}, CU_TEST_INFO_NULL};
