/*
 * The parts of the JSON encoder (RFC 8259), private to src/output/json*.c.
 */
#ifndef VNM_OUTPUT_JSON_H
#define VNM_OUTPUT_JSON_H

#include "base/text.h"
#include "output/writer.h"
#include "record/record.h"

/* Text in quotes, which need not be clean, after room was made. */
void vnm_json_escaped(struct vnm_writer *w, struct vnm_str s);

/*
 * Text in quotes, escaped where it is not clean, always valid UTF-8: its end. Where it is written
 * is handed from one to the next, not kept in memory.
 */
static inline char *
vnm_json_put(struct vnm_writer *w, char *p, struct vnm_str s)
{
	if (!s.clean || VNM_UNLIKELY(w->limit - p < (ptrdiff_t)s.n + 2)) {
		w->p = p;
		vnm_json_escaped(w, s);
		return w->p;
	}
	*p = '"';
	p = vnm_text_copy(p + 1, s.p, s.n);
	*p = '"';
	return p + 1;
}

static inline void
vnm_json_text(struct vnm_writer *w, struct vnm_str s)
{
	w->p = vnm_json_put(w, w->p, s);
}

/* Octets in quotes, in lower-case hex. */
void vnm_json_hex(struct vnm_writer *w, struct vnm_slice s);

void vnm_json_ies(struct vnm_writer *w, const struct vnm_ies *ies);
void vnm_json_pairs(struct vnm_writer *w, const struct vnm_pairs *pairs);
void vnm_json_list(struct vnm_writer *w, const struct vnm_pairs *list);

/* ---- of fixed size: at most VNM_ADDR_TEXT + 2 octets ------------------------------------------
 */

static inline char *
vnm_json_u64(char *p, uint64_t v, bool quoted)
{
	if (VNM_LIKELY(!quoted))
		return vnm_text_u64(p, v);
	*p = '"';
	p = vnm_text_u64(p + 1, v);
	*p++ = '"';
	return p;
}

static inline char *
vnm_json_i64(char *p, int64_t v, bool quoted)
{
	if (VNM_LIKELY(!quoted))
		return vnm_text_i64(p, v);
	*p = '"';
	p = vnm_text_i64(p + 1, v);
	*p++ = '"';
	return p;
}

static inline char *
vnm_json_bool(char *p, bool v)
{
	memcpy(p, v ? "true" : "false", 5);
	return p + (v ? 4 : 5);
}

static inline char *
vnm_json_addr(char *p, const struct vnm_addr *a)
{
	*p++ = '"';
	p += vnm_addr_write(p, a);
	*p++ = '"';
	return p;
}

static inline char *
vnm_json_mac(char *p, const struct vnm_mac *m)
{
	*p++ = '"';
	p += vnm_mac_write(p, m);
	*p++ = '"';
	return p;
}

/* JSON has no infinities: null. */
static inline char *
vnm_json_f64(char *p, double v)
{
	if (__builtin_isfinite(v))
		return vnm_text_double(p, v);
	memcpy(p, "null", 4);
	return p + 4;
}

#endif
