/*
 * NLRI of BGP's smaller families: route target membership (RFC 4684), VPLS (RFC 4761, RFC 6074),
 * multicast VPN (RFC 6514), SR policy (RFC 9830), link state (RFC 9552).
 */
#include "decoders/bgp_part.h"

#include "decoders/bgpls.h"

static void
set_list(struct vnm_record *rec, const struct vnm_pair_list *list)
{
	if (list->n > 0)
		VNM_SET(rec, route, nlri, vnm_bgp_list_pairs(list));
}

static bool
read_rd(struct vnm_bgp_reading *u, struct vnm_reader *r, struct vnm_record *rec)
{
	const uint8_t *p = vnm_reader_take(r, 8);

	if (p == NULL)
		return false;
	VNM_SET(rec, route, rd, vnm_rd_text(p, u->out));
	return true;
}

/* ---- route target membership -------------------------------------------------------------------
 */

VNM_BGP_SIZE(target)
{
	size_t size = 1 + ((size_t)p[0] + 7) / 8;

	(void)strict;
	if (p[0] > b->nlri->max || (p[0] != 0 && p[0] < 32) || size > n)
		return 0;
	return size;
}

/* Of 0 bits it means all route targets; one that is cut short is a prefix of such. */
VNM_BGP_DECODE(target)
{
	struct vnm_pair_list list = {.out = u->out};
	uint8_t bits = vnm_reader_u8(&r);

	(void)b;
	VNM_SET(rec, route, prefix_len, bits);
	if (bits >= 32)
		vnm_pair_list_u64(&list, "origin_as", vnm_reader_u32(&r));
	if (bits == 96)
		vnm_pair_list_str(
		    &list, "route_target", vnm_bgp_ext_community(u->out, vnm_reader_take(&r, 8)));
	else if (vnm_reader_left(&r) > 0)
		vnm_pair_list_octets(&list, "route_target_prefix", vnm_reader_rest(&r));
	set_list(rec, &list);
	return !r.bad;
}

/* ---- VPLS --------------------------------------------------------------------------------------
 */

VNM_BGP_SIZE(vpls)
{
	size_t size = n >= 2 ? 2U + vnm_be16(p) : 0;

	(void)b;
	if (size > n || (strict && size != 2 + 17 && size != 2 + 12))
		return 0;
	return size;
}

VNM_BGP_DECODE(vpls)
{
	struct vnm_pair_list list = {.out = u->out};

	(void)b;
	vnm_reader_skip(&r, 2);
	if (!read_rd(u, &r, rec))
		return false;
	if (vnm_reader_left(&r) == 4) {
		vnm_pair_list_addr(&list, "pe_addr", vnm_addr_ip4(vnm_reader_take(&r, 4)));
	} else {
		const uint8_t *p = vnm_reader_take(&r, 9);
		if (p == NULL || vnm_reader_left(&r) != 0)
			return false;
		vnm_pair_list_u64(&list, "ve_id", vnm_be16(p));
		vnm_pair_list_u64(&list, "ve_block_offset", vnm_be16(p + 2));
		vnm_pair_list_u64(&list, "ve_block_size", vnm_be16(p + 4));
		vnm_pair_list_u64(&list, "label_base", vnm_be24(p + 6) >> 4);
	}
	set_list(rec, &list);
	return true;
}

/* Size and begin of the label block are not part of it (RFC 4761 section 3.2.2). */
VNM_BGP_KEY(vpls)
{
	size_t n = s.n == 2 + 17 ? 2 + 12 : s.n;

	(void)b;
	memcpy(out, s.p, n);
	return n;
}

/* ---- multicast VPN -----------------------------------------------------------------------------
 */

static const char *const mvpn_types[] = {[1] = "intra-as-i-pmsi",
    [2] = "inter-as-i-pmsi",
    [3] = "s-pmsi",
    [4] = "leaf",
    [5] = "source-active",
    [6] = "shared-tree-join",
    [7] = "source-tree-join"};

VNM_BGP_SIZE(mvpn)
{
	(void)b;
	if (n < 2 || p[1] > n - 2)
		return 0;
	if (strict && (p[0] == 0 || p[0] >= VNM_ARRAY_LEN(mvpn_types)))
		return 0;
	return 2U + p[1];
}

/* A multicast source or group behind its length in bits. */
static bool
read_multicast(struct vnm_pair_list *l, struct vnm_reader *r, const char *name)
{
	uint8_t bits = vnm_reader_u8(r);
	const uint8_t *p = vnm_reader_take(r, bits / 8);

	if (p == NULL || (bits != 0 && bits != 32 && bits != 128))
		return false;
	if (bits != 0)
		vnm_pair_list_addr(l, name, vnm_bgp_addr(p, bits / 8));
	return true;
}

/* The address of a router, which is all that is left. */
static bool
read_originator(struct vnm_pair_list *l, struct vnm_reader *r)
{
	struct vnm_slice s = vnm_reader_rest(r);

	if (s.n != 4 && s.n != 16)
		return false;
	vnm_pair_list_addr(l, "originator", vnm_bgp_addr(s.p, s.n));
	return true;
}

/* A leaf route has another route as its key: which address ends it, that route's length says. */
static bool
read_leaf(struct vnm_pair_list *l, struct vnm_reader *r)
{
	if (vnm_reader_left(r) < 2 || 2U + r->p[1] > vnm_reader_left(r))
		return false;
	struct vnm_reader key = vnm_reader_sub(r, 2U + r->p[1]);
	vnm_pair_list_octets(l, "route_key", vnm_reader_rest(&key));
	return read_originator(l, r);
}

static bool
read_mvpn(struct vnm_pair_list *l, struct vnm_reader *r, uint8_t type)
{
	switch (type) {
	case 1:
		return read_originator(l, r);
	case 2:
		vnm_pair_list_u64(l, "source_as", vnm_reader_u32(r));
		return true;
	case 3:
		return read_multicast(l, r, "source") && read_multicast(l, r, "group") &&
		       read_originator(l, r);
	case 6:
	case 7:
		vnm_pair_list_u64(l, "source_as", vnm_reader_u32(r));
		VNM_FALLTHROUGH;
	default:
		return read_multicast(l, r, "source") && read_multicast(l, r, "group");
	}
}

VNM_BGP_DECODE(mvpn)
{
	struct vnm_pair_list list = {.out = u->out};
	uint8_t type = vnm_reader_u8(&r);

	(void)b;
	vnm_reader_skip(&r, 1); /* its length, which r has */
	VNM_SET(rec, route, route_type, type);
	if (type == 0 || type >= VNM_ARRAY_LEN(mvpn_types)) {
		VNM_SET(rec, route, nlri_octets, vnm_reader_rest(&r));
		return true;
	}
	VNM_SET(rec, route, route_type_name, vnm_str_clean(mvpn_types[type]));
	bool good =
	    type == 4 ? read_leaf(&list, &r) : read_rd(u, &r, rec) && read_mvpn(&list, &r, type);
	set_list(rec, &list);
	return good && !r.bad && vnm_reader_left(&r) == 0;
}

/* ---- SR policy ---------------------------------------------------------------------------------
 */

VNM_BGP_SIZE(policy)
{
	size_t size = 1 + (size_t)p[0] / 8;

	(void)strict;
	return p[0] == 64 + b->nlri->max && size <= n ? size : 0;
}

VNM_BGP_DECODE(policy)
{
	struct vnm_pair_list list = {.out = u->out};

	vnm_reader_skip(&r, 1);
	vnm_pair_list_u64(&list, "distinguisher", vnm_reader_u32(&r));
	vnm_pair_list_u64(&list, "color", vnm_reader_u32(&r));
	const uint8_t *p = vnm_reader_take(&r, b->nlri->max / 8U);
	if (p == NULL)
		return false;
	vnm_pair_list_addr(&list, "endpoint", vnm_bgp_addr(p, b->nlri->max / 8U));
	set_list(rec, &list);
	return true;
}

/* ---- link state --------------------------------------------------------------------------------
 */

VNM_BGP_SIZE(linkstate)
{
	size_t size = n >= 4 ? 4U + vnm_be16(p + 2) : 0;
	size_t least = 4 + 9 + (b->safi == 72 ? 8 : 0);

	if (size == 0 || size > n || (strict && (vnm_be16(p) == 0 || size < least)))
		return 0;
	return size;
}

/* One whose length overruns the message has what is there read all the same. */
VNM_BGP_DECODE(linkstate)
{
	uint16_t type = vnm_reader_u16(&r);

	vnm_reader_skip(&r, 2); /* its length, which r has */
	if (b->safi == 72) {
		const uint8_t *rd = vnm_reader_take(&r, 8);
		if (rd != NULL)
			VNM_SET(rec, linkstate, rd, vnm_rd_text(rd, u->out));
	}
	return vnm_bgpls_nlri(type, r, u->out);
}
