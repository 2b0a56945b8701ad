/*
 * Borrowed runs of bytes and text. Neither owns its memory; whoever hands one out says how
 * long it lives (usually: for the call, or until the scratch is reset).
 */
#ifndef VNM_BASE_SLICE_H
#define VNM_BASE_SLICE_H

#include "base/compat.h"

#include <string.h>

struct vnm_slice {
	const uint8_t *p;
	size_t n; /* octets */
};

/*
 * Text. `clean` says that it is known to be printable ASCII without '"' and '\\', so that a
 * JSON encoder may copy it as it is; false means "not checked", not "dirty".
 */
struct vnm_str {
	const char *p;
	uint32_t n; /* octets, without a terminator */
	bool clean;
};

#define VNM_STR(literal) ((struct vnm_str){(literal), sizeof(literal) - 1, true})

static inline struct vnm_str
vnm_str_of(const char *s)
{
	return (struct vnm_str){s, (uint32_t)strlen(s), false};
}

/* ... of our own tables: clean. */
static inline struct vnm_str
vnm_str_clean(const char *s)
{
	return (struct vnm_str){s, (uint32_t)strlen(s), true};
}

/* ... of octets that came from elsewhere. */
static inline struct vnm_str
vnm_str_of_octets(struct vnm_slice s)
{
	return (struct vnm_str){(const char *)s.p, (uint32_t)s.n, false};
}

static inline bool
vnm_str_is(struct vnm_str s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static inline bool
vnm_slice_equal(struct vnm_slice a, struct vnm_slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Whether every octet may stand in a JSON string as it is. */
static inline bool
vnm_str_check_clean(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
			return false;
	}
	return true;
}

#endif
