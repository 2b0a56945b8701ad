/*
 * The tunnel encapsulation attribute of BGP: RFC 9012, with the candidate paths of SR policies
 * (RFC 9830). What comes repeatedly (tunnels of one type, segment lists) is an array.
 */
#include "decoders/bgp_part.h"

/* One sub-TLV: its value into l, under its name. False when it does not fit. */
typedef bool (*sub_tlv_fn)(
    struct vnm_pair_list *l, const char *name, uint16_t tunnel, struct vnm_slice s);

/* ---- sub-TLVs ------------------------------------------------------------------------------- */

static bool
octets(struct vnm_pair_list *l, const char *name, uint16_t tunnel VNM_UNUSED, struct vnm_slice s)
{
	vnm_pair_list_octets(l, name, s);
	return true;
}

static bool
number1(struct vnm_pair_list *l, const char *name, uint16_t tunnel VNM_UNUSED, struct vnm_slice s)
{
	if (s.n != 1)
		return false;
	vnm_pair_list_u64(l, name, s.p[0]);
	return true;
}

static bool
number2(struct vnm_pair_list *l, const char *name, uint16_t tunnel VNM_UNUSED, struct vnm_slice s)
{
	if (s.n != 2)
		return false;
	vnm_pair_list_u64(l, name, vnm_be16(s.p));
	return true;
}

#define protocol number2

/* A Color extended community. */
static bool
color(struct vnm_pair_list *l, const char *name, uint16_t tunnel VNM_UNUSED, struct vnm_slice s)
{
	if (s.n != 8)
		return false;
	vnm_pair_list_u64(l, name, vnm_be32(s.p + 4));
	return true;
}

static bool
endpoint(struct vnm_pair_list *l, const char *name, uint16_t tunnel VNM_UNUSED, struct vnm_slice s)
{
	size_t length = s.n - 6;

	if (s.n < 6)
		return false;
	if (length == 4 || length == 16)
		vnm_pair_list_addr(l, name, vnm_bgp_addr(s.p + 6, length));
	else
		vnm_pair_list_octets(l, name, s); /* none: it is the next hop */
	return true;
}

/* Flags V and M, VNI or VSID, MAC address (RFC 9012 sections 3.2.1 and 3.2.2). */
static void
add_overlay(struct vnm_pair_list *l, const uint8_t p[12])
{
	struct vnm_mac mac;

	if ((p[0] & 0x80) != 0)
		vnm_pair_list_u64(l, "vni", vnm_be24(p + 1));
	char *start = (p[0] & 0x40) != 0 ? vnm_bgp_text(l->out, VNM_MAC_TEXT) : NULL;
	if (start == NULL)
		return;
	memcpy(mac.b, p + 4, sizeof(mac.b));
	vnm_pair_list_str(
	    l, "mac", vnm_bgp_text_end(l->out, start, start + vnm_mac_write(start, &mac)));
}

/* What the tunnel's header is to hold, which depends on the type of tunnel. */
static bool
encapsulation(struct vnm_pair_list *l, const char *name, uint16_t tunnel, struct vnm_slice s)
{
	enum { L2TPV3 = 1, GRE = 2, VXLAN = 8, NVGRE = 9, MPLS_IN_GRE = 11 };

	if ((tunnel == VXLAN || tunnel == NVGRE) && s.n == 12) {
		add_overlay(l, s.p);
	} else if (tunnel == L2TPV3 && s.n >= 4) {
		vnm_pair_list_u64(l, "session_id", vnm_be32(s.p));
		if (s.n > 4)
			vnm_pair_list_octets(l, "cookie", (struct vnm_slice){s.p + 4, s.n - 4});
	} else if ((tunnel == GRE || tunnel == MPLS_IN_GRE) && s.n == 4) {
		vnm_pair_list_u64(l, "gre_key", vnm_be32(s.p));
	} else {
		vnm_pair_list_octets(l, name, s);
	}
	return true;
}

static bool
label_stack(
    struct vnm_pair_list *l, const char *name, uint16_t tunnel VNM_UNUSED, struct vnm_slice s)
{
	struct vnm_pair_list labels = {.out = l->out};

	if (s.n == 0 || s.n % 4 != 0)
		return false;
	for (size_t i = 0; i < s.n; i += 4)
		vnm_pair_list_u64(&labels, name, vnm_be32(s.p + i) >> 12);
	vnm_pair_list_array(l, name, &labels);
	return true;
}

/* ---- sub-TLVs of SR policies (RFC 9830 section 2.4) ------------------------------------------ */

static bool
preference(
    struct vnm_pair_list *l, const char *name, uint16_t tunnel VNM_UNUSED, struct vnm_slice s)
{
	if (s.n != 6)
		return false;
	vnm_pair_list_u64(l, name, vnm_be32(s.p + 2));
	return true;
}

/* None, a label, or an SRv6 SID with what else is said of it. */
static bool
binding_sid(
    struct vnm_pair_list *l, const char *name, uint16_t tunnel VNM_UNUSED, struct vnm_slice s)
{
	if (s.n == 6)
		vnm_pair_list_u64(l, name, vnm_be32(s.p + 2) >> 12);
	else if (s.n >= 18)
		vnm_pair_list_addr(l, name, vnm_addr_ip6(s.p + 2));
	else if (s.n == 2)
		vnm_pair_list_octets(l, name, s);
	else
		return false;
	if (s.n > 18)
		vnm_pair_list_octets(
		    l, "binding_sid_structure", (struct vnm_slice){s.p + 18, s.n - 18});
	return true;
}

/* Explicit NULL label policy. */
static bool
enlp(struct vnm_pair_list *l, const char *name, uint16_t tunnel VNM_UNUSED, struct vnm_slice s)
{
	if (s.n != 3)
		return false;
	vnm_pair_list_u64(l, name, s.p[2]);
	return true;
}

static bool
priority(struct vnm_pair_list *l, const char *name, uint16_t tunnel VNM_UNUSED, struct vnm_slice s)
{
	if (s.n != 2)
		return false;
	vnm_pair_list_u64(l, name, s.p[0]);
	return true;
}

static bool
text(struct vnm_pair_list *l, const char *name, uint16_t tunnel VNM_UNUSED, struct vnm_slice s)
{
	if (s.n < 1)
		return false;
	vnm_pair_list_str(l, name, vnm_bgp_text_octets((struct vnm_slice){s.p + 1, s.n - 1}));
	return true;
}

/* A segment: a label or a SID; other types (RFC 9831) as octets. */
static void
read_segment(struct vnm_pair_list *segments, uint8_t type, struct vnm_slice v)
{
	struct vnm_pair_list one = {.out = segments->out};

	vnm_pair_list_u64(&one, "type", type);
	if (type == 1 && v.n == 6) {
		vnm_pair_list_u64(&one, "flags", v.p[0]);
		vnm_pair_list_u64(&one, "label", vnm_be32(v.p + 2) >> 12);
	} else if (type == 13 && v.n >= 18) {
		vnm_pair_list_u64(&one, "flags", v.p[0]);
		vnm_pair_list_addr(&one, "sid", vnm_addr_ip6(v.p + 2));
		if (v.n > 18)
			vnm_pair_list_octets(
			    &one, "structure", (struct vnm_slice){v.p + 18, v.n - 18});
	} else {
		vnm_pair_list_octets(&one, "octets", v);
	}
	vnm_bgp_add_object(segments, "segment", &one);
}

static bool
segment_list(
    struct vnm_pair_list *l, const char *name, uint16_t tunnel VNM_UNUSED, struct vnm_slice s)
{
	struct vnm_pair_list list = {.out = l->out}, segments = {.out = l->out};
	struct vnm_reader r = vnm_reader_of(s.p, s.n);
	bool weighed = false;

	vnm_reader_skip(&r, 1); /* reserved */
	while (vnm_reader_left(&r) > 0) {
		uint8_t type = vnm_reader_u8(&r);
		struct vnm_reader v = vnm_reader_sub(&r, vnm_reader_u8(&r));

		if (v.bad)
			return false;
		struct vnm_slice value = vnm_reader_rest(&v);
		if (type == 9 && value.n == 6 && !weighed)
			vnm_pair_list_u64(&list, "weight", vnm_be32(value.p + 2));
		else
			read_segment(&segments, type, value);
		weighed |= type == 9;
	}
	vnm_pair_list_array(&list, "segments", &segments);
	vnm_bgp_add_object(l, name, &list);
	return !r.bad;
}

/* ---- tunnels -------------------------------------------------------------------------------- */

static const struct sub_tlv {
	const char *name;
	sub_tlv_fn read;
} sub_tlvs[256] = {
#define VNM_BGP_SUB_TLV(type, name, read) [type] = {name, read},
#include "decoders/bgp_tunnels.def"
#undef VNM_BGP_SUB_TLV
};

static const char *
tunnel_name(struct vnm_out *out, uint16_t type)
{
	switch (type) {
#define VNM_BGP_TUNNEL(type, name, pair) \
	case type:                       \
		return pair;
#include "decoders/bgp_tunnels.def"
#undef VNM_BGP_TUNNEL
	default:
		return vnm_bgp_name(out, "tunnel_", type);
	}
}

const char *
vnm_bgp_tunnel_name(uint16_t type)
{
	switch (type) {
#define VNM_BGP_TUNNEL(type, name, pair) \
	case type:                       \
		return name;
#include "decoders/bgp_tunnels.def"
#undef VNM_BGP_TUNNEL
	default:
		return NULL;
	}
}

/* False where lengths contradict each other; a sub-TLV that does not fit is octets. */
static bool
read_tunnel(struct vnm_pair_list *l, uint16_t tunnel, struct vnm_reader r)
{
	while (vnm_reader_left(&r) > 0) {
		uint8_t type = vnm_reader_u8(&r);
		size_t n = type < 128 ? vnm_reader_u8(&r) : vnm_reader_u16(&r);
		struct vnm_reader v = vnm_reader_sub(&r, n);
		const struct sub_tlv *sub = &sub_tlvs[type];

		if (v.bad)
			return false;
		struct vnm_slice s = vnm_reader_rest(&v);
		if (sub->read == NULL || !sub->read(l, sub->name, tunnel, s))
			vnm_pair_list_octets(l, vnm_bgp_name(l->out, "sub_tlv_", type), s);
	}
	return true;
}

bool
vnm_bgp_attr_tunnels(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_reader r = vnm_reader_of(a->value.p, a->value.n);
	struct vnm_pair_list all = {.out = u->out};

	while (vnm_reader_left(&r) > 0) {
		struct vnm_pair_list one = {.out = u->out};
		uint16_t type = vnm_reader_u16(&r);
		struct vnm_reader subs = vnm_reader_sub(&r, vnm_reader_u16(&r));

		if (subs.bad || !read_tunnel(&one, type, subs))
			return false;
		if (type == 8 || type == 9 || type == 12 || type == 19)
			u->encap = VNM_BGP_VNI;
		vnm_bgp_add_object(&all, tunnel_name(u->out, type), &one);
	}
	VNM_SET(&u->attrs, route, tunnel_encap, vnm_bgp_list_pairs(&all));
	return true;
}
