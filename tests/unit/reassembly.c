/*
 * Fragments and TCP streams of captures: what was cut, mixed up and repeated comes out as it
 * was, and what is missing is in the counts.
 */
#include "unit.h"

#include "capture.h"

#include <stdlib.h>

enum { LINK_RAW = 101 };

static const char *const ends[2][2] = {
    {"192.0.2.1", "198.51.100.2"}, {"2001:db8::1", "2001:db8::2"}};

static void
fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)random();
}

/* ---- fragments ---- */

#define DATAGRAM 2999
#define PARTS 4

struct parts {
	uint8_t udp[8 + DATAGRAM];
	struct capture c;
	struct keeper k;
	struct flow f;
};

static void
parts_begin(struct parts *x, bool ip6)
{
	struct vnm_buffer b = {0};

	fill(x->udp, sizeof(x->udp));
	x->f = flow_of(ends[ip6][0], 50000, ends[ip6][1], 2055);
	put16(&b, 50000);
	put16(&b, 2055);
	put16(&b, sizeof(x->udp));
	put16(&b, 0);
	memcpy(x->udp, b.p, 8);
	vnm_buffer_free(&b);
	capture_begin(&x->c, CAPTURE_PCAP, LINK_RAW);
}

static void
part_from(struct parts *x, size_t at, size_t n)
{
	struct vnm_buffer b = {0};

	if (n > sizeof(x->udp) - at)
		n = sizeof(x->udp) - at;
	put_ip(&b, &x->f, 17, at, at + n < sizeof(x->udp), x->udp + at, n);
	capture_packet(&x->c, &b, 0);
	vnm_buffer_free(&b);
}

/* One of PARTS equal parts. */
static void
part(struct parts *x, size_t i)
{
	part_from(x, i * 752, 752);
}

/* Replays and checks: `messages` copies of the datagram, the rest ignored. */
static void
parts_check(struct parts *x, size_t messages, uint64_t ignored)
{
	static const struct vnm_replay_options plain;
	struct vnm_err err;

	keeper_begin(&x->k);
	capture_save(&x->c, 0);
	CU_ASSERT_EQUAL(vnm_replay_file(x->c.path, &plain, &x->k.intake, &err), 0);
	CU_ASSERT_EQUAL(x->k.n, messages);
	for (size_t i = 0; i < messages; i++)
		CU_ASSERT_TRUE(keeper_has(&x->k, i, x->udp + 8, DATAGRAM));
	CU_ASSERT_EQUAL(x->k.counters.v[VNM_C_ignored], ignored);
	keeper_end(&x->k);
	capture_end(&x->c);
}

static void
test_all_orders(void)
{
	struct parts x;

	for (unsigned order = 0; order < PARTS * PARTS * PARTS * PARTS; order++) {
		size_t at[PARTS], seen = 0;

		for (unsigned i = 0, o = order; i < PARTS; i++, o /= PARTS) {
			at[i] = o % PARTS;
			seen |= (size_t)1 << at[i];
		}
		if (seen != (1 << PARTS) - 1)
			continue;
		for (int ip6 = 0; ip6 < 2; ip6++) {
			parts_begin(&x, ip6);
			for (unsigned i = 0; i < PARTS; i++) {
				part(&x, at[i]);
				if (order % 3 == 0 && i == 1)
					part(&x, at[0]); /* the same again */
			}
			parts_check(&x, 1, 0);
		}
	}
}

static void
test_missing_part(void)
{
	struct parts x;

	for (size_t missing = 0; missing < PARTS; missing++) {
		parts_begin(&x, missing % 2 == 0);
		for (size_t i = 0; i < PARTS; i++) {
			if (i != missing)
				part(&x, i);
		}
		parts_check(&x, 0, PARTS - 1);
	}
}

static void
test_overlap(void)
{
	struct parts x;

	for (int ip6 = 0; ip6 < 2; ip6++) {
		parts_begin(&x, ip6);
		part(&x, 0);
		part_from(&x, 744, 752); /* begins 8 octets too early */
		for (size_t i = 1; i < PARTS; i++)
			part(&x, i);
		parts_check(&x, 0, PARTS + 1);

		parts_begin(&x, ip6);
		part(&x, 0);
		x.udp[700] ^= 1; /* the same place, other octets */
		part(&x, 0);
		for (size_t i = 1; i < PARTS; i++)
			part(&x, i);
		parts_check(&x, 0, PARTS + 1);
	}
}

/* Zeros overlapping zeros do not pass for octets that came before. */
static void
test_overlap_zeros(void)
{
	struct parts x;

	parts_begin(&x, true);
	memset(x.udp + 8, 0, DATAGRAM);
	part(&x, 0);
	part(&x, 2);
	part_from(&x, 744, 760);
	part(&x, 1);
	part(&x, 3);
	parts_check(&x, 0, PARTS + 1);
}

/* What follows is said by the first fragment (RFC 8200 section 4.5). */
static void
test_other_protocol(void)
{
	struct vnm_buffer b = {0};
	struct parts x;

	parts_begin(&x, true);
	for (size_t i = 0; i < PARTS; i++) {
		size_t n = i + 1 < PARTS ? 752 : sizeof(x.udp) - i * 752;

		b.n = 0;
		put_ip(&b, &x.f, i == 0 ? 17 : 59, i * 752, i + 1 < PARTS, x.udp + i * 752, n);
		capture_packet(&x.c, &b, 0);
	}
	parts_check(&x, 1, 0);
	vnm_buffer_free(&b);
}

static void
test_beyond_the_end(void)
{
	uint8_t much[512] = {0};
	struct vnm_buffer b = {0};
	struct parts x;

	parts_begin(&x, false);
	put_ip(&b, &x.f, 17, 65528, false, much, sizeof(much)); /* ends past 65535 */
	capture_packet(&x.c, &b, 0);
	parts_check(&x, 0, 1);

	parts_begin(&x, false);
	part(&x, 3);
	b.n = 0;
	put_ip(&b, &x.f, 17, 3008, true, much, sizeof(much)); /* behind the last one */
	capture_packet(&x.c, &b, 0);
	for (size_t i = 0; i < PARTS - 1; i++)
		part(&x, i);
	parts_check(&x, 0, PARTS + 1);

	parts_begin(&x, true);
	b.n = 0;
	put_ip(&b, &x.f, 17, 3008, true, much, sizeof(much)); /* before the last one came */
	capture_packet(&x.c, &b, 0);
	for (size_t i = 0; i < PARTS; i++)
		part(&x, i);
	parts_check(&x, 0, PARTS + 1);

	parts_begin(&x, true);
	b.n = 0;
	x.f.id = 1;
	put_ip(&b, &x.f, 17, 3008, true, x.udp, 752); /* as much as is missing before the end */
	capture_packet(&x.c, &b, 0);
	part(&x, 0);
	part(&x, 2);
	part(&x, 3);
	parts_check(&x, 0, PARTS);
	vnm_buffer_free(&b);
}

static void
test_expiry(void)
{
	struct parts x;

	for (int late = 0; late < 2; late++) {
		parts_begin(&x, false);
		for (size_t i = 0; i < PARTS - 1; i++)
			part(&x, i);
		x.c.ns += late ? 31000000000ULL : 29000000000ULL;
		part(&x, PARTS - 1);
		parts_check(&x, !late, late ? PARTS : 0);
	}
}

/* Two datagrams at once are told apart; of too many, the oldest makes room. */
static void
test_many(void)
{
	struct parts x;

	for (unsigned others = 255; others <= 256; others++) {
		parts_begin(&x, false);
		part(&x, 0);
		for (unsigned i = 0; i < others; i++) {
			x.f.id++;
			part(&x, 1);
		}
		x.f.id = 1;
		for (size_t i = 1; i < PARTS; i++)
			part(&x, i);
		parts_check(&x, others == 255, others + (others == 255 ? 0 : PARTS));
	}
}

/* ---- streams ---- */

#define MESSAGES 40

/* The tests' own protocol: length of the message in two octets, then 0xa5. */
static size_t
frame(const uint8_t *p, size_t n)
{
	if (n < 3)
		return 0;
	size_t size = (size_t)p[0] << 8 | p[1];
	return p[2] == 0xa5 && size >= 3 ? size : VNM_FRAME_BAD;
}

static vnm_frame_fn
find_framing(void *ctx, const struct vnm_datagram *d)
{
	(void)ctx;
	if (d->dst.port == 11019)
		return frame;
	return d->n >= 3 && d->p[2] == 0xa5 ? frame : NULL;
}

static const struct vnm_replay_options with_streams = {.stream = find_framing};

struct talk {
	struct vnm_buffer octets; /* all messages */
	size_t at[MESSAGES + 1];  /* where each begins */
	struct capture c;
	struct keeper k;
	struct flow f;
	uint32_t isn;
	struct vnm_err err;
};

static void
talk_begin(struct talk *t, bool ip6, uint32_t isn)
{
	uint8_t message[1500];

	*t = (struct talk){.isn = isn};
	t->f = flow_of(ends[ip6][0], 40000, ends[ip6][1], 4739);
	for (size_t i = 0; i < MESSAGES; i++) {
		size_t n = 3 + (size_t)random() % (sizeof(message) - 3);

		fill(message, n);
		message[0] = (uint8_t)(n >> 8);
		message[1] = (uint8_t)n;
		message[2] = 0xa5;
		t->at[i] = t->octets.n;
		put(&t->octets, message, n);
	}
	t->at[MESSAGES] = t->octets.n;
	capture_begin(&t->c, CAPTURE_PCAP, LINK_RAW);
}

static void
segment(struct talk *t, unsigned flags, size_t at, size_t n, size_t cut)
{
	struct vnm_buffer b = {0};
	uint32_t seq = t->isn + (flags & TCP_SYN ? 0 : 1) + (uint32_t)at;

	put_tcp(&b, &t->f, seq, flags | TCP_ACK, n > 0 ? t->octets.p + at : NULL, n);
	capture_packet(&t->c, &b, cut);
	vnm_buffer_free(&b);
}

static void
talk_replay(struct talk *t)
{
	keeper_begin(&t->k);
	capture_save(&t->c, 0);
	CU_ASSERT_EQUAL(vnm_replay_file(t->c.path, &with_streams, &t->k.intake, &t->err), 0);
	CU_ASSERT_EQUAL(t->k.without_turn, 0);
}

/* Messages from..to-1 came, beginning with the k'th that came. */
static void
talk_expect(struct talk *t, size_t k, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++, k++) {
		if (!keeper_has(&t->k, k, t->octets.p + t->at[i], t->at[i + 1] - t->at[i]))
			CU_FAIL_FATAL("another message, or none");
		CU_ASSERT_EQUAL(t->k.messages[k].d.transport, VNM_TRANSPORT_TCP);
		CU_ASSERT_TRUE(vnm_addr_equal(&t->k.messages[k].d.src.addr, &t->f.src.addr));
		CU_ASSERT_EQUAL(t->k.messages[k].d.dst.port, t->f.dst.port);
	}
}

static void
talk_end(struct talk *t)
{
	keeper_end(&t->k);
	capture_end(&t->c);
	vnm_buffer_free(&t->octets);
}

static void
test_every_octet(void)
{
	struct talk t;

	for (int syn = 0; syn < 2; syn++) {
		talk_begin(&t, syn, 0xffffff00U); /* the numbers wrap */
		if (syn)
			segment(&t, TCP_SYN, 0, 0, 0);
		for (size_t i = 0; i < t.octets.n; i++)
			segment(&t, 0, i, 1, 0);
		talk_replay(&t);
		CU_ASSERT_EQUAL(t.k.n, MESSAGES);
		talk_expect(&t, 0, 0, MESSAGES);
		CU_ASSERT_EQUAL(t.k.counters.v[VNM_C_ignored], (uint64_t)syn);
		CU_ASSERT_EQUAL(t.k.ends_n, 1);
		for (size_t i = 0; i < MESSAGES; i++) { /* as soon as its last octet came */
			uint64_t segments = t.at[i + 1] - 1 + (size_t)syn;
			CU_ASSERT_EQUAL(t.k.messages[i].d.rx_ns / 1000,
			    (1700000000123456789ULL + segments * 1000001) / 1000);
		}
		talk_end(&t);
	}
}

/* A segment, the SYN and the FIN come again, and the FIN before the last segment. */
static void
test_repeated(void)
{
	struct talk t;

	talk_begin(&t, false, 5);
	segment(&t, TCP_SYN, 0, 0, 0);
	segment(&t, TCP_SYN, 0, 0, 0);
	segment(&t, 0, 0, t.at[3], 0);
	segment(&t, TCP_SYN, 0, 0, 0);
	segment(&t, 0, 0, t.at[3], 0);
	segment(&t, TCP_FIN, t.octets.n, 0, 0);
	segment(&t, TCP_FIN, t.octets.n, 0, 0);
	for (size_t i = 3; i < MESSAGES; i++)
		segment(&t, 0, t.at[i], t.at[i + 1] - t.at[i], 0);
	segment(&t, TCP_FIN, t.octets.n, 0, 0);
	talk_replay(&t);
	CU_ASSERT_EQUAL(t.k.n, MESSAGES);
	talk_expect(&t, 0, 0, MESSAGES);
	CU_ASSERT_EQUAL(t.k.ends_n, 1);
	CU_ASSERT_EQUAL(t.k.counters.v[VNM_C_ignored], 7);
	CU_ASSERT_EQUAL(t.k.messages[0].d.rx_ns / 1000000, 1700000000125); /* the third packet */
	talk_end(&t);
}

/*
 * A SYN with data (RFC 7413), and one of a program that makes captures up and does not count it:
 * what follows then has numbers that are lower by one. A keepalive probe looks nearly like that.
 */
static void
test_syn_with_data(void)
{
	for (uint32_t uncounted = 0; uncounted < 4; uncounted++) {
		struct talk t;
		size_t half = 0;

		talk_begin(&t, false, 0xffffff00U);
		half = t.at[1] + (t.at[2] - t.at[1]) / 2;
		segment(&t, TCP_SYN, 0, half, 0);
		segment(&t, TCP_SYN, 0, half, 0);
		if (uncounted % 2 == 0)
			segment(&t, 0, half - 1, 1, 0); /* a probe */
		else
			t.isn--;
		if (uncounted >= 2) { /* the next segments are swapped */
			segment(&t, 0, t.at[3], t.at[4] - t.at[3], 0);
			segment(&t, 0, half, t.at[3] - half, 0);
		} else {
			segment(&t, 0, half, t.at[4] - half, 0);
		}
		segment(&t, 0, t.at[4], t.octets.n - t.at[4], 0);
		segment(&t, TCP_FIN, t.octets.n, 0, 0);
		talk_replay(&t);
		CU_ASSERT_EQUAL(t.k.n, MESSAGES);
		talk_expect(&t, 0, 0, MESSAGES);
		CU_ASSERT_EQUAL(t.k.ends_n, 1);
		CU_ASSERT_EQUAL(t.k.counters.messages, 0); /* none was refused */
		talk_end(&t);
	}
}

/* Segments of random sizes, swapped, repeated and overlapping. */
static void
mix_up(struct talk *t)
{
	size_t at[4096], n[4096], count = 0;

	for (size_t i = 0; i < t->octets.n; i += n[count++]) {
		at[count] = i;
		n[count] = 1 + (size_t)random() % 1400;
		if (n[count] > t->octets.n - i)
			n[count] = t->octets.n - i;
	}
	for (size_t i = 1; i < count; i++) { /* late by up to six segments */
		size_t j = i - (size_t)random() % (i < 6 ? i : 6);
		size_t a = at[i], m = n[i];
		at[i] = at[j];
		n[i] = n[j];
		at[j] = a;
		n[j] = m;
	}
	for (size_t i = 0; i < count; i++) {
		segment(t, 0, at[i], n[i], 0);
		size_t k = (size_t)random() % (i + 1);
		if (random() % 4 == 0)
			segment(t, 0, at[k], n[k], 0);
		if (random() % 4 == 0 && at[k] >= 100)
			segment(t, 0, at[k] - 100, n[k] + 50, 0);
	}
}

static void
test_mixed_up(void)
{
	struct talk t;

	for (unsigned seed = 1; seed <= 60; seed++) {
		srandom(seed);
		talk_begin(&t, seed % 2, 0xffffff00U + seed);
		segment(&t, TCP_SYN, 0, 0, 0);
		mix_up(&t);
		segment(&t, TCP_FIN, t.octets.n, 0, 0);
		segment(&t, 0, 0, 100, 0); /* late: the stream is not begun anew */
		talk_replay(&t);
		CU_ASSERT_EQUAL(t.k.n, MESSAGES);
		talk_expect(&t, 0, 0, MESSAGES);
		CU_ASSERT_EQUAL(t.k.ends_n, 1);
		talk_end(&t);
	}
}

/* From the middle of a message on: as soon as a segment begins a message. */
static void
test_middle(void)
{
	struct talk t;

	talk_begin(&t, false, 1);
	memset(t.octets.p + 5, 0, 3); /* no message begins here */
	segment(&t, 0, 5, 1, 0);
	segment(&t, 0, 6, t.at[1] - 6, 0);
	for (size_t i = 1; i < MESSAGES; i++)
		segment(&t, 0, t.at[i], t.at[i + 1] - t.at[i], 0);
	talk_replay(&t);
	CU_ASSERT_TRUE_FATAL(t.k.n >= MESSAGES - 2);
	talk_expect(&t, t.k.n - (MESSAGES - 2), 2, MESSAGES);
	CU_ASSERT_EQUAL(t.k.ends_n, 1);
	talk_end(&t);
}

/* A lost segment: its message is handed over as far as it came, the next ones whole. */
static void
test_hole(void)
{
	struct talk t;

	for (int cut = 0; cut < 2; cut++) {
		talk_begin(&t, true, 77);
		segment(&t, TCP_SYN, 0, 0, 0);
		for (size_t i = 0; i < MESSAGES; i++) {
			size_t n = t.at[i + 1] - t.at[i];
			if (i != 10) {
				segment(&t, 0, t.at[i], n, 0);
			} else { /* a part is there, then nothing; or all, cut by the snap length */
				segment(&t, 0, t.at[i], cut ? n : 2, cut ? n - 2 : 0);
			}
		}
		talk_replay(&t);
		CU_ASSERT_EQUAL_FATAL(t.k.n, MESSAGES);
		talk_expect(&t, 0, 0, 10);
		CU_ASSERT_TRUE(keeper_has(&t.k, 10, t.octets.p + t.at[10], 2));
		talk_expect(&t, 11, 11, MESSAGES);
		CU_ASSERT_EQUAL(t.k.ends_n, 1);
		CU_ASSERT_EQUAL(t.k.counters.messages, 0); /* nothing refused */
		talk_end(&t);
	}
}

/* What Ethernet pads a short frame with is no part of the stream. */
static void
test_padding(void)
{
	struct vnm_buffer b = {0};
	struct talk t;

	talk_begin(&t, false, 5);
	for (size_t i = 0; i < MESSAGES; i++) {
		b.n = 0;
		put_tcp(&b, &t.f, 6 + (uint32_t)t.at[i], TCP_ACK, t.octets.p + t.at[i],
		    t.at[i + 1] - t.at[i]);
		put(&b, "\xff\xff\xff\xff\xff\xff", 6);
		capture_packet(&t.c, &b, 0);
	}
	talk_replay(&t);
	CU_ASSERT_EQUAL(t.k.n, MESSAGES);
	talk_expect(&t, 0, 0, MESSAGES);
	vnm_buffer_free(&b);
	talk_end(&t);
}

static void
test_bad_framing(void)
{
	struct talk t;

	talk_begin(&t, false, 5);
	t.octets.p[t.at[20] + 2] = 0;
	segment(&t, TCP_SYN, 0, 0, 0);
	for (size_t i = 0; i < MESSAGES; i++)
		segment(&t, 0, t.at[i], t.at[i + 1] - t.at[i], 0);
	talk_replay(&t);
	CU_ASSERT_EQUAL(t.k.n, 20);
	talk_expect(&t, 0, 0, 20);
	CU_ASSERT_EQUAL(t.k.ends_n, 1);
	CU_ASSERT_EQUAL(t.k.counters.messages, 1);
	CU_ASSERT_EQUAL(t.k.counters.failed[VNM_R_bad_length], 1);
	CU_ASSERT_EQUAL(t.k.counters.outcome[VNM_OUTCOME_FAILED], 1);
	CU_ASSERT_EQUAL(t.k.counters.v[VNM_C_ignored], 1 + MESSAGES - 21);
	talk_end(&t);
}

/* The port is ours, but nothing that comes can be framed. */
static void
test_never_framed(void)
{
	struct talk t;

	talk_begin(&t, false, 5);
	t.f.dst.port = 11019;
	for (size_t i = 0; i < 5; i++) {
		t.octets.p[t.at[i] + 2] = 0;
		segment(&t, 0, t.at[i], t.at[i + 1] - t.at[i], 0);
	}
	talk_replay(&t);
	CU_ASSERT_EQUAL(t.k.n, 0);
	CU_ASSERT_EQUAL(t.k.ends_n, 0);
	CU_ASSERT_EQUAL(t.k.counters.failed[VNM_R_bad_length], 1);
	CU_ASSERT_EQUAL(t.k.counters.v[VNM_C_ignored], 5);
	talk_end(&t);
}

static void
test_not_ours(void)
{
	struct talk t;

	talk_begin(&t, false, 5);
	memset(t.octets.p, 0, t.octets.n);
	segment(&t, TCP_SYN, 0, 0, 0);
	for (size_t i = 0; i < MESSAGES; i++)
		segment(&t, 0, t.at[i], t.at[i + 1] - t.at[i], 0);
	segment(&t, TCP_FIN, t.octets.n, 0, 0);
	talk_replay(&t);
	CU_ASSERT_EQUAL(t.k.n, 0);
	CU_ASSERT_EQUAL(t.k.ends_n, 0);
	CU_ASSERT_EQUAL(t.k.counters.v[VNM_C_ignored], MESSAGES + 2);
	CU_ASSERT_EQUAL(t.k.counters.messages, 0);
	talk_end(&t);
}

/* The same ports twice: two sessions, each with its end, by FIN, RST, SYN or end of file. */
static void
test_sessions(void)
{
	static const unsigned how[] = {TCP_FIN, TCP_RST, 0};
	struct talk t;

	for (size_t h = 0; h < VNM_ARRAY_LEN(how); h++) {
		talk_begin(&t, false, 1000);
		segment(&t, TCP_SYN, 0, 0, 0);
		segment(&t, 0, 0, t.at[2], 0);
		if (how[h] != 0)
			segment(&t, how[h], t.at[2], 0, 0);
		t.isn = 900000;
		segment(&t, TCP_SYN, 0, 0, 0);
		segment(&t, 0, 0, t.at[1] + 3, 0); /* three octets of the second one */
		talk_replay(&t);
		CU_ASSERT_EQUAL_FATAL(t.k.n, 4);
		talk_expect(&t, 0, 0, 2);
		talk_expect(&t, 2, 0, 1);
		CU_ASSERT_TRUE(keeper_has(&t.k, 3, t.octets.p + t.at[1], 3));
		CU_ASSERT_EQUAL_FATAL(t.k.ends_n, 2);
		CU_ASSERT_EQUAL(t.k.messages[0].d.session, t.k.messages[1].d.session);
		CU_ASSERT_NOT_EQUAL(t.k.messages[1].d.session, t.k.messages[2].d.session);
		CU_ASSERT_EQUAL(t.k.ends[0].d.session, t.k.messages[0].d.session);
		CU_ASSERT_EQUAL(t.k.ends[1].d.session, t.k.messages[2].d.session);
		CU_ASSERT_EQUAL(t.k.messages[2].ended, 1);
		talk_end(&t);
	}
}

/* More streams than are known at a time: all messages come, all streams end. */
static void
test_many_streams(void)
{
	struct talk t;

	talk_begin(&t, false, 5);
	for (unsigned i = 0; i < 3000; i++) {
		t.f.src.port = (uint16_t)(1024 + i);
		segment(&t, 0, 0, t.at[1], 0);
	}
	talk_replay(&t);
	CU_ASSERT_EQUAL(t.k.n, 3000);
	CU_ASSERT_EQUAL(t.k.ends_n, 3000);
	talk_end(&t);
}

/* One that is heard from time to time is not the one that makes room. */
static void
test_busy_stream(void)
{
	struct talk t;
	size_t at = 0;

	talk_begin(&t, false, 5);
	for (unsigned i = 0; i < 3000; i++) {
		t.f.src.port = (uint16_t)(1024 + i);
		segment(&t, 0, 0, t.at[1], 0);
		if (i % 500 == 0) {
			t.f.src.port = 1000;
			segment(&t, 0, at, 3, 0);
			at += 3;
		}
	}
	t.f.src.port = 1000;
	segment(&t, 0, at, t.octets.n - at, 0);
	talk_replay(&t);
	CU_ASSERT_EQUAL_FATAL(t.k.n, 3000 + MESSAGES);
	talk_expect(&t, 3000, 0, MESSAGES);
	CU_ASSERT_EQUAL(t.k.ends_n, 3001);
	talk_end(&t);
}

CU_TestInfo suite_reassembly[] = {{"fragments in every order", test_all_orders},
    {"a missing fragment", test_missing_part}, {"overlapping fragments", test_overlap},
    {"overlapping zeros", test_overlap_zeros},
    {"other protocols in later fragments", test_other_protocol},
    {"fragments beyond the end", test_beyond_the_end}, {"late fragments", test_expiry},
    {"many fragmented packets", test_many}, {"stream cut at every octet", test_every_octet},
    {"segments repeated", test_repeated}, {"a SYN with data", test_syn_with_data},
    {"segments mixed up", test_mixed_up}, {"stream from its middle", test_middle},
    {"stream with a hole", test_hole}, {"padding", test_padding},
    {"stream that breaks", test_bad_framing}, {"stream that never begins", test_never_framed},
    {"stream of others", test_not_ours}, {"sessions on the same ports", test_sessions},
    {"many streams", test_many_streams}, {"a busy stream among many", test_busy_stream},
    CU_TEST_INFO_NULL};
