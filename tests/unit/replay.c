/*
 * collectors/replay.c: what a capture file was made of is what comes out of it, in every
 * link layer and file format.
 */
#include "unit.h"

#include "capture.h"

#include <stdio.h>
#include <time.h>

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
	CU_ASSERT_STRING_EQUAL(err.text, "not a readable capture file: No such file or directory");
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

/* What IP carries behind the datagram's own length is no part of it. */
static void
test_surplus(void)
{
	struct flow f = flow_of("192.0.2.1", 50000, "198.51.100.2", 2055);
	struct vnm_buffer b = {0}, u = {0};
	struct capture c;
	struct keeper k;
	struct vnm_err err;

	put32(&u, 50000U << 16 | 2055);
	put32(&u, 13U << 16);
	put(&u, "hello, world", 12);
	put_ip(&b, &f, 17, 0, false, u.p, u.n);
	capture_begin(&c, CAPTURE_PCAP, LINK_RAW);
	capture_packet(&c, &b, 0);
	capture_save(&c, 0);
	CU_ASSERT_EQUAL(replay(&c, &k, &err), 0);
	CU_ASSERT_EQUAL(k.n, 1);
	CU_ASSERT_TRUE(keeper_has(&k, 0, "hello", 5));
	keeper_end(&k);
	vnm_buffer_free(&b);
	vnm_buffer_free(&u);
}

/* ---- options ---- */

/* `n` datagrams of one octet, their number, 1 ms apart but for number 3, which has time 0. */
static void
put_numbers(struct capture *c, enum capture_format format, unsigned n)
{
	struct flow f = flow_of("192.0.2.1", 50000, "198.51.100.2", 2055);
	struct vnm_buffer b = {0};

	capture_begin(c, format, LINK_RAW);
	for (unsigned i = 0; i < n; i++) {
		uint64_t ns = c->ns;
		uint8_t octet = (uint8_t)i;

		b.n = 0;
		put_udp(&b, &f, &octet, 1);
		c->ns = i == 3 ? 0 : ns;
		capture_packet(c, &b, 0);
		c->ns = ns + 1000001;
	}
	capture_save(c, 0);
	vnm_buffer_free(&b);
}

struct watcher {
	uint64_t now_ns;
	unsigned moves;
	bool backwards;
	volatile int stop;
	struct keeper k;
};

static void
watch_clock(void *ctx, uint64_t now_ns)
{
	struct watcher *w = ctx;

	w->backwards |= now_ns <= w->now_ns;
	w->now_ns = now_ns;
	if (++w->moves == 50)
		w->stop = 1;
}

static bool
wants_odd(void *ctx, const struct vnm_datagram *d)
{
	(void)ctx;
	return d->p[0] % 2 != 0;
}

static void
test_clock(void)
{
	struct watcher w = {.now_ns = 0};
	struct vnm_replay_options o = {.clock = watch_clock, .ctx = &w};
	struct capture c;
	struct vnm_err err;

	put_numbers(&c, CAPTURE_PCAPNG, 20);
	uint64_t last_ns = c.ns - 1000001;
	keeper_begin(&w.k);
	CU_ASSERT_EQUAL(vnm_replay_file(c.path, &o, &w.k.intake, &err), 0);
	CU_ASSERT_FALSE(w.backwards);
	CU_ASSERT_EQUAL(w.moves, 19);
	CU_ASSERT_EQUAL(w.now_ns, last_ns);
	CU_ASSERT_EQUAL_FATAL(w.k.n, 20);
	CU_ASSERT_EQUAL(w.k.messages[3].d.rx_ns, 0);
	keeper_end(&w.k);
	capture_end(&c);
}

static void
test_wanted_and_stop(void)
{
	struct watcher w = {.now_ns = 0};
	struct vnm_replay_options o = {
	    .clock = watch_clock, .wanted = wants_odd, .ctx = &w, .stop = &w.stop};
	struct capture c;
	struct vnm_err err;

	put_numbers(&c, CAPTURE_PCAP_NS, 200);
	keeper_begin(&w.k);
	CU_ASSERT_EQUAL(vnm_replay_file(c.path, &o, &w.k.intake, &err), 0);
	CU_ASSERT_EQUAL(w.k.n, 25); /* stopped with the 51st packet, which is the 50th move */
	CU_ASSERT_EQUAL(w.k.counters.v[VNM_C_ignored], 26);
	CU_ASSERT_EQUAL(w.k.without_turn, 0);
	keeper_end(&w.k);
	capture_end(&c);
}

static void
test_waits_for_room(void)
{
	struct capture c;
	struct keeper k;
	struct vnm_err err;

	put_numbers(&c, CAPTURE_PCAP, 200);
	keeper_begin(&k);
	k.no_room = 20;
	CU_ASSERT_EQUAL(vnm_replay_file(c.path, &plain, &k.intake, &err), 0);
	CU_ASSERT_EQUAL(k.n, 200);
	CU_ASSERT_EQUAL(k.no_room, 0);
	CU_ASSERT_EQUAL(k.turns, 22); /* at 128 and 200, and each time there was no room */
	keeper_end(&k);
	capture_end(&c);
}

static void
test_speed(void)
{
	struct vnm_replay_options o = {.speed = 2};
	struct timespec a, b;
	struct capture c;
	struct keeper k;
	struct vnm_err err;

	put_numbers(&c, CAPTURE_PCAP, 201); /* 200 ms */
	keeper_begin(&k);
	clock_gettime(CLOCK_MONOTONIC, &a);
	CU_ASSERT_EQUAL(vnm_replay_file(c.path, &o, &k.intake, &err), 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	double ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
	CU_ASSERT_TRUE(ms >= 100);
	CU_ASSERT_TRUE(ms < 5000); /* not for ever */
	CU_ASSERT_EQUAL(k.n, 201);
	CU_ASSERT_TRUE(k.longest_turn < 50); /* turns end while it waits */
	keeper_end(&k);
	capture_end(&c);
}

/* ---- raw streams ---- */

/* Length of the message in one octet, then 0xa5. */
static size_t
frame(const uint8_t *p, size_t n)
{
	if (n < 2)
		return 0;
	return p[1] == 0xa5 && p[0] >= 2 ? p[0] : VNM_FRAME_BAD;
}

static int
replay_raw(const struct vnm_buffer *octets, struct keeper *k, struct vnm_err *err)
{
	struct vnm_datagram from = {.rx_ns = 12345, .session = 7, .transport = VNM_TRANSPORT_TCP};
	struct watcher w = {.now_ns = 0};
	struct vnm_replay_options o = {.clock = watch_clock, .ctx = &w};
	struct capture c = {.b = *octets};

	capture_save(&c, 0);
	keeper_begin(k);
	k->intake.frame = frame;
	int rc = vnm_replay_raw(c.path, &from, &o, &k->intake, err);
	CU_ASSERT_EQUAL(w.now_ns, 12345);
	CU_ASSERT_EQUAL(k->without_turn, 0);
	CU_ASSERT_EQUAL(k->ends_n, 1);
	remove(c.path);
	return rc;
}

static void
test_raw(void)
{
	enum { MESSAGES = 5000 };
	struct vnm_buffer b = {0};
	struct keeper k;
	struct vnm_err err;
	uint8_t message[255] = {0, 0xa5};

	for (int i = 0; i < MESSAGES; i++) { /* more than is read at a time */
		message[0] = (uint8_t)(2 + i % 254);
		put(&b, message, message[0]);
	}
	CU_ASSERT_EQUAL(replay_raw(&b, &k, &err), 0);
	CU_ASSERT_EQUAL_FATAL(k.n, MESSAGES);
	for (size_t i = 0; i < MESSAGES; i++)
		CU_ASSERT_EQUAL(k.messages[i].d.n, 2 + i % 254);
	CU_ASSERT_EQUAL(k.messages[0].d.session, 7);
	CU_ASSERT_EQUAL(k.longest_turn, VNM_TURN_DATAGRAMS);
	keeper_end(&k);

	put(&b, "\x09\xa5xyz", 5);
	CU_ASSERT_EQUAL(replay_raw(&b, &k, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cut short after message 5000"));
	CU_ASSERT_TRUE(keeper_has(&k, MESSAGES, "\x09\xa5xyz", 5));
	keeper_end(&k);

	put(&b, "more", 4);
	put(&b, "garbage", 7);
	CU_ASSERT_EQUAL(replay_raw(&b, &k, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "after message 5001"));
	CU_ASSERT_EQUAL(k.n, MESSAGES + 1);
	CU_ASSERT_EQUAL(k.counters.failed[VNM_R_bad_length], 1);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_received_octets], 7);
	keeper_end(&k);
	vnm_buffer_free(&b);
}

/* Each allocation fails in turn: the replay goes on without what needed it, or says so. */
static void
test_memory(void)
{
	struct flow f = flow_of("192.0.2.1", 50000, "198.51.100.2", 2055);
	struct vnm_buffer b = {0};
	struct capture c;
	struct keeper k;
	struct vnm_err err;
	uint8_t half[16] = {0};

	capture_begin(&c, CAPTURE_PCAP, LINK_RAW);
	for (int i = 0; i < 4; i++) {
		b.n = 0;
		put_ip(&b, &f, 17, i % 2 != 0 ? 16 : 0, i % 2 == 0, half, sizeof(half));
		capture_packet(&c, &b, 0);
		f.id += i % 2;
	}
	capture_save(&c, 0);
	size_t used = vnm_alloc_used();
	for (uint64_t n = 1; n < 12; n++) {
		keeper_begin(&k);
		CU_ASSERT_TRUE_FATAL(vnm_buffer_reserve(&k.octets, 1000));
		vnm_alloc_fail_at(0);
		vnm_alloc_fail_at(n);
		int rc = vnm_replay_file(c.path, &plain, &k.intake, &err);
		vnm_alloc_fail_at(0);
		if (rc != 0)
			CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "memory"));
		CU_ASSERT_EQUAL(k.without_turn, 0);
		keeper_end(&k);
		CU_ASSERT_EQUAL(vnm_alloc_used(), used);
	}
	capture_end(&c);
	vnm_buffer_free(&b);
}

CU_TestInfo suite_replay[] = {{"link types", test_links}, {"VLAN tags and PPPoE", test_tags},
    {"file formats and times", test_formats}, {"files cut short", test_cut_short},
    {"unreadable files", test_unreadable}, {"snap length", test_snap_length},
    {"surplus octets", test_surplus}, {"packets' clock", test_clock},
    {"wanted and stop", test_wanted_and_stop}, {"waits for room", test_waits_for_room},
    {"speed", test_speed}, {"raw streams", test_raw}, {"memory", test_memory}, CU_TEST_INFO_NULL};
