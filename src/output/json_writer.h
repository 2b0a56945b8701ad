/*
 * The JSON encoder's pen (RFC 8259), private to src/output/json*.c.
 *
 * A record reserves once what its fixed-size fields can need together (`fixed`); whatever has
 * no fixed size (text, octets, lists) asks json_room() first and then writes without checks.
 */
#ifndef VNM_OUTPUT_JSON_WRITER_H
#define VNM_OUTPUT_JSON_WRITER_H

#include "base/buffer.h"
#include "base/text.h"
#include "record/record.h"

struct json_writer {
	char *p;      /* where the next octet goes */
	char *limit;  /* `fixed` octets before the buffer's end; p may be past it */
	size_t fixed; /* octets kept free for the record's fixed-size fields */
	struct vnm_buffer *b;
	bool u64_as_string;
	bool failed; /* memory was short: what is written from then on is thrown away */
};

/* Makes room for n octets besides the fixed ones: false when memory is short. */
bool json_grow(struct json_writer *w, size_t n);

static inline bool
json_room(struct json_writer *w, size_t n)
{
	return VNM_LIKELY(w->limit - w->p >= (ptrdiff_t)n) || json_grow(w, n);
}

/* Text in quotes, escaped where it is not clean, always valid UTF-8. */
void json_text(struct json_writer *w, struct vnm_str s);

/* Octets in quotes, in lower-case hex. */
void json_hex(struct json_writer *w, struct vnm_slice s);

void json_ies(struct json_writer *w, const struct vnm_ies *ies);
void json_pairs(struct json_writer *w, const struct vnm_pairs *pairs);

/* ---- of fixed size: at most VNM_ADDR_TEXT + 2 octets ------------------------------------------
 */

static inline char *
json_u64(char *p, uint64_t v, bool quoted)
{
	if (VNM_LIKELY(!quoted))
		return vnm_text_u64(p, v);
	*p = '"';
	p = vnm_text_u64(p + 1, v);
	*p++ = '"';
	return p;
}

static inline char *
json_i64(char *p, int64_t v, bool quoted)
{
	if (VNM_LIKELY(!quoted))
		return vnm_text_i64(p, v);
	*p = '"';
	p = vnm_text_i64(p + 1, v);
	*p++ = '"';
	return p;
}

static inline char *
json_bool(char *p, bool v)
{
	memcpy(p, v ? "true" : "false", 5);
	return p + (v ? 4 : 5);
}

static inline char *
json_addr(char *p, const struct vnm_addr *a)
{
	*p++ = '"';
	p += vnm_addr_write(p, a);
	*p++ = '"';
	return p;
}

static inline char *
json_mac(char *p, const struct vnm_mac *m)
{
	*p++ = '"';
	p += vnm_mac_write(p, m);
	*p++ = '"';
	return p;
}

/* JSON has no infinities: null. */
static inline char *
json_f64(char *p, double v)
{
	if (__builtin_isfinite(v))
		return vnm_text_double(p, v);
	memcpy(p, "null", 4);
	return p + 4;
}

#endif
