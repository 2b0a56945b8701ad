/*
 * NLRI of EVPN: route types 1 to 4 (RFC 7432), 5 (RFC 9136), 6 to 8 (RFC 9251), 9 to 11
 * (RFC 9572); labels that are VNIs (RFC 8365) or parts of SRv6 SIDs (RFC 9252).
 */
#include "decoders/bgp_part.h"

static const struct type {
	const char *name;
	uint8_t least; /* octets */
} types[] = {
    [1] = {"ethernet-auto-discovery", 25},
    [2] = {"mac-ip-advertisement", 33},
    [3] = {"inclusive-multicast", 13},
    [4] = {"ethernet-segment", 19},
    [5] = {"ip-prefix", 34},
    [6] = {"selective-multicast", 16},
    [7] = {"multicast-membership-report", 26},
    [8] = {"multicast-leave", 31},
    [9] = {"per-region-i-pmsi", 20},
    [10] = {"s-pmsi", 15},
    [11] = {"leaf", 3},
};

VNM_BGP_SIZE(evpn)
{
	(void)b;
	if (n < 2 || p[1] > n - 2)
		return 0;
	if (strict && (p[0] == 0 || p[0] >= VNM_ARRAY_LEN(types) || p[1] < types[p[0]].least))
		return 0;
	return 2U + p[1];
}

/* What the parts of one route are read from and written to. */
struct part {
	struct vnm_bgp_reading *u;
	struct vnm_reader *r;
	struct vnm_record *rec;
	struct vnm_pair_list *list;
};

static void
read_rd(const struct part *s)
{
	const uint8_t *p = vnm_reader_take(s->r, 8);

	if (p != NULL)
		VNM_SET(s->rec, route, rd, vnm_rd_text(p, s->u->out));
}

static void
read_esi(const struct part *s)
{
	const uint8_t *p = vnm_reader_take(s->r, 10);
	char *start = p != NULL ? vnm_bgp_text(s->u->out, 32) : NULL;
	char *q = start;

	if (start == NULL)
		return;
	for (unsigned i = 0; i < 10; i++) {
		if (i > 0)
			*q++ = ':';
		q = vnm_text_hex(q, p + i, 1);
	}
	VNM_SET(s->rec, route, esi, vnm_bgp_text_end(s->u->out, start, q));
}

static void
read_tag(const struct part *s)
{
	VNM_SET(s->rec, route, eth_tag, vnm_reader_u32(s->r));
}

/* An address behind its length in bits; none where that is 0. False when it is neither. */
static bool
read_addr(const struct part *s, struct vnm_addr *a)
{
	unsigned bits = vnm_reader_u8(s->r);
	const uint8_t *p = vnm_reader_take(s->r, bits / 8);

	*a = (struct vnm_addr){0};
	if (p == NULL || (bits != 0 && bits != 32 && bits != 128))
		return false;
	if (bits != 0)
		*a = vnm_bgp_addr(p, bits / 8);
	return true;
}

static bool
read_ip(const struct part *s)
{
	struct vnm_addr a;

	if (!read_addr(s, &a))
		return false;
	if (a.family != VNM_ADDR_NONE)
		VNM_SET(s->rec, route, ip, a);
	return true;
}

static bool
read_named_addr(const struct part *s, const char *name)
{
	struct vnm_addr a;

	if (!read_addr(s, &a))
		return false;
	if (a.family != VNM_ADDR_NONE)
		vnm_pair_list_addr(s->list, name, a);
	return true;
}

/* The one or two labels that end a route. */
static bool
read_labels(const struct part *s)
{
	size_t count = vnm_reader_left(s->r) / 3;
	const uint8_t *p = vnm_reader_take(s->r, 3 * count);
	uint32_t *labels;

	if (count == 0 || count > 2 || vnm_reader_left(s->r) != 0)
		return false;
	if (s->u->srv6.there)
		vnm_pair_list_addr(s->list, "srv6_sid", vnm_bgp_sid(s->u, p));
	if (s->u->encap == VNM_BGP_VNI) {
		VNM_SET(s->rec, route, vni, vnm_be24(p));
		if (count == 2)
			vnm_pair_list_u64(s->list, "vni2", vnm_be24(p + 3));
		return true;
	}
	labels = vnm_scratch_take(s->u->out->scratch, count * sizeof(*labels));
	if (labels == NULL) {
		vnm_out_fault(s->u->out, VNM_R_scratch_full);
		return true;
	}
	for (size_t i = 0; i < count; i++)
		labels[i] = vnm_be24(p + 3 * i) >> 4;
	VNM_SET(s->rec, route, labels, ((struct vnm_u32s){labels, (uint32_t)count}));
	return true;
}

static bool
read_mac_ip(const struct part *s)
{
	struct vnm_mac mac;

	read_esi(s);
	read_tag(s);
	if (vnm_reader_u8(s->r) != 48)
		return false;
	const uint8_t *p = vnm_reader_take(s->r, sizeof(mac.b));
	if (p == NULL)
		return false;
	memcpy(mac.b, p, sizeof(mac.b));
	VNM_SET(s->rec, route, mac, mac);
	return read_ip(s) && read_labels(s);
}

static bool
read_prefix(const struct part *s)
{
	read_esi(s);
	read_tag(s);
	unsigned bits = vnm_reader_u8(s->r);
	size_t left = vnm_reader_left(s->r), length = left == 11 ? 4 : 16;

	if ((left != 11 && left != 35) || bits > length * 8)
		return false;
	const uint8_t *p = vnm_reader_take(s->r, length);
	struct vnm_str text = vnm_bgp_prefix_text(s->u->out, p, bits, (uint8_t)(length * 8));
	if (text.n != 0)
		VNM_SET(s->rec, route, prefix, text);
	VNM_SET(s->rec, route, prefix_len, (uint8_t)bits);
	struct vnm_addr gateway = vnm_bgp_addr(vnm_reader_take(s->r, length), length);
	if (!vnm_addr_is_zero(&gateway))
		VNM_SET(s->rec, route, gateway, gateway);
	return read_labels(s);
}

/* Source, group and originator of a multicast route. */
static bool
read_multicast(const struct part *s)
{
	return read_named_addr(s, "source") && read_named_addr(s, "group") &&
	       read_named_addr(s, "originator");
}

/* RFC 9251 section 9: types 6, 7 and 8 end with flags. */
static bool
read_membership(const struct part *s, uint8_t type)
{
	if (type != 6)
		read_esi(s);
	read_tag(s);
	if (!read_multicast(s))
		return false;
	if (type == 8) {
		vnm_reader_skip(s->r, 4); /* reserved */
		vnm_pair_list_u64(s->list, "maximum_response_time", vnm_reader_u8(s->r));
		if (vnm_reader_left(s->r) == 0) /* drafts had no flags here */
			return true;
	}
	vnm_pair_list_u64(s->list, "flags", vnm_reader_u8(s->r));
	return true;
}

/*
 * RFC 9572 section 3.3: the route it answers, and who answers. That route's own length says where
 * it ends; where that leaves no address, the address at the end does.
 */
static bool
read_leaf(const struct part *s)
{
	size_t left = vnm_reader_left(s->r);
	size_t tail = left >= 2 && left > s->r->p[1] + 2U ? left - 2 - s->r->p[1] : 0;

	if (tail != 5 && tail != 17)
		tail = left > 17 && s->r->p[left - 17] == 128 ? 17 : 5;

	if (left < tail)
		return false;
	struct vnm_slice key = {s->r->p, left - tail};
	vnm_reader_skip(s->r, key.n);
	vnm_pair_list_octets(s->list, "route_key", key);
	return read_named_addr(s, "originator");
}

static bool
read_route(const struct part *s, uint8_t type)
{
	if (type != 11)
		read_rd(s);
	switch (type) {
	case 1:
		read_esi(s);
		read_tag(s);
		return read_labels(s);
	case 2:
		return read_mac_ip(s);
	case 3:
		read_tag(s);
		return read_ip(s);
	case 4:
		read_esi(s);
		return read_ip(s);
	case 5:
		return read_prefix(s);
	case 6:
	case 7:
	case 8:
		return read_membership(s, type);
	case 9:
		read_tag(s);
		vnm_pair_list_octets(s->list, "region_id",
		    (struct vnm_slice){s->r->p, vnm_reader_left(s->r) < 8 ? 0 : 8});
		vnm_reader_skip(s->r, 8);
		return true;
	case 10:
		read_tag(s);
		return read_multicast(s);
	default:
		return read_leaf(s);
	}
}

VNM_BGP_DECODE(evpn)
{
	struct vnm_pair_list list = {.out = u->out};
	uint8_t type = vnm_reader_u8(&r);
	struct part s = {u, &r, rec, &list};

	(void)b;
	vnm_reader_skip(&r, 1); /* its length, which r has */
	VNM_SET(rec, route, route_type, type);
	if (type == 0 || type >= VNM_ARRAY_LEN(types)) {
		VNM_SET(rec, route, nlri_octets, vnm_reader_rest(&r));
		return true;
	}
	VNM_SET(rec, route, route_type_name, vnm_str_clean(types[type].name));
	bool good = read_route(&s, type) && !r.bad && vnm_reader_left(&r) == 0;
	if (list.n > 0)
		VNM_SET(rec, route, nlri, vnm_bgp_list_pairs(&list));
	return good;
}

/* Where the multicast source, the group and the originator end that begin at `at`; 0: nowhere. */
static size_t
addresses_end(struct vnm_slice s, size_t at)
{
	for (unsigned i = 0; i < 3; i++) {
		if (at >= s.n)
			return 0;
		at += 1U + s.p[at] / 8U;
	}
	return at <= s.n ? at : 0;
}

/*
 * Not what RFC 7432 section 7, RFC 9136 section 3.1 and RFC 9251 section 9 take for attributes of
 * the route: labels, the segment of types 2 and 5, gateways, flags. Lengths are those that
 * VNM_BGP_DECODE has found right.
 */
VNM_BGP_KEY(evpn)
{
	enum { HEAD = 2, RD = 8, ESI = 10, TAG = 4 };
	const size_t after_rd = HEAD + RD, tag = after_rd + ESI;
	uint8_t type = s.n > 0 ? s.p[0] : 0;
	size_t end = s.n;

	(void)b;
	if (type == 1)
		end = tag + TAG;
	else if (type == 2 && s.n > tag + TAG + 7)
		end = tag + TAG + 8 + s.p[tag + TAG + 7] / 8U;
	else if (type == 5)
		end = tag + TAG + 1 + (s.n - tag - TAG == 12 ? 4 : 16);
	else if (type == 6)
		end = addresses_end(s, after_rd + TAG);
	else if (type == 7 || type == 8)
		end = addresses_end(s, tag + TAG);
	if (end == 0 || end > s.n)
		end = s.n;
	memcpy(out, s.p, end);
	out[1] = 0; /* the length, which counts what is left out */
	if ((type == 2 || type == 5) && end > tag)
		memset(out + after_rd, 0, ESI);
	return end;
}
