/*
 * NLRI of BGP: the table of families, and whether path identifiers stand before them (RFC 7911).
 *
 * Exporters do not always send what their OPENs say. A block of NLRI is therefore first walked
 * with the expected reading, which has to end where the block ends; prefixes that come twice, or
 * with bits set beyond their length, speak against a reading. Only then records are made.
 */
#include "decoders/bgp_part.h"

#define NEAR 8		     /* how many NLRI back a repeated one is looked for */
#define LARGE_ID 0x01000000U /* path identifiers that look like the begin of an NLRI */

/* ---- prefixes (RFC 4271 section 4.3) ----------------------------------------------------------
 */

struct vnm_str
vnm_bgp_prefix_text(struct vnm_out *out, const uint8_t *p, unsigned bits, uint8_t max)
{
	char *start = vnm_bgp_text(out, VNM_ADDR_TEXT + 8);
	struct vnm_addr a = {.family = max == 32 ? VNM_ADDR_IP4 : VNM_ADDR_IP6};
	size_t n = (bits + 7) / 8;

	if (start == NULL)
		return (struct vnm_str){0};
	if (n > 0) {
		memcpy(a.b, p, n);
		a.b[n - 1] &= (uint8_t)(0xff << (n * 8 - bits));
	}
	char *end = start + vnm_addr_write(start, &a);
	*end++ = '/';
	return vnm_bgp_text_end(out, start, vnm_text_octet(end, (uint8_t)bits));
}

bool
vnm_bgp_prefix(struct vnm_bgp_reading *u, struct vnm_reader *r, unsigned bits, uint8_t max,
    struct vnm_record *rec)
{
	const uint8_t *p = vnm_reader_take(r, (bits + 7) / 8);

	if (p == NULL || bits > max)
		return false;
	struct vnm_str text = vnm_bgp_prefix_text(u->out, p, bits, max);
	if (text.n != 0)
		VNM_SET(rec, route, prefix, text);
	VNM_SET(rec, route, prefix_len, (uint8_t)bits);
	return true;
}

/* Whether bits are set behind the prefix in its last octet. */
static bool
host_bits(const uint8_t *p, unsigned bits)
{
	return bits % 8 != 0 && (p[bits / 8] & (0xff >> bits % 8)) != 0;
}

VNM_BGP_SIZE(prefix)
{
	unsigned bits = p[0];
	size_t size = 1 + (bits + 7) / 8;

	if (bits > b->nlri->max || size > n || (strict && host_bits(p + 1, bits)))
		return 0;
	return size;
}

VNM_BGP_DECODE(prefix)
{
	unsigned bits = vnm_reader_u8(&r);

	return vnm_bgp_prefix(u, &r, bits, b->nlri->max, rec);
}

/* Bits behind the prefix say nothing (RFC 4271 section 4.3). */
VNM_BGP_KEY(prefix)
{
	unsigned bits = s.p[0];

	(void)b;
	memcpy(out, s.p, s.n);
	if (bits % 8 != 0)
		out[bits / 8 + 1] &= (uint8_t)(0xff << (8 - bits % 8));
	return s.n;
}

/* ---- labels before a prefix (RFC 8277), a route distinguisher between (RFC 4364) ---------------
 */

/* 64 where a route distinguisher stands before the prefix. */
static unsigned
rd_bits(const struct vnm_bgp_block *b)
{
	return b->safi >= 128 ? 64 : 0;
}

static bool
is_last_label(const uint8_t *p)
{
	uint32_t v = vnm_be24(p);

	return (v & 1) != 0 || v == 0 || v == 0x800000;
}

/*
 * How many labels stand at p, of an NLRI of `bits`; 0 where none fits. Without the Multiple
 * Labels capability it is one, whatever its bottom-of-stack bit (RFC 8277 section 2.2); only
 * where that leaves too long a prefix were more sent all the same.
 */
static unsigned
count_labels(const struct vnm_bgp_block *b, const uint8_t *p, unsigned bits)
{
	unsigned fixed = rd_bits(b), count = 1;

	if (bits < 24 + fixed)
		return 0;
	if (b->multiple_labels || bits - 24 - fixed > b->nlri->max) {
		while (!is_last_label(p + (count - 1) * 3) && (count + 1) * 24 + fixed <= bits)
			count++;
		if (b->multiple_labels && !is_last_label(p + (count - 1) * 3))
			count = 1;
	}
	return bits - count * 24 - fixed <= b->nlri->max ? count : 0;
}

VNM_BGP_SIZE(labelled)
{
	unsigned bits = p[0];
	size_t size = 1 + (bits + 7) / 8;
	unsigned labels = size <= n ? count_labels(b, p + 1, bits) : 0;

	if (labels == 0)
		return 0;
	const uint8_t *rest = p + 1 + labels * 3;
	if (strict && rd_bits(b) != 0 && (rest[0] != 0 || rest[1] > 2))
		return 0;
	rest += rd_bits(b) / 8;
	return strict && host_bits(rest, bits - labels * 24 - rd_bits(b)) ? 0 : size;
}

VNM_BGP_DECODE(labelled)
{
	unsigned bits = vnm_reader_u8(&r);
	unsigned count = vnm_reader_left(&r) >= 3 ? count_labels(b, r.p, bits) : 0;
	uint32_t *labels = vnm_scratch_take(u->out->scratch, count * sizeof(*labels));

	if (count == 0)
		return false;
	b->labels_guessed = count > 1 && !b->multiple_labels;
	const uint8_t *p = vnm_reader_take(&r, (size_t)count * 3);
	if (p == NULL)
		return false;
	if (labels == NULL) {
		vnm_out_fault(u->out, VNM_R_scratch_full);
	} else {
		for (unsigned i = 0; i < count; i++)
			labels[i] = vnm_be24(p + (size_t)i * 3) >> 4;
		VNM_SET(rec, route, labels, ((struct vnm_u32s){labels, count}));
	}
	bits -= count * 24;
	if (rd_bits(b) != 0) {
		const uint8_t *rd = vnm_reader_take(&r, 8);
		if (rd == NULL)
			return false;
		VNM_SET(rec, route, rd, vnm_rd_text(rd, u->out));
		bits -= 64;
	}
	if (u->srv6.there && !b->withdraw) {
		struct vnm_pair_list list = {.out = u->out};
		vnm_pair_list_addr(&list, "srv6_sid", vnm_bgp_sid(u, p));
		VNM_SET(rec, route, nlri, vnm_bgp_list_pairs(&list));
	}
	return vnm_bgp_prefix(u, &r, bits, b->nlri->max, rec);
}

/* Labels are what a route has, not what it is (RFC 8277 section 2). */
VNM_BGP_KEY(labelled)
{
	unsigned count = count_labels(b, s.p + 1, s.p[0]);
	unsigned bits = s.p[0] - count * 24;
	size_t n = s.n - 1 - (size_t)count * 3;

	out[0] = (uint8_t)bits;
	memcpy(out + 1, s.p + 1 + (size_t)count * 3, n);
	if (bits % 8 != 0)
		out[n] &= (uint8_t)(0xff << (8 - bits % 8));
	return n + 1;
}

/*
 * Multicast in VPNs (SAFI 129): a route distinguisher and a prefix; some send a label before it,
 * as unicast has.
 */
static bool
begins_with_rd(const struct vnm_bgp_block *b, const uint8_t *p, size_t n)
{
	return n > 8 && p[0] >= 64 && p[0] - 64U <= b->nlri->max && p[1] == 0 && p[2] <= 2;
}

VNM_BGP_SIZE(distinguished)
{
	unsigned bits = p[0];
	size_t size = 1 + (bits + 7) / 8;

	if (!begins_with_rd(b, p, n))
		return vnm_bgp_size_labelled(b, p, n, strict);
	return size > n || (strict && host_bits(p + 9, bits - 64)) ? 0 : size;
}

VNM_BGP_DECODE(distinguished)
{
	if (!begins_with_rd(b, r.p, vnm_reader_left(&r)))
		return vnm_bgp_decode_labelled(u, b, r, rec);
	unsigned bits = vnm_reader_u8(&r) - 64U;
	VNM_SET(rec, route, rd, vnm_rd_text(vnm_reader_take(&r, 8), u->out));
	return vnm_bgp_prefix(u, &r, bits, b->nlri->max, rec);
}

VNM_BGP_KEY(distinguished)
{
	unsigned bits = s.p[0];

	if (!begins_with_rd(b, s.p, s.n))
		return vnm_bgp_key_labelled(b, s, out);
	memcpy(out, s.p, s.n);
	if (bits % 8 != 0)
		out[s.n - 1] &= (uint8_t)(0xff << (8 - bits % 8));
	return s.n;
}

/* ---- the families ------------------------------------------------------------------------------
 */

#define FAMILY(afi, safi, framed, max, name, key)                                       \
	{                                                                               \
		afi, safi, framed, max, vnm_bgp_size_##name, vnm_bgp_decode_##name, key \
	}

static const struct vnm_bgp_nlri families[] = {
    FAMILY(1, 1, false, 32, prefix, vnm_bgp_key_prefix),
    FAMILY(2, 1, false, 128, prefix, vnm_bgp_key_prefix),
    FAMILY(1, 2, false, 32, prefix, vnm_bgp_key_prefix),
    FAMILY(2, 2, false, 128, prefix, vnm_bgp_key_prefix),
    FAMILY(1, 4, false, 32, labelled, vnm_bgp_key_labelled),
    FAMILY(2, 4, false, 128, labelled, vnm_bgp_key_labelled),
    FAMILY(1, 128, false, 32, labelled, vnm_bgp_key_labelled),
    FAMILY(2, 128, false, 128, labelled, vnm_bgp_key_labelled),
    FAMILY(1, 129, false, 32, distinguished, vnm_bgp_key_distinguished),
    FAMILY(2, 129, false, 128, distinguished, vnm_bgp_key_distinguished),
    FAMILY(25, 70, true, 0, evpn, vnm_bgp_key_evpn),
    FAMILY(1, 133, false, 32, flowspec, NULL),
    FAMILY(2, 133, false, 128, flowspec, NULL),
    FAMILY(1, 134, false, 32, flowspec, NULL),
    FAMILY(2, 134, false, 128, flowspec, NULL),
    FAMILY(1, 132, false, 96, target, vnm_bgp_key_prefix),
    FAMILY(25, 65, true, 0, vpls, vnm_bgp_key_vpls),
    FAMILY(1, 5, true, 32, mvpn, NULL),
    FAMILY(2, 5, true, 128, mvpn, NULL),
    FAMILY(1, 73, false, 32, policy, NULL),
    FAMILY(2, 73, false, 128, policy, NULL),
    FAMILY(16388, 71, true, 0, linkstate, NULL),
    FAMILY(16388, 72, true, 0, linkstate, NULL),
};

static const struct vnm_bgp_nlri *
find_family(uint16_t afi, uint8_t safi)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(families); i++) {
		if (families[i].afi == afi && families[i].safi == safi)
			return &families[i];
	}
	return NULL;
}

/* ---- with path identifiers or without ----------------------------------------------------------
 */

struct walk {
	bool fits;
	uint32_t least_id; /* of all path identifiers */
};

static bool
came_before(const struct vnm_slice *recent, size_t count, struct vnm_slice s)
{
	for (size_t i = 0; i < count && i < NEAR; i++) {
		if (recent[i].n == s.n && memcmp(recent[i].p, s.p, s.n) == 0)
			return true;
	}
	return false;
}

static struct walk
walk(const struct vnm_bgp_block *b, bool add_path, bool strict)
{
	struct vnm_slice recent[NEAR];
	struct walk w = {false, UINT32_MAX};
	const uint8_t *p = b->octets.p, *end = p + b->octets.n;
	size_t id = add_path ? 4 : 0;

	for (size_t count = 0; p < end; count++) {
		size_t left = (size_t)(end - p);
		size_t size = left > id ? b->nlri->size(b, p + id, left - id, strict) : 0;

		if (size == 0)
			return w;
		if (add_path && vnm_be32(p) < w.least_id)
			w.least_id = vnm_be32(p);
		struct vnm_slice all = {p, id + size};
		if (strict && came_before(recent, count, all))
			return w;
		recent[count % NEAR] = all;
		p += all.n;
	}
	w.fits = true;
	return w;
}

/*
 * Decides b->add_path. False when the NLRI fit neither way. Where path identifiers are expected,
 * NLRI of four octets each would be taken for them: if the block reads as well without, and all
 * identifiers were as large as a prefix is, there are none.
 */
static bool
choose(struct vnm_bgp_block *b, bool expected)
{
	struct walk w = walk(b, expected, true);

	b->add_path = expected;
	if (w.fits && !(expected && w.least_id >= LARGE_ID && walk(b, false, true).fits))
		return true;
	if (w.fits || walk(b, !expected, true).fits) {
		b->add_path = !expected;
		return true;
	}
	if (walk(b, expected, false).fits)
		return true;
	if (walk(b, !expected, false).fits) {
		b->add_path = !expected;
		return true;
	}
	return false;
}

/* ---- records -----------------------------------------------------------------------------------
 */

/* What was guessed, behind what the caller has said of that. */
static void
set_inferred(struct vnm_bgp_reading *u, const struct vnm_bgp_block *b, struct vnm_record *rec)
{
	bool route = rec->kind_id == VNM_KIND_route;
	struct vnm_strs had = {0};

	if (route && VNM_HAS(rec, route, inferred))
		had = rec->route.inferred;
	if (!route && VNM_HAS(rec, linkstate, inferred))
		had = rec->linkstate.inferred;
	struct vnm_str *list = vnm_scratch_take(u->out->scratch, (had.n + 3) * sizeof(*list));
	if (list == NULL) {
		vnm_out_fault(u->out, VNM_R_scratch_full);
		return;
	}
	uint32_t n = had.n;
	if (n > 0)
		memcpy(list, had.p, n * sizeof(*list));
	if (u->as_guessed && !b->withdraw)
		list[n++] = VNM_STR("as-width");
	if (b->add_path_guessed)
		list[n++] = VNM_STR("add-path");
	if (b->labels_guessed)
		list[n++] = VNM_STR("labels");
	struct vnm_strs all = {list, n};
	if (n == 0)
		return;
	if (route)
		VNM_SET(rec, route, inferred, all);
	else
		VNM_SET(rec, linkstate, inferred, all);
}

/* The attributes are the same for all routes of an UPDATE: one copy from next_hop to attributes. */
static void
copy_attributes(const struct vnm_bgp_reading *u, struct vnm_record *rec)
{
	const size_t from = offsetof(struct vnm_route_fields, next_hop);
	const size_t to = offsetof(struct vnm_route_fields, route_type);

	memcpy((char *)&rec->route + from, (const char *)&u->attrs.route + from, to - from);
	for (size_t i = 0; i < VNM_HAS_WORDS; i++)
		rec->has[i] |= u->attrs.has[i];
}

static void
set_linkstate(const struct vnm_bgp_reading *u, struct vnm_record *rec)
{
	if (VNM_HAS(&u->attrs, route, next_hop))
		VNM_SET(rec, linkstate, next_hop, u->attrs.route.next_hop);
	if (VNM_HAS(&u->attrs, route, as_path))
		VNM_SET(rec, linkstate, as_path, u->attrs.route.as_path);
	if (VNM_HAS(&u->attrs, route, local_pref))
		VNM_SET(rec, linkstate, local_pref, u->attrs.route.local_pref);
	if (u->has_link_state)
		VNM_SET(rec, linkstate, attributes, u->link_state);
}

static struct vnm_record *
begin_linkstate(struct vnm_bgp_reading *u, const struct vnm_bgp_block *b)
{
	struct vnm_record *rec = u->session->begin(u->session->ctx, VNM_KIND_linkstate);

	VNM_SET(rec, linkstate, action, b->withdraw ? VNM_STR("withdraw") : VNM_STR("announce"));
	if (!b->withdraw)
		set_linkstate(u, rec);
	return rec;
}

struct vnm_record *
vnm_bgp_begin(struct vnm_bgp_reading *u, const struct vnm_bgp_block *b)
{
	if (b->afi == 16388 && (b->safi == 71 || b->safi == 72))
		return begin_linkstate(u, b);
	struct vnm_record *rec = u->session->begin(u->session->ctx, VNM_KIND_route);

	VNM_SET(rec, route, action, b->withdraw ? VNM_STR("withdraw") : VNM_STR("announce"));
	if (!b->withdraw)
		copy_attributes(u, rec);
	VNM_SET(rec, route, afi, b->afi);
	VNM_SET(rec, route, safi, b->safi);
	struct vnm_str name = vnm_afi_name(b->afi);
	if (name.n != 0)
		VNM_SET(rec, route, afi_name, name);
	name = vnm_safi_name(b->safi);
	if (name.n != 0)
		VNM_SET(rec, route, safi_name, name);
	return rec;
}

static void
set_verdict(const struct vnm_bgp_reading *u, const struct vnm_bgp_block *b, bool nlri_good,
    struct vnm_record *rec)
{
	static const struct vnm_str names[] = {[VNM_BGP_DISCARD] = VNM_STR("attribute-discard"),
	    [VNM_BGP_WITHDRAW] = VNM_STR("treat-as-withdraw"),
	    [VNM_BGP_DISABLE] = VNM_STR("afi-safi-disable")};
	enum vnm_bgp_verdict verdict = b->judged ? u->verdict : VNM_BGP_GOOD;
	struct vnm_str reason = b->judged ? u->verdict_reason : (struct vnm_str){0};

	if (rec->kind_id != VNM_KIND_route)
		return;
	if (b->bad_next_hop && verdict < VNM_BGP_DISABLE) {
		verdict = VNM_BGP_DISABLE;
		reason = VNM_STR("mp_reach_nlri: length of the next hop");
	}
	if (!nlri_good && verdict < VNM_BGP_DISABLE) {
		verdict = VNM_BGP_DISABLE;
		reason = VNM_STR("nlri: malformed");
	}
	if (verdict != VNM_BGP_GOOD)
		VNM_SET(rec, route, verdict, names[verdict]);
	if (reason.n != 0)
		VNM_SET(rec, route, verdict_reason, reason);
}

/* Whether its record is to be emitted. */
static bool
keep(const struct vnm_bgp_reading *u, const struct vnm_bgp_block *b, struct vnm_slice nlri,
    bool good)
{
	const struct vnm_bgp_kept kept = {.afi = b->afi,
	    .safi = b->safi,
	    .withdraw = b->withdraw,
	    .path_id = b->add_path,
	    .path_id_guessed = b->add_path_guessed,
	    .multiple_labels = b->multiple_labels,
	    .cut = !good,
	    .as4 = u->as4 || u->as_path.n == 0, /* without a path it is all the same */
	    .as_guessed = u->as_guessed,
	    .nlri = nlri,
	    .attributes = b->attributes};

	return u->session->keep(u->session->ctx, &kept);
}

/* One NLRI as a record; `good` says that its size is its own. */
static bool
emit_nlri(struct vnm_bgp_reading *u, struct vnm_bgp_block *b, struct vnm_reader r, bool good)
{
	struct vnm_record *rec = vnm_bgp_begin(u, b);
	size_t mark = vnm_scratch_mark(u->out->scratch);
	bool route = rec->kind_id == VNM_KIND_route, more = true;
	const struct vnm_slice all = {r.p, vnm_reader_left(&r)};

	if (b->add_path && (good || !route) && vnm_reader_left(&r) >= 4) {
		uint32_t id = vnm_reader_u32(&r);
		if (route)
			VNM_SET(rec, route, path_id, id);
		else
			VNM_SET(rec, linkstate, path_id, id);
	}
	b->labels_guessed = false;
	bool read = (good || !route) && b->nlri != NULL && b->nlri->decode(u, b, r, rec);
	if (route && !read)
		VNM_SET(rec, route, nlri_octets, ((struct vnm_slice){r.p, vnm_reader_left(&r)}));
	if ((!read && b->nlri != NULL) || !good)
		vnm_out_fault(u->out, VNM_R_nlri_malformed);
	if (u->as_guessed || b->add_path_guessed || b->labels_guessed)
		set_inferred(u, b, rec);
	set_verdict(u, b, (read && good) || b->nlri == NULL, rec);
	if (b->withdraw)
		u->result->withdrawn++;
	else
		u->result->announced++;
	bool keeps = u->session->keep != NULL && b->nlri != NULL && (!route || (good && read));
	if (!keeps || keep(u, b, all, good))
		more = u->session->emit(u->session->ctx);
	vnm_scratch_rewind(u->out->scratch, mark);
	return more;
}

/* How it reads was found out when it came. */
static bool
tell_again(struct vnm_bgp_reading *u, struct vnm_bgp_block *b, struct vnm_reader r)
{
	b->add_path = u->again->path_id;
	b->add_path_guessed = u->again->path_id_guessed;
	b->multiple_labels = u->again->multiple_labels;
	return emit_nlri(u, b, r, !u->again->cut);
}

bool
vnm_bgp_block(struct vnm_bgp_reading *u, struct vnm_bgp_block *b)
{
	struct vnm_reader r = vnm_reader_of(b->octets.p, b->octets.n);
	const struct vnm_bgp_session *s = u->session;
	bool expected = s->add_path != NULL && s->add_path(s->ctx, b->afi, b->safi);

	b->nlri = find_family(b->afi, b->safi);
	if (u->again != NULL)
		return tell_again(u, b, r);
	if (b->nlri == NULL)
		return emit_nlri(u, b, r, true);
	if (s->keep != NULL && !b->withdraw)
		b->attributes = vnm_bgp_attributes_kept(u, b->reach);
	b->multiple_labels =
	    s->multiple_labels != NULL && s->multiple_labels(s->ctx, b->afi, b->safi);
	bool fits = choose(b, expected);
	if (b->add_path != expected) {
		b->add_path_guessed = true;
		u->result->add_path_guessed = true;
	}
	size_t id = b->add_path ? 4 : 0;
	while (vnm_reader_left(&r) > 0) {
		size_t left = vnm_reader_left(&r);
		size_t size = (fits || b->nlri->framed) && left > id
				  ? b->nlri->size(b, r.p + id, left - id, false)
				  : 0;

		/* What cannot be told apart is one record. */
		if (size == 0)
			return emit_nlri(u, b, r, false);
		if (!emit_nlri(u, b, vnm_reader_sub(&r, id + size), true))
			return false;
	}
	return true;
}

/* ---- keys --------------------------------------------------------------------------------------
 */

bool
vnm_bgp_key(const struct vnm_bgp_kept *k, uint8_t room[VNM_BGP_KEY_MAX], struct vnm_slice *key)
{
	const struct vnm_bgp_block b = {.afi = k->afi,
	    .safi = k->safi,
	    .nlri = find_family(k->afi, k->safi),
	    .multiple_labels = k->multiple_labels};
	size_t id = k->path_id ? 4 : 0;

	if (b.nlri == NULL || k->nlri.n <= id)
		return false;
	*key = (struct vnm_slice){k->nlri.p + id, k->nlri.n - id};
	if (b.nlri->key != NULL && key->n <= VNM_BGP_KEY_MAX)
		*key = (struct vnm_slice){room, b.nlri->key(&b, *key, room)};
	return true;
}

bool
vnm_bgp_prefix_of(const struct vnm_bgp_kept *k, struct vnm_prefix *prefix)
{
	const struct vnm_bgp_nlri *f = find_family(k->afi, k->safi);
	uint8_t room[VNM_BGP_KEY_MAX];
	struct vnm_slice key;

	if (f == NULL ||
	    (f->size != vnm_bgp_size_prefix && f->size != vnm_bgp_size_labelled &&
		f->size != vnm_bgp_size_distinguished) ||
	    !vnm_bgp_key(k, room, &key))
		return false;
	size_t rd = f->size != vnm_bgp_size_prefix && k->safi >= 128 ? 8 : 0;
	size_t n = key.n - 1 - rd;
	prefix->len = (uint8_t)(key.p[0] - 8 * rd);
	prefix->addr = (struct vnm_addr){.family = f->max == 32 ? VNM_ADDR_IP4 : VNM_ADDR_IP6};
	memcpy(prefix->addr.b, key.p + 1 + rd, n);
	return true;
}

size_t
vnm_bgp_prefix_nlri(uint16_t afi, uint8_t safi, const struct vnm_prefix *prefix, uint8_t nlri[17])
{
	const struct vnm_bgp_nlri *f = find_family(afi, safi);
	size_t n = (prefix->len + 7U) / 8;

	if (f == NULL || f->size != vnm_bgp_size_prefix ||
	    (f->max == 32) != (prefix->addr.family == VNM_ADDR_IP4) || prefix->len > f->max)
		return 0;
	nlri[0] = prefix->len;
	memcpy(nlri + 1, prefix->addr.b, n);
	if (prefix->len % 8 != 0)
		nlri[n] &= (uint8_t)(0xff << (8 - prefix->len % 8));
	return n + 1;
}
