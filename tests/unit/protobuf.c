/*
 * The protobuf encoder: random records, read back by a small decoder of the wire format
 * (protobuf.dev/programming-guides/encoding) that knows only tags and types, give the values
 * that were put in, and no more.
 */
#include "unit.h"

#include "output/encoder.h"
#include "random_record.h"

#include <stdio.h>

/* ---- the decoder --------------------------------------------------------------------------- */

struct in {
	const uint8_t *p, *end;
	bool bad;
};

struct part {
	unsigned tag, wire;
	uint64_t number; /* of wire types 0 and 1 */
	struct in sub;	 /* of wire type 2 */
};

static uint64_t
read_varint(struct in *in)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		if (in->p == in->end)
			break;
		v |= (uint64_t)(*in->p & 127) << shift;
		if (*in->p++ < 128)
			return v;
	}
	in->bad = true;
	return 0;
}

static bool
read_part(struct in *in, struct part *part)
{
	if (in->p == in->end || in->bad)
		return false;
	uint64_t key = read_varint(in);
	*part = (struct part){.tag = (unsigned)(key >> 3), .wire = key & 7};
	if (part->wire == 0) {
		part->number = read_varint(in);
	} else if (part->wire == 1 && in->end - in->p >= 8) {
		for (unsigned i = 0; i < 8; i++)
			part->number |= (uint64_t)*in->p++ << 8 * i;
	} else if (part->wire == 2) {
		uint64_t n = read_varint(in);
		in->bad |= n > (uint64_t)(in->end - in->p);
		part->sub = (struct in){in->p, in->bad ? in->p : in->p + n, false};
		in->p = part->sub.end;
	} else {
		in->bad = true;
	}
	return !in->bad;
}

/* ---- comparisons --------------------------------------------------------------------------- */

static bool
same_octets(const struct part *part, const void *p, size_t n)
{
	return part->wire == 2 && (size_t)(part->sub.end - part->sub.p) == n &&
	       (n == 0 || memcmp(part->sub.p, p, n) == 0);
}

static bool
same_number(const struct part *part, uint64_t v)
{
	return part->wire == 0 && part->number == v;
}

static bool
same_f64(const struct part *part, double v)
{
	double read;

	memcpy(&read, &part->number, sizeof(read));
	return part->wire == 1 && read == v;
}

static bool
same_u32s(const struct part *part, const struct vnm_u32s *list)
{
	struct in in = part->sub;

	for (uint32_t i = 0; i < list->n; i++) {
		if (read_varint(&in) != list->p[i])
			return false;
	}
	return part->wire == 2 && !in.bad && in.p == in.end;
}

static bool
same_ie(const struct part *part, const struct vnm_ie *ie)
{
	uint64_t numbers[8] = {0};
	struct in in = part->sub;
	bool octets = false;
	struct part p;

	while (read_part(&in, &p)) {
		if (p.tag == 3)
			octets = same_octets(&p, ie->octets.p, ie->octets.n);
		else if (p.tag < 8 && p.wire == 0)
			numbers[p.tag] = p.number;
		else
			return false;
	}
	return !in.bad && octets && numbers[1] == ie->pen && numbers[2] == ie->id &&
	       numbers[4] == ie->type && numbers[5] == ie->semantic && numbers[6] == ie->row;
}

static bool same_pair(const struct part *part, const struct vnm_pair *pair);

/* A message Pairs. */
static bool
same_items(const struct part *part, const struct vnm_pair *pair)
{
	struct in in = part->sub;
	struct part p;

	if (part->wire != 2)
		return false;
	for (uint32_t i = 0; i < pair->count; i++) {
		if (!read_part(&in, &p) || p.tag != 1 || !same_pair(&p, &pair->items[i]))
			return false;
	}
	return in.p == in.end && !in.bad;
}

static bool
same_pair(const struct part *part, const struct vnm_pair *pair)
{
	static const unsigned tags[] = {2, 3, 4, 6, 5, 9, 10, 7, 8}; /* by enum vnm_pair_type */
	struct in in = part->sub;
	struct part name, v;

	if (pair->name != NULL && (!read_part(&in, &name) || name.tag != 1 ||
				      !same_octets(&name, pair->name, strlen(pair->name))))
		return false;
	if (!read_part(&in, &v) || in.p != in.end || v.tag != tags[pair->type])
		return false;
	switch (pair->type) {
	case VNM_PAIR_U64:
		return same_number(&v, pair->u64);
	case VNM_PAIR_I64:
		return same_number(&v, (uint64_t)pair->i64);
	case VNM_PAIR_BOOL:
		return same_number(&v, pair->flag);
	case VNM_PAIR_F64:
		return same_f64(&v, pair->f64);
	case VNM_PAIR_STR:
		return same_octets(&v, pair->str.p, pair->str.n);
	case VNM_PAIR_ADDR:
		return same_octets(&v, pair->addr.b, vnm_addr_len(&pair->addr));
	case VNM_PAIR_OBJECT:
	case VNM_PAIR_ARRAY:
		return same_items(&v, pair);
	default:
		return same_octets(&v, pair->bytes.p, pair->bytes.n);
	}
}

/* `index` is which of a repeated field's parts this is. */
static bool
same_part(const struct part *part, enum vnm_type type, const void *v, uint32_t index)
{
	const struct vnm_addr *a = v;
	const struct vnm_str *s = v;
	const struct vnm_slice *slice = v;
	const struct vnm_strs *strs = v;
	const struct vnm_ies *ies = v;
	const struct vnm_pairs *pairs = v;
	int64_t i64;

	switch (type) {
	case VNM_TYPE_BOOL:
		return same_number(part, *(const bool *)v);
	case VNM_TYPE_U8:
		return same_number(part, *(const uint8_t *)v);
	case VNM_TYPE_U16:
		return same_number(part, *(const uint16_t *)v);
	case VNM_TYPE_U32:
		return same_number(part, *(const uint32_t *)v);
	case VNM_TYPE_U64:
		return same_number(part, *(const uint64_t *)v);
	case VNM_TYPE_I64:
		i64 = (int64_t)(part->number >> 1);
		return (part->number & 1 ? -i64 - 1 : i64) == *(const int64_t *)v;
	case VNM_TYPE_F64:
		return same_f64(part, *(const double *)v);
	case VNM_TYPE_ADDR:
		return same_octets(part, a->b, a->family == VNM_ADDR_IP4 ? 4 : 16);
	case VNM_TYPE_MAC:
		return same_octets(part, v, 6);
	case VNM_TYPE_STR:
		return same_octets(part, s->p, s->n);
	case VNM_TYPE_BYTES:
		return same_octets(part, slice->p, slice->n);
	case VNM_TYPE_U32S:
		return same_u32s(part, v);
	case VNM_TYPE_STRS:
		return index < strs->n && same_octets(part, strs->p[index].p, strs->p[index].n);
	case VNM_TYPE_IES:
		return index < ies->n && same_ie(part, &ies->p[index]);
	default:
		return index < pairs->n && same_pair(part, &pairs->p[index]);
	}
}

/* How many parts stand for a field that is present. */
static uint32_t
parts_of(const struct vnm_field *f, const void *v)
{
	switch (f->type) {
	case VNM_TYPE_U32S:
		return ((const struct vnm_u32s *)v)->n > 0;
	case VNM_TYPE_STRS:
		return ((const struct vnm_strs *)v)->n;
	case VNM_TYPE_IES:
		return ((const struct vnm_ies *)v)->n;
	case VNM_TYPE_PAIRS:
	case VNM_TYPE_LIST:
		return ((const struct vnm_pairs *)v)->n;
	default:
		return 1;
	}
}

static bool
same_record(struct in in, const struct vnm_record *r)
{
	const struct vnm_kind_info *info = vnm_kind_info(r->kind_id);
	struct part part;

	for (unsigned i = 0; i < info->count; i++) {
		const struct vnm_field *f = &info->fields[i];
		const void *v = (const char *)r + f->offset;

		for (uint32_t k = 0; vnm_record_has(r, i) && k < parts_of(f, v); k++) {
			if (!read_part(&in, &part) || part.tag != f->tag ||
			    !same_part(&part, f->type, v, k)) {
				fprintf(stderr, "\n%s.%s differs\n", info->name, f->name);
				return false;
			}
		}
	}
	return in.p == in.end && !in.bad;
}

/* ---- tests --------------------------------------------------------------------------------- */

static struct vnm_selection
all_fields(void)
{
	struct vnm_strings none = {0};
	struct vnm_selection s;

	CU_ASSERT_EQUAL(vnm_selection_make(&s, &none, NULL), 0);
	return s;
}

static void
test_round_trip(void)
{
	static struct random_record x = {.state = 20260102};
	struct vnm_selection s = all_fields();
	unsigned lengths[4] = {0}; /* records by octets of their length */
	struct vnm_buffer b = {0};
	unsigned wrong = 0;

	for (int i = 0; i < 3000; i++) {
		struct vnm_frame f;

		random_record(&x);
		b.n = random_below(&x, 4) == 0 ? 0 : b.n;
		CU_ASSERT_FATAL(vnm_protobuf_encoder.encode(&s, &x.r, &b, &f));
		struct in in = {b.p + f.at, b.p + b.n, false};
		uint64_t n = read_varint(&in);
		wrong += n != f.body_n || in.p != b.p + f.body_at || in.p + n != in.end ||
			 f.at + f.n != b.n || !same_record(in, &x.r);
		lengths[(f.body_at - f.at) & 3]++;
		if (b.n > 200000)
			vnm_buffer_free(&b);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(lengths[1] > 0 && lengths[2] > 0);
	vnm_buffer_free(&b);
}

/* The length takes one, two and three octets, and never more than it needs. */
static void
test_lengths(void)
{
	static const char text[20000];
	static const uint32_t sizes[] = {1, 124, 125, 16379, 16380, 20000};
	struct vnm_selection s = all_fields();
	struct vnm_record r = {.kind_id = VNM_KIND_flow};
	struct vnm_buffer b = {0};
	struct vnm_frame f;

	for (size_t i = 0; i < VNM_ARRAY_LEN(sizes); i++) {
		b.n = 0;
		VNM_SET(
		    &r, flow, application_id, (struct vnm_slice){(const uint8_t *)text, sizes[i]});
		CU_ASSERT_FATAL(vnm_protobuf_encoder.encode(&s, &r, &b, &f));
		struct in in = {b.p, b.p + b.n, false};
		CU_ASSERT_EQUAL(read_varint(&in), f.body_n);
		CU_ASSERT_PTR_EQUAL(in.p, b.p + f.body_at);
		CU_ASSERT_EQUAL(f.body_at, f.body_n < 128 ? 1 : f.body_n < 16384 ? 2 : 3);
		CU_ASSERT(same_record(in, &r));
	}
	vnm_buffer_free(&b);
}

static void
test_known_octets(void)
{
	static const struct vnm_ie inner[] = {
	    {.id = 8, .type = VNM_IE_UNSIGNED, .octets = {(const uint8_t *)"\x05", 1}, .row = 1}};
	static const struct vnm_ie list[] = {
	    {.id = 292, .type = VNM_IE_LIST, .semantic = 3, .list = inner, .count = 1}};
	/* By hand from the encoding guide. */
	static const uint8_t want[] = {27, 0x0a, 1, 'x', 0xc0, 0x06, 6, 0x8a, 0x0f, 18, 0x10, 0xa4,
	    0x02, 0x20, 13, 0x28, 3, 0x3a, 9, 0x10, 8, 0x1a, 1, 5, 0x20, 1, 0x30, 1};
	struct vnm_selection s = all_fields();
	struct vnm_record r = {.kind_id = VNM_KIND_flow};
	struct vnm_buffer b = {0};
	struct vnm_frame f;

	VNM_SET(&r, env, kind, VNM_STR("x"));
	VNM_SET(&r, flow, protocol, 6);
	VNM_SET(&r, flow, ie, (struct vnm_ies){list, 1});
	CU_ASSERT_FATAL(vnm_protobuf_encoder.encode(&s, &r, &b, &f));
	CU_ASSERT(b.n == sizeof(want) && memcmp(b.p, want, sizeof(want)) == 0);
	vnm_buffer_free(&b);
}

/* An empty array is told from an empty object, and both from nothing. */
static void
test_nested_octets(void)
{
	static const struct vnm_pair items[] = {{.type = VNM_PAIR_U64, .u64 = 300},
	    {.type = VNM_PAIR_ARRAY}, {.type = VNM_PAIR_OBJECT}};
	static const struct vnm_pair pairs[] = {
	    {.name = "a", .type = VNM_PAIR_ARRAY, .items = items, .count = VNM_ARRAY_LEN(items)}};
	/* By hand: field 151 of route; name, then field 8 with three Pairs.pairs. */
	static const uint8_t want[] = {21, 0xba, 0x09, 18, 0x0a, 1, 'a', 0x42, 13, 0x0a, 3, 0x10,
	    0xac, 0x02, 0x0a, 2, 0x42, 0, 0x0a, 2, 0x3a, 0};
	struct vnm_selection s = all_fields();
	struct vnm_record r = {.kind_id = VNM_KIND_route};
	struct vnm_buffer b = {0};
	struct vnm_frame f;

	VNM_SET(&r, route, nlri, (struct vnm_pairs){pairs, 1});
	CU_ASSERT_FATAL(vnm_protobuf_encoder.encode(&s, &r, &b, &f));
	CU_ASSERT(b.n == sizeof(want) && memcmp(b.p, want, sizeof(want)) == 0);
	vnm_buffer_free(&b);
}

/* Readers of proto3 refuse strings that are not UTF-8. */
static void
test_bad_text(void)
{
	static const uint8_t want[] = {10, 0x0a, 8, 'a', 0xef, 0xbf, 0xbd, 'b', 0xef, 0xbf, 0xbd};
	struct vnm_selection s = all_fields();
	struct vnm_record r = {.kind_id = VNM_KIND_flow};
	struct vnm_buffer b = {0};
	struct vnm_frame f;

	VNM_SET(&r, env, kind,
	    vnm_str_of("a\xff"
		       "b\xc3"));
	CU_ASSERT_FATAL(vnm_protobuf_encoder.encode(&s, &r, &b, &f));
	CU_ASSERT(b.n == sizeof(want) && memcmp(b.p, want, sizeof(want)) == 0);
	vnm_buffer_free(&b);
}

CU_TestInfo suite_protobuf[] = {
    {"round trip", test_round_trip},
    {"lengths", test_lengths},
    {"known octets", test_known_octets},
    {"nested octets", test_nested_octets},
    {"bad text", test_bad_text},
    CU_TEST_INFO_NULL,
};
