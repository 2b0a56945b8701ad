/*
 * Random records made from the tables of fields.
 */
#include "random_record.h"

#include <assert.h>

static uint64_t
next(struct random_record *x)
{
	x->state ^= x->state << 13;
	x->state ^= x->state >> 7;
	x->state ^= x->state << 17;
	return x->state * 0x2545f4914f6cdd1dULL;
}

uint32_t
random_below(struct random_record *x, uint32_t n)
{
	return (uint32_t)((next(x) >> 32) % n);
}

/* All magnitudes alike. */
static uint64_t
number(struct random_record *x, unsigned bits)
{
	return next(x) >> (64 - bits) >> random_below(x, bits);
}

static void *
take(struct random_record *x, size_t n)
{
	void *p = x->memory + x->used;

	x->used += (n + 15) & ~(size_t)15;
	assert(x->used <= sizeof(x->memory));
	return p;
}

static struct vnm_slice
octets(struct random_record *x, size_t n)
{
	uint8_t *p = take(x, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)next(x);
	return (struct vnm_slice){p, n};
}

static struct vnm_str
text(struct random_record *x)
{
	static const char *const bits[] = {"a", "Z9", "eth0/1.7", " ", "\"", "\\", "/", "\n",
	    "\x01", "\x1f", "\x7f", "\u00e9", "\u20ac", "\U0001f600",
	    "long enough to be found by eights"};
	bool clean = random_below(x, 2) == 0;
	uint32_t parts = random_below(x, 8);
	char *p = take(x, 8 * 40);
	uint32_t n = 0;

	for (uint32_t i = 0; i < parts; i++) {
		const char *s = bits[random_below(x, clean ? 4 : VNM_ARRAY_LEN(bits))];
		memcpy(p + n, s, strlen(s));
		n += (uint32_t)strlen(s);
	}
	return (struct vnm_str){p, n, clean};
}

static struct vnm_addr
address(struct random_record *x)
{
	struct vnm_slice s = octets(x, 16);
	struct vnm_addr a = random_below(x, 2) == 0 ? vnm_addr_ip4(s.p) : vnm_addr_ip6(s.p);

	for (size_t i = 0; i < 16 && a.family == VNM_ADDR_IP6; i += 2) {
		if (random_below(x, 2) == 0)
			memset(a.b + i, 0, 2);
		else if (random_below(x, 2) == 0)
			a.b[i] = 0;
	}
	return a;
}

static double
real(struct random_record *x)
{
	double v = (double)(int64_t)number(x, 63);

	switch (random_below(x, 4)) {
	case 0:
		return v;
	case 1:
		return -v / 1000;
	case 2:
		return v * 1e30;
	default:
		return 1 / (v + 3);
	}
}

static struct vnm_u32s
u32s(struct random_record *x)
{
	uint32_t n = random_below(x, 20);
	uint32_t *p = take(x, n * sizeof(*p));

	for (uint32_t i = 0; i < n; i++)
		p[i] = (uint32_t)number(x, 32);
	return (struct vnm_u32s){p, n};
}

static struct vnm_strs
strs(struct random_record *x)
{
	uint32_t n = random_below(x, 20);
	struct vnm_str *p = take(x, n * sizeof(*p));

	for (uint32_t i = 0; i < n; i++)
		p[i] = text(x);
	return (struct vnm_strs){p, n};
}

static struct vnm_ies
ies(struct random_record *x)
{
	static const uint8_t types[] = {VNM_IE_OCTETS, VNM_IE_UNSIGNED, VNM_IE_SIGNED, VNM_IE_MAC,
	    VNM_IE_STRING, VNM_IE_IP4, VNM_IE_IP6, VNM_IE_SECONDS};
	uint32_t n = random_below(x, 60);
	struct vnm_ie *p = take(x, n * sizeof(*p));

	for (uint32_t i = 0; i < n; i++) {
		uint8_t type = types[random_below(x, VNM_ARRAY_LEN(types))];
		struct vnm_str s = text(x);

		p[i] = (struct vnm_ie){.pen = random_below(x, 2) * 29305,
		    .id = (uint16_t)random_below(x, 40),
		    .type = type,
		    .octets = octets(x, 1 + random_below(x, 8))};
		if (type == VNM_IE_MAC)
			p[i].octets = octets(x, 6);
		else if (type == VNM_IE_IP4 || type == VNM_IE_SECONDS)
			p[i].octets = octets(x, 4);
		else if (type == VNM_IE_IP6)
			p[i].octets = octets(x, 16);
		else if (type == VNM_IE_STRING)
			p[i].octets = (struct vnm_slice){(const uint8_t *)s.p, s.n};
	}
	return (struct vnm_ies){p, n};
}

static struct vnm_pairs pairs(struct random_record *x, unsigned levels);

/* An object, or an array whose values have no name. */
static void
fill_nested(struct random_record *x, struct vnm_pair *pair, unsigned levels)
{
	struct vnm_pairs inner = pairs(x, levels);
	struct vnm_pair *items = take(x, inner.n * sizeof(*items));

	for (uint32_t i = 0; i < inner.n; i++) {
		items[i] = inner.p[i];
		if (pair->type == VNM_PAIR_ARRAY)
			items[i].name = NULL;
	}
	pair->items = items;
	pair->count = inner.n;
}

/* `levels` more of objects and arrays may stand in it. */
static struct vnm_pairs
pairs(struct random_record *x, unsigned levels)
{
	static const char *const names[] = {"one", "two", "three", "four", "five", "six"};
	uint32_t n = random_below(x, VNM_ARRAY_LEN(names));
	struct vnm_pair *p = take(x, n * sizeof(*p));

	for (uint32_t i = 0; i < n; i++) {
		p[i] = (struct vnm_pair){
		    .name = names[i], .type = random_below(x, levels > 0 ? 9 : 7)};
		if (p[i].type == VNM_PAIR_U64)
			p[i].u64 = number(x, 64);
		else if (p[i].type == VNM_PAIR_I64)
			p[i].i64 = (int64_t)number(x, 64);
		else if (p[i].type == VNM_PAIR_BOOL)
			p[i].flag = random_below(x, 2) != 0;
		else if (p[i].type == VNM_PAIR_F64)
			p[i].f64 = real(x);
		else if (p[i].type == VNM_PAIR_STR)
			p[i].str = text(x);
		else if (p[i].type == VNM_PAIR_ADDR)
			p[i].addr = address(x);
		else if (p[i].type == VNM_PAIR_BYTES)
			p[i].bytes = octets(x, random_below(x, 20));
		else
			fill_nested(x, &p[i], levels - 1);
	}
	return (struct vnm_pairs){p, n};
}

static void
fill(struct random_record *x, enum vnm_type type, void *v)
{
	struct vnm_pair list = {.type = VNM_PAIR_ARRAY};

	switch (type) {
	case VNM_TYPE_BOOL:
		*(bool *)v = random_below(x, 2) != 0;
		break;
	case VNM_TYPE_U8:
		*(uint8_t *)v = (uint8_t)number(x, 8);
		break;
	case VNM_TYPE_U16:
		*(uint16_t *)v = (uint16_t)number(x, 16);
		break;
	case VNM_TYPE_U32:
		*(uint32_t *)v = (uint32_t)number(x, 32);
		break;
	case VNM_TYPE_U64:
	case VNM_TYPE_I64:
		*(uint64_t *)v = number(x, 64);
		break;
	case VNM_TYPE_F64:
		*(double *)v = real(x);
		break;
	case VNM_TYPE_ADDR:
		*(struct vnm_addr *)v = address(x);
		break;
	case VNM_TYPE_MAC:
		memcpy(v, octets(x, 6).p, 6);
		break;
	case VNM_TYPE_STR:
		*(struct vnm_str *)v = text(x);
		break;
	case VNM_TYPE_BYTES:
		*(struct vnm_slice *)v = octets(x, random_below(x, 40));
		break;
	case VNM_TYPE_U32S:
		*(struct vnm_u32s *)v = u32s(x);
		break;
	case VNM_TYPE_STRS:
		*(struct vnm_strs *)v = strs(x);
		break;
	case VNM_TYPE_IES:
		*(struct vnm_ies *)v = ies(x);
		break;
	case VNM_TYPE_PAIRS:
		*(struct vnm_pairs *)v = pairs(x, 2);
		break;
	case VNM_TYPE_LIST:
		fill_nested(x, &list, 2);
		*(struct vnm_pairs *)v = (struct vnm_pairs){list.items, list.count};
		break;
	}
}

void
random_record(struct random_record *x)
{
	enum vnm_kind kind = random_below(x, VNM_KIND_COUNT);
	const struct vnm_kind_info *info = vnm_kind_info(kind);
	uint32_t one_in = 1 + random_below(x, 12);

	memset(&x->r, 0, sizeof(x->r));
	x->used = 0;
	x->r.kind_id = kind;
	for (unsigned i = 0; i < info->count; i++) {
		if (random_below(x, one_in) != 0)
			continue;
		fill(x, info->fields[i].type, (char *)&x->r + info->fields[i].offset);
		vnm_record_mark(&x->r, i);
	}
}
