/*
 * Records as JSON lines (RFC 8259): one object a line, driven by a table made from fields.def
 * in which every key stands ready to be copied.
 */
#include "output/encoder.h"
#include "output/json_writer.h"

#define KEY_ROOM 32
/* The most that one field of fixed size takes: its key, and an IPv6 address in quotes. */
#define FIELD_ROOM (KEY_ROOM + VNM_ADDR_TEXT + 2)

struct row {
	char key[KEY_ROOM]; /* ,"name": */
	uint8_t key_n;
	uint8_t type; /* enum vnm_type */
	uint16_t offset;
};

#define ROW(kind, tag, name, type, unit, doc)                               \
	{",\"" #name "\":", sizeof(",\"" #name "\":") - 1, VNM_TYPE_##type, \
	    offsetof(struct vnm_record, kind.name)},

#define VNM_KIND(kind, ordered, doc) \
	static const struct row kind##_rows[] = {VNM_FIELDS_env(ROW) VNM_FIELDS_##kind(ROW)};
#include "record/kinds.def"
#undef VNM_KIND

static const struct {
	const struct row *rows; /* by field index */
	size_t room;		/* octets that its fields of fixed size can need together */
} kinds[VNM_KIND_COUNT] = {
#define VNM_KIND(kind, ordered, doc) \
	[VNM_KIND_##kind] = {kind##_rows, VNM_ARRAY_LEN(kind##_rows) * FIELD_ROOM + KEY_ROOM},
#include "record/kinds.def"
#undef VNM_KIND
};

bool
json_grow(struct json_writer *w, size_t n)
{
	if (w->failed)
		return false;
	w->b->n = (size_t)(w->p - (char *)w->b->p);
	if (!vnm_buffer_reserve(w->b, n + w->fixed)) {
		w->failed = true;
		return false;
	}
	w->p = (char *)w->b->p + w->b->n;
	w->limit = (char *)w->b->p + w->b->cap - w->fixed;
	return true;
}

/* ---- text ---------------------------------------------------------------------------------- */

/* The length of the UTF-8 sequence at p (RFC 3629 section 4), or 0 where there is none. */
static unsigned
utf8_length(const uint8_t *p, size_t n)
{
	uint8_t low = 0x80, high = 0xbf; /* of the second octet */
	unsigned length;

	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		length = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		length = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		length = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (n < length || p[1] < low || p[1] > high)
		return 0;
	for (unsigned i = 2; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

static char *
write_escape(char *p, uint8_t c)
{
	static const char letters[32] = {
	    ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	char letter = c < 0x20 ? letters[c] : (char)c;

	*p++ = '\\';
	if (letter != 0) {
		*p++ = letter;
		return p;
	}
	memcpy(p, "u00", 3);
	memcpy(p + 3, vnm_hex_pairs + 2 * c, 2);
	return p + 5;
}

/* Room for 6 octets of each octet is there. */
static char *
write_escaped(char *p, const uint8_t *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint8_t c = s[i];

		if (VNM_LIKELY(c >= 0x20 && c < 0x80 && c != '"' && c != '\\')) {
			*p++ = (char)c;
			i++;
		} else if (c < 0x80) {
			p = write_escape(p, c);
			i++;
		} else {
			unsigned length = utf8_length(s + i, n - i);
			memcpy(p, length != 0 ? (const char *)s + i : "\xef\xbf\xbd",
			    length != 0 ? length : 3); /* U+FFFD */
			p += length != 0 ? length : 3;
			i += length != 0 ? length : 1;
		}
	}
	return p;
}

void
json_text(struct json_writer *w, struct vnm_str s)
{
	if (!json_room(w, (s.clean ? 1 : 6) * (size_t)s.n + 2))
		return;
	*w->p++ = '"';
	if (s.clean) {
		memcpy(w->p, s.p, s.n);
		w->p += s.n;
	} else {
		w->p = write_escaped(w->p, (const uint8_t *)s.p, s.n);
	}
	*w->p++ = '"';
}

void
json_hex(struct json_writer *w, struct vnm_slice s)
{
	if (!json_room(w, 2 * s.n + 2))
		return;
	*w->p++ = '"';
	w->p = vnm_text_hex(w->p, s.p, s.n);
	*w->p++ = '"';
}

/* ---- fields -------------------------------------------------------------------------------- */

static void
json_u32s(struct json_writer *w, const struct vnm_u32s *list)
{
	if (!json_room(w, 11 * (size_t)list->n + 2))
		return;
	*w->p++ = '[';
	for (uint32_t i = 0; i < list->n; i++) {
		if (i > 0)
			*w->p++ = ',';
		w->p = vnm_text_u64(w->p, list->p[i]);
	}
	*w->p++ = ']';
}

/* What has no fixed size. */
static char *
write_long(struct json_writer *w, char *p, enum vnm_type type, const void *v)
{
	w->p = p;
	switch (type) {
	case VNM_TYPE_STR:
		json_text(w, *(const struct vnm_str *)v);
		break;
	case VNM_TYPE_BYTES:
		json_hex(w, *(const struct vnm_slice *)v);
		break;
	case VNM_TYPE_U32S:
		json_u32s(w, v);
		break;
	case VNM_TYPE_IES:
		json_ies(w, v);
		break;
	default:
		json_pairs(w, v);
	}
	return w->p;
}

static inline char *
write_value(struct json_writer *w, char *p, enum vnm_type type, const void *v)
{
	switch (type) {
	case VNM_TYPE_BOOL:
		return json_bool(p, *(const bool *)v);
	case VNM_TYPE_U8:
		return vnm_text_octet(p, *(const uint8_t *)v);
	case VNM_TYPE_U16:
		return vnm_text_u64(p, *(const uint16_t *)v);
	case VNM_TYPE_U32:
		return vnm_text_u64(p, *(const uint32_t *)v);
	case VNM_TYPE_U64:
		return json_u64(p, *(const uint64_t *)v, w->u64_as_string);
	case VNM_TYPE_I64:
		return json_i64(p, *(const int64_t *)v, w->u64_as_string);
	case VNM_TYPE_F64:
		return json_f64(p, *(const double *)v);
	case VNM_TYPE_ADDR:
		return json_addr(p, v);
	case VNM_TYPE_MAC:
		return json_mac(p, v);
	default:
		return write_long(w, p, type, v);
	}
}

static bool
encode(const struct vnm_selection *s, const struct vnm_record *r, struct vnm_buffer *b,
    struct vnm_frame *frame)
{
	const struct row *rows = kinds[r->kind_id].rows;
	size_t at = b->n;
	struct json_writer w = {
	    .fixed = kinds[r->kind_id].room, .b = b, .u64_as_string = s->u64_as_string};

	if (!vnm_buffer_reserve(b, w.fixed))
		return false;
	w.limit = (char *)b->p + b->cap - w.fixed;
	char *p = (char *)b->p + at;
	*p = '{'; /* where no field is wanted */
	for (unsigned word = 0; word < VNM_HAS_WORDS; word++) {
		uint64_t bits = r->has[word] & s->wanted[r->kind_id][word];

		for (; bits != 0; bits &= bits - 1) {
			const struct row *row = &rows[64 * word + (unsigned)__builtin_ctzll(bits)];

			memcpy(p, row->key, KEY_ROOM);
			p = write_value(
			    &w, p + row->key_n, row->type, (const char *)r + row->offset);
		}
	}
	if (VNM_UNLIKELY(w.failed)) {
		b->n = at;
		return false;
	}
	b->p[at] = '{'; /* in place of the first key's comma */
	if (p == (char *)b->p + at)
		p++;
	memcpy(p, "}\n", 2);
	b->n = (size_t)(p + 2 - (char *)b->p);
	*frame = (struct vnm_frame){.at = (uint32_t)at,
	    .n = (uint32_t)(b->n - at),
	    .body_at = (uint32_t)at,
	    .body_n = (uint32_t)(b->n - at - 1)};
	return true;
}

const struct vnm_encoder vnm_json_encoder = {
    .name = "json",
    .summary = "JSON lines: one object a line",
    .encode = encode,
};
