/*
 * Attributes of BGP that describe services: PMSI tunnel (RFC 6514, RFC 8365), prefix SID
 * (RFC 8669, RFC 9252), AIGP (RFC 7311), D-PATH, SFP (RFC 9015) and BFD discriminator (RFC 9026).
 */
#include "decoders/bgp_part.h"

/* ---- AIGP, D-PATH, SFP, BFD --------------------------------------------------------------------
 */

bool
vnm_bgp_attr_aigp(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_reader r = vnm_reader_of(a->value.p, a->value.n);

	while (vnm_reader_left(&r) > 0) {
		uint8_t type = vnm_reader_u8(&r);
		uint16_t length = vnm_reader_u16(&r); /* with type and length */
		struct vnm_reader v = {0};

		if (r.bad || length < 3)
			return false;
		v = vnm_reader_sub(&r, length - 3U);
		if (v.bad)
			return false;
		if (type != 1 || VNM_HAS(&u->attrs, route, aigp))
			continue;
		if (vnm_reader_left(&v) != 8)
			return false;
		VNM_SET(&u->attrs, route, aigp, vnm_reader_u64(&v));
	}
	return true;
}

/* Domains that a route has crossed, each global:local/SAFI, the last one first. */
bool
vnm_bgp_attr_d_path(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_reader r = vnm_reader_of(a->value.p, a->value.n);
	char *start = vnm_bgp_text(u->out, 4 * a->value.n + VNM_TEXT_NUMBER);
	char *p = start;

	if (start == NULL)
		return true;
	while (vnm_reader_left(&r) > 0 && !r.bad) {
		for (unsigned n = vnm_reader_u8(&r); n > 0; n--) {
			const uint8_t *domain = vnm_reader_take(&r, 7);
			if (domain == NULL)
				break;
			if (p > start)
				*p++ = ' ';
			p = vnm_text_u64(p, vnm_be32(domain));
			*p++ = ':';
			p = vnm_text_u64(p, vnm_be16(domain + 4));
			*p++ = '/';
			p = vnm_text_u64(p, domain[6]);
		}
	}
	vnm_pair_list_str(&u->extra, "d_path", vnm_bgp_text_end(u->out, start, p));
	return !r.bad;
}

bool
vnm_bgp_attr_sfp(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_reader r = vnm_reader_of(a->value.p, a->value.n);
	struct vnm_pair_list list = {.out = u->out};

	while (vnm_reader_left(&r) > 0) {
		uint8_t type = vnm_reader_u8(&r);
		struct vnm_reader v = vnm_reader_sub(&r, vnm_reader_u16(&r));

		if (v.bad)
			return false;
		const char *name = type == 1 ? "association" : type == 2 ? "hop" : NULL;
		if (name == NULL)
			name = vnm_bgp_name(u->out, "tlv_", type);
		vnm_pair_list_octets(&list, name, vnm_reader_rest(&v));
	}
	vnm_bgp_add_object(&u->extra, "sfp", &list);
	return true;
}

bool
vnm_bgp_attr_bfd(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_pair_list list = {.out = u->out};

	vnm_pair_list_u64(&list, "mode", a->value.p[0]);
	vnm_pair_list_u64(&list, "discriminator", vnm_be32(a->value.p + 1));
	if (a->value.n > 5)
		vnm_pair_list_octets(
		    &list, "tlvs", (struct vnm_slice){a->value.p + 5, a->value.n - 5});
	vnm_bgp_add_object(&u->extra, "bfd_discriminator", &list);
	return true;
}

/* ---- PMSI tunnel -------------------------------------------------------------------------------
 */

bool
vnm_bgp_attr_pmsi(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	u->pmsi = a->value;
	return true;
}

void
vnm_bgp_pmsi(struct vnm_bgp_reading *u)
{
	static const struct vnm_str types[] = {VNM_STR("none"), VNM_STR("rsvp-te-p2mp"),
	    VNM_STR("mldp-p2mp"), VNM_STR("pim-ssm"), VNM_STR("pim-sm"), VNM_STR("bidir-pim"),
	    VNM_STR("ingress-replication"), VNM_STR("mldp-mp2mp"), VNM_STR("transport"),
	    VNM_STR("unassigned"), VNM_STR("assisted-replication"), VNM_STR("bier")};
	const uint8_t *p = u->pmsi.p;
	struct vnm_pair_list list = {.out = u->out};
	struct vnm_slice id = {p + 5, u->pmsi.n - 5};

	vnm_pair_list_u64(&list, "flags", p[0]);
	vnm_pair_list_u64(&list, "type", p[1]);
	if (p[1] < VNM_ARRAY_LEN(types))
		vnm_pair_list_str(&list, "type_name", types[p[1]]);
	if (u->encap == VNM_BGP_VNI)
		vnm_pair_list_u64(&list, "vni", vnm_be24(p + 2));
	else
		vnm_pair_list_u64(&list, "label", vnm_be24(p + 2) >> 4);
	if (p[1] == 6 && (id.n == 4 || id.n == 16))
		vnm_pair_list_addr(&list, "endpoint", vnm_bgp_addr(id.p, id.n));
	else if (id.n > 0)
		vnm_pair_list_octets(&list, "tunnel_id", id);
	VNM_SET(&u->attrs, route, pmsi_tunnel, vnm_bgp_list_pairs(&list));
}

/* ---- prefix SID --------------------------------------------------------------------------------
 */

static void
read_srgb(struct vnm_pair_list *l, struct vnm_slice s)
{
	struct vnm_pair_list ranges = {.out = l->out};

	for (size_t i = 2; i + 6 <= s.n; i += 6) {
		struct vnm_pair_list one = {.out = l->out};

		vnm_pair_list_u64(&one, "base", vnm_be24(s.p + i));
		vnm_pair_list_u64(&one, "range", vnm_be24(s.p + i + 3));
		vnm_bgp_add_object(&ranges, "range", &one);
	}
	vnm_pair_list_array(l, "srgb", &ranges);
}

static void
read_structure(struct vnm_bgp_reading *u, struct vnm_pair_list *l, const uint8_t p[6])
{
	static const char *const names[] = {"locator_block", "locator_node", "function", "argument",
	    "transposed", "transposition_offset"};
	struct vnm_pair_list one = {.out = u->out};

	for (unsigned i = 0; i < 6; i++)
		vnm_pair_list_u64(&one, names[i], p[i]);
	vnm_bgp_add_object(l, "structure", &one);
	if (p[4] <= 24 && p[4] + p[5] <= 128) {
		u->srv6.length = p[4];
		u->srv6.offset = p[5];
	}
}

/* SRv6 SID Information (RFC 9252 section 3.1). */
static bool
read_sid(struct vnm_bgp_reading *u, struct vnm_pair_list *l, struct vnm_reader r)
{
	const uint8_t *p = vnm_reader_take(&r, 21);

	if (p == NULL)
		return false;
	if (!u->srv6.there) {
		u->srv6.there = true;
		memcpy(u->srv6.sid, p + 1, 16);
	}
	vnm_pair_list_addr(l, "sid", vnm_addr_ip6(p + 1));
	vnm_pair_list_u64(l, "flags", p[17]);
	vnm_pair_list_u64(l, "behavior", vnm_be16(p + 18));
	while (vnm_reader_left(&r) > 0) {
		uint8_t type = vnm_reader_u8(&r);
		struct vnm_reader v = vnm_reader_sub(&r, vnm_reader_u16(&r));

		if (v.bad)
			return false;
		if (type == 1 && vnm_reader_left(&v) == 6)
			read_structure(u, l, v.p);
		else
			vnm_pair_list_octets(
			    l, vnm_bgp_name(u->out, "tlv_", type), vnm_reader_rest(&v));
	}
	return true;
}

static bool
read_service(
    struct vnm_bgp_reading *u, struct vnm_pair_list *l, const char *name, struct vnm_reader r)
{
	struct vnm_pair_list sids = {.out = u->out};

	vnm_reader_skip(&r, 1); /* reserved */
	while (vnm_reader_left(&r) > 0) {
		struct vnm_pair_list one = {.out = u->out};
		uint8_t type = vnm_reader_u8(&r);
		struct vnm_reader v = vnm_reader_sub(&r, vnm_reader_u16(&r));

		if (v.bad)
			return false;
		if (type != 1)
			vnm_pair_list_octets(
			    &one, vnm_bgp_name(u->out, "tlv_", type), vnm_reader_rest(&v));
		else if (!read_sid(u, &one, v))
			return false;
		vnm_bgp_add_object(&sids, "sid", &one);
	}
	vnm_pair_list_array(l, name, &sids);
	return !r.bad;
}

static bool
read_prefix_sid(
    struct vnm_bgp_reading *u, struct vnm_pair_list *l, uint8_t type, struct vnm_reader r)
{
	struct vnm_slice s = {r.p, vnm_reader_left(&r)};

	switch (type) {
	case 1:
		if (s.n != 7)
			return false;
		vnm_pair_list_u64(l, "label_index_flags", vnm_be16(s.p + 1));
		vnm_pair_list_u64(l, "label_index", vnm_be32(s.p + 3));
		return true;
	case 3:
		if (s.n < 2 || (s.n - 2) % 6 != 0)
			return false;
		read_srgb(l, s);
		return true;
	case 5:
		return read_service(u, l, "srv6_l3_service", r);
	case 6:
		return read_service(u, l, "srv6_l2_service", r);
	default:
		vnm_pair_list_octets(l, vnm_bgp_name(u->out, "tlv_", type), s);
		return true;
	}
}

bool
vnm_bgp_attr_prefix_sid(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_reader r = vnm_reader_of(a->value.p, a->value.n);
	struct vnm_pair_list list = {.out = u->out};

	while (vnm_reader_left(&r) > 0) {
		uint8_t type = vnm_reader_u8(&r);
		struct vnm_reader v = vnm_reader_sub(&r, vnm_reader_u16(&r));

		if (v.bad || !read_prefix_sid(u, &list, type, v)) {
			u->srv6.there = false;
			return false;
		}
	}
	VNM_SET(&u->attrs, route, prefix_sid, vnm_bgp_list_pairs(&list));
	return true;
}

struct vnm_addr
vnm_bgp_sid(const struct vnm_bgp_reading *u, const uint8_t p[3])
{
	struct vnm_addr sid = vnm_addr_ip6(u->srv6.sid);
	uint32_t label = vnm_be24(p);

	for (unsigned i = 0; i < u->srv6.length; i++) {
		unsigned at = u->srv6.offset + i;
		uint8_t bit = (uint8_t)(0x80 >> at % 8);

		if ((label >> (23 - i) & 1) != 0)
			sid.b[at / 8] |= bit;
		else
			sid.b[at / 8] &= (uint8_t)~bit;
	}
	return sid;
}
