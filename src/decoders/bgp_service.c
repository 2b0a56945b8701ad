/*
 * Attributes of BGP that describe tunnels and services: PMSI tunnel (RFC 6514, RFC 8365), tunnel
 * encapsulation (RFC 9012, RFC 9830), prefix SID (RFC 8669, RFC 9252), AIGP (RFC 7311), D-PATH,
 * SFP (RFC 9015) and BFD discriminator (RFC 9026).
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
	vnm_bgp_add_str(&u->extra, "d_path", vnm_bgp_text_end(u->out, start, p));
	return !r.bad;
}

bool
vnm_bgp_attr_sfp(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_reader r = vnm_reader_of(a->value.p, a->value.n);
	struct vnm_bgp_list list = {.out = u->out};

	while (vnm_reader_left(&r) > 0) {
		uint8_t type = vnm_reader_u8(&r);
		struct vnm_reader v = vnm_reader_sub(&r, vnm_reader_u16(&r));

		if (v.bad)
			return false;
		const char *name = type == 1 ? "association" : type == 2 ? "hop" : NULL;
		if (name == NULL)
			name = vnm_bgp_name(u->out, "tlv_", type);
		vnm_bgp_add_octets(&list, name, vnm_reader_rest(&v));
	}
	vnm_bgp_add_object(&u->extra, "sfp", &list);
	return true;
}

bool
vnm_bgp_attr_bfd(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_bgp_list list = {.out = u->out};

	vnm_bgp_add_u64(&list, "mode", a->value.p[0]);
	vnm_bgp_add_u64(&list, "discriminator", vnm_be32(a->value.p + 1));
	if (a->value.n > 5)
		vnm_bgp_add_octets(
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
	struct vnm_bgp_list list = {.out = u->out};
	struct vnm_slice id = {p + 5, u->pmsi.n - 5};

	vnm_bgp_add_u64(&list, "flags", p[0]);
	vnm_bgp_add_u64(&list, "type", p[1]);
	if (p[1] < VNM_ARRAY_LEN(types))
		vnm_bgp_add_str(&list, "type_name", types[p[1]]);
	if (u->encap == VNM_BGP_VNI)
		vnm_bgp_add_u64(&list, "vni", vnm_be24(p + 2));
	else
		vnm_bgp_add_u64(&list, "label", vnm_be24(p + 2) >> 4);
	if (p[1] == 6 && (id.n == 4 || id.n == 16))
		vnm_bgp_add_addr(&list, "endpoint", vnm_bgp_addr(id.p, id.n));
	else if (id.n > 0)
		vnm_bgp_add_octets(&list, "tunnel_id", id);
	VNM_SET(&u->attrs, route, pmsi_tunnel, vnm_bgp_list_pairs(&list));
}

/* ---- tunnel encapsulation ----------------------------------------------------------------------
 */

/* A segment of a segment list (RFC 9830 section 2.4.4, RFC 9831): a label or a SID. */
static void
read_segment(struct vnm_bgp_list *segments, uint8_t type, struct vnm_slice v)
{
	struct vnm_bgp_list one = {.out = segments->out};

	vnm_bgp_add_u64(&one, "type", type);
	if (type == 1 && v.n == 6) {
		vnm_bgp_add_u64(&one, "flags", v.p[0]);
		vnm_bgp_add_u64(&one, "label", vnm_be32(v.p + 2) >> 12);
	} else if (type == 13 && v.n >= 18) {
		vnm_bgp_add_u64(&one, "flags", v.p[0]);
		vnm_bgp_add_addr(&one, "sid", vnm_addr_ip6(v.p + 2));
		if (v.n > 18)
			vnm_bgp_add_octets(
			    &one, "structure", (struct vnm_slice){v.p + 18, v.n - 18});
	} else {
		vnm_bgp_add_octets(&one, "octets", v);
	}
	vnm_bgp_add_object(segments, "segment", &one);
}

static bool
read_segment_list(struct vnm_bgp_list *tunnel, struct vnm_reader r)
{
	struct vnm_bgp_list list = {.out = tunnel->out}, segments = {.out = tunnel->out};

	vnm_reader_skip(&r, 1); /* reserved */
	while (vnm_reader_left(&r) > 0) {
		uint8_t type = vnm_reader_u8(&r);
		struct vnm_reader v = vnm_reader_sub(&r, vnm_reader_u8(&r));
		struct vnm_slice s = {v.p, vnm_reader_left(&v)};

		if (v.bad)
			break;
		if (type == 9 && s.n == 6)
			vnm_bgp_add_u64(&list, "weight", vnm_be32(s.p + 2));
		else
			read_segment(&segments, type, s);
	}
	vnm_bgp_add_array(&list, "segments", &segments);
	vnm_bgp_add_object(tunnel, "segment_list", &list);
	return !r.bad;
}

static void
read_endpoint(struct vnm_bgp_list *l, struct vnm_slice s)
{
	size_t length = s.n - 6;

	if (length == 4 || length == 16)
		vnm_bgp_add_addr(l, "egress_endpoint", vnm_bgp_addr(s.p + 6, length));
	else
		vnm_bgp_add_octets(l, "egress_endpoint", s);
}

/* One sub-TLV (RFC 9012 section 3, RFC 9830 section 2.4). */
static bool
read_sub(struct vnm_bgp_list *l, uint8_t type, struct vnm_reader r)
{
	struct vnm_slice s = {r.p, vnm_reader_left(&r)};

	if (type == 2 && s.n == 2)
		vnm_bgp_add_u64(l, "protocol", vnm_be16(s.p));
	else if (type == 4 && s.n == 8)
		vnm_bgp_add_u64(l, "color", vnm_be32(s.p + 4));
	else if (type == 6 && s.n >= 6)
		read_endpoint(l, s);
	else if (type == 7 && s.n == 1)
		vnm_bgp_add_u64(l, "ds_field", s.p[0]);
	else if (type == 8 && s.n == 2)
		vnm_bgp_add_u64(l, "udp_port", vnm_be16(s.p));
	else if (type == 12 && s.n == 6)
		vnm_bgp_add_u64(l, "preference", vnm_be32(s.p + 2));
	else if (type == 13 && s.n == 6)
		vnm_bgp_add_u64(l, "binding_sid", vnm_be32(s.p + 2) >> 12);
	else if ((type == 13 || type == 20) && s.n >= 18)
		vnm_bgp_add_addr(l, "binding_sid", vnm_addr_ip6(s.p + 2));
	else if (type == 15 && s.n == 2)
		vnm_bgp_add_u64(l, "priority", s.p[0]);
	else if (type == 128)
		return read_segment_list(l, r);
	else if ((type == 129 || type == 130) && s.n > 1)
		vnm_bgp_add_str(l, type == 129 ? "candidate_path" : "policy",
		    vnm_bgp_text_octets((struct vnm_slice){s.p + 1, s.n - 1}));
	else
		vnm_bgp_add_octets(l, vnm_bgp_name(l->out, "sub_tlv_", type), s);
	return true;
}

static const char *
tunnel_name(struct vnm_out *out, uint16_t type)
{
	static const char *const names[] = {[1] = "l2tpv3",
	    [2] = "gre",
	    [7] = "ip_in_ip",
	    [8] = "vxlan",
	    [9] = "nvgre",
	    [10] = "mpls",
	    [11] = "mpls_in_gre",
	    [12] = "vxlan_gpe",
	    [13] = "mpls_in_udp",
	    [15] = "sr_policy",
	    [19] = "geneve",
	    [25] = "srv6"};

	if (type < VNM_ARRAY_LEN(names) && names[type] != NULL)
		return names[type];
	return vnm_bgp_name(out, "tunnel_", type);
}

bool
vnm_bgp_attr_tunnels(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_reader r = vnm_reader_of(a->value.p, a->value.n);
	struct vnm_bgp_list all = {.out = u->out};

	while (vnm_reader_left(&r) > 0) {
		struct vnm_bgp_list one = {.out = u->out};
		uint16_t type = vnm_reader_u16(&r);
		struct vnm_reader subs = vnm_reader_sub(&r, vnm_reader_u16(&r));

		while (vnm_reader_left(&subs) > 0 && !subs.bad) {
			uint8_t sub = vnm_reader_u8(&subs);
			size_t n = sub < 128 ? vnm_reader_u8(&subs) : vnm_reader_u16(&subs);
			struct vnm_reader v = vnm_reader_sub(&subs, n);

			if (v.bad || !read_sub(&one, sub, v))
				return false;
		}
		if (subs.bad)
			return false;
		if (type == 8 || type == 9 || type == 12 || type == 19)
			u->encap = VNM_BGP_VNI;
		vnm_bgp_add_object(&all, tunnel_name(u->out, type), &one);
	}
	VNM_SET(&u->attrs, route, tunnel_encap, vnm_bgp_list_pairs(&all));
	return true;
}

/* ---- prefix SID --------------------------------------------------------------------------------
 */

static void
read_srgb(struct vnm_bgp_list *l, struct vnm_slice s)
{
	struct vnm_bgp_list ranges = {.out = l->out};

	for (size_t i = 2; i + 6 <= s.n; i += 6) {
		struct vnm_bgp_list one = {.out = l->out};

		vnm_bgp_add_u64(&one, "base", vnm_be24(s.p + i));
		vnm_bgp_add_u64(&one, "range", vnm_be24(s.p + i + 3));
		vnm_bgp_add_object(&ranges, "range", &one);
	}
	vnm_bgp_add_array(l, "srgb", &ranges);
}

static void
read_structure(struct vnm_bgp_reading *u, struct vnm_bgp_list *l, const uint8_t p[6])
{
	static const char *const names[] = {"locator_block", "locator_node", "function", "argument",
	    "transposed", "transposition_offset"};
	struct vnm_bgp_list one = {.out = u->out};

	for (unsigned i = 0; i < 6; i++)
		vnm_bgp_add_u64(&one, names[i], p[i]);
	vnm_bgp_add_object(l, "structure", &one);
	if (p[4] <= 24 && p[4] + p[5] <= 128) {
		u->srv6.length = p[4];
		u->srv6.offset = p[5];
	}
}

/* SRv6 SID Information (RFC 9252 section 3.1). */
static bool
read_sid(struct vnm_bgp_reading *u, struct vnm_bgp_list *l, struct vnm_reader r)
{
	const uint8_t *p = vnm_reader_take(&r, 21);

	if (p == NULL)
		return false;
	if (!u->srv6.there) {
		u->srv6.there = true;
		memcpy(u->srv6.sid, p + 1, 16);
	}
	vnm_bgp_add_addr(l, "sid", vnm_addr_ip6(p + 1));
	vnm_bgp_add_u64(l, "flags", p[17]);
	vnm_bgp_add_u64(l, "behavior", vnm_be16(p + 18));
	while (vnm_reader_left(&r) > 0) {
		uint8_t type = vnm_reader_u8(&r);
		struct vnm_reader v = vnm_reader_sub(&r, vnm_reader_u16(&r));

		if (v.bad)
			return false;
		if (type == 1 && vnm_reader_left(&v) == 6)
			read_structure(u, l, v.p);
		else
			vnm_bgp_add_octets(
			    l, vnm_bgp_name(u->out, "tlv_", type), vnm_reader_rest(&v));
	}
	return true;
}

static bool
read_service(
    struct vnm_bgp_reading *u, struct vnm_bgp_list *l, const char *name, struct vnm_reader r)
{
	struct vnm_bgp_list sids = {.out = u->out};

	vnm_reader_skip(&r, 1); /* reserved */
	while (vnm_reader_left(&r) > 0) {
		struct vnm_bgp_list one = {.out = u->out};
		uint8_t type = vnm_reader_u8(&r);
		struct vnm_reader v = vnm_reader_sub(&r, vnm_reader_u16(&r));

		if (v.bad)
			return false;
		if (type != 1)
			vnm_bgp_add_octets(
			    &one, vnm_bgp_name(u->out, "tlv_", type), vnm_reader_rest(&v));
		else if (!read_sid(u, &one, v))
			return false;
		vnm_bgp_add_object(&sids, "sid", &one);
	}
	vnm_bgp_add_array(l, name, &sids);
	return !r.bad;
}

static bool
read_prefix_sid(
    struct vnm_bgp_reading *u, struct vnm_bgp_list *l, uint8_t type, struct vnm_reader r)
{
	struct vnm_slice s = {r.p, vnm_reader_left(&r)};

	switch (type) {
	case 1:
		if (s.n != 7)
			return false;
		vnm_bgp_add_u64(l, "label_index_flags", vnm_be16(s.p + 1));
		vnm_bgp_add_u64(l, "label_index", vnm_be32(s.p + 3));
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
		vnm_bgp_add_octets(l, vnm_bgp_name(u->out, "tlv_", type), s);
		return true;
	}
}

bool
vnm_bgp_attr_prefix_sid(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_reader r = vnm_reader_of(a->value.p, a->value.n);
	struct vnm_bgp_list list = {.out = u->out};

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
