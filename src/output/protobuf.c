/*
 * Records as protobuf (proto3): one message type a kind with the tags of fields.def, each
 * message behind its length as a varint where several stand in one file or Kafka message.
 */
#include "output/encoder.h"
#include "output/writer.h"

#include "base/text.h"
#include "record/proto.h"

#include <assert.h>

#define VARINT_ROOM 10
#define KEY_ROOM 2
/* The most that one field of fixed size takes: its key, and an IPv6 address with its length. */
#define FIELD_ROOM (KEY_ROOM + 1 + 16)
#define LENGTH_ROOM 2 /* octets of most records' length; the others are moved */
#define ITEM_ROOM 96  /* all of an Ie or a Pair, with its own key, but for octets and lists */
#define LIST_DEPTH 16 /* of structured data within structured data; deeper: its octets */

struct row {
	uint8_t key[KEY_ROOM]; /* field number and wire type as a varint */
	uint8_t key_n;
	uint8_t type; /* enum vnm_type */
	uint16_t offset;
	uint16_t tag;
};

/* Tags up to 15 take one octet, those up to 2047 two. */
#define KEY(tag, type) ((tag) << 3 | VNM_PROTO_WIRE_##type)
#define ROW(kind, tag, name, type, unit, doc)                                   \
	{{KEY(tag, type) % 128 + ((tag) < 16 ? 0 : 128), KEY(tag, type) / 128}, \
	    (tag) < 16 ? 1 : 2, VNM_TYPE_##type, offsetof(struct vnm_record, kind.name), tag},

#define VNM_KIND(kind, ordered, doc) \
	static const struct row kind##_rows[] = {VNM_FIELDS_env(ROW) VNM_FIELDS_##kind(ROW)};
#include "record/kinds.def"
#undef VNM_KIND

static const struct {
	const struct row *rows; /* by field index */
	size_t room;		/* octets that its fields of fixed size can need together */
} kinds[VNM_KIND_COUNT] = {
#define VNM_KIND(kind, ordered, doc) \
	[VNM_KIND_##kind] = {        \
	    kind##_rows, VNM_ARRAY_LEN(kind##_rows) * FIELD_ROOM + LENGTH_ROOM + VARINT_ROOM},
#include "record/kinds.def"
#undef VNM_KIND
};

/* ---- the wire's parts ---------------------------------------------------------------------- */

static inline char *
varint(char *p, uint64_t v)
{
	while (v >= 128) {
		*p++ = (char)(v | 128);
		v >>= 7;
	}
	*p++ = (char)v;
	return p;
}

static inline size_t
varint_size(uint64_t v)
{
	return (70 - (size_t)__builtin_clzll(v | 1)) / 7; /* 64 - clz bits, seven an octet */
}

static inline char *
key(char *p, unsigned tag, enum vnm_wire wire)
{
	return varint(p, tag << 3 | wire);
}

static inline char *
fixed64(char *p, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	for (unsigned i = 0; i < 8; i++)
		p[i] = (char)(bits >> 8 * i);
	return p + 8;
}

static inline char *
octets(char *p, const void *from, size_t n)
{
	p = varint(p, n);
	if (n > 0)
		memcpy(p, from, n);
	return p + n;
}

/* ---- text: only UTF-8 may stand in a string ------------------------------------------------ */

/* Its size when what is not UTF-8 was replaced. */
static size_t
text_size(struct vnm_str s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t size = s.n;

	if (s.clean)
		return size;
	for (size_t i = 0; i < s.n;) {
		unsigned n = vnm_utf8_length(p + i, s.n - i);

		size += n == 0 ? 2 : 0;
		i += n == 0 ? 1 : n;
	}
	return size;
}

/* The length and the text; room is there. */
static char *
text(char *out, struct vnm_str s, size_t size)
{
	const uint8_t *p = (const uint8_t *)s.p;

	if (size == s.n)
		return octets(out, s.p, s.n);
	out = varint(out, size);
	for (size_t i = 0; i < s.n;) {
		unsigned n = vnm_utf8_length(p + i, s.n - i);

		memcpy(out, n == 0 ? (const uint8_t *)VNM_UTF8_REPLACEMENT : p + i, n == 0 ? 3 : n);
		out += n == 0 ? 3 : n;
		i += n == 0 ? 1 : n;
	}
	return out;
}

/* ---- information elements ------------------------------------------------------------------ */

static bool
has_list(const struct vnm_ie *ie, unsigned depth)
{
	return ie->type == VNM_IE_LIST && ie->count > 0 && depth < LIST_DEPTH;
}

static size_t
optional_size(uint64_t v)
{
	return v != 0 ? 1 + varint_size(v) : 0;
}

static size_t
ie_size(const struct vnm_ie *ie, unsigned depth)
{
	size_t size = optional_size(ie->pen) + optional_size(ie->id) + optional_size(ie->type) +
		      optional_size(ie->semantic) + optional_size(ie->row);

	if (!has_list(ie, depth))
		return size + 1 + varint_size(ie->octets.n) + ie->octets.n;
	for (uint32_t i = 0; i < ie->count; i++) {
		size_t n = ie_size(&ie->list[i], depth + 1);
		size += 1 + varint_size(n) + n;
	}
	return size;
}

/* Zero is what a reader assumes of an absent number. */
static char *
optional(char *p, unsigned tag, uint64_t v)
{
	return v != 0 ? varint(key(p, tag, VNM_WIRE_VARINT), v) : p;
}

/* An Ie with its key and length. */
static void
write_ie(struct vnm_writer *w, unsigned tag, const struct vnm_ie *ie, unsigned depth)
{
	bool list = has_list(ie, depth);

	if (!vnm_writer_room(w, ITEM_ROOM + (list ? 0 : ie->octets.n)))
		return;
	char *p = varint(key(w->p, tag, VNM_WIRE_LEN), ie_size(ie, depth));
	p = optional(p, VNM_PROTO_IE_PEN, ie->pen);
	p = optional(p, VNM_PROTO_IE_ID, ie->id);
	if (!list)
		p = octets(key(p, VNM_PROTO_IE_OCTETS, VNM_WIRE_LEN), ie->octets.p, ie->octets.n);
	p = optional(p, VNM_PROTO_IE_TYPE, ie->type);
	p = optional(p, VNM_PROTO_IE_SEMANTIC, ie->semantic);
	w->p = optional(p, VNM_PROTO_IE_ROW, ie->row);
	for (uint32_t i = 0; list && i < ie->count; i++)
		write_ie(w, VNM_PROTO_IE_LIST, &ie->list[i], depth + 1);
}

/* ---- named values -------------------------------------------------------------------------- */

static size_t pair_size(const struct vnm_pair *pair, bool named, unsigned depth);

static size_t
pairs_size(const struct vnm_pair *pair, unsigned depth)
{
	size_t size = 0;

	assert(depth < VNM_PAIR_DEPTH);
	for (uint32_t i = 0; i < pair->count; i++) {
		size_t n = pair_size(&pair->items[i], vnm_pair_has_names(pair), depth + 1);

		size += 1 + varint_size(n) + n;
	}
	return size;
}

static size_t
pair_value_size(const struct vnm_pair *pair, unsigned depth)
{
	size_t n = 0;

	switch (pair->type) {
	case VNM_PAIR_U64:
		return varint_size(pair->u64);
	case VNM_PAIR_I64:
		return varint_size((uint64_t)pair->i64);
	case VNM_PAIR_BOOL:
		return 1;
	case VNM_PAIR_F64:
		return 8;
	case VNM_PAIR_STR:
		n = text_size(pair->str);
		break;
	case VNM_PAIR_ADDR:
		n = vnm_addr_len(&pair->addr);
		break;
	case VNM_PAIR_BYTES:
		n = pair->bytes.n;
		break;
	case VNM_PAIR_OBJECT:
	case VNM_PAIR_STRUCT:
	case VNM_PAIR_ARRAY:
		n = pairs_size(pair, depth);
		break;
	}
	return varint_size(n) + n;
}

static size_t
pair_size(const struct vnm_pair *pair, bool named, unsigned depth)
{
	size_t name_n = named ? strlen(pair->name) : 0;

	return (named ? 1 + varint_size(name_n) + name_n : 0) + 1 + pair_value_size(pair, depth);
}

/* But for objects and arrays. */
static char *
write_pair_value(char *p, const struct vnm_pair *pair)
{
	switch (pair->type) {
	case VNM_PAIR_U64:
		return varint(key(p, VNM_PROTO_PAIR_U64, VNM_WIRE_VARINT), pair->u64);
	case VNM_PAIR_I64:
		return varint(key(p, VNM_PROTO_PAIR_I64, VNM_WIRE_VARINT), (uint64_t)pair->i64);
	case VNM_PAIR_BOOL:
		return varint(key(p, VNM_PROTO_PAIR_FLAG, VNM_WIRE_VARINT), pair->flag);
	case VNM_PAIR_F64:
		return fixed64(key(p, VNM_PROTO_PAIR_F64, VNM_WIRE_I64), pair->f64);
	case VNM_PAIR_STR:
		p = key(p, VNM_PROTO_PAIR_STR, VNM_WIRE_LEN);
		return text(p, pair->str, text_size(pair->str));
	case VNM_PAIR_ADDR:
		p = key(p, VNM_PROTO_PAIR_ADDR, VNM_WIRE_LEN);
		return octets(p, pair->addr.b, vnm_addr_len(&pair->addr));
	case VNM_PAIR_BYTES:
		p = key(p, VNM_PROTO_PAIR_BYTES, VNM_WIRE_LEN);
		return octets(p, pair->bytes.p, pair->bytes.n);
	case VNM_PAIR_OBJECT:
	case VNM_PAIR_STRUCT:
	case VNM_PAIR_ARRAY:
		break;
	}
	return p;
}

/* A Pair with its key and length. */
static void
write_pair(
    struct vnm_writer *w, unsigned tag, const struct vnm_pair *pair, bool named, unsigned depth)
{
	size_t size = pair_size(pair, named, depth);

	if (!vnm_writer_room(w, ITEM_ROOM + size))
		return;
	char *p = varint(key(w->p, tag, VNM_WIRE_LEN), size);
	if (named)
		p = octets(
		    key(p, VNM_PROTO_PAIR_NAME, VNM_WIRE_LEN), pair->name, strlen(pair->name));
	bool object = vnm_pair_has_names(pair);
	if (!object && pair->type != VNM_PAIR_ARRAY) {
		w->p = write_pair_value(p, pair);
		return;
	}
	p = key(p, object ? VNM_PROTO_PAIR_OBJECT : VNM_PROTO_PAIR_ARRAY, VNM_WIRE_LEN);
	w->p = varint(p, pairs_size(pair, depth));
	for (uint32_t i = 0; i < pair->count; i++)
		write_pair(w, VNM_PROTO_PAIRS_PAIRS, &pair->items[i], object, depth + 1);
}

/* ---- fields -------------------------------------------------------------------------------- */

static char *
start(char *p, const struct row *row)
{
	memcpy(p, row->key, KEY_ROOM);
	return p + row->key_n;
}

static void
write_str(struct vnm_writer *w, const struct row *row, struct vnm_str s)
{
	size_t size = text_size(s);

	if (vnm_writer_room(w, ITEM_ROOM + size))
		w->p = text(start(w->p, row), s, size);
}

static void
write_bytes(struct vnm_writer *w, const struct row *row, struct vnm_slice s)
{
	if (vnm_writer_room(w, ITEM_ROOM + s.n))
		w->p = octets(start(w->p, row), s.p, s.n);
}

/* Packed: the length, then the numbers. */
static void
write_u32s(struct vnm_writer *w, const struct row *row, const struct vnm_u32s *list)
{
	size_t size = 0;

	for (uint32_t i = 0; i < list->n; i++)
		size += varint_size(list->p[i]);
	if (list->n == 0 || !vnm_writer_room(w, ITEM_ROOM + size))
		return;
	w->p = varint(start(w->p, row), size);
	for (uint32_t i = 0; i < list->n; i++)
		w->p = varint(w->p, list->p[i]);
}

/* What has no fixed size. */
static char *
write_long(struct vnm_writer *w, char *p, const struct row *row, const void *v)
{
	const struct vnm_strs *strs = v;
	const struct vnm_ies *ies = v;
	const struct vnm_pairs *pairs = v;

	w->p = p;
	switch (row->type) {
	case VNM_TYPE_STR:
		write_str(w, row, *(const struct vnm_str *)v);
		break;
	case VNM_TYPE_BYTES:
		write_bytes(w, row, *(const struct vnm_slice *)v);
		break;
	case VNM_TYPE_U32S:
		write_u32s(w, row, v);
		break;
	case VNM_TYPE_STRS:
		for (uint32_t i = 0; i < strs->n; i++)
			write_str(w, row, strs->p[i]);
		break;
	case VNM_TYPE_IES:
		for (uint32_t i = 0; i < ies->n; i++)
			write_ie(w, row->tag, &ies->p[i], 0);
		break;
	default:
		for (uint32_t i = 0; i < pairs->n; i++)
			write_pair(w, row->tag, &pairs->p[i], row->type == VNM_TYPE_PAIRS, 0);
	}
	return w->p;
}

static inline uint64_t
zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

static inline char *
write_field(struct vnm_writer *w, char *p, const struct row *row, const void *v)
{
	const struct vnm_addr *a = v;

	switch (row->type) {
	case VNM_TYPE_BOOL:
		return varint(start(p, row), *(const bool *)v);
	case VNM_TYPE_U8:
		return varint(start(p, row), *(const uint8_t *)v);
	case VNM_TYPE_U16:
		return varint(start(p, row), *(const uint16_t *)v);
	case VNM_TYPE_U32:
		return varint(start(p, row), *(const uint32_t *)v);
	case VNM_TYPE_U64:
		return varint(start(p, row), *(const uint64_t *)v);
	case VNM_TYPE_I64:
		return varint(start(p, row), zigzag(*(const int64_t *)v));
	case VNM_TYPE_F64:
		return fixed64(start(p, row), *(const double *)v);
	case VNM_TYPE_ADDR:
		return octets(start(p, row), a->b, vnm_addr_len(a));
	case VNM_TYPE_MAC:
		return octets(start(p, row), v, sizeof(struct vnm_mac));
	default:
		return write_long(w, p, row, v);
	}
}

/* ---- records ------------------------------------------------------------------------------- */

/* Puts the length before the body at `at` + LENGTH_ROOM; returns the octets of the length. */
static size_t
write_length(struct vnm_buffer *b, size_t at, size_t body_n)
{
	size_t n = varint_size(body_n);

	if (VNM_UNLIKELY(n != LENGTH_ROOM))
		memmove(b->p + at + n, b->p + at + LENGTH_ROOM, body_n);
	varint((char *)b->p + at, body_n);
	return n;
}

static bool
encode(const struct vnm_selection *s, const struct vnm_record *r, struct vnm_buffer *b,
    struct vnm_frame *frame)
{
	const struct row *rows = kinds[r->kind_id].rows;
	size_t at = b->n;
	struct vnm_writer w;

	if (!vnm_writer_begin(&w, b, kinds[r->kind_id].room))
		return false;
	char *p = w.p + LENGTH_ROOM;
	for (unsigned word = 0; word < VNM_HAS_WORDS; word++) {
		uint64_t bits = r->has[word] & s->wanted[r->kind_id][word];

		for (; bits != 0; bits &= bits - 1) {
			const struct row *row = &rows[64 * word + (unsigned)__builtin_ctzll(bits)];

			p = write_field(&w, p, row, (const char *)r + row->offset);
		}
	}
	if (VNM_UNLIKELY(w.failed)) {
		b->n = at;
		return false;
	}
	size_t body_n = (size_t)(p - (char *)b->p) - at - LENGTH_ROOM;
	size_t length_n = write_length(b, at, body_n);
	b->n = at + length_n + body_n;
	*frame = (struct vnm_frame){.at = (uint32_t)at,
	    .n = (uint32_t)(length_n + body_n),
	    .body_at = (uint32_t)(at + length_n),
	    .body_n = (uint32_t)body_n};
	return true;
}

const struct vnm_encoder vnm_protobuf_encoder = {
    .name = "protobuf",
    .summary = "protobuf messages, each behind its length as a varint",
    .encode = encode,
};
