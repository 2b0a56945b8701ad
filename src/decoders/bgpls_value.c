/*
 * Values of BGP-LS TLVs by table (bgpls_tlvs.def, bgpls_layouts.def): RFC 9552 and those that
 * extend it. One that does not fit its definition is kept as octets, and nothing else suffers
 * from it (RFC 9552 section 8.2.2).
 */
#include "decoders/bgpls_tlv.h"

#include "base/text.h"

#include <assert.h>

#define DEPTH 4		/* of TLVs within TLVs; the standards need three */
#define OBJECT_PARTS 16 /* more than any layout has */

/*
 * Reads a value, or a part of one, into a pair whose name is set; with NULL for a name the part
 * is not shown. False when it does not fit, or with g->full.
 */
typedef bool (*read_value)(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair);

struct part {
	const char *name;
	read_value read;
};

struct layout {
	const struct part *parts;
	uint32_t count;
};

struct tlv {
	uint16_t type;
	const char *name;
	read_value read;
	const struct layout *layout; /* where read is NULL */
};

static bool read_object(
    struct vnm_bgpls *g, struct vnm_reader *r, const struct layout *layout, struct vnm_pair *pair);

void *
vnm_bgpls_take(struct vnm_bgpls *g, size_t n)
{
	void *p = vnm_scratch_take(g->out->scratch, n);

	if (p == NULL)
		g->full = true;
	return p;
}

/* ---- numbers ------------------------------------------------------------------------------- */

static bool
number(struct vnm_pair *pair, uint64_t v)
{
	pair->type = VNM_PAIR_U64;
	pair->u64 = v;
	return true;
}

static bool
real(struct vnm_pair *pair, double v)
{
	pair->type = VNM_PAIR_F64;
	pair->f64 = v;
	return true;
}

static bool
u8(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	return number(pair, vnm_reader_u8(r));
}

static bool
u16(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	return number(pair, vnm_reader_u16(r));
}

static bool
u24(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	const uint8_t *p = vnm_reader_take(r, 3);

	return p != NULL && number(pair, vnm_be24(p));
}

static bool
u32(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	return number(pair, vnm_reader_u32(r));
}

static bool
u64(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	return number(pair, vnm_reader_u64(r));
}

static bool
skip1(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair VNM_UNUSED)
{
	return vnm_reader_take(r, 1) != NULL;
}

static bool
skip2(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair VNM_UNUSED)
{
	return vnm_reader_take(r, 2) != NULL;
}

static bool
skip4(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair VNM_UNUSED)
{
	return vnm_reader_take(r, 4) != NULL;
}

/* The A bit in front of a measurement, which is not consumed (RFC 8570). */
static bool
anomalous(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	return vnm_reader_left(r) > 0 && number(pair, *r->p >> 7);
}

/* 24 bits behind an octet of flags. */
static bool
low24(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	return number(pair, vnm_reader_u32(r) & 0xffffff);
}

/* In units of 0.000003 % (RFC 8570 section 4.4). */
static bool
loss(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	return real(pair, (double)(vnm_reader_u32(r) & 0xffffff) * 3 / 1e6);
}

/* Metrics and ids come in as many octets as the protocol has for them, up to four. */
static bool
metric(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	struct vnm_slice s = vnm_reader_rest(r);

	return s.n >= 1 && s.n <= 4 && number(pair, vnm_be_uint(s.p, s.n));
}

/* 1 octet: small IS-IS metric of 6 bits; 2: OSPF; 3: wide IS-IS (RFC 9552 section 5.3.2.4). */
static bool
igp_metric(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	struct vnm_slice s = vnm_reader_rest(r);
	uint64_t mask = s.n == 1 ? 0x3f : 0xffffff;

	return s.n >= 1 && s.n <= 3 && number(pair, vnm_be_uint(s.p, s.n) & mask);
}

/* IEEE 754 single precision. */
static bool
f32(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	uint32_t bits = vnm_reader_u32(r);
	float v;

	memcpy(&v, &bits, sizeof(v));
	return real(pair, (double)v);
}

/* A TLV that says all by being there. */
static bool
presence(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r VNM_UNUSED, struct vnm_pair *pair)
{
	return number(pair, 1);
}

/* 12 bits behind four that are reserved. */
static bool
topology_id(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	return number(pair, vnm_reader_u16(r) & 0xfff);
}

/* ---- lists --------------------------------------------------------------------------------- */

/* All that is left, as values of `width` octets. */
static bool
list(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair, size_t width, read_value one)
{
	size_t n = vnm_reader_left(r) / width;
	struct vnm_pair *items;

	if (vnm_reader_left(r) % width != 0)
		return false;
	items = vnm_bgpls_take(g, n * sizeof(*items));
	if (items == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		items[i].name = "";
		if (!one(g, r, &items[i]))
			return false;
	}
	pair->type = VNM_PAIR_ARRAY;
	pair->items = items;
	pair->count = (uint32_t)n;
	return true;
}

static bool
u8s(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	return list(g, r, pair, 1, u8);
}

static bool
u32s(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	return list(g, r, pair, 4, u32);
}

static bool
u64s(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	return list(g, r, pair, 8, u64);
}

static bool
f32s(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	return list(g, r, pair, 4, f32);
}

static bool
topology_ids(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	return list(g, r, pair, 2, topology_id);
}

/* ---- octets, text and addresses ---------------------------------------------------------------
 */

static bool
octets(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	pair->type = VNM_PAIR_BYTES;
	pair->bytes = vnm_reader_rest(r);
	return true;
}

static bool
text(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	struct vnm_slice s = vnm_reader_rest(r);

	pair->type = VNM_PAIR_STR;
	pair->str = vnm_str_of_octets(s);
	return true;
}

static bool
address(struct vnm_reader *r, size_t n, struct vnm_pair *pair)
{
	const uint8_t *p = vnm_reader_take(r, n);

	if (p == NULL || (n != 4 && n != 16))
		return false;
	pair->type = VNM_PAIR_ADDR;
	pair->addr = n == 4 ? vnm_addr_ip4(p) : vnm_addr_ip6(p);
	return true;
}

static bool
ip4(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	return address(r, 4, pair);
}

static bool
ip6(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	return address(r, 16, pair);
}

static bool
ip(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	return address(r, vnm_reader_left(r), pair);
}

/* Text that was written into the scratch, from `from` to `to`. */
static bool
written(struct vnm_pair *pair, const char *from, const char *to)
{
	pair->type = VNM_PAIR_STR;
	pair->str = (struct vnm_str){from, (uint32_t)(to - from), true};
	return true;
}

static char *
write_ip4(char *to, const uint8_t *p)
{
	struct vnm_addr a = vnm_addr_ip4(p);

	return to + vnm_addr_write(to, &a);
}

static char *
write_system_id(char *to, const uint8_t *p)
{
	to = vnm_text_hex(to, p, 2);
	*to++ = '.';
	to = vnm_text_hex(to, p + 2, 2);
	*to++ = '.';
	return vnm_text_hex(to, p + 4, 2);
}

/* An area address of ISO 10589: 49.0001. */
static bool
area(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	struct vnm_slice s = vnm_reader_rest(r);
	char *from = vnm_bgpls_take(g, s.n * 3 + 1);
	char *to = from;

	if (from == NULL)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (i % 2 == 1)
			*to++ = '.';
		to = vnm_text_hex(to, s.p + i, 1);
	}
	return written(pair, from, to);
}

/*
 * RFC 9552 section 5.2.1.4: IS-IS node or pseudonode (0000.0000.0001.02), OSPF router or
 * network (router and interface of the designated router), an address; else hexadecimal.
 */
static bool
igp_router_id(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	struct vnm_slice s = vnm_reader_rest(r);
	char *from = vnm_bgpls_take(g, s.n * 2 + VNM_ADDR_TEXT);
	char *to = from;
	struct vnm_addr a;

	if (from == NULL || s.n == 0)
		return false;
	switch (s.n) {
	case 4:
		to = write_ip4(to, s.p);
		break;
	case 6:
		to = write_system_id(to, s.p);
		break;
	case 7:
		to = write_system_id(to, s.p);
		*to++ = '.';
		to = vnm_text_hex(to, s.p + 6, 1);
		break;
	case 8:
		to = write_ip4(to, s.p);
		*to++ = ':';
		to =
		    g->protocol == 6 ? vnm_text_u64(to, vnm_be32(s.p + 4)) : write_ip4(to, s.p + 4);
		break;
	case 16:
		a = vnm_addr_ip6(s.p);
		to += vnm_addr_write(to, &a);
		break;
	default:
		to = vnm_text_hex(to, s.p, s.n);
	}
	return written(pair, from, to);
}

/* Octets of n as a node's id. */
static bool
node_id(struct vnm_bgpls *g, struct vnm_reader *r, size_t n, struct vnm_pair *pair)
{
	struct vnm_reader id = vnm_reader_sub(r, n);

	return !id.bad && igp_router_id(g, &id, pair);
}

static bool
system_id(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	return node_id(g, r, 6, pair);
}

static bool
router_id(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	return node_id(g, r, 4, pair);
}

/* In front of a SID of 3 or 4 octets: of OSPF 4, of IS-IS 6 octets (RFC 9085 section 2.2.2). */
static bool
neighbor_id(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	return node_id(g, r, vnm_reader_left(r) < 9 ? 4 : 6, pair);
}

/* A length in bits and as many octets as it takes: none for a default route. */
static bool
prefix(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	struct vnm_addr a = {.family = g->prefix_ip};
	size_t most = vnm_addr_len(&a);
	uint8_t bits = vnm_reader_u8(r);
	struct vnm_slice s = vnm_reader_rest(r);
	size_t n = (bits + 7U) / 8;
	char *from;
	char *to;

	if (r->bad || n > most || bits > most * 8 || s.n < n || s.n > most)
		return false;
	if (n > 0)
		memcpy(a.b, s.p, n);
	if (bits % 8 != 0)
		a.b[n - 1] &= (uint8_t)(0xff << (8 - bits % 8));
	from = to = vnm_bgpls_take(g, VNM_ADDR_TEXT + 4);
	if (from == NULL)
		return false;
	to += vnm_addr_write(to, &a);
	*to++ = '/';
	to = vnm_text_u64(to, bits);
	return written(pair, from, to);
}

/* ---- SIDs ---------------------------------------------------------------------------------- */

static bool
sid_type(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	pair->type = VNM_PAIR_STR;
	pair->str = vnm_reader_left(r) == 3 ? VNM_STR("label") : VNM_STR("index");
	return true;
}

/* 3 octets: a label in the low 20 bits; 4: an index (RFC 9085 section 2.1.1). */
static bool
sid(struct vnm_bgpls *g VNM_UNUSED, struct vnm_reader *r, struct vnm_pair *pair)
{
	struct vnm_slice s = vnm_reader_rest(r);

	if (s.n == 3)
		return number(pair, vnm_be24(s.p) & 0xfffff);
	return s.n == 4 && number(pair, vnm_be32(s.p));
}

/* ---- sizes that the value itself tells ------------------------------------------------------- */

static bool
set_sizes(struct vnm_bgpls *g, const uint8_t *sizes, size_t n)
{
	assert(n <= VNM_BGPLS_SIZES);
	memcpy(g->sizes, sizes, n);
	g->next = 0;
	return true;
}

static uint8_t
next_size(struct vnm_bgpls *g)
{
	assert(g->next < VNM_BGPLS_SIZES);
	return g->sizes[g->next++];
}

/* Nothing of it is there, so that there is nothing to show. */
static bool
absent(struct vnm_pair *pair)
{
	pair->name = NULL;
	return true;
}

static bool
mask_sizes(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair VNM_UNUSED)
{
	const uint8_t *p = vnm_reader_take(r, 4);

	if (p == NULL || p[0] > 8 || p[0] % 4 != 0 || p[1] > 8 || p[1] % 4 != 0)
		return false; /* RFC 9294 section 3: not to be used */
	return set_sizes(g, p, 2);
}

static bool
affinity_sizes(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair VNM_UNUSED)
{
	const uint8_t *p = vnm_reader_take(r, 4); /* in words of 4 octets */

	if (p == NULL || p[0] > 63 || p[1] > 63 || p[2] > 63)
		return false;
	return set_sizes(
	    g, (uint8_t[]){(uint8_t)(p[0] * 4), (uint8_t)(p[1] * 4), (uint8_t)(p[2] * 4)}, 3);
}

/* The E and O flags: endpoint and originator are IPv6 (RFC 9857 section 4). */
static bool
path_flags(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	uint8_t flags = vnm_reader_u8(r);

	set_sizes(g, (uint8_t[]){flags & 0x80 ? 16 : 4, flags & 0x40 ? 16 : 4}, 2);
	return number(pair, flags);
}

/* Two SIDs of the same size are all that is left (RFC 9857 section 5.1). */
static bool
binding_sizes(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair VNM_UNUSED)
{
	uint8_t half = vnm_reader_left(r) == 8 ? 4 : 16;

	return set_sizes(g, (uint8_t[]){half, half}, 2);
}

/*
 * What a segment of types A to K (1 to 11) has: SID, algorithm, local address and interface,
 * remote address and interface (RFC 9857 section 5.7.1).
 */
static const uint8_t segment_sizes[][VNM_BGPLS_SIZES] = {
    {4, 1, 0, 0, 0, 0},
    {16, 1, 0, 0, 0, 0},
    {4, 1, 4, 0, 0, 0},
    {4, 1, 16, 0, 0, 0},
    {4, 0, 4, 4, 0, 0},
    {4, 0, 4, 0, 4, 0},
    {4, 0, 16, 4, 16, 4},
    {4, 0, 16, 0, 16, 0},
    {16, 1, 16, 0, 0, 0},
    {16, 0, 16, 4, 16, 4},
    {16, 0, 16, 0, 16, 0},
};

static bool
segment_type(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	uint8_t type = vnm_reader_u8(r);

	if (type < 1 || type > VNM_ARRAY_LEN(segment_sizes))
		return false;
	set_sizes(g, segment_sizes[type - 1], VNM_BGPLS_SIZES);
	return number(pair, type);
}

static bool
sized_octets(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	struct vnm_reader part = vnm_reader_sub(r, next_size(g));

	return part.p == part.end ? absent(pair) : octets(g, &part, pair);
}

static bool
sized_words(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	struct vnm_reader part = vnm_reader_sub(r, next_size(g));

	return part.p == part.end ? absent(pair) : u32s(g, &part, pair);
}

static bool
sized_number(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	struct vnm_reader part = vnm_reader_sub(r, next_size(g));

	return part.p == part.end ? absent(pair) : metric(g, &part, pair);
}

static bool
sized_address(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	uint8_t n = next_size(g);

	return n == 0 ? absent(pair) : address(r, n, pair);
}

/* 4 octets: a label as it is in a label stack; 16: an SRv6 SID. */
static bool
sized_sid(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	uint8_t n = next_size(g);

	return n == 4 ? number(pair, vnm_reader_u32(r) >> 12) : address(r, n, pair);
}

/* ---- layouts and the table ------------------------------------------------------------------- */

static bool msds(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair);
static bool label_blocks(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair);
static bool rest_tlvs(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair);

#define F(name, read) {name, read},
#define U(read) {NULL, read},
#define VNM_BGPLS_LAYOUT(name, ...)                                         \
	static const struct part parts_##name[] = {__VA_ARGS__};            \
	_Static_assert(VNM_ARRAY_LEN(parts_##name) <= OBJECT_PARTS, #name); \
	static const struct layout layout_##name = {parts_##name, VNM_ARRAY_LEN(parts_##name)};
#include "decoders/bgpls_layouts.def"
#undef VNM_BGPLS_LAYOUT
#undef F
#undef U

#define VNM_BGPLS_TLV(type, name, read) {type, #name, read, NULL},
#define VNM_BGPLS_OBJECT(type, name, layout) {type, #name, NULL, &layout_##layout},
static const struct tlv tlvs[] = {
#include "decoders/bgpls_tlvs.def"
};
#undef VNM_BGPLS_TLV
#undef VNM_BGPLS_OBJECT

static const struct tlv *
find(uint16_t type)
{
	size_t low = 0;
	size_t high = VNM_ARRAY_LEN(tlvs);

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (tlvs[mid].type == type)
			return &tlvs[mid];
		if (tlvs[mid].type < type)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static bool
msd_of(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	struct vnm_reader one = vnm_reader_sub(r, 2);

	return read_object(g, &one, &layout_msd, pair);
}

static bool
msds(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	return list(g, r, pair, 2, msd_of);
}

/* A range of labels: its size, and where it begins in a SID/Label TLV (RFC 9085 section 2.1.2). */
static struct vnm_reader
next_block(struct vnm_reader *r)
{
	bool begins = vnm_reader_left(r) >= 7 && vnm_be16(r->p + 3) == 1161;

	return vnm_reader_sub(r, begins ? 7U + vnm_be16(r->p + 5) : SIZE_MAX);
}

static bool
label_blocks(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	struct vnm_reader count = *r;
	struct vnm_pair *items;
	uint32_t n = 0;

	for (; vnm_reader_left(&count) > 0; n++)
		(void)next_block(&count);
	if (count.bad)
		return false;
	items = vnm_bgpls_take(g, n * sizeof(*items));
	if (items == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		struct vnm_reader block = next_block(r);
		items[i].name = "";
		if (!read_object(g, &block, &layout_label_block, &items[i]))
			return false;
	}
	pair->type = VNM_PAIR_ARRAY;
	pair->items = items;
	pair->count = n;
	return true;
}

/* Sub-TLVs, which read_object() puts beside the parts; too deep ones stay octets. */
static bool
rest_tlvs(struct vnm_bgpls *g, struct vnm_reader *r, struct vnm_pair *pair)
{
	struct vnm_reader rest = *r;
	struct vnm_pairs sub = {NULL, 0};

	if (g->depth >= DEPTH) {
		pair->name = "sub_tlvs";
		return vnm_reader_left(r) > 0 ? octets(g, r, pair) : absent(pair);
	}
	vnm_reader_skip(r, vnm_reader_left(r));
	if (!vnm_bgpls_tlvs(g, rest, &sub))
		return false;
	pair->type = VNM_PAIR_OBJECT;
	pair->items = sub.p;
	pair->count = sub.n;
	return !g->full;
}

/* A value of several parts. What is left of r then is the caller's to judge. */
static bool
read_object(
    struct vnm_bgpls *g, struct vnm_reader *r, const struct layout *layout, struct vnm_pair *pair)
{
	struct vnm_pair shown[OBJECT_PARTS];
	struct vnm_pairs sub = {NULL, 0};
	struct vnm_pair *items;
	uint32_t n = 0;

	for (uint32_t i = 0; i < layout->count; i++) {
		const struct part *part = &layout->parts[i];
		struct vnm_pair *p = &shown[n];

		*p = (struct vnm_pair){.name = part->name};
		if (!part->read(g, r, p) || r->bad)
			return false;
		if (p->name != NULL)
			n++;
		else if (part->read == rest_tlvs && p->type == VNM_PAIR_OBJECT)
			sub = (struct vnm_pairs){p->items, p->count};
	}
	items = vnm_bgpls_take(g, (n + (size_t)sub.n) * sizeof(*items));
	if (items == NULL)
		return false;
	memcpy(items, shown, n * sizeof(*items));
	if (sub.n > 0)
		memcpy(items + n, sub.p, sub.n * sizeof(*items));
	pair->type = VNM_PAIR_OBJECT;
	pair->items = items;
	pair->count = n + sub.n;
	return true;
}

/* ---- any TLV ------------------------------------------------------------------------------- */

static bool
unknown(struct vnm_bgpls *g, uint16_t type, struct vnm_reader value, struct vnm_pair *pair)
{
	static const char stem[] = "tlv_";
	char *name = vnm_bgpls_take(g, sizeof(stem) + VNM_TEXT_NUMBER);

	if (name == NULL)
		return false;
	memcpy(name, stem, sizeof(stem));
	*vnm_text_u64(name + sizeof(stem) - 1, type) = '\0';
	pair->name = name;
	return octets(g, &value, pair);
}

bool
vnm_bgpls_value(struct vnm_bgpls *g, uint16_t type, struct vnm_reader value, struct vnm_pair *pair)
{
	const struct tlv *tlv = find(type);
	size_t mark = vnm_scratch_mark(g->out->scratch);
	struct vnm_reader r = value;

	if (tlv == NULL)
		return unknown(g, type, value, pair);
	pair->name = tlv->name;
	if (tlv->read != NULL ? tlv->read(g, &r, pair) : read_object(g, &r, tlv->layout, pair)) {
		if (!r.bad && vnm_reader_left(&r) == 0)
			return true;
	}
	if (g->full)
		return false;
	g->misfits++;
	vnm_scratch_rewind(g->out->scratch, mark);
	return unknown(g, type, value, pair);
}
