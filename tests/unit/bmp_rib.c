/*
 * decoders/bmp_rib.c and bmp_tell.c: what a standing RIB publishes and withholds, message by
 * message: repeats, sweeps, routers that come back or do not, dumps, limits.
 */
#include "bmp_desk.h"

#include "decoders/bmp.h"
#include "decoders/rib_query.h"

#define OTHER_SESSION 8

static struct vnm_bmp_options options = {
    .mode = VNM_RIB_FULL,
    .rib_paths = 1000,
    .rib_stale = 300 * VNM_NS_PER_S,
};

static struct desk *
open_rib(bool suppress)
{
	struct desk *k = open_desk();

	options.mode = VNM_RIB_FULL;
	options.rib_paths = 1000;
	options.rib_suppress = suppress;
	options.rib_dump_interval = 0;
	options.rib_dump_start = false;
	k->x.options = &options;
	return k;
}

/* ---- messages --------------------------------------------------------------------------------
 */

static void
put_attributes(struct pen *w, uint8_t med)
{
	PUT16(w, 0, 21, 0x4001, 0x0100, 0x4002, 0x0040, 0x0304, 0xc000, 0x0209);
	pen_put(w, 0x800404, 3);
	pen_put(w, med, 4);
}

/* 10.1.<number>.0/24 with that MULTI_EXIT_DISC. */
static enum vnm_reason
announce(struct desk *k, uint32_t peer, uint8_t number, uint8_t med)
{
	struct pen w = message(3, 0);

	put_peer(&w, peer);
	put_marker(&w, 48, 2);
	put_attributes(&w, med);
	pen_put(&w, 0x180a0100 + number, 4);
	return finish(k, &w);
}

/* 10.1.0.0/24, 10.1.1.0/24 and so on in one message. */
static void
announce_many(struct desk *k, uint32_t peer, unsigned count)
{
	for (unsigned at = 0; at < count; at += 250) {
		unsigned n = count - at < 250 ? count - at : 250;
		struct pen w = message(3, 0);

		put_peer(&w, peer);
		put_marker(&w, (uint16_t)(44 + 4 * n), 2);
		put_attributes(&w, 1);
		for (unsigned i = 0; i < n; i++)
			pen_put(&w, 0x180a0000 + at + i, 4);
		k->quiet = true;
		finish(k, &w);
		k->quiet = false;
	}
}

static enum vnm_reason
withdraw(struct desk *k, uint32_t peer, uint8_t number)
{
	struct pen w = message(3, 0);

	put_peer(&w, peer);
	put_marker(&w, 27, 2);
	PUT16(&w, 4);
	pen_put(&w, 0x180a0100 + number, 4);
	PUT16(&w, 0);
	return finish(k, &w);
}

static enum vnm_reason
end_of_rib(struct desk *k, uint32_t peer)
{
	struct pen w = message(3, 0);

	put_peer(&w, peer);
	put_marker(&w, 23, 2);
	pen_put(&w, 0, 4);
	return finish(k, &w);
}

static void
up(struct desk *k, uint32_t peer)
{
	struct pen w = peer_up(peer);

	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
}

static void
down(struct desk *k, uint32_t peer)
{
	struct pen w = message(3, 2);

	put_peer(&w, peer);
	pen_put(&w, 4, 1);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
}

/* A router of that one-letter name. */
static void
initiate(struct desk *k, char name)
{
	struct pen w = message(3, 4);

	PUT16(&w, 2, 1);
	pen_put(&w, (uint8_t)name, 1);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
}

static void
lose(struct desk *k)
{
	const struct vnm_datagram end = {.session = k->session, .rx_ns = k->rx_ns};

	desk_begin(k);
	k->x.decoder->end(&k->x, &end, &k->out);
}

static void
work(struct desk *k)
{
	desk_begin(k);
	k->x.decoder->work(&k->x, k->rx_ns, &k->out);
}

static uint64_t
counted(const struct desk *k, enum vnm_counter c)
{
	return k->counters.v[c];
}

/* Record i is a route of that prefix, announced or withdrawn, and made for that reason. */
static void
expect(const struct desk *k, unsigned i, const char *prefix, bool announced, const char *trigger)
{
	CU_ASSERT_FATAL(i < k->count);
	const struct vnm_record *r = &k->got[i];

	CU_ASSERT_EQUAL_FATAL(r->kind_id, VNM_KIND_route);
	CU_ASSERT_STRING_EQUAL(k->text[i], prefix);
	CU_ASSERT_TRUE(vnm_str_is(r->route.action, announced ? "announce" : "withdraw"));
	CU_ASSERT_EQUAL(VNM_HAS(r, route, trigger), trigger != NULL);
	if (trigger != NULL)
		CU_ASSERT_TRUE(vnm_str_is(r->route.trigger, trigger));
}

/* ---- repeats ---------------------------------------------------------------------------------
 */

static void
test_repeats(void)
{
	struct desk *k = open_rib(true);

	up(k, PEER_A);
	announce(k, PEER_A, 1, 5);
	expect(k, 0, "10.1.1.0/24", true, NULL);
	CU_ASSERT_EQUAL(announce(k, PEER_A, 1, 5), VNM_OK);
	CU_ASSERT_EQUAL(k->count, 0);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_repeats), 1);
	announce(k, PEER_A, 1, 6); /* another metric */
	expect(k, 0, "10.1.1.0/24", true, NULL);
	CU_ASSERT_EQUAL(withdraw(k, PEER_A, 2), VNM_OK);
	CU_ASSERT_EQUAL(k->count, 0);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_unknown_withdraws), 1);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_withheld), 2);
	withdraw(k, PEER_A, 1);
	expect(k, 0, "10.1.1.0/24", false, NULL);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 0);
	announce(k, PEER_B, 1, 5); /* another peer's is another one */
	CU_ASSERT_EQUAL(k->count, 1);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 1);
	desk_free(k);
}

/* Without rib_suppress all is published, and counted all the same. */
static void
test_not_suppressed(void)
{
	struct desk *k = open_rib(false);

	up(k, PEER_A);
	announce(k, PEER_A, 1, 5);
	announce(k, PEER_A, 1, 5);
	CU_ASSERT_EQUAL(k->count, 1);
	withdraw(k, PEER_A, 2);
	CU_ASSERT_EQUAL(k->count, 1);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_repeats), 1);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_unknown_withdraws), 1);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_withheld), 0);
	desk_free(k);
}

static void
test_count(void)
{
	struct desk *k = open_rib(false);

	options.mode = VNM_RIB_COUNT;
	up(k, PEER_A);
	announce(k, PEER_A, 1, 5);
	announce(k, PEER_A, 2, 5);
	announce(k, PEER_A, 2, 6);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 2);
	up(k, PEER_A);
	announce(k, PEER_A, 2, 6);
	end_of_rib(k, PEER_A);
	CU_ASSERT_EQUAL(k->count, 1); /* a fingerprint cannot be withdrawn */
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 1);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_swept), 1);
	k->x.decoder->dump(&k->x);
	work(k);
	CU_ASSERT_EQUAL_FATAL(k->count, 2); /* of the table, of the router */
	CU_ASSERT_STRING_EQUAL(k->text[0], "rib");
	CU_ASSERT_EQUAL(k->got[0].peer.rib_paths, 1);
	CU_ASSERT_EQUAL(k->got[1].peer.rib_paths, 1);
	lose(k);
	CU_ASSERT_TRUE(VNM_HAS(&k->got[0], peer, routes_gone));
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 0);
	desk_free(k);
}

/* ---- sweeps ----------------------------------------------------------------------------------
 */

/* What is not told again between Peer Up and End-of-RIB is withdrawn, before that is told. */
static void
test_sweep(void)
{
	struct desk *k = open_rib(true);

	up(k, PEER_A);
	announce(k, PEER_A, 1, 5);
	announce(k, PEER_A, 2, 5);
	end_of_rib(k, PEER_A);
	CU_ASSERT_EQUAL(k->count, 1);
	up(k, PEER_A);
	announce(k, PEER_A, 2, 5);
	CU_ASSERT_EQUAL(k->count, 0);
	end_of_rib(k, PEER_A);
	CU_ASSERT_EQUAL_FATAL(k->count, 2);
	expect(k, 0, "10.1.1.0/24", false, "sweep");
	CU_ASSERT_TRUE(vnm_str_is(k->got[1].route.action, "end-of-rib"));
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 1);
	end_of_rib(k, PEER_A);
	CU_ASSERT_EQUAL(k->count, 1);
	desk_free(k);
}

/* Some exporters tell routes before the Peer Up of a peer that was never up. */
static void
test_before_peer_up(void)
{
	struct desk *k = open_rib(false);

	announce(k, PEER_A, 1, 5);
	up(k, PEER_A);
	end_of_rib(k, PEER_A);
	CU_ASSERT_EQUAL(k->count, 1);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 1);
	down(k, PEER_A);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 0);
	desk_free(k);
}

/* Where no End-of-RIB comes, what is not confirmed for rib_stale goes with the clock. */
static void
test_late(void)
{
	struct desk *k = open_rib(false);

	up(k, PEER_A);
	announce(k, PEER_A, 1, 5);
	announce(k, PEER_A, 2, 5);
	announce(k, PEER_A, 3, 5);
	up(k, PEER_A);
	k->rx_ns += 200 * VNM_NS_PER_S;
	announce(k, PEER_A, 2, 5);
	desk_tick(k, k->rx_ns + 200 * VNM_NS_PER_S, false);
	CU_ASSERT_EQUAL(k->count, 0);
	CU_ASSERT_FALSE(k->x.waits);
	k->rx_ns += 300 * VNM_NS_PER_S;
	desk_tick(k, k->rx_ns, false);
	CU_ASSERT_TRUE(k->x.waits);
	work(k);
	CU_ASSERT_EQUAL_FATAL(k->count, 2);
	expect(k, 0, "10.1.3.0/24", false, "sweep");
	expect(k, 1, "10.1.1.0/24", false, "sweep");
	CU_ASSERT_FALSE(k->x.waits);
	desk_free(k);
}

/* What a message may not yield any more is not published, and not kept as if it were. */
static void
test_record_limit(void)
{
	struct desk *k = open_rib(true);

	up(k, PEER_A);
	k->limits.records_per_message = 2;
	announce_many(k, PEER_A, 3);
	CU_ASSERT_EQUAL(k->emitted, 2);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 2);
	k->limits.records_per_message = 100;
	announce_many(k, PEER_A, 3);
	CU_ASSERT_EQUAL(k->emitted, 1);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 3);
	desk_free(k);
}

/* A sweep that is longer than a message may be goes on between turns; what is told meanwhile is
 * not withdrawn. */
static void
test_long_sweep(void)
{
	struct desk *k = open_rib(true);
	unsigned swept;

	options.rib_paths = 5000;
	up(k, PEER_A);
	announce_many(k, PEER_A, 4000);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 4000);
	up(k, PEER_A);
	k->limits.records_per_message = 40;
	k->quiet = true;
	end_of_rib(k, PEER_A);
	k->quiet = false;
	CU_ASSERT_EQUAL(k->emitted, 21); /* half of them, and its own */
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_swept), 20);
	CU_ASSERT_TRUE(k->x.waits);
	announce(k, PEER_A, 3, 1); /* 10.1.3.0/24, the 260th */
	CU_ASSERT_EQUAL(k->count, 0);
	k->quiet = true;
	for (swept = 20; k->x.waits && swept < 10000; swept += k->emitted)
		work(k);
	k->quiet = false;
	CU_ASSERT_EQUAL(swept, 3999);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 1);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_swept), 3999);
	withdraw(k, PEER_A, 3);
	expect(k, 0, "10.1.3.0/24", false, NULL);
	desk_free(k);
}

/* ---- routers that are lost -------------------------------------------------------------------
 */

static void
test_return(void)
{
	struct desk *k = open_rib(true);

	initiate(k, 'r');
	up(k, PEER_A);
	announce(k, PEER_A, 1, 5);
	announce(k, PEER_A, 2, 5);
	lose(k);
	CU_ASSERT_EQUAL_FATAL(k->count, 2);
	CU_ASSERT_TRUE(VNM_HAS(&k->got[0], peer, routes_stale));
	CU_ASSERT_FALSE(VNM_HAS(&k->got[0], peer, routes_gone));
	CU_ASSERT_TRUE(VNM_HAS(&k->got[1], peer, routes_stale));
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 2);
	k->session = OTHER_SESSION;
	initiate(k, 's'); /* another router behind the same address */
	up(k, PEER_A);
	announce(k, PEER_A, 1, 5);
	CU_ASSERT_EQUAL(k->count, 1);
	end_of_rib(k, PEER_A);
	CU_ASSERT_EQUAL(k->count, 1);
	k->session = 9;
	initiate(k, 'r');
	up(k, PEER_A);
	announce(k, PEER_A, 1, 5);
	CU_ASSERT_EQUAL(k->count, 0);
	end_of_rib(k, PEER_A); /* that the other router has 10.1.1.0/24 too means nothing */
	CU_ASSERT_EQUAL_FATAL(k->count, 2);
	expect(k, 0, "10.1.2.0/24", false, "sweep");
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 2);
	desk_free(k);
}

/* A router that was silent before it was lost has as much time to come back as any. */
static void
test_silence(void)
{
	struct desk *k = open_rib(false);

	initiate(k, 'r');
	up(k, PEER_A);
	announce(k, PEER_A, 1, 5);
	uint64_t now_ns = k->rx_ns + 1000 * VNM_NS_PER_S;
	desk_tick(k, now_ns, false);
	lose(k);
	desk_tick(k, now_ns + 299 * VNM_NS_PER_S, false);
	CU_ASSERT_EQUAL(k->count, 0);
	desk_tick(k, now_ns + 301 * VNM_NS_PER_S, false);
	CU_ASSERT_EQUAL(k->count, 1);
	desk_free(k);
}

static void
test_no_return(void)
{
	struct desk *k = open_rib(false);

	initiate(k, 'r');
	up(k, PEER_A);
	up(k, PEER_B);
	announce(k, PEER_A, 1, 5);
	announce(k, PEER_B, 1, 5);
	lose(k);
	CU_ASSERT_EQUAL(k->count, 3);
	desk_tick(k, k->rx_ns + 299 * VNM_NS_PER_S, false);
	CU_ASSERT_EQUAL(k->count, 0);
	desk_tick(k, k->rx_ns + 300 * VNM_NS_PER_S, false);
	CU_ASSERT_EQUAL_FATAL(k->count, 2);
	for (unsigned i = 0; i < 2; i++) {
		CU_ASSERT_STRING_EQUAL(k->text[i], "expired");
		CU_ASSERT_TRUE(VNM_HAS(&k->got[i], peer, routes_gone));
	}
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 0);
	desk_tick(k, k->rx_ns + 400 * VNM_NS_PER_S, false);
	CU_ASSERT_EQUAL(k->count, 0);
	desk_free(k);
}

/*
 * The new session came before the old one was seen to be over: what it tells of a table holds
 * from then on, and the end of the old one ends nothing.
 */
static void
test_half_open(void)
{
	struct desk *k = open_rib(true);

	initiate(k, 'r');
	up(k, PEER_A);
	announce(k, PEER_A, 1, 5);
	announce(k, PEER_A, 2, 5);
	k->session = OTHER_SESSION;
	initiate(k, 'r');
	up(k, PEER_A);
	announce(k, PEER_A, 1, 5);
	CU_ASSERT_EQUAL(k->count, 0);
	k->session = SESSION;
	lose(k);
	CU_ASSERT_EQUAL_FATAL(k->count, 2);
	CU_ASSERT_TRUE(VNM_HAS(&k->got[0], peer, routes_stale));
	CU_ASSERT_FALSE(VNM_HAS(&k->got[0], peer, routes_gone));
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 2);
	k->session = OTHER_SESSION;
	end_of_rib(k, PEER_A);
	CU_ASSERT_EQUAL_FATAL(k->count, 2);
	expect(k, 0, "10.1.2.0/24", false, "sweep");
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 1);
	desk_free(k);
}

/* Two sessions of a router that goes: what the one that stays has is not gone. */
static void
test_two_sessions(void)
{
	struct desk *k = open_rib(false);

	initiate(k, 'r');
	up(k, PEER_A);
	k->session = OTHER_SESSION;
	initiate(k, 'r');
	up(k, PEER_A);
	announce(k, PEER_A, 1, 6);
	k->session = SESSION;
	announce(k, PEER_A, 1, 5);
	announce(k, PEER_A, 2, 5);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 3);
	lose(k);
	desk_tick(k, k->rx_ns + 301 * VNM_NS_PER_S, false);
	work(k);
	CU_ASSERT_EQUAL_FATAL(k->count, 1);
	expect(k, 0, "10.1.2.0/24", false, "sweep");
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 1);
	desk_free(k);
}

/* Sessions that are over and kept are few, whoever connects how often. */
static void
test_many_lost(void)
{
	struct desk *k = open_rib(false);

	for (unsigned i = 0; i < 40; i++) {
		k->session = 100 + i;
		initiate(k, (char)('A' + i));
		up(k, PEER_A);
		announce(k, PEER_A, 1, 5);
		lose(k);
		desk_tick(k, ++k->rx_ns, false);
		CU_ASSERT(counted(k, VNM_C_rib_paths) <= 16);
	}
	desk_free(k);
}

/* ---- limits ----------------------------------------------------------------------------------
 */

static void
test_limit(void)
{
	struct desk *k = open_rib(true);

	options.rib_paths = 2;
	up(k, PEER_A);
	announce(k, PEER_A, 1, 5);
	announce(k, PEER_A, 2, 5);
	CU_ASSERT_EQUAL(announce(k, PEER_A, 3, 5), VNM_OK);
	expect(k, 0, "10.1.3.0/24", true, NULL);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_rib_limit], 1);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 2);
	withdraw(k, PEER_A, 3); /* that it is not there means nothing now */
	expect(k, 0, "10.1.3.0/24", false, NULL);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_unknown_withdraws), 0);
	lose(k); /* what is not kept can only be told gone with all the rest */
	CU_ASSERT_TRUE(VNM_HAS(&k->got[0], peer, routes_gone));
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_paths), 0);
	desk_free(k);
}

/* ---- dumps and answers -----------------------------------------------------------------------
 */

/* What comes while a dump goes on is as it was told last; what goes is not told again. */
static void
test_dump(void)
{
	struct desk *k = open_rib(false);
	const struct vnm_record *end;

	options.rib_dump_interval = 10 * VNM_NS_PER_S;
	up(k, PEER_A);
	for (uint8_t i = 0; i < 6; i++)
		announce(k, PEER_A, i, 5);
	desk_tick(k, k->rx_ns + 9 * VNM_NS_PER_S, false);
	CU_ASSERT_FALSE(k->x.waits);
	desk_tick(k, k->rx_ns + 10 * VNM_NS_PER_S, false);
	CU_ASSERT_TRUE(k->x.waits);
	k->limits.records_per_message = 4;
	work(k);
	CU_ASSERT_EQUAL_FATAL(k->count, 4);
	CU_ASSERT_STRING_EQUAL(k->text[0], "dump-begin");
	CU_ASSERT_FALSE(VNM_HAS(&k->got[0], peer, peer_addr));
	CU_ASSERT_STRING_EQUAL(k->text[1], "dump-begin");
	CU_ASSERT_EQUAL(k->got[1].peer.afi, 1);
	expect(k, 2, "10.1.5.0/24", true, "dump");
	expect(k, 3, "10.1.4.0/24", true, "dump");
	k->limits.records_per_message = 100;
	withdraw(k, PEER_A, 2);
	announce(k, PEER_A, 1, 9);
	announce(k, PEER_A, 7, 5);
	work(k);
	CU_ASSERT_FALSE(k->x.waits);
	CU_ASSERT_EQUAL_FATAL(k->count, 5);
	expect(k, 0, "10.1.3.0/24", true, "dump");
	expect(k, 1, "10.1.1.0/24", true, "dump");
	CU_ASSERT_EQUAL(k->got[1].route.med, 9);
	expect(k, 2, "10.1.0.0/24", true, "dump");
	end = &k->got[3];
	CU_ASSERT_STRING_EQUAL(k->text[3], "dump-end");
	CU_ASSERT_EQUAL(end->peer.rib_paths, 6);
	CU_ASSERT(end->peer.rib_octets > 6 * 48);
	CU_ASSERT_FALSE(VNM_HAS(&k->got[4], peer, peer_addr));
	desk_free(k);
}

/* A peer that goes down and comes back within a dump has its new tables dumped. */
static void
test_dump_of_a_flapping_peer(void)
{
	struct desk *k = open_rib(false);

	up(k, PEER_A);
	for (uint8_t i = 0; i < 3; i++)
		announce(k, PEER_A, i, 5);
	k->x.decoder->dump(&k->x);
	k->limits.records_per_message = 3;
	work(k);
	CU_ASSERT_EQUAL(k->count, 3);
	k->limits.records_per_message = 100;
	down(k, PEER_A);
	up(k, PEER_A);
	announce(k, PEER_A, 9, 5);
	work(k);
	CU_ASSERT_EQUAL_FATAL(k->count, 4);
	CU_ASSERT_STRING_EQUAL(k->text[0], "dump-begin");
	expect(k, 1, "10.1.9.0/24", true, "dump");
	CU_ASSERT_STRING_EQUAL(k->text[2], "dump-end");
	desk_free(k);
}

static void
test_dump_at_start(void)
{
	struct desk *k = open_rib(false);

	options.rib_dump_start = true;
	up(k, PEER_A);
	announce(k, PEER_A, 1, 5);
	desk_tick(k, k->rx_ns, false);
	CU_ASSERT_FALSE(k->x.waits);
	end_of_rib(k, PEER_A);
	desk_tick(k, k->rx_ns, false);
	CU_ASSERT_TRUE(k->x.waits);
	work(k);
	CU_ASSERT_EQUAL(k->count, 5);
	desk_tick(k, k->rx_ns + 1000 * VNM_NS_PER_S, false);
	CU_ASSERT_FALSE(k->x.waits);
	desk_free(k);
}

static struct vnm_rib_query
question(enum vnm_rib_match match, const char *prefix)
{
	struct vnm_rib_query q = {.view = -1, .match = match, .looks = 1000};

	if (prefix != NULL)
		CU_ASSERT_TRUE(vnm_prefix_parse(&q.prefix, prefix));
	return q;
}

static void
ask(struct desk *k, struct vnm_rib_query q, unsigned count, bool more)
{
	desk_begin(k);
	k->x.decoder->query(&k->x, &q, &k->out);
	CU_ASSERT_EQUAL(k->count, count);
	CU_ASSERT_EQUAL(q.more, more);
}

static void
test_answers(void)
{
	struct desk *k = open_rib(false);
	struct vnm_rib_query q;

	up(k, PEER_A);
	up(k, PEER_B);
	for (uint8_t i = 0; i < 4; i++)
		announce(k, PEER_A, i, 5);
	announce(k, PEER_B, 2, 7);
	ask(k, question(VNM_RIB_ANY, NULL), 5, false);
	ask(k, question(VNM_RIB_EXACT, "10.1.2.0/24"), 2, false);
	expect(k, 0, "10.1.2.0/24", true, "query");
	ask(k, question(VNM_RIB_LONGEST, "10.1.2.77"), 2, false);
	ask(k, question(VNM_RIB_LONGEST, "10.1.3.0/25"), 1, false);
	ask(k, question(VNM_RIB_LONGEST, "10.0.0.0/8"), 0, false);
	ask(k, question(VNM_RIB_WITHIN, "10.1.2.0/23"), 3, false);
	ask(k, question(VNM_RIB_EXACT, "2001:db8::/32"), 0, false);
	q = question(VNM_RIB_EXACT, "10.1.2.0/24");
	q.peer = vnm_addr_ip4((const uint8_t[]){192, 0, 2, 10});
	ask(k, q, 1, false);
	CU_ASSERT_EQUAL(k->got[0].route.med, 7);
	q = question(VNM_RIB_ANY, NULL);
	q.view = VNM_RIB_IN_POST;
	ask(k, q, 0, false);
	q = question(VNM_RIB_ANY, NULL);
	q.looks = 3;
	ask(k, q, 3, true);
	k->limits.records_per_message = 2;
	ask(k, question(VNM_RIB_ANY, NULL), 2, true);
	k->limits.records_per_message = 100;
	q = question(VNM_RIB_ANY, NULL);
	q.summary = true;
	ask(k, q, 3, false); /* two tables and the router */
	CU_ASSERT_EQUAL(k->got[0].peer.rib_paths, 4);
	CU_ASSERT_EQUAL(k->got[2].peer.rib_paths, 5);
	CU_ASSERT_EQUAL(counted(k, VNM_C_rib_dumped), 0);
	desk_free(k);
}

CU_TestInfo suite_bmp_rib[] = {{"repeats are withheld", test_repeats},
    {"repeats are published", test_not_suppressed}, {"numbers only", test_count},
    {"a sweep", test_sweep}, {"routes before Peer Up", test_before_peer_up},
    {"no End-of-RIB", test_late}, {"a long sweep", test_long_sweep},
    {"record limit", test_record_limit}, {"a router comes back", test_return},
    {"a router does not", test_no_return}, {"silence", test_silence},
    {"half-open sessions", test_half_open}, {"two sessions", test_two_sessions},
    {"many lost sessions", test_many_lost}, {"limit", test_limit}, {"a dump", test_dump},
    {"a dump of a flapping peer", test_dump_of_a_flapping_peer},
    {"a dump at start", test_dump_at_start}, {"answers", test_answers}, CU_TEST_INFO_NULL};
