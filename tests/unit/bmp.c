/*
 * decoders/bmp.c: what the recorded streams do not show: limits, damaged TLVs, sessions that
 * are lost, and version 4's TLVs, written here octet by octet.
 */
#include "bmp_desk.h"

#include "decoders/bmp.h"

/* An UPDATE that withdraws 10.1.0.0/16, with a path identifier where `path_id` is not 0. */
static void
put_withdraw(struct pen *w, uint32_t path_id)
{
	uint16_t n = path_id != 0 ? 7 : 3;

	put_marker(w, (uint16_t)(23 + n), 2);
	pen_put(w, n, 2);
	if (path_id != 0)
		pen_put(w, path_id, 4);
	pen_put(w, 0x100a01, 3);
	pen_put(w, 0, 2);
}

static void
test_headers(void)
{
	struct desk *k = open_desk();
	const struct vnm_decoder *d = k->x.decoder;
	struct pen w = message(2, 0);

	CU_ASSERT_EQUAL(finish(k, &w), VNM_R_bad_version);
	w = message(3, 200);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_R_message_unknown);
	w = message(3, 0);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_R_truncated);
	CU_ASSERT_EQUAL(d->frame((const uint8_t[]){3, 0, 0, 0}, 4), 0);
	CU_ASSERT_EQUAL(d->frame((const uint8_t[]){3, 0, 0, 1, 2, 0}, 6), 0x102);
	CU_ASSERT_EQUAL(d->frame((const uint8_t[]){3, 0, 0, 0, 5, 0}, 6), VNM_FRAME_BAD);
	CU_ASSERT_EQUAL(d->frame((const uint8_t[]){3, 1, 0, 0, 0, 0}, 6), VNM_FRAME_BAD);
	CU_ASSERT_EQUAL(d->frame((const uint8_t[]){9, 0, 0, 1, 0, 0}, 6), VNM_FRAME_BAD);
	desk_free(k);
}

static void
test_limit_of_peers(void)
{
	struct desk *k = open_desk();
	struct pen a = peer_up(PEER_A), b = peer_up(PEER_B);

	k->limits.peers = 1;
	CU_ASSERT_EQUAL(finish(k, &a), VNM_OK);
	CU_ASSERT_EQUAL(finish(k, &b), VNM_R_peer_limit);
	CU_ASSERT_EQUAL(finish(k, &a), VNM_OK); /* the first one is still known */
	desk_free(k);
}

/* What stands before the damage is kept, and the message is partial. */
static void
test_damaged_tlvs(void)
{
	struct desk *k = open_desk();
	struct pen w = message(3, 1);

	put_peer(&w, PEER_A);
	pen_put(&w, 2, 4);
	PUT16(&w, 7, 8);
	pen_put(&w, 4711, 8);
	PUT16(&w, 8, 80);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_tlv_malformed], 1);
	CU_ASSERT_EQUAL_FATAL(k->count, 1);
	CU_ASSERT_EQUAL(k->got[0].peer.stats.n, 1);
	w = peer_up(PEER_A);
	PUT16(&w, 0, 80);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_tlv_malformed], 2);
	CU_ASSERT_STRING_EQUAL(k->text[0], "up");
	desk_free(k);
}

/* An OPEN of more families than are kept: the first ones count, and the rest is a fault. */
static void
test_many_families(void)
{
	enum { FAMILIES = VNM_BGP_FAMILIES + 8 };
	struct desk *k = open_desk();
	struct pen w = message(3, 3);

	put_peer(&w, PEER_A);
	pen_put(&w, 0, 8);
	pen_put(&w, 0xc0000201, 8);
	PUT16(&w, 179, 40000);
	put_marker(&w, 29 + 2 + 6 * FAMILIES, 1);
	pen_put(&w, 4, 1);
	PUT16(&w, 65000, 180);
	pen_put(&w, PEER_A, 4);
	PUT16(&w, (2 + 6 * FAMILIES) << 8 | 2);
	pen_put(&w, 6 * FAMILIES, 1);
	for (uint16_t i = 0; i < FAMILIES; i++)
		PUT16(&w, 0x0104, 100 + i, 1);
	put_open(&w, 65001);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
	CU_ASSERT_TRUE(k->counters.parts[VNM_R_family_limit] > 0);
	CU_ASSERT_STRING_EQUAL(k->text[0], "up");
	desk_free(k);
}

/* Each peer is told of, then the router; a peer that was down is gone already. */
static void
test_lost_session(void)
{
	struct desk *k = open_desk();
	struct pen a = peer_up(PEER_A), b = peer_up(PEER_B), down = message(3, 2);
	const struct vnm_datagram end = {.session = SESSION};

	put_peer(&down, PEER_B);
	pen_put(&down, 4, 1);
	finish(k, &a);
	finish(k, &b);
	CU_ASSERT_EQUAL(finish(k, &down), VNM_OK);
	CU_ASSERT_TRUE(k->got[0].peer.routes_gone);
	k->count = 0;
	memset(k->rec.has, 0, sizeof(k->rec.has));
	k->x.decoder->end(&k->x, &end, &k->out);
	CU_ASSERT_EQUAL_FATAL(k->count, 2);
	CU_ASSERT_STRING_EQUAL(k->text[0], "lost");
	CU_ASSERT_TRUE(k->got[0].peer.routes_gone);
	CU_ASSERT_EQUAL(k->got[0].peer.peer_addr.b[3], 9);
	CU_ASSERT_FALSE(VNM_HAS(&k->got[1], peer, peer_addr));
	k->count = 0;
	k->x.decoder->end(&k->x, &end, &k->out);
	CU_ASSERT_EQUAL(k->count, 0);
	desk_free(k);
}

/* draft-ietf-grow-bmp-tlv: the message itself says that there are path identifiers. */
static void
test_version_4(void)
{
	struct desk *k = open_desk();
	struct pen w = message(4, 0);

	put_peer(&w, PEER_A);
	PUT16(&w, 1, 6, 0); /* stateless parsing: ADD-PATH for IPv4 unicast */
	PUT16(&w, 0x4504, 1, 0x0101);
	PUT16(&w, 5, 4, 1); /* path marking of the first NLRI */
	pen_put(&w, 0x8a, 4);
	PUT16(&w, 3, 4, 0);
	pen_put(&w, 0x626c7565, 4); /* "blue" */
	PUT16(&w, 4, 30, 0);
	put_withdraw(&w, 77);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(k->count, 1);
	CU_ASSERT_STRING_EQUAL(k->text[0], "10.1.0.0/16");
	CU_ASSERT_EQUAL(k->got[0].route.path_id, 77);
	CU_ASSERT_EQUAL(k->got[0].route.path_status, 0x8a);
	CU_ASSERT_TRUE(VNM_HAS(&k->got[0], route, table_name));
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_add_path_guesses], 0);
	w = message(4, 0); /* without the UPDATE there is nothing */
	put_peer(&w, PEER_A);
	PUT16(&w, 3, 4, 0);
	pen_put(&w, 0x626c7565, 4);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_R_truncated);
	desk_free(k);
}

/* A marking is an NLRI's own, its group's, or all's, however the TLVs are ordered. */
static void
test_markings(void)
{
	struct desk *k = open_desk();
	struct pen w = message(4, 0);

	put_peer(&w, PEER_A);
	PUT16(&w, 5, 6, 0x8001, 0, 4, 3); /* of the group, with a reason, which is not there yet */
	PUT16(&w, 5, 4, 2, 0, 2);
	PUT16(&w, 5, 4, 0x8002, 0, 9); /* of a group that there is not */
	PUT16(&w, 4, 35, 0);
	put_marker(&w, 35, 2);
	PUT16(&w, 12);
	for (uint32_t i = 1; i <= 4; i++)
		pen_put(&w, 0x100a00 + i, 3);
	pen_put(&w, 0, 2);
	PUT16(&w, 2, 6, 0x8001, 2, 3, 999);
	PUT16(&w, 5, 4, 0, 0, 1);
	PUT16(&w, 0x8005, 4, 0, 0, 0); /* an enterprise's own */
	PUT16(&w, 5, 2, 1, 0);	       /* cut short */
	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_tlv_malformed], 1);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_bmp_unread], 1);
	CU_ASSERT_EQUAL_FATAL(k->count, 4);
	static const uint32_t status[] = {1, 2, 4, 1};
	for (unsigned i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(k->got[i].route.path_status, status[i]);
	CU_ASSERT_EQUAL(k->got[2].route.path_reason, 3);
	CU_ASSERT_FALSE(VNM_HAS(&k->got[1], route, path_reason));
	desk_free(k);
}

/* What the message says of its own widths holds against the flags and the OPENs. */
static void
test_stateless(void)
{
	struct desk *k = open_desk();
	struct pen up = peer_up(PEER_A), w = message(4, 0);

	finish(k, &up); /* two-octet AS numbers, no multiple labels */
	put_peer(&w, PEER_A);
	w.p[7] = 0x20; /* the flag of two-octet AS numbers */
	PUT16(&w, 1, 12, 0, 0x4104, 0, 65001, 0x0804, 1, 0x0402);
	PUT16(&w, 4, 57, 0);
	put_marker(&w, 57, 2);
	PUT16(&w, 0, 34);
	PUT16(&w, 0x4001, 0x0100, 0x4002, 0x0602, 0x0100, 0x0100);
	pen_put(&w, 0x70, 1);	  /* AS 65648 ends */
	pen_put(&w, 0x800e12, 3); /* MP_REACH_NLRI: labels 1000 and 1001, 10.1.0.0/16 */
	PUT16(&w, 1, 0x0404, 0xc000, 0x0209, 0x0040, 0x003e, 0x8000, 0x3e91, 0x0a01);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(k->count, 1);
	CU_ASSERT_EQUAL(k->got[0].route.origin_as, 65648);
	CU_ASSERT_EQUAL(k->got[0].route.labels.n, 2);
	CU_ASSERT_STRING_EQUAL(k->text[0], "10.1.0.0/16");
	CU_ASSERT_FALSE(VNM_HAS(&k->got[0], route, inferred));
	CU_ASSERT_EQUAL(k->got[0].route.peer_flags, 0x20); /* as they came */
	desk_free(k);
}

/* A Peer Down says all that it has: text of the operator, data of reasons that are not known. */
static void
test_down(void)
{
	struct desk *k = open_desk();
	struct pen w = message(3, 2);

	put_peer(&w, PEER_A);
	pen_put(&w, 3, 1);
	put_marker(&w, 26, 3);
	pen_put(&w, 0x060204, 3);
	pen_put(&w, 0x676f6e65, 4); /* "gone" */
	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(k->got[0].peer.information.n, 1);
	w = message(3, 2);
	put_peer(&w, PEER_A);
	pen_put(&w, 200, 1);
	pen_put(&w, 0x010203, 3);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
	CU_ASSERT_EQUAL(k->got[0].peer.information.n, 1);
	CU_ASSERT_FALSE(VNM_HAS(&k->got[0], peer, reason));
	w = message(4, 2); /* version 4 has TLVs behind every reason */
	put_peer(&w, PEER_A);
	pen_put(&w, 0x020005, 3);
	PUT16(&w, 3, 4);
	pen_put(&w, 0x626c7565, 4);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
	CU_ASSERT_EQUAL(k->got[0].peer.information.n, 2);
	CU_ASSERT_TRUE(VNM_HAS(&k->got[0], peer, table_name));
	desk_free(k);
}

/* Each mirrored message is a record; what is unknown is counted. */
static void
test_mirroring(void)
{
	struct desk *k = open_desk();
	struct pen w = message(3, 6);

	put_peer(&w, PEER_A);
	PUT16(&w, 1, 2, 7, 9, 1);
	pen_put(&w, 0, 1);
	PUT16(&w, 0, 2, 0x0102, 0, 1);
	pen_put(&w, 3, 1);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(k->count, 2);
	CU_ASSERT_EQUAL(k->got[0].peer.mirrored.n, 2);
	CU_ASSERT_EQUAL(k->got[0].peer.reason_code, 7);
	CU_ASSERT_FALSE(VNM_HAS(&k->got[0], peer, reason));
	CU_ASSERT_EQUAL(k->got[1].peer.mirrored.n, 1);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_bmp_unread], 1);
	desk_free(k);
}

/* Routes of a peer that had gone down are told as lost too, when the session ends. */
static void
test_lost_after_down(void)
{
	struct desk *k = open_desk();
	struct pen up = peer_up(PEER_A), down = message(3, 2), w = message(3, 0);
	const struct vnm_datagram end = {.session = SESSION};

	put_peer(&down, PEER_A);
	pen_put(&down, 4, 1);
	put_peer(&w, PEER_A);
	put_withdraw(&w, 0);
	finish(k, &up);
	finish(k, &down);
	finish(k, &w);
	k->count = 0;
	memset(k->rec.has, 0, sizeof(k->rec.has));
	k->x.decoder->end(&k->x, &end, &k->out);
	CU_ASSERT_EQUAL_FATAL(k->count, 2);
	CU_ASSERT_EQUAL(k->got[0].peer.peer_addr.b[3], 9);
	desk_free(k);
}

/* Version 3 and OPENs without ADD-PATH: the same octets are read by structure, and it is said. */
static void
test_guess(void)
{
	struct desk *k = open_desk();
	struct pen up = peer_up(PEER_A), w = message(3, 0);

	finish(k, &up);
	put_peer(&w, PEER_A);
	put_withdraw(&w, 77);
	CU_ASSERT_EQUAL(finish(k, &w), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(k->count, 1);
	CU_ASSERT_EQUAL(k->got[0].route.path_id, 77);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_add_path_guesses], 1);
	CU_ASSERT_TRUE(VNM_HAS(&k->got[0], route, inferred));
	w = message(3, 0);
	put_peer(&w, PEER_A);
	put_withdraw(&w, 0);
	finish(k, &w);
	CU_ASSERT_FALSE(VNM_HAS(&k->got[0], route, path_id));
	CU_ASSERT_FALSE(VNM_HAS(&k->got[0], route, inferred));
	desk_free(k);
}

CU_TestInfo suite_bmp[] = {{"headers and frames", test_headers},
    {"limit of peers", test_limit_of_peers}, {"damaged TLVs", test_damaged_tlvs},
    {"many families", test_many_families}, {"a lost session", test_lost_session},
    {"version 4", test_version_4}, {"path markings", test_markings},
    {"stateless parsing", test_stateless}, {"peer down", test_down}, {"mirroring", test_mirroring},
    {"lost after down", test_lost_after_down}, {"path identifiers against expectation", test_guess},
    CU_TEST_INFO_NULL};
