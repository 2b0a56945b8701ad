/*
 * Communities of BGP as text: standard (RFC 1997), extended (RFC 4360, RFC 5668, RFC 7153 and
 * what defines each type), of IPv6 addresses (RFC 5701), large (RFC 8092), and containers
 * (attribute 34).
 */
#include "decoders/bgp_part.h"

#include "base/text.h"

#define EXT_TEXT 128 /* octets for the longest text of one */

/* ---- standard and large ------------------------------------------------------------------------
 */

static struct vnm_str
well_known(uint32_t v)
{
	switch (v) {
#define VNM_COMMUNITY(value, name) \
	case value:                \
		return VNM_STR(name);
#include "decoders/bgp_communities.def"
#undef VNM_COMMUNITY
	default:
		return (struct vnm_str){0};
	}
}

/* Room for a list of n texts; NULL (and the fault counted) when scratch is full. */
static struct vnm_str *
take_texts(struct vnm_bgp_reading *u, size_t n)
{
	struct vnm_str *list = vnm_scratch_take(u->out->scratch, n * sizeof(*list));

	if (list == NULL)
		vnm_out_fault(u->out, VNM_R_scratch_full);
	return list;
}

/*
 * Numbers joined by ':', `parts` of `width` octets to each community: the texts stand one behind
 * the other in one run of scratch.
 */
static bool
write_numbers(struct vnm_bgp_reading *u, struct vnm_slice s, unsigned width, unsigned parts,
    struct vnm_strs *list)
{
	size_t each = (size_t)width * parts, n = s.n / each;
	struct vnm_str *texts = take_texts(u, n);
	char *start = texts != NULL ? vnm_bgp_text(u->out, 3 * s.n + VNM_TEXT_NUMBER) : NULL;
	char *p = start;

	if (start == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *q = s.p + i * each;
		char *begin = p;

		texts[i] = parts == 2 ? well_known(vnm_be32(q)) : (struct vnm_str){0};
		if (texts[i].n != 0)
			continue;
		for (unsigned k = 0; k < parts; k++, q += width) {
			if (k > 0)
				*p++ = ':';
			p = vnm_text_u64(p, width == 2 ? vnm_be16(q) : vnm_be32(q));
		}
		texts[i] = (struct vnm_str){begin, (uint32_t)(p - begin), true};
	}
	(void)vnm_bgp_text_end(u->out, start, p);
	*list = (struct vnm_strs){texts, (uint32_t)n};
	return true;
}

bool
vnm_bgp_attr_communities(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_strs list;

	if (write_numbers(u, a->value, 2, 2, &list))
		VNM_SET(&u->attrs, route, communities, list);
	return true;
}

bool
vnm_bgp_attr_large_communities(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_strs list;

	if (write_numbers(u, a->value, 4, 3, &list))
		VNM_SET(&u->attrs, route, large_communities, list);
	return true;
}

/* ---- extended ----------------------------------------------------------------------------------
 */

enum format {
	AS2,
	IP4,
	AS4,
	HEX,
	NUMBER,	   /* six octets */
	FLOAT,	   /* AS number, IEEE float: RFC 8955 section 7.1 */
	MAC,	   /* RFC 7432 section 7.6, RFC 9135 section 8.1 */
	COLOR,	   /* flags and color: RFC 9012 section 4.3 */
	ENCAP,	   /* tunnel type: RFC 9012 section 4.1 */
	BARE,	   /* its presence says all */
	OSPF,	   /* area, route type, options: RFC 4577 section 4.2.6 */
	MOBILITY,  /* RFC 7432 section 7.7 */
	ESI_LABEL, /* flags and label: RFC 7432 section 7.5, RFC 8317 section 5.1 */
	L2,	   /* control flags and MTU: RFC 8214 section 3.1 */
	L2_INFO,   /* RFC 4761 section 3.2.4 */
	VALIDATION /* RFC 8097 */
};

static const struct ext_type {
	uint16_t type;
	enum format format;
	const char *name;
} ext_types[] = {
#define VNM_EXT_COMMUNITY(type, name, format) {type, format, name},
#include "decoders/bgp_communities.def"
#undef VNM_EXT_COMMUNITY
};

static const struct ext_type *
find_ext(uint16_t type)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(ext_types); i++) {
		if (ext_types[i].type == type)
			return &ext_types[i];
	}
	return NULL;
}

static char *
write_two(char *out, uint64_t a, uint64_t b)
{
	out = vnm_text_u64(out, a);
	*out++ = ':';
	return vnm_text_u64(out, b);
}

static char *
write_ip(char *out, const uint8_t *p, size_t n)
{
	struct vnm_addr a = vnm_bgp_addr(p, n);

	return out + vnm_addr_write(out, &a);
}

/* The value v[0..5] of a type that has its own form. */
static char *
write_special(char *out, enum format format, const uint8_t *v)
{
	static const char *const states[] = {"valid", "not-found", "invalid"};
	const char *name;

	switch (format) {
	case COLOR:
		return write_two(out, vnm_be16(v), vnm_be32(v + 2));
	case ENCAP:
		name = vnm_bgp_tunnel_name(vnm_be16(v + 4));
		return name != NULL ? vnm_bgp_put(out, name) : vnm_text_u64(out, vnm_be16(v + 4));
	case OSPF:
		out = write_ip(out, v, 4);
		*out++ = ':';
		return write_two(out, v[4], v[5]);
	case MOBILITY:
		if ((v[0] & 1) != 0)
			out = vnm_bgp_put(out, "sticky:");
		return vnm_text_u64(out, vnm_be32(v + 2));
	case ESI_LABEL:
		return write_two(out, v[0], vnm_be24(v + 3) >> 4);
	case L2:
		return write_two(out, vnm_be16(v), vnm_be16(v + 2));
	case L2_INFO:
		out = write_two(out, v[0], v[1]);
		*out++ = ':';
		return write_two(out, vnm_be16(v + 2), vnm_be16(v + 4));
	case VALIDATION:
		return v[5] < 3 ? vnm_bgp_put(out, states[v[5]]) : vnm_text_u64(out, v[5]);
	default:
		return vnm_text_hex(out, v, 6);
	}
}

static char *
write_float(char *out, uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	if (!__builtin_isfinite(f))
		return vnm_bgp_put(out, "not-finite");
	return vnm_text_float(out, f);
}

static char *
write_value(char *out, enum format format, const uint8_t *v)
{
	struct vnm_mac mac;

	switch (format) {
	case AS2:
		return write_two(out, vnm_be16(v), vnm_be32(v + 2));
	case AS4:
		return write_two(out, vnm_be32(v), vnm_be16(v + 4));
	case IP4:
		out = write_ip(out, v, 4);
		*out++ = ':';
		return vnm_text_u64(out, vnm_be16(v + 4));
	case NUMBER:
		return vnm_text_u64(out, vnm_be_uint(v, 6));
	case FLOAT:
		out = vnm_text_u64(out, vnm_be16(v));
		*out++ = ':';
		return write_float(out, vnm_be32(v + 2));
	case MAC:
		memcpy(mac.b, v, sizeof(mac.b));
		return out + vnm_mac_write(out, &mac);
	default:
		return write_special(out, format, v);
	}
}

static char *
write_ext(char *out, const uint8_t p[8])
{
	const struct ext_type *t = find_ext(vnm_be16(p));

	if (t == NULL) {
		out = vnm_text_hex(vnm_bgp_put(out, "type-"), p, 2);
		*out++ = ':';
		return vnm_text_hex(out, p + 2, 6);
	}
	out = vnm_bgp_put(out, t->name);
	if (t->format == BARE)
		return out;
	*out++ = ':';
	return write_value(out, t->format, p + 2);
}

struct vnm_str
vnm_bgp_ext_community(struct vnm_out *out, const uint8_t p[8])
{
	char *start = vnm_bgp_text(out, EXT_TEXT);

	if (start == NULL)
		return (struct vnm_str){0};
	return vnm_bgp_text_end(out, start, write_ext(start, p));
}

/* Those of IPv6 addresses are of the same types (RFC 5701 section 3). */
static struct vnm_str
ip6_community(struct vnm_out *out, const uint8_t p[20])
{
	char *start = vnm_bgp_text(out, EXT_TEXT);
	uint16_t type = vnm_be16(p);
	char *q = start;

	if (start == NULL)
		return (struct vnm_str){0};
	if (type == 0x0002 || type == 0x0003 || type == 0x000b || type == 0x000c) {
		static const char *const names[] = {"rt", "soo", "vrf-route-import", "redirect-ip"};
		q = vnm_bgp_put(q, names[type < 4 ? type - 2 : type - 9]);
	} else {
		q = vnm_text_hex(vnm_bgp_put(q, "type-"), p, 2);
	}
	q = vnm_bgp_put(q, ":[");
	q = write_ip(q, p + 2, 16);
	q = vnm_bgp_put(q, "]:");
	return vnm_bgp_text_end(out, start, vnm_text_u64(q, vnm_be16(p + 18)));
}

/* Both kinds go to one list, which an UPDATE seldom has twice. */
static bool
append_texts(struct vnm_bgp_reading *u, struct vnm_slice s, size_t each)
{
	struct vnm_strs had = {0};
	size_t n = s.n / each;

	if (VNM_HAS(&u->attrs, route, ext_communities))
		had = u->attrs.route.ext_communities;
	struct vnm_str *texts = take_texts(u, had.n + n);
	if (texts == NULL)
		return true;
	if (had.n > 0)
		memcpy(texts, had.p, had.n * sizeof(*texts));
	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = s.p + i * each;

		texts[had.n + i] =
		    each == 8 ? vnm_bgp_ext_community(u->out, p) : ip6_community(u->out, p);
	}
	VNM_SET(
	    &u->attrs, route, ext_communities, ((struct vnm_strs){texts, (uint32_t)(had.n + n)}));
	return true;
}

/* Whether the labels of EVPN are VNIs (RFC 8365 section 5.1.3, RFC 9012 section 4.1). */
static bool
is_overlay(const uint8_t p[8])
{
	uint16_t type = vnm_be16(p + 6);

	return vnm_be16(p) == 0x030c && (type == 8 || type == 9 || type == 12 || type == 19);
}

bool
vnm_bgp_attr_ext_communities(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	for (size_t i = 0; i < a->value.n; i += 8) {
		if (is_overlay(a->value.p + i))
			u->encap = VNM_BGP_VNI;
	}
	return append_texts(u, a->value, 8);
}

bool
vnm_bgp_attr_ip6_communities(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	return append_texts(u, a->value, 20);
}

/* ---- containers --------------------------------------------------------------------------------
 */

bool
vnm_bgp_attr_container(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_reader r = vnm_reader_of(a->value.p, a->value.n);
	struct vnm_pair_list all = {.out = u->out};

	while (vnm_reader_left(&r) > 0) {
		struct vnm_pair_list one = {.out = u->out};
		const uint8_t *head = vnm_reader_take(&r, 6);

		if (head == NULL)
			return false;
		struct vnm_reader body = vnm_reader_sub(&r, vnm_be16(head + 4));
		if (body.bad)
			return false;
		vnm_pair_list_u64(&one, "type", vnm_be16(head));
		vnm_pair_list_u64(&one, "flags", head[2]);
		if (vnm_be16(head) == 1 && vnm_reader_left(&body) >= 12) {
			vnm_pair_list_u64(&one, "community", vnm_reader_u32(&body));
			vnm_pair_list_u64(&one, "source_as", vnm_reader_u32(&body));
			vnm_pair_list_u64(&one, "context_as", vnm_reader_u32(&body));
		}
		if (vnm_reader_left(&body) > 0)
			vnm_pair_list_octets(&one, "octets", vnm_reader_rest(&body));
		vnm_bgp_add_object(&all, "container", &one);
	}
	vnm_pair_list_array(&u->extra, "community_containers", &all);
	return true;
}
