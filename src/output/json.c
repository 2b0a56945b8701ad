/*
 * Records as JSON lines (RFC 8259): one object a line, driven by a table made from fields.def
 * in which every key stands ready to be copied.
 */
#include "output/encoder.h"
#include "output/json.h"

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

/* ---- text ---------------------------------------------------------------------------------- */

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

/* ASCII that stands for itself. */
static inline bool
is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Not 0 where one of eight octets needs an escape, or may need one. */
static inline uint64_t
find_escape(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
	uint64_t quote = v ^ ones * '"', backslash = v ^ ones * '\\';

	return ((v - ones * 0x20) | (quote - ones) | (backslash - ones) | v) & highs;
}

static inline uint64_t
copy_eight(char *p, const uint8_t *s)
{
	uint64_t v;

	memcpy(&v, s, 8);
	memcpy(p, &v, 8);
	return find_escape(v);
}

/* The n octets, of which there are 4 to 8. */
static inline uint64_t
copy_few(char *p, const uint8_t *s, size_t n)
{
	uint32_t first, last;

	memcpy(&first, s, 4);
	memcpy(&last, s + n - 4, 4);
	memcpy(p, &first, 4);
	memcpy(p + n - 4, &last, 4);
	return find_escape((uint64_t)first << 32 | last);
}

/* Copies what needs no escape, as far as that is soon told: how many octets from s on. */
static size_t
copy_clean(char *p, const uint8_t *s, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		if (copy_eight(p + i, s + i) != 0)
			return i;
	}
	if (i == n || (n > 8 && copy_eight(p + n - 8, s + n - 8) == 0))
		return n;
	if (n >= 4 && n < 8 && copy_few(p, s, n) == 0)
		return n;
	for (; i < n && is_plain(s[i]); i++)
		p[i] = (char)s[i];
	return i;
}

/* One character or bad octet at s: *length is how many octets it is. */
static char *
write_char(char *p, const uint8_t *s, size_t n, unsigned *length)
{
	*length = 1;
	if (is_plain(s[0])) {
		*p = (char)s[0];
		return p + 1;
	}
	if (s[0] < 0x80)
		return write_escape(p, s[0]);
	unsigned octets = vnm_utf8_length(s, n);
	if (octets == 0) {
		memcpy(p, VNM_UTF8_REPLACEMENT, 3);
		return p + 3;
	}
	memcpy(p, s, octets);
	*length = octets;
	return p + octets;
}

/* Room for 6 octets of each octet is there. */
static char *
write_escaped(char *p, const uint8_t *s, size_t n)
{
	unsigned length;

	for (size_t i = 0; i < n;) {
		size_t run = copy_clean(p, s + i, n - i);

		p += run;
		i += run;
		/* What is behind the run, up to where the next one may begin. */
		for (size_t end = i + 8; i < n && i < end; i += length)
			p = write_char(p, s + i, n - i, &length);
	}
	return p;
}

void
vnm_json_escaped(struct vnm_writer *w, struct vnm_str s)
{
	if (!vnm_writer_room(w, 6 * (size_t)s.n + 2))
		return;
	*w->p = '"';
	w->p = write_escaped(w->p + 1, (const uint8_t *)s.p, s.n);
	*w->p++ = '"';
}

void
vnm_json_hex(struct vnm_writer *w, struct vnm_slice s)
{
	if (!vnm_writer_room(w, 2 * s.n + 2))
		return;
	*w->p++ = '"';
	w->p = vnm_text_hex(w->p, s.p, s.n);
	*w->p++ = '"';
}

/* ---- fields -------------------------------------------------------------------------------- */

static void
json_u32s(struct vnm_writer *w, const struct vnm_u32s *list)
{
	if (!vnm_writer_room(w, 11 * (size_t)list->n + 2))
		return;
	*w->p++ = '[';
	for (uint32_t i = 0; i < list->n; i++) {
		if (i > 0)
			*w->p++ = ',';
		w->p = vnm_text_u64(w->p, list->p[i]);
	}
	*w->p++ = ']';
}

static void
json_strs(struct vnm_writer *w, const struct vnm_strs *list)
{
	for (uint32_t i = 0; i < list->n && vnm_writer_room(w, 1); i++) {
		*w->p++ = i > 0 ? ',' : '[';
		vnm_json_text(w, list->p[i]);
	}
	if (!vnm_writer_room(w, 2))
		return;
	if (list->n == 0)
		*w->p++ = '[';
	*w->p++ = ']';
}

/* What has no fixed size, but for text. */
static char *
write_long(struct vnm_writer *w, char *p, enum vnm_type type, const void *v)
{
	w->p = p;
	switch (type) {
	case VNM_TYPE_BYTES:
		vnm_json_hex(w, *(const struct vnm_slice *)v);
		break;
	case VNM_TYPE_U32S:
		json_u32s(w, v);
		break;
	case VNM_TYPE_STRS:
		json_strs(w, v);
		break;
	case VNM_TYPE_IES:
		vnm_json_ies(w, v);
		break;
	case VNM_TYPE_LIST:
		vnm_json_list(w, v);
		break;
	default:
		vnm_json_pairs(w, v);
	}
	return w->p;
}

static inline char *
write_value(struct vnm_writer *w, char *p, enum vnm_type type, const void *v)
{
	switch (type) {
	case VNM_TYPE_BOOL:
		return vnm_json_bool(p, *(const bool *)v);
	case VNM_TYPE_U8:
		return vnm_text_octet(p, *(const uint8_t *)v);
	case VNM_TYPE_U16:
		return vnm_text_u64(p, *(const uint16_t *)v);
	case VNM_TYPE_U32:
		return vnm_text_u64(p, *(const uint32_t *)v);
	case VNM_TYPE_U64:
		return vnm_json_u64(p, *(const uint64_t *)v, w->u64_as_string);
	case VNM_TYPE_I64:
		return vnm_json_i64(p, *(const int64_t *)v, w->u64_as_string);
	case VNM_TYPE_F64:
		return vnm_json_f64(p, *(const double *)v);
	case VNM_TYPE_ADDR:
		return vnm_json_addr(p, v);
	case VNM_TYPE_MAC:
		return vnm_json_mac(p, v);
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
	struct vnm_writer w;

	if (!vnm_writer_begin(&w, b, kinds[r->kind_id].room))
		return false;
	w.u64_as_string = s->u64_as_string;
	char *p = w.p;
	*p = '{'; /* where no field is wanted */
	for (unsigned word = 0; word < VNM_HAS_WORDS; word++) {
		uint64_t bits = r->has[word] & s->wanted[r->kind_id][word];

		for (; bits != 0; bits &= bits - 1) {
			const struct row *row = &rows[64 * word + (unsigned)__builtin_ctzll(bits)];

			const void *v = (const char *)r + row->offset;

			memcpy(p, row->key, KEY_ROOM);
			p += row->key_n;
			if (row->type == VNM_TYPE_STR) /* as most are */
				p = vnm_json_put(&w, p, *(const struct vnm_str *)v);
			else
				p = write_value(&w, p, row->type, v);
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
